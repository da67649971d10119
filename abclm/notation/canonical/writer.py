"""Write a measured body in the canonical spelling."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from abclm.errors import NotationError
from abclm.notation.canonical.layout import Layout
from abclm.notation.canonical.lengths import (
    format_length,
    short_length,
    uneven_tuplets,
    write_out_broken_rhythm,
)
from abclm.notation.canonical.spelling import Speller
from abclm.notation.fields import CANONICAL_SYMBOLS, Meter, parse_meter, parse_tempo, parse_unit_note_length
from abclm.notation.keys import Key, parse_key
from abclm.notation.playback import Playback
from abclm.notation.symbols import (
    BOTH,
    DOUBLE,
    ENDING,
    PART,
    SINGLE,
    START,
    Bar,
    Broken,
    Change,
    Chord,
    ChordSymbol,
    Note,
    Rest,
    Shift,
    Space,
    Symbol,
    Tuplet,
)
from abclm.notation.timing import WHOLE, Setting, tuplet_time
from abclm.notation.tune import Tune


class Writer:
    """Writes a tune's symbols one after another.

    Args:
        tune: any tune.
        chord_symbols: whether to keep chord symbols.
        semitones: by how many semitones to transpose.
        keep_tempo: whether to keep changes of the tempo.

    Attributes:
        playback: the order in which the symbols are heard.
    """

    def __init__(self, tune: Tune, chord_symbols: bool, semitones: int, keep_tempo: bool = False) -> None:
        self.tune = tune
        self.playback = Playback(tune.music, tune.parts, mend_after_endings=True)
        self.chord_symbols = chord_symbols
        self.keep_tempo = keep_tempo
        self.setting = tune.setting()  # the settings at the current place
        self.setting.shift = tune.music.shift
        self.speller = Speller(self.setting.key, semitones, tune.music.shift, tune.music.propagation)
        self.layout = Layout()
        self.begun_tuplet: Tuplet | None = None
        self.in_first_ending = False
        self.lengths: dict[Symbol, str] = {}  # of notes with written-out broken rhythm
        self.uneven: set[Tuplet] = set()  # tuplets of notes of different length

    @property
    def doubtful(self) -> bool:
        """Whether the written repeats may have more than one reading."""
        playback = self.playback
        return bool(
            self.layout.doubtful or playback.problems or len(playback.sections) > 1 or PART in playback.kinds
        )

    def write(self) -> str:
        """Write the body.

        Raises:
            NotationError: the body has no notes, or a part of it has no canonical form.
        """
        symbols, kinds, sections = self.playback.symbols, self.playback.kinds, self.playback.sections
        types = set(map(type, symbols))
        if Broken in types:
            self.lengths = write_out_broken_rhythm(symbols)
        if Tuplet in types:
            self.uneven = uneven_tuplets(symbols, self.lengths)
        settings = self._settings() if len(sections) > 1 else {}
        writers: dict[type[Symbol], Callable[[Any, str], None]] = {
            Note: self._note,
            Space: self._space,
            Bar: self._bar,
            Chord: self._chord,
            Rest: self._rest,
            Broken: self._broken,
            Tuplet: self._tuplet,
            Change: self._change,
            Shift: self._shift,
            ChordSymbol: self._chord_symbol,
        }
        for section in sections:
            if settings:
                self._begin_section(section, settings)
            for index in section:
                symbol = symbols[index]
                writers[type(symbol)](symbol, kinds[index])
        if not any(isinstance(symbols[index], Note | Chord) for section in sections for index in section):
            raise NotationError("the tune has no notes")
        text = self.layout.end()
        strange = sorted(set(text) - CANONICAL_SYMBOLS) if self.chord_symbols else []
        if strange:
            raise NotationError(f"{strange[0]!r} is none of the 83 symbols")
        return text

    def _note(self, note: Note, kind: str) -> None:
        text = self.speller.note(note)
        length = self.lengths.get(note, note.length) if self.lengths else note.length
        if length:
            text += short_length(length)
        if note.tied:
            text += "-"
        self.layout.event(self._tuplet_mark() + text if self.begun_tuplet else text)

    def _chord(self, chord: Chord, kind: str) -> None:
        all_tied = all(note.tied for note in chord.notes)
        inner = "".join(
            self.speller.note(note) + ("-" if note.tied and not all_tied else "") for note in chord.notes
        )
        length = short_length(self.lengths.get(chord, chord.length))
        text = inner if len(chord.notes) == 1 else f"[{inner}]"
        self.layout.event(self._tuplet_mark() + text + length + ("-" if all_tied else ""))

    def _rest(self, rest: Rest, kind: str) -> None:
        if not rest.bars:
            length = self.lengths.get(rest, rest.length)
            self.layout.event(self._tuplet_mark() + "z" + short_length(length))
            return
        length = format_length(Fraction(self.setting.bar_ticks or WHOLE) / WHOLE / self.setting.unit)
        for count in range(rest.bars):
            if count:
                self._bar_line(SINGLE, "|")
            self.layout.event(self._tuplet_mark() + "z" + short_length(length))

    def _space(self, space: Space, kind: str) -> None:
        self.layout.space = True
        if space.newline:
            self.layout.newline = True

    def _broken(self, broken: Broken, kind: str) -> None:
        if broken.steps and broken not in self.lengths:
            self.layout.behind(">" * broken.steps + "<" * -broken.steps)

    def _chord_symbol(self, symbol: ChordSymbol, kind: str) -> None:
        if self.chord_symbols:
            self.layout.before(f'"{self.speller.chord_symbol(symbol.text)}"')

    def _bar(self, bar: Bar, kind: str) -> None:
        if kind == ENDING:
            self.in_first_ending = 1 in bar.ending
            self.layout.ending(bar.ending)
        elif bar.text:
            self._bar_line(kind, bar.text)

    def _bar_line(self, kind: str, text: str) -> None:
        self.speller.end_bar()
        if kind == BOTH and self.in_first_ending:
            self.layout.newline = True  # abc2midi doesn't recognize :: as the end of an ending
        if kind != SINGLE:
            self.in_first_ending = False
        self.layout.bar_line(kind, text)

    def _tuplet(self, tuplet: Tuplet, kind: str) -> None:
        """Read a tuplet; it is written at its first note, because a :| after it would be read as part of it."""
        if tuplet.p >= 2:
            self.begun_tuplet = tuplet

    def _tuplet_mark(self) -> str:
        """The mark of the tuplet that begins at this note, in its shortest form for the current meter."""
        tuplet, self.begun_tuplet = self.begun_tuplet, None
        if tuplet is None:
            return ""
        p, q, r = tuplet.p, tuplet.q, tuplet.r or tuplet.p
        plain = r == p and q == tuplet_time(p, self.setting.meter) and tuplet not in self.uneven
        return f"({p}" if plain else f"({p}:{q}:{r}"

    def _change(self, change: Change, kind: str) -> None:
        if change.letter == "K" and change.value:
            self._change_key(parse_key(change.value))
        elif change.letter == "M":
            self._change_meter(parse_meter(change.value))
        elif change.letter == "L":
            self._change_unit(parse_unit_note_length(change.value))
        elif change.letter == "Q" and self.keep_tempo:
            with suppress(NotationError):  # what is no tempo is not used
                if tempo := parse_tempo(change.value, self.setting.unit):
                    self.layout.field(f"[Q:{tempo}]")

    def _shift(self, shift: Shift, kind: str) -> None:
        if shift.with_key:
            self.speller.shift = shift.semitones
        else:
            self._change_key(self.speller.key, shift.semitones)

    def _change_key(self, key: Key, shift: int | None = None) -> None:
        if self.speller.change_key(key, shift):
            self.layout.field(f"[K:{self.speller.written_key.text}]")

    def _change_meter(self, meter: Meter) -> None:
        if meter.text != self.setting.meter.text:
            self.setting.meter = meter
            self.layout.field(f"[M:{meter.text}]")

    def _change_unit(self, unit: Fraction) -> None:
        if unit != self.setting.unit:
            self.setting.unit = unit
            self.layout.field(f"[L:{unit.numerator}/{unit.denominator}]")

    def _begin_section(self, section: range, settings: dict[int, Setting]) -> None:
        """Continue with another part of the tune's sequence, with its key, meter and unit note length."""
        setting = settings[section.start]
        self.layout.newline = not self.layout.is_empty
        self._bar_line(DOUBLE, "||")
        if section.start in self.playback.repeated_starts:
            self._bar_line(START, "|:")
        if (setting.key, setting.shift) != (self.speller.key, self.speller.shift):
            self._change_key(setting.key, setting.shift)
        self._change_meter(setting.meter)
        self._change_unit(setting.unit)

    def _settings(self) -> dict[int, Setting]:
        """Key, meter and unit note length at the beginning of every section, in the order of the text."""
        setting = self.tune.setting()
        setting.shift = self.tune.music.shift
        starts = {section.start for section in self.playback.sections}
        found = {}
        for index, symbol in enumerate(self.playback.symbols):
            if index in starts:
                found[index] = replace(setting)
            if isinstance(symbol, Shift):
                setting.shift = symbol.semitones
            if isinstance(symbol, Change) and symbol.value:
                if symbol.letter == "K":
                    setting.key = parse_key(symbol.value)
                elif symbol.letter == "M":
                    setting.meter = parse_meter(symbol.value)
                elif symbol.letter == "L":
                    setting.unit = parse_unit_note_length(symbol.value)
        return found
