"""Turn the value of a `K:` field into a tonic, a mode, a key signature, and a transposition."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Self

from abclm.errors import NotationError

LETTERS = "CDEFGAB"
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
SIGNS = {value: sign for sign, value in ACCIDENTALS.items()}
SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

# Fifths up from each mode's tonic to the major key with the same signature (ABC 2.1, section 3.1.14).
MODES = {"": 0, "m": -3, "dor": -2, "phr": -4, "lyd": 1, "mix": -1, "loc": -5}
_MODE_NAMES = {
    "": "", "maj": "", "ion": "", "m": "m", "min": "m", "aeo": "m",
    "dor": "dor", "phr": "phr", "lyd": "lyd", "mix": "mix", "loc": "loc",
}  # fmt: skip
_MODE_WORDS = (
    "m", "maj", "min", "dor", "phr", "lyd", "mix", "loc", "ion", "aeo", "major", "minor", "ionian", "aeolian", "dorian",
    "phrygian", "lydian", "mixolydian", "locrian",
)  # fmt: skip
_FIFTHS = "FCGDAEB"
_SHARPS_OF_MAJOR = {letter: fifths - 1 for fifths, letter in enumerate(_FIFTHS)}


@dataclass(frozen=True, slots=True)
class Key:
    """A key: tonic, mode and the alteration of each letter.

    Attributes:
        tonic: such as `G`, `Bb`, `F#`.
        mode: `""` (major), `m`, `dor`, `phr`, `lyd`, `mix` or `loc`.
        signature: the alteration in semitones of each of the letters C D E F G A B.
        regular: whether the signature follows from tonic and mode.
    """

    tonic: str
    mode: str
    signature: tuple[int, int, int, int, int, int, int]
    regular: bool = True

    @property
    def text(self) -> str:
        """The canonical spelling, such as `G`, `Em`, `Ador`, `F#m`."""
        return self.tonic + self.mode

    @property
    def sharps(self) -> int:
        """Sharps in the regular signature of tonic and mode; flats are negative."""
        return _sharps(self.tonic, self.mode)

    @property
    def tonic_pitch_class(self) -> int:
        """The tonic as semitones above C, 0 to 11."""
        return (SEMITONES[self.tonic[0]] + self.tonic.count("#") - self.tonic.count("b")) % 12


_KEY = re.compile(
    r"(?P<tonic>[A-G])(?P<sign>[#b♯♭]?)\s*(?P<mode>[A-Za-z]*)(?P<rest>(?:\s*(?:exp\b|\^{1,2}|_{1,2}|=)?\s*.*)?)",
    re.DOTALL,
)
_EXPLICIT = re.compile(r"(?<![\w=])?(\^\^|\^|__|_|=)([A-Ga-g])")
# What may stand beside a key (section 4.6), and a further field on the same line.
_BESIDE = re.compile(
    r"(?i:\b(?:clef|octave|transpose|middle|m|t|stafflines|staffscale|score|sound|shift|name|nm|subname|snm|cue|stem"
    r'|instrument|map|style)=(?:"[^"]*"|\S*)|(?:^|(?<=\s))(?:treble|bass|alto|tenor|soprano|mezzosoprano|baritone'
    r"|perc)\d?(?:[-+^_](?:8|15))?(?!\S))|(?:^|\s)[A-Za-z]:.*",
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def parse_key(text: str) -> Key:
    """Read the value of a `K:` field (ABC 2.1, section 3.1.14).

    Args:
        text: such as `G`, `Gm`, `G Major`, `A Dorian`, `EDor`, `HP`, `D =c`, `none`; text after
            the key (such as a clef) is ignored.

    Returns:
        The key. `HP` and `Hp` (Highland bagpipe) are A mixolydian; `none`, a clef alone and an empty value are C major.

    Raises:
        NotationError: the text is not a key.

    Example:
        >>> parse_key("A Dorian").text, parse_key("EDor").text, parse_key("F# Minor").sharps
        ('Ador', 'Edor', 3)
    """
    value = _BESIDE.sub("", text).strip()
    if re.match(r"(?i:hp)\b", value):
        return make_key("A", "mix")
    if re.match(r"(?i:none)\b", value) or not value:
        return make_key("C", "")
    match = _KEY.fullmatch(value)
    if match is None and re.match(r"(?:exp\s+)?[\^_=]", value) and _EXPLICIT.search(value):
        return _with_explicit(make_key("C", ""), value)
    # The standard has no lower-case tonic, but it can't mean anything else.
    if match is None and re.match(r"[a-g](?![a-z])", value):
        match = _KEY.fullmatch(value[0].upper() + value[1:])
    if match is None:
        raise _no_key(text)
    tonic = match["tonic"] + match["sign"].replace("♯", "#").replace("♭", "b")
    word, rest = match["mode"], match["rest"]
    if word.lower() in ("exp", "none"):
        mode, rest = "", f"{word}{rest}"
    elif word.lower()[:3] in _MODE_NAMES and (len(word) >= 3 or word.lower() in ("", "m")):
        mode = _MODE_NAMES[word.lower()[:3]]
    else:
        raise _no_key(text)
    if abs(_sharps(tonic, mode)) > 7:
        raise _no_key(text)
    key = make_key(tonic, mode)
    if re.match(r"\s*exp\b", rest):
        key = Key(tonic, mode, (0, 0, 0, 0, 0, 0, 0), regular=False)
    return _with_explicit(key, rest)


def names_key(text: str) -> bool:
    """Whether the value of a `K:` field names a key, not only a clef or another setting of a voice."""
    return bool(_BESIDE.sub("", text).strip())


def canonical_key(text: str) -> str:
    """Convert a requested key to its canonical spelling, such as `G`, `Em`, `Ador`, `Bb`.

    Raises:
        NotationError: the text is not a key; unlike in a tune, no text may follow the key.
    """
    key = parse_key(text)
    if (
        not re.fullmatch(r"\s*(?:[A-Ga-g][#b♯♭]?\s*[A-Za-z]*|(?i:hp))\s*", text)
        or text.strip().lower() == "none"
    ):
        raise _no_key(text)
    return key.text


@lru_cache(maxsize=512)
def make_key(tonic: str, mode: str) -> Key:
    """Make the key of a tonic (`G`, `Bb`, `F#`) and a mode (`""`, `m`, `dor`, ...)."""
    sharps = _sharps(tonic, mode)
    signature = dict.fromkeys(LETTERS, 0)
    for letter in _FIFTHS[: max(sharps, 0)]:
        signature[letter] = 1
    for letter in _FIFTHS[7 + min(sharps, 0) :]:
        signature[letter] = -1
    return Key(tonic, mode, tuple(signature[letter] for letter in LETTERS))  # type: ignore[arg-type]


def transpose_key(key: Key, semitones: int) -> Key:
    """Transpose a key, into the spelling with the fewest sharps or flats.

    Explicit accidentals of an irregular key are left out, because the notes are respelled in any case.

    Example:
        >>> transpose_key(parse_key("Em"), 2).text, transpose_key(parse_key("D"), -1).text
        ('F#m', 'Db')
    """
    pitch_class = (key.tonic_pitch_class + semitones) % 12
    spellings = [
        letter + sign
        for letter in LETTERS
        for sign, alteration in (("", 0), ("#", 1), ("b", -1))
        if (SEMITONES[letter] + alteration) % 12 == pitch_class and abs(_sharps(letter + sign, key.mode)) <= 7
    ]
    # For six sharps or six flats, keep the kind of the old key.
    flats = key.sharps < 0
    tonic = min(
        spellings, key=lambda name: (abs(_sharps(name, key.mode)), (_sharps(name, key.mode) < 0) != flats)
    )
    return make_key(tonic, key.mode)


def steps_between(key: Key, other: Key, semitones: int) -> int:
    """The diatonic steps by which notes move if `key` is transposed by `semitones` to `other`."""
    letters = LETTERS.index(other.tonic[0]) - LETTERS.index(key.tonic[0])
    # Choose the octave of the letter that is nearest to the semitones.
    return letters + 7 * round((semitones * 7 / 12 - letters) / 7)


def _sharps(tonic: str, mode: str) -> int:
    return _SHARPS_OF_MAJOR[tonic[0]] + 7 * (tonic.count("#") - tonic.count("b")) + MODES[mode]


def _with_explicit(key: Key, text: str) -> Key:
    """Apply explicit accidentals (`=c ^f`); if another mode of the tonic has this signature, return that mode."""
    signature = list(key.signature)
    for sign, letter in _EXPLICIT.findall(text):
        signature[LETTERS.index(letter.upper())] = ACCIDENTALS[sign]
    if tuple(signature) == key.signature:
        return key
    for mode in MODES:
        if abs(_sharps(key.tonic, mode)) <= 7 and make_key(key.tonic, mode).signature == tuple(signature):
            return make_key(key.tonic, mode)
    return Key(key.tonic, key.mode, tuple(signature), regular=False)  # type: ignore[arg-type]


def _no_key(text: str) -> NotationError:
    """What to say of a text that is no key: the key that was probably meant, or what a key looks like."""
    advice = "give one such as G, Em, Ador, Dmix, Bb or F#m"
    found = re.fullmatch(r"([A-Ga-g])\s*([#bB]?)\s*([A-Za-z]*)", text.strip()[:40])
    near = get_close_matches(found[3].lower(), _MODE_WORDS, 1) if found and found[3] else [""]
    if found and near:
        tonic, mode = found[1].upper() + found[2].lower(), _MODE_NAMES[near[0][:3]]
        if abs(_sharps(tonic, mode)) <= 7 and tonic + mode != text.strip():
            advice = f"did you mean {tonic}{mode}?"
    return NotationError(f"{text.strip()[:40]!r} is no key; {advice}")


_QUOTED = re.compile(r'"[^"]*"')
_CLEF = re.compile(
    r"(?:^|\s)(?:clef=)?(?:treble|bass|alto|tenor|soprano|mezzosoprano|baritone|perc|none|(?<==)[GFCPgfcp])\d?"
    r"(?:([+\-^_])(8|15))?(?=\s|$)"
)
_OCTAVE = re.compile(r"\boctave=([+-]?\d)(?!\d)")
_TRANSPOSE = re.compile(r"\btranspose=([+-]?\d{1,2})(?!\d)")
_MIDI = re.compile(r"MIDI[\s=]+(r?)transpose[\s=]+([+-]?\d{1,2})(?!\d)")
_MAY_TRANSPOSE = re.compile(r"clef|treble|bass|alto|tenor|soprano|baritone|perc|none|octave|transpose")


@dataclass(frozen=True, slots=True)
class Transposition:
    """How a voice is transposed when it is played (ABC 2.1, section 4.6).

    Attributes:
        clef: in octaves, as in `treble-8`.
        octave: in octaves, as in `octave=1`.
        transpose: in semitones, as in `transpose=-2`.
        midi: in semitones, as in `%%MIDI transpose 3`, a directive of abc2midi.
    """

    clef: int = 0
    octave: int = 0
    transpose: int = 0
    midi: int = 0

    @property
    def semitones(self) -> int:
        """The sum, in semitones."""
        return 12 * (self.clef + self.octave) + self.transpose + self.midi

    def after_field(self, value: str) -> Self:
        """The transposition after a `K:` or `V:` field; what it doesn't name remains.

        Example:
            >>> Transposition().after_field("C clef=treble-8 transpose=3").semitones
            -9
        """
        if not _MAY_TRANSPOSE.search(value):
            return self
        value = _QUOTED.sub('""', value)
        found = self
        if clef := _CLEF.search(value):
            octaves = (2 if clef[2] == "15" else 1) if clef[2] else 0
            found = replace(found, clef=-octaves if clef[1] in ("-", "_") else octaves)
        if octave := _OCTAVE.search(value):
            found = replace(found, octave=int(octave[1]))
        if transpose := _TRANSPOSE.search(value):
            found = replace(found, transpose=int(transpose[1]))
        return found

    def after_directive(self, text: str) -> Self:
        """The transposition after a `%%` line or the value of an `I:` field."""
        match = _MIDI.match(text)
        if match is None:
            return self
        return replace(self, midi=int(match[2]) + (self.midi if match[1] else 0))
