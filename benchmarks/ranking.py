"""Print the table of `abclm.generation.abc.draws.rank`, by which the best of several draws of a tune is kept.

    python benchmarks/ranking.py [--model FOLDER|NAME] [-n 1000] [--seed 0] [--real FILE.abc ...]

A logistic regression tells the real training tunes in three rhythms from tunes of the model in these, one draw each; the
weight of one figure is held lower, so that the best of many draws has no more repetition than real tunes. The
real tunes are the training tunes of `session` (O'Neill, Ryan and Aird without the held-out tunes), or those of `--real`.
Then come figures of tunes that are the best of several draws, and of the held-out tunes (or those of `--real`): means
over the rhythms, and the two Fréchet distances from these tunes; and how often the regression ranks a held-out tune above
one draw of the model, which saw none of these. That is 0.5 where it can't tell them."""

import argparse
from pathlib import Path
from statistics import fmean

import numpy as np
from protocol import split

import abclm
from abclm.analysis.statistics import FEATURES as STATISTICS
from abclm.analysis.structure import FEATURES as STRUCTURE
from abclm.evaluation.comparison import frechet_distance
from abclm.generation.abc.draws.rank import WEIGHTS, Weight, figures

RHYTHMS = ("reel", "jig", "hornpipe")  # of others there are too few training tunes
RIDGE = 0.01
# Weights that are lower than the regression's, so that the best of many draws has no more repetition than real tunes.
HIGHEST = {"lag_4_over_3": 0.15}
SHOWN = (
    "bar_5_is_1", "bars_5_6_are_1_2", "lag_4_over_3", "last_bars_alike", "parts_on_tonic", "distinct_bars", "motifs",
    "leap_over_octave", "leaps_in_line",
)  # fmt: skip

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("-n", type=int, default=1000, help="tunes of each rhythm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", nargs="+", type=Path, help="files of canonical tunes")
    options = parser.parse_args()

    lm = abclm.load(options.model)
    if options.real:
        real = held_out = [tune for path in options.real for tune in abclm.read_tunebook(path).tunes]
    else:
        real, held_out = (list(side) for side in split())
    theirs, others = (
        {name: [figures(tune) for tune in tunes if tune.rhythm == name] for name in RHYTHMS}
        for tunes in (real, held_out)
    )
    ours = {
        name: [figures(tune) for tune in lm.generate(rhythm=name, n=options.n, seed=options.seed, best_of=1)]
        for name in RHYTHMS
    }
    both = joined(theirs), joined(ours)
    means = {name: fmean([found[name] for found in both[0] if name in found] or [0.0]) for name in WEIGHTS}
    units = {
        name: float(np.std([found.get(name, means[name]) for side in both for found in side])) or 1.0
        for name in WEIGHTS
    }
    fitted = regression(*(points(side, means, units) for side in both))[:-1]
    weights = np.minimum(fitted, [HIGHEST.get(name, np.inf) for name in WEIGHTS])
    print("WEIGHTS = {")
    for (name, mean), weight in zip(means.items(), weights, strict=True):
        print(f'    "{name}": Weight({weight:.2f}, {mean:.3g}, {units[name]:.3g}),')
    print("}", flush=True)

    def scores(tunes: list[Figures]) -> np.ndarray:
        return points(tunes, means, units)[:, :-1] @ weights

    print(f"{'':12}{' '.join(SHOWN)} distances")
    for draws in (each for each in (1, 2, 4, 8, 16) if each <= options.n):
        random = np.random.default_rng(0)
        kept = {
            name: [tunes[place] for place in best_places(scores(tunes), draws, random)]
            for name, tunes in ours.items()
        }
        show(f"best of {draws}", kept, others)
    show("held out", others, others)
    above = [
        np.mean(scores(others[name])[:, None] > scores(ours[name])[None]) for name in RHYTHMS if others[name]
    ]
    print(f"ranked above one draw: {np.mean(above):.2f} of the held-out tunes")


def joined(tunes: dict[str, list[Figures]]) -> list[Figures]:
    """The tunes of all rhythms."""
    return [found for some in tunes.values() for found in some]


def best_places(scores: np.ndarray, draws: int, random: np.random.Generator) -> list[int]:
    """The places of the tunes that are the best of so many draws; every tune is drawn eight times."""
    found = []
    for _ in range(8):
        order = random.permutation(len(scores))
        for first in range(0, len(order) - draws + 1, draws):
            places = order[first : first + draws]
            found.append(int(places[scores[places].argmax()]))
    return found


def show(name: str, tunes: dict[str, list[Figures]], others: dict[str, list[Figures]]) -> None:
    """Print a row of figures."""
    cells = []
    for each in SHOWN:
        values = [[found[each] for found in some if each in found] for some in tunes.values()]
        means = [fmean(some) for some in values if some]
        cells.append(f"{fmean(means) if means else 0:{len(each)}.3f}")
    distances = [
        frechet_distance(
            *(
                [[found.get(each, 0) / unit for each, unit in units.items()] for found in joined(side)]
                for side in (tunes, others)
            )
        )
        for units in (STATISTICS, {**STATISTICS, **STRUCTURE})
    ]
    print(f"{name:12}{' '.join(cells)} {distances[0]:.2f} {distances[1]:.2f}", flush=True)


def points(tunes: list[Figures], means: Figures, units: Figures) -> np.ndarray:
    """How far the figures of tunes are from the means, in units, 0 where a tune has none; and 1."""
    return np.array(
        [
            [Weight(0, mean, units[name]).units(found.get(name, mean)) for name, mean in means.items()]
            + [1.0]
            for found in tunes
        ]
    ).reshape(-1, len(means) + 1)


def regression(real: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The coefficients of a logistic regression with a ridge, by Newton's method; both sides weigh the same."""
    rows = np.vstack([real, written])
    is_real = np.repeat([1.0, 0.0], [len(real), len(written)])
    shares = np.repeat([1 / max(len(real), 1), 1 / len(written)], [len(real), len(written)])
    found = np.zeros(rows.shape[1])
    ridge = RIDGE * np.eye(len(found))
    for _ in range(30):
        chances = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (shares * (is_real - chances)) - ridge @ found
        curve = (rows.T * (shares * chances * (1 - chances))) @ rows + ridge
        found += np.linalg.solve(curve, slope)
    return found


if __name__ == "__main__":
    main()
