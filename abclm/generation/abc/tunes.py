"""Turn a model and options into tunes: write, check, and try again where a tune can't be played."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from abclm.analysis.forms import TuneForm, draw_form
from abclm.analysis.novelty import NoveltyIndex, Overlap
from abclm.errors import ModelError, NotationError
from abclm.generation.abc.draft import Writer
from abclm.generation.abc.grammar import grammar_for
from abclm.generation.abc.symbol_filter import GrammarGuide, Guide, Masks
from abclm.generation.decoder import Batch
from abclm.models.architecture import Engine
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.tokenizers.characters import as_characters
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.options import GenerationOptions
    from abclm.models.model import Model
    from abclm.notation.grammar import Grammar

FEWEST_NOTES = 8  # as heard; what has less is no tune
_FORM, _TONIC = 1, 2  # of the random numbers of an attempt, those that its form and its ending are drawn by

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GeneratedTune:
    """A tune and how it came about.

    Attributes:
        tune: as the model wrote it.
        number: which of the tunes asked for, from 1.
        seed: with the same options and model, it gives this tune again.
        attempts: how many were made.
        characters: how many were written, over all attempts.
        problems: what keeps the tune from being played, a line each; usually nothing.
        overlap: what it has in common with the training tune nearest to it; None unless `novel` was asked for.
    """

    tune: Tune
    number: int
    seed: int
    attempts: int
    characters: int
    problems: tuple[str, ...]
    overlap: Overlap | None = None


def generate(lm: Model, options: GenerationOptions) -> Iterator[GeneratedTune]:
    """Write tunes, `batch_size` at a time.

    Args:
        lm: the model.
        options: what to write and how. A tune depends on the seed and its place among the tunes, not
            on how many there are.

    Yields:
        `options.n` tunes in order, each as soon as it and those before it are written. A tune has at least 8 notes
        and no errors by `Tune.check`; where `options.attempts` tries gave none such, it is the try with the fewest
        problems, and a warning is logged.

    Raises:
        ModelError: the model's vocabulary lacks a symbol that was asked for; or only novel tunes are wanted, and the
            model has no index of its training tunes, or `options.attempts` tries gave none.
        KeyboardInterrupt: after those that are finished have been given.
    """
    options = options.with_seed()
    if options.novel and lm.novelty_index is None:
        raise ModelError(
            "the model has no index of its training tunes, so that no tune can be told to be novel; leave out novel, or "
            "train it with this version"
        )
    new_writer = _writers(lm, options)
    tries: dict[int, _Tries] = {}
    written: dict[int, GeneratedTune] = {}
    numbers = iter(range(options.n))
    again: list[Writer] = []

    def next_writer() -> Writer | None:
        if again:
            return again.pop()
        index = next(numbers, None)
        if index is None:
            return None
        tries[index] = _Tries(lm.novelty_index if options.novel else None)
        return new_writer(index, 0)

    first = [writer for writer in (next_writer() for _ in range(options.batch_size)) if writer]
    given = 0
    try:
        for ended in Batch(lm.config.engine(lm.weights), as_characters(lm.tokenizer), options, first).run(
            next_writer
        ):
            for writer in ended:
                if tries[writer.index].are_over(writer, options):
                    written[writer.index] = tries.pop(writer.index).best(writer, options)
                else:
                    again.append(new_writer(writer.index, writer.attempt + 1))
            while given in written:
                yield written.pop(given)
                given += 1
    except KeyboardInterrupt:
        yield from (written[index] for index in sorted(written))
        raise


def stream(lm: Model, options: GenerationOptions) -> Iterator[str]:
    """Write one tune character by character, the first attempt whatever comes of it.

    What may be taken back is held until it is settled: the last bar of a form, and with `bar_repetition` below 1 or
    `bar_redraws` every bar.
    """
    return chain.from_iterable(stream_steps(lm, options))


def stream_steps(lm: Model, options: GenerationOptions, engine: Engine | None = None) -> Iterator[str]:
    """Write one tune as `stream` does, step by step, so that several can be written in turns.

    Args:
        lm: the model.
        options: what to write and how.
        engine: of this model, to be shared by tunes that one thread writes; else one is made.

    Yields:
        After each step of the model, what is added to the tune: a character, or where a bar may be taken back nothing,
        until a whole bar.
    """
    options = options.with_seed()
    writer = _writers(lm, options)(0, 0)
    return _settled(
        Batch(engine or lm.config.engine(lm.weights), as_characters(lm.tokenizer), options, [writer]), writer
    )


def find_problems(text: str) -> tuple[str, ...]:
    """Say what keeps a tune that was written from being played."""
    tune = Tune.parse(text)
    problems = [
        f"{each.line}:{each.column}: {each.message}" for each in tune.check() if each.severity == "error"
    ]
    if not text.endswith("\n\n"):
        problems.append(f"it doesn't end within {len(text)} characters")
    notes = len(tune.notes())
    if notes < FEWEST_NOTES:
        problems.append(f"it has {notes} notes, not {FEWEST_NOTES} or more")
    return tuple(problems)


def _settled(batch: Batch, writer: Writer) -> Iterator[str]:
    given = 0
    for ended in batch.run(lambda: None):
        settled = len(writer.text) if ended else writer.settled
        yield writer.text[given:settled]
        given = max(given, settled)


def _writers(lm: Model, options: GenerationOptions) -> Callable[[int, int], Writer]:
    """What makes a writer for each attempt at each tune."""
    new_guide, cache, share = _guides(lm, options), _cache_of(lm, options), lm.tonic_endings or 0.0

    def writer(index: int, attempt: int) -> Writer:
        seed = np.random.SeedSequence(options.seed, spawn_key=(index, attempt, _TONIC))
        on_tonic = np.random.default_rng(seed).random() < share
        return Writer(options, new_guide(index, attempt), index, attempt, cache, bool(on_tonic))

    return writer


def _guides(lm: Model, options: GenerationOptions) -> Callable[[int, int], GrammarGuide | Guide]:
    """What makes a guide for each attempt at each tune: to the grammar, or to a free tune's header alone."""
    if not options.constrained:
        return lambda index, attempt: Guide(options, as_characters(lm.tokenizer))
    lacking = sorted(symbol for symbol in CANONICAL_SYMBOLS if symbol not in as_characters(lm.tokenizer))
    if lacking:
        names = ", ".join(map(repr, lacking[:5]))
        _logger.warning("the model's vocabulary lacks %s: its tunes are not held to the grammar", names)
        return lambda index, attempt: Guide(options, as_characters(lm.tokenizer))
    others = [symbol for symbol in as_characters(lm.tokenizer).symbols if symbol not in CANONICAL_SYMBOLS]
    if others:
        names = ", ".join(map(repr, others[:5])) + (", ..." if len(others) > 5 else "")
        _logger.warning(
            "the tunes are canonical ones, without other symbols that the model knows (%s); unconstrained, it "
            "may write them", names,
        )  # fmt: skip
    header, opening, masks = options.header(), options.opening_music(), Masks(as_characters(lm.tokenizer))
    forms = [] if options.any_form or options.parts or options.bars else lm.forms

    @functools.cache
    def grammar_of(form: TuneForm) -> Grammar:
        try:
            return grammar_for(header, opening, *form, options.max_length)
        except NotationError:  # a form that was drawn need not go with what was asked for
            return grammar_for(header, opening, options.parts, options.bars, options.max_length)

    def guide(index: int, attempt: int) -> GrammarGuide:
        form = TuneForm(options.parts, options.bars)
        if forms:
            seed = np.random.SeedSequence(options.seed, spawn_key=(index, attempt, _FORM))
            form = draw_form(forms, header.get("R"), np.random.default_rng(seed))
        return GrammarGuide(grammar_of(form), masks, opening, options.max_length)

    return guide


def _cache_of(lm: Model, options: GenerationOptions) -> tuple[float, ...]:
    """The weights of the cache that counts: none where bars that repeat are held back, which it would bring again."""
    return lm.config.cache if options.bar_repetition == 1 else ()


class _Tries:
    """The attempts at one tune: the best so far, and what they came to.

    Args:
        known: the tunes that it must not be a copy of, if any.
    """

    def __init__(self, known: NoveltyIndex | None) -> None:
        self._known = known
        self._text = ""
        self._problems: tuple[str, ...] = ()  # of the best
        self._overlap: Overlap | None = None
        self._rank = (True, sys.maxsize)  # whether it is a copy, and how many problems it has
        self._characters = 0

    def are_over(self, writer: Writer, options: GenerationOptions) -> bool:
        """Take note of an attempt; whether it is the last."""
        problems = find_problems(writer.text)
        overlap = self._known.nearest(Tune.parse(writer.text)) if self._known else None
        rank = (bool(overlap and overlap.is_copy()), len(problems))
        self._characters += len(writer.text)
        if rank < self._rank:
            self._text, self._problems, self._overlap, self._rank = writer.text, problems, overlap, rank
        # At temperature 0 every attempt is the same.
        return rank == (False, 0) or writer.attempt + 1 == (options.attempts if options.temperature else 1)

    def best(self, writer: Writer, options: GenerationOptions) -> GeneratedTune:
        """The best attempt as a tune; `writer` is that of the last."""
        problems, number, attempts = self._problems, writer.index + 1, writer.attempt + 1
        if self._overlap and self._overlap.is_copy():
            raise ModelError(
                f"tune {number}: each of {attempts} attempts has too much of a training tune, such as "
                f"{self._overlap.title!r}; raise attempts or the temperature"
            )
        if problems:
            _logger.warning(
                "tune %d: none of %d attempts can be played; kept the one with fewest problems (%d), as: %s",
                number, attempts, len(problems), problems[0],
            )  # fmt: skip
        return GeneratedTune(
            Tune.parse(self._text),
            number,
            options.seed or 0,
            attempts,
            self._characters,
            problems,
            self._overlap,
        )
