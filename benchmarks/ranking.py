"""Print the tables of `abclm.generation.abc.draws.rank`, by which the best of several draws of a tune is kept.

    python benchmarks/ranking.py [--model FOLDER|NAME] [-n 1000] [--seed 0] [--real FILE.abc ...]

For each rhythm a logistic regression tells the real training tunes from tunes of the model, one draw each, by figures of
their structure. Its coefficients are the weights; one that would be for wide leaps, or against what else is counted, is
0. The real tunes are the training tunes of `session` (O'Neill, Ryan and Aird without the held-out tunes), or those of
`--real`. The last table is of all rhythms together. Then come figures of tunes that are kept of several draws, by
chance or as the highest, and of the held-out tunes (or those of `--real`): means over the rhythms, and the Fréchet
distance in structure from these tunes."""

import argparse
import math
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

import numpy as np
from protocol import split

import abclm
from abclm.analysis.structure import FEATURES, structure
from abclm.evaluation.comparison import frechet_distance
from abclm.generation.abc.draws.rank import FIGURES

RHYTHMS = ("reel", "jig", "hornpipe")  # of others there are too few training tunes
RIDGE = 0.01
SHOWN = ("bar_5_is_1", "bars_5_6_are_1_2", "lag_4_over_3", "leap_over_octave", "distinct_bars")


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
        {name: [structure(tune) for tune in tunes if tune.rhythm == name] for name in RHYTHMS}
        for tunes in (real, held_out)
    )
    ours = {
        name: [
            structure(tune) for tune in lm.generate(rhythm=name, n=options.n, seed=options.seed, best_of=1)
        ]
        for name in RHYTHMS
    }
    means = [
        fmean(fmean(found[name] for found in tunes if name in found) for tunes in theirs.values() if tunes)
        for name in FIGURES
    ]
    print(f"MEANS = ({', '.join(f'{mean:.2f}' for mean in means)})")
    print("WEIGHTS: dict[str, tuple[float, ...]] = {")
    fitted = {}
    for name in (*RHYTHMS, ""):
        chosen = [name] if name else RHYTHMS
        weights = fit(*(np.vstack([points(of[each], means) for each in chosen]) for of in (theirs, ours)))
        fitted[name] = weights
        print(f'    "{name}": ({", ".join(f"{weight:.2f}" for weight in weights)}),', flush=True)
    print("}")
    print(f"{'':24}{' '.join(SHOWN)} distance")
    scores = {name: points(tunes, means)[:, :-1] @ fitted[name] for name, tunes in ours.items()}
    for draws in (each for each in (1, 2, 4, 8) if each <= options.n):
        for way in ("by chance", "the highest")[: min(draws, 2)]:
            random = np.random.default_rng(0)
            kept = {
                name: [ours[name][each] for each in keep(scores[name], draws, way, random)] for name in ours
            }
            show(f"one of {draws}, {way}", kept, others)
    show("held out", others, others)


def keep(scores: np.ndarray, draws: int, way: str, random: np.random.Generator) -> list[int]:
    """The places of the tunes that are kept of so many draws each; every tune is drawn eight times."""
    found = []
    for _ in range(8):
        order = random.permutation(len(scores))
        for first in range(0, len(order) - draws + 1, draws):
            places = order[first : first + draws]
            weights = np.exp(scores[places] - scores[places].max())
            is_highest = way == "the highest"
            found.append(
                int(
                    places[scores[places].argmax()]
                    if is_highest
                    else random.choice(places, p=weights / weights.sum())
                )
            )
    return found


def mean(values: Iterable[float]) -> float:
    """The mean of those that are numbers; none if there are none."""
    found = [value for value in values if not math.isnan(value)]
    return fmean(found) if found else math.nan


def show(
    name: str, tunes: dict[str, list[dict[str, float]]], others: dict[str, list[dict[str, float]]]
) -> None:
    """Print a row of figures."""
    figures = [
        mean(mean(found[each] for found in some if each in found) for some in tunes.values())
        for each in SHOWN
    ]
    features = [
        [
            [found.get(each, 0) / unit for each, unit in FEATURES.items()]
            for some in of.values()
            for found in some
        ]
        for of in (tunes, others)
    ]
    cells = " ".join(f"{figure:{len(each)}.2f}" for each, figure in zip(SHOWN, figures, strict=True))
    print(f"{name:24}{cells} {frechet_distance(*features):8.2f}", flush=True)


def points(tunes: list[dict[str, float]], means: list[float]) -> np.ndarray:
    """The figures of tunes less the means, 0 where a tune has none; and 1."""
    return np.array(
        [
            [found.get(name, mean) - mean for name, mean in zip(FIGURES, means, strict=True)] + [1.0]
            for found in tunes
        ]
    ).reshape(-1, len(FIGURES) + 1)


def fit(real: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The coefficients of a logistic regression, without those of the wrong sign one after another."""
    used = np.ones(len(FIGURES) + 1, bool)
    signs = np.array([-1 if name in ("leap_over_octave", "outside_g3_e6") else 1 for name in FIGURES])
    while True:
        found = np.zeros(len(used))
        found[used] = regression(real[:, used], written[:, used])
        wrong = found[:-1] * signs
        if wrong.min() >= 0:
            return found[:-1]
        used[wrong.argmin()] = False


def regression(real: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The coefficients with a ridge, by Newton's method; both sides weigh the same."""
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
