"""A step as an ONNX model gives what the engine gives, and carries the same state."""

import numpy as np
import pytest

from abclm.errors import ConfigError
from abclm.language_model import LanguageModel, load
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
        # Sums of few products of these fit into the 16 bits of the tables.
        lm.weights[name] = np.float32(np.rint(8 * generator.normal(0, 0.4, weight.shape)) / 8)
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


def test_the_tables_of_a_real_model_lose_next_to_nothing_in_16_bits(tmp_path):
    lm = load("session")
    lm.export(tmp_path / "session.onnx")
    assert (tmp_path / "session.onnx").stat().st_size < 6.7e6
    session = onnxruntime.InferenceSession(tmp_path / "session.onnx", providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    ids = lm.tokenizer.encode(TEXT)
    rows = with_context(lm.tokenizer, ids).astype(np.int64)
    engine = lm.config.engine(lm.weights)
    state = engine.start()
    values = {
        each.name: np.zeros((1, each.shape[1]), np.float32)
        for each in session.get_inputs()
        if each.name not in ("id", "context")
    }
    for read in rows[:, None]:
        given = {"id": read[:, 0], "context": read[:, 1:], **values}
        found = dict(zip(names, session.run(names, given), strict=True))
        values = {name: found[f"next_{name}"] for name in values}
        expected = engine.step(state, read[:, 0], read[:, 1:])
        scores = np.concatenate([found["logits"], found["gate"]], axis=1)
        there = np.isfinite(expected)
        assert np.abs(scores[there] - expected[there]).max() < 0.1


def test_numbers_that_are_too_large_for_16_bits_keep_32(tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=2, units=2))
    lm.weights["lstm/bias"][:] = 1e6
    lm.export(tmp_path / "step.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "step.onnx", providers=["CPUExecutionProvider"])
    state = {"carried_0": np.zeros((1, 2), np.float32), "sums_0": np.zeros((1, 8 + 83), np.float32)}
    assert all(np.isfinite(each).all() for each in session.run(None, {"id": np.array([0]), **state}))


@pytest.mark.parametrize("name", ["kankanala-gru", "hopkins-rnn", "vae"])
def test_a_network_without_a_state_is_not_exported_and_what_stands_there_stays(name, tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=2, units=2))
    lm.config, lm.weights = find_architecture(name)(), {}
    (tmp_path / "step.onnx").write_bytes(b"before")
    with pytest.raises(
        ConfigError, match=f"only recurrent networks that carry a state are exported; {name} has none"
    ):
        lm.export(tmp_path / "step.onnx")
    assert (tmp_path / "step.onnx").read_bytes() == b"before"


def test_a_file_is_replaced_and_a_folder_is_refused_by_name(tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=2, units=2))
    path = tmp_path / "new" / "step.onnx"
    lm.export(path)
    whole = path.read_bytes()
    path.write_bytes(b"before")
    lm.export(path)
    assert path.read_bytes() == whole
    with pytest.raises(IsADirectoryError, match="new"):
        lm.export(path.parent)
    with pytest.raises(OSError, match=r"step\.onnx"):
        lm.export(path / "step.onnx")
    assert [each.name for each in path.parent.iterdir()] == ["step.onnx"]
