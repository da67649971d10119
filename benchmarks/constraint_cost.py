"""Measure the probability that the grammar removes from a model's distribution.

    python benchmarks/constraint_cost.py [CORPUS ...] [--model session] [--samples 200] [--seed 0] [--json]

Before each character of a tune, the model gives some probability to symbols that the grammar does not allow. This
share is removed, and the rest is scaled up to 1; so the character costs fewer bits, by log2 of the scale. The output
has the mean share and the mean bits per character, for

- held-out strict tunes (from the split of the shipped models): almost zero, if the grammar is right;
- tunes sampled with the grammar at temperature 1: the probability of invalid continuations.

Held-out tunes that the grammar does not accept are counted and left out.
"""

import argparse
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from protocol import CORPORA, split

import abclm
from abclm.language_model import LanguageModel
from abclm.midi.complaints import complaints
from abclm.notation.grammar import Grammar
from abclm.tokenizers.characters import CharacterTokenizer

BATCH = 128


def masks(text: str, grammar: Grammar, tokenizer: CharacterTokenizer) -> np.ndarray | None:
    """Which symbols the grammar allows before each character, (characters, vocabulary); None where it stops."""
    state, rows = grammar.start(), np.zeros((len(text), len(tokenizer)), bool)
    for row, symbol in zip(rows, text, strict=True):
        allowed = grammar.allowed(state)
        if symbol not in allowed:
            return None
        row[[tokenizer.char_to_id[each] for each in allowed]] = True
        state = grammar.advance(state, symbol)
    return rows


def kept(lm: LanguageModel, texts: list[str], grammar: Grammar) -> Iterator[np.ndarray]:
    """The probability of all that is allowed, before each character of each text that the grammar accepts."""
    engine = lm.config.exact_engine(lm.weights)
    found = ((text, masks(text, grammar, lm.tokenizer)) for text in texts)
    accepted = sorted(
        ((text, rows) for text, rows in found if rows is not None), key=lambda each: len(each[0])
    )
    for first in range(0, len(accepted), BATCH):
        batch = accepted[first : first + BATCH]
        longest = len(batch[-1][0])
        ids = np.array([lm.tokenizer.encode(f"\n{text}".ljust(longest + 1)) for text, _ in batch])
        state, shares = engine.start(len(batch)), np.empty((len(batch), longest))
        for time in range(longest):
            logits = engine.step(state, ids[:, time]).astype(np.float64)
            chances = np.exp(logits - logits.max(axis=1, keepdims=True))
            allowed = np.array([rows[min(time, len(rows) - 1)] for _, rows in batch])
            shares[:, time] = (chances * allowed).sum(axis=1) / chances.sum(axis=1)
        yield from (row[: len(text)] for row, (text, _) in zip(shares, batch, strict=True))


def measure(lm: LanguageModel, texts: list[str]) -> dict[str, Any]:
    shares = list(kept(lm, texts, Grammar()))
    every = np.concatenate(shares)
    return {
        "tunes": len(texts),
        "accepted": len(shares),
        "characters": len(every),
        "share_removed": float(np.mean(1 - every)),
        "bits_per_character": float(np.mean(-np.log2(every))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=CORPORA)
    parser.add_argument("--model", default="session")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    lm = abclm.load(given.model)
    held_out = split(given.corpora)[1].tunes
    said = complaints(held_out)
    texts = {
        "held-out strict tunes": [
            tune.text for tune, complaint in zip(held_out, said, strict=True) if not complaint
        ],
        "samples": [
            tune.text.rstrip("\n") + "\n\n" for tune in lm.generate(n=given.samples, seed=given.seed)
        ],
    }
    figures = {name: measure(lm, each) for name, each in texts.items()}
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    for name, row in figures.items():
        print(
            f"{name}: {row['accepted']} of {row['tunes']} tunes, {row['characters']:,} characters: "
            f"{100 * row['share_removed']:.3f} % of the probability removed, "
            f"{row['bits_per_character']:.4f} bits/character"
        )


if __name__ == "__main__":
    main()
