"""Hold a language model (its config, tokenizer and weights) and turn it into a folder and back.

The model is data: what samples from it, trains it or measures it takes it as an argument. `abclm.LanguageModel` is this
with methods that do all that.
"""

import contextlib
import logging
import os
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from abclm._version import VERSION
from abclm.analysis.forms import forms_in, tonic_endings_in
from abclm.analysis.novelty import NoveltyIndex
from abclm.errors import AbclmError, ConfigError, ModelError, VocabularyError
from abclm.models import folder as files
from abclm.models.architecture import Architecture, Engine, read_config
from abclm.models.context import COLUMNS
from abclm.models.history import History
from abclm.models.lstm.config import ModelConfig
from abclm.models.metadata import check_metadata
from abclm.models.presets import find_model, warn_of_preset
from abclm.models.quantised import Weights
from abclm.models.recall import WEIGHTS
from abclm.models.shown.card import MARK, README, model_card
from abclm.models.vae.config import VAEConfig
from abclm.notation.canonical import FORM_VERSION
from abclm.system.files import write_bytes, write_text
from abclm.system.memory import give_back_memory
from abclm.system.words import counted
from abclm.tokenizers.characters import CharacterTokenizer, as_characters
from abclm.tokenizers.rolls import RollTokenizer
from abclm.tokenizers.tokenizer import Tokenizer, read_tokenizer

_log = logging.getLogger(__name__)
# Each with what it was made of.
_engines: WeakKeyDictionary["Model", tuple[object, Engine]] = WeakKeyDictionary()


@dataclass(eq=False)
class Model:
    """The core of `abclm.LanguageModel`, which says what its fields are and which errors it raises."""

    config: Architecture
    tokenizer: Tokenizer[Any]
    weights: MutableMapping[str, npt.NDArray[np.float32]]
    metadata: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=History)
    novelty_index: NoveltyIndex | None = None

    def __post_init__(self) -> None:
        _check_parts(self.config, self.tokenizer)
        shapes = self.config.weight_shapes(len(self.tokenizer))
        self.weights = Weights.of(self.weights)
        found = self.weights.shapes()
        if found != shapes:
            name = min(name for name in shapes.keys() | found.keys() if shapes.get(name) != found.get(name))
            raise ModelError(
                f"the weight {name} has shape {found.get(name)}, "
                f"but the config and the vocabulary call for {shapes.get(name)}"
            )
        self.history = History(self.history)

    def __repr__(self) -> str:
        size = len(self.tokenizer)
        return (
            f"{type(self).__name__}({self.config}, "
            f"{counted(size, 'symbol')}, {counted(self.config.parameters(size), 'parameter')})"
        )

    @classmethod
    def create(
        cls, config: Architecture | None = None, tokenizer: Tokenizer[Any] | None = None, seed: int = 0
    ) -> Self:
        """Make an untrained model, its weights drawn as Keras draws them.

        Args:
            config: the shape of the network; by default the paper's.
            tokenizer: by default the 83 symbols of canonical tunes.
            seed: of the weights; an integer from 0.
        """
        config = config or ModelConfig()
        tokenizer = tokenizer or CharacterTokenizer.default()
        _check_parts(config, tokenizer)
        weights = config.initial_weights(len(tokenizer), seed)
        return cls(config, tokenizer, weights, {"abclm_version": VERSION, "initial_seed": seed})

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Self:
        """Load a model from its folder.

        Args:
            name_or_path: a preset's name, or a model folder. A bare name that a preset has means the
                preset; `./name` means the folder; `hf:user/name@revision` means a model on the Hugging Face hub.

        Raises:
            ModelError: there is no such model, or its files are missing, broken or don't fit together.
        """
        folder = find_model(name_or_path)
        config_text = files.read_text(folder, files.CONFIG)
        vocabulary_text = files.read_text(folder, files.VOCABULARY)
        try:
            config = read_config(config_text)
        except AbclmError as error:
            raise ModelError(f"{folder / files.CONFIG}: {_with_advice(error)}") from None
        try:
            tokenizer = read_tokenizer(vocabulary_text)
        except AbclmError as error:
            raise ModelError(f"{folder / files.VOCABULARY}: {_with_advice(error)}") from None
        metadata = files.read_object(folder, files.METADATA)
        check_metadata(metadata, folder / files.METADATA)
        _check_form(metadata, folder / files.METADATA)
        history = metadata.pop("history", [])
        weights = Weights(files.read_weights(folder, config.weight_shapes(len(tokenizer))))
        stored = files.read_index(folder)
        index = None if stored is None else NoveltyIndex.from_bytes(stored, str(folder / files.INDEX))
        return cls(config, tokenizer, weights, metadata, history, index)

    def save(
        self, folder: str | os.PathLike[str], dtype: str = "float32", *, overwrite: bool = False
    ) -> None:
        """Save the model into a folder; a crash or a full disk leaves there what was there before.

        Args:
            folder: made where it is missing. Files in it that are not the model's stay. It gets a `README.md`, the
                model's card, unless one of the user's is there.
            dtype: of the stored weights: `"float32"`; `"float16"` at half the size; or `"int8"` at less than a third:
                what recurrent networks write with in 8 bits, with a scale for each column, the rest in 16. Such a
                model writes the same tunes as one in float16.
            overwrite: replace the model that the folder holds.

        Raises:
            ModelError: the folder holds a model and `overwrite` is false, or it holds another program's
                `config.json`; or the weights can't be stored.
            OSError: the folder can't be written.
        """
        if dtype not in files.DTYPES:
            names = " or ".join(f'"{name}"' for name in files.DTYPES)
            raise ConfigError(f"dtype is {names}; received {dtype!r}")
        if not overwrite and files.holds_model(Path(folder)):
            raise ModelError(
                f"{os.fspath(folder)} holds a model; save to another folder, or give overwrite=True to replace it"
            )
        warn_of_preset(folder)
        metadata = {**self.metadata, "history": self.history}
        index = None if self.novelty_index is None else self.novelty_index.to_bytes()
        files.write(
            Path(folder),
            self.config.to_json(), self.tokenizer.to_json(), metadata, self.read_weights(), dtype,
            self.config.is_integer, index,
        )  # fmt: skip
        _write_card(self, Path(folder) / README)

    def engine(self) -> Engine:
        """Return what writes with the weights as they are now. It is made once, and again after the weights change."""
        made_of = (self.config, self.config.arithmetic(), Weights.of(self.weights).checksum())
        kept = _engines.get(self)
        if kept is None or kept[0] != made_of:
            _engines.pop(self, None)  # two take the memory of two
            kept = _engines[self] = made_of, self.config.engine(self.read_weights())
            give_back_memory()  # of what an engine is made from
        return kept[1]

    def read_weights(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return the weights for someone who reads them once.

        A model that was loaded from 8 or 16 bits holds its weights as they are stored. `weights[name]` turns one into
        float32 for good; what this gives is not kept.
        """
        return Weights.of(self.weights).once()

    @property
    def forms(self) -> list[dict[str, Any]]:
        """The forms of the tunes that it was trained on last, as `count_forms` gives them; may be empty.

        Raises:
            ModelError: the metadata have something else there.
        """
        return forms_in(self.metadata)

    @property
    def tonic_endings(self) -> float | None:
        """The share of the tunes that it was trained on last that end on their tonic; None where it isn't known.

        Raises:
            ModelError: the metadata have something else there.
        """
        return tonic_endings_in(self.metadata)

    def copy(self) -> Self:
        """Return a model of its own: changing one leaves the other as it was."""
        weights = Weights.of(self.weights).copy()
        return replace(self, weights=weights, metadata=dict(self.metadata), history=list(self.history))

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write one step of the model as an ONNX file, to write with in a browser or from another language.

        The step multiplies in 8-bit integers, as `generate` does. It takes the `id` of the last token of each text, from
        a newline on, and the state, zeros at first: `carried_0`, `sums_0`, ... of each layer. It gives the `logits` of
        the next token, and the state as `next_carried_0`, ... With `structure`, it takes the `context`, too (the columns
        of `abclm.models.context`, named in the file's metadata beside the `vocabulary`), and gives the `gate`'s scores;
        `abclm.models.copies` says how to mix copies by them. There is no grammar in it. Tables of what is looked up are
        rounded to 16 bits, which changes the scores by a few hundredths at most. `examples/browser` writes tunes with it.

        Args:
            path: such as `session.onnx`; a file that stands there is replaced.

        Raises:
            ConfigError: the network reads a window anew for each token, and has no state.
            OSError: the file can't be written.
        """
        about = {
            "config": self.config.to_json(),
            "vocabulary": self.tokenizer.to_json(),
            "context": " ".join(COLUMNS if self.config.columns else ()),
        }
        write_bytes(path, self.config.step_model(self.read_weights(), about))

    def with_cache(self, weights: Sequence[float] = WEIGHTS) -> Self:
        """Return a model that trusts passages of the tune that come again (`abclm.models.recall`); `()` for not at all.

        Raises:
            ConfigError: a weight is not from 0 to below 1.
        """
        return replace(self.copy(), config=replace(self.config, cache=tuple(weights)))

    def with_tokenizer(self, tokenizer: CharacterTokenizer) -> Self:
        """Return a model that has more symbols, which it knows nothing of and holds for unlikely.

        A new symbol is read as the mean of all symbols, and scored as the mean of all, which among the symbols that
        a trained model expects is next to nothing: what it says of the others is hardly changed.

        Args:
            tokenizer: the model's symbols in their order, and others behind them.

        Raises:
            VocabularyError: it does not begin with the model's symbols.
        """
        known = len(self.tokenizer)
        if tokenizer.symbols[:known] != as_characters(self.tokenizer).symbols:
            raise VocabularyError("a larger vocabulary begins with the model's symbols, in their order")
        weights, more = dict(self.read_weights()), len(tokenizer) - known
        for name, axis in self.config.token_axes.items():
            mean = weights[name].mean(axis=axis, keepdims=True)
            weights[name] = np.concatenate([weights[name], np.repeat(mean, more, axis)], axis)
        return replace(
            self, tokenizer=tokenizer, weights=weights,
            metadata=dict(self.metadata), history=list(self.history),
        )  # fmt: skip


def _check_parts(config: Architecture, tokenizer: Tokenizer[Any]) -> None:
    """Refuse an architecture and tokens that don't go together; ConfigError."""
    if isinstance(config, VAEConfig) != isinstance(tokenizer, RollTokenizer):
        raise ConfigError(
            f"the architecture {config.name} and tokens of {tokenizer.kind} don't go together: the frames of rolls are "
            "for the architecture vae, and it is for them"
        )


def _with_advice(error: AbclmError) -> str:
    """What is wrong with a file, with what to do where that isn't said."""
    said = str(error)
    return said if "update abclm" in said or "did you mean" in said else f"{said}; copy the model again"


def _write_card(lm: Model, path: Path) -> None:
    """Write the model's card, but not over a text of the user's."""
    with contextlib.suppress(FileNotFoundError):
        if MARK not in path.read_text(encoding="utf-8", errors="replace"):
            return
    write_text(path, model_card(lm.config, len(lm.tokenizer), lm.metadata))


def _check_form(metadata: Mapping[str, Any], place: Path) -> None:
    """Warn of a model of tunes in an older canonical form, and refuse one in a newer; ModelError."""
    version = metadata.get("training", {}).get("form_version", 1)
    if version > FORM_VERSION:
        raise ModelError(
            f"{place}: the model learned tunes in version {version} of the canonical form, and this abclm {VERSION} "
            f"knows versions up to {FORM_VERSION}; update abclm"
        )
    if version < FORM_VERSION:
        _log.warning(
            "%s: the model learned tunes in version %d of the canonical form, and abclm %s writes version %d: what it "
            "writes and how it is measured may be a little off; train the model again to be sure",
            place, version, VERSION, FORM_VERSION,
        )  # fmt: skip
