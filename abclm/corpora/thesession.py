"""Turn the tunes of thesession.org, as its published data has them, into ABC text.

The files are `json/tunes.json` and `csv/tunes.csv` of https://github.com/adactio/TheSession-data: a row for each setting
of a tune, with `tune_id`, `setting_id`, `name`, `type`, `meter`, `mode`, `abc` and others. `abc` is the body alone; its
unit note length is 1/8 everywhere.
"""

import csv
import io
import json
from typing import Any

from abclm.errors import CorpusError
from abclm.notation.tunebook import decode

SUFFIXES = (".json", ".csv")
_NEEDED = ("setting_id", "name", "type", "meter", "mode", "abc")


def is_dump(path: str) -> bool:
    """Whether a file is read as such data, by its suffix."""
    return path.lower().endswith(SUFFIXES)


def read_dump(path: str, data: bytes) -> str:
    """Turn the data into a tunebook; `X:` is the number of the setting.

    Args:
        path: of the file, for its suffix and for messages.
        data: what it holds.

    Raises:
        CorpusError: it is no such data.
    """
    text = decode(data)
    try:
        rows: Any = (
            json.loads(text) if path.lower().endswith(".json") else list(csv.DictReader(io.StringIO(text)))
        )
    except (ValueError, RecursionError, csv.Error) as error:
        raise CorpusError(f"{path}: can't be read ({error}); give a file in ABC notation") from None
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise CorpusError(
            f"{path}: holds no rows of tunes; give thesession.org's tunes.json or tunes.csv, or ABC"
        )
    if missing := [name for name in _NEEDED if name not in rows[0]]:
        raise CorpusError(
            f"{path}: its rows have no {', '.join(missing)}; give thesession.org's tunes.json or tunes.csv, or ABC"
        )
    return "\n".join(_tune(row) for row in rows if isinstance(row, dict))


def _tune(row: dict[str, Any]) -> str:
    values = {name: " ".join(str(row.get(name) or "").split()) for name in _NEEDED}
    # An empty line would end the tune.
    body = "\n".join(line for line in str(row.get("abc") or "").splitlines() if line.strip())
    return (
        f"X:{values['setting_id']}\nT:{values['name']}\nR:{values['type']}\nM:{values['meter']}\nL:1/8\n"
        f"K:{values['mode']}\n{body}\n"
    )
