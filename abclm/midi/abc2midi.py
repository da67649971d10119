"""Turn ABC text into a MIDI file, and into a second opinion on the text, by the program `abc2midi`.

What was found of abc2midi 5.02, and what is done about it:

- Its exit code says nothing: it is 0 after errors, and can be 1 after a good file. So the MIDI file
  is read, and its words are sorted into errors, warnings and remarks.
- A tune without `X:` is not processed, and with `R:hornpipe` eighth notes swing 2:1 and the meter
  `C|` is refused. It is given the tune with `X:1` and without `R:`, inline ones included; positions
  in its messages are those of the caller's text.
- `%%abc-include` and `%%MIDI ptstress` open any file on the machine, so they never reach it.
- Some tunes keep it busy and take gigabytes, and some crash it; past 500,000 bytes of MIDI it stops in
  the middle of the file. Hence a time limit, where the system
  has one a memory limit, and a file that must be whole.
- Every note starts one tick (1/480 quarter note) late and ends on time, so that repeated notes stay
  apart. Positions are rounded down from the exact ones; errors don't add up.
- The notes of a chord start 10 ticks after each other unless `%%MIDI chordattack 0` is set, so it is.
- `.` and `!breath!` halve a note, `H` doubles it, `T`, `~`, `R` and their `!...!` forms add notes, grace
  notes take time from the note after them, chord symbols add tracks. There are switches for grace
  notes (-NGRA), fermatas (-NFER) and chord symbols (-NGUI) but none for the others: `melody_only`
  takes decorations out of the text. Slurs, bowing marks, `L`, `M`, `O`, `P` and `S` sound like nothing;
  dynamics and the stress on the beat change velocity only.
- A MIDI file that names no instrument is played on a piano, whose notes ring on; a guitar is named.
- Without `R:`, `A>B` is 3:1 (`R:hornpipe` makes it 2:1), and nothing swings.
- An accidental holds to the bar's end in every octave; `%%MIDI nobarlines` would confine it to its
  note, which is not what tunes mean.
"""

import logging
import re
import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from abclm.errors import ConvertError
from abclm.midi.abc2midi_text import prepare
from abclm.midi.file import MidiFile, MidiNote
from abclm.notation.tune import Tune
from abclm.system.programs import find_abc_program, made_executable, printable, run_program

logger = logging.getLogger(__name__)

_VARIABLE = "ABCLM_ABC2MIDI"
# abc2midi starts a note this long after its time (see above).
_LATE_TICKS = 1
_SHOWN_ERRORS = 3
# What it says where a repeat sign is understood, as players understand it, from the others.
_REMARKS = (
    "Assuming repeat",
    "replacing |: with double repeat",
    "replacing with double repeat",
    "No repeat expected",
)
_MESSAGE = re.compile(r"(Error|Warning) in line-char (\d+)-(\d+) ?: ?(.*)")
_GAVE_UP = ("aborting because of file runaway", "Out of memory")


@dataclass(frozen=True)
class MidiResult:
    """What `abc2midi` made of a tune.

    Args:
        midi: the MIDI file; None where none was written.
        errors: what it called errors, each with its place: `line 6, column 10: Malformed note`.
        warnings: what it called warnings, but for the remarks.
        remarks: what it said of repeats that it took for granted; no fault of the tune.
    """

    midi: MidiFile | None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Errors, then warnings; not the remarks."""
        return self.errors + self.warnings


def abc_to_midi(tune: str | Tune, **options: Any) -> MidiFile:
    """Play a tune into a MIDI file.

    Args:
        tune: one tune.
        options: those of `run_abc2midi`.

    Returns:
        A whole MIDI file with at least one note in it. What `abc2midi` said is logged; `run_abc2midi` returns it.

    Raises:
        ConvertError: no MIDI file with a note in it was written (with what `abc2midi` said), it took too
            long, it crashed, or it can't be found.

    Example:
        >>> [pitch for _, _, pitch in played_notes(abc_to_midi("X:1\\nM:4/4\\nL:1/4\\nK:G\\nGABc|]\\n"))]
        [67, 69, 71, 72]
    """
    result = run_abc2midi(tune, **options)
    if not result.midi or not result.midi.pitched_notes:
        raise ConvertError(f"abc2midi played no note of this tune{_saying(result)}; check its ABC")
    if result.errors:
        logger.warning("abc2midi played a tune that has errors%s", _saying(MidiResult(None, result.errors)))
    for message in result.messages + result.remarks:
        logger.info("abc2midi: %s", message)
    return result.midi


def run_abc2midi(
    tune: str | Tune,
    *,
    chords: bool = False,
    melody_only: bool = False,
    tempo: str | None = None,
    instrument: int | None = None,
    timeout_seconds: float = 10.0,
    program: str | Path | None = None,
) -> MidiResult:
    """Run `abc2midi` and take what comes: like `abc_to_midi`, but a tune without a note is no error.

    Args:
        tune: one tune.
        chords: play the chord symbols as accompaniment.
        melody_only: leave out grace notes, decorations, accompaniment and the tune's directives for MIDI,
            so that what is played is what is written.
        tempo: the value of a `Q:` field to be used instead of the tune's own.
        instrument: the General MIDI program to be used instead of the tune's own.
        timeout_seconds: how long `abc2midi` may take.
        program: the `abc2midi` to run; else it is looked for (see `find_abc_program`).

    Raises:
        ConvertError: it took too long, it crashed, it stopped inside the file, or it can't be found.
    """
    text = tune if isinstance(tune, str) else tune.text
    prepared = prepare(text, melody_only, chords=chords, tempo=tempo, instrument=instrument)
    switches = [] if chords else ["-NGUI"]
    if melody_only:
        switches = ["-NGUI", "-NGRA", "-NFER"]
    with tempfile.TemporaryDirectory(prefix="abclm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # A MIDI file does not say how its text is encoded; most players take UTF-8.
        (folder / "tune.abc").write_bytes(prepared.text.encode("utf-8", errors="replace"))
        found = Path(program).absolute() if program else find_abc_program("abc2midi", _VARIABLE)
        command = [str(made_executable(found, folder)), "tune.abc", "-o", "tune.mid", *switches]
        ended = run_program(command, folder, timeout_seconds=timeout_seconds)
        said = ended.output.decode("utf-8", errors="replace")
        written = folder / "tune.mid"
        data = written.read_bytes() if written.exists() else b""
    result = _sort_messages(said, prepared.line_offset)
    if ended.crashed:
        raise ConvertError(
            f"abc2midi crashed ({ended.returncode}) on this tune{_saying(result)}; check its ABC"
        )
    if any(words in said for words in _GAVE_UP):
        raise ConvertError(f"abc2midi gave up: the tune is too long for it, or without end{_saying(result)}")
    return replace(result, midi=MidiFile.parse(data)) if data else result


def played_notes(midi: MidiFile) -> list[tuple[Fraction, Fraction, int]]:
    """Read the melody out of a MIDI file that `abc2midi` wrote.

    Args:
        midi: the file.

    Returns:
        `(onset, duration, pitch)` of each note, by onset, then pitch, in quarter notes from the start,
        whatever the tempo. The melody is the first track with notes, percussion aside. Times whose
        denominator divides 480 are exact, others (septuplets, say) less than 1/480 quarter note early.
    """
    quarter = midi.ticks_per_quarter
    return [
        (Fraction(onset, quarter), Fraction(note.end_ticks - onset, quarter), note.pitch)
        for onset, note in sorted(
            ((max(0, note.start_ticks - _LATE_TICKS), note) for note in _melody(midi)),
            key=lambda timed: (timed[0], timed[1].pitch),
        )
    ]


def _melody(midi: MidiFile) -> list[MidiNote]:
    """The notes of the first track that has any, percussion aside."""
    first = min((note.track for note in midi.pitched_notes), default=0)
    return [note for note in midi.pitched_notes if note.track == first]


def _sort_messages(said: str, line_offset: int) -> MidiResult:
    errors: list[str] = []
    warnings: list[str] = []
    remarks: list[str] = []
    for found in _MESSAGE.finditer(said):
        severity, line, column, words = found.groups()
        message = _place(int(line) + line_offset, int(column)) + printable(words.strip())
        if words.strip().startswith(_REMARKS):
            remarks.append(message)
        else:
            (errors if severity == "Error" else warnings).append(message)
    return MidiResult(None, tuple(errors), tuple(warnings), tuple(remarks))


def _place(line: int, column: int) -> str:
    """Say where; abc2midi counts columns from 0 and has no column for an information field."""
    if line < 1:
        return ""
    return f"line {line}, column {column + 1}: " if column else f"line {line}: "


def _saying(result: MidiResult) -> str:
    """Quote the first messages, for an error."""
    shown = "; ".join(result.messages[:_SHOWN_ERRORS])
    more = len(result.messages) - _SHOWN_ERRORS
    return (f" ({shown}" + (f"; and {more} more" if more > 0 else "") + ")") if shown else ""
