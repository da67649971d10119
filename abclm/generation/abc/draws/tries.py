"""Turn the attempts at one tune into the one that is kept: those with problems are made again, then one is chosen."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abclm.analysis.novelty import NoveltyIndex, Overlap
from abclm.errors import ModelError
from abclm.notation.symbols import Note
from abclm.system.words import counted
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.abc.draft import TuneDraft
    from abclm.generation.options import GenerationOptions

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


@dataclass(frozen=True)
class Attempt:
    """An attempt that is complete.

    Attributes:
        draft: as it was written.
        text: of it.
        problems, overlap: see `GeneratedTune`.
    """

    draft: TuneDraft
    text: str
    problems: tuple[str, ...]
    overlap: Overlap | None

    @property
    def rank(self) -> tuple[bool, int]:
        """Whether it is a copy, and how many problems it has."""
        return bool(self.overlap and self.overlap.is_copy()), len(self.problems)


class Tries:
    """The attempts at one tune.

    Args:
        options: as asked for.
        draws: attempts without problems that are wanted, of which one is kept.
        known: the tunes that it must not be a copy of, if any.
        is_checked: whether a draw may have problems; else it is not looked for them.
    """

    def __init__(
        self, options: GenerationOptions, draws: int, known: NoveltyIndex | None, is_checked: bool = True
    ) -> None:
        self._options, self._known, self._is_checked = options, known, is_checked
        self._draws = self._left = draws
        self._good: list[Attempt] = []
        self._least_bad: Attempt | None = None
        self._attempts = self._characters = 0

    @property
    def are_over(self) -> bool:
        """Whether no more draws are waited for."""
        return self._left == 0

    def take(self, draft: TuneDraft) -> bool:
        """Take note of an attempt; whether another is to be made in its place."""
        text = draft.text
        overlap = self._known.nearest(Tune.parse(text)) if self._known else None
        attempt = Attempt(draft, text, find_problems(text) if self._is_checked else (), overlap)
        self._attempts += 1
        self._characters += len(text)
        if attempt.rank == (False, 0):
            self._good.append(attempt)
        else:
            worse = (True, sys.maxsize) if self._least_bad is None else self._least_bad.rank
            if attempt.rank < worse:
                self._least_bad = attempt
            # At temperature 0 every attempt is the same.
            most = self._options.attempts if self._options.temperature else 1
            if draft.attempt // self._draws + 1 < most:
                return True
        self._left -= 1
        return False

    def good(self) -> list[Attempt]:
        """The attempts without problems, in their order."""
        return sorted(self._good, key=lambda each: each.draft.attempt)

    def least_bad(self, number: int) -> Attempt:
        """The best attempt where all have problems; a warning is logged.

        Args:
            number: of the tune.

        Raises:
            ModelError: it is a copy.
        """
        found, attempts = self._least_bad, self._attempts
        assert found is not None
        if found.overlap and found.overlap.is_copy():
            raise ModelError(
                f"tune {number}: each of {attempts} attempts has too much of a training tune, such as "
                f"{found.overlap.title!r}; raise attempts or the temperature"
            )
        _logger.warning(
            "tune %d: none of %d attempts can be played; kept the one with fewest problems (%d), as: %s",
            number, attempts, len(found.problems), found.problems[0],
        )  # fmt: skip
        return found

    def tune(self, chosen: Attempt) -> GeneratedTune:
        """One of the attempts as the tune."""
        return GeneratedTune(
            Tune.parse(chosen.text),
            chosen.draft.index + 1,
            self._options.seed or 0,
            self._attempts,
            self._characters,
            chosen.problems,
            chosen.overlap,
        )


def find_problems(text: str) -> tuple[str, ...]:
    """Say what keeps a tune that was written from being played."""
    tune = Tune.parse(text)
    problems = [
        f"{each.line}:{each.column}: {each.message}" for each in tune.check() if each.severity == "error"
    ]
    if not text.endswith("\n\n"):
        problems.append(f"it doesn't end within {counted(len(text), 'character')}")
    notes = _notes_at_least(tune)
    if notes < FEWEST_NOTES:
        problems.append(f"it has {counted(notes, 'note')}, not {FEWEST_NOTES} or more")
    return tuple(problems)


def _notes_at_least(tune: Tune) -> int:
    """The notes that a tune has as heard, or fewer, but enough: mostly it does to count what is written."""
    written = [symbol for symbol in tune.music.symbols if isinstance(symbol, Note)]
    begun = sum(not note.continued for note in written)
    return begun if begun >= FEWEST_NOTES and not tune.parts else len(tune.notes())
