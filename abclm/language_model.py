"""Turn tunes into a language model and a language model into tunes: the public `LanguageModel`.

The model itself is data (`abclm.models.model`). Writing tunes, training and measuring are the work of the packages below
this module, each imported where it is needed: no TensorFlow is loaded on the way to a tune.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import numpy.typing as npt

from abclm.corpora.corpus import Corpus
from abclm.corpora.pieces import Pieces
from abclm.datasets.given import as_corpus
from abclm.errors import Cancelled
from abclm.evaluation.figures import Evaluation
from abclm.generation.options import GenerationOptions
from abclm.generation.pieces.options import PieceWriting
from abclm.models.context import Told, with_context
from abclm.models.model import Model
from abclm.piece import Piece
from abclm.system.keywords import changed, with_options_of
from abclm.system.quiet import quiet_imports
from abclm.system.typed_options import GenerationKeywords, TrainingKeywords
from abclm.system.words import counted
from abclm.tokenizers.characters import as_characters
from abclm.tokenizers.pieces import PieceTokenizer
from abclm.training.config import TrainingConfig
from abclm.training.progress import Progress, watched
from abclm.tune import Tune, Tunes

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
        from abclm.models.shown.view import model_html

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
        return self.config.exact_engine(self.read_weights()).logits(ids)

    @with_options_of(GenerationOptions())
    def generate(
        self,
        options: GenerationOptions | None = None,
        *,
        progress: Callable[[int, int], object] | None = None,
        **changes: Unpack[GenerationKeywords],
    ) -> Tunes:
        """Write tunes.

        Args:
            options: what to write and how; by default one tune of the model's own.
            progress: called with the number of tunes written and that of all, after each tune; where it returns
                False, no more are written.
            **changes: fields of `GenerationOptions`, over those of `options`.

        Returns:
            `n` tunes, which a notebook shows with scores and players. One that could not be made playable in
            `attempts` tries is returned as it came out, and logged as a warning.

        Raises:
            ConfigError: an option is unknown or out of range; nothing was sampled then.
            Cancelled: `progress` returned False.

        Example:
            >>> from abclm import ModelConfig
            >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
            >>> lm.generate(title="The Lost Badger", key="G", seed=7, max_length=200, attempts=1)[0].title
            'The Lost Badger'
        """
        from abclm.generation.abc.tunes import generate

        asked = changed(options, GenerationOptions(), changes)
        tunes = Tunes()
        for each in generate(self, asked):
            tunes.append(each.tune)
            if progress and progress(len(tunes), asked.n) is False:
                written = f"{len(tunes)} of {counted(asked.n, 'tune')}"
                raise Cancelled(f"cancelled by its progress callback after {written}")
        return tunes

    @with_options_of(GenerationOptions(), without=("rewrite", "rewrite_bars"))
    def rewrite(self, tune: Tune | str, which: str, **changes: Unpack[GenerationKeywords]) -> Tunes:
        r"""Write some bars of a tune anew, and keep the rest.

        Args:
            tune: any tune that has a canonical form, or its text.
            which: the bars, such as `5-8`, `3,7-8`, or `B5-8` for bars of the second part.
            **changes: fields of `GenerationOptions`, such as `n` and `seed`.

        Returns:
            `n` tunes in canonical form.

        Raises:
            ConfigError: the tune has no such bars, or what else is asked for doesn't go with it.

        Example:
            >>> from abclm import ModelConfig
            >>> lm = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
            >>> tune = "X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d4|]\n"
            >>> lm.rewrite(tune, "2", seed=1)[0].body.split("|")[2:]
            ['e2c2', 'd4', ']\n\n']
        """
        changes["rewrite"], changes["rewrite_bars"] = str(tune), which
        return self.generate(**changes)

    def generate_pieces(
        self, options: PieceWriting | None = None, *, like: Piece | str | None = None, **changes: Any
    ) -> list[Piece]:
        """Write pieces with a model of notes, events or lowest keys.

        Args:
            options: what to write and how; by default one piece of 250 tokens.
            like: a piece to go on from; its opening is read and not written. `"training"` for a passage of the pieces
                that it was trained on.
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

    @with_options_of(GenerationOptions())
    def stream(
        self, options: GenerationOptions | None = None, **changes: Unpack[GenerationKeywords]
    ) -> Generator[str]:
        """Write one tune character by character, as it comes: prompt, then what the model adds.

        The arguments are those of `generate`; what was yielded can't be taken back, so there is one
        attempt, and whether the tune can be played is not checked. Unless `best_of` is given, it is 1: with more, the
        tune comes at once, after its last draw. `close` ends it before its end.
        """
        from abclm.generation.abc.tunes import stream

        return stream(self, changed(options, GenerationOptions(), changes))

    @with_options_of(TrainingConfig())
    def fit(
        self,
        train: Corpus | Pieces | Iterable[Tune],
        validation: Corpus | Pieces | Iterable[Tune] | None = None,
        config: TrainingConfig | None = None,
        *,
        normalize: bool = True,
        folder: str | os.PathLike[str] | None = None,
        resume: bool = False,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        progress: Callable[[Progress], object] | None = None,
        backend: Callable[..., Any] | None = None,
        **changes: Unpack[TrainingKeywords],
    ) -> LanguageModel:
        """Train the model, in place.

        Args:
            train: tunes to learn from; for a model of MIDI pieces, pieces.
            validation: tunes or pieces to measure on after each epoch; the best weights are kept.
            config: how to train; by default what suits the model (`TrainingConfig.for_model`): as the paper does, for
                tunes, with smaller batches where an epoch would have fewer than 8 steps.
            normalize: bring the tunes to the canonical form first; False says that they have it.
            folder: where to save the model each time its kept weights change, and what `resume` needs.
            resume: go on with the run in `folder`; where it holds none, begin.
            callbacks: Keras callbacks.
            progress: called after each step and each epoch (see `abclm.training.progress.Progress`); where it returns
                False, the run ends, and the model has the best weights so far.
            backend: what changes and measures the network, if not Keras (see `abclm.training.run.train`).
            **changes: fields of `TrainingConfig`, over those of `config`.

        Returns:
            The model itself.

        Raises:
            ConfigError: an option is unknown or out of range.
            Cancelled: `progress` returned False.
            CorpusError, ModelError, VocabularyError: as `abclm.training.run.train` says.
        """
        suited = TrainingConfig.for_model(self.config, isinstance(self.tokenizer, PieceTokenizer))
        settings = changed(config, suited, changes)
        with quiet_imports():
            from abclm.training import run

        run.train(
            self, as_corpus(train), as_corpus(validation), settings,
            normalize=normalize, folder=folder, resume=resume, callbacks=callbacks,
            progress=watched(progress), fit_batch=config is None and "batch_size" not in changes, backend=backend,
        )  # fmt: skip
        return self

    @with_options_of(TrainingConfig.for_fine_tuning())
    def fine_tune(
        self,
        train: Corpus | Pieces | Iterable[Tune],
        validation: Corpus | Pieces | Iterable[Tune] | None = None,
        config: TrainingConfig | None = None,
        *,
        old: Corpus | Pieces | Iterable[Tune] | None = None,
        normalize: bool = True,
        folder: str | os.PathLike[str] | None = None,
        resume: bool = False,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        progress: Callable[[Progress], object] | None = None,
        backend: Callable[..., Any] | None = None,
        **changes: Unpack[TrainingKeywords],
    ) -> LanguageModel:
        """Go on training on other tunes, of which there may be few.

        Args:
            train: tunes to learn from.
            validation: tunes to measure on.
            config: how to train; by default `TrainingConfig.for_fine_tuning()`.
            old: tunes like those that the model knows, to measure what it forgets.
            normalize: False takes the tunes as they are, and gives the new model the symbols that this one lacks.
            folder: as for `fit`, like the next four.
            resume: go on with the run in `folder`.
            callbacks: Keras callbacks.
            progress: called after each step and each epoch.
            backend: what changes and measures the network, if not Keras.
            **changes: fields of `TrainingConfig`, over those of `config`.

        Returns:
            A new model; this one stays as it was.

        Raises:
            ConfigError, Cancelled, CorpusError, ModelError, VocabularyError: as for `fit`.
        """
        settings = changed(config, TrainingConfig.for_fine_tuning(), changes)
        with quiet_imports():
            from abclm.training import run

        return run.fine_tune(
            self, as_corpus(train), as_corpus(validation), settings,
            old=as_corpus(old), normalize=normalize, folder=folder, resume=resume, callbacks=callbacks,
            progress=watched(progress), backend=backend,
        )  # fmt: skip

    def evaluate(self, tunes: Corpus | Iterable[Tune], *, copies: bool = True) -> Evaluation:
        """Measure the model on tunes that it has not seen (see `abclm.evaluation`); a notebook shows a table."""
        from abclm.evaluation.bits import evaluate

        return evaluate(self, as_corpus(tunes), copies=copies)

    def bits_per_character(self, tunes: Corpus | Iterable[Tune]) -> float:
        """Return the mean bits that a character of these tunes costs, each tune by itself."""
        return self.evaluate(tunes).bits_per_character

    def to_keras(self) -> keras.Model:
        """Return a Keras model with the same weights; it maps token ids to logits.

        With `structure`, it takes with each id the columns of `abclm.models.context`, as `with_context` there gives them.
        """
        with quiet_imports():
            import keras  # noqa: F401

        return self.config.network(len(self.tokenizer), self.read_weights())


def load(name_or_path: str | os.PathLike[str]) -> LanguageModel:
    """Load a preset by its name, or a model folder (see `LanguageModel.load`)."""
    return LanguageModel.load(name_or_path)
