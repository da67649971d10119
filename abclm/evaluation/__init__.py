"""Measure models and what they write; only the bulk figures need TensorFlow, and import it when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abclm.evaluation.bulk import Evaluator
    from abclm.evaluation.comparison import Comparison, Distance, compare
    from abclm.evaluation.prediction import Evaluation, evaluate
    from abclm.evaluation.quality import Quality, Share, judge

_HOMES = {
    "Comparison": "comparison",
    "Distance": "comparison",
    "Evaluation": "prediction",
    "Evaluator": "bulk",
    "Quality": "quality",
    "Share": "quality",
    "compare": "comparison",
    "evaluate": "prediction",
    "judge": "quality",
}

__all__ = [
    "Comparison",
    "Distance",
    "Evaluation",
    "Evaluator",
    "Quality",
    "Share",
    "compare",
    "evaluate",
    "judge",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
