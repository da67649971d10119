"""Turn a tune that is given into what another one keeps of it: its header, its first bars or parts, and its form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from abclm.errors import NotationError
from abclm.generation.abc.given.bars import PART_LETTERS, BarSpan, bar_spans, bars_in, parts_named
from abclm.generation.abc.like import likeness
from abclm.notation.grammar import Grammar
from abclm.notation.place import form_of_text
from abclm.notation.timing import ticks
from abclm.tune import Tune


@dataclass(frozen=True)
class Given:
    """What is kept of a tune.

    Attributes:
        header: canonical values of header fields by their letters; `R` is `""` where a tune keeps having none.
        opening: music in canonical spelling.
        form: the number of bars of each part, as far as they are given.
        complete: whether these are all parts.
    """

    header: dict[str, str]
    opening: str
    form: tuple[int, ...] = ()
    complete: bool = False

    @property
    def likely_form(self) -> tuple[int, ...]:
        """The form, with another part as long as the last that is given where it is not complete."""
        return self.form if self.complete else (*self.form, *self.form[-1:])


def beginning(text: str) -> Given:
    """Keep the header of a tune, its title aside, and its first two bars.

    Raises:
        NotationError: the text has no tune, or one without a canonical form.
    """
    found = likeness(Tune.parse(text))
    fields = {"R": found.rhythm, "M": found.meter, "L": found.unit_note_length, "K": found.key}
    return Given({letter: value for letter, value in fields.items() if value}, found.opening)


def parts_before(text: str, letter: str) -> Given:
    r"""Keep a tune up to one of its parts, or up to the part that comes after its last.

    Args:
        text: of the tune.
        letter: of the first part that is not kept.

    Raises:
        NotationError: the text has no tune, one without a canonical form, or none with parts before this one.

    Example:
        >>> tune = "X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d4:|\n"
        >>> kept = parts_before(tune, "B")
        >>> kept.opening, kept.form, kept.complete
        ('d2f2|a2f2|e2c2|d4:|', (4,), False)
    """
    part = 1 + PART_LETTERS.find(letter.upper()) if len(letter) == 1 else 0
    if part < 2:
        names = ", ".join(PART_LETTERS[1:])
        raise NotationError(
            f"is one of {names}, the first part to be written, as the parts before it are kept; received {letter[:20]!r}"
        )
    tune = Tune.parse(text).normalize()
    form = form_of_text(tune.text)
    if part > len(form) + 1:
        raise NotationError(
            f"the tune has {parts_named(len(form))}, so that {PART_LETTERS[len(form)]} is the last part to ask for; "
            f"received {letter}"
        )
    end = max(span.end for span in bar_spans(tune.text) if span.part < part)
    closing = ":|" if tune.text[end] == ":" else "||"
    fields = {"R": tune.rhythm or "", "M": tune.meter, "L": tune.unit_note_length, "K": tune.key}
    title = {"T": tune.title} if tune.title else {}
    header = title | {name: value for name, value in fields.items() if value is not None}
    complete = part <= len(form)
    return Given(
        header,
        tune.text[tune.body_start : end] + closing,
        form if complete else form[: part - 1],
        complete,
    )


@dataclass(frozen=True)
class Gap:
    """A bar that is written anew.

    Attributes:
        span: the bar; it begins after a note that is tied to the bar before, which is kept.
        key: in force.
        before: a text after which the bar can be followed by the grammar: it gives the meter and the unit note length in
            force, and has the note that is kept.
        filled: ticks of the whole bar.
    """

    span: BarSpan
    key: str
    before: str
    filled: int


@dataclass(frozen=True)
class Gaps:
    """A tune of which some bars are written anew.

    Attributes:
        text: of the canonical tune, with the empty line after it.
        gaps: the bars, in order.
    """

    text: str
    gaps: tuple[Gap, ...]

    @property
    def body_start(self) -> int:
        """Symbols of the header."""
        return self.text.index("\n", self.text.index("\nK:") + 1) + 1

    def kept(self) -> tuple[str, ...]:
        """The texts before, between and after the gaps."""
        ends = [0, *(gap.span.end for gap in self.gaps)]
        begins = [*(gap.span.begin for gap in self.gaps), len(self.text)]
        return tuple(self.text[end:begin] for end, begin in zip(ends, begins, strict=True))


_EVENT = re.compile(r"(?:\[[^]:]*\]|[_=^]*[A-Ga-g][,']*)\d*/*\d*")
_INLINE = re.compile(r"\[[A-Z]:")
_IN_FORCE = re.compile(r"(?m)(?:^|\[)([KML]):([^\]\n]*)")


def gaps_in(text: str, bars: str) -> Gaps:
    r"""Say which bars of a tune are to be written anew.

    Args:
        text: of the tune.
        bars: see `bars_in`.

    Raises:
        NotationError: the text has no tune, one without a canonical form, or one that doesn't have these bars; or
            one of them can't be written anew.

    Example:
        >>> found = gaps_in("X:1\nM:2/4\nL:1/8\nK:D\nd2f2|a2f2|e2c2|d4:|\n", "2-3")
        >>> found.kept()[1:]
        ('|', '|d4:|\n\n')
    """
    tune = Tune.parse(text).normalize()
    canonical = tune.text.rstrip("\n") + "\n\n"
    if tune.setting().meter.bar_length is None:
        raise NotationError("a tune without a meter has no bars to be written anew; give one with a meter")
    gaps = [_gap(canonical, span) for span in bars_in(bars, bar_spans(canonical))]
    return Gaps(canonical, tuple(gap for gap in gaps if gap.span.begin < gap.span.end))


def _gap(text: str, span: BarSpan) -> Gap:
    before, music = text[: span.begin], text[span.begin : span.end]
    named = f"bar {span.bar} of part {PART_LETTERS[span.part - 1]}, {music[:20]!r},"
    if _INLINE.search(music):
        raise NotationError(f"{named} has a field in it, so that it is not written anew; leave it out")
    is_tied = before.rstrip("|:] \n0123456789").endswith("-")
    tied = match[0] if is_tied and (match := _EVENT.match(music)) else ""
    force = dict(_IN_FORCE.findall(before))
    header = "".join(f"{letter}:{force[letter]}\n" for letter in "ML" if letter in force)
    bar = Tune.parse(f"X:1\n{header}K:C\n{music}|")
    filled, full = sum(written.duration for written in bar.bars()), bar.setting().meter.bar_length
    start = f"X:1\n{header}K:C\n{tied}"
    try:
        Grammar().follow(start)
    except ValueError:
        full = None
    if full is None or filled > 4 * full:
        raise NotationError(
            f"{named} is longer than its meter, or in one that tunes are not written in; leave it out"
        )
    span = span._replace(begin=span.begin + len(tied))
    return Gap(span, force["K"], start, int(ticks(Fraction(filled) / 4)))
