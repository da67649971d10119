"""Say what to write and how to sample it, checked as a whole before anything is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

from abclm.analysis.compass import ANY, Compass, compass_text, pitch_name
from abclm.analysis.forms import MOST_BARS, MOST_PARTS
from abclm.analysis.plan import Plan
from abclm.errors import ConfigError, NotationError
from abclm.generation.abc.given.tune import Gaps, Given, beginning, gaps_in, parts_before
from abclm.generation.abc.grammar import canonical_opening, grammar_for, way_to_end
from abclm.generation.abc.prompt import HEADER, HEADER_LENGTH, Prompt, opening_text
from abclm.generation.sampling_options import SamplingOptions
from abclm.system.options import documented, option, problems
from abclm.system.words import counted
from abclm.tune import Tune

# Characters: a header, however long, and music enough to be a tune.
_SHORTEST = 200
_OWN = "the model's own"
_OF_THE_TUNE = ("title", "key", "meter", "rhythm", "unit_note_length", "opening")
_FORM = ("parts", "bars", "any_form")


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
    plan: str | None = option(
        None, unset="none", example="ABCDABCE|FGFHABCE",
        help="Which bars are alike: a letter for each bar, | between parts; or a tune in ABC whose plan to take. Needs a "
        "model with structure.",
    )  # fmt: skip
    compass: str | None = option(
        None, unset="that of training tunes of the rhythm", example="D4-B5",
        help="Lowest and highest note, such as D4-B5 (C4 is middle C), or an instrument: whistle, fiddle, flute, pipes, "
        "accordion or voice; any for no limit.",
    )  # fmt: skip
    like: str | None = option(
        None, unset="none", group="From a tune",
        help="A tune in ABC that gives key, meter, rhythm, unit note length and an opening of two bars, where these are "
        "not given.",
    )  # fmt: skip
    part: str | None = option(
        None, unset="none", example="B",
        help="First part to write, such as B. The parts before it are kept whole: those of the tune that like gives, "
        "with its title, header and form.",
    )  # fmt: skip
    rewrite: str | None = option(
        None, unset="none", help="A tune in ABC of which some bars are written anew, and the rest is kept."
    )
    rewrite_bars: str | None = option(
        None, unset="none", example="5-8",
        help="Bars to write anew, such as 5-8, or 3,7-8, or B5-8 for bars of the second part. B is all of that part.",
    )  # fmt: skip


@documented
@dataclass(frozen=True, kw_only=True)
class GenerationOptions(SamplingOptions, TuneOptions):
    """What to write and how to sample it. Header fields that are not given are the model's own.

    Raises:
        ConfigError: naming every option that is out of range or in conflict, with what was received.
    """

    best_of: int | None = option(
        None, low=1, high=64, unset="4, or 8 for new bars", group="Number and seed",
        help="Number of times that each tune is written; the best is kept.",
    )  # fmt: skip
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
        12, low=1, high=64,
        help="Maximum number of draws of the last bar of each part, until the part ends as parts of training tunes do.",
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
        asked = ((letter, write, getattr(self, name)) for name, letter, write, _ in HEADER)
        header = {letter: write(value) for letter, write, value in asked if value is not None}
        opening = "" if self.opening is None else opening_text(self.opening)
        if opening and self.constrained:
            opening = canonical_opening(opening)
        if given := self.kept or self._beginning:
            found = given.header | header
            header = {letter: found[letter] for _, letter, *_ in HEADER if letter in found}
            opening = opening or given.opening
        return Prompt(header, opening)

    @cached_property
    def kept(self) -> Given | None:
        """What is kept of the tune that `like` gives, where a part is asked for."""
        return parts_before(self.like, self.part) if self.like and self.part else None

    @cached_property
    def planned(self) -> Plan | None:
        """Which bars are alike, where that is asked for."""
        return None if self.plan is None else Plan.of(self.plan)

    @cached_property
    def gaps(self) -> Gaps | None:
        """The tune that is rewritten, and its new bars."""
        return gaps_in(self.rewrite, self.rewrite_bars) if self.rewrite and self.rewrite_bars else None

    @cached_property
    def _beginning(self) -> Given | None:
        return beginning(self.like) if self.like and not self.part else None

    def asked(self) -> dict[str, str]:
        """Return what was asked for, seed and number of tunes aside, in words: `{"Key": "G", "Top p": "0.9"}`."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("n", "seed") and getattr(self, field.name) != field.default
        }
        if self.planned:
            changed["plan"] = "|".join(self.planned.parts)
        for name in {"like", "rewrite"} & changed.keys():
            changed[name] = Tune.parse(changed[name]).title or "a tune without a title"
        return {name.replace("_", " ").capitalize(): str(value) for name, value in changed.items()}

    def _wrong_texts(self) -> Iterator[str]:
        writers = [(name, write) for name, _, write, _ in HEADER]
        writers += [("opening", opening_text), ("compass", compass_text)]
        for name, write in writers:
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                continue
            try:
                write(value)
            except NotationError as error:
                yield f"{name}: {error}"
        texts = (self.like, self.part, self.rewrite, self.rewrite_bars, self.plan)
        if not all(text is None or isinstance(text, str) for text in texts):
            return
        readers = {"like": "_beginning", "part": "kept", "rewrite": "gaps", "plan": "planned"}
        for name, attribute in readers.items():
            try:
                getattr(self, attribute)
            except NotationError as error:
                yield f"{name}: {error}"

    def _outside(self, text: str) -> Iterator[str]:
        """Say what of the opening is outside a compass, by the key that was asked for."""
        header, opening = self.prompt
        pitches = [note.pitch for note in Tune.parse(f"X:1\nK:{header.get('K', 'C')}\n{opening}\n").notes()]
        if text.strip().lower() == ANY or not pitches:
            return
        lowest, highest = Compass.of(text)
        if not lowest <= min(pitches) <= max(pitches) <= highest:
            yield (
                f"the opening goes from {pitch_name(min(pitches))} to {pitch_name(max(pitches))}, outside of "
                f"compass={text!r}; give another opening or compass"
            )

    def _conflicts(self) -> Iterator[str]:
        yield from self._conflicts_with_a_tune()
        if self.temperature == 0 and self.novel:
            yield "temperature 0 writes one tune only, novel or not, received novel=True; use another temperature"
        yield from self.greedy_conflicts("tune")
        if not self.constrained and (self.parts is not None or self.bars is not None):
            yield (
                f"a form is kept to by the grammar, received parts={self.parts}, bars={self.bars} with "
                "constrained=False; leave out either"
            )
        opening, room = len(self.prompt.opening), self.max_length - HEADER_LENGTH
        if self.compass is not None and not self.constrained:
            yield (
                f"a compass is kept to by the grammar, received compass={self.compass!r} with constrained=False; leave "
                "out either"
            )
        if self.compass is not None:
            yield from self._outside(self.compass)
        if opening > room:
            yield (
                f"an opening of {counted(opening, 'character')} is more than max_length={self.max_length} leaves "
                f"behind the header, {room}; raise max_length or shorten the opening"
            )
        if self.constrained and not self.gaps:
            try:
                sections = self.planned.form if self.planned else ()
                grammar = grammar_for(*self.prompt, self.parts, self.bars, self.max_length, sections)
            except NotationError as error:
                yield str(error)
                return
            shortest = len(way_to_end(grammar, grammar.start(), self.prompt.opening))
            if opening <= room and shortest > self.max_length:
                yield (
                    f"with this header and opening a tune takes {counted(shortest, 'character')} to be complete, "
                    f"more than max_length={self.max_length}; raise max_length or shorten the opening"
                )

    def _conflicts_with_a_tune(self) -> Iterator[str]:
        if self.part is not None and self.like is None:
            yield f"part={self.part} goes on from a tune; give it with like"
        if (self.rewrite is None) != (self.rewrite_bars is None):
            yield "rewrite and rewrite_bars go together: a tune, and which bars of it to write anew; give both"
        fixed = [name for name in (*_FORM, "part", "rewrite") if getattr(self, name)]
        fixed += [] if self.constrained else ["constrained=False"]
        if self.plan is not None and fixed:
            yield f"a plan has the form of the whole tune, and the grammar keeps it; leave out {', '.join(fixed)}"
        if self.rewrite is not None and not self.constrained:
            yield "new bars are kept to their length by the grammar, received constrained=False; leave it out"
        kept = {"rewrite": (*_OF_THE_TUNE, *_FORM, "like"), "part": (*_OF_THE_TUNE[1:], "parts", "bars")}
        for name, others in kept.items():
            if getattr(self, name) is not None:
                given = [other for other in others if getattr(self, other)]
                if given:
                    yield f"{name} keeps the header and the form of the tune; leave out {', '.join(given)}"
