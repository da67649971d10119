"""Count the tunes of a model that are valid, end by themselves, and have the requested header.

    python benchmarks/validity.py [--model session] [--tunes 2000] [--random-tunes 500] [--temperature 0.8 1.0 1.3]
                                  [--seed 0] [--max-length 1500] [--unconstrained] [--json]

The model writes `--tunes` tunes at each temperature; a model of the same size with random weights writes
`--random-tunes` tunes at the first temperature, one draw each. Each request, of up to 20 tunes, has a title, every
second a key, every third a rhythm, and some of these a meter. The script counts the tunes without problems in
`Tune.check`, without errors and warnings of abc2midi (except its messages about repeats), the tunes that end by
themselves, and the tunes with the requested header. It also prints the messages of abc2midi."""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import abclm
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.midi.complaints import complaints
from abclm.notation.fields import RHYTHMS
from abclm.notation.grammar import KEYS

MEASURES = ("valid", "abc2midi", "ended", "as_asked")
SHOWN = 10
EACH = 20  # tunes of one request at most


def asked(index: int) -> dict[str, str]:
    """What the tune of this number is asked for with."""
    fields = {"title": f"Tune {index + 1}"}
    if index % 2 == 0:
        fields["key"] = KEYS[index % len(KEYS)]
    if index % 3 == 0:
        fields["rhythm"] = list(RHYTHMS)[index % len(RHYTHMS)]
        if index % 5 == 0:
            fields["meter"] = RHYTHMS[fields["rhythm"]][0]
    return fields


def written(
    lm: LanguageModel, tunes: int, temperature: float, given: argparse.Namespace
) -> Iterator[tuple[str, bool, bool, bool]]:
    """Each tune's text, and whether it is valid, ended by itself and has what was asked for."""
    for index, first in enumerate(range(0, tunes, EACH)):
        options = GenerationOptions(
            **asked(index), n=min(EACH, tunes - first), seed=given.seed + index, temperature=temperature,
            max_length=given.max_length, constrained=not given.unconstrained, attempts=1, best_of=1,
        )  # fmt: skip
        for each in generate(lm, options):
            lines = str(each.tune).split("\n")
            header = lines[: next(place for place, line in enumerate(lines) if line.startswith("K:")) + 1]
            as_asked = all(
                header.count(f"{letter}:{value}") == 1 for letter, value in options.prompt.header.items()
            )
            ended = not any("doesn't end" in problem for problem in each.problems)
            yield each.tune.text, each.problems == () and each.tune.check() == [], ended, as_asked
        if sys.stderr.isatty():
            print(f"\r{first + options.n:,} of {tunes:,}", end="", file=sys.stderr)


def measure(
    name: str, lm: LanguageModel, tunes: int, temperature: float, given: argparse.Namespace
) -> dict[str, Any]:
    texts, counts = [], Counter[str]()
    for text, valid, ended, as_asked in written(lm, tunes, temperature, given):
        texts.append(text)
        counts.update({"valid": valid, "ended": ended, "as_asked": as_asked})
    said = complaints(texts)
    counts["abc2midi"] = sum(not each for each in said)
    exceptions = [{"abc": text, "said": list(each)} for text, each in zip(texts, said, strict=True) if each]
    return {
        "model": name, "temperature": temperature, "tunes": tunes,
        **{measure: counts[measure] for measure in MEASURES}, "exceptions": exceptions[:SHOWN],
    }  # fmt: skip


def share(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.2f} %)" if of else "none"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session", help="a preset, a model folder, or none")
    parser.add_argument("--tunes", type=int, default=2000)
    parser.add_argument(
        "--random-tunes", type=int, help="of a model with random weights; at most 500 by default"
    )
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.8, 1.0, 1.3])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-length", type=int, default=GenerationOptions().max_length)
    parser.add_argument(
        "--unconstrained", action="store_true", help="one attempt at each, without the grammar"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    figures = []
    for row in rows(given):
        figures.append(row)
        if not given.json:
            shares = ", ".join(f"{name} {share(row[name], row['tunes'])}" for name in MEASURES)
            print(f"{row['model']}, temperature {row['temperature']}, {row['tunes']:,} tunes: {shares}")
            for said, number in Counter(
                itertools.chain(*(each["said"] for each in row["exceptions"]))
            ).items():
                print(f"  {number} x {said}")
    if given.json:
        print(json.dumps(figures, indent=2))


def rows(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    config = None
    if given.model != "none":
        lm = abclm.load(given.model)
        config = lm.config
        for temperature in given.temperature:
            yield measure(given.model, lm, given.tunes, temperature, given)
    tunes = min(500, given.tunes) if given.random_tunes is None else given.random_tunes
    if tunes:
        lm = LanguageModel.create(
            config or abclm.ModelConfig(units=64, embedding_dimension=32), seed=given.seed
        )
        yield measure("random weights", lm, tunes, given.temperature[0], given)


if __name__ == "__main__":
    main()
