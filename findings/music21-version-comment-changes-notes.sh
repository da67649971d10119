#!/usr/bin/env bash
# In music21 a comment decides whether an accidental holds to the end of the bar: without the line %abc-2.1 it does not.
#
# Library:   music21 10.5.1 (PyPI), its ABC reader; the tunes of Ryan's Mammoth Collection that music21 brings itself.
# Guess:     in ^FF both notes are F sharp, as in all written music. ABC 2.1 says so (section 11.3: where nothing else is
#            asked for, an accidental holds for all notes of its name up to the bar line), and asks for a lenient
#            reading of files that name no version (sections 2.1 and 12), not for other notes.
# Seen:      the second note is F natural. music21 takes a file without a version line for ABC 1.3 ("Changed in v9" in its
#            source), and lets accidentals of versions before 2.0 hold for one note only. With %abc-2.1 as first line both are
#            sharp. Few tune files have that line: of the 1,104 files of the three tune books that come with music21, none.
#            Of Ryan's 1,059 tunes 135 get other pitches by that comment, 380 notes (the script reads each fourth tune).
# Matters:   a corpus of tunes read by music21 (for features, key finding, MIDI, training) has wrong notes where a tune
#            leaves its scale and repeats the altered note in the bar. Nothing warns.
# Do:        put "%abc-2.1\n" before the text, or convert with another reader.
# Exit:      0: as recorded. 1: it has changed. Takes a minute or two: each tune is read twice.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check music21==10.5.1
HOME="$work" TMPDIR="$work" "$work/venv/bin/python" -W ignore - <<'PY'
import sys
from pathlib import Path

import music21


def pitches(text):
    score = music21.converter.parse(text, format="abc", forceSource=True)
    return [pitch.midi for note in score.recurse().notes if not isinstance(note, music21.harmony.Harmony) for pitch in note.pitches]


probe = "X:1\nT:probe\nM:4/4\nL:1/4\nK:C\n^FFFz|F4|]\n"
print("music21", music21.__version__)
print("^FFFz|F4|]   expected: 66 66 66 65, with or without a comment")
plain, versioned = pitches(probe), pitches("%abc-2.1\n" + probe)
print("  as it is:               ", *plain)
print("  behind the line %abc-2.1:", *versioned)

corpus = Path(music21.__file__).parent / "corpus"
files = [path for folder in ("oneills1850", "ryansMammoth", "airdsAirs") for path in sorted((corpus / folder).glob("*.abc"))]
named = sum("%abc-2" in path.read_text(encoding="utf-8", errors="replace") for path in files)
print(f"  of {len(files)} files of the three tune books, {named} name version 2")

read = other = notes = 0
for path in sorted((corpus / "ryansMammoth").glob("*.abc"))[::4]:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        before, after = pitches(text), pitches("%abc-2.1\n" + text)
    except Exception:  # what music21 can't read says nothing here
        continue
    read += 1
    if before != after:
        other += 1
        notes += sum(a != b for a, b in zip(before, after))
print(f"  each fourth tune of Ryan's Mammoth Collection: {other} of {read} tunes, {notes} notes, change with the comment")
recorded = plain == [66, 65, 65, 65] and versioned == [66, 66, 66, 65] and named == 0 and other > 10
print("as recorded: a comment changes the notes" if recorded else "CHANGED")
sys.exit(not recorded)
PY
