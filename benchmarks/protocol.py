"""The common parts of the benchmarks: training tunes, held-out tunes, and recipes for training."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from abclm import ModelConfig
from abclm.corpora.corpus import Corpus, read_corpora

CORPORA = ("oneills1850", "ryansMammoth", "airdsAirs")
"""What the shipped models learn from."""

SPLIT: dict[str, Any] = {"validation": 0.1, "seed": 0, "relatives_together": True}

PAPER: dict[str, Any] = {"sequence_length": 400, "batch_size": 32, "learning_rate": 1e-3}
SCHEDULE = {**PAPER, "learning_rate": 2e-3, "schedule": "cosine", "warmup_steps": 20, "clip_norm": 1.0}
DROPOUT = {**SCHEDULE, "output_dropout": 0.5, "embedding_dropout": 0.2}
DECAY = {**DROPOUT, "weight_decay": 0.01}
WHOLE = {**DECAY, "whole_tunes": True}
KEYS = {**WHOLE, "transposition": 1.0}
RECURRENT = {**KEYS, "recurrent_dropout": 0.5}
LIGHT = {**KEYS, "recurrent_dropout": 0.3}
RECIPES: dict[str, dict[str, Any]] = {
    "paper": {**PAPER, "patience": 8},
    "schedule": SCHEDULE,
    "dropout": DROPOUT,
    "decay": DECAY,
    "whole": WHOLE,
    "keys": KEYS,
    "recurrent": RECURRENT,
    # More layers with the same number of parameters together; and strict tunes alone.
    "layers": {**KEYS, "layers": 2},
    "strict": {**KEYS, "strict": True},
    # On the larger corpora of the shipped models.
    "recurrent-0.2": {**KEYS, "recurrent_dropout": 0.2},
    "recurrent-0.4": {**KEYS, "recurrent_dropout": 0.4},
    "recurrent-0.2-decay-0.1": {**KEYS, "recurrent_dropout": 0.2, "weight_decay": 0.1},
    "recurrent-0.3-decay-0.1": {**KEYS, "recurrent_dropout": 0.3, "weight_decay": 0.1},
    "recurrent-0.3-decay-0.3": {**KEYS, "recurrent_dropout": 0.3, "weight_decay": 0.3},
    "recurrent-0.4-decay-0.1": {**KEYS, "recurrent_dropout": 0.4, "weight_decay": 0.1},
    "recurrent-0.4-decay-0.3": {**KEYS, "recurrent_dropout": 0.4, "weight_decay": 0.3},
    "recurrent-0.5-decay-0.5": {**KEYS, "recurrent_dropout": 0.5, "weight_decay": 0.5},
    # With the tune's structure, which leaves less to learn by heart: of the shipped models, and from 642 tunes.
    "structure": {**KEYS, "output_dropout": 0.4, "recurrent_dropout": 0.35, "weight_decay": 0.4},
    "small": {
        **KEYS,
        "embedding_dropout": 0.1,
        "output_dropout": 0.2,
        "recurrent_dropout": 0.15,
        "weight_decay": 0.1,
        "batch_size": 16,
    },
    "structure-few": {**KEYS, "output_dropout": 0.6, "recurrent_dropout": 0.6, "weight_decay": 0.3},
    # Each changes one thing of a recipe with half as much left out as in `recurrent`, which learns in fewer passes.
    "light": LIGHT,
    "lighter": {**LIGHT, "recurrent_dropout": 0.15},
    "output-0.3": {**LIGHT, "output_dropout": 0.3},
    "output-0.65": {**LIGHT, "output_dropout": 0.65},
    "decay-0.1": {**LIGHT, "weight_decay": 0.1},
    "decay-0.5": {**LIGHT, "weight_decay": 0.5},
    "faster": {**LIGHT, "learning_rate": 4e-3},
    "batch-16": {**LIGHT, "batch_size": 16},
    "keys-half": {**LIGHT, "transposition": 0.5},
    "averaging": {**LIGHT, "averaging": 0.98},
    "smoothing": {**LIGHT, "label_smoothing": 0.05},
}


def split(corpora: Sequence[str] = CORPORA, **changes: Any) -> tuple[Corpus, Corpus]:
    """Canonical tunes to train on and tunes held out, each tune once; `changes` are to `SPLIT`."""
    return read_corpora(corpora).normalize().deduplicate().split(**{**SPLIT, **changes})


def read_split(path: str, split: Path) -> dict[str, Corpus]:
    """The canonical tunes of each part."""
    corpus = Corpus.read(path)
    places: dict[str, list[int]] = json.loads(split.read_text(encoding="utf-8"))
    return {
        part: replace(
            corpus,
            tunes=tuple(corpus.tunes[place] for place in places[part]),
            places=tuple(corpus.places[place] for place in places[part]),
        ).normalize()
        for part in ("train", "validation", "test")
    }


def same_size(units: int, layers: int) -> ModelConfig:
    """A network of so many layers with about as many parameters as one layer of `units` has."""
    wanted = ModelConfig(units=units).parameters(vocabulary_size=83)
    return min(
        (ModelConfig(units=width, layers=layers) for width in range(units // (2 * layers), units + 1)),
        key=lambda config: abs(config.parameters(vocabulary_size=83) - wanted),
    )


def torch_backend() -> Any:
    """PyTorch's step; the GPU, if there is one, is left to PyTorch."""
    import tensorflow as tf
    from torch_step import TorchStep

    tf.config.set_visible_devices([], "GPU")
    return TorchStep
