"""Compute the figures of the corpora's data cards, and report differences from corpora/cards.json.

    python benchmarks/corpus_cards.py [--write] [--normalize]

`--write` writes the numbers of files, tunes and characters and the checksums into corpora/cards.json. `--normalize`
also counts the tunes of each corpus that have a canonical form, which takes a minute."""

import argparse
import json
import re
from importlib import metadata

from abclm.corpora.built_in import Card, cards, find_files, folder
from abclm.corpora.corpus import Corpus
from abclm.corpora.origin import checksum_of
from abclm.notation.tunebook import decode
from abclm.system.files import write_text


def measure(card: Card) -> dict[str, int | str]:
    contents = [file.read_bytes() for file in find_files(card)]
    texts = [decode(content) for content in contents]
    return {
        "files": len(contents),
        "tunes": sum(len(re.findall(r"(?m)^X:", text)) for text in texts),
        "characters": sum(map(len, texts)),
        "sha256": checksum_of(contents),
    }


def describe_canonical(name: str) -> str:
    canonical = Corpus.load(name).normalize()
    single = canonical.deduplicate()
    return (
        f"canonical: {len(canonical)} tunes, {canonical.count('not canonical')} left out; "
        f"{canonical.count('unreadable')} unreadable; {single.count('duplicate')} duplicates; "
        f"{len(single)} tunes, {len(single.text):,} characters stay"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="put the figures into corpora/cards.json")
    parser.add_argument("--normalize", action="store_true", help="count canonical tunes too")
    options = parser.parse_args()
    print(f"music21 {metadata.version('music21')}")
    entries = []
    for card in cards():
        found = measure(card)
        differs = [key for key, value in found.items() if getattr(card, key) != value]
        print(f"{card.name}: {found}{'; cards.json differs in ' + ', '.join(differs) if differs else ''}")
        if options.normalize:
            print(f"  {describe_canonical(card.name)}")
        entries.append(card.to_dict() | found)
    if options.write:
        write_text(folder() / "cards.json", json.dumps(entries, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
