"""Say what to write and how to sample it, checked as a whole before anything is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

from abclm.analysis.forms import MOST_BARS, MOST_PARTS
from abclm.errors import ConfigError, NotationError
from abclm.generation.abc.grammar import canonical_opening, grammar_for, way_to_end
from abclm.generation.abc.prompt import HEADER, HEADER_LENGTH, Prompt, opening_text
from abclm.generation.sampling_options import SamplingOptions
from abclm.system.options import documented, option, problems

# Characters: a header, however long, and music enough to be a tune.
_SHORTEST = 200
_OWN = "the model's own"


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """What a tune is to be like: the options of `GenerationOptions` that come first."""

    title: str | None = option(
        None, unset=_OWN, example="The Lost Badger", group="Tune",
        help="Title of the tune, 1 to 60 symbols. Letters with accents are written without them; symbols that a title "
        "can't have, such as ?, are left out.",
    )  # fmt: skip
    key: str | None = option(None, unset=_OWN, example="G", help="Key, such as G, Em, Ador or Bb.")
    meter: str | None = option(None, unset=_OWN, example="6/8", help="Meter, such as 6/8 or C|.")
    rhythm: str | None = option(
        None, unset=_OWN, example="jig", help="Kind of tune, such as jig, reel or slip jig."
    )
    unit_note_length: str | None = option(
        None, unset=_OWN, help="Length of a note that is written without a number, such as 1/8."
    )
    opening: str | None = option(
        None, unset="none", help="Music code that the tune begins with, such as |:GAB c2d."
    )
    parts: int | None = option(
        None, low=1, high=MOST_PARTS, unset="as in a training tune", help="Number of parts, each repeated."
    )
    bars: int | None = option(
        None, low=1, high=MOST_BARS, unset="as in a training tune",
        help="Number of bars in each part; without parts, in the whole tune. A repeat counts once.",
    )  # fmt: skip
    any_form: bool = option(
        False,
        help="Let the model choose the form as it writes. Otherwise a tune without parts and bars gets the form of a "
        "training tune, of the same rhythm if one is given.",
    )


@documented
@dataclass(frozen=True, kw_only=True)
class GenerationOptions(SamplingOptions, TuneOptions):
    """What to write and how to sample it. Header fields that are not given are the model's own.

    Raises:
        ConfigError: naming every option that is out of range or in conflict, with what was received.
    """

    bar_repetition: float = option(
        1.0, low=0, high=1, group="Sampling",
        help="Probability of keeping a bar that the tune has already, to the power of how often it has it. "
        "1 keeps every bar, 0 none that would be a repetition.",
    )  # fmt: skip
    bar_redraws: int = option(
        0, low=0, high=64,
        help="Number of times to draw a bar again when the model breaks the grammar in it, before forbidden "
        "symbols are masked one by one. Each draw takes time.",
    )  # fmt: skip
    ending_draws: int = option(
        4, low=1, high=64,
        help="Maximum number of draws of the last bar, until the model itself would end the tune there.",
    )  # fmt: skip
    max_length: int = option(
        1500,
        low=_SHORTEST,
        high=100_000,
        group="Limits",
        help="Maximum length of a tune in characters, header included.",
    )
    constrained: bool = option(
        True,
        spelling="--unconstrained",
        help="The grammar keeps the music valid; --unconstrained turns it off.",
    )
    novel: bool = option(False, help="Give only tunes that do not copy a training tune.")
    attempts: int = option(
        20, low=1, high=1000,
        help="Maximum number of attempts to write a novel tune or, without the grammar, a playable one.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        wrong = [*problems(self), *self._wrong_texts()]
        if not wrong:
            wrong = list(self._conflicts())
        if wrong:
            raise ConfigError("; ".join(wrong))

    @cached_property
    def prompt(self) -> Prompt:
        """The header fields and the opening that were given, as the tune will have them."""
        given = ((letter, write, getattr(self, name)) for name, letter, write, _ in HEADER)
        header = {letter: write(value) for letter, write, value in given if value is not None}
        opening = "" if self.opening is None else opening_text(self.opening)
        return Prompt(header, canonical_opening(opening) if opening and self.constrained else opening)

    def asked(self) -> dict[str, str]:
        """Return what was asked for, seed and number of tunes aside, in words: `{"Key": "G", "Top p": "0.9"}`."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("n", "seed") and getattr(self, field.name) != field.default
        }
        return {name.replace("_", " ").capitalize(): str(value) for name, value in changed.items()}

    def _wrong_texts(self) -> Iterator[str]:
        writers = [(name, write) for name, _, write, _ in HEADER] + [("opening", opening_text)]
        for name, write in writers:
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                continue
            try:
                write(value)
            except NotationError as error:
                yield f"{name}: {error}"

    def _conflicts(self) -> Iterator[str]:
        if self.temperature == 0 and self.novel:
            yield "temperature 0 writes one tune only, novel or not, received novel=True; use another temperature"
        yield from self.greedy_conflicts("tune")
        if not self.constrained and (self.parts is not None or self.bars is not None):
            yield (
                f"a form is kept to by the grammar, received parts={self.parts}, bars={self.bars} with "
                "constrained=False; leave out either"
            )
        opening, room = len(self.prompt.opening), self.max_length - HEADER_LENGTH
        if opening > room:
            yield (
                f"an opening of {opening} characters is more than max_length={self.max_length} leaves "
                f"behind the header, {room}; raise max_length or shorten the opening"
            )
        if self.constrained:
            try:
                grammar = grammar_for(*self.prompt, self.parts, self.bars, self.max_length)
            except NotationError as error:
                yield str(error)
                return
            shortest = len(way_to_end(grammar, grammar.start(), self.prompt.opening))
            if opening <= room and shortest > self.max_length:
                yield (
                    f"with this header and opening a tune takes {shortest} characters to be complete, more than "
                    f"max_length={self.max_length}; raise max_length or shorten the opening"
                )
