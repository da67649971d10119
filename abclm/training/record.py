"""Turn a training run's settings into what the model's `metadata.json` says of them."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from abclm._version import VERSION

if TYPE_CHECKING:
    from abclm.encoded_corpus import EncodedCorpus
    from abclm.training_config import TrainingConfig

_LIBRARIES = ("keras", "numpy", "tensorflow")


def training_record(
    config: TrainingConfig,
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    earlier: dict[str, Any] | None,
) -> dict[str, Any]:
    """Describe a run before it starts.

    Args:
        config: how it trains.
        corpus: what it trains on.
        validation: what it is measured on.
        earlier: the record of the training that made the model it starts from.
    """
    record: dict[str, Any] = {
        "config": asdict(config),
        "corpus": _summary(corpus),
        "validation": None if validation is None else _summary(validation),
        "versions": {
            "abclm": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }
    return {**record, "went_on_from": earlier} if earlier else record


def _summary(corpus: EncodedCorpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "tunes": corpus.tunes,
        "characters": corpus.characters,
        "checksum": corpus.checksum,
    }
