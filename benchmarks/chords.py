"""Compare ways to find chords for a tune with the chords that people wrote, and print or write the figures of the model.

    python benchmarks/chords.py nottingham/ABC_cleaned/*.abc
    python benchmarks/chords.py nottingham/ABC_cleaned/*.abc --write abclm/analysis/harmony/chords.json

Tunes with chord symbols are divided into `--folds` parts by tune; each part is measured with figures learned from the
others. What is measured is the share of the time, pick-ups aside, in which the root is the same, the root and whether the
chord is minor, and all of it, with the seventh of a dominant. The rules take, for each bar or half bar, the chord whose
notes sound longest, of three or six chords of the key; of several the one that is more usual. The spellings of the
Nottingham collection (`Cd` for a diminished chord, `C/e` for another bass) are read, too.
"""

import argparse
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abclm.analysis.harmony import model
from abclm.analysis.harmony.beats import PHRASES, PLACES, Beat, beats_of
from abclm.analysis.harmony.model import TONES, Degree, Table
from abclm.notation.keys import SEMITONES
from abclm.notation.tunebook import parse_tunebook

CHORDS = {
    "major": ((0, ""), (7, "7"), (5, ""), (7, ""), (2, "m"), (9, "m"), (2, "7"), (0, "7"), (10, ""), (9, "7"), (4, "m"),
              (4, "7"), (2, ""), (4, ""), (5, "m")),
    "minor": ((0, "m"), (10, ""), (3, ""), (7, "7"), (5, "m"), (7, "m"), (8, ""), (10, "7"), (0, ""), (5, "7"), (7, ""),
              (5, ""), (2, "7"), (2, "m"), (3, "7")),
}  # fmt: skip
"""The chords that have most of the time in the Nottingham collection, 99 % of it."""
RULES = {
    "major": ((0, ""), (7, ""), (5, ""), (2, "m"), (9, "m"), (4, "m")),
    "minor": ((0, "m"), (10, ""), (3, ""), (5, "m"), (7, "m"), (8, "")),
}
THREE = {"major": RULES["major"][:3], "minor": ((0, "m"), (7, ""), (5, "m"))}
PENALTY, STEPS = 3.0, 150


@dataclass
class Sample:
    """A tune: its beats without pick-ups, its mode, and the chords that people wrote, None before the first."""

    beats: list[Beat]
    mode: str
    chords: list[Degree | None]


def read(paths: Sequence[Path]) -> list[Sample]:
    found = []
    for path in paths:
        for tune in parse_tunebook(_spelled(path.read_text(encoding="utf-8", errors="replace"))).tunes:
            beats = [beat for beat in beats_of(tune) if not beat.is_pick_up]
            if any(beat.is_written for beat in beats):
                mode = "minor" if beats[0].key.mode in ("m", "dor", "phr", "loc") else "major"
                found.append(Sample(beats, mode, [_degree(beat) for beat in beats]))
    return found


def _spelled(text: str) -> str:
    """The Nottingham collection's spellings of chords in those of ABC."""

    def spell(match: re.Match[str]) -> str:
        kind = {"d": "dim", "a": "aug"}.get(match[2], match[2])
        return f'"{match[1]}{kind}{(match[3] or "").upper().replace("B", "b").replace("/b", "/B")}"'

    return re.sub(r'"([A-G][#b]?)(m7|m6|m|7|6|d|a|)(/[a-g][#b]?)?"', spell, text)


def _degree(beat: Beat) -> Degree | None:
    match = re.match(r"([A-G])([#b]?)(m(?!aj)|7|)(.*)", beat.chord or "")
    if match is None:
        return None
    root = SEMITONES[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]] - beat.key.tonic_pitch_class
    other = re.match(r"dim|aug", match[4])
    return Degree(root % 12, other[0] if other else match[3])


def fit(samples: Sequence[Sample], chords: Sequence[Degree]) -> Table:
    """Learn the figures of a mode."""
    numbers = {chord: number for number, chord in enumerate(chords)}
    size = len(chords)
    rows, wanted = [], []
    change, stay = np.zeros((size, size)), np.zeros((len(PHRASES) * len(PLACES), 2))
    for sample in samples:
        found = np.array([_number(chord, numbers) for chord in sample.chords])
        is_known = found >= 0
        rows.append(model.features(sample.beats)[is_known])
        wanted.append(found[is_known])
        for beat, one, two in zip(sample.beats[1:], found, found[1:], strict=False):
            if one >= 0 and two >= 0:
                stay[beat.phrase * len(PLACES) + beat.place, int(one == two)] += 1
                change[one, two] += one != two
    inputs, targets = np.vstack(rows), np.concatenate(wanted)
    share = (np.bincount(targets, minlength=size) + 1e-4) / (len(targets) + 1e-4 * size)
    change = change + share
    np.fill_diagonal(change, 0)
    change = np.log(change / change.sum(axis=1, keepdims=True) + 1e-6)
    weights = _regression(np.hstack([inputs, np.ones((len(inputs), 1))]), targets, size)
    return Table(
        tuple(chords), weights, np.log(share + 1e-4), change, (stay[:, 1] + 5) / (stay.sum(axis=1) + 10)
    )


def _number(chord: Degree | None, numbers: dict[Degree, int]) -> int:
    """A chord's number, with or without its seventh; -1 for another."""
    if chord is None:
        return -1
    others = [Degree(chord.root, kind) for kind in ("", "7") if chord.kind in ("", "7")]
    return next((numbers[each] for each in (chord, *others) if each in numbers), -1)


def _regression(inputs: np.ndarray, targets: np.ndarray, size: int) -> np.ndarray:
    """The weights of a logistic regression, by Adam with a rate that falls."""
    weights, mean, square = (np.zeros((inputs.shape[1], size)) for _ in range(3))
    truth, count = np.eye(size)[targets], len(inputs)
    for step in range(1, STEPS + 1):
        shares = np.exp(model._log_softmax(inputs @ weights))
        slope = (inputs.T @ (shares - truth) + PENALTY * weights) / count
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        rate = 0.15 * (1 - step / STEPS) + 0.005
        weights -= rate * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights


def by_model(sample: Sample, table: Table) -> list[Degree]:
    paths = table.paths(sample.beats, np.zeros(len(table.chords)), [None] * len(sample.beats))
    return [table.chords[number] for number in paths]


def by_rule(sample: Sample, chords: Sequence[tuple[int, str]], begin: tuple[int, ...]) -> list[Degree]:
    """For each bar (`begin` (0,)) or half bar (`(0, 1)`) the chord whose notes sound longest."""
    found: list[Degree] = []
    group: list[Beat] = []
    for beat in [*sample.beats, None]:
        if beat is None or (beat.place in begin and group):
            sounding = sum(np.roll(each.sounding, -each.key.tonic_pitch_class) for each in group)
            best = max(
                chords, key=lambda chord: sum(sounding[(chord[0] + tone) % 12] for tone in TONES[chord[1]])
            )
            found += [Degree(*best)] * len(group)
            group = []
        if beat is not None:
            group.append(beat)
    return found


def agreement(sample: Sample, found: Sequence[Degree]) -> np.ndarray:
    """Ticks in all, and those with the same root, the same triad, the same chord."""
    total = np.zeros(4)
    for beat, own, other in zip(sample.beats, sample.chords, found, strict=True):
        if own is not None:
            is_root = own.root == other.root
            is_triad = is_root and own.kind.replace("7", "") == other.kind.replace("7", "")
            total += float(beat.length) * np.array([1, is_root, is_triad, own == other])
    return total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tunes", nargs="+", type=Path, help="tunebooks with chord symbols")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="write the figures of all tunes into this file")
    options = parser.parse_args()
    samples = read(options.tunes)
    fold = np.random.default_rng(0).permutation(len(samples)) % options.folds
    chords = {mode: [Degree(*each) for each in known] for mode, known in CHORDS.items()}
    totals: dict[tuple[str, str], np.ndarray] = {}
    for number in range(options.folds):
        tables = {
            mode: fit(
                [s for s, n in zip(samples, fold, strict=True) if n != number and s.mode == mode],
                chords[mode],
            )
            for mode in {sample.mode for sample in samples}
        }
        ways: dict[str, Callable[[Sample], list[Degree]]] = {
            "the tonic": lambda s: [chords[s.mode][0]] * len(s.beats),
            "rule, 3 chords, a bar": lambda s: by_rule(s, THREE[s.mode], (0,)),
            "rule, 3 chords, half a bar": lambda s: by_rule(s, THREE[s.mode], (0, 1)),
            "rule, 6 chords, a bar": lambda s: by_rule(s, RULES[s.mode], (0,)),
            "rule, 6 chords, half a bar": lambda s: by_rule(s, RULES[s.mode], (0, 1)),
            "model": lambda s, tables=tables: by_model(s, tables[s.mode]),
        }
        for sample, n in zip(samples, fold, strict=True):
            for name, way in ways.items() if n == number else ():
                for mode in (sample.mode, "all"):
                    totals[name, mode] = totals.get((name, mode), np.zeros(4)) + agreement(
                        sample, way(sample)
                    )
    print(f"{len(samples)} tunes, {sum(sample.mode == 'minor' for sample in samples)} of them in minor")
    print("| | root | triad | chord | root, major | root, minor |\n|---|---|---|---|---|---|")
    for name in dict.fromkeys(name for name, _ in totals):
        shares = list((totals[name, "all"] / totals[name, "all"][0])[1:])
        shares += [totals[name, m][1] / totals[name, m][0] for m in ("major", "minor") if (name, m) in totals]
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    if options.write:
        options.write.write_text(
            _json({m: fit([s for s in samples if s.mode == m], chords[m]) for m in CHORDS})
        )


def _json(tables: dict[str, Table]) -> str:
    """The figures, a line for each row of numbers."""
    lines = [
        f' "{mode}": {{\n  "chords": {json.dumps(table.chords)},\n'
        + ",\n".join(
            f'  "{name}": {_numbers(getattr(table, name))}'
            for name in ("weights", "frequency", "change", "stay")
        )
        + "\n }"
        for mode, table in tables.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _numbers(values: np.ndarray) -> str:
    if values.ndim == 1:
        return json.dumps([round(float(value), 3) for value in values], separators=(",", ":"))
    return "[" + ",\n   ".join(map(_numbers, np.round(values, 2))) + "]"


if __name__ == "__main__":
    main()
