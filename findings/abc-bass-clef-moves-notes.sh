#!/usr/bin/env bash
# "K:C bass" is C major in the bass clef. verovio reads it as C flat major, and music21 plays it two octaves lower.
#
# Tools:     verovio 6.4.1, music21 10.5.1, abc2midi (the program in the wheel of symusic 0.6.0), all from PyPI.
# Guess:     a clef changes how the notes look. ABC 2.1, section 4.6: the K: field may name a clef behind the key, "clef=" may be
#            left out, and the clef itself moves no pitch (that is what octave= and transpose= are for, and -8 and +8 in
#            the clef's name). C is middle C, MIDI 60.
# Seen:      verovio 59: the b of "bass" is taken for the flat of the tonic, over the space between them, so all seven
#            notes of the scale are a semitone low. With "K:C clef=bass" it has 60. music21 36, with "bass" or "clef=bass": it
#            takes a clef for a transposition, of 24 semitones for bass, of none for alto. abc2midi 60, in both spellings.
# Matters:   bass parts, cello and bassoon tunes and the left hands of harp books carry this field; "K:D bass" is how older
#            files have it. MIDI made by two of these is 24 semitones apart, which a model of melodies takes for
#            another instrument; a semitone is within what key finding and a listener's ear let pass.
# Do:        write "K:C clef=bass", and look at one note of each clef before a corpus is converted.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check symusic==0.6.0 music21==10.5.1 verovio==6.4.1
cat > engrave.py <<'PY'
import base64
from pathlib import Path

import verovio

verovio.enableLog(verovio.LOG_OFF)
toolkit = verovio.toolkit()
toolkit.setOptions({"inputFrom": "abc"})
toolkit.loadData(Path("probe.abc").read_text())
Path("verovio.mid").write_bytes(base64.b64decode(toolkit.renderToMIDI()))
PY
cat > read.py <<'PY'
import subprocess
import sys
from pathlib import Path

import music21
import symusic
import verovio

PROGRAM = Path(symusic.__file__).parent / "bin" / "abc2midi"


def midi_pitches(path):
    return [note.pitch for track in symusic.Score(path).tracks for note in sorted(track.notes, key=lambda each: each.time)]


def by_abc2midi(text):
    Path("probe.abc").write_text(text)
    subprocess.run([PROGRAM, "probe.abc", "-o", "probe.mid"], capture_output=True, timeout=20)
    return midi_pitches("probe.mid")


def by_music21(text):
    return [note.pitch.midi for note in music21.converter.parse(text, format="abc", forceSource=True).recurse().notes]


def by_verovio(text):  # in a process of its own, as verovio keeps the key of the tune before
    Path("probe.abc").write_text(text)
    subprocess.run([sys.executable, "engrave.py"], check=True, timeout=60)
    return midi_pitches("verovio.mid")


print(f"symusic {symusic.__version__}, music21 {music21.__version__}, verovio {verovio.toolkit().getVersion()}")
RECORDED = {
    "C": {"abc2midi": [60, 64, 67], "music21": [60, 64, 67], "verovio": [60, 64, 67]},
    "C bass": {"abc2midi": [60, 64, 67], "music21": [36, 40, 43], "verovio": [59, 63, 66]},
    "C clef=bass": {"abc2midi": [60, 64, 67], "music21": [36, 40, 43], "verovio": [60, 64, 67]},
}
same = True
for key, recorded in RECORDED.items():
    text = f"X:1\nT:probe\nM:3/4\nL:1/4\nK:{key}\nCEG|]\n"
    found = {"abc2midi": by_abc2midi(text), "music21": by_music21(text), "verovio": by_verovio(text)}
    print(f"K:{key}, notes C E G: expected [60, 64, 67]; " + ", ".join(f"{tool} {pitches}" for tool, pitches in found.items()))
    same = same and found == recorded
print("as recorded: a clef moves the notes" if same else "CHANGED")
sys.exit(not same)
PY
HOME="$work" TMPDIR="$work" venv/bin/python -W ignore read.py
