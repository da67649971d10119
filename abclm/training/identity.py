"""Turn what a run is of (settings, model, tunes) into JSON that a run to be resumed is compared by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abclm.errors import ConfigError

if TYPE_CHECKING:
    from abclm.encoded_corpus import EncodedCorpus
    from abclm.language_model import LanguageModel
    from abclm.training_config import TrainingConfig


def identity_of(
    lm: LanguageModel, config: TrainingConfig, corpus: EncodedCorpus, validation: EncodedCorpus | None
) -> dict[str, Any]:
    """What makes a run the one it is; `digest` sums it up."""
    identity: dict[str, Any] = {
        "model": asdict(lm.config),
        "symbols": list(lm.vocabulary.symbols),
        # Not the weights themselves: drawn on another machine they may differ in their last digits.
        "first_weights": {name: lm.metadata.get(name) for name in ("initial_seed", "training")},
        "config": asdict(config),
        "tunes": _tunes(corpus),
        "held_out": None if validation is None else _tunes(validation),
    }
    text = json.dumps(identity, sort_keys=True, default=float).encode()
    identity = json.loads(text)  # as it will be read again
    return {**identity, "digest": hashlib.sha256(text).hexdigest()}


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
    return {"tunes": corpus.tunes, "characters": corpus.characters, "sha256": corpus.fingerprint()}


def _said(tunes: dict[str, Any] | None) -> str:
    if tunes is None:
        return "none"
    return f"{tunes['characters']:,} characters with checksum {tunes['sha256'][:8]}"
