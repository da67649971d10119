"""The tunes that the shipped models learn from, and those that are held out from them."""

from collections.abc import Sequence
from typing import Any

from abclm.corpora import Corpus, read_corpora

CORPORA = ("oneills1850", "ryansMammoth", "airdsAirs")
SPLIT: dict[str, Any] = {"validation": 0.1, "seed": 0, "relatives_together": True}


def split(corpora: Sequence[str] = CORPORA, **changes: Any) -> tuple[Corpus, Corpus]:
    """Canonical tunes to train on and tunes held out, each tune once; `changes` are to `SPLIT`."""
    return read_corpora(corpora).normalize().deduplicate().split(**{**SPLIT, **changes})
