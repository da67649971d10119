"""Turn what a model's metadata say of its training into the tunes that were held out then."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from abclm.corpora import built_in
from abclm.corpora.corpus import Corpus, read_corpora
from abclm.errors import CorpusError

if TYPE_CHECKING:
    from abclm.models.model import Model

_log = logging.getLogger(__name__)
_ENOUGH = 100  # tunes; measuring them after each epoch takes seconds


def tunes_held_out_from(lm: Model, most: int = _ENOUGH) -> Corpus | None:
    """Find tunes like those that a model learned from, and which it did not learn from.

    Args:
        lm: the model.
        most: how many tunes are enough; they are taken evenly from all.

    Returns:
        Canonical tunes; None where the metadata name no built-in corpora and split, as those of `session` do, or the
        corpora are not the ones that were trained on.
    """
    corpora, split = lm.metadata.get("corpora"), lm.metadata.get("split")
    if not corpora or not split:
        return None
    names = [each["name"] for each in corpora]
    if not {card.name for card in built_in.cards()}.issuperset(names):
        return None
    try:
        corpus = read_corpora(names)
    except CorpusError as error:
        _log.warning("what the model knew before is not measured: %s", error)
        return None
    if any(corpus.checksums.get(each["name"]) != each["sha256"] for each in corpora):
        _log.warning("what the model knew before is not measured: other files of %s", ", ".join(names))
        return None
    _, held_out = corpus.normalize().deduplicate().split(**split)
    step = max(1, -(-len(held_out) // most))
    return replace(held_out, tunes=held_out.tunes[::step], places=held_out.places[::step])
