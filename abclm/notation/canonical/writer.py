"""Write a measured body in the canonical spelling, with the signs that make each passage heard as often as it is."""

from dataclasses import replace
from functools import cached_property

from abclm.errors import NotationError
from abclm.notation.canonical.lengths import uneven_tuplets, write_out_broken_rhythm
from abclm.notation.canonical.symbol_writer import WRITERS, SymbolWriter
from abclm.notation.fields import parse_meter, parse_unit_note_length
from abclm.notation.keys import parse_key
from abclm.notation.playing.passages import Passage
from abclm.notation.symbols import (
    BOTH,
    DOUBLE,
    END,
    ENDING,
    SINGLE,
    START,
    Bar,
    Broken,
    Change,
    Chord,
    Note,
    Shift,
    Timed,
    Tuplet,
    notes_of,
)
from abclm.notation.timing import Setting
from abclm.notation.tune import Tune

_ENDS_ENDING = (DOUBLE, START, BOTH, END)


class Writer(SymbolWriter):
    """Writes a tune's passages one after another.

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
        super().__init__(tune, chord_symbols, semitones, keep_tempo)
        self.playback = tune.playback
        self.jumps = False
        self.passes: tuple[int, ...] = ()  # of the variant ending that begins next

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
        first, last = passage.endings[0][1], passage.endings[-1][1]
        ties = self.speller.ties_here()
        for passes, music in passage.endings:
            self.passes = passes
            if music is not first:
                self.speller.lead_into(ties)
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
                WRITERS[type(symbol)](self, symbol)
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

    def _has_music(self, places: range) -> bool:
        return any(isinstance(self.playback.symbols[index], Timed) for index in places)

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
