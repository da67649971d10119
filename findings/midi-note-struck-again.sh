#!/usr/bin/env bash
# A key that is struck again before its first note has ended: five MIDI readers, three answers, and in one a note is lost.
#
# Library:   symusic 0.6.0, miditoolkit 1.0.1, pretty_midi 0.2.11.post0, music21 10.5.1, partitura 1.9.0 (PyPI); the file is
#            written by mido 1.3.3.
# Guess:     two note-ons and two note-offs of one key are two notes, and readers differ at most in which of them a note-off
#            ends. The standard leaves that open (MIDI 1.0 Detailed Specification, "Note Off"), and says that each note-on
#            has its note-off.
# Seen:      on at ticks 0 and 240, off at 480 and 720. symusic and miditoolkit end the first at 480 and the second at 720.
#            pretty_midi and music21 end both at 480, and the second note-off does nothing. partitura's
#            `load_performance_midi` has one note, from 240 to 480: the first is gone, without a warning.
# Matters:   it happens in recorded and in arranged piano music: in 25 files of Mozart, Beethoven and Chopin (63,955 notes),
#            partitura finds 7 notes fewer than the other three that were tried, in 4 of the files. Two programs that count
#            notes or measure their lengths do not agree on the same file, and a round trip through one of them shortens
#            repeated notes under a held one.
# Do:        read with symusic or miditoolkit where lengths count.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mido==1.3.3 symusic==0.6.0 miditoolkit==1.0.1 \
    pretty_midi==0.2.11.post0 music21==10.5.1 partitura==1.9.0
cat > "$work/read.py" <<'PY'
import sys
import warnings

warnings.simplefilter("ignore")
import mido
import miditoolkit
import music21
import partitura
import pretty_midi
import symusic

track = mido.MidiTrack()
for kind, velocity, wait in (("note_on", 80, 0), ("note_on", 50, 240), ("note_off", 0, 240), ("note_off", 0, 240)):
    track.append(mido.Message(kind, note=60, velocity=velocity, time=wait))
mido.MidiFile(ticks_per_beat=480, tracks=[track]).save("again.mid")

SECOND = 960  # ticks, at 120 quarter notes a minute
found = {
    "symusic": [(n.start, n.end, n.velocity) for n in symusic.Score("again.mid").tracks[0].notes],
    "miditoolkit": [(n.start, n.end, n.velocity) for n in miditoolkit.MidiFile("again.mid").instruments[0].notes],
    "pretty_midi": [
        (n.start * SECOND, n.end * SECOND, n.velocity)
        for n in pretty_midi.PrettyMIDI("again.mid").instruments[0].notes
    ],
    "music21": [
        (480 * float(n.offset), 480 * float(n.offset + n.quarterLength), n.volume.velocity)
        for n in music21.converter.parse("again.mid").flatten().notes
    ],
    "partitura": [
        (n["note_on"] * SECOND, n["note_off"] * SECOND, n["velocity"])
        for n in partitura.load_performance_midi("again.mid").performedparts[0].notes
    ],
}
found = {name: sorted((round(start), round(end), loud) for start, end, loud in notes) for name, notes in found.items()}
for name, notes in found.items():
    print(f"  {name}: " + "; ".join(f"{start} to {end}, velocity {loud}" for start, end, loud in notes))
each_its_own = [(0, 480, 80), (240, 720, 50)]
together = [(0, 480, 80), (240, 480, 50)]
recorded = {
    "symusic": each_its_own, "miditoolkit": each_its_own, "pretty_midi": together, "music21": together,
    "partitura": [(240, 480, 50)],
}
sys.exit(0 if found == recorded else 1)
PY
echo "expected: two notes in each reader, from 0 and from 240, that end at 480 and 720"
cd "$work"
if "$work/venv/bin/python" read.py; then
    echo "as recorded: three answers, and partitura has one note"
else
    echo "CHANGED"
    exit 1
fi
