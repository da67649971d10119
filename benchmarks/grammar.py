"""Measure how many human tunes the grammar accepts, and the problems of random tunes that are drawn from it.

    python benchmarks/grammar.py [CORPUS ...] [--walks 1000] [--length 500] [--seed 0] [--json]

The grammar reads each strict tune of the corpora (without errors or warnings of abc2midi) symbol by symbol; for
rejected tunes, the output has the place. Then tunes are drawn from the grammar alone in three ways: with equal
probability for all allowed symbols; with more bar lines, ties, tuplets and similar symbols; and with chord symbols.
The script counts the tunes with problems in abc2midi or `Tune.check`, the tunes whose notes by `Tune.notes` differ
from those that abc2midi plays, and the tunes with too few notes."""

import argparse
import json
import random
from collections import Counter
from fractions import Fraction
from typing import Any

from abclm.corpora.corpus import read_corpora
from abclm.errors import ConvertError
from abclm.midi.abc2midi import played_notes, run_abc2midi
from abclm.midi.complaints import complaints
from abclm.midi.performance import play
from abclm.notation.grammar import FEWEST_NOTES, Grammar
from abclm.tune import Tune

CORPORA = ("oneills1850", "ryansMammoth", "airdsAirs", "oldTunes")
WALKS = {"uniform": "", "structure": "|:]12\n[(-<>", "chord symbols": '|"('}
NO_TITLE = "the tune has no title (T:)"
MEASURES = ("abc2midi", "check", "other_notes", "few_notes")
SHOWN = 10


def acceptance(name: str) -> dict[str, Any]:
    """How many strict tunes of a corpus the grammar takes, and where it stops at some of the others."""
    texts = [tune.text.rstrip("\n") + "\n\n" for tune in read_corpora([name]).normalize().tunes]
    strict = [text for text, said in zip(texts, complaints(texts), strict=True) if not said]
    grammar, stops = Grammar(), []
    for text in strict:
        state = grammar.start()
        for place, symbol in enumerate(text):
            if symbol not in grammar.allowed(state):
                stops.append({"before": text[max(0, place - 40) : place], "symbol": symbol})
                break
            state = grammar.advance(state, symbol)
    return {
        "corpus": name, "strict": len(strict), "accepted": len(strict) - len(stops), "stops": stops[:SHOWN],
    }  # fmt: skip


def walk(grammar: Grammar, draw: random.Random, favoured: str, length: int) -> str:
    """A tune drawn from the grammar; behind so many symbols it is led to its end."""
    state, text = grammar.start(), ""
    while state.lex != "end":
        if len(text) >= length:
            return text + grammar.finish(state)
        allowed = sorted(grammar.allowed(state))
        wanted = [symbol for symbol in allowed if symbol in favoured] if state.lex != "header" else []
        text += draw.choice(wanted if wanted and draw.random() < 0.5 else allowed)
        state = grammar.advance(state, text[-1])
    return text


def faults(text: str) -> dict[str, str]:
    """What is wrong with a tune, by the measure that it falls under."""
    tune, played = Tune.parse(text), run_abc2midi(text)
    heard = [(note.onset, note.pitch) for note in tune.notes()]
    try:
        notes = [(onset, pitch) for onset, _, pitch in played_notes(play(tune))]
    except ConvertError:
        notes = []
    same = len(heard) == len(notes) and all(
        pitch == other and abs(onset - played_onset) < Fraction(1, 100)
        for (onset, pitch), (played_onset, other) in zip(heard, notes, strict=True)
    )
    problems = [each.message for each in tune.check() if each.message != NO_TITLE]
    found = {
        "abc2midi": "; ".join(played.messages), "check": "; ".join(problems),
        "other_notes": "" if same else "the MIDI file has other notes",
        "few_notes": "" if len(heard) >= FEWEST_NOTES else f"{len(heard)} notes",
    }  # fmt: skip
    return {measure: said for measure, said in found.items() if said}


def walks(kind: str, given: argparse.Namespace) -> dict[str, Any]:
    grammar = Grammar(chord_symbols=kind == "chord symbols")
    counts, wrong, characters = Counter[str](), [], 0
    for number in range(given.walks):
        text = walk(grammar, random.Random(given.seed + number), WALKS[kind], given.length)
        characters += len(text)
        found = faults(text)
        counts.update(found)
        if found:
            wrong.append({"abc": text, **found})
    return {
        "walk": kind, "tunes": given.walks, "characters": characters,
        **{measure: counts[measure] for measure in MEASURES}, "wrong": wrong[:SHOWN],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", default=list(CORPORA), metavar="CORPUS")
    parser.add_argument("--walks", type=int, default=1000, help="tunes of each kind of walk")
    parser.add_argument("--length", type=int, default=500, help="symbols before a walk is led to its end")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    figures = []
    for name in given.corpora:
        row = acceptance(name)
        figures.append(row)
        if not given.json:
            share = 100 * row["accepted"] / max(1, row["strict"])
            print(
                f"{name}: of {row['strict']:,} strict tunes the grammar takes {row['accepted']:,} ({share:.2f} %)"
            )
            for stop in row["stops"]:
                print(f"  {stop['symbol']!r} behind {stop['before']!r}")
    for kind in WALKS if given.walks else ():
        row = walks(kind, given)
        figures.append(row)
        if not given.json:
            counts = ", ".join(f"{measure} {row[measure]}" for measure in MEASURES)
            print(f"{kind} walks, {row['tunes']:,} tunes, {row['characters']:,} characters: {counts}")
            for each in row["wrong"]:
                print(each)
    if given.json:
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
