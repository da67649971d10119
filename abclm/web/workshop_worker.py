"""Turn requests on standard input into files on standard output, in a process of its own that may be ended.

A request is a JSON object behind four bytes that say how long it is; an answer is an object likewise, whose `bytes` says
how long the content is that follows it.
"""

import json
import os
import struct
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from abclm.convert import check_performance, to_bytes
from abclm.convert.engraver_worker import receive
from abclm.convert.midifile import PERCUSSION_CHANNEL, parse_midi
from abclm.convert.performance import Performance, play
from abclm.convert.score import format_staves
from abclm.convert.wav import midi_to_wav
from abclm.errors import AbclmError, ConvertError
from abclm.notation import Tune


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the answers.
    os.dup2(2, 1)
    while (request := receive(requests)) is not None:
        try:
            head, content = answer(request)
        except AbclmError as error:
            head, content = {"error": str(error)}, b""
        _send(answers, head, content)


def answer(request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Do what is asked.

    Args:
        request: `what` is `check`, `score` or `convert`; `abc` the text of a tune; and what else each of them
            takes.

    Returns:
        What is said of the tune, and the content that was made of it.

    Raises:
        AbclmError: it can't be done.
    """
    tune = Tune.parse(request["abc"])
    if request["what"] == "check":
        return _check(tune), b""
    if request["what"] == "score":
        return {"title": tune.title}, format_staves(tune, width=request["width"]).encode()
    return {"title": tune.title}, _convert(tune, request)


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


def _convert(tune: Tune, request: Mapping[str, Any]) -> bytes:
    suffix = "." + request["format"]
    performance = None
    if request["chords"] or request["instrument"] is not None or request["tempo"] is not None:
        performance = Performance(
            instrument=request["instrument"], tempo=request["tempo"], chords=request["chords"]
        )
    check_performance(suffix, performance)
    if suffix == ".abc":
        return str(tune).encode()
    if suffix == ".wav":
        midi = play(tune, performance)
        _limit_sound(midi, request["sound_seconds"])
        return midi_to_wav(midi)
    return to_bytes(tune, suffix, performance, request["made"])


def _limit_sound(midi: bytes, most: float) -> None:
    file = parse_midi(midi)
    ends = file.seconds([note.end_ticks for note in file.notes if note.channel != PERCUSSION_CHANNEL])
    if ends and max(ends) > most:
        raise ConvertError(
            f"the tune lasts {max(ends):.0f} s; here, up to {most:.0f} s become sound; take it as MIDI, or in parts"
        )


def _send(stream: BinaryIO, head: dict[str, Any], content: bytes) -> None:
    data = json.dumps(head | {"bytes": len(content)}).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    stream.write(content)
    stream.flush()
