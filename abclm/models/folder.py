"""Turn a model's parts into the files of its folder and back, whole or not at all.

A folder holds `config.json`, `vocabulary.json`, `model.safetensors` and `metadata.json`, which belong
together, and where the training tunes are known an `index.safetensors` of them. A save writes all into a
folder aside, renames that folder to `.saved` (from this moment the new model counts), and moves its files
into place. Whoever reads takes a file from `.saved` first, so a crash at any point leaves the old model or
the new one, never a mixture, and whatever else the folder holds stays.
"""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.errors import ModelError
from abclm.models.quantised import SCALES, Packed, Stored, pack
from abclm.system.files import write_bytes
from abclm.system.folders import new_folder

CONFIG = "config.json"
VOCABULARY = "vocabulary.json"
WEIGHTS = "model.safetensors"
METADATA = "metadata.json"
FILES = (CONFIG, VOCABULARY, WEIGHTS, METADATA)
TRAINING_STATE = "training_state"  # a folder, of which abclm.training.checkpoint knows more
INDEX = "index.safetensors"  # may be missing

_SAVED = ".saved"
# Trained weights are below a hundred; products of such as these could not be told from infinity.
_LARGEST_WEIGHT = 1e6
DTYPES = ("float32", "float16", "int8")
_NAMES = {"F16": "float16", "F32": "float32", "I8": "int8"}  # by safetensors' names


def read_text(folder: Path, name: str) -> str:
    """Read one of the folder's text files.

    Raises:
        ModelError: the file is missing, can't be read or is not UTF-8.
    """
    path = _locate(folder, name)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; save or copy the model again") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not UTF-8 text; save or copy the model again") from None


def read_object(folder: Path, name: str) -> dict[str, Any]:
    """Read one of the folder's JSON files, which hold an object each.

    Raises:
        ModelError: the file is missing, can't be read or holds something else.
    """
    text = read_text(folder, name)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder / name} is not JSON ({error}); save or copy the model again") from None
    if not isinstance(data, dict):
        raise ModelError(f"{folder / name} holds no JSON object; save or copy the model again")
    try:
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ModelError(
            f"{folder / name} has half of a character (a lone surrogate), which can't be shown; copy the model again"
        ) from None
    return data


def read_weights(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Stored]:
    """Read the weights as they are stored.

    Args:
        folder: the model folder.
        shapes: name and shape of each tensor that must be there; no other may.

    Raises:
        ModelError: the file is missing, cut off or of another kind, its tensors are not the ones
            asked for, or a weight is not a number, infinite or next to it.
    """
    from safetensors import SafetensorError, safe_open

    path = _locate(folder, WEIGHTS)
    weights: dict[str, Stored] = {}
    try:
        with safe_open(path, framework="np") as file:
            # From the file's header alone, so that a wrong file costs nothing.
            _check_tensors(path, {name: file.get_slice(name) for name in file.keys()}, shapes)  # noqa: SIM118
            for name in shapes:
                stored = file.get_tensor(name)
                if stored.dtype == np.int8:
                    scales = file.get_tensor(name + SCALES)
                    _check_values(_largest(stored) * scales, f"{path}: {name}", "train the model again")
                    weights[name] = Packed(stored, scales)
                else:
                    _check_values(stored, f"{path}: {name}", "train the model again")
                    weights[name] = stored
    except SafetensorError as error:
        what = str(error).splitlines()[0] if str(error) else "unreadable"
        raise ModelError(f"{path} is cut off or no safetensors file ({what}); copy the model again") from None
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}; save or copy the model again") from None
    return weights


def read_index(folder: Path) -> bytes | None:
    """Read the index of the training tunes; None where the folder has none.

    Raises:
        ModelError: it can't be read.
    """
    path = (folder / _SAVED if _is_saved(folder) else folder) / INDEX
    if not path.exists():
        return None
    _check_regular(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; save or copy the model again") from None


def write(
    folder: Path,
    config: str,
    vocabulary: str,
    metadata: Mapping[str, Any],
    weights: Mapping[str, npt.NDArray[np.float32]],
    dtype: str,
    is_integer: Callable[[str, tuple[int, ...]], bool],
    index: bytes | None = None,
) -> None:
    """Write a model folder, or leave what was there as it was.

    Args:
        folder: made where it is missing; files that are not the model's stay.
        config: JSON.
        vocabulary: JSON.
        metadata: what JSON can hold.
        weights: finite values.
        dtype: one of `DTYPES`; see `abclm.models.model.Model.save`.
        is_integer: which weights int8 stores in 8 bits; see `Architecture.is_integer`.
        index: of the training tunes; without one, none stays in the folder.

    Raises:
        ModelError: the folder holds another program's `config.json`, or a weight is not finite (in
            float16).
        OSError: the folder can't be made or written, or the disk is full.
    """
    from safetensors.numpy import save

    with np.errstate(over="ignore"):  # what becomes infinite in float16 is found below
        stored = (
            pack(weights, is_integer)
            if dtype == "int8"
            else {name: np.ascontiguousarray(weight, dtype) for name, weight in weights.items()}
        )
    for name, weight in stored.items():
        if not np.isfinite(weight).all():
            raise ModelError(
                f"{name} has values that {dtype} can't hold; the model was not saved to {folder}"
            )
        _check_values(weight, name, f"the model was not saved to {folder}")
    contents = {
        CONFIG: config.encode(),
        VOCABULARY: vocabulary.encode(),
        # NumPy's scalars, which histories are full of, are written as the numbers they are.
        METADATA: (json.dumps(metadata, indent=2, default=float) + "\n").encode(),
        WEIGHTS: save(stored),
    }
    if index is not None:
        contents[INDEX] = index
    _check_saved(folder)
    _refuse_foreign(folder)
    existed = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _move_into_place(folder)  # what a save that was killed has left
        with new_folder(folder / _SAVED) as aside:
            for name, content in contents.items():
                write_bytes(aside / name, content)
        _move_into_place(folder)
    except BaseException as error:
        if not existed:
            with contextlib.suppress(OSError):
                folder.rmdir()  # does nothing to a folder with something in it
        if isinstance(error, OSError):
            error.filename = str(folder)  # and not a file aside, of which the user knows nothing
        raise


def _locate(folder: Path, name: str) -> Path:
    _check_saved(folder)
    for path in (folder / _SAVED / name, folder / name):
        if path.exists():
            _check_regular(path)
            return path
    raise ModelError(
        f"{folder / name} is missing: a model folder holds {', '.join(FILES[:-1])} and {FILES[-1]}; "
        "name another folder, or save or copy the model again"
    )


def _check_regular(path: Path) -> None:
    """Refuse what is there and is no file: a folder, or a pipe that nobody writes to."""
    if not path.is_file():
        raise ModelError(f"{path} is no regular file; save or copy the model again")


def _check_saved(folder: Path) -> None:
    """Refuse a link: its files would be read from, and moved out of, another folder."""
    saved = folder / _SAVED
    if saved.is_symlink():
        raise ModelError(
            f"{saved} is a link, and abclm makes only a folder there; remove the link, or copy the model again"
        )


def _check_values(weight: npt.NDArray[Any], name: str, advice: str) -> None:
    if not np.isfinite(weight).all():
        raise ModelError(f"{name} has infinite or undefined values; {advice}")
    if weight.size and (largest := float(np.abs(weight).max())) > _LARGEST_WEIGHT:
        raise ModelError(
            f"{name} has a value of {largest:.3g}, and a weight is at most {_LARGEST_WEIGHT:.0e}; {advice}"
        )


def _largest(values: npt.NDArray[np.int8]) -> npt.NDArray[np.int16]:
    """The largest of each column, whatever its sign."""
    low, high = values.min(axis=0, initial=0), values.max(axis=0, initial=0)
    largest: npt.NDArray[np.int16] = np.maximum(high.astype(np.int16), -low.astype(np.int16))
    return largest


def _move_into_place(folder: Path) -> None:
    _check_saved(folder)
    saved = folder / _SAVED
    if _is_saved(folder) and not (saved / INDEX).exists():
        (folder / INDEX).unlink(missing_ok=True)  # that of the model before
    if saved.is_dir():
        for name in (*FILES, INDEX):  # the index last: while others are left, it is there, or there is none
            if (saved / name).exists():
                os.replace(saved / name, folder / name)
        saved.rmdir()


def _is_saved(folder: Path) -> bool:
    """Whether files of a save still have to be moved into place."""
    saved = folder / _SAVED
    return any((saved / name).exists() for name in (*FILES, INDEX))


def holds_model(folder: Path) -> bool:
    """Whether a folder's `config.json` is a model's, whole or not."""
    try:
        return "format_version" in read_object(folder, CONFIG)
    except ModelError:
        return False


def _refuse_foreign(folder: Path) -> None:
    """Many programs keep a `config.json`; overwriting one of theirs would lose it."""
    if (folder / CONFIG).exists() and not holds_model(folder):
        raise ModelError(f"{folder / CONFIG} is not a model's; save to another folder")


def _check_tensors(path: Path, tensors: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    advice = "copy the model again, all its files from one place"
    missing = sorted(shapes.keys() - tensors.keys())
    if missing:
        raise ModelError(f"{path} lacks {', '.join(missing)}, which {CONFIG} calls for; {advice}")
    scales = {
        name + SCALES: shape[-1:]
        for name, shape in shapes.items()
        if len(shape) == 2 and tensors[name].get_dtype() == "I8"
    }
    if missing := sorted(scales.keys() - tensors.keys()):
        raise ModelError(f"{path} lacks {', '.join(missing)}, of weights in 8 bits; {advice}")
    shapes = {**shapes, **scales}
    extra = sorted(tensors.keys() - shapes.keys())
    if extra:
        raise ModelError(f"{path} holds {', '.join(extra)}, which {CONFIG} doesn't call for; {advice}")
    for name, shape in shapes.items():
        found = tuple(tensors[name].get_shape())
        if found != shape:
            raise ModelError(
                f"{path}: {name} has shape {found}, but {CONFIG} and {VOCABULARY} call for {shape}; {advice}"
            )
        kinds = ["float32"] if name in scales else ["float16", "float32", "int8"][: len(shape) + 1]
        if _NAMES.get(tensors[name].get_dtype()) not in kinds:
            raise ModelError(
                f"{path}: {name} is {tensors[name].get_dtype()}, not {' or '.join(kinds)}; {advice}"
            )
