"""Check what a model's `metadata.json` says, so that whoever reads it finds what abclm writes, or nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abclm.analysis.compass import compass_in
from abclm.analysis.ends import EndCounts
from abclm.analysis.forms import forms_in, tonic_endings_in
from abclm.errors import ModelError

_NAMES = {dict: "an object", list: "a list", str: "text", int: "an integer"}
# The parts that are read again, where they stand; others may be anything. A validation of null is none.
_PARTS: Mapping[str, type] = {
    "name": str, "corpora": list, "split": dict, "stored_as": dict, "training": dict, "history": list,
}  # fmt: skip
_TRAINING_PARTS: Mapping[str, type] = {
    "name": str, "corpora": list, "split": dict, "stored_as": dict, "corpus": dict, "validation": dict,
    "held_out": dict, "before": dict, "old": dict, "config": dict, "went_on_from": dict, "form_version": int,
    "forms": list,
}  # fmt: skip
_CORPUS_PARTS: Mapping[str, type] = {"name": str, "tunes": int, "characters": int}


def check_metadata(metadata: Mapping[str, Any], place: Path) -> None:
    """Check the parts of metadata that abclm reads.

    Args:
        metadata: what the file holds.
        place: the file.

    Raises:
        ModelError: a part is of another type than abclm writes.
    """
    try:
        _check(metadata, _PARTS, "")
        for entry in metadata.get("history", []):
            _check_type(entry, dict, "an entry of history")
        path = ""
        record = metadata
        while "training" in record or "went_on_from" in record:
            name = "training" if record is metadata else "went_on_from"
            record, path = record[name], f"{path}{name}."
            _check(record, _TRAINING_PARTS, path)
            for part in ("corpus", "validation"):
                if record.get(part) is not None:
                    _check(record[part], _CORPUS_PARTS, f"{path}{part}.")
            forms_in({"training": record})
            tonic_endings_in({"training": record})
            EndCounts.in_metadata({"training": record})
            compass_in({"training": record}, None)
    except ModelError as error:
        raise ModelError(f"{place}: {error}") from None


def _check(data: Mapping[str, Any], parts: Mapping[str, type], path: str) -> None:
    for name, kind in parts.items():
        if name in data and not (name == "validation" and data[name] is None):
            _check_type(data[name], kind, path + name)


def _check_type(value: object, kind: type, name: str) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        shown = repr(value)
        shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
        raise ModelError(f"{name} is {_NAMES[kind]}, received {shown}; copy the model again")
