"""Compare generated tunes with held-out real tunes: their distance, and the number of copies.

    python benchmarks/likeness.py --corpus irish.abc --split split.json --paper FOLDER --model FOLDER|NAME
                                  [--part validation] [-n 200] [--seed 0] [--temperatures 1.0 0.8] [--redraws 0 16]

The first row has the same number of real training tunes, as the value by chance. The second row is the paper's recipe
from `recipes.py`, without the grammar. The other rows are the model with the grammar, at each temperature and with
each number of redraws, with its cache and usual forms and without. A copy shares more with a training tune than
different human tunes usually share (`Overlap.is_copy`)."""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from protocol import read_split

import abclm
from abclm.analysis.statistics import FEATURES, features, measure
from abclm.evaluation.comparison import compare
from abclm.evaluation.quality import judge
from abclm.generation.options import GenerationOptions
from abclm.tune import Tune


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", required=True, help="the tunes, one file")
    parser.add_argument("--split", type=Path, required=True, help="JSON with the places of the tunes")
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--paper", help="a model trained by the paper's recipe")
    parser.add_argument("--model", nargs="+", required=True)
    parser.add_argument("-n", type=int, default=200, help="tunes to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0, 0.8])
    parser.add_argument("--redraws", type=int, nargs="+", default=[0, 16])
    parser.add_argument("--far", action="store_true", help="name the features that are furthest off")
    options = parser.parse_args()

    parts = read_split(options.corpus, options.split)
    real = list(parts[options.part])
    print(f"{len(real)} {options.part} tunes; {options.n} of each model")
    print(
        "tunes | Fréchet distance | by chance | with structure | by chance | in form | on the tonic | copied",
        flush=True,
    )

    def row(name: str, tunes: list[Tune], index: abclm.analysis.novelty.NoveltyIndex | None = None) -> None:
        found, quality = compare(tunes, real, seed=options.seed), judge(tunes, index, ask_abc2midi=False)
        copied = f"{quality.copied.share:.3f}" if quality.copied else ""
        print(
            f"{name} | {found.frechet:.2f} | {found.frechet_chance:.2f} | {found.structure_frechet:.2f} | "
            f"{found.structure_frechet_chance:.2f} | {quality.in_form.share:.2f} | "
            f"{quality.ends_on_tonic.share:.2f} | {copied}",
            flush=True,
        )
        if options.far:
            print("   ", ", ".join(furthest(tunes, real)), flush=True)

    row("real", list(parts["train"])[: options.n])
    how = GenerationOptions(n=options.n, seed=options.seed)
    if options.paper:
        lm = abclm.load(options.paper)
        row("paper, unconstrained", lm.generate(how, constrained=False, attempts=1), lm.novelty_index)
        row("paper, constrained", lm.generate(how, any_form=True), lm.novelty_index)
    for name in options.model:
        lm = abclm.load(name)
        row(
            f"{name}, unconstrained, network alone",
            lm.with_cache(()).generate(how, constrained=False, attempts=1),
        )
        row(f"{name}, network alone, any form", lm.with_cache(()).generate(how, any_form=True))
        row(f"{name}, network alone", lm.with_cache(()).generate(how))
        for temperature, redraws in product(options.temperatures, options.redraws):
            tunes = lm.generate(how, temperature=temperature, bar_redraws=redraws)
            row(f"{name}, temperature {temperature}, {redraws} redraws", tunes, lm.novelty_index)


def furthest(tunes: list[Tune], real: list[Tune], most: int = 5) -> list[str]:
    """The features whose means are furthest apart, in standard deviations among tunes."""
    means = [
        np.mean([features(found) for tune in some if (found := measure(tune))], axis=0)
        for some in (tunes, real)
    ]
    apart = sorted(zip(means[0] - means[1], FEATURES, strict=True), key=lambda each: -abs(each[0]))
    return [f"{name} {difference:+.2f}" for difference, name in apart[:most]]


if __name__ == "__main__":
    main()
