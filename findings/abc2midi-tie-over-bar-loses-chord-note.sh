#!/usr/bin/env bash
# A note of a chord that is tied over a bar line makes abc2midi lose another note of the next chord, by their order alone.
#
# Library:   symusic 0.6.0 (PyPI), whose Score("tune.abc") runs the abc2midi 5.02 that lies in its wheel.
# Guess:     [E-G]4|[CE]4| holds E through both bars, with G above it, then C below it: three notes. A chord is a set of notes:
#            [EC] means what [CE] means.
# Seen:      with [CE], E sounds through both bars and is struck again at the bar line, and C is not there at all. With [EC], all is
#            right. Without the bar line between the chords both are right. There is no message, and the number of notes is the same.
# Matters:   half-tied chords are what harmony parts and piano scores in ABC are made of, and their notes stand from the lowest to the
#            highest, as a rule. A count of notes or a check for messages sees nothing; the bass is what gets lost.
# Do:        write the notes that are held first in a chord behind a bar line.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check symusic==0.6.0
cat > read.py <<'PY'
import sys

import symusic

print(f"symusic {symusic.__version__}; E is 64, G 67, C 60; a bar has 960 ticks")


def heard(body):
    with open("probe.abc", "w") as file:
        file.write(f"X:1\nT:probe\nM:2/4\nL:1/8\nK:C\n{body}\n")
    score = symusic.Score("probe.abc")
    found = sorted((round(note.time / 960), round(note.duration / 960), note.pitch) for track in score.tracks for note in track.notes)
    print(f"  {body:18} (bar, bars, pitch): {found}")
    return found


right = [(0, 1, 67), (0, 2, 64), (1, 1, 60)]
print("expected in each:", right)
lost, ordered = heard("[E-G]4|[CE]4|]"), heard("[E-G]4|[EC]4|]")
no_line, no_line_ordered = heard("[E-G]4[CE]4|]"), heard("[E-G]4[EC]4|]")
recorded = lost == [(0, 1, 67), (0, 2, 64), (1, 1, 64)] and ordered == no_line == no_line_ordered == right
print("as recorded: C is lost over the bar line" if recorded else "CHANGED")
sys.exit(not recorded)
PY
HOME="$work" TMPDIR="$work" venv/bin/python -W ignore read.py
