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
from abclm.models.context import with_context
from abclm.notation.grammar import Grammar
from abclm.tokenizers.characters import CharacterTokenizer, as_characters


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
    engine, tokenizer = lm.config.exact_engine(lm.weights), as_characters(lm.tokenizer)
    for text in texts:
        if (allowed := masks(text, grammar, tokenizer)) is None:
            continue
        ids = tokenizer.encode(f"\n{text}")
        read = with_context(tokenizer, ids) if lm.config.columns else ids
        logits = engine.logits(read[:-1]).astype(np.float64)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        yield (chances * allowed[: len(text)]).sum(axis=1) / chances.sum(axis=1)


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
            tune.text.rstrip("\n") + "\n\n"
            for tune in lm.generate(n=given.samples, seed=given.seed, temperature=1.0)
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
