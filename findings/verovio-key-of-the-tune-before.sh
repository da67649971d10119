#!/usr/bin/env bash
# verovio plays a tune in C with the sharps of the tune that it read before, even by another toolkit: the score shows none,
# the MIDI has them.
#
# Library:   verovio 6.4.1 (PyPI), its ABC reader.
# Guess:     a new verovio.toolkit() knows nothing of the one before. K:C says that there are no sharps.
# Seen:      in one process, a tune in C that is read after one in D has C sharp and F sharp in its MIDI, and as accid.ges
#            in its MEI. The signature that is drawn is right: none. What is remembered belongs to the process, not to the
#            toolkit, and only a key with sharps or flats replaces it: K:C, K:Am, K:Ddor all inherit. Alone, or as the
#            first in its process, each tune is right. An Obsidian plug-in met it in June 2026 (issue 13 of
#            kpaede/Verovio-Music-Renderer).
# Matters:   whoever turns a tune book into MIDI or audio in a loop gets wrong notes in all tunes without signature, and which
#            ones depends on the order of the files and on how the work was split among processes. One tune tried by itself is
#            always right, and the signature in each picture is.
# Do:        one process for each tune.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check verovio==6.4.1 mido==1.3.3
cat > read.py <<'PY'
import base64
import io
import json
import sys

import mido
import verovio

verovio.enableLog(verovio.LOG_OFF)
found = []
for key in sys.argv[1:]:
    toolkit = verovio.toolkit()  # a new one for each tune
    toolkit.setOptions({"inputFrom": "abc"})
    toolkit.loadData(f"X:1\nT:probe\nM:4/4\nL:1/4\nK:{key}\nCDEF|]\n")
    midi = mido.MidiFile(file=io.BytesIO(base64.b64decode(toolkit.renderToMIDI())))
    pitches = [event.note for event in midi if event.type == "note_on" and event.velocity]
    found.append([key, pitches, toolkit.renderToSVG(1).count('class="keyAccid"')])
print(json.dumps(found))
PY
cat > compare.py <<'PY'
import json
import subprocess
import sys

import verovio

print("verovio", verovio.toolkit().getVersion())


def read(*keys):
    return json.loads(subprocess.run([sys.executable, "read.py", *keys], check=True, capture_output=True, text=True).stdout)


KEYS = "C", "D", "C", "Am", "Ddor", "F", "C"
alone = [read(key)[0] for key in KEYS]
together = read(*KEYS)
print("notes C D E F; expected: the same, alone or in a row")
for (key, right, signs), (_, pitches, drawn) in zip(alone, together):
    print(f"  {key:5} alone {right}, in a row {pitches}, signs drawn {drawn}{'' if pitches == right else '   <- other notes'}")
same = [a[1] == b[1] for a, b in zip(alone, together)]
drawn = [a[2] == b[2] for a, b in zip(alone, together)]
recorded = same[:5] == [True, True, False, False, False] and together[2][1] == [61, 62, 64, 66] and all(drawn)
print("as recorded: the key of the tune before" if recorded else "CHANGED")
sys.exit(not recorded)
PY
venv/bin/python compare.py
