"""Turn any tune into its canonical form: one spelling for everything, and nothing in it that is not heard."""

import re
from fractions import Fraction

from abclm.errors import NotationError
from abclm.notation.fields import (
    CANONICAL_SYMBOLS,
    RHYTHMS,
    canonical_title,
    parse_meter,
    parse_unit_note_length,
)
from abclm.notation.keys import (
    FLAT_NAMES,
    LETTERS,
    SEMITONES,
    SHARP_NAMES,
    SIGNS,
    Key,
    make_key,
    parse_key,
    steps_between,
    transpose_key,
)
from abclm.notation.music import (
    Bar,
    Broken,
    Change,
    Chord,
    ChordSymbol,
    Note,
    Rest,
    Space,
    Symbol,
    Timed,
    Tuplet,
)
from abclm.notation.playback import BOTH, DOUBLE, END, ENDING, PART, SINGLE, START, Playback
from abclm.notation.timing import WHOLE, Setting, tuplet_time
from abclm.notation.tune import HeardNote, Tune, heard_notes

_MOST_PIECES = 1_000_000  # of a canonical text
_BEHIND = frozenset(
    ["|", "||", "|]", ":|", "::", "|:", "\n", " ", ""]
)  # what may not stand behind the last note
_LOWEST_STEP, _HIGHEST_STEP = -35, 39  # MIDI pitches 0 and 127


def normalize(tune: Tune, *, chord_symbols: bool = False) -> Tune:
    r"""Bring a tune to the canonical form.

    The form keeps what is heard: notes, rests, chords, broken rhythm, tuplets, ties, bar lines, repeats, variant
    endings, changes of key, meter and unit note length, and one newline a line of music. Slurs, grace notes,
    decorations, annotations, words and comments go; a part sequence is written out; of several voices the
    first stays.

    Args:
        tune: any tune.
        chord_symbols: whether chord symbols such as `"G7"` stay.

    Returns:
        The canonical tune; its text has only the 83 symbols and ends with one empty line.

    Raises:
        NotationError: the tune has no notes, or a key or meter that can't be read.

    Example:
        >>> print(normalize(Tune.parse("X:7\nT:A  Scale\nM:4/4\nL:1/4\nK:G Major\n~G (AB) {d}c | d e/2f/2 g2 ||")))
        X:1
        T:A Scale
        M:4/4
        L:1/4
        K:G
        G AB c|d e/f/ g2|]
        <BLANKLINE>
        <BLANKLINE>
    """
    return _canonical(tune, chord_symbols, semitones=0)


def transpose(tune: Tune, semitones: int, *, chord_symbols: bool = True) -> Tune:
    r"""Move a tune by semitones and respell it for its new key.

    The key is the one with the fewest sharps or flats; notes of the key need no accidental, and of two
    spellings of any other note the simpler is taken.

    Args:
        tune: any tune.
        semitones: up, or down where negative; at most four octaves.
        chord_symbols: whether chord symbols stay; they move along.

    Returns:
        The canonical tune whose every note is that many semitones away.

    Raises:
        NotationError: as `normalize`, or a note would leave the range of MIDI.

    Example:
        >>> transpose(Tune.parse("X:1\nL:1/4\nK:G\nG^GAf|]\n"), 2).body
        'A^ABg|]\n\n'
    """
    if not -48 <= semitones <= 48:
        raise NotationError(f"transposing by {semitones} semitones; give -48 to 48")
    return _canonical(tune, chord_symbols, semitones)


def _canonical(tune: Tune, chord_symbols: bool, semitones: int) -> Tune:
    key = transpose_key(parse_key(tune.key), semitones) if semitones else parse_key(tune.key)
    setting = tune.setting()
    lines = ["X:1"]
    title = next(filter(None, map(canonical_title, tune.titles)), "")
    if title:
        lines.append(f"T:{title}")
    rhythm = _rhythm(tune.stated_rhythm, setting.meter.text)
    if rhythm:
        lines.append(f"R:{rhythm}")
    if tune.meter is not None:
        lines.append(f"M:{parse_meter(tune.meter).text}")
    if tune.unit_note_length is not None:
        parse_unit_note_length(tune.unit_note_length)
    lines.append(f"L:{setting.unit.numerator}/{setting.unit.denominator}")
    lines.append(f"K:{key.text}")
    writer = _Writer(tune, setting, chord_symbols, semitones)
    canonical = Tune.parse("\n".join(lines) + "\n" + writer.write() + "\n\n")
    if writer.doubtful or writer.playback.problems or len(writer.playback.sections) > 1:
        _prove(canonical, writer)
    return canonical


def _prove(canonical: Tune, writer: "_Writer") -> None:
    """Make sure that a tune whose repeats don't match has become one that can be read in one way only."""
    wanted = [
        HeardNote(note.onset, note.pitch + writer.semitones, note.duration)
        for note in heard_notes(writer.playback)
    ]
    again = _Writer(canonical, canonical.setting(), writer.chord_symbols, semitones=0)
    same_notes = wanted == canonical.notes() == heard_notes(again.playback)
    if not same_notes or again.write() != canonical.body.rstrip("\n"):
        raise NotationError(
            "its repeats and variant endings can be read in more than one way; mark each beginning and end"
        )


def _rhythm(rhythm: str | None, meter: str) -> str | None:
    """The rhythm, where it goes with the meter: a jig in 9/8 is a slip jig, and a reel in 6/8 is none."""
    if rhythm == "jig" and meter == "9/8":
        return "slip jig"
    return rhythm if meter in RHYTHMS.get(rhythm or "", ()) else None


class _Writer:
    """Writes a body's symbols in the canonical spelling."""

    def __init__(self, tune: Tune, setting: Setting, chord_symbols: bool, semitones: int) -> None:
        self.doubtful = False  # whether bar lines meet that have no one meaning together
        self.in_empty = False  # whether a repeat or an ending has begun that has no note yet
        self.begun_tuplet: Tuplet | None = None
        self.tied: dict[int, int] = {}  # pitch -> step, as written, of the last note tied
        self.tune = tune
        self.playback = Playback(tune.music, tune.parts, mend_after_endings=True)
        self.chord_symbols = chord_symbols
        self.setting = setting  # in force where we write
        self.accidentals: dict[int, int] = {}  # letter -> semitones, as written, until the bar line
        self.unlike = False  # whether, until the bar line, others are in force than are written
        self.semitones = semitones
        self.use_key(setting.key)
        self.out: list[str] = []
        self.closing = ""  # the bar line taken up and not yet written
        self.opening = False  # whether a repeat begins there
        self.after_field = self.barred = False
        self.space = self.newline = False
        self.glued = False  # to what stands before, which no space may follow
        self.notes = 0
        self.lengths: dict[Symbol, str] = {}  # of notes whose broken rhythm has to be written out
        self.uneven: set[Tuplet] = set()  # tuplets of notes of different length

    def write(self) -> str:
        symbols, kinds = self.playback.symbols, self.playback.kinds
        self.find_broken_rhythm(symbols)
        self.find_uneven_tuplets(symbols)
        settings = self.settings() if len(self.playback.sections) > 1 else {}
        for section in self.playback.sections:
            if settings:
                self.begin_section(section, settings)
            for index in section:
                self.symbol(symbols[index], kinds[index])
        if not self.notes:
            raise NotationError("the tune has no notes")
        self.end()
        text = "".join(self.out)
        strange = sorted(set(text) - CANONICAL_SYMBOLS)
        if strange:
            raise NotationError(f"{strange[0]!r} is none of the 83 symbols")
        return text

    def symbol(self, symbol: Symbol, kind: str) -> None:
        if isinstance(symbol, Note):
            self.event(symbol, self.note(symbol, symbol.length) + ("-" if symbol.tied else ""))
        elif isinstance(symbol, Space):
            if symbol.newline:
                self.newline = True
            self.space = True
        elif isinstance(symbol, Bar):
            if kind == ENDING:
                self.ending(symbol)
            elif symbol.text:
                self.bar_line(symbol, kind)
        elif isinstance(symbol, Chord):
            self.chord(symbol)
        elif isinstance(symbol, Rest):
            self.rest(symbol)
        elif isinstance(symbol, Broken):
            if symbol.steps and symbol not in self.lengths:
                self.out.append(">" * symbol.steps if symbol.steps > 0 else "<" * -symbol.steps)
                self.glued = True
        elif isinstance(symbol, Tuplet):
            self.tuplet(symbol)
        elif isinstance(symbol, Change):
            self.doubtful = self.doubtful or kind == PART
            self.change(symbol)
        elif isinstance(symbol, ChordSymbol) and self.chord_symbols:
            self.music(f'"{self.chord_symbol(symbol.text)}"')
            self.glued = True

    def music(self, text: str) -> None:
        """Write what belongs to the music of a bar, with the bar line, space or newline that stands before it."""
        self.flush()
        if self.out:
            if self.newline:
                self.out.append("\n")
            elif self.space and not self.glued:
                self.out.append(" ")
        self.space = self.newline = self.glued = self.after_field = False
        self.out.append(text)
        if len(self.out) > _MOST_PIECES:
            raise NotationError("the tune is too long when its rests and parts are written out; divide it")

    def event(self, symbol: Timed, text: str) -> None:
        if isinstance(symbol, Note | Chord):
            self.notes += 1
        self.music(self.tuplet_mark() + text)
        self.in_empty = False

    def note(self, note: Note, length: str) -> str:
        if self.respell or self.unlike:
            step, sign = self.spell(note)
        elif note.accidental is None:
            step, sign = note.step, ""
        else:
            step, sign = note.step, SIGNS[note.accidental]
            self.accidentals[step % 7] = note.accidental
        if note.tied:
            self.tied[note.pitch] = step
        if not _LOWEST_STEP <= step <= _HIGHEST_STEP:
            raise NotationError("a note is out of range; MIDI has pitches 0 to 127")
        letter = LETTERS[step % 7]
        octave = step // 7
        if octave > 0:
            name = letter.lower() + "'" * (octave - 1)
        else:
            name = letter + "," * -octave
        if self.lengths:
            length = self.lengths.get(note, length)
        return sign + name + _short(length) if length else sign + name

    def use_key(self, key: Key) -> None:
        """Write from here on in a key of the tune, or in the one that it is moved to."""
        self.setting.key = key
        self.written_key = (
            transpose_key(key, self.semitones) if self.semitones else make_key(key.tonic, key.mode)
        )
        self.steps = steps_between(key, self.written_key, self.semitones)
        self.respell = bool(self.semitones) or not key.regular
        self.accidentals = {}

    def spell(self, note: Note) -> tuple[int, str]:
        """The step and the accidental to write for a note that can't be written as it stands."""
        pitch = note.pitch + self.semitones
        if not 0 <= pitch <= 127:
            raise NotationError("a note would leave the range of MIDI; transpose by less")
        step = note.step + self.steps
        if not _LOWEST_STEP <= step <= _HIGHEST_STEP:
            return step, ""
        if self.semitones:
            # The letter that keeps the scale, unless another spares a double accidental.
            step = min((step, step + 1, step - 1), key=lambda other: max(abs(pitch - _natural(other)), 1))
        if note.continued:
            return self.tied.get(note.pitch, step), ""
        letter, alteration = step % 7, pitch - _natural(step)
        if self.accidentals.get(letter, self.written_key.signature[letter]) == alteration:
            return step, ""
        self.accidentals[letter] = alteration
        return step, SIGNS[alteration]

    def chord_symbol(self, text: str) -> str:
        """A chord symbol with its roots moved along."""
        names = FLAT_NAMES if self.written_key.sharps < 0 else SHARP_NAMES

        def moved(match: re.Match[str]) -> str:
            return names[(make_key(match[0], "").tonic_pitch_class + self.semitones) % 12]

        return re.sub(r"(?:^|(?<=/))[A-G][#b]?", moved, text) if self.semitones else text

    def chord(self, chord: Chord) -> None:
        length = self.lengths.get(chord, chord.length)
        all_tied = all(note.tied for note in chord.notes)
        inner = "".join(
            self.note(note, "") + ("-" if note.tied and not all_tied else "") for note in chord.notes
        )
        if len(chord.notes) == 1:
            self.event(chord, inner + _short(length) + ("-" if all_tied else ""))
        else:
            self.event(chord, f"[{inner}]{_short(length)}" + ("-" if all_tied else ""))

    def rest(self, rest: Rest) -> None:
        if not rest.bars:
            self.event(rest, "z" + _short(self.lengths.get(rest, rest.length)))
            return
        length = Fraction(self.setting.bar_ticks or WHOLE) / WHOLE / self.setting.unit
        for count in range(rest.bars):
            if count:
                self.bar_line(Bar(0, "|", ()), SINGLE)
            self.event(rest, "z" + _short(_ratio(length)))

    def tuplet(self, tuplet: Tuplet) -> None:
        """Take a tuplet up; it is written at its first note, since :| behind it would be read as part of it."""
        if tuplet.p >= 2:
            self.begun_tuplet = tuplet

    def tuplet_mark(self) -> str:
        """The mark of the tuplet that begins at this note, in its shortest form under the meter in force."""
        tuplet, self.begun_tuplet = self.begun_tuplet, None
        if tuplet is None:
            return ""
        p, q, r = tuplet.p, tuplet.q, tuplet.r or tuplet.p
        plain = r == p and q == tuplet_time(p, self.setting.meter) and tuplet not in self.uneven
        return f"({p}" if plain else f"({p}:{q}:{r}"

    def change(self, change: Change) -> None:
        if change.letter == "K" and change.value:
            self.put_key(parse_key(change.value))
        elif change.letter == "M":
            self.put_meter(change.value)
        elif change.letter == "L":
            self.put_unit(parse_unit_note_length(change.value))

    def put_key(self, key: Key) -> None:
        before, accidentals = self.written_key.text, self.accidentals
        self.use_key(key)
        if self.written_key.text != before:
            self.field(f"[K:{self.written_key.text}]")
        elif accidentals:
            # They end here, as the field is read, but it is not written.
            self.accidentals, self.unlike = accidentals, True

    def put_meter(self, value: str) -> None:
        meter = parse_meter(value)
        if meter.text != self.setting.meter.text:
            self.setting.meter = meter
            self.field(f"[M:{meter.text}]")

    def put_unit(self, unit: Fraction) -> None:
        if unit != self.setting.unit:
            self.setting.unit = unit
            self.field(f"[L:{unit.numerator}/{unit.denominator}]")

    def field(self, text: str) -> None:
        at_bar = not self.out or bool(self.closing) or self.opening
        barred = at_bar or (self.after_field and self.barred)
        self.music(text)  # with the bar line that stands between this field and one before it
        self.barred = barred
        self.glued = self.after_field = True

    def bar_line(self, bar: Bar, kind: str) -> None:
        """Take a bar line up; it is written once it is known what follows it."""
        self.accidentals = {}
        self.unlike = False
        if self.opening or self.in_empty or (kind in (END, BOTH) and self.closing):
            self.doubtful = True
        if kind in (END, BOTH):
            self.closing = ":|"
        elif self.closing != ":|" and kind == DOUBLE:
            self.closing = "|]" if bar.text == "|]" else "||"
        elif kind == SINGLE:
            self.closing = self.closing or "|"
        self.opening = self.opening or kind in (START, BOTH)

    def flush(self) -> None:
        """Write the bar lines taken up, and the newline that stands among them.

        A repeat that begins with the tune needs no mark; every later one is marked, at the beginning of its line
        where it begins a line.
        """
        closing, opening = self.closing, self.opening
        self.closing, self.opening = "", False
        if not self.out:
            self.newline = False
            return
        if not closing and not opening:
            return
        if self.after_field and self.barred and closing == "|":
            closing = ""  # the bar line stands before the field
        if not opening:
            self.out.append(closing)
        elif self.newline:
            self.out += [closing or ("" if self.after_field else "||"), "\n", "|:"]
            self.newline = False
        else:
            self.out.append("::" if closing == ":|" else "|:")
        self.glued = True
        self.in_empty = opening

    def ending(self, bar: Bar) -> None:
        text = ",".join(str(number) for number in bar.ending)
        if self.closing in ("|", ":|") and not self.opening and not self.newline and self.out:
            self.out.append(f"{self.closing}{text}")
            self.closing = ""
            self.space = self.after_field = False
        else:
            self.space = False
            self.music(f"[{text}")
        self.glued = self.in_empty = True

    def end(self) -> None:
        """Leave nothing but a closing bar line behind the last note."""
        repeated = self.closing == ":|"
        while self.out[-1] in _BEHIND or self.out[-1].startswith(("[K:", "[M:", "[L:", '"')):
            repeated = self.out.pop() in (":|", "::") or repeated
        self.out.append(":|" if repeated else "|]")

    def find_broken_rhythm(self, symbols: list[Symbol]) -> None:
        """Find broken rhythm that a bar line, a field, a tuplet or a line's end comes between, or that goes on."""
        chain: list[tuple[Broken, Timed, Timed]] = []
        previous: Timed | None = None
        broken: Broken | None = None
        apart = any_apart = False
        for symbol in symbols:
            if isinstance(symbol, Timed):
                if broken is not None and previous is not None:
                    if chain and chain[-1][2] is not previous:
                        self.write_out(chain, any_apart)
                        chain, any_apart = [], False
                    chain.append((broken, previous, symbol))
                    any_apart = any_apart or apart
                broken, previous, apart = None, symbol, False
            elif isinstance(symbol, Broken):
                broken = symbol if symbol.steps else broken
            elif isinstance(symbol, Bar | Change | Tuplet) or (isinstance(symbol, Space) and symbol.newline):
                apart = True
        self.write_out(chain, any_apart)

    def write_out(self, chain: list[tuple[Broken, Timed, Timed]], apart: bool) -> None:
        """Give the notes of broken rhythm their own lengths, unless it is one sign between two notes."""
        if not apart and len(chain) < 2:
            return
        for broken, before, after in chain:
            half = 2 ** abs(broken.steps)
            factors = (Fraction(2 * half - 1, half), Fraction(1, half))
            for event, factor in zip((before, after), factors[:: 1 if broken.steps > 0 else -1], strict=True):
                self.lengths[event] = _ratio(factor * _fraction(self.lengths.get(event, event.length)))
            self.lengths[broken] = ""

    def find_uneven_tuplets(self, symbols: list[Symbol]) -> None:
        """Find tuplets whose notes have different lengths as they are written."""
        tuplet: Tuplet | None = None
        lengths: set[str] = set()
        left = 0
        for symbol in symbols:
            if isinstance(symbol, Tuplet) and symbol.p:
                tuplet, lengths, left = symbol, set(), symbol.r or symbol.p
            elif left and isinstance(symbol, Timed):
                left -= 1
                lengths.add(self.lengths.get(symbol, symbol.length))
                if len(lengths) > 1 and tuplet is not None:
                    self.uneven.add(tuplet)

    def settings(self) -> dict[int, tuple[Key, str, Fraction]]:
        """What is in force at the beginning of every section, following the text."""
        setting = self.tune.setting()
        starts = {section.start for section in self.playback.sections}
        found = {}
        for index, symbol in enumerate(self.playback.symbols):
            if index in starts:
                found[index] = (setting.key, setting.meter.text, setting.unit)
            if isinstance(symbol, Change) and symbol.value:
                if symbol.letter == "K":
                    setting.key = parse_key(symbol.value)
                elif symbol.letter == "M":
                    setting.meter = parse_meter(symbol.value)
                elif symbol.letter == "L":
                    setting.unit = parse_unit_note_length(symbol.value)
        return found

    def begin_section(self, section: range, settings: dict[int, tuple[Key, str, Fraction]]) -> None:
        key, meter, unit = settings.get(
            section.start, (self.setting.key, self.setting.meter.text, self.setting.unit)
        )
        self.newline = bool(self.out)
        self.bar_line(Bar(0, "||", ()), DOUBLE)
        if section.start in self.playback.repeated_starts:
            self.bar_line(Bar(0, "|:", ()), START)
        if key != self.setting.key:
            self.put_key(key)
        self.put_meter(meter)
        self.put_unit(unit)


def _natural(step: int) -> int:
    """The pitch of a step without accidental, as a MIDI number."""
    return 60 + 12 * (step // 7) + SEMITONES[LETTERS[step % 7]]


def _fraction(length: str) -> Fraction:
    above, _, below = length.partition("/")
    return Fraction(int(above or 1), int(below or 1))


def _ratio(value: Fraction) -> str:
    above = "" if value.numerator == 1 else str(value.numerator)
    return above + ("" if value.denominator == 1 else f"/{value.denominator}")


def _short(length: str) -> str:
    """`/2` is written `/`; all else stays."""
    if length.endswith("/2"):
        return length[:-1]
    if "/" in length and not _is_power_of_two(int(length.partition("/")[2])):
        raise NotationError(f"the length {length} has a denominator that is no power of two; use a tuplet")
    return length


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
