"""Training by PyTorch, `benchmarks/torch_step.py`: the steps of Keras, where there is no dropout, and the same run."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ConfigError
from abclm.language_model import LanguageModel
from abclm.models.gru.config import GRUConfig
from abclm.models.lstm.config import ModelConfig
from abclm.training.config import TrainingConfig
from abclm.training.run import train

pytest.importorskip("torch", reason="PyTorch is no dependency; pip install torch==2.13.0 to run these tests")
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from torch_step import TorchStep

TUNES = Corpus.load("oldTunes").normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
PLAIN = TrainingConfig(sequence_length=40, batch_size=16, learning_rate=5e-3, steps=20)
RICH = replace(
    PLAIN, schedule="cosine", warmup_steps=3, clip_norm=0.5, weight_decay=0.1, label_smoothing=0.1,
    averaging=0.9, whole_tunes=True, transposition=0.5,
)  # fmt: skip
DROPPING = replace(
    PLAIN, steps=None, epochs=3, embedding_dropout=0.1, output_dropout=0.2, recurrent_dropout=0.2
)


def run(config, backend, structure=False, **options):
    """The model and the loss of each step, which `progress` gives as the mean of the last 20."""
    means, losses = [], []
    network = ModelConfig(embedding_dimension=8, units=16, layers=1 if structure else 2, structure=structure)
    lm = LanguageModel.create(network, seed=1)

    def note(now):
        if not now.is_epoch_end:
            means.append(now.loss)
            losses.append(now.loss * min(now.step, 20) - sum(losses[-19:]))

    train(lm, TRAIN, HELD_OUT, config, normalize=False, backend=backend, progress=note, **options)
    return lm, losses


def same_weights(one, other, tolerance):
    for name, weight in one.weights.items():
        np.testing.assert_allclose(weight, other.weights[name], atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("config", "structure"),
    [(PLAIN, False), (RICH, False), (RICH, True)],
    ids=["plain", "all but dropout", "structure"],
)
def test_twenty_steps_have_the_losses_of_keras(config, structure):
    (keras, expected), (torch, found) = run(config, None, structure), run(config, TorchStep, structure)
    assert len(found) == 20
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)
    assert found[-1] < found[0] - 0.1
    same_weights(torch, keras, 1e-3)
    records = keras.metadata["training"], torch.metadata["training"]
    held_out, others = (
        [record.pop("held_out") for record in records],
        [record.pop("versions") for record in records],
    )
    assert held_out[1] == pytest.approx(held_out[0], rel=1e-5)
    assert others[1]["torch"]
    assert records[1] == records[0]


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_a_run_goes_on_with_the_other_backend(tmp_path, averaging):
    config = replace(PLAIN, steps=None, epochs=2, averaging=averaging)
    whole, _ = run(config, None)
    for first, second in ((None, TorchStep), (TorchStep, None)):
        folder = tmp_path / str(first)
        run(replace(config, epochs=1), first, folder=folder)
        same_weights(run(config, second, folder=folder, resume=True)[0], whole, 1e-3)


def test_a_stopped_run_resumes_to_the_same_bits_with_dropout(tmp_path):
    whole, losses = run(DROPPING, TorchStep, folder=tmp_path / "whole")
    run(replace(DROPPING, epochs=1), TorchStep, folder=tmp_path / "m")
    resumed, rest = run(DROPPING, TorchStep, folder=tmp_path / "m", resume=True)
    same_weights(resumed, whole, 0)
    assert len(rest) < len(losses)
    bits = [entry["validation_bits_per_character"] for entry in whole.history]
    assert bits[2] < bits[0]


def test_what_the_backend_can_not_train_is_refused():
    with pytest.raises(ConfigError, match="the PyTorch backend trains an LSTM by Adam"):
        run(replace(PLAIN, optimizer="sgd"), TorchStep)
    lm = LanguageModel.create(GRUConfig(embedding_dimension=8, units=16))
    with pytest.raises(ConfigError, match="the PyTorch backend trains an LSTM by Adam"):
        train(lm, TRAIN, None, PLAIN, backend=TorchStep)
    with pytest.raises(ConfigError, match="leave out callbacks or backend"):
        run(PLAIN, TorchStep, callbacks=[None])
