"""Turn requests for scores, sound and files into these, in the processes that `abclm.web.conversion_pool` starts."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from abclm.errors import ConvertError
from abclm.formats.save import to_bytes
from abclm.formats.table import FORMATS
from abclm.midi.file import MidiFile
from abclm.midi.performance import Performance, play
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.check import name_marks
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.score.from_musicxml import SUFFIXES, musicxml_to_tune
from abclm.score.svg import format_staves
from abclm.sound.mp3 import compact_sound
from abclm.sound.wav import midi_to_wav
from abclm.system.files import MIDI_SUFFIXES
from abclm.system.worker import Answer, serve
from abclm.tune import Tune
from abclm.views.follow import follow

_MOST_TUNES = 60  # of a book


def main() -> None:
    """Answer requests until there are no more."""
    serve(answer)


def answer(request: Mapping[str, Any]) -> Answer:
    """Do what is asked.

    Args:
        request: `what` is a name of `_MAKERS`; `abc` the text of a tune; and what else each of them takes.

    Returns:
        What is said of the tune, and the content that was made of it.

    Raises:
        AbclmError: it can't be done.
    """
    return _MAKERS[request["what"]](request)


def _check(request: Mapping[str, Any]) -> Answer:
    tune = Tune.parse(request["abc"])
    return Answer(
        {
            "title": tune.title,
            "rhythm": tune.stated_rhythm,
            "meter": tune.meter,
            "unit_note_length": tune.unit_note_length,
            "key": tune.key,
            "body": tune.body,
            "problems": [problem._asdict() for problem in tune.check()],
        }
    )


def _score(request: Mapping[str, Any]) -> Answer:
    return Answer({}, format_staves(Tune.parse(request["abc"]), width=request["width"]).encode())


def _sound(request: Mapping[str, Any]) -> Answer:
    kind, sound = compact_sound(midi_to_wav(_play(request)))
    return Answer({"kind": kind}, sound)


def _follow(request: Mapping[str, Any]) -> Answer:
    found = follow(Tune.parse(request["abc"]), _play(request))
    moments = [astuple(moment) for moment in found.moments]
    return Answer({"moments": moments, "beat_seconds": found.beat_seconds, "beats": found.beats})


def _convert(request: Mapping[str, Any]) -> Answer:
    tune = Tune.parse(request["abc"])
    suffix = "." + request["format"]
    row = FORMATS[suffix]
    # A MIDI file is small, however long it lasts; sound is not.
    if row.from_midi and suffix not in MIDI_SUFFIXES:
        content = row.format(_play(request))
    else:
        content = to_bytes(tune, suffix, _performance(request), request["made"])
    return Answer({"title": tune.title}, content)


def _transpose(request: Mapping[str, Any]) -> Answer:
    tune = Tune.parse(request["abc"])
    return Answer({"abc": tune.transpose(request["semitones"]).text, "left_out": name_marks([tune])})


def _read(request: Mapping[str, Any]) -> Answer:
    """Read a file: a tunebook, the melody of a MIDI file, or a score of one staff."""
    name, data = request["name"], base64.b64decode(request["abc"], validate=True)
    suffix = Path(name).suffix.lower()
    if suffix in MIDI_SUFFIXES:
        return Answer(
            {"tunes": [midi_to_tune(MidiFile.parse(data), title=Path(name).stem).text], "problems": []}
        )
    if suffix in SUFFIXES:
        return Answer({"tunes": [musicxml_to_tune(name, data).text], "problems": []})
    book = parse_tunebook(decode(data))
    problems = [str(problem) for problem in book.problems]
    if not book.tunes:
        raise ConvertError(f"{name}: there is no tune in it; a tune in ABC begins with a line X:1")
    return Answer({"tunes": [tune.text for tune in book.tunes], "problems": problems})


def _book(request: Mapping[str, Any]) -> Answer:
    tunes = parse_tunebook(request["abc"]).tunes
    if not tunes:
        raise ConvertError("there is no tune in it; a tune in ABC begins with a line X:1")
    if len(tunes) > _MOST_TUNES:
        raise ConvertError(f"a book has at most {_MOST_TUNES} tunes here, received {len(tunes)}")
    content, _ = FORMATS["." + request["format"]].format_book(tunes, title=request["title"])
    return Answer({"title": request["title"]}, content)


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "check": _check, "score": _score, "sound": _sound, "follow": _follow, "convert": _convert,
    "transpose": _transpose, "read": _read, "book": _book,
}  # fmt: skip


def _performance(request: Mapping[str, Any]) -> Performance | None:
    return Performance.asked(request["instrument"], request["tempo"], request["chords"])


def _play(request: Mapping[str, Any]) -> MidiFile:
    midi = play(Tune.parse(request["abc"]), _performance(request))
    most_seconds = request["sound_seconds"]
    if midi.sounding_seconds > most_seconds:
        raise ConvertError(
            f"the tune lasts {midi.sounding_seconds:.0f} s; here, up to {most_seconds:.0f} s become sound; "
            "take it as MIDI, or in parts"
        )
    return midi
