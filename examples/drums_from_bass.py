"""Write drums for a bass line, from MIDI files that have both: counts of which drums are struck at each sixteenth note.

    python examples/drums_from_bass.py songs/*.mid --bass line.mid --out with-drums.mid

What is struck depends on the place in the bar of four quarter notes and on whether a bass note begins there. Counts of
both are backed off to those of the place alone, and of no condition (Witten and Bell). With --held-out, the nats of a
step in these files are printed, with and without the bass line: whether the bass says anything about the drums.
"""

import argparse
import math
import random
from collections import Counter, defaultdict
from pathlib import Path

import symusic

STEPS, BAR = 4, 16  # steps of a quarter note, steps of a bar
Drums = frozenset[int]
Step = tuple[int, bool]  # the place in the bar, and whether a bass note begins


def read(path: str) -> list[tuple[Step, Drums]]:
    """Read the steps of a file: its bass is the track with a bass program, or the one whose notes are lowest."""
    score = symusic.Score(path)
    quarter = score.ticks_per_quarter
    drums: dict[int, set[int]] = defaultdict(set)
    for track in (track for track in score.tracks if track.is_drum):
        for note in track.notes:
            drums[round(note.time * STEPS / quarter)].add(note.pitch)
    pitched = [track for track in score.tracks if not track.is_drum and len(track.notes)]
    if not pitched:
        raise SystemExit(f"{path}: there is no bass line; give a file with one")
    bass = min(
        pitched,
        key=lambda t: (t.program not in range(32, 40), sum(note.pitch for note in t.notes) / len(t.notes)),
    )
    onsets = {round(note.time * STEPS / quarter) for note in bass.notes}
    length = max([*onsets, *drums]) + 1
    return [((at % BAR, at in onsets), frozenset(drums[at])) for at in range(length)]


class Counts:
    """How often which drums are struck, by place and bass, by place, and in all."""

    def __init__(self, steps: list[tuple[Step, Drums]]) -> None:
        self.counts: dict[object, Counter[Drums]] = defaultdict(Counter)
        for (place, has_bass), drums in steps:
            for context in ((place, has_bass), place, None):
                self.counts[context][drums] += 1

    def shares(self, step: Step, with_bass: bool = True) -> dict[Drums, float]:
        """How likely each set of drums is at a step."""
        known = self.counts[None]
        found = {drums: count / known.total() for drums, count in known.items()}
        for context in (step[0], step) if with_bass else (step[0],):
            counts = self.counts[context]
            if counts:
                weight = len(counts) / (counts.total() + len(counts))
                found = {
                    drums: weight * share + (1 - weight) * counts[drums] / counts.total()
                    for drums, share in found.items()
                }
        return found

    def nats(self, steps: list[tuple[Step, Drums]], with_bass: bool) -> float:
        """The mean nats of a step; drums that were never struck together cost those of one in ten thousand."""
        costs = (-math.log(self.shares(step, with_bass).get(drums, 1e-4)) for step, drums in steps)
        return sum(costs) / len(steps)


def add_drums(counts: Counts, path: str, out: Path, seed: int) -> int:
    """Write a file again with a track of drums; gives how many drum notes it has."""
    score, drawn = symusic.Score(path), random.Random(seed)
    quarter = score.ticks_per_quarter
    track = symusic.Track("Drums", is_drum=True)
    for at, (step, _) in enumerate(read(path)):
        shares = counts.shares(step)
        for pitch in sorted(drawn.choices([*shares], [*shares.values()])[0]):
            track.notes.append(symusic.Note(at * quarter // STEPS, quarter // STEPS, pitch, 90))
    score.tracks.append(track)
    out.parent.mkdir(parents=True, exist_ok=True)
    score.dump_midi(out)
    return len(track.notes)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("songs", nargs="+", help="MIDI files with drums and a bass line")
    parser.add_argument("--bass", required=True, help="MIDI file with a bass line")
    parser.add_argument("--held-out", nargs="*", default=[], help="MIDI files to measure on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("with-drums.mid"))
    options = parser.parse_args()
    steps = [step for path in options.songs for step in read(path)]
    if not any(drums for _, drums in steps):
        raise SystemExit(f"{', '.join(options.songs)}: no drum is struck; give files with drums")
    counts = Counts(steps)
    if options.held_out:
        others = [step for path in options.held_out for step in read(path)]
        both, alone = (counts.nats(others, with_bass) for with_bass in (True, False))
        print(f"nats a step: {both:.3f} with the bass line, {alone:.3f} without, of {len(others):,} steps")
    print(f"{options.out}: {add_drums(counts, options.bass, options.out, options.seed):,} drum notes")


if __name__ == "__main__":
    main()
