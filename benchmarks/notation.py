"""Compare how abclm reads and normalizes ABC with abc2midi.

    python benchmarks/notation.py [CORPUS ...] [--show N] [--what LIST] [--music21 N] [--transpose N] [--json]

A corpus is a built-in name or a file. By default, the corpora are O'Neill, Ryan, Aird, and the file that
`ABCLM_IRISH_ABC` names. abc2midi gets every tune in its original and in its canonical form, without `R:`, grace
notes, decorations and accompaniment. It gets only the first of several voices, like abclm (with `--all-voices`, it
gets all voices, and the first one that it plays is used). The number in brackets is the number of tunes for a share.

`--show N` prints the first N tunes that fail each of the figures named in `--what` (by default all figures), with the
messages of abc2midi. `--transpose N` transposes N canonical tunes of each corpus by -5 to +6 semitones and compares
with abc2midi again. `--music21 N` also reads N tunes of each corpus with music21 in the same run, and compares the
times. Times depend on the machine; quote only ratios within one run."""

import argparse
import contextlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from abclm.corpora.built_in import find_card, find_files
from abclm.errors import ConvertError, NotationError
from abclm.midi.abc2midi import MidiResult, played_notes, run_abc2midi
from abclm.notation.tunebook import decode, split_tunebook
from abclm.tune import Tune

CORPORA = ["oneills1850", "ryansMammoth", "airdsAirs"]
# A MIDI file counts in 1/480 quarter notes, rounded down; a duration is the difference of two such numbers.
ONSET_TOLERANCE = Fraction(1, 480)
DURATION_TOLERANCE = Fraction(2, 480)
SEMITONES = range(-5, 7)
ROUNDS = 10  # how often abclm reads what music21 reads once: a single time is too short to be measured
WRONG_BAR = "time units while the time signature"
OUR_WRONG_BAR = "the bar is "

Played = list[tuple[Fraction, Fraction, int]]


@dataclass
class Opinion:
    """What abc2midi makes of a text: the notes it plays, and what it says."""

    notes: Played
    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def has_wrong_bar(self) -> bool:
        """Whether it says that a bar doesn't fill its meter."""
        return any(WRONG_BAR in message for message in self.errors + self.warnings)


@dataclass
class Row:
    """A tune of the corpus, and what became of it."""

    text: str
    tune: Tune | None = None
    canonical: Tune | None = None
    refused: str = ""
    second: Opinion = field(default_factory=lambda: Opinion([], ("not run",), ()))
    canonical_second: Opinion = field(default_factory=lambda: Opinion([], ("not run",), ()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help="a built-in name or a file")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N tunes that miss a figure")
    parser.add_argument("--what", default=",".join(FIGURES), help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--music21", type=int, default=0, metavar="N", help="read N tunes with music21 too")
    parser.add_argument("--transpose", type=int, default=0, metavar="N", help="transpose N tunes")
    parser.add_argument("--all-voices", action="store_true", help="give abc2midi all voices of a tune")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="abc2midi processes at a time")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--table", action="store_true", help="print the table of docs/notation.md instead")
    options = parser.parse_args()
    wanted = options.what.split(",")
    if unknown := set(wanted) - set(FIGURES):
        parser.error(f"--what has {', '.join(sorted(unknown))}; give any of {', '.join(FIGURES)}")
    default = CORPORA + [path for path in [os.environ.get("ABCLM_IRISH_ABC")] if path]
    found = {}
    for name in options.corpora or default:
        rows = [Row(text) for text in read_texts(name)]
        found[name] = measure(rows, options.jobs, options.all_voices)
        if options.transpose:
            found[name] |= transpose(rows, options.transpose, options.jobs)
        if options.music21:
            found[name] |= compare_with_music21([row.text for row in rows], options.music21)
        if not options.json and not options.table:
            print_figures(name, found[name], rows)
        for row, figure in misses(rows, wanted, options.show):
            print_row(row, figure)
    if options.json:
        print(json.dumps(found, indent=2))
    if options.table:
        print("\n".join(table(found)))


# The rows of the table in docs/notation.md: what they say, the figure, and whether its failures are counted.
TABLE = (
    ("`notes()` equals what `abc2midi` plays, if `abc2midi` finds no error", "notes", False),
    ("have a canonical form", "normalised", False),
    ("… and `abc2midi` plays it as the tune itself, if it found no error", "same_notes", False),
    ("… and `abc2midi` plays exactly its `notes()`", "canonical_notes", False),
    ("`abc2midi` finds an error in the canonical tune", "free_of_errors", True),
    ("strict: it has neither error nor warning", "strict", False),
    ("`check` and `abc2midi` agree whether a bar is wrong", "check_agrees", False),
)
COLUMNS = {"oneills1850": "O'Neill", "ryansMammoth": "Ryan", "airdsAirs": "Aird", "irish": "the paper's"}


def table(found: dict[str, dict[str, float]]) -> Iterator[str]:
    """The lines of the table, a column for each corpus."""
    yield f"| share of the tunes | {' | '.join(COLUMNS.get(Path(name).stem, name) for name in found)} |"
    yield "|---" * (len(found) + 1) + "|"
    for meaning, name, counts_failures in TABLE:
        cells = []
        for figures in found.values():
            share = 1 - figures[name] if counts_failures else figures[name]
            cells.append("0" if not share else f"{share:.2%}".replace(".00%", "%").replace("%", " %"))
        yield f"| {meaning} | {' | '.join(cells)} |"


def read_texts(name: str) -> list[str]:
    """The texts of a corpus's tunes."""
    paths = [Path(name)] if Path(name).is_file() else find_files(find_card(name))
    return [text for path in paths for text in split_tunebook(decode(path.read_bytes()))]


def measure(rows: list[Row], jobs: int, all_voices: bool) -> dict[str, float]:
    """Read and normalise all tunes, hear abc2midi on them, and count."""
    begun = time.perf_counter()
    for row in rows:
        try:
            row.tune = Tune.parse(row.text)
            row.canonical = row.tune.normalize()
        except NotationError as error:
            row.refused = str(error)
    seconds = time.perf_counter() - begun
    with ThreadPoolExecutor(jobs) as pool:
        texts = [row.text if all_voices else first_voice(row.text) for row in rows]
        for row, opinion in zip(rows, pool.map(hear, texts), strict=True):
            row.second = opinion
        canonical = [row for row in rows if row.canonical]
        for row, opinion in zip(
            canonical, pool.map(hear, [str(row.canonical) for row in canonical]), strict=True
        ):
            row.canonical_second = opinion
    figures: dict[str, float] = {"tunes": len(rows), "normalised": len(canonical) / len(rows)}
    for name, figure in FIGURES.items():
        looked_at = [row for row in rows if figure.concerns(row)]
        figures[name] = sum(map(figure.holds, looked_at)) / max(len(looked_at), 1)
        figures[f"{name}_of"] = len(looked_at)
    return figures | {"seconds": seconds, "milliseconds_per_tune": 1000 * seconds / len(rows)}


def first_voice(text: str) -> str:
    """Leave out the lines of all voices but the first, and the fields that name voices."""
    lines, first, voice, in_body = [], "", "", False
    for line in text.split("\n"):
        found = re.match(r"\[V: *(\S+?)[ \]]|V: *(\S+)", line)
        if found and in_body:
            voice = found[1] or found[2]
            first = first or voice
        if voice == first or line.startswith("%"):
            lines.append(re.sub(r"\[V:[^\]]*\]", "", "%" if line.startswith("V:") else line))
        in_body = in_body or line.startswith("K:")
    return "\n".join(lines)


def hear(text: str) -> Opinion:
    try:
        result: MidiResult = run_abc2midi(text, melody_only=True)
        return Opinion(played_notes(result.midi) if result.midi else [], result.errors, result.warnings)
    except ConvertError as error:
        return Opinion([], (str(error),), ())


def heard(tune: Tune) -> Played:
    return [(note.onset, note.duration, note.pitch) for note in tune.notes()]


def same_notes(one: Played, other: Played) -> bool:
    return len(one) == len(other) and all(
        a[2] == b[2] and abs(a[0] - b[0]) <= ONSET_TOLERANCE and abs(a[1] - b[1]) <= DURATION_TOLERANCE
        for a, b in zip(one, other, strict=True)
    )


@dataclass(frozen=True)
class Figure:
    """A share: of the rows that it concerns, those where it holds."""

    meaning: str
    concerns: Callable[[Row], bool]
    holds: Callable[[Row], bool]


def is_strict(row: Row) -> bool:
    second = row.canonical_second
    return bool(row.canonical and second.notes and not second.errors and not second.warnings)


FIGURES = {
    "notes": Figure(
        "notes() is what abc2midi plays, where it finds no error",
        lambda row: bool(row.second.notes) and not row.second.errors,
        lambda row: row.tune is not None and same_notes(heard(row.tune), row.second.notes),
    ),
    "notes_with_errors": Figure(
        "notes() is what abc2midi plays, where it finds an error and plays all the same",
        lambda row: bool(row.second.notes and row.second.errors),
        lambda row: row.tune is not None and same_notes(heard(row.tune), row.second.notes),
    ),
    "canonical_notes": Figure(
        "notes() of the canonical tune is what abc2midi plays",
        lambda row: row.canonical is not None,
        lambda row: (
            row.canonical is not None and same_notes(heard(row.canonical), row.canonical_second.notes)
        ),
    ),
    "same_notes": Figure(
        "abc2midi plays the same notes before and after normalising, where it found no error before",
        lambda row: row.canonical is not None and not row.second.errors,
        lambda row: same_notes(row.second.notes, row.canonical_second.notes),
    ),
    "same_notes_with_errors": Figure(
        "abc2midi plays the same notes before and after normalising, where it found an error before",
        lambda row: row.canonical is not None and bool(row.second.errors),
        lambda row: same_notes(row.second.notes, row.canonical_second.notes),
    ),
    "own_notes": Figure(
        "notes() is the same before and after normalising",
        lambda row: row.canonical is not None,
        lambda row: (
            row.tune is not None and row.canonical is not None and row.tune.notes() == row.canonical.notes()
        ),
    ),
    "free_of_errors": Figure(
        "abc2midi finds no error in the canonical tune",
        lambda row: row.canonical is not None,
        lambda row: not row.canonical_second.errors,
    ),
    "strict": Figure("strict: abc2midi finds neither error nor warning in it", lambda row: True, is_strict),
    "check_agrees": Figure(
        "check and abc2midi agree on whether the canonical tune has a wrong bar",
        lambda row: row.canonical is not None,
        lambda row: (
            row.canonical is not None
            and any(OUR_WRONG_BAR in problem.message for problem in row.canonical.check())
            == row.canonical_second.has_wrong_bar
        ),
    ),
    "idempotent": Figure(
        "normalising a canonical tune changes nothing",
        lambda row: row.canonical is not None,
        lambda row: row.canonical is not None and row.canonical.normalize().text == row.canonical.text,
    ),
}


def compare_with_music21(texts: list[str], count: int) -> dict[str, float]:
    """Read and normalise some tunes, then read the same ones with music21; compare the CPU time."""
    from music21 import converter

    sample = texts[:: max(len(texts) // count, 1)][:count]
    converter.parse(sample[0], format="abc")  # what it loads on first use is not counted
    begun = time.process_time()
    for text in sample * ROUNDS:
        with contextlib.suppress(NotationError):
            Tune.parse(text).normalize()
    between = time.process_time()
    for text in sample:
        try:
            converter.parse(text, format="abc", forceSource=True)
        except Exception as error:  # whatever music21 raises on a tune is its time all the same
            print(f"music21: {type(error).__name__}: {error}"[:100], file=sys.stderr)
    ended = time.process_time()
    return {
        "music21_tunes": len(sample),
        "music21_times_slower": ROUNDS * (ended - between) / (between - begun),
    }


def transpose(rows: list[Row], count: int, jobs: int) -> dict[str, float]:
    """Move some canonical tunes by each of -5 to +6 semitones and back, and hear abc2midi on each."""
    tunes = [row.canonical for row in rows if row.canonical]
    sample = tunes[:: max(len(tunes) // count, 1)][:count]
    moved = [(tune, semitones, tune.transpose(semitones)) for tune in sample for semitones in SEMITONES]
    with ThreadPoolExecutor(jobs) as pool:
        opinions = list(pool.map(hear, [str(other) for _, _, other in moved]))
    right = sum(
        same_notes([(on, length, pitch + by) for on, length, pitch in heard(tune)], opinion.notes)
        for (tune, by, _), opinion in zip(moved, opinions, strict=True)
    )
    back = sum(other.transpose(-by).notes() == tune.notes() for tune, by, other in moved)
    return {
        "transposed": len(moved),
        "transposed_right": right / len(moved),
        "there_and_back": back / len(moved),
    }


def misses(rows: list[Row], figures: list[str], count: int) -> Iterator[tuple[Row, str]]:
    """The first rows that each figure does not hold for."""
    for name in figures:
        figure = FIGURES[name]
        missed = (row for row in rows if figure.concerns(row) and not figure.holds(row))
        yield from ((row, name) for row, _ in zip(missed, range(count), strict=False))


def print_figures(name: str, figures: dict[str, float], rows: list[Row]) -> None:
    print(f"\n{name}: {figures['tunes']:,} tunes, {figures['seconds']:.1f} s to read and normalise")
    print(f"  {figures['normalised']:8.2%}  normalised")
    for key, figure in FIGURES.items():
        print(f"  {figures[key]:8.2%}  {figure.meaning} ({figures[f'{key}_of']:,})")
    if "transposed" in figures:
        print(
            f"  {figures['transposed_right']:8.2%}  of {figures['transposed']} transposed, heard so by abc2midi"
        )
        print(f"  {figures['there_and_back']:8.2%}  of them have the same notes when moved back")
    if "music21_tunes" in figures:
        slower, count = figures["music21_times_slower"], figures["music21_tunes"]
        print(f"  {slower:8.1f}  times as fast as music21 on {count} tunes")
    for reason, number in Counter(row.refused for row in rows if row.refused).most_common(8):
        print(f"  not normalised: {number} x {reason}")


def print_row(row: Row, figure: str) -> None:
    print(f"\n----- {figure}\n{row.text.strip()}")
    print(
        f"      abc2midi: {len(row.second.notes)} notes",
        *(row.second.errors + row.second.warnings)[:4],
        sep="; ",
    )
    if row.tune and (place := first_difference(heard(row.tune), row.second.notes)):
        print(f"      {place}")
    if row.canonical:
        second = row.canonical_second
        print(f"=>\n{str(row.canonical).strip()}")
        print(f"      abc2midi: {len(second.notes)} notes", *(second.errors + second.warnings)[:4], sep="; ")
        print(
            "      check:", *(f"{p.line}:{p.column} {p.message}" for p in row.canonical.check()[:4]), sep=" "
        )


def first_difference(ours: Played, theirs: Played) -> str:
    """Where two lists of notes part, in words."""
    for index in range(max(len(ours), len(theirs))):
        if not same_notes(ours[index : index + 1], theirs[index : index + 1]):
            return f"note {index}: ours {_words(ours, index)}; abc2midi's {_words(theirs, index)}"
    return ""


def _words(notes: Played, index: int) -> str:
    return " ".join(
        f"{float(onset):g}:{float(length):g}:{pitch}" for onset, length, pitch in notes[index : index + 4]
    )


if __name__ == "__main__":
    main()
