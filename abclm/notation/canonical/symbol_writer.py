"""Write the symbols of a measured body in the canonical spelling, one after another."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from abclm.errors import NotationError
from abclm.notation.canonical.layout import Layout
from abclm.notation.canonical.lengths import format_length, short_length, simple_ratio
from abclm.notation.canonical.spelling import Speller
from abclm.notation.fields import Meter, parse_meter, parse_unit_note_length, read_tempo
from abclm.notation.keys import Key, parse_key
from abclm.notation.symbols import (
    SINGLE,
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
from abclm.notation.timing import WHOLE, tuplet_time
from abclm.notation.tune import Tune


class SymbolWriter:
    """Writes symbols and bar lines; `Writer` says which.

    Args:
        tune: any tune.
        chord_symbols: whether to keep chord symbols.
        semitones: by how many semitones to transpose.
        keep_tempo: whether to keep changes of the tempo.
    """

    def __init__(self, tune: Tune, chord_symbols: bool, semitones: int, keep_tempo: bool = False) -> None:
        self.tune = tune
        self.chord_symbols = chord_symbols
        self.keep_tempo = keep_tempo
        self.setting = tune.setting()  # the settings at the current place
        self.setting.shift = tune.music.shift
        self.speller = Speller(self.setting.key, semitones, tune.music.shift, tune.music.propagation)
        self.layout = Layout()
        self.begun_tuplet: Tuplet | None = None
        self.dropped: set[Note] = set()  # notes whose tie leads to no note in the written order
        self.lengths: dict[Symbol, str] = {}  # of notes with written-out broken rhythm
        self.uneven: set[Tuplet] = set()  # tuplets of notes of different length

    def _note(self, note: Note) -> None:
        speller = self.speller
        if speller.ties or speller.ties_before:
            speller.begin_event()
        text = speller.note(note)
        length = self.lengths.get(note, note.length) if self.lengths else note.length
        if length:
            text += short_length(length)
        if note.tied and note not in self.dropped:
            text += "-"
        self.layout.event(self._tuplet_mark() + text if self.begun_tuplet else text)

    def _chord(self, chord: Chord) -> None:
        self.speller.begin_event()
        tied = [note.tied and note not in self.dropped for note in chord.notes]
        all_tied = all(tied)
        inner = "".join(
            self.speller.note(note) + ("-" if is_tied and not all_tied else "")
            for note, is_tied in zip(chord.notes, tied, strict=True)
        )
        length = short_length(self.lengths.get(chord, chord.length))
        text = inner if len(chord.notes) == 1 else f"[{inner}]"
        self.layout.event(self._tuplet_mark() + text + length + ("-" if all_tied else ""))

    def _rest(self, rest: Rest) -> None:
        if not rest.bars:
            length = self.lengths.get(rest, rest.length)
            self.layout.event(self._tuplet_mark() + "z" + short_length(length))
            return
        length = format_length(Fraction(self.setting.bar_ticks or WHOLE) / WHOLE / self.setting.unit)
        for count in range(rest.bars):
            if count:
                self._bar_line(SINGLE, "|")
            self.layout.event(self._tuplet_mark() + "z" + short_length(length))

    def _space(self, space: Space) -> None:
        self.layout.space = True
        if space.newline:
            self.layout.newline = True

    def _broken(self, broken: Broken) -> None:
        if broken.steps and broken not in self.lengths:
            self.layout.behind(">" * broken.steps + "<" * -broken.steps)

    def _chord_symbol(self, symbol: ChordSymbol) -> None:
        if self.chord_symbols:
            self.layout.before(f'"{self.speller.chord_symbol(symbol.text)}"')

    def _bar_line(self, kind: str, text: str) -> None:
        self.speller.end_bar()
        self.layout.bar_line(kind, text)

    def _tuplet(self, tuplet: Tuplet) -> None:
        """Read a tuplet; it is written at its first note, because a :| after it would be read as part of it."""
        if not tuplet.p:
            return
        if tuplet.q is None:
            raise NotationError(
                f"({tuplet.p} does not say in the time of how many notes; write ({tuplet.p}:q"
            )
        if 2 <= tuplet.p <= 9 or tuplet.p != tuplet.q:
            self.begun_tuplet = tuplet

    def _tuplet_mark(self) -> str:
        """The mark of the tuplet that begins at this note, in its shortest form for the current meter."""
        tuplet, self.begun_tuplet = self.begun_tuplet, None
        if tuplet is None:
            return ""
        r = tuplet.r or tuplet.p
        p, q = simple_ratio(tuplet.p, tuplet.q or 1)
        meter = self.setting.meter
        usual = q == tuplet_time(p, meter) and not (
            p in (5, 7, 9) and meter.is_triple
        )  # see `Meter.is_triple`
        plain = r == p and usual and tuplet not in self.uneven
        return f"({p}" if plain else f"({p}:{q}:{r}"

    def _change(self, change: Change) -> None:
        if change.letter == "K" and change.value:
            self._change_key(parse_key(change.value))
        elif change.letter == "M":
            self._change_meter(parse_meter(change.value))
        elif change.letter == "L":
            self._change_unit(parse_unit_note_length(change.value))
        elif change.letter == "Q" and self.keep_tempo and (tempo := self._tempo(change.value)):
            self.layout.field(f"[Q:{tempo}]")

    def _tempo(self, value: str) -> str:
        return read_tempo(value, self.setting.unit)

    def _shift(self, shift: Shift) -> None:
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


# Not of each writer: its methods would refer to it, and only the garbage collector would free it and its tune.
WRITERS: dict[type[Symbol], Callable[[SymbolWriter, Any], None]] = {
    Note: SymbolWriter._note,
    Space: SymbolWriter._space,
    Chord: SymbolWriter._chord,
    Rest: SymbolWriter._rest,
    Broken: SymbolWriter._broken,
    Tuplet: SymbolWriter._tuplet,
    Change: SymbolWriter._change,
    Shift: SymbolWriter._shift,
    ChordSymbol: SymbolWriter._chord_symbol,
}
