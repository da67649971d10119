"""A step as an ONNX model gives what the engine gives, and carries the same state."""

import numpy as np
import pytest

from abclm.errors import ConfigError
from abclm.language_model import LanguageModel
from abclm.models.architecture import find_architecture
from abclm.models.context import COLUMNS, Told, with_context
from abclm.models.gru.config import GRUConfig
from abclm.models.lstm.config import ModelConfig

onnxruntime = pytest.importorskip("onnxruntime")

TEXT = "\nX:1\nR:jig\nM:6/8\nL:1/8\nK:G\nB|gfe dBA|G2G GFG|A2A AGA|B2B BAB|gfe dBA|G2G GFG|A2A ABA|G3 G2:|\n"
CONFIGS = [
    ModelConfig(embedding_dimension=7, units=30),
    ModelConfig(embedding_dimension=7, units=30, layers=2),
    ModelConfig(embedding_dimension=7, units=30, structure=True),
    GRUConfig(embedding_dimension=7, units=30, layers=2),
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_exported_step_is_that_of_the_engine(config, tmp_path):
    lm, generator = LanguageModel.create(config), np.random.default_rng(0)
    for name, weight in lm.weights.items():
        lm.weights[name] = generator.normal(0, 0.4, weight.shape).astype(np.float32)
    lm.export(tmp_path / "step.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "step.onnx", providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert about["vocabulary"] == lm.tokenizer.to_json()
    assert about["context"].split() == (list(COLUMNS) if config.columns else [])

    ids = lm.tokenizer.encode(TEXT)
    rows = with_context(lm.tokenizer, ids, Told("jig", "G", (8,))).astype(np.int64)
    engine = lm.config.engine(lm.weights)
    state, batch = engine.start(2), 2
    values = {
        each.name: np.zeros((batch, *each.shape[1:]), np.float32)
        for each in session.get_inputs()
        if each.name.partition("_")[0] in ("carried", "sums")
    }
    off = []
    for step in range(5, len(ids)):
        read = rows[[step, step - 5]]  # two texts, one of them behind
        given = {"id": read[:, 0], **({"context": read[:, 1:]} if config.columns else {}), **values}
        names = [each.name for each in session.get_outputs()]
        found = dict(zip(names, session.run(names, given), strict=True))
        values = {name: found[f"next_{name}"] for name in values}
        scores = np.concatenate([found["logits"], *([found["gate"]] if config.columns else [])], axis=1)
        expected = engine.step(state, read[:, 0], *([read[:, 1:]] if config.columns else []))
        there = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(scores), there)
        off.append(np.abs(scores[there] - expected[there]).max())
    # A hidden value next to the middle of two integers may be rounded to the other one.
    assert np.median(off) < 1e-4
    assert np.max(off) < 0.1


def test_a_network_that_reads_windows_is_not_exported(tmp_path):
    class Windows(find_architecture("kankanala-gru")):
        def weight_shapes(self, vocabulary_size):
            return {}

    lm = LanguageModel.create(ModelConfig(embedding_dimension=2, units=2))
    lm.config, lm.weights = Windows(), {}
    with pytest.raises(ConfigError, match="only recurrent networks that carry a state are exported"):
        lm.export(tmp_path / "step.onnx")
    assert not (tmp_path / "step.onnx").exists()
