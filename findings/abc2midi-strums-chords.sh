#!/usr/bin/env bash
# symusic reads ABC by abc2midi, and that one strums: the notes of a chord begin 10 ticks apart, and a tune begins at tick 1.
#
# Library:   symusic 0.6.0 (PyPI), whose Score("tune.abc") runs the abc2midi that lies in its wheel; beside it music21 10.5.1.
# Guess:     [CEG]4 is one onset. A score has no performance in it: music21 gives 0, 0, 0, and nothing in the tune
#            asks for an arpeggio.
# Seen:      with 480 ticks to the quarter, C begins at tick 1, E at 11, G at 21, and they end together. So it is with each chord, even in plain
#            block chords, but for those that are tied to the next chord, which begin together. Notes by themselves are late by 1
#            tick throughout. The directives that are for this, %%MIDI chordattack and randomchordattack, don't stand in the file.
# Matters:   "the same onset" is how chords are found: chord tokens, polyphony counts, the highest note of each onset as the melody,
#            comparison with a score by exact ticks. All of these see an arpeggio of single notes; a test with a tolerance
#            of a 64th sees nothing. A time grid that is finer than 10 ticks keeps the strum, a coarser one hides it,
#            so a figure depends on the grid.
# Do:        move onsets to a grid first, or put %%MIDI chordattack 0 into the tune (the script shows what that does).
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check symusic==0.6.0 music21==10.5.1
printf 'X:1\nT:probe\nM:4/4\nL:1/4\nK:C\n[CEG]4|[DF]4-|[DF]4|c4|]\n' > probe.abc
sed 's|^T:|%%MIDI chordattack 0\nT:|' probe.abc > zero.abc
cat > read.py <<'PY'
import sys

import music21
import symusic

print(f"symusic {symusic.__version__}, music21 {music21.__version__}")


def onsets(path):
    score = symusic.Score(path)
    print(f"  {path}: {score.ticks_per_quarter} ticks to the quarter")
    return sorted((note.time, note.duration, note.pitch) for track in score.tracks for note in track.notes)


print("expected: C E G at tick 0, D F at 1920, c at 5760")
reference = [(float(each.offset), [pitch.midi for pitch in each.pitches]) for each in music21.converter.parse("probe.abc").flatten().notes]
print("  music21, in quarters:", reference)
found = onsets("probe.abc")
print("  symusic (start, length, pitch):", found)
zero = onsets("zero.abc")
print("  with chordattack 0:            ", zero)
starts = [time for time, _, _ in found]
recorded = found[:3] == [(1, 1919, 60), (11, 1909, 64), (21, 1899, 67)] and starts[3:5] == [1921, 1921] and starts[5] == 5761
print("as recorded: the chord is strummed" if recorded else "CHANGED")
sys.exit(not recorded)
PY
HOME="$work" TMPDIR="$work" venv/bin/python -W ignore read.py
