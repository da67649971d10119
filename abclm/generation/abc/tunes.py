"""Turn a model and options into tunes: write, check, and try again where a tune can't be played."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abclm.analysis.novelty import NoveltyIndex, Overlap
from abclm.errors import ModelError
from abclm.generation.abc.request import Request
from abclm.generation.decoder import Decoder
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.abc.draft import TuneDraft
    from abclm.generation.options import GenerationOptions
    from abclm.models.architecture import Engine
    from abclm.models.model import Model

FEWEST_NOTES = 8  # as heard; what has less is no tune

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
    if options.novel and lm.novelty_index is None:
        raise ModelError(
            "the model has no index of its training tunes, so that no tune can be told to be novel; leave out novel, or "
            "train it with this version"
        )
    request = Request.of(lm, options)
    options = request.options
    tries: dict[int, _Tries] = {}
    written: dict[int, GeneratedTune] = {}
    numbers = iter(range(options.n))
    again: list[TuneDraft] = []

    def next_draft() -> TuneDraft | None:
        if again:
            return again.pop()
        index = next(numbers, None)
        if index is None:
            return None
        tries[index] = _Tries(lm.novelty_index if options.novel else None)
        return request.draft(index, 0)

    first = [draft for draft in (next_draft() for _ in range(options.batch_size)) if draft]
    decoder = _decoder(request, lm.config.engine(lm.weights), first)
    given = 0
    try:
        for ended in decoder.run(next_draft):
            for draft in ended:
                if tries[draft.index].are_over(draft, options):
                    written[draft.index] = tries.pop(draft.index).best(draft, options)
                else:
                    again.append(request.draft(draft.index, draft.attempt + 1))
            while given in written:
                yield written.pop(given)
                given += 1
    except KeyboardInterrupt:
        yield from (written[index] for index in sorted(written))
        raise


def stream(lm: Model, options: GenerationOptions) -> Generator[str]:
    """Write one tune character by character, the first attempt whatever comes of it.

    What may be taken back is held until it is settled: the last bar of a form, and with `bar_repetition` below 1 or
    `bar_redraws` every bar. What is wrong with the options is said at once; `close` ends it.
    """
    return _characters(stream_steps(lm, options))


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
    request = Request.of(lm, options)
    draft = request.draft(0, 0)
    return _settled(_decoder(request, engine or lm.config.engine(lm.weights), [draft]), draft)


def _characters(steps: Iterable[str]) -> Generator[str]:
    for step in steps:
        yield from step


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


def _decoder(request: Request, engine: Engine, drafts: list[TuneDraft]) -> Decoder[TuneDraft]:
    return Decoder(engine, request.tokenizer.start, request.sampler, drafts)


def _settled(decoder: Decoder[TuneDraft], draft: TuneDraft) -> Iterator[str]:
    given = 0
    for ended in decoder.run(lambda: None):
        settled = len(draft.ids) if ended else draft.settled
        yield draft.text_of(given, settled)
        given = max(given, settled)


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

    def are_over(self, draft: TuneDraft, options: GenerationOptions) -> bool:
        """Take note of an attempt; whether it is the last."""
        problems = find_problems(draft.text)
        overlap = self._known.nearest(Tune.parse(draft.text)) if self._known else None
        rank = (bool(overlap and overlap.is_copy()), len(problems))
        self._characters += len(draft.text)
        if rank < self._rank:
            self._text, self._problems, self._overlap, self._rank = draft.text, problems, overlap, rank
        # At temperature 0 every attempt is the same.
        return rank == (False, 0) or draft.attempt + 1 == (options.attempts if options.temperature else 1)

    def best(self, draft: TuneDraft, options: GenerationOptions) -> GeneratedTune:
        """The best attempt as a tune; `draft` is that of the last."""
        problems, number, attempts = self._problems, draft.index + 1, draft.attempt + 1
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
