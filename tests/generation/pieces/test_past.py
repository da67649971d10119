"""Pieces that go by their own past."""

import numpy as np
import pytest

from abclm.errors import ConfigError
from abclm.generation.pieces.options import PieceWriting
from abclm.generation.pieces.past import Past, PastEngine, mixed
from abclm.models.lstm.config import ModelConfig


def test_pairs_are_counted_and_smoothed():
    past = Past(4, between=0)
    assert past.shares() is None
    for token in (0, 1, 2, 1, 2, 1):
        past.add(token)
    # After 1 came 2 twice, of one kind; alone 1 is 3 of 5 and 2 is 2 of 5.
    assert past.shares() == pytest.approx([0, (0 + 3 / 5) / 3, (2 + 2 / 5) / 3, 0])
    past.add(3)
    assert past.shares() == pytest.approx([0, 3 / 6, 2 / 6, 1 / 6])  # nothing came after 3


def test_a_mixture_adds_up():
    logits, shares = np.array([1.0, 2.0, -1.0], np.float32), np.array([0.5, 0.0, 0.5])
    found = np.exp(mixed(logits, shares, 0.4))
    assert found.sum() == pytest.approx(1)
    own = np.exp(logits) / np.exp(logits).sum()
    assert found == pytest.approx(0.6 * own + 0.4 * shares)


def test_step_by_step_is_as_all_at_once_also_where_texts_change_places():
    config = ModelConfig(embedding_dimension=3, units=5)
    engine = PastEngine(config.engine(config.initial_weights(6, 1)), 6, 0, 0.5)
    texts = [[0, 1, 2, 1, 2, 1], [0, 5, 5, 4, 3, 5]]
    wanted = [engine.logits(np.array(text)) for text in texts]
    state = engine.start(2)
    for place, ids in enumerate(zip(*texts, strict=True)):
        if place == 3:
            one, other = state.column(0), state.column(1)
            state.put(0, other)
            state.put(1, one)
            state = state.only([1, 0])
        logits = engine.step(state, list(ids))
        assert state.batch == 2
        for row, text in zip(logits, wanted, strict=True):
            assert row == pytest.approx(text[place], abs=1e-4)


def test_a_weight_of_one_or_below_nothing_is_refused():
    for weight in (1.0, -0.1):
        with pytest.raises(ConfigError, match="past"):
            PieceWriting(past=weight)
