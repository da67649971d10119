"""Turn tunes into a language model and a language model into tunes: the public `LanguageModel`.

The model itself is data (`abclm.models.model`). Writing tunes, training and measuring are the work of the packages below
this module, each imported where it is needed: no TensorFlow is loaded on the way to a tune.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abclm.corpora.corpus import Corpus
from abclm.corpora.pieces import Pieces
from abclm.evaluation.figures import Evaluation
from abclm.generation.options import GenerationOptions
from abclm.generation.pieces.options import PieceWriting
from abclm.models.context import Told, with_context
from abclm.models.model import Model
from abclm.piece import Piece
from abclm.tokenizers.characters import as_characters
from abclm.training.config import TrainingConfig
from abclm.tune import Tune

if TYPE_CHECKING:
    import keras


@dataclass(eq=False, repr=False)
class LanguageModel(Model):
    """A character-level language model of canonical tunes.

    Args:
        config: the shape of the network.
        tokenizer: what it reads and writes.
        weights: float32 arrays, named as `ModelConfig.weight_shapes` says.
        metadata: how it was trained; what JSON can hold.
        history: one entry each time training measured itself; a notebook shows its curves.
        novelty_index: the tunes that it was trained on, so that copies of them are known; None where they
            are not.

    Raises:
        ModelError: the weights don't fit the config and the vocabulary.

    Example:
        >>> from abclm import ModelConfig
        >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
        >>> lm.logits("X:1\\n").shape
        (4, 83)
    """

    def _repr_html_(self) -> str:
        """What a notebook shows: its size, what it learned from, and how well it predicts."""
        from abclm.models.view import model_html

        return model_html(self)

    def logits(self, text: str) -> npt.NDArray[np.float32]:
        """Score what comes after each character of a text, from a zero initial state, by NumPy.

        A model with `structure` takes the text for a tune, of which it is told nothing.

        Returns:
            float32 (time, vocabulary); row *t* predicts character *t* + 1.

        Raises:
            VocabularyError: the text has a character that the vocabulary lacks.
        """
        ids = self.tokenizer.encode(text)
        if self.config.columns:
            is_begun = text.startswith("\n")
            piece = ids if is_begun else np.append(self.tokenizer.start, ids)
            ids = with_context(as_characters(self.tokenizer), piece, Told())[0 if is_begun else 1 :]
        return self.config.engine(self.weights).logits(ids)

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
            >>> from abclm import ModelConfig
            >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
            >>> lm.generate(title="The Lost Badger", key="G", seed=7, max_length=200, attempts=1)[0].title
            'The Lost Badger'
        """
        from abclm.generation.abc.tunes import generate

        return [each.tune for each in generate(self, replace(options or GenerationOptions(), **changes))]

    def generate_pieces(
        self, options: PieceWriting | None = None, *, like: Piece | None = None, **changes: Any
    ) -> list[Piece]:
        """Write pieces with a model of notes, events or lowest keys.

        Args:
            options: what to write and how; by default one piece of 250 tokens.
            like: a piece to go on from; its opening is read and not written.
            **changes: fields of `PieceWriting`, over those of `options`.

        Returns:
            `n` pieces, which can be saved, seen and heard.

        Raises:
            ModelError: the model is of tunes.
            ConfigError: an option is out of range.
            ConvertError: the piece to be like has nothing that the model has tokens for.
        """
        from abclm.generation.pieces.write import write_pieces

        found = write_pieces(self, replace(options or PieceWriting(), **changes), like)
        return [each.piece for each in found]

    def stream(self, options: GenerationOptions | None = None, **changes: Any) -> Generator[str]:
        """Write one tune character by character, as it comes: prompt, then what the model adds.

        The arguments are those of `generate`; what was yielded can't be taken back, so there is one
        attempt, and whether the tune can be played is not checked. `close` ends it before its end.
        """
        from abclm.generation.abc.tunes import stream

        return stream(self, replace(options or GenerationOptions(), **changes))

    def fit(
        self,
        train: Corpus | Pieces,
        validation: Corpus | Pieces | None = None,
        config: TrainingConfig | None = None,
        **options: Any,
    ) -> LanguageModel:
        """Train the model, in place.

        Args:
            train: tunes to learn from; for a model of MIDI pieces, pieces.
            validation: tunes or pieces to measure on after each epoch; the best weights are kept.
            config: how to train; by default as the paper does.
            **options: passed on to `abclm.training.run.train`.

        Returns:
            The model itself.
        """
        from abclm.training import run

        run.train(self, train, validation, config or TrainingConfig(), **options)
        return self

    def fine_tune(
        self,
        train: Corpus,
        validation: Corpus | None = None,
        config: TrainingConfig | None = None,
        **options: Any,
    ) -> LanguageModel:
        """Go on training on other tunes, of which there may be few.

        The arguments are those of `fit`, but `config` is by default `TrainingConfig.for_fine_tuning()`, and the options
        are passed on to `abclm.training.run.fine_tune`.

        Returns:
            A new model; this one stays as it was.
        """
        from abclm.training import run

        return run.fine_tune(self, train, validation, config, **options)

    def evaluate(self, tunes: Corpus | Iterable[Tune], *, copies: bool = True) -> Evaluation:
        """Measure the model on tunes that it has not seen (see `abclm.evaluation.bits.evaluate`)."""
        from abclm.evaluation.bits import evaluate

        return evaluate(self, tunes, copies=copies)

    def bits_per_character(self, tunes: Corpus | Iterable[Tune]) -> float:
        """Return the mean bits that a character of these tunes costs, each tune by itself."""
        return self.evaluate(tunes).bits_per_character

    def to_keras(self) -> keras.Model:
        """Return a Keras model with the same weights; it maps token ids to logits.

        With `structure`, it takes with each id the columns of `abclm.models.context`, as `with_context` there gives them.
        """
        return self.config.network(len(self.tokenizer), self.weights)


def load(name_or_path: str | os.PathLike[str]) -> LanguageModel:
    """Load a preset by its name, or a model folder (see `LanguageModel.load`)."""
    return LanguageModel.load(name_or_path)
