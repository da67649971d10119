"""Turn a training run's settings into what the model's `metadata.json` says of them."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from abclm._version import VERSION
from abclm.forms import count_forms, share_on_tonic
from abclm.notation.tune import Tune
from abclm.training.held_out import tunes_of

if TYPE_CHECKING:
    from abclm.encoded_corpus import EncodedCorpus
    from abclm.language_model import LanguageModel
    from abclm.training_config import TrainingConfig
    from abclm.vocabulary import Vocabulary

_LIBRARIES = ("keras", "numpy", "tensorflow")
_TUNES_FOR_FORMS = 300  # a form takes milliseconds to find


def training_record(
    config: TrainingConfig,
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    lm: LanguageModel,
) -> dict[str, Any]:
    """Describe a run before it starts.

    Args:
        config: how it trains.
        corpus: what it trains on.
        validation: what it is measured on.
        lm: the model it starts from; the record of its training goes into this one.
    """
    earlier, tunes = lm.metadata.get("training"), _some_tunes(corpus, lm.vocabulary)
    record: dict[str, Any] = {
        "config": asdict(config),
        "corpus": _summary(corpus),
        "validation": None if validation is None else _summary(validation),
        "forms": count_forms(tunes),
        "tonic_endings": share_on_tonic(tunes),
        "versions": {
            "abclm": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }
    return {**record, "went_on_from": earlier} if earlier else record


def _some_tunes(corpus: EncodedCorpus, vocabulary: Vocabulary) -> list[Tune]:
    """Canonical tunes of a corpus, taken evenly; of one on the disk, the first."""
    if corpus.source is None:
        newline = vocabulary.char_to_id["\n"]
        some = islice(chain.from_iterable(tunes_of(corpus.text, newline)), _TUNES_FOR_FORMS)
        return [Tune.parse(vocabulary.decode(ids[1:])) for ids in some]
    if not corpus.source.is_canonical:
        return []
    return list(corpus.source.tunes[:: -(-corpus.tunes // _TUNES_FOR_FORMS)])


def _summary(corpus: EncodedCorpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "tunes": corpus.tunes,
        "characters": corpus.characters,
        "checksum": corpus.checksum,
    }
