#!/usr/bin/env bash
# A MIDI file in SMPTE time lasts less than nothing: mido says -0.079 seconds, and miditoolkit gives a note of negative length.
#
# Library:   mido 1.3.3, miditoolkit 1.0.1, pretty_midi 0.2.11.post0, symusic 0.6.0, music21 10.5.1 (PyPI).
# Guess:     readers know both kinds of division of the Standard MIDI File format 1.0: ticks per quarter, or, where the highest bit is set,
#            frames per second as a negative number and ticks per frame. 25 frames of 40 ticks are milliseconds, which the
#            format itself names as an example. A reader that can't do it says so.
# Seen:      mido takes the 16 bits for one signed number, -6360 "ticks per beat", and goes on: a note of one second makes a file of
#            -0.079 seconds. miditoolkit, which stands on it, returns a note of negative length in quarters and no
#            error. pretty_midi, on it too, stops with an error about the note's end, not about the division.
#            symusic and music21 refuse the file by name of the cause.
# Matters:   such files come from film, games, sequencers that record in milliseconds. With "skip what raises" as the
#            only filter, a data set by miditoolkit keeps them, with times below 0; sums of hours of music (mido's .length is the
#            usual way) come out too small, and nobody sees a sign in a sum.
# Do:        look at ticks_per_beat > 0 before anything else.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mido==1.3.3 miditoolkit==1.0.1 pretty_midi==0.2.11.post0 symusic==0.6.0 music21==10.5.1 "setuptools<81"
cat > read.py <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import mido
import miditoolkit
import music21
import pretty_midi
import symusic

print(", ".join(f"{name} {version(name)}" for name in ("mido", "miditoolkit", "pretty_midi", "symusic", "music21")))
events = bytes([0, 0x90, 60, 80, 0x87, 0x68, 0x80, 60, 0, 0, 0xFF, 0x2F, 0])  # one note of 1,000 ticks
header = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 256 - 25, 40])  # format 0, one track, 25 frames of 40 ticks
Path("smpte.mid").write_bytes(header + b"MTrk" + len(events).to_bytes(4, "big") + events)


def error(read):
    try:
        read()
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "no error"


print("expected: 1.0 seconds, or an error about the division")
file = mido.MidiFile("smpte.mid")
print(f"  mido: ticks_per_beat {file.ticks_per_beat}, length {file.length:.4f} seconds")
toolkit = miditoolkit.MidiFile("smpte.mid")
note = toolkit.instruments[0].notes[0]
seconds = toolkit.get_tick_to_time_mapping()[note.end]
print(f"  miditoolkit: ticks_per_beat {toolkit.ticks_per_beat}, note of {(note.end - note.start) / toolkit.ticks_per_beat:.4f} quarters, its end at {seconds:.4f} seconds")
errors = {
    "pretty_midi": error(lambda: pretty_midi.PrettyMIDI("smpte.mid")),
    "symusic": error(lambda: symusic.Score("smpte.mid")),
    "music21": error(lambda: music21.converter.parse("smpte.mid", forceSource=True)),
}
for name, text in errors.items():
    print(f"  {name}: {text}")
recorded = (
    file.ticks_per_beat == -6360
    and file.length < 0
    and toolkit.ticks_per_beat == -6360
    and "end time" in errors["pretty_midi"]
    and "ivision" in errors["symusic"]
    and "frame" in errors["music21"]
)
print("as recorded: time runs backwards" if recorded else "CHANGED")
sys.exit(not recorded)
PY
HOME="$work" TMPDIR="$work" venv/bin/python -W ignore read.py
