"""Fit the weights of the cache on tunes that a model was not trained on, and print the saved bits.

    python benchmarks/cache.py [CORPUS ...] --model FOLDER [--longest 16] [--folds 2]

Without a corpus, the script uses the tunes that were held out in the training of the model. The tunes are divided
into folds by their positions. Each fold is evaluated with weights fitted on the other folds. The printed weights are
fitted on all tunes; `abclm.models.recall.WEIGHTS` are those of `session` in version 0.1.0, which
`train_session.py --plain` trains again. A model with structure has no cache: its gate learns when to trust what recurs.

For each length n of a repeated passage, the weight w maximises Σ ln((1 − w) p + w r) over the positions where the
longest repeated passage has n symbols. Here p is the network's probability of the true symbol, and r = 1 if the cache
recalls this symbol, else 0. The sum is a concave function of w; expectation maximisation finds its maximum."""

import argparse
import math

import numpy as np
import numpy.typing as npt

import abclm
from abclm.corpora.corpus import Corpus, read_corpora
from abclm.models.recall import SHORTEST, WEIGHTS, Cache
from abclm.training.forgetting import tunes_held_out_from
from abclm.tune import Tune

Floats = npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS")
    parser.add_argument("--model", required=True, help="a model without structure")
    parser.add_argument("--longest", type=int, default=SHORTEST + len(WEIGHTS) - 1)
    parser.add_argument("--folds", type=int, default=2)
    options = parser.parse_args()

    lm = abclm.load(options.model)
    if lm.config.columns:
        parser.error(
            f"{options.model} has structure, and its recall in its gate; name a model without structure"
        )
    corpus = read_corpora(options.corpora).normalize() if options.corpora else held_out_from(lm)
    places = [observed(lm, tune, options.longest) for tune in corpus]
    folds = [slice(first, None, options.folds) for first in range(options.folds)]
    fitted = 0.0
    for fold in folds:
        others = [each for index, each in enumerate(places) if index % options.folds != fold.start]
        fitted += cost(places[fold], fit(others, options.longest))
    weights = fit(places, options.longest)
    network = cost(places, np.zeros(len(weights)))
    lengths = np.concatenate([each[:, 0] for each in places])
    hits = np.concatenate([each[:, 2] for each in places])
    print(f"{len(corpus)} tunes, {len(lengths):,} characters, network of {options.model}")
    print("passage | share of the characters | recalled what came | weight")
    for row, weight in enumerate(weights):
        found = lengths == SHORTEST + row
        more = " or more" if row == len(weights) - 1 else ""
        print(f"{SHORTEST + row}{more} | {found.mean():.3f} | {hits[found].mean():.3f} | {weight:.2f}")
    given = np.array(WEIGHTS[: len(weights)])
    for name, nats in (
        ("network alone", network),
        ("with weights fitted on the other folds", fitted),
        ("with abclm.models.recall.WEIGHTS", cost(places, given)),
    ):
        bits = nats / math.log(2) / len(corpus)
        print(f"{name}: {bits:.1f} bits per tune ({100 * (nats / network - 1):+.1f} %)")


def held_out_from(lm: abclm.LanguageModel) -> Corpus:
    """The tunes that were held out when a model was trained."""
    corpus = tunes_held_out_from(lm, most=10_000)
    if corpus is None:
        raise SystemExit("the model does not say which tunes were held out; name a corpus")
    return corpus


def observed(lm: abclm.LanguageModel, tune: Tune, longest: int) -> Floats:
    """At each character the length of the passage that comes again, 0 for none, the network's p, and r: `(time, 3)`."""
    ids = lm.tokenizer.encode_piece(tune.text)
    logits = lm.config.exact_engine(lm.weights).logits(ids[:-1]).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # A weight for each length, which says how long the passage was.
    cache = Cache([length / 1000 for length in range(SHORTEST, longest + 1)], tune.body_start)
    rows = np.zeros((len(ids) - 1, 3))
    rows[:, 1] = chances[np.arange(len(rows)), ids[1:]]
    for row, token_id in zip(rows, ids[1:].tolist(), strict=True):
        row[0], row[2] = round(1000 * cache.weight), cache.recalled == token_id
        cache.add(token_id)
    return rows


def fit(places: list[Floats], longest: int) -> Floats:
    """The weights under which these characters are likeliest, `(lengths,)`."""
    table = np.concatenate(places)
    weights = np.full(longest - SHORTEST + 1, 0.5)
    for row, length in enumerate(range(SHORTEST, longest + 1)):
        _, chances, recalled = table[table[:, 0] == length].T
        for _ in range(200):
            share = weights[row] * recalled
            weights[row] = (share / (share + (1 - weights[row]) * chances)).mean() if len(chances) else 0
    return weights


def cost(places: list[Floats], weights: Floats) -> float:
    """Nats of all characters."""
    lengths, chances, recalled = np.concatenate(places).T
    weight = np.concatenate([np.zeros(SHORTEST), weights])[lengths.astype(int)]
    return float(-np.log((1 - weight) * chances + weight * recalled).sum())


if __name__ == "__main__":
    main()
