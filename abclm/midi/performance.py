"""Turn a tune into a MIDI file as it would be played: at the tempo of its rhythm, on an instrument, with its swing."""

import logging
import re
from dataclasses import dataclass
from typing import Self

from abclm.errors import ConfigError
from abclm.midi.abc2midi import abc_to_midi
from abclm.midi.events import PROGRAM, TEMPO, program_event, tempo_event
from abclm.midi.file import MidiFile
from abclm.midi.heard_text import heard_text
from abclm.midi.instruments import find_program
from abclm.midi.swing import swing
from abclm.midi.tempo import parse_tempo, quarter_microseconds, usual_tempo
from abclm.notation.fields import read_tempo
from abclm.notation.symbols import Change
from abclm.notation.tune import Tune

logger = logging.getLogger(__name__)

_CHORD_SYMBOL = re.compile(r'"[A-G]')


@dataclass(frozen=True, kw_only=True)
class Performance:
    """How a tune is played.

    Args:
        instrument: a name such as `fiddle` (see `abclm.midi.instruments`); else what the tune says, or a guitar.
        tempo: beats a minute of the meter's beat, such as `110`, or a length with them, such as `1/4=120`; else
            what the tune's `Q:` says, or what is usual for its rhythm.
        chords: play the chord symbols as accompaniment.

    Raises:
        ConfigError: there is no such instrument, or it is no tempo.
    """

    instrument: str | None = None
    tempo: str | None = None
    chords: bool = False

    def __post_init__(self) -> None:
        if self.instrument is not None:
            find_program(self.instrument)
        if self.tempo is not None:
            parse_tempo(self.tempo)

    @classmethod
    def asked(cls, instrument: str | None, tempo: str | None, chords: bool) -> Self | None:
        """The performance with these options; None where none of them is given."""
        if instrument is None and tempo is None and not chords:
            return None
        return cls(instrument=instrument, tempo=tempo, chords=chords)

    @property
    def program(self) -> int | None:
        """The General MIDI program that was asked for."""
        return None if self.instrument is None else find_program(self.instrument)


def play(tune: Tune, performance: Performance | None = None) -> MidiFile:
    """Play a tune into a MIDI file.

    Args:
        tune: any tune; hornpipes (by `R:`, or by title) swing, which `Tune.notes` does not show.
        performance: how.

    Raises:
        ConvertError: as `abc_to_midi`.

    Example:
        >>> from abclm.midi.abc2midi import played_notes
        >>> tune = Tune.parse("X:1\\nR:hornpipe\\nM:4/4\\nL:1/8\\nK:G\\nGABc d4|]\\n")
        >>> [str(onset) for onset, _, _ in played_notes(play(tune))]
        ['0', '2/3', '1', '5/3', '2']
    """
    wanted = performance or Performance()
    tempo = None
    if wanted.tempo is not None:
        tempo = parse_tempo(wanted.tempo, tune.meter)
    elif not _states_tempo(tune):
        tempo = usual_tempo(tune.stated_rhythm, tune.meter)
    if wanted.chords and not _CHORD_SYMBOL.search(tune.body):
        logger.warning("%s: there are no chord symbols to be played", tune.title or "the tune")
    return swing(
        tune, abc_to_midi(heard_text(tune), chords=wanted.chords, tempo=tempo, instrument=wanted.program)
    )


def _states_tempo(tune: Tune) -> bool:
    unit = tune.setting().unit
    changes = (symbol for symbol in tune.music.symbols if isinstance(symbol, Change) and symbol.letter == "Q")
    return tune.stated_tempo is not None or any(read_tempo(change.value, unit) for change in changes)


def play_again(midi: MidiFile, performance: Performance | None = None) -> MidiFile:
    """Change the instrument and the tempo of a MIDI file.

    Args:
        midi: the file.
        performance: the instrument of all its channels, and the tempo of all of it; what is not asked for stays.

    Raises:
        ConfigError: chord symbols are to be played; a MIDI file has none.
    """
    if performance is None:
        return midi
    if performance.chords:
        raise ConfigError("chords: a MIDI file has no chord symbols; give the tune in ABC")
    if performance.tempo is not None:
        meter = f"{midi.meters[0][1]}/{midi.meters[0][2]}" if midi.meters else None
        tempo = quarter_microseconds(parse_tempo(performance.tempo, meter))
        midi = midi.replaced(TEMPO, [tempo_event(tempo)])
    if performance.program is not None:
        changes = [program_event(channel, performance.program) for channel in range(16)]
        midi = midi.replaced(PROGRAM, changes)
    return midi
