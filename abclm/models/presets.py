"""Turn a model's name or path into the folder that holds it."""

import os
from pathlib import Path

from abclm.errors import ModelError
from abclm.models.folder import CONFIG

PRESETS = Path(__file__).resolve().parents[1] / "presets"


def preset_names() -> list[str]:
    """List the models that ship with the package."""
    return sorted(path.parent.name for path in PRESETS.glob(f"*/{CONFIG}"))


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Find a model's folder.

    Args:
        name_or_path: a preset's name, or a folder. A bare name that a preset has means the preset; `./name` means the
            folder.

    Raises:
        ModelError: there is no such preset or folder.
    """
    if isinstance(name_or_path, str) and name_or_path in preset_names():
        return PRESETS / name_or_path
    folder = Path(name_or_path)
    if not folder.is_dir():
        presets = ", ".join(preset_names()) or "none in this installation"
        problem = "is not a folder" if folder.exists() else "is neither a preset's name nor a folder"
        raise ModelError(f"no model {os.fspath(name_or_path)!r}: it {problem}; presets: {presets}")
    return folder
