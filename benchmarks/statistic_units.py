"""Print the unit of each feature of the Fréchet distance: its standard deviation among real tunes.

    python benchmarks/statistic_units.py [CORPUS ...]

The tunes are the training tunes of `session` (O'Neill, Ryan and Aird without the held-out tunes). The values are
stored in `abclm.analysis.statistics.FEATURES` and `abclm.analysis.structure.FEATURES`."""

import argparse

import numpy as np
from protocol import CORPORA, split

from abclm.analysis import structure
from abclm.analysis.statistics import measure, raw_features


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=CORPORA)
    options = parser.parse_args()

    train, _ = split(options.corpora)
    units = np.array(list(structure.FEATURES.values()))
    rows = [
        raw_features(measured)
        | dict(zip(structure.FEATURES, structure.structure_features(tune) * units, strict=True))
        for tune in train
        if (measured := measure(tune))
    ]
    print(f"# {len(rows):,} tunes of {train.name}")
    for name in rows[0]:
        print(f'    "{name}": {np.std([row[name] for row in rows]):.4g},')


if __name__ == "__main__":
    main()
