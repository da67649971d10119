"""A run's history as files beside the model."""

import csv
import io
import logging

import pytest

from abclm.corpora.corpus import Corpus
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.training.config import TrainingConfig
from abclm.training.folder import write_history
from abclm.training.run import train

HISTORY = [
    {"epoch": n, "steps": 10 * n, "loss": 3.0 / n, "bits_per_character": 4.0 / n,
     "validation_bits_per_character": 4.5 / n}
    for n in (1, 2, 3)
]  # fmt: skip
CURVE = [(step, 4 / step) for step in range(1, 31)]


def pixels(image):
    from matplotlib.image import imread

    return imread(io.BytesIO(image), format="png")[..., :3]


def test_what_can_not_be_written_is_said_and_stops_nothing(tmp_path, caplog):
    (tmp_path / "history.csv").mkdir()
    with caplog.at_level(logging.WARNING):
        write_history(tmp_path, HISTORY, CURVE, draw=True)
    assert "history.csv" in caplog.text
    assert "the run goes on" in caplog.text


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_run_leaves_both_beside_the_model(tmp_path, is_stopped):
    def progress(now):
        if is_stopped and now.epoch == 2:
            raise KeyboardInterrupt

    lm = LanguageModel.create(ModelConfig(embedding_dimension=4, units=8))
    config = TrainingConfig(sequence_length=50, batch_size=8, epochs=3)
    tunes = Corpus("few", Corpus.load("oldTunes").tunes[:8])
    try:
        train(lm, tunes, None, config, folder=tmp_path, progress=progress)
    except KeyboardInterrupt:
        assert is_stopped
    rows = list(csv.DictReader(io.StringIO((tmp_path / "history.csv").read_text())))
    assert [float(row["loss"]) for row in rows] == [entry["loss"] for entry in lm.history]
    assert len(rows) == (1 if is_stopped else 3)
    assert pixels((tmp_path / "history.png").read_bytes()).shape == (660, 1080, 3)
