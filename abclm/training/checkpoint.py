"""Turn a run's state into a folder on the disk and back: the last one written whole counts.

`training_state/` in the model folder holds one folder for each checkpoint, named by a number that
counts up, and in it `state.json` and `tensors.safetensors`. A checkpoint is written into a folder
aside and renamed; the one before is removed after that. So a crash at any moment leaves the last or
the one before.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm._version import VERSION
from abclm.errors import ModelError
from abclm.models.folder import TRAINING_STATE
from abclm.system.files import write_bytes
from abclm.system.folders import new_folder

FOLDER = TRAINING_STATE
FORMAT_VERSION = 1

_STATE = "state.json"
_TENSORS = "tensors.safetensors"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """What a run needs to go on.

    Args:
        state: what JSON can hold.
        tensors: arrays by name.
    """

    state: Mapping[str, Any]
    tensors: Mapping[str, npt.NDArray[Any]]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a run's state into its model folder, and remove the one before.

    Raises:
        OSError: the folder can't be written, or the disk is full; the one before is as it was.
    """
    from safetensors.numpy import save

    root = folder / FOLDER
    before = _numbered(root)
    # In C order: safetensors 0.8.0 shuffles the numbers of a transposed array.
    tensors = save({name: np.asarray(tensor, order="C") for name, tensor in checkpoint.tensors.items()})
    state = {
        "format_version": FORMAT_VERSION,
        "tensors_sha256": hashlib.sha256(tensors).hexdigest(),
        **checkpoint.state,
    }
    with new_folder(root / f"{before[-1] + 1 if before else 1:06}") as aside:
        write_bytes(aside / _TENSORS, tensors)
        # NumPy's scalars are written as the numbers they are.
        write_bytes(aside / _STATE, (json.dumps(state, indent=1, default=float) + "\n").encode())
    for number in before:
        shutil.rmtree(root / f"{number:06}", ignore_errors=True)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the last checkpoint of a model folder, or where its files are broken the one before.

    Returns:
        None where there is none.

    Raises:
        ModelError: there are some, and none can be read.
    """
    problem: ModelError | None = None
    for number in reversed(_numbered(folder / FOLDER)):
        try:
            return _read(folder / FOLDER / f"{number:06}")
        except ModelError as error:
            _log.warning("%s", error)
            problem = problem or error
    if problem:
        raise problem
    return None


def has_checkpoint(folder: Path) -> bool:
    """Whether a run that can go on has left its state here."""
    return bool(_numbered(folder / FOLDER))


def _read(place: Path) -> Checkpoint:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        state = json.loads((place / _STATE).read_text(encoding="utf-8"))
        tensors = (place / _TENSORS).read_bytes()
        if state["format_version"] != FORMAT_VERSION:
            raise ModelError(
                f"{place}: a training state of format {state['format_version']}, and this abclm {VERSION} "
                f"reads {FORMAT_VERSION}; go on with the version that wrote it"
            )
        if hashlib.sha256(tensors).hexdigest() != state["tensors_sha256"]:
            raise ModelError(f"{place / _TENSORS} is not what was written; remove {place} and train again")
        return Checkpoint(state, load(tensors))
    except OSError as error:
        what = f"{error.filename}: {error.strerror}"
    except (ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
    raise ModelError(f"{place} is no whole training state ({what}); remove it and train again")


def _numbered(root: Path) -> list[int]:
    """The numbers of the checkpoints that are there, in order."""
    if not root.is_dir():
        return []
    return sorted(int(path.name) for path in root.iterdir() if path.name.isdecimal())
