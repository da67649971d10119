"""Turn requests for scores, sound and files into these, in the processes that `abclm.web.conversion_pool` starts."""

from collections.abc import Mapping
from typing import Any

from abclm.errors import ConvertError
from abclm.formats.save import to_bytes
from abclm.formats.table import FORMATS
from abclm.midi.file import MidiFile
from abclm.midi.performance import Performance, play
from abclm.score.svg import format_staves
from abclm.sound.mp3 import compact_sound
from abclm.sound.wav import midi_to_wav
from abclm.system.files import MIDI_SUFFIXES
from abclm.system.worker import Answer, serve
from abclm.tune import Tune


def main() -> None:
    """Answer requests until there are no more."""
    serve(answer)


def answer(request: Mapping[str, Any]) -> Answer:
    """Do what is asked.

    Args:
        request: `what` is `check`, `score`, `sound` or `convert`; `abc` the text of a tune; and what else each of them
            takes.

    Returns:
        What is said of the tune, and the content that was made of it.

    Raises:
        AbclmError: it can't be done.
    """
    tune = Tune.parse(request["abc"])
    if request["what"] == "check":
        return Answer(_check(tune))
    if request["what"] == "score":
        return Answer({}, format_staves(tune, width=request["width"]).encode())
    performance = Performance.asked(request["instrument"], request["tempo"], request["chords"])
    if request["what"] == "sound":
        kind, sound = compact_sound(midi_to_wav(_play(tune, performance, request["sound_seconds"])))
        return Answer({"kind": kind}, sound)
    suffix = "." + request["format"]
    row = FORMATS[suffix]
    # A MIDI file is small, however long it lasts; sound is not.
    if row.from_midi and suffix not in MIDI_SUFFIXES:
        content = row.format(_play(tune, performance, request["sound_seconds"]))
    else:
        content = to_bytes(tune, suffix, performance, request["made"])
    return Answer({"title": tune.title}, content)


def _check(tune: Tune) -> dict[str, Any]:
    return {
        "title": tune.title,
        "rhythm": tune.stated_rhythm,
        "meter": tune.meter,
        "unit_note_length": tune.unit_note_length,
        "key": tune.key,
        "body": tune.body,
        "problems": [problem._asdict() for problem in tune.check()],
    }


def _play(tune: Tune, performance: Performance | None, most_seconds: float) -> MidiFile:
    midi = play(tune, performance)
    if midi.sounding_seconds > most_seconds:
        raise ConvertError(
            f"the tune lasts {midi.sounding_seconds:.0f} s; here, up to {most_seconds:.0f} s become sound; "
            "take it as MIDI, or in parts"
        )
    return midi
