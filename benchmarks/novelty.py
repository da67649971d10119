"""Measure the overlap of human tunes, generated tunes and copies with training tunes, and the size of the index.

    python benchmarks/novelty.py [CORPUS ...] [--tunes 300] [--model session] [--copies 500] [--json]

The corpora (by default those of `session`) are split as for `session`, so that no held-out tune shares half of its
bars with a training tune, as settings of one tune do. The output has:

- quantiles of the share and the run of the held-out tunes, which are the source of
  `abclm.analysis.novelty.USUAL_SHARE` and `USUAL_RUN`;
- the same for `--tunes` generated tunes, and the number of copies among them by these limits;
- for both, quantiles of the longest run of notes that is in a training tune too, in any key and rhythm, and how many
  generated tunes have a longer one than 99 % of the held-out tunes;
- the number of copies found among `--copies` training tunes that are transposed, written out without repeats and
  given another title;
- the number of differences between the index, which contains hashes, and an exact comparison of bars;
- the size of the index and the CPU time of a look-up.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from protocol import CORPORA, split

import abclm
from abclm.analysis.novelty import USUAL_RUN, USUAL_SHARE, NoveltyIndex, Overlap
from abclm.analysis.similarity import TuneIndex
from abclm.analysis.structure import melody_of
from abclm.notation.symbols import Bar
from abclm.tune import Tune

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


def quantiles(overlaps: Sequence[Overlap]) -> dict[str, Any]:
    """Where the shares and runs of overlaps lie, and how many are copies."""
    return {
        "tunes": len(overlaps),
        "share": {str(each): quantile([one.share for one in overlaps], each) for each in QUANTILES},
        "run": {str(each): quantile([one.run for one in overlaps], each) for each in QUANTILES},
        "copies": sum(one.is_copy() for one in overlaps),
    }


def quantile(values: list[float], at: float) -> float:
    """A value that occurs: the smallest that so large a share of the values does not exceed."""
    return float(np.quantile(values, at, method="inverted_cdf")) if values else 0.0


def disguised(tune: Tune, semitones: int) -> Tune:
    """The tune in another key, under another title, its repeats and endings written out."""
    moved = tune.transpose(semitones)
    symbols = moved.playback.symbols
    music = []
    for index, _ in moved.playback.order():
        after = symbols[index + 1].at if index + 1 < len(symbols) else len(moved.text)
        symbol = symbols[index]
        music.append("|" if isinstance(symbol, Bar) else moved.text[symbol.at : after])
    header = moved.text[: moved.body_start].replace(f"T:{moved.title}\n", "T:Disguised\n")
    return Tune.parse(f"{header}{''.join(music)}|]\n")


def exact_bars(index: TuneIndex, tune: Tune) -> int:
    """The most bars that one tune has in common, by comparing the bars themselves."""
    return max((match.bars for match in index.matches(tune)), default=0)


class NoteRuns:
    """Finds the longest run of notes, in any key and rhythm, that tunes have in common with others.

    Args:
        tunes: the others.
    """

    def __init__(self, tunes: Iterable[Tune]) -> None:
        self._lines = [intervals(tune) for tune in tunes]
        self._runs: dict[int, set[bytes]] = {}

    def longest(self, tune: Tune) -> int:
        """The notes of the longest run in common; 0 where not even two notes are."""
        line = intervals(tune)
        low, high = 0, len(line)
        while low < high:  # whoever has a run in common has each shorter one
            middle = (low + high + 1) // 2
            if self._of(middle).isdisjoint(runs(line, middle)):
                high = middle - 1
            else:
                low = middle
        return low + 1 if low else 0

    def _of(self, length: int) -> set[bytes]:
        if length not in self._runs:
            self._runs[length] = {run for line in self._lines for run in runs(line, length)}
        return self._runs[length]


def intervals(tune: Tune) -> bytes:
    """The intervals of a tune's melody as written, a byte each."""
    pitches = [note.pitch for note in melody_of(tune)]
    return bytes(128 + after - before for before, after in pairwise(pitches))


def runs(line: bytes, length: int) -> Iterator[bytes]:
    """All runs of so many intervals."""
    return (line[first : first + length] for first in range(len(line) - length + 1))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    train, held_out = split(options.corpora, validation=options.validation)
    index, exact = NoveltyIndex.create(train), TuneIndex(train)
    start = time.process_time()
    overlaps = [index.nearest(tune) for tune in held_out]
    look_up = (time.process_time() - start) / len(overlaps)
    differ = sum(
        exact_bars(exact, tune) != overlap.bars for tune, overlap in zip(held_out, overlaps, strict=True)
    )
    figures: dict[str, Any] = {
        "training_tunes": len(train),
        "held_out": quantiles(overlaps),
    }

    if options.tunes and options.model != "none":
        lm = abclm.load(options.model)
        written = lm.generate(n=options.tunes, seed=options.seed, batch_size=min(64, options.tunes))
        figures["generated"] = quantiles([index.nearest(tune) for tune in written])
        differ += sum(exact_bars(exact, tune) != index.nearest(tune).bars for tune in written)
        of_notes = NoteRuns(train)
        theirs, ours = ([of_notes.longest(tune) for tune in tunes] for tunes in (held_out, written))
        limit = quantile(theirs, 0.99)
        figures["note_runs"] = {
            "held_out": {str(each): quantile(theirs, each) for each in QUANTILES},
            "generated": {str(each): quantile(ours, each) for each in QUANTILES},
            "longer": sum(run > limit for run in ours),
        }

    generator = np.random.default_rng(options.seed)
    chosen = generator.permutation(len(train))[: options.copies]
    copies = [disguised(train.tunes[place], int(generator.integers(1, 12))) for place in chosen]
    found = [index.nearest(tune) for tune in copies]
    telling = [overlap for overlap in found if overlap.index is not None]
    figures["copies"] = {
        "tunes": len(copies),
        "found": sum(overlap.is_copy() for overlap in found),
        "whole": sum(overlap.share == 1 for overlap in found),
        "without_bars_to_compare": len(found) - len(telling),
    }
    figures["index"] = {
        "bytes": len(index.to_bytes()),
        "looked_up": len(held_out) + figures.get("generated", {}).get("tunes", 0),
        "differ_from_exact": differ,
        "look_up_milliseconds": 1000 * look_up,
    }
    return figures


def show(name: str, figures: dict[str, Any]) -> None:
    tunes, copies = figures["tunes"], figures["copies"]
    flagged = f"{copies} ({100 * copies / tunes:.1f} %)" if tunes else "none"
    print(f"{name}: {tunes:,} tunes, {flagged} copies")
    for what in ("share", "run"):
        row = "  ".join(f"{100 * float(at):g} %: {value:.3g}" for at, value in figures[what].items())
        print(f"  {what:6}{row}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=CORPORA)
    parser.add_argument("--validation", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="session", help="a preset, a model folder, or none")
    parser.add_argument("--tunes", type=int, default=300, help="how many the model writes")
    parser.add_argument("--copies", type=int, default=500, help="how many training tunes to disguise")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    figures = measure(options)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{figures['training_tunes']:,} training tunes; copies share more than {USUAL_SHARE:.3f} of their ")
    print(f"bars with one of them, or more than {USUAL_RUN} different bars in a row")
    show("held out", figures["held_out"])
    if "generated" in figures:
        show(f"written by {options.model}", figures["generated"])
    if "note_runs" in figures:
        found = figures["note_runs"]
        for name in ("held_out", "generated"):
            row = "  ".join(f"{100 * float(at):g} %: {value:.3g}" for at, value in found[name].items())
            print(f"longest run of notes, {name.replace('_', ' ')}: {row}")
        of = figures["generated"]["tunes"]
        print(f"  longer than that of 99 % of the held-out tunes: {found['longer']} of {of} generated ones")
    copies, index = figures["copies"], figures["index"]
    print(
        f"disguised training tunes: {copies['tunes']:,}, of which {copies['found']:,} are found and "
        f"{copies['whole']:,} found whole; {copies['without_bars_to_compare']:,} have no bar to compare"
    )
    print(
        f"index: {index['bytes']:,} bytes; {index['differ_from_exact']} of {index['looked_up']:,} tunes "
        f"differ from the exact comparison; {index['look_up_milliseconds']:.1f} ms a look-up"
    )


if __name__ == "__main__":
    main()
