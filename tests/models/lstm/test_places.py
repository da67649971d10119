"""What a place adds to the gates, and the scores of copies, against the equations written out."""

import numpy as np
import pytest

from abclm.models.context import (
    COPY_COLUMNS,
    GATE,
    GATE_COLUMNS,
    GATE_OFFSETS,
    INPUT_COLUMNS,
    INPUT_OFFSETS,
    INPUTS,
    Told,
    context_rows,
)
from abclm.models.copies import mixture
from abclm.models.lstm.numpy_engine import NumpyEngine
from abclm.models.recurrent.products import FloatProduct
from abclm.tokenizers.characters import CharacterTokenizer

UNITS, INPUT_SIZE, TOKENS, HIDDEN = 24, 8, 83, 10
TUNE = (
    "X:1\nR:jig\nM:6/8\nL:1/8\nK:G\nB|gfe dBA|G2G GFG|A2A AGA|B2B BAB|gfe dBA|G2G GFG|A2A ABA|G2G GFG|gfe dBA|G3 G2:|\n"
    "|:B|gfe dBA|G2G GFG|A2A AGA|B3 B2:|\n\n"
)


@pytest.fixture(scope="module")
def weights():
    generator = np.random.default_rng(0)

    def noise(*shape):
        return generator.normal(0, 2 / np.sqrt(shape[0]), shape).astype(np.float32)

    return {
        "embedding/embeddings": noise(TOKENS, INPUT_SIZE),
        "context/embeddings": noise(sum(INPUTS.values()), INPUT_SIZE),
        "lstm/kernel": noise(INPUT_SIZE, 4 * UNITS),
        "lstm/recurrent_kernel": noise(UNITS, 4 * UNITS),
        "lstm/bias": noise(4 * UNITS),
        "dense/kernel": noise(UNITS, TOKENS),
        "dense/bias": noise(TOKENS),
        "gate/embeddings": noise(sum(GATE.values()), HIDDEN),
        "gate/hidden/kernel": noise(UNITS, HIDDEN),
        "gate/hidden/bias": noise(HIDDEN),
        "gate/dense/kernel": noise(HIDDEN, 1 + len(COPY_COLUMNS)),
        "gate/dense/bias": noise(1 + len(COPY_COLUMNS)),
    }


@pytest.fixture(scope="module")
def tune():
    tokenizer = CharacterTokenizer.default()
    ids = tokenizer.encode("\n" + TUNE)
    rows = context_rows(tokenizer, ids, Told("jig", "G", (10, 4)))
    assert (rows[:, COPY_COLUMNS].max(axis=0) > 0).all()  # every copy is there somewhere
    return ids, rows


def written_out(weights, ids, rows):
    """The probabilities of the mixture, by its equations in float64."""
    w = {name: weight.astype(np.float64) for name, weight in weights.items()}
    h = c = np.zeros(UNITS)
    for token_id, row in zip(ids, rows, strict=True):
        x = w["embedding/embeddings"][token_id] + w["context/embeddings"][
            row[INPUT_COLUMNS] + INPUT_OFFSETS
        ].sum(0)
        sums = x @ w["lstm/kernel"] + h @ w["lstm/recurrent_kernel"] + w["lstm/bias"]
        i, f, g, o = np.split(sums, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        network = softmax(h @ w["dense/kernel"] + w["dense/bias"])
        hidden = h @ w["gate/hidden/kernel"] + w["gate/hidden/bias"]
        hidden = np.tanh(hidden + w["gate/embeddings"][row[GATE_COLUMNS] + GATE_OFFSETS].sum(0))
        gate = hidden @ w["gate/dense/kernel"] + w["gate/dense/bias"]
        copies = row[COPY_COLUMNS].astype(int)
        gate[1:][copies == 0] = -np.inf
        gate = softmax(gate)
        chances = gate[0] * network
        for copy, weight in zip(copies, gate[1:], strict=True):
            if copy:
                chances[copy - 1] += weight
        yield chances


def softmax(scores):
    shares = np.exp(scores - scores.max())
    return shares / shares.sum()


def test_the_mixture_is_that_of_its_equations(weights, tune):
    found = NumpyEngine(["lstm"], UNITS, weights, FloatProduct).logits(np.column_stack(tune))
    expected = np.array(list(written_out(weights, *tune)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.log(expected), atol=2e-5)
    plain = [name for name in weights if name.split("/")[0] in ("embedding", "lstm", "dense")]
    alone = NumpyEngine(["lstm"], UNITS, {name: weights[name] for name in plain}, FloatProduct).logits(
        tune[0]
    )
    assert alone.shape == found.shape  # without structure it is as it was


def stepped(engine, ids, rows, batch):
    """The scores along a text, of texts that are each a step behind the one before."""
    state, found = engine.start(batch), []
    for step in range(batch, len(ids)):
        back = [step - text for text in range(batch)]
        found.append(engine.step(state, ids[back], rows[back]))
    return np.array(found)


@pytest.mark.parametrize("batch", [2, 4, 19])
def test_texts_have_the_scores_of_each_alone_bit_for_bit(weights, tune, batch):
    engine, (ids, rows) = NumpyEngine(["lstm"], UNITS, weights), tune
    together = stepped(engine, ids, rows, batch)
    for text in range(batch):
        state = engine.start()
        for step, scores in zip(range(batch, len(ids)), together, strict=True):
            at = slice(step - text, step - text + 1)
            np.testing.assert_array_equal(engine.step(state, ids[at], rows[at])[0], scores[text])


def test_a_text_goes_on_from_a_column_of_a_state(weights, tune):
    engine, (ids, rows) = NumpyEngine(["lstm"], UNITS, weights), tune
    places = [row[None] for row in rows]
    states = [engine.start(), engine.start()]
    for step in range(60):
        engine.step(states[0], ids[step : step + 1], places[step])
    engine.step(states[1], ids[:1], places[0])
    states[1].put(0, states[0].column(0))
    expected = engine.step(states[0], ids[60:61], places[60])
    np.testing.assert_array_equal(engine.step(states[1], ids[60:61], places[60]), expected)


def test_without_copies_the_mixture_is_the_network():
    scores = np.array([[1, 2, 3, 0.5, -np.inf, -np.inf, -np.inf, -np.inf, -np.inf]], np.float32)
    none = np.zeros((1, len(COPY_COLUMNS)), int)
    np.testing.assert_allclose(np.exp(mixture(scores, none))[0], softmax(np.array([1, 2, 3])), rtol=1e-6)
