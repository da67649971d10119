"""Measure models and what they write; only the bulk figures need TensorFlow, and import it when used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abclm.evaluation.bulk import Evaluation, Evaluator, evaluate

__all__ = ["Evaluation", "Evaluator", "evaluate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from abclm.evaluation import bulk

    return getattr(bulk, name)
