"""Mix tunes of a model, of an earlier version and of people, without titles, for readers to rate; and count the ratings.

    python benchmarks/blind_sheet.py --before BEFORE.abc --out FOLDER [--model FOLDER|NAME] [--seed 0]
    python benchmarks/blind_sheet.py --key FOLDER/key.csv --rated READER.csv [...]

The first command writes `sheet.abc`, `sheet.html` (scores and players), an empty `ratings.csv` and `key.csv`, which
says where each tune comes from and which a reader must not open. There are 30 tunes of the model by default settings, 15
of BEFORE.abc (what an earlier version wrote) and 15 held-out tunes of O'Neill, Ryan and Aird (or of `--real`), of the
four rhythms in turn. All are in the canonical form, with `T:1` and so on for titles.

A reader gives each tune 1 (no tune) to 5 (a good tune that a session would take up), and `yes` where they hold it for
real. The second command prints the mean rating of each source with a 95 % interval, and how many tunes of the model and
of people were told right."""

import argparse
import csv
import random
from collections.abc import Iterable
from pathlib import Path

from protocol import split

import abclm
from abclm.evaluation.quality import Mean
from abclm.formats.save import save_book
from abclm.tune import Tune

RHYTHMS = ("reel", "jig", "hornpipe", "slip jig")
SOURCES = ("model", "before", "real")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--before", help="a file of tunes")
    parser.add_argument("--real", help="a file of tunes")
    parser.add_argument("--counts", type=int, nargs=3, default=(30, 15, 15), metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--rated", type=Path, nargs="+")
    options = parser.parse_args()
    if options.rated:
        count(options.key, options.rated)
        return

    real = abclm.read_tunebook(options.real).tunes if options.real else split()[1]
    before = abclm.read_tunebook(options.before).tunes
    lm = abclm.load(options.model)
    each = -(-options.counts[0] // len(RHYTHMS))
    ours = [tune for rhythm in RHYTHMS for tune in lm.generate(rhythm=rhythm, n=each, seed=options.seed)]
    drawn = random.Random(options.seed)
    chosen = [
        (source, tune)
        for source, tunes, wanted in zip(SOURCES, (ours, before, real), options.counts, strict=True)
        for tune in in_turn(tunes, wanted, drawn)
    ]
    drawn.shuffle(chosen)
    write_sheet(chosen, options.out)


def in_turn(tunes: Iterable[Tune], wanted: int, drawn: random.Random) -> list[Tune]:
    """So many of the tunes, of the rhythms in turn."""
    piles = [[tune for tune in tunes if tune.rhythm == rhythm] for rhythm in RHYTHMS]
    for pile in piles:
        drawn.shuffle(pile)
    found: list[Tune] = []
    while len(found) < wanted and any(piles):
        found += [pile.pop() for pile in piles if pile]
    return found[:wanted]


def write_sheet(chosen: list[tuple[str, Tune]], folder: Path) -> None:
    """Write the sheet, the form for ratings, and the key."""
    folder.mkdir(parents=True, exist_ok=True)
    tunes = []
    for number, (_, tune) in enumerate(chosen, 1):
        fields = [line for line in tune.normalize().text.splitlines() if not line.startswith(("X:", "T:"))]
        tunes.append(Tune.parse("\n".join([f"X:{number}", f"T:{number}", *fields]) + "\n"))
    for name in ("sheet.abc", "sheet.html"):
        save_book(tunes, folder / name)
    empty = [(number, "", "") for number in range(1, len(tunes) + 1)]
    write_rows(folder / "ratings.csv", [("number", "rating", "real"), *empty])
    key = [(number, source, tune.title) for number, (source, tune) in enumerate(chosen, 1)]
    write_rows(folder / "key.csv", [("number", "source", "title"), *key])
    print(f"{len(tunes)} tunes in {folder}")


def write_rows(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read what `write_rows` wrote."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def count(key: Path, rated: list[Path]) -> None:
    """Print the ratings by source."""
    sources = {row["number"]: row["source"] for row in read_rows(key)}
    for path in rated:
        rows = read_rows(path)
        print(path.name)
        for source in SOURCES:
            found = [float(row["rating"]) for row in rows if sources[row["number"]] == source]
            mean = Mean.over(found)
            low, high = mean.interval
            print(f"  {source:8} {mean.mean:.2f} ({low:.2f} to {high:.2f}), {mean.of} tunes")
        judged = [row for row in rows if sources[row["number"]] in ("model", "real")]
        right = sum(
            (row["real"].strip().lower() == "yes") == (sources[row["number"]] == "real") for row in judged
        )
        print(f"  told apart {right} of {len(judged)}: {right / len(judged):.2f}")


if __name__ == "__main__":
    main()
