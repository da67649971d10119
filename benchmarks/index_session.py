"""Write the index of a preset's training tunes into its folder, without touching the model.

    python benchmarks/index_session.py [--model abclm/presets/session]

The tunes are those that the model's metadata names: its corpora, less the tunes that its split holds out. Nothing
is written where the corpora's files or the number of tunes are not those of the metadata. `benchmarks/train_session.py`
writes the index by itself; this is for a model that was trained before there was one.
"""

import argparse
import sys
from pathlib import Path

from abclm.corpora import read_corpora
from abclm.files import write_bytes
from abclm.model_folder import INDEX, METADATA, read_object
from abclm.novelty import NoveltyIndex

MOST_BYTES = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("abclm/presets/session"))
    options = parser.parse_args()

    metadata = read_object(options.model, METADATA)
    corpus = read_corpora([each["name"] for each in metadata["corpora"]]).normalize().deduplicate()
    expected = {each["name"]: each["sha256"] for each in metadata["corpora"]}
    if dict(corpus.checksums) != expected:
        sys.exit(f"the corpora are not those of {options.model}: {dict(corpus.checksums)}, not {expected}")
    train, _ = corpus.split(**metadata["split"])
    trained_on = metadata["training"]["corpus"]
    if len(train) != trained_on["tunes"]:
        sys.exit(f"the split leaves {len(train):,} tunes to train on, not {trained_on['tunes']:,}")
    data = NoveltyIndex.create(train).to_bytes()
    if len(data) > MOST_BYTES:
        sys.exit(f"the index has {len(data):,} bytes, more than {MOST_BYTES:,}")
    write_bytes(options.model / INDEX, data)
    print(f"{options.model / INDEX}: {len(train):,} tunes, {len(data):,} bytes")
    if len(train.text) != trained_on["characters"]:
        print(
            f"their canonical text has {len(train.text):,} characters now, {trained_on['characters']:,} when "
            "the model was trained: the canonical form has changed since"
        )


if __name__ == "__main__":
    main()
