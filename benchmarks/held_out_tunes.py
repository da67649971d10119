"""Turn canonical tunes into those that the shipped models learned from and the 415 that were held out.

    python benchmarks/held_out_tunes.py print [--tunes]   # the list, or the tunes themselves as a tunebook
    python benchmarks/held_out_tunes.py check             # whether each is found, and what the split is today
    python benchmarks/held_out_tunes.py renew             # after the canonical form has changed
    python benchmarks/held_out_tunes.py record            # make the list of today's split; done once

`held_out_tunes.json` has a checksum of each tune's canonical text, and its place: the book, the file in it, and the
tune's number and title there. The checksums say which tunes are meant, whatever `Corpus.split` would choose by then,
so that figures of later models are of the same tunes. The places don't depend on the canonical form: where that has
changed, `renew` finds the tunes by their places and writes their new checksums. It stops where a tune is not found.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from abclm import Corpus, CorpusError, Tune
from abclm.corpora.origin import Origin

LIST = Path(__file__).with_suffix(".json")

BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
"""In the order in which they are read: of tunes with the same body, the first is kept."""

NOTE = (
    "The tunes that the models `session` and `small` of abclm 0.1.0 did not learn from, and that their held-out "
    "figures are of. "
    "sha256: of the tune's canonical text in UTF-8, header included, without the line ends behind its last line. "
    "book: the built-in corpus. place: the file in it, and the tune's X: number and title there. "
    "benchmarks/held_out_tunes.py reads and writes this file."
)
SPLIT: dict[str, Any] = {"validation": 0.1, "seed": 0, "relatives_together": True}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("print", "check", "renew", "record"))
    parser.add_argument("--tunes", action="store_true", help="print the tunes, not the list")
    options = parser.parse_args()
    if options.command == "print" and options.tunes:
        print(split_frozen(read_books())[1].text, end="")
    elif options.command == "print":
        for row in _rows():
            print(f"{row['sha256']}  {row['book']}, {row['place']}")
    elif options.command == "check":
        return check()
    elif options.command == "renew":
        renew()
    else:
        record()
    return 0


def held_out_tunes() -> set[str]:
    """The checksums of the held-out tunes, as `tune_checksum` makes them."""
    return {row["sha256"] for row in _rows()}


def split_frozen(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Divide tunes into those to train on and those held out, by the list.

    Args:
        corpus: the tunes of the three books in their order, such as `read_books()`, with others or without. They
            are brought to the canonical form, and each is kept once.

    Returns:
        The tunes that are not on the list, with what was left out as problems, and those that are; both in the order
        of the corpus, as `Corpus.split` gives them.

    Raises:
        CorpusError: tunes of the list are not in the corpus.
    """
    single = corpus.normalize().deduplicate()
    wanted = held_out_tunes()
    sums = [tune_checksum(tune) for tune in single]
    missing = wanted.difference(sums)
    if missing:
        row = next(row for row in _rows() if row["sha256"] in missing)
        raise CorpusError(
            f"{len(missing)} of {len(wanted)} held-out tunes are not in {corpus.name}, such as {row['book']}, "
            f"{row['place']}; give all of {', '.join(BOOKS)} in this order, and where the canonical form has changed, "
            "run python benchmarks/held_out_tunes.py renew"
        )
    train = _part(single, [place for place, found in enumerate(sums) if found not in wanted])
    held_out = _part(single, [place for place, found in enumerate(sums) if found in wanted])
    return train, replace(held_out, problems=())


def tune_checksum(tune: Tune) -> str:
    """The SHA-256 of a tune's text, without the line ends behind its last line."""
    return hashlib.sha256(tune.text.rstrip("\n").encode()).hexdigest()


def read_books() -> Corpus:
    """The canonical tunes of the three books, one after another."""
    return _join([Corpus.load(book).normalize() for book in BOOKS])


def check() -> int:
    """Say whether the tunes of the list are found, and whether they are what a split would hold out today.

    Returns:
        1 where one is not found; else 0.
    """
    corpus = read_books()
    try:
        train, held_out = split_frozen(corpus)
    except CorpusError as error:
        print(error)
        return 1
    print(f"{len(train):,} tunes to train on, {len(held_out):,} held out; every tune of the list was found")
    today = {tune_checksum(tune) for tune in corpus.split(**SPLIT)[1]}
    both = len(today & held_out_tunes())
    print(f"a split of today holds out {len(today)} tunes, {both} of them on the list")
    return 0


def renew() -> None:
    """Find the tunes of the list by their places, and write the checksums of their canonical texts of today.

    Raises:
        CorpusError: a tune is not found; nothing was written then.
    """
    sums = {}
    for book in BOOKS:
        corpus = Corpus.load(book).normalize()
        sums |= {
            (book, place): tune_checksum(tune) for tune, place in zip(corpus, corpus.places, strict=True)
        }
    rows = _rows()
    lost = [row for row in rows if (row["book"], row["place"]) not in sums]
    if lost:
        raise CorpusError(
            f"{len(lost)} tunes of the list are not among the canonical tunes, such as {lost[0]['book']}, "
            f"{lost[0]['place']}; find out where they went, then change the list by hand"
        )
    new = [{**row, "sha256": sums[row["book"], row["place"]]} for row in rows]
    changed = sum(row not in rows for row in new)
    _write(new)
    print(f"{LIST}: {len(new)} tunes, {changed} of them with another text than before")
    split_frozen(read_books())  # which raises where one is now the same as a tune before it


def record() -> None:
    """Write the list of the tunes that a split of today holds out."""
    held_out = read_books().split(**SPLIT)[1]
    home = {place: book for book in BOOKS for place in Corpus.load(book).places}
    tunes = zip(held_out, held_out.places, strict=True)
    _write([{"sha256": tune_checksum(tune), "book": home[place], "place": place} for tune, place in tunes])
    print(f"{LIST}: {len(held_out)} tunes")


def _join(books: list[Corpus]) -> Corpus:
    return Corpus(
        name=", ".join(book.name for book in books),
        tunes=tuple(tune for book in books for tune in book.tunes),
        problems=tuple(problem for book in books for problem in book.problems),
        origin=Origin(tuple(source for book in books for source in book.origin.sources)),
        places=tuple(place for book in books for place in book.places),
        is_canonical=True,
    )


def _part(corpus: Corpus, places: list[int]) -> Corpus:
    return replace(
        corpus,
        tunes=tuple(corpus.tunes[place] for place in places),
        places=tuple(corpus.places[place] for place in places),
    )


@cache
def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(LIST.read_text(encoding="utf-8"))["tunes"]
    return rows


def _write(rows: list[dict[str, str]]) -> None:
    """Write the list, a tune to a line, in the order of the checksums."""
    lines = ",\n".join(
        f"  {json.dumps(row, ensure_ascii=False)}" for row in sorted(rows, key=lambda row: row["sha256"])
    )
    head = json.dumps({"note": NOTE, "split": SPLIT, "corpora": list(BOOKS)}, indent=1)
    LIST.write_text(f'{head.removesuffix(chr(10) + "}")},\n "tunes": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    _rows.cache_clear()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CorpusError as error:
        sys.exit(str(error))
