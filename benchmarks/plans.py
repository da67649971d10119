"""Write tunes by plans of training tunes, and print their structure beside that of tunes without a plan and real tunes.

    python benchmarks/plans.py [--model FOLDER|NAME] [-n 100] [--seed 0] [--best-of 1] [--real FILE.abc ...]

Each plan is that of a training tune of the rhythm, drawn by chance: which bars are alike, and no notes. The training
tunes are those of `session` (O'Neill, Ryan and Aird without the held-out tunes), the real tunes the held-out ones; with
`--real` both are the tunes in these files. The figures are means over reel, jig and hornpipe; the last two are the
Fréchet distances, in statistics and with structure."""

import argparse
import random
from pathlib import Path
from statistics import fmean

from protocol import split

import abclm
from abclm.analysis.plan import plan_of
from abclm.analysis.structure import structure
from abclm.errors import ConfigError, NotationError
from abclm.evaluation.comparison import compare
from abclm.tune import Tune

RHYTHMS = ("reel", "jig", "hornpipe")
SHOWN = (
    "bar_5_is_1", "bars_5_6_are_1_2", "lag_4_over_3", "last_bars_alike", "parts_on_tonic", "distinct_bars", "motifs",
    "leap_over_octave",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("-n", type=int, default=100, help="tunes of each rhythm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--real", nargs="+", type=Path, help="files of canonical tunes")
    options = parser.parse_args()

    lm = abclm.load(options.model)
    if options.real:
        training = held_out = [tune for path in options.real for tune in abclm.read_tunebook(path).tunes]
    else:
        training, held_out = (list(side) for side in split())
    drawn = random.Random(options.seed)
    asked = {"seed": options.seed, "best_of": options.best_of}
    free, planned, refused = [], [], 0
    for rhythm in RHYTHMS:
        free += [(rhythm, tune) for tune in lm.generate(rhythm=rhythm, n=options.n, **asked)]
        plans = [plan_of(tune) for tune in training if tune.rhythm == rhythm]
        for number in range(options.n):
            try:
                tunes = lm.generate(
                    rhythm=rhythm, plan=drawn.choice(plans), **{**asked, "seed": options.seed + number}
                )
            except (ConfigError, NotationError):  # a form that the grammar doesn't write
                refused += 1
            else:
                planned.append((rhythm, tunes[0]))
    real = [(tune.rhythm or "", tune) for tune in held_out if tune.rhythm in RHYTHMS]
    print(f"{'':10}{' '.join(SHOWN)} distances")
    for name, tunes in (("free", free), ("by a plan", planned), ("real", real)):
        show(name, tunes, [tune for _, tune in real])
    print(f"{refused} plans that can't be written")


def show(name: str, tunes: list[tuple[str, Tune]], real: list[Tune]) -> None:
    """Print a row of figures."""
    found = [(rhythm, structure(tune)) for rhythm, tune in tunes]
    cells = []
    for each in SHOWN:
        means = [
            fmean(values)
            for wanted in RHYTHMS
            if (values := [row[each] for rhythm, row in found if rhythm == wanted and each in row])
        ]
        cells.append(f"{fmean(means) if means else 0:{len(each)}.3f}")
    comparison = compare([tune for _, tune in tunes], real)
    print(f"{name:10}{' '.join(cells)} {comparison.frechet:.2f} {comparison.structure_frechet:.2f}")


if __name__ == "__main__":
    main()
