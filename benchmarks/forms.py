"""Count the tunes that have the requested form, in six rhythms and twelve keys.

    python benchmarks/forms.py [--model session] [--parts 2] [--bars 8] [--keys 12] [--temperature 1.0] [--seed 0]
                               [--json]

Each tune is generated with a rhythm, a key and a form. A tune is in form if a check without the grammar finds the
right number of repeated parts, and each pass of a part has exactly the right number of bars. The script also counts
the tunes without problems in `Tune.check` and abc2midi, and the tunes whose notes by `Tune.notes` are those that
abc2midi plays. `--model none` uses random weights."""

import argparse
import json
from fractions import Fraction
from typing import Any

import abclm
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.midi.abc2midi import played_notes, run_abc2midi
from abclm.notation.fields import parse_meter
from abclm.notation.symbols import Bar, Timed
from abclm.notation.timing import quarters
from abclm.tune import Tune

RHYTHMS = ("reel", "jig", "hornpipe", "waltz", "slip jig", "polka")
KEYS = ("C", "G", "D", "A", "E", "F", "Bb", "Em", "Am", "Bm", "Ador", "Dmix")
MEASURES = ("in_form", "valid", "abc2midi", "same_notes")


def passes(tune: Tune) -> list[list[Fraction]]:
    """How long each pass through each repeated part is, in quarter notes, as the symbols stand there.

    A part ends with its `:|`, or, where it has endings, with the bar line that closes the second. What is behind the
    last part, or isn't repeated, is a part of one pass.
    """
    parts: list[list[Fraction]] = []
    common, endings = Fraction(0), list[Fraction]()
    for symbol in tune.music.symbols:
        if isinstance(symbol, Timed):
            if endings:
                endings[-1] += quarters(symbol.duration)
            else:
                common += quarters(symbol.duration)
        elif isinstance(symbol, Bar):
            if symbol.ends_repeat and not endings:
                parts.append([common, common])
                common = Fraction(0)
            if (symbol.double or symbol.starts_repeat) and len(endings) == 2:
                parts.append([common + ending for ending in endings])
                common, endings = Fraction(0), []
            if symbol.starts_repeat and common:
                parts.append([common])
                common = Fraction(0)
            if symbol.ending:
                endings.append(Fraction(0))
    return parts + ([[common + ending for ending in endings or [Fraction(0)]]] if common or endings else [])


def judged(tune: Tune, parts: int | None, bars: int | None) -> dict[str, bool]:
    """What holds of a tune that was asked for with a form."""
    length = parse_meter(tune.meter or "").bar_length
    assert length is not None
    found = [[pass_ / (4 * length) for pass_ in part] for part in passes(tune)]
    if parts is None:
        in_form = sum(part[-1] for part in found) == bars
    else:
        in_form = len(found) == parts and all(len(part) == 2 for part in found)
        in_form = in_form and (bars is None or all(part == [bars, bars] for part in found))
    played = run_abc2midi(tune)
    heard = tune.notes()
    notes = played_notes(played.midi) if played.midi else []
    same = len(notes) == len(heard) and all(
        note.pitch == pitch and abs(note.onset - onset) < Fraction(1, 100)
        for note, (onset, _, pitch) in zip(heard, notes, strict=True)
    )
    return {
        "in_form": in_form, "valid": not tune.check(), "abc2midi": not played.messages, "same_notes": same,
    }  # fmt: skip


def measure(lm: abclm.LanguageModel, rhythm: str, given: argparse.Namespace) -> dict[str, Any]:
    counts = dict.fromkeys(MEASURES, 0)
    wrong = []
    keys = KEYS[: given.keys]
    for index, key in enumerate(keys):
        options = GenerationOptions(
            title=f"{rhythm.capitalize()} in {key}", rhythm=rhythm, key=key, parts=given.parts, bars=given.bars,
            temperature=given.temperature, seed=given.seed + index, attempts=1,
        )  # fmt: skip
        (each,) = generate(lm, options)
        holds = judged(each.tune, given.parts, given.bars)
        for name in MEASURES:
            counts[name] += holds[name]
        if not all(holds.values()):
            wrong.append(each.tune.text)
    return {"rhythm": rhythm, "tunes": len(keys), **counts, "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session", help="a preset, a model folder, or none")
    parser.add_argument("--parts", type=int, help="2 by default where no --bars are given")
    parser.add_argument("--bars", type=int, help="8 by default where no --parts are given")
    parser.add_argument("--keys", type=int, default=len(KEYS), help="how many of the twelve")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.parts is None and given.bars is None:
        given.parts, given.bars = 2, 8
    if given.model == "none":
        lm = abclm.LanguageModel.create(abclm.ModelConfig(units=64, embedding_dimension=32), seed=given.seed)
    else:
        lm = abclm.load(given.model)
    rows = [measure(lm, rhythm, given) for rhythm in RHYTHMS]
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"parts {given.parts}, bars {given.bars}, temperature {given.temperature}")
    print(f"{'rhythm':10}{'tunes':>7}" + "".join(f"{name:>12}" for name in MEASURES))
    for row in rows:
        print(f"{row['rhythm']:10}{row['tunes']:7}" + "".join(f"{row[name]:12}" for name in MEASURES))
        for text in row["wrong"]:
            print(text)


if __name__ == "__main__":
    main()
