"""Measure models and what they write."""

from abclm.evaluation.bulk import Evaluation, Evaluator, evaluate

__all__ = ["Evaluation", "Evaluator", "evaluate"]
