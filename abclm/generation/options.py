"""Say what to write and how to sample it, checked as a whole before anything is sampled."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from abclm.analysis.forms import MOST_BARS, MOST_PARTS
from abclm.errors import ConfigError, NotationError
from abclm.generation.abc.grammar import canonical_opening, grammar_for, way_to_end
from abclm.generation.abc.prompt import HEADER, HEADER_LENGTH, opening_text

# Characters: a header, however long, and music enough to be a tune.
_SHORTEST = 200


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """What to write and how.

    Args:
        title: the tune's title: 1 to 60 symbols once written plainly (é as e).
        key: such as `G`, `Em`, `A Dorian`, `Bb`.
        meter: such as `6/8`, `C|`.
        rhythm: such as `jig`, `reel`, `slip jig`.
        unit_note_length: such as `1/8`. Header fields not given are the model's own.
        opening: music code that the tune begins with, such as `GAB c2d`.
        parts: how many parts the tune has, each repeated, 1 to 8.
        bars: how many bars each part has, 1 to 64; without `parts`, how many the tune has. A repeat is counted
            once, the second ending in place of the first, and a pick-up and its complement are one bar together.
        any_form: where neither `parts` nor `bars` is given, leave the form to the model; else each tune gets that of
            one of the tunes that the model learned from, of the same rhythm where one is given.
        n: how many tunes, from 1.
        seed: an integer from 0; the same seed gives the same tunes, the first few of them whatever `n`
            is. By default one is drawn from the system's entropy.
        temperature: from 0 (always the likeliest symbol) up; 1 is the model's own distribution.
        top_k: draw from the `top_k` likeliest symbols alone, from 1.
        top_p: draw from the fewest symbols whose probabilities reach `top_p`, above 0, up to 1.
        min_p: draw from symbols at least `min_p` times as probable as the likeliest, 0 to 1.
        bar_repetition: with what probability a bar is kept that the tune has already, to the power of how often: 1
            leaves it to the model, 0 has no bar twice (as far as 16 draws of it help). Below 1 the cache is left out.
        bar_redraws: how often a bar is drawn anew in which the model draws what the grammar does not allow, 0 to 64,
            before the grammar has its way symbol by symbol: bars come nearer to those that the model was trained on, and
            each draw takes its time.
        ending_draws: how often the last bar is drawn at most, 1 to 64, in a tune whose form is known: until the model
            itself would end the tune there, and on the tonic as often as its training tunes do. 1 takes the first.
        batch_size: how many tunes are written at once, 1 to 1,024; it changes speed and memory, not the tunes.
        max_length: characters that a tune has at most, header included, 200 to 100,000.
        constrained: whether only symbols are drawn that leave the tune valid; else the model is left to itself in
            the body, and `attempts` are made.
        novel: whether only tunes are given that share no more with any training tune than is usual between
            different tunes (`abclm.analysis.novelty.Overlap.is_copy`).
        attempts: how often to try for a tune that is novel, or unconstrained, that can be played, 1 to 1,000.

    Raises:
        ConfigError: naming every option that is out of range or in conflict, with what was received.
    """

    title: str | None = None
    key: str | None = None
    meter: str | None = None
    rhythm: str | None = None
    unit_note_length: str | None = None
    opening: str | None = None
    parts: int | None = None
    bars: int | None = None
    any_form: bool = False
    n: int = 1
    seed: int | None = None
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    bar_repetition: float = 1.0
    bar_redraws: int = 0
    ending_draws: int = 4
    batch_size: int = 128
    max_length: int = 1500
    constrained: bool = True
    novel: bool = False
    attempts: int = 20

    def __post_init__(self) -> None:
        problems = [*self._wrong_numbers(), *self._wrong_texts()]
        if not problems:
            problems = list(self._conflicts())
        if problems:
            raise ConfigError("; ".join(problems))

    def header(self) -> dict[str, str]:
        """Return the header fields that were given, letter to canonical value, in the header's order."""
        given = ((letter, write, getattr(self, name)) for name, letter, write, _ in HEADER)
        return {letter: write(value) for letter, write, value in given if value is not None}

    def opening_music(self) -> str:
        """Return the opening as the tune will have it; empty where none was given."""
        if self.opening is None:
            return ""
        opening = opening_text(self.opening)
        return canonical_opening(opening) if self.constrained else opening

    def asked(self) -> dict[str, str]:
        """Return what was asked for, seed and number of tunes aside, in words: `{"Key": "G", "Top p": "0.9"}`."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("n", "seed") and getattr(self, field.name) != field.default
        }
        return {name.replace("_", " ").capitalize(): str(value) for name, value in changed.items()}

    def with_seed(self) -> GenerationOptions:
        """Return the same options with a seed, drawn from the system's entropy where there is none."""
        if self.seed is not None:
            return self
        return replace(self, seed=int.from_bytes(os.urandom(4), "big"))

    def _wrong_numbers(self) -> Iterator[str]:
        yield from self._wrong(
            "n", "an integer from 1 to 1,000,000", self.n, _is_integer(self.n, 1, 1_000_000)
        )
        if self.seed is not None:
            yield from self._wrong("seed", "an integer from 0", self.seed, _is_integer(self.seed, 0))
        for name, value, most in (("parts", self.parts, MOST_PARTS), ("bars", self.bars, MOST_BARS)):
            if value is not None:
                yield from self._wrong(
                    name, f"an integer from 1 to {most}", value, _is_integer(value, 1, most)
                )
        right = _is_number(self.temperature) and 0 <= self.temperature <= 100
        yield from self._wrong("temperature", "a number from 0 to 100", self.temperature, right)
        if self.top_k is not None:
            yield from self._wrong("top_k", "an integer from 1", self.top_k, _is_integer(self.top_k, 1))
        if self.top_p is not None:
            right = _is_number(self.top_p) and 0 < self.top_p <= 1
            yield from self._wrong("top_p", "a number above 0, up to 1", self.top_p, right)
        if self.min_p is not None:
            right = _is_number(self.min_p) and 0 <= self.min_p <= 1
            yield from self._wrong("min_p", "a number from 0 to 1", self.min_p, right)
        right = _is_number(self.bar_repetition) and 0 <= self.bar_repetition <= 1
        yield from self._wrong("bar_repetition", "a number from 0 to 1", self.bar_repetition, right)
        right = _is_integer(self.bar_redraws, 0, 64)
        yield from self._wrong("bar_redraws", "an integer from 0 to 64", self.bar_redraws, right)
        right = _is_integer(self.ending_draws, 1, 64)
        yield from self._wrong("ending_draws", "an integer from 1 to 64", self.ending_draws, right)
        right = _is_integer(self.batch_size, 1, 1024)
        yield from self._wrong("batch_size", "an integer from 1 to 1,024", self.batch_size, right)
        right = _is_integer(self.max_length, _SHORTEST, 100_000)
        yield from self._wrong(
            "max_length", f"an integer from {_SHORTEST} to 100,000", self.max_length, right
        )
        yield from self._wrong(
            "attempts", "an integer from 1 to 1,000", self.attempts, _is_integer(self.attempts, 1, 1000)
        )

    def _wrong_texts(self) -> Iterator[str]:
        writers = [(name, write) for name, _, write, _ in HEADER] + [("opening", opening_text)]
        for name, write in writers:
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str) or not value.strip():
                yield f"{name} is text with something in it, received {value!r}"
                continue
            try:
                write(value)
            except NotationError as error:
                yield f"{name}: {error}"

    def _conflicts(self) -> Iterator[str]:
        if self.temperature == 0 and self.novel:
            yield "temperature 0 writes one tune only, novel or not, received novel=True; use another temperature"
        if self.temperature == 0 and self.n > 1:
            yield f"temperature 0 writes one tune only, received n={self.n}; use n=1 or another temperature"
        if not self.constrained and (self.parts is not None or self.bars is not None):
            yield (
                f"a form is kept to by the grammar, received parts={self.parts}, bars={self.bars} with "
                "constrained=False; leave out either"
            )
        opening, room = len(self.opening_music()), self.max_length - HEADER_LENGTH
        if opening > room:
            yield (
                f"an opening of {opening} characters is more than max_length={self.max_length} leaves "
                f"behind the header, {room}; raise max_length or shorten the opening"
            )
        if self.constrained:
            try:
                grammar = grammar_for(
                    self.header(), self.opening_music(), self.parts, self.bars, self.max_length
                )
            except NotationError as error:
                yield str(error)
                return
            shortest = len(way_to_end(grammar, grammar.start(), self.opening_music()))
            if opening <= room and shortest > self.max_length:
                yield (
                    f"with this header and opening a tune takes {shortest} characters to be complete, more than "
                    f"max_length={self.max_length}; raise max_length or shorten the opening"
                )

    @staticmethod
    def _wrong(name: str, wanted: str, received: object, right: bool) -> Iterator[str]:
        if not right:
            yield f"{name} is {wanted}, received {received!r}"


def _is_integer(value: object, lowest: int, highest: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
