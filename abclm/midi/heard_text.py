"""Turn a tune into ABC text that `abc2midi` plays as the tune is heard.

The text has no repeats, variant endings or parts: what is heard twice stands there twice. Every note has its length in
quarter notes and its accidental, ties stand only where they join notes, and a length that no power of two divides is a
tuplet of one note. So nothing is left on which `abc2midi` and `Tune.notes` could disagree. Grace notes, decorations,
chord symbols, tempos and directives for MIDI are kept.
"""

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from abclm.notation.fields import parse_meter, read_tempo
from abclm.notation.keys import LETTERS, SEMITONES, SIGNS, parse_key
from abclm.notation.pieces import NAMED_PIECE
from abclm.notation.symbols import (
    ENDING,
    SINGLE,
    Bar,
    Change,
    ChordSymbol,
    Note,
    Rest,
    Symbol,
    Timed,
    notes_of,
)
from abclm.notation.timing import quarters
from abclm.notation.tune import Tune

_HEADER_LINE = re.compile(r"[TCU]:|(?:%%|I:)\s*MIDI\b")
_DIRECTIVE = re.compile(r"^(?:%%|I:)\s*MIDI\b.*$", re.MULTILINE)
# They would change pitches that are already those heard.
_PITCH_DIRECTIVE = re.compile(r"(?:%%|I:)\s*MIDI\s+(?:r?transpose|nobarlines|barlines)", re.IGNORECASE)
_GRACE = re.compile(r"\{/?(?:[_=^]{0,2}[A-Ga-g][,']{0,5}\d{0,3}/{0,2}\d{0,3}[<>]?[ ()]*)+\}")
_DECORATION = re.compile(r"[!+]([A-Za-z0-9.()<>~/-]{1,30})[!+]")
_MARKS = frozenset(".~HLMOPSTuv")  # decorations of one letter (ABC 2.1, section 4.14)
_USER_DEFINED = re.compile(r"^U:\s*([H-Wh-w])\s*=", re.MULTILINE)
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
        ~=G2
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
    return ["X:1", *lines, *meter, *tempo, "L:1/4", f"K:{setting.key.text}"]


class _Body:
    """Writes the events of a tune in the order in which they are heard."""

    def __init__(self, tune: Tune) -> None:
        self.tune = tune
        self.playback = tune.playback
        self.unit = tune.setting().unit
        self.before = _what_stands_before(tune, self.playback.symbols)
        self.header_fields = _header_fields(tune)
        self.fields = self._fields()
        timed = [
            symbol
            for music, _ in self.playback.turns()
            for symbol in self.playback.symbols[music.start : music.stop]
            if isinstance(symbol, Timed)
        ]
        self.following = iter([*timed[1:], Rest(0, "")])

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
                    yield f'"{symbol.text}"'
                elif isinstance(symbol, Change) and (value := _field(symbol, self.unit)):
                    now[symbol.letter] = value
                    yield f"[{symbol.letter}:{value}]"

    def _fields(self) -> dict[int, dict[str, str]]:
        """The key, the meter and the tempo where a turn begins, in the order of the text."""
        now = dict(self.header_fields)
        starts = {music.start for music, _ in self.playback.turns()}
        found = {}
        for index, symbol in enumerate(self.playback.symbols):
            if index in starts:
                found[index] = dict(now)
            if isinstance(symbol, Change) and (value := _field(symbol, self.unit)):
                now[symbol.letter] = value
        return found

    def _event(self, event: Timed) -> str:
        """Write a note, a chord or a rest, with a tie where it joins a note of the next event."""
        following = Counter(note.pitch for note in notes_of(next(self.following)))
        written = []
        for note in notes_of(event):
            tied = note.tied and following[note.pitch] > 0
            following[note.pitch] -= tied
            written.append(_pitch(note) + "-" * tied)
        tuplet, length = _length(quarters(event.duration))
        if len(written) == 1:
            name = written[0].rstrip("-")
            return f"{tuplet}{name}{length}{written[0][len(name) :]}"
        return f"{tuplet}[{''.join(written)}]{length}" if written else f"{tuplet}z{length}"


def _header_fields(tune: Tune) -> dict[str, str]:
    setting = tune.setting()
    fields = {"K": setting.key.text, "M": setting.meter.text}
    if tempo := tune.stated_tempo:
        fields["Q"] = tempo
    return fields


def _what_stands_before(tune: Tune, symbols: list[Symbol]) -> dict[Symbol, str]:
    """The directives for MIDI, grace notes and decorations before each symbol."""
    found: dict[Symbol, str] = {}
    end = tune.body_start
    marks = _MARKS.union(_USER_DEFINED.findall(tune.text[:end]))
    for symbol in symbols:
        between = tune.text[end : symbol.at]
        if between:
            directives = [line for line in _DIRECTIVE.findall(between) if not _PITCH_DIRECTIVE.match(line)]
            line = between[between.rfind("\n") + 1 :]
            ornaments = ""
            if isinstance(symbol, Timed) and not line.startswith("%"):
                ornaments = _ornaments(line, marks)
            text = "".join(f"\n{directive}\n" for directive in directives) + ornaments
            if text:
                found[symbol] = text
        piece = NAMED_PIECE.match(tune.text, symbol.at)
        end = max(end, piece.end() if piece else symbol.at)
    return found


def _ornaments(text: str, marks: frozenset[str]) -> str:
    written = []
    for piece in NAMED_PIECE.finditer(text):
        kind, part = piece.lastgroup, piece[0]
        if kind == "decoration" and (decoration := _DECORATION.fullmatch(part)):
            written.append(f"!{decoration[1]}!")
        elif (kind == "mark" and part in marks) or (kind == "grace" and _GRACE.fullmatch(part)):
            written.append(part)
    return "".join(written)


def _field(change: Change, unit: Fraction) -> str:
    """The value of a key, a meter or a tempo, as it is written for `abc2midi`; else an empty string."""
    if change.letter == "K" and change.value:
        return parse_key(change.value).text
    if change.letter == "M":
        return parse_meter(change.value).text
    return read_tempo(change.value, unit) if change.letter == "Q" else ""


def _pitch(note: Note) -> str:
    """A note with its accidental, of the letter that it is written with if that can be."""
    letter, octave = LETTERS[note.step % 7], note.step // 7
    alteration = note.pitch - 60 - 12 * octave - SEMITONES[letter]
    if alteration in SIGNS:
        name = SIGNS[alteration] + letter
    else:
        name, octave = _SHARPS[note.pitch % 12], note.pitch // 12 - 5
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
