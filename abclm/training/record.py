"""Turn a training run's settings into what the model's `metadata.json` says of them, and what a run is resumed by."""

from __future__ import annotations

import hashlib
import itertools
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abclm._version import VERSION
from abclm.analysis.compass import compasses_of
from abclm.analysis.ends import EndCounts
from abclm.analysis.forms import count_forms, share_on_tonic
from abclm.errors import ConfigError
from abclm.models.context import told_of
from abclm.models.told import ToldCounts
from abclm.notation.canonical import FORM_VERSION
from abclm.system.words import counted
from abclm.tokenizers.characters import CharacterTokenizer, as_characters
from abclm.tokenizers.pieces import PieceTokenizer
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.models.model import Model
    from abclm.tokenizers.tokenizer import Tokenizer
    from abclm.training.config import TrainingConfig

_LIBRARIES = ("keras", "numpy", "tensorflow")
_TUNES_FOR_FORMS = 300  # a form takes milliseconds to find
_OPENINGS, _OPENING_TOKENS = 40, 200
_TUNES_FOR_ENDS = 4_000  # each takes some milliseconds
_TUNES_TOLD = 20_000  # each takes less than a millisecond


def training_record(
    config: TrainingConfig,
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    lm: Model,
) -> dict[str, Any]:
    """Describe a run before it starts.

    Args:
        config: how it trains.
        corpus: what it trains on.
        validation: what it is measured on.
        lm: the model it starts from; the record of its training goes into this one.
    """
    earlier, tunes = lm.metadata.get("training"), _some_tunes(corpus, lm.tokenizer, _TUNES_FOR_FORMS)
    many = _some_tunes(corpus, lm.tokenizer, _TUNES_FOR_ENDS)
    record: dict[str, Any] = {
        "config": asdict(config),
        "form_version": FORM_VERSION,
        "corpus": _summary(corpus),
        "validation": None if validation is None else _summary(validation),
        "forms": count_forms(tunes),
        "tonic_endings": share_on_tonic(tunes),
        **({"openings": _openings(corpus)} if isinstance(lm.tokenizer, PieceTokenizer) else {}),
        "ends": EndCounts.of(many).to_dict(),
        "compass": compasses_of(many),
        **({"told": _told(corpus, as_characters(lm.tokenizer))} if lm.config.columns else {}),
        "versions": {
            "abclm": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }
    return {**record, "went_on_from": earlier} if earlier else record


def as_start(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Put what a shipped model's metadata say of its own tunes into the record of their training, to go on from."""
    about = {name: metadata[name] for name in ("name", "corpora", "split", "stored_as") if name in metadata}
    if not {"corpora", "split"} & about.keys():
        return dict(metadata)
    others = {name: value for name, value in metadata.items() if name not in about}
    return {**others, "training": {**metadata.get("training", {}), **about}}


def _some_tunes(corpus: EncodedCorpus, tokenizer: Tokenizer[Any], most: int) -> list[Tune]:
    """Canonical tunes of a corpus, taken evenly."""
    return list(corpus.parsed(tokenizer, _some(corpus, most))) if corpus.is_canonical else []


def _told(corpus: EncodedCorpus, tokenizer: CharacterTokenizer) -> dict[str, Any]:
    """Counts of what is told of the tunes, for JSON."""
    pieces = itertools.chain.from_iterable(corpus.pieces(_some(corpus, _TUNES_TOLD)))
    return ToldCounts.of(told_of(tokenizer.decode(ids)) for ids in pieces).to_dict()


def _openings(corpus: EncodedCorpus) -> list[list[int]]:
    """Passages of the pieces, taken evenly, that a model may be told to go on from; none of frames."""
    if corpus.targets is not None and len(corpus.targets) < len(corpus.text) // 2:
        return []
    places = np.arange(0, corpus.tunes, -(-corpus.tunes // _OPENINGS))
    lengths = corpus.ends - corpus.begins - 1  # without the token between pieces
    starts = np.random.default_rng(corpus.tunes).random(len(places)) * np.maximum(
        0, lengths[places] - _OPENING_TOKENS
    )
    spans = zip(corpus.begins[places] + starts.astype(np.int64), corpus.ends[places] - 1, strict=True)
    return [corpus.text[np.arange(start, min(start + _OPENING_TOKENS, end))].tolist() for start, end in spans]


def _some(corpus: EncodedCorpus, most: int) -> npt.NDArray[np.int64]:
    """Places of tunes, taken evenly."""
    return np.arange(0, corpus.tunes, -(-corpus.tunes // most))


def _summary(corpus: EncodedCorpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "tunes": corpus.tunes,
        "characters": corpus.characters,
        "checksum": corpus.checksum,
        **corpus.origin.to_dict(),
    }


def identity_of(
    lm: Model, config: TrainingConfig, corpus: EncodedCorpus, validation: EncodedCorpus | None
) -> dict[str, Any]:
    """What makes a run the one it is; `digest` sums it up."""
    identity: dict[str, Any] = {
        "model": asdict(lm.config),
        "symbols": _symbols(lm.tokenizer),
        # Not the weights themselves: drawn on another machine they may differ in their last digits.
        "first_weights": {name: lm.metadata.get(name) for name in ("initial_seed", "training")},
        "config": asdict(config),
        "tunes": _tunes(corpus),
        "held_out": None if validation is None else _tunes(validation),
    }
    text = json.dumps(identity, sort_keys=True, default=float).encode()
    identity = json.loads(text)  # as it will be read again
    return {**identity, "digest": hashlib.sha256(text).hexdigest()}


def _symbols(tokenizer: Tokenizer[Any]) -> list[str]:
    return list(tokenizer.symbols) if isinstance(tokenizer, CharacterTokenizer) else [tokenizer.to_json()]


def check_same_run(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to go on with a run of other settings, another model or other tunes.

    Raises:
        ConfigError: says all that differs.
    """
    # What does not change the steps that were done; and at a constant learning rate, how many there are.
    free = {"checkpoint_minutes", "cache"}
    if before["config"]["schedule"] == "constant" and before["config"]["steps"] is None:
        free |= {"epochs", "patience"}
    different = [
        f"{name}={before[kind].get(name)!r}, not {value!r}"
        for kind in ("model", "config")
        for name, value in now[kind].items()
        if before[kind].get(name) != value and name not in free
    ]
    for kind, name in (("symbols", "vocabulary"), ("first_weights", "model to start from")):
        if before[kind] != now[kind]:
            different.append(f"another {name}")
    for kind, name in (("tunes", "training tunes"), ("held_out", "held-out tunes")):
        if before[kind] != now[kind]:
            different.append(f"other {name} ({_said(before[kind])}, not {_said(now[kind])})")
    if different:
        raise ConfigError(
            f"the run in {folder} was begun with {'; '.join(different)}; "
            "repeat its command to go on with it, or train into another folder"
        )


def _tunes(corpus: EncodedCorpus) -> dict[str, Any]:
    return {"tunes": corpus.tunes, "characters": corpus.characters, "sha256": corpus.fingerprint}


def _said(tunes: dict[str, Any] | None) -> str:
    if tunes is None:
        return "none"
    return f"{counted(tunes['characters'], 'character')} with checksum {tunes['sha256'][:8]}"
