"""Write a measured body in the canonical spelling."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from abclm.errors import NotationError
from abclm.notation.canonical.layout import Layout
from abclm.notation.canonical.lengths import (
    format_length,
    short_length,
    simple_ratio,
    uneven_tuplets,
    write_out_broken_rhythm,
)
from abclm.notation.canonical.spelling import Speller
from abclm.notation.fields import Meter, parse_meter, parse_unit_note_length, read_tempo
from abclm.notation.keys import Key, parse_key
from abclm.notation.playing.passages import Passage
from abclm.notation.symbols import (
    BOTH,
    DOUBLE,
    END,
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
    Timed,
    Tuplet,
    notes_of,
)
from abclm.notation.timing import WHOLE, Setting, tuplet_time
from abclm.notation.tune import Tune

_ENDS_ENDING = (DOUBLE, START, BOTH, END)


class Writer:
    """Writes a tune's symbols one after another.

    Args:
        tune: any tune.
        chord_symbols: whether to keep chord symbols.
        semitones: by how many semitones to transpose.
        keep_tempo: whether to keep changes of the tempo.

    Attributes:
        playback: the order in which the symbols are heard.
        jumps: whether a passage is written that doesn't follow in the text.
    """

    def __init__(self, tune: Tune, chord_symbols: bool, semitones: int, keep_tempo: bool = False) -> None:
        self.tune = tune
        self.playback = tune.playback
        self.chord_symbols = chord_symbols
        self.keep_tempo = keep_tempo
        self.setting = tune.setting()  # the settings at the current place
        self.setting.shift = tune.music.shift
        self.speller = Speller(self.setting.key, semitones, tune.music.shift, tune.music.propagation)
        self.layout = Layout()
        self.begun_tuplet: Tuplet | None = None
        self.jumps = False
        self.dropped: set[Note] = set()  # notes whose tie leads to no note in the written order
        self.passes: tuple[int, ...] = ()  # of the variant ending that begins next
        self.lengths: dict[Symbol, str] = {}  # of notes with written-out broken rhythm
        self.uneven: set[Tuplet] = set()  # tuplets of notes of different length

    @property
    def doubtful(self) -> bool:
        """Whether the written repeats may have more than one reading."""
        return bool(
            self.layout.doubtful or self.playback.problems or self.jumps or PART in self.playback.kinds
        ) or any(map(self._is_odd, self.playback.passages))

    def _is_odd(self, passage: Passage) -> bool:
        """Whether a passage with repeats or endings, or one of these, has no music or several bar lines behind it."""
        body, kinds = passage.body, self.playback.kinds
        if passage.times == 1 and ENDING not in kinds[body.start : passage.stop]:
            return False
        bars = self._bars_behind(body)
        bars_of_endings = [self._bars_behind(music) for _, music in passage.endings]
        if -1 in (bars_of_endings or (bars,)):
            return True
        if bars == -1:  # in front of the endings
            bars = sum(map(bool, kinds[body.start + 1 : body.stop]))
        return max(bars, *bars_of_endings, 0) > 1

    def _bars_behind(self, places: range) -> int:
        """How many bar lines stand behind the last music; -1 if there is no music."""
        symbols, kinds = self.playback.symbols, self.playback.kinds
        bars = 0
        for index in reversed(places):
            if isinstance(symbols[index], Timed):
                return bars
            bars += bool(kinds[index])
        return -1

    def _has_music(self, places: range) -> bool:
        return any(isinstance(self.playback.symbols[index], Timed) for index in places)

    def write(self) -> str:
        """Write the body.

        Raises:
            NotationError: the body has no notes, or a part of it has no canonical form.
        """
        symbols, passages = self.playback.symbols, self.playback.passages
        types = set(map(type, symbols))
        if Broken in types:
            self.lengths = write_out_broken_rhythm(symbols)
        if Tuplet in types:
            self.uneven = uneven_tuplets(symbols, self.lengths)
        place = 0
        for number, passage in enumerate(passages):
            if number in self.playback.joints or passage.body.start != place:
                self._jump(passage)
            elif passage.times > 1:
                if self.layout.is_empty and self._needs_repeat_sign(passage):
                    self.layout.before("|:")
                else:
                    self._bar_line(START, "|:")
            after = passages[number + 1] if number + 1 < len(passages) else None
            if after is None:
                leaves = self.jumps
            else:
                leaves = number + 1 in self.playback.joints or after.body.start != passage.stop
            self.dropped = self._ties_to_nowhere(number) if leaves else set()
            self._passage(passage, after is not None and after.times > 1)
            place = passage.stop
        if not any(
            isinstance(symbols[index], Note | Chord) for music, _ in self.playback.turns() for index in music
        ):
            raise NotationError("the tune has no notes")
        return self.layout.end()

    def _needs_repeat_sign(self, passage: Passage) -> bool:
        """Whether a passage at the start would be heard otherwise without a sign.

        It would be repeated from a double bar line in it, or as a whole where it begins with a variant ending.
        """
        symbols, body = self.playback.symbols, passage.body
        last = next((index for index in reversed(body) if isinstance(symbols[index], Timed)), None)
        if last is None:
            return any(self._has_music(music) for _, music in passage.endings)
        return DOUBLE in self.playback.kinds[body.start : last]

    def _passage(self, passage: Passage, repeat_follows: bool) -> None:
        """Write a passage with the signs that make it heard as often as it is."""
        if not passage.endings:
            self._music(passage.body, passage.times > 1, repeat_follows)
            return
        self._music(passage.body, repeated=False, repeat_follows=False)
        last = passage.endings[-1][1]
        for passes, music in passage.endings:
            self.passes = passes
            repeated = min(passes) < passage.times
            self._music(music, repeated, repeat_follows and music is last)
            if not repeated and self.playback.kinds[music.stop - 1] not in _ENDS_ENDING:
                self._bar_line(DOUBLE, "||")
            elif repeated and music is last and repeat_follows:
                self.layout.newline = True  # abc2midi doesn't recognize :: as the end of an ending

    def _ties_to_nowhere(self, number: int) -> set[Note]:
        """The last notes of a passage whose ties lead to no note, as a passage from another place follows."""
        passage, *others = self.playback.passages[number:]
        events = self._events(passage)
        targets = next(filter(None, map(self._events, others)), [])[:1]
        if passage.times > 1:
            targets += events[:1]
        pitches = {note.pitch for event in targets for note in notes_of(event)}
        return {
            note
            for event in events[-1:]
            for note in notes_of(event)
            if note.tied and note.pitch not in pitches
        }

    def _events(self, passage: Passage) -> list[Timed]:
        symbols = self.playback.symbols[passage.body.start : passage.stop]
        return [symbol for symbol in symbols if isinstance(symbol, Timed)]

    def _music(self, music: range, repeated: bool, repeat_follows: bool) -> None:
        """Write a range of events, which end with `:|` if they are repeated."""
        symbols, kinds = self.playback.symbols, self.playback.kinds
        closing: Bar | None = None
        last = symbols[music.stop - 1] if music else None
        for symbol, kind in zip(
            symbols[music.start : music.stop], kinds[music.start : music.stop], strict=True
        ):
            if not kind:
                _WRITERS[type(symbol)](self, symbol)
            elif kind == SINGLE and symbol is not last:
                self._bar_line(SINGLE, "|")
            elif kind == ENDING:
                if self.passes:
                    self.layout.ending(self.passes)
                self.passes = ()
            elif isinstance(symbol, Bar):
                if symbol is last and (repeated or kind != SINGLE):
                    closing = symbol
                else:
                    self._bar_line(SINGLE if kind == SINGLE else DOUBLE, symbol.text)
        if repeated:
            self._bar_line(END, ":|")
        elif closing and repeat_follows:
            self.speller.end_bar()
        elif closing:
            self._bar_line(DOUBLE, closing.text if closing.double else "||")

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

    def _jump(self, passage: Passage) -> None:
        """Continue with a passage at another place, with the key, meter and unit note length that are in force there."""
        self.jumps = True
        setting = self._settings[passage.body.start]
        self.layout.newline = not self.layout.is_empty
        self._bar_line(DOUBLE, "||")
        if passage.times > 1:
            self._bar_line(START, "|:")
        if (setting.key, setting.shift) != (self.speller.key, self.speller.shift):
            self._change_key(setting.key, setting.shift)
        self._change_meter(setting.meter)
        self._change_unit(setting.unit)

    @cached_property
    def _settings(self) -> dict[int, Setting]:
        """Key, meter and unit note length at the beginning of every passage, in the order of the text."""
        setting = self.tune.setting()
        setting.shift = self.tune.music.shift
        starts = {passage.body.start for passage in self.playback.passages}
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


# Not of each writer: its methods would refer to it, and only the garbage collector would free it and its tune.
_WRITERS: dict[type[Symbol], Callable[[Writer, Any], None]] = {
    Note: Writer._note,
    Space: Writer._space,
    Chord: Writer._chord,
    Rest: Writer._rest,
    Broken: Writer._broken,
    Tuplet: Writer._tuplet,
    Change: Writer._change,
    Shift: Writer._shift,
    ChordSymbol: Writer._chord_symbol,
}
