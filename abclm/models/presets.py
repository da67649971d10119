"""Turn a model's name or path into the folder that holds it."""

import logging
import os
from pathlib import Path

from abclm.errors import ModelError
from abclm.models.folder import CONFIG
from abclm.models.hub import PREFIX, fetch_model
from abclm.system.words import did_you_mean

_log = logging.getLogger(__name__)

PRESETS = Path(__file__).resolve().parents[1] / "presets"


def preset_names() -> list[str]:
    """List the models that ship with the package."""
    return sorted(path.parent.name for path in PRESETS.glob(f"*/{CONFIG}"))


def is_preset(name_or_path: object) -> bool:
    """Whether a bare name means a model that ships with the package; a path never does."""
    return isinstance(name_or_path, str) and name_or_path in preset_names()


def warn_of_preset(folder: str | os.PathLike[str]) -> None:
    """Say of a model about to be written to a folder with the name of a shipped model how it is loaded."""
    if is_preset(folder):
        _log.warning("%s is also the name of a shipped model: load this one as ./%s", folder, folder)


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Find a model's folder.

    Args:
        name_or_path: a preset's name, or a folder. A bare name that a preset has means the preset; `./name` means the
            folder. Where both exist, a warning says which is meant. `hf:user/name` and `hf:user/name@revision` mean a
            model on the Hugging Face hub (see `abclm.models.hub`).

    Raises:
        ModelError: there is no such preset or folder.
    """
    if is_preset(name_or_path):
        if Path(name_or_path).is_dir():
            _log.warning("%s is the shipped model; for the folder %s give ./%s", *[name_or_path] * 3)
        return PRESETS / name_or_path
    if isinstance(name_or_path, str) and name_or_path.startswith(PREFIX):
        return fetch_model(name_or_path)
    folder = Path(name_or_path)
    if not folder.is_dir() or not os.fspath(name_or_path):
        presets = ", ".join(preset_names()) or "none in this installation"
        problem = "is not a folder" if folder.exists() else "is neither a preset's name nor a folder"
        meant = did_you_mean(name_or_path, preset_names())
        raise ModelError(f"no model {os.fspath(name_or_path)!r}: it {problem}; presets: {presets}{meant}")
    return folder
