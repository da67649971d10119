"""Turn where a run stands into files: the model, its history, and what is needed to go on."""

import contextlib
import errno
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from abclm.errors import ModelError
from abclm.models.history import draw_history, format_history
from abclm.models.model import Model
from abclm.system.files import write_bytes, write_text
from abclm.system.locks import Locked, hold_folder
from abclm.training.checkpoint import FOLDER, Checkpoint, read_checkpoint, write_checkpoint

TABLE = "history.csv"
PICTURE = "history.png"

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN_PICTURES = 60  # drawing one takes a fraction of one


class RunFolder:
    """The folder of a run, written by one worker alone.

    Args:
        path: None where nothing is to be written.
        is_chief: whether this worker is the one that writes.
    """

    def __init__(self, path: Path | None, is_chief: bool) -> None:
        self.path = path
        self._is_chief = is_chief
        self._last_step: int | None = None  # of the last checkpoint
        self._checkpoint_time = self._picture_time = time.monotonic()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out of the folder; the workers of one run share it, and the one that writes holds it.

        Raises:
            ModelError: another run is training into it.
            OSError: it can't be written.
        """
        if self.path is None or not self._is_chief:
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold_folder(self.path))
            except Locked as error:
                by = f" (process {error.holder})" if error.holder else ""
                raise ModelError(
                    f"{self.path}: another run{by} is training into this folder; wait for its end, or give another one"
                ) from None
            yield

    @property
    def seconds_since_checkpoint(self) -> float:
        """How long ago the last checkpoint was written, or the run begun."""
        return time.monotonic() - self._checkpoint_time

    def read(self) -> Checkpoint | None:
        """What a run that was stopped has left, if there is anything."""
        assert self.path is not None
        found = read_checkpoint(self.path)
        if found is not None:
            self._last_step = found.state["step"]
        return found

    def precision(self) -> str | None:
        """The precision of the run that was stopped, if there is one."""
        assert self.path is not None
        found = read_checkpoint(self.path)
        return None if found is None else str(found.state["identity"]["config"]["precision"])

    def is_due(self, step: int, *, within_epoch: bool) -> bool:
        """Take note of the time of a checkpoint; whether it is for this worker to write, and not written already."""
        self._checkpoint_time = time.monotonic()
        return self.path is not None and self._is_chief and (step != self._last_step or not within_epoch)

    def write(self, state: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        """Write what is needed to go on.

        Raises:
            ModelError: it can't be written; the checkpoint before stays.
        """
        assert self.path is not None
        step = state["step"]
        try:
            write_checkpoint(self.path, Checkpoint(state, tensors))
        except OSError as error:
            what = f"the checkpoint of step {step}"
            raise ModelError(f"{self.path / FOLDER}: {what} {self._not_written(error)}") from error
        self._last_step = step

    def save(self, lm: Model) -> None:
        """Write the model, as it is kept.

        Raises:
            ModelError: it can't be written; the model before stays.
        """
        if self.path is None or not self._is_chief:
            return
        try:
            lm.save(self.path, overwrite=True)
        except OSError as error:
            raise ModelError(f"{self.path}: the model {self._not_written(error)}") from error

    def _not_written(self, error: OSError) -> str:
        advice = "make room" if error.errno == errno.ENOSPC else "mend that"
        return (
            f"could not be written ({error.strerror or error}); {self.last_checkpoint()}; "
            f"{advice} and go on with --resume"
        )

    def write_history(
        self, history: Sequence[Mapping[str, Any]], curve: Sequence[tuple[int, float]], *, draw: bool = False
    ) -> None:
        """Write the table, and once in a while or where asked the picture of the curves."""
        if self.path is None or not self._is_chief or not history:
            return
        draw = draw or time.monotonic() - self._picture_time >= _SECONDS_BETWEEN_PICTURES
        write_history(self.path, history, curve, draw)
        self._picture_time = time.monotonic() if draw else self._picture_time

    def last_checkpoint(self) -> str:
        """What there is to go on from."""
        if self.path is None:
            return "there is no checkpoint, as there is no folder"
        if not self._is_chief:
            return f"the last checkpoint of the first worker is in {self.path / FOLDER}"
        if self._last_step is None:
            return "no checkpoint was written yet"
        return f"the last good checkpoint, of step {self._last_step}, is in {self.path / FOLDER}"


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
