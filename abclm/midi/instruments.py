"""Say which General MIDI program each instrument's name stands for, and which timbre plays each program.

Programs are counted from 0, as in a MIDI file. Without FluidSynth a program is played by the timbre of its kind (see
`abclm.sound.timbres`).
"""

from abclm.errors import ConfigError

# A steel-string guitar: a piano's notes ring on into each other, and an accordion's beat.
DEFAULT_PROGRAM = 25

INSTRUMENTS: dict[str, int] = {
    "guitar": 25,
    "fiddle": 40,
    "tin whistle": 78,
    "flute": 73,
    "recorder": 74,
    "accordion": 21,
    "concertina": 23,
    "harmonica": 22,
    "pipes": 109,
    "harp": 46,
    "banjo": 105,
    "dulcimer": 15,
    "piano": 0,
    "organ": 19,
    "clarinet": 71,
    "oboe": 68,
    "cello": 42,
    "music box": 10,
}

_ALIASES = {
    "violin": "fiddle",
    "whistle": "tin whistle",
    "penny whistle": "tin whistle",
    "bagpipes": "pipes",
    "uilleann pipes": "pipes",
    "squeezebox": "concertina",
    "mouth organ": "harmonica",
    "hammered dulcimer": "dulcimer",
}

# General MIDI's groups of eight, by the timbre that comes closest.
_TIMBRES_OF_GROUPS = (
    "struck", "chime", "reed", "plucked", "plucked", "bowed", "bowed", "reed",
    "reed", "blown", "reed", "blown", "blown", "plucked", "chime", "blown",
)  # fmt: skip
# Those that differ from their group: dulcimer; pizzicato, harp; bagpipe, fiddle.
_TIMBRES_OF_PROGRAMS = {15: "plucked", 45: "plucked", 46: "plucked", 47: "chime", 109: "reed", 110: "bowed"}


def find_program(name: str) -> int:
    """Find the General MIDI program of an instrument.

    Args:
        name: such as `fiddle`, `tin whistle` or `tin-whistle`, in large or small letters.

    Returns:
        Its program, 0 to 127.

    Raises:
        ConfigError: there is no such instrument.

    Example:
        >>> find_program("Tin-Whistle"), find_program("violin")
        (78, 40)
    """
    plain = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    plain = _ALIASES.get(plain, plain)
    if plain not in INSTRUMENTS:
        raise ConfigError(f"instrument: {name[:60]!r} is not known; give one of {', '.join(INSTRUMENTS)}")
    return INSTRUMENTS[plain]


def timbre_name(program: int) -> str:
    """The name of the timbre that plays a General MIDI program.

    Example:
        >>> timbre_name(INSTRUMENTS["harp"]), timbre_name(INSTRUMENTS["fiddle"])
        ('plucked', 'bowed')
    """
    return _TIMBRES_OF_PROGRAMS.get(program, _TIMBRES_OF_GROUPS[program // 8])
