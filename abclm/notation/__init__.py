"""ABC notation: read, check, normalise, transpose and play out tunes, with the standard library alone."""

from abclm.notation.music import Problem
from abclm.notation.tune import HeardNote, Tune, WrittenBar
from abclm.notation.tunebook import Tunebook, format_tunebook, read_tunebook, split_tunebook

__all__ = [
    "HeardNote",
    "Problem",
    "Tune",
    "Tunebook",
    "WrittenBar",
    "format_tunebook",
    "read_tunebook",
    "split_tunebook",
]
