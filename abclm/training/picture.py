"""Turn a run's history into a table and a picture of its loss curves, beside the model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abclm.files import write_bytes, write_text
from abclm.history import draw_history, format_history

TABLE = "history.csv"
PICTURE = "history.png"

_log = logging.getLogger(__name__)


def write_history(
    folder: Path, history: Sequence[Mapping[str, Any]], curve: Sequence[tuple[int, float]], draw: bool
) -> None:
    """Write `history.csv`, a line for each epoch, and where asked `history.png`.

    What goes wrong is logged: a picture is no reason to lose a run.
    """
    try:
        write_text(folder / TABLE, format_history(history))
        if draw:
            write_bytes(folder / PICTURE, draw_history(history, curve))
    except OSError as error:
        _log.warning("%s: %s; the run goes on", error.filename, error.strerror)
