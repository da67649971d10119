"""Train, fine-tune and sample character-level language models of tunes in ABC notation.

Public names are resolved when they are first used, so that `import abclm` alone costs next to nothing
and writing a tune never imports what only training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abclm._version import VERSION as __version__

if TYPE_CHECKING:
    from abclm.corpora.corpus import Corpus
    from abclm.corpora.pieces import Pieces
    from abclm.errors import (
        AbclmError,
        Cancelled,
        ConfigError,
        ConvertError,
        CorpusError,
        ModelError,
        NotationError,
        VocabularyError,
    )
    from abclm.generation.options import GenerationOptions
    from abclm.language_model import LanguageModel, load
    from abclm.latent_model import LatentModel
    from abclm.models.gru.config import GRUConfig
    from abclm.models.lstm.config import ModelConfig
    from abclm.piece import Piece
    from abclm.tokenizers.characters import CharacterTokenizer
    from abclm.training.config import TrainingConfig
    from abclm.tune import Tune, read_tunebook

__all__ = [
    "AbclmError",
    "Cancelled",
    "CharacterTokenizer",
    "ConfigError",
    "ConvertError",
    "Corpus",
    "CorpusError",
    "GRUConfig",
    "GenerationOptions",
    "LanguageModel",
    "LatentModel",
    "ModelConfig",
    "ModelError",
    "NotationError",
    "Piece",
    "Pieces",
    "TrainingConfig",
    "Tune",
    "VocabularyError",
    "__version__",
    "load",
    "read_tunebook",
]

_HOMES = {
    "Corpus": "corpora.corpus",
    "GRUConfig": "models.gru.config",
    "GenerationOptions": "generation.options",
    "LanguageModel": "language_model",
    "LatentModel": "latent_model",
    "ModelConfig": "models.lstm.config",
    "Piece": "piece",
    "Pieces": "corpora.pieces",
    "TrainingConfig": "training.config",
    "Tune": "tune",
    "CharacterTokenizer": "tokenizers.characters",
    "load": "language_model",
    "read_tunebook": "tune",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
