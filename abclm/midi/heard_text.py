"""Turn a tune into ABC text that `abc2midi` plays as the tune is heard.

The text has no repeats, variant endings or parts: what is heard twice stands there twice. Every note has its length in
quarter notes and its accidental, ties stand only where they join notes, and a length that no power of two divides is a
tuplet of one note. Grace notes and ornaments are written as the notes that are played for them. So nothing is left on
which `abc2midi` and `Tune.notes` could disagree. Chord symbols, tempos, what says how loud notes are, and directives for
MIDI are kept.
"""

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from abclm.notation.canonical.spelling import Speller
from abclm.notation.fields import parse_meter, read_tempo
from abclm.notation.keys import LETTERS, SEMITONES, SIGNS, parse_key
from abclm.notation.pieces import NAMED_PIECE
from abclm.notation.playing.ornaments import Played, ornament
from abclm.notation.symbols import (
    ENDING,
    SINGLE,
    Bar,
    Change,
    ChordSymbol,
    Note,
    Shift,
    Symbol,
    Timed,
    notes_of,
)
from abclm.notation.timing import quarters
from abclm.notation.tune import Tune

_HEADER_LINE = re.compile(r"[TC]:|(?:%%|I:)\s*MIDI\b")
_DIRECTIVE = re.compile(r"^(?:%%|I:)\s*MIDI\b.*$", re.MULTILINE)
# They would change pitches that are already those heard.
_PITCH_DIRECTIVE = re.compile(r"(?:%%|I:)\s*MIDI\s+(?:r?transpose|nobarlines|barlines)", re.IGNORECASE)
# Decorations that change how loud notes are (ABC 2.1, section 4.14).
_LOUDNESS = frozenset(["accent", "pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz",
                       *(f"{name}{side}" for name in ("<", ">", "crescendo", "diminuendo")
                         for side in "()")])  # fmt: skip
_SHARPS = ("C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B")


def heard_text(tune: Tune) -> str:
    r"""Write a tune as it is heard.

    Args:
        tune: any tune.

    Returns:
        ABC text for `abc2midi`.

    Example:
        >>> print(heard_text(Tune.parse("X:1\nL:1/8\nK:G\n(3GAB F2-|1F4:|2~G4|]\n")).rstrip())
        X:1
        L:1/4
        K:G
        (3:2:1=G/2(3:2:1=A/2(3:2:1=B/2^F-|
        ^F2(3:2:1=G/2(3:2:1=A/2(3:2:1=B/2^F|
        =G=A/8=G3/8^F/8=G3/8
    """
    body = re.sub(r"\n+", "\n", "".join(_Body(tune).pieces())).strip("\n")
    return "\n".join([*_header(tune), body, ""])


def _header(tune: Tune) -> list[str]:
    setting = tune.setting()
    lines = [
        line
        for line in tune.text[: tune.body_start].split("\n")
        if _HEADER_LINE.match(line) and not _PITCH_DIRECTIVE.match(line)
    ]
    meter = [f"M:{setting.meter.text}"] if tune.meter else []
    tempo = [f"Q:{tune.stated_tempo}"] if tune.stated_tempo else []
    return ["X:1", *lines, *meter, *tempo, "L:1/4", f"K:{_sounding_key(_speller(tune))}"]


class _Body:
    """Writes the events of a tune in the order in which they are heard."""

    def __init__(self, tune: Tune) -> None:
        self.tune = tune
        self.playback = tune.playback
        self.before = _what_stands_before(tune, self.playback.symbols)
        self.header_fields = _header_fields(tune)
        self.sounding = _as_heard(tune, self.playback.symbols)
        self.fields = self._fields()
        self.marks = tune.marks
        played = [
            ornament(symbol, self.marks.get(symbol))
            for music, _ in self.playback.turns()
            for symbol in self.playback.symbols[music.start : music.stop]
            if isinstance(symbol, Timed)
        ]
        self.played = iter(played)
        self.following = [*(each[0] for each in played[1:]), Played((), 0)]
        self.held: Counter[int] = Counter()  # pitches of the last event that are tied to the next
        self.place = 0

    def pieces(self) -> Iterator[str]:
        now, filled = dict(self.header_fields), Fraction(0)
        place = 0
        for music, _ in self.playback.turns():
            if music.start != place:
                fields = self.fields[music.start]
                yield from (f"[{name}:{value}]" for name, value in fields.items() if now.get(name) != value)
                now = dict(fields)
            place = music.stop
            for index in music:
                symbol = self.playback.symbols[index]
                yield self.before.get(symbol, "")
                if isinstance(symbol, Timed):
                    yield self._event(symbol)
                    filled += quarters(symbol.duration) / 4
                elif isinstance(symbol, Bar):
                    kind, full = self.playback.kinds[index], parse_meter(now["M"]).bar_length
                    # A repeat sign or a double bar line may stand inside a bar, whose first note is the loudest.
                    if kind == SINGLE or (kind != ENDING and filled in (0, full)):
                        yield "|\n"
                        filled = Fraction(0)
                elif isinstance(symbol, ChordSymbol):
                    yield f'"{self.sounding[symbol][1]}"'
                elif symbol in self.sounding:
                    name, value = self.sounding[symbol]
                    now[name] = value
                    yield f"[{name}:{value}]"

    def _fields(self) -> dict[int, dict[str, str]]:
        """The key, the meter and the tempo where a turn begins, in the order of the text."""
        now = dict(self.header_fields)
        starts = {music.start for music, _ in self.playback.turns()}
        found = {}
        for index, symbol in enumerate(self.playback.symbols):
            if index in starts:
                found[index] = dict(now)
            if symbol in self.sounding and not isinstance(symbol, ChordSymbol):
                name, value = self.sounding[symbol]
                now[name] = value
        return found

    def _event(self, event: Timed) -> str:
        """Write what is played for a note, a chord or a rest, with a tie where it joins a note of the next event."""
        marks = self.marks.get(event)
        played, following = next(self.played), Counter(self.following[self.place].pitches)
        self.place += 1
        names = {note.pitch: _pitch(note) for note in notes_of(event)}
        ties = Counter(note.pitch for note in notes_of(event) if note.tied)
        text = "".join(f"!{name}!" for name in (marks.decorations if marks else ()) if name in _LOUDNESS)
        for number, each in enumerate(played):
            written, held, self.held = [], self.held, Counter[int]()
            # abc2midi joins no tie over a bar line to a chord's second note, and loses the note that is first.
            for pitch in sorted(each.pitches, key=lambda pitch: not held[pitch]):
                tied = number + 1 == len(played) and ties[pitch] > 0 and following[pitch] > 0
                following[pitch] -= tied
                ties[pitch] -= tied
                self.held[pitch] += tied
                written.append(names.get(pitch, _name(pitch)) + "-" * tied)
            tuplet, length = _length(quarters(each.duration))
            if len(written) == 1:
                name = written[0].rstrip("-")
                text += f"{tuplet}{name}{length}{written[0][len(name) :]}"
            else:
                text += f"{tuplet}[{''.join(written)}]{length}" if written else f"{tuplet}z{length}"
        return text


def _header_fields(tune: Tune) -> dict[str, str]:
    setting = tune.setting()
    fields = {"K": _sounding_key(_speller(tune)), "M": setting.meter.text}
    if tempo := tune.stated_tempo:
        fields["Q"] = tempo
    return fields


def _what_stands_before(tune: Tune, symbols: list[Symbol]) -> dict[Symbol, str]:
    """The directives for MIDI before each symbol."""
    found: dict[Symbol, str] = {}
    end = tune.body_start
    for symbol in symbols:
        between = tune.text[end : symbol.at]
        if "MIDI" in between:
            directives = [line for line in _DIRECTIVE.findall(between) if not _PITCH_DIRECTIVE.match(line)]
            if directives:
                found[symbol] = "".join(f"\n{directive}\n" for directive in directives)
        piece = NAMED_PIECE.match(tune.text, symbol.at)
        end = max(end, piece.end() if piece else symbol.at)
    return found


def _as_heard(tune: Tune, symbols: list[Symbol]) -> dict[Symbol, tuple[str, str]]:
    """The chord symbols, keys, meters and tempos, each with its field, as they are written for `abc2midi`.

    Where the notes sound other than they are written, chord symbols and keys do so, too.
    """
    speller, unit = _speller(tune), tune.setting().unit
    found: dict[Symbol, tuple[str, str]] = {}
    for symbol in symbols:
        value = ""
        if isinstance(symbol, ChordSymbol):
            found[symbol] = "", speller.chord_symbol(symbol.text)
        elif isinstance(symbol, Shift):
            speller.change_key(speller.key, symbol.semitones)
            found[symbol] = "K", _sounding_key(speller)
        elif isinstance(symbol, Change):
            if symbol.letter == "K" and symbol.value:
                speller.change_key(parse_key(symbol.value))
                value = _sounding_key(speller)
            elif symbol.letter == "M":
                value = parse_meter(symbol.value).text
            elif symbol.letter == "Q":
                value = read_tempo(symbol.value, unit)
            if value:
                found[symbol] = symbol.letter, value
    return found


def _speller(tune: Tune) -> Speller:
    return Speller(tune.setting().key, shift=tune.music.shift)


def _sounding_key(speller: Speller) -> str:
    return speller.written_key.text if speller.shift % 12 else speller.key.text


def _pitch(note: Note) -> str:
    """A note with its accidental, of the letter that it is written with if that can be."""
    letter, octave = LETTERS[note.step % 7], note.step // 7
    alteration = note.pitch - 60 - 12 * octave - SEMITONES[letter]
    if alteration not in SIGNS:
        return _name(note.pitch)
    name = SIGNS[alteration] + letter
    return name.lower() + "'" * (octave - 1) if octave > 0 else name + "," * -octave


def _name(pitch: int) -> str:
    """A pitch with its accidental, for the notes of an ornament."""
    name, octave = _SHARPS[pitch % 12], pitch // 12 - 5
    name = name if len(name) > 1 else f"={name}"
    return name.lower() + "'" * (octave - 1) if octave > 0 else name + "," * -octave


def _length(duration: Fraction) -> tuple[str, str]:
    """The tuplet mark and the length of an event, in quarter notes."""
    odd = duration.denominator
    while odd % 2 == 0:
        odd //= 2
    time = 1 << max(odd.bit_length() - 1, 0)
    written = duration * odd / time
    above = "" if written.numerator == 1 else str(written.numerator)
    below = "" if written.denominator == 1 else f"/{written.denominator}"
    return (f"({odd}:{time}:1" if odd > 1 else ""), above + below
