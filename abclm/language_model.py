"""Hold a language model (its config, vocabulary and weights) and turn it into a folder and back.

The model is data. NumPy samples from it (`abclm.generation`), Keras trains it (`abclm.networks`,
`abclm.training`); the methods that need either import it when they are called.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm import model_folder
from abclm._version import VERSION
from abclm.cache import WEIGHTS
from abclm.errors import AbclmError, ConfigError, ModelError, VocabularyError
from abclm.forms import forms_in, tonic_endings_in
from abclm.history import History
from abclm.model_config import ModelConfig as ModelConfig
from abclm.novelty import NoveltyIndex
from abclm.vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras
    import numpy.typing as npt

    from abclm.corpora import Corpus
    from abclm.evaluation import Evaluation
    from abclm.generation import GenerationOptions
    from abclm.notation.tune import Tune
    from abclm.training import TrainingConfig

_PRESETS = Path(__file__).parent / "presets"


@dataclass(eq=False)
class LanguageModel:
    """A character-level language model of canonical tunes.

    Args:
        config: the shape of the network.
        vocabulary: what it reads and writes.
        weights: float32 arrays, named as `ModelConfig.weight_shapes` says.
        metadata: how it was trained; what JSON can hold.
        history: one entry each time training measured itself; a notebook shows its curves.
        novelty_index: the tunes that it was trained on, so that copies of them are known; None where they
            are not.

    Raises:
        ModelError: the weights don't fit the config and the vocabulary.

    Example:
        >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
        >>> lm.logits("X:1\\n").shape
        (4, 83)
    """

    config: ModelConfig
    vocabulary: Vocabulary
    weights: dict[str, npt.NDArray[np.float32]]
    metadata: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=History)
    novelty_index: NoveltyIndex | None = None

    def __post_init__(self) -> None:
        shapes = self.config.weight_shapes(len(self.vocabulary))
        found = {name: weight.shape for name, weight in self.weights.items()}
        if found != shapes:
            name = min(name for name in shapes.keys() | found.keys() if shapes.get(name) != found.get(name))
            raise ModelError(
                f"the weight {name} has shape {found.get(name)}, "
                f"but the config and the vocabulary call for {shapes.get(name)}"
            )
        self.weights = {name: np.asarray(self.weights[name], np.float32) for name in shapes}
        self.history = History(self.history)

    def __repr__(self) -> str:
        size = len(self.vocabulary)
        return f"LanguageModel({self.config}, {size} symbols, {self.config.parameters(size):,} parameters)"

    def _repr_html_(self) -> str:
        """What a notebook shows: its size, what it learned from, and how well it predicts."""
        from abclm.model_notebook import model_html

        return model_html(self)

    @classmethod
    def create(
        cls, config: ModelConfig | None = None, vocabulary: Vocabulary | None = None, seed: int = 0
    ) -> LanguageModel:
        """Make an untrained model, its weights drawn as Keras draws them.

        Args:
            config: the shape of the network; by default the paper's.
            vocabulary: by default the 83 symbols of canonical tunes.
            seed: of the weights; an integer from 0.
        """
        config = config or ModelConfig()
        vocabulary = vocabulary or Vocabulary.default()
        weights = config.initial_weights(len(vocabulary), seed)
        return cls(config, vocabulary, weights, {"abclm_version": VERSION, "initial_seed": seed})

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> LanguageModel:
        """Load a model from its folder.

        Args:
            name_or_path: a preset's name, or a model folder. A bare name that a preset has means the
                preset; `./name` means the folder.

        Raises:
            ModelError: there is no such model, or its files are missing, broken or don't fit together.
        """
        folder = _find(name_or_path)
        config_text = model_folder.read_text(folder, model_folder.CONFIG)
        vocabulary_text = model_folder.read_text(folder, model_folder.VOCABULARY)
        try:
            config = ModelConfig.from_json(config_text)
        except AbclmError as error:
            raise ModelError(f"{folder / model_folder.CONFIG}: {error}") from None
        try:
            vocabulary = Vocabulary.from_json(vocabulary_text)
        except AbclmError as error:
            raise ModelError(f"{folder / model_folder.VOCABULARY}: {error}") from None
        metadata = model_folder.read_object(folder, model_folder.METADATA)
        history = metadata.pop("history", [])
        if not isinstance(history, list):
            raise ModelError(f"{folder / model_folder.METADATA}: history is a list; copy the model again")
        weights = model_folder.read_weights(folder, config.weight_shapes(len(vocabulary)))
        stored = model_folder.read_index(folder)
        index = None if stored is None else NoveltyIndex.from_bytes(stored, str(folder / model_folder.INDEX))
        return cls(config, vocabulary, weights, metadata, history, index)

    def save(self, folder: str | os.PathLike[str], dtype: str = "float32") -> None:
        """Save the model into a folder; a crash or a full disk leaves there what was there before.

        Args:
            folder: made where it is missing. Files in it that are not the model's stay.
            dtype: of the stored weights: `"float32"`, or `"float16"` at half the size.

        Raises:
            ModelError: the weights can't be stored, or the folder holds another program's `config.json`.
            OSError: the folder can't be written.
        """
        if dtype not in ("float32", "float16"):
            raise ConfigError(f'dtype is "float32" or "float16"; received {dtype!r}')
        metadata = {**self.metadata, "history": self.history}
        index = None if self.novelty_index is None else self.novelty_index.to_bytes()
        model_folder.write(
            Path(folder),
            self.config.to_json(),
            self.vocabulary.to_json(),
            metadata,
            self.weights,
            dtype,
            index,
        )

    @property
    def forms(self) -> list[dict[str, Any]]:
        """The forms of the tunes that it was trained on last, as `abclm.forms.count_forms` has them; may be empty.

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

    def copy(self) -> LanguageModel:
        """Return a model of its own: changing one leaves the other as it was."""
        weights = {name: weight.copy() for name, weight in self.weights.items()}
        return replace(self, weights=weights, metadata=dict(self.metadata), history=list(self.history))

    def with_cache(self, weights: Sequence[float] = WEIGHTS) -> LanguageModel:
        """Return a model that trusts passages of the tune that come again so far (`abclm.cache`); `()` for not at all.

        Raises:
            ConfigError: a weight is not from 0 to below 1.
        """
        return replace(self.copy(), config=replace(self.config, cache=tuple(weights)))

    def with_vocabulary(self, vocabulary: Vocabulary) -> LanguageModel:
        """Return a model that has more symbols, which it knows nothing of and holds for unlikely.

        A new symbol is read as the mean of all symbols, and scored as the mean of all, which among the symbols that
        a trained model expects is next to nothing: what it says of the others is hardly changed.

        Args:
            vocabulary: the model's symbols in their order, and others behind them.

        Raises:
            VocabularyError: it does not begin with the model's symbols.
        """
        known = len(self.vocabulary)
        if vocabulary.symbols[:known] != self.vocabulary.symbols:
            raise VocabularyError("a larger vocabulary begins with the model's symbols, in their order")
        weights, more = dict(self.weights), len(vocabulary) - known
        for name, axis in (("embedding/embeddings", 0), ("dense/kernel", 1), ("dense/bias", 0)):
            mean = self.weights[name].mean(axis=axis, keepdims=True)
            weights[name] = np.concatenate([self.weights[name], np.repeat(mean, more, axis)], axis)
        return replace(
            self, vocabulary=vocabulary, weights=weights,
            metadata=dict(self.metadata), history=list(self.history),
        )  # fmt: skip

    def logits(self, text: str) -> npt.NDArray[np.float32]:
        """Score what comes after each character of a text, from a zero initial state, by NumPy.

        Returns:
            float32 (time, vocabulary); row *t* predicts character *t* + 1.

        Raises:
            VocabularyError: the text has a character that the vocabulary lacks.
        """
        from abclm.generation.step import Engine

        return Engine(self).logits(self.vocabulary.encode(text))

    def generate(self, options: GenerationOptions | None = None, **changes: Any) -> list[Tune]:
        """Write tunes.

        Args:
            options: what to write and how; by default one tune of the model's own.
            **changes: fields of `GenerationOptions`, over those of `options`.

        Returns:
            `n` tunes. One that could not be made playable in `attempts` tries is returned as it
            came out, and logged as a warning.

        Raises:
            ConfigError: an option is out of range; nothing was sampled then.

        Example:
            >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
            >>> lm.generate(title="The Lost Badger", key="G", seed=7, max_length=200, attempts=1)[0].title
            'The Lost Badger'
        """
        from abclm.generation import GenerationOptions, generate

        return [each.tune for each in generate(self, replace(options or GenerationOptions(), **changes))]

    def stream(self, options: GenerationOptions | None = None, **changes: Any) -> Iterator[str]:
        """Write one tune character by character, as it comes: prompt, then what the model adds.

        The arguments are those of `generate`; what was yielded can't be taken back, so there is one
        attempt, and whether the tune can be played is not checked.
        """
        from abclm.generation import GenerationOptions, stream

        return stream(self, replace(options or GenerationOptions(), **changes))

    def fit(
        self,
        train: Corpus,
        validation: Corpus | None = None,
        config: TrainingConfig | None = None,
        **options: Any,
    ) -> LanguageModel:
        """Train the model, in place.

        Args:
            train: tunes to learn from.
            validation: tunes to measure on after each epoch; the best weights are kept.
            config: how to train; by default as the paper does.
            **options: passed on to `abclm.training.train`.

        Returns:
            The model itself.
        """
        from abclm import training

        training.train(self, train, validation, config or training.TrainingConfig(), **options)
        return self

    def fine_tune(
        self,
        train: Corpus,
        validation: Corpus | None = None,
        config: TrainingConfig | None = None,
        **options: Any,
    ) -> LanguageModel:
        """Go on training on other tunes, of which there may be few.

        Args:
            train: tunes to learn from.
            validation: tunes to measure on after each epoch; the best weights are kept.
            config: how to train; by default `TrainingConfig.for_fine_tuning()`.
            **options: passed on to `abclm.training.fine_tune`.

        Returns:
            A new model; this one stays as it was.
        """
        from abclm import training

        return training.fine_tune(self, train, validation, config, **options)

    def evaluate(self, tunes: Corpus | Iterable[Tune]) -> Evaluation:
        """Measure the model on tunes that it has not seen (see `abclm.evaluation`)."""
        from abclm.evaluation import evaluate

        return evaluate(self, tunes)

    def bits_per_character(self, tunes: Corpus | Iterable[Tune]) -> float:
        """Return the mean bits that a character of these tunes costs, each tune by itself."""
        return self.evaluate(tunes).bits_per_character

    def to_keras(self) -> keras.Model:
        """Return a Keras model with the same weights; it maps token ids to logits."""
        from abclm.networks import build_network

        return build_network(self.config, len(self.vocabulary), self.weights)


def load(name_or_path: str | os.PathLike[str]) -> LanguageModel:
    """Load a preset by its name, or a model folder (see `LanguageModel.load`)."""
    return LanguageModel.load(name_or_path)


def preset_names() -> list[str]:
    """List the models that ship with the package."""
    return sorted(path.parent.name for path in _PRESETS.glob(f"*/{model_folder.CONFIG}"))


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    if isinstance(name_or_path, str) and name_or_path in preset_names():
        return _PRESETS / name_or_path
    folder = Path(name_or_path)
    if not folder.is_dir():
        presets = ", ".join(preset_names()) or "none in this installation"
        problem = "is not a folder" if folder.exists() else "is neither a preset's name nor a folder"
        raise ModelError(f"no model {os.fspath(name_or_path)!r}: it {problem}; presets: {presets}")
    return folder
