"""Measure how MIDI files of others come out as ABC: without errors, with their notes, in bounded time and size.

    python benchmarks/midi_in.py scores/ performances/ [--most 50]

Each folder is an object of JSON: of the files in it and its subfolders, by name, so many at equal distances are taken. Of
each, the notes of the voice that is taken are compared with those of the ABC, grace notes among them: the same pitch,
with an onset within a thirty-second note, each once. Of a voice with many chords the highest notes are meant; a note that
is struck again within a 128th note is one. What was swung is compared as it is played.
"""

import argparse
import json
import logging
import statistics
import time
from bisect import bisect_left
from fractions import Fraction
from pathlib import Path

from abclm.errors import AbclmError
from abclm.midi.abc2midi import played_notes
from abclm.midi.file import MidiFile
from abclm.midi.melody import Melody, choose_voice, read_melody
from abclm.midi.performance import play
from abclm.midi.to_tune import melody_to_tune
from abclm.notation.check import check
from abclm.notation.tune import Tune
from abclm.system.files import MIDI_SUFFIXES

NEAR = Fraction(1, 8) + Fraction(
    1, 240
)  # a thirty-second note, in quarter notes; abc2midi begins notes a tick late
SAME = Fraction(1, 32)
Notes = list[tuple[Fraction, int]]


def main() -> None:
    """Print a line of JSON for each folder, and with `--files` one for each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=50, help="files of each folder")
    parser.add_argument("--files", action="store_true", help="a line for each file, too")
    asked = parser.parse_args()
    logging.disable(logging.INFO)
    for folder in asked.folders:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in MIDI_SUFFIXES)
        step = max(1, len(paths) / asked.most)
        taken = [paths[int(index * step)] for index in range(min(asked.most, len(paths)))]
        measured = [measure(path) for path in taken]
        if asked.files:
            for path, figures in zip(taken, measured, strict=True):
                print(json.dumps({"file": str(path.relative_to(folder)), **figures}))
        print(json.dumps({"folder": folder.name, **summary(measured)}, indent=1))


def measure(path: Path) -> dict[str, object]:
    """The figures of a file: errors in its ABC, share of its notes that came back, seconds, characters."""
    begun = time.process_time()
    try:
        midi = MidiFile.parse(path.read_bytes())
        melody = read_melody(midi)
        tune = melody_to_tune(melody, title=path.stem)
    except AbclmError as error:
        return {"refused": str(error), "seconds": time.process_time() - begun}
    seconds = time.process_time() - begun
    wanted = voice_notes(midi, melody)
    return {
        "errors": sum(problem.severity == "error" for problem in check(tune)),
        "notes": len(wanted),
        "share": round(came_back(wanted, tune_notes(tune, melody)), 4),
        "seconds": round(seconds, 3),
        "characters": len(tune.text),
    }


def voice_notes(midi: MidiFile, melody: Melody) -> Notes:
    """The notes of the voice that was taken; where chords are not kept, the highest of those that begin together."""
    voice, _ = choose_voice(midi)
    keeps_chords = any(len(note.pitches) > 1 for note in melody.notes)
    notes: Notes = []
    for onset, pitch in sorted({(Fraction(n.start_ticks, midi.ticks_per_quarter), n.pitch) for n in voice}):
        together = [before for before in notes[-8:] if onset - before[0] < SAME]
        if keeps_chords:
            if pitch not in {before for _, before in together}:
                notes.append((onset, pitch))
        elif together:
            notes[-1] = notes[-1][0], max(pitch, notes[-1][1])
        else:
            notes.append((onset, pitch))
    return notes


def tune_notes(tune: Tune, melody: Melody) -> Notes:
    """The notes of the ABC, at the times of the file; grace notes begin with the note that they belong to."""
    start = melody.notes[0].onset
    if melody.swung:
        return [(start + onset, pitch) for onset, _, pitch in played_notes(play(tune))]
    graces = [(note.onset, pitch) for note in melody.notes for pitch in note.graces]
    return sorted([*((start + note.onset, note.pitch) for note in tune.notes()), *graces])


def came_back(wanted: Notes, found: Notes) -> float:
    """The share of the wanted notes that were found, each found note once."""
    by_pitch: dict[int, list[Fraction]] = {}
    for onset, pitch in found:
        by_pitch.setdefault(pitch, []).append(onset)
    count = 0
    for onset, pitch in wanted:
        onsets = by_pitch.get(pitch, [])
        at = bisect_left(onsets, onset - NEAR)
        if at < len(onsets) and onsets[at] <= onset + NEAR:
            del onsets[at]
            count += 1
    return count / len(wanted)


def summary(measured: list[dict[str, object]]) -> dict[str, object]:
    """What is said of a folder."""
    read = [each for each in measured if "refused" not in each]
    shares = [float(str(each["share"])) for each in read]
    return {
        "files": len(measured),
        "refused": [each["refused"] for each in measured if "refused" in each],
        "without_an_error": sum(not each["errors"] for each in read),
        "with_99_percent_of_the_notes": sum(share >= 0.99 for share in shares),
        "median_share": round(statistics.median(shares), 4) if shares else None,
        "mean_share": round(statistics.mean(shares), 4) if shares else None,
        "lowest_shares": sorted(shares)[:5],
        "notes": sum(int(str(each["notes"])) for each in read),
        "most_seconds": max(float(str(each["seconds"])) for each in measured),
        "most_characters": max((int(str(each["characters"])) for each in read), default=0),
    }


if __name__ == "__main__":
    main()
