"""Print a figure like the Inception Score for tunes: how surely, and how evenly, a classifier tells their rhythms.

    python benchmarks/inception_score.py [--model FOLDER|NAME] [-n 200] [--order 5] [--real FILE.abc --training FILE.abc]

exp(mean KL(p(y | x) || p(y))), with y a rhythm and x a tune (T. Salimans et al., "Improved techniques for training GANs",
NeurIPS 2016). The classifier is Bayes' rule with a character n-gram of the bodies of each rhythm's training tunes; it
sees neither `R:` nor the meter. The highest value is the number of rhythms.

The rows are real held-out tunes, the model's tunes, the real tunes with their bars shuffled, and with each bar taken
from another tune of the rhythm. The last two are no tunes any more: where their value is that of real tunes, the figure
does not see what makes a tune."""

import argparse
import random
from collections import Counter

import numpy as np
from protocol import split

import abclm
from abclm.evaluation.ngram import NGramModel
from abclm.tune import Tune

FEWEST = 40  # training tunes of a rhythm


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("-n", type=int, default=200, help="tunes to write")
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--fewest", type=int, default=FEWEST, help="training tunes of a rhythm")
    parser.add_argument("--training", help="a file of canonical tunes")
    parser.add_argument("--real", help="a file of canonical tunes")
    options = parser.parse_args()

    files = (options.training, options.real)
    train, held_out = (abclm.read_tunebook(path).tunes for path in files) if all(files) else split()
    counts = Counter(tune.rhythm for tune in train if tune.rhythm)
    rhythms = sorted(rhythm for rhythm, count in counts.items() if count >= options.fewest)
    models = [
        NGramModel([without_header(tune) for tune in train if tune.rhythm == rhythm], options.order)
        for rhythm in rhythms
    ]
    prior = np.log([counts[rhythm] for rhythm in rhythms])
    real = [tune for tune in held_out if tune.rhythm in rhythms]

    def row(name: str, tunes: list[Tune]) -> None:
        posterior = np.array([posterior_of(without_header(tune), models, prior) for tune in tunes])
        mean = posterior.mean(axis=0)
        divergence = (posterior * np.log(np.maximum(posterior, 1e-300) / mean)).sum(axis=1).mean()
        right = np.mean(
            [rhythms[p.argmax()] == tune.rhythm for p, tune in zip(posterior, tunes, strict=True)]
        )
        print(f"{name:32} {np.exp(divergence):5.2f} | {right:.2f} of {len(tunes)} told", flush=True)

    print(f"{len(rhythms)} rhythms: {', '.join(rhythms)}")
    row("real, held out", real)
    lm = abclm.load(options.model)
    share = options.n / len(real)
    written = [
        tune
        for rhythm, count in Counter(tune.rhythm for tune in real).items()
        for tune in lm.generate(rhythm=rhythm, n=max(1, round(share * count)), seed=0)
    ]
    row(options.model, written)
    row("real, bars shuffled", [with_bars(tune, [tune]) for tune in real])
    others = {rhythm: [tune for tune in real if tune.rhythm == rhythm] for rhythm in rhythms}
    row("real, bars of several tunes", [with_bars(tune, others[str(tune.rhythm)]) for tune in real])


def without_header(tune: Tune) -> Tune:
    """The body alone, in no key and no meter."""
    return Tune.parse(f"X:1\nK:C\n{tune.body}")


def posterior_of(tune: Tune, models: list[NGramModel], prior: np.ndarray) -> np.ndarray:
    """The probability of each rhythm."""
    length = len(tune.text.rstrip()) + 2
    scores = prior - np.log(2) * length * np.array([model.bits_per_character([tune]) for model in models])
    chances = np.exp(scores - scores.max())
    return np.asarray(chances / chances.sum())


def with_bars(tune: Tune, among: list[Tune]) -> Tune:
    """A text like the tune's, each bar exchanged for one that is drawn from some tunes."""
    drawn = random.Random(0)
    bars = [bar for each in among for bar in each.body.replace("\n", "").split("|")[:-1]]
    own = tune.body.strip().split("|")
    mixed = drawn.sample(bars, len(own) - 1) if len(among) > 1 else drawn.sample(own[:-1], len(own) - 1)
    return Tune.parse(f"{tune.text[: tune.body_start]}{'|'.join([*mixed, own[-1]])}\n")


if __name__ == "__main__":
    main()
