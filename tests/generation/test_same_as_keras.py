"""NumPy and Keras give the same logits from the same stored values."""

import numpy as np
import pytest

from abclm.language_model import LanguageModel
from abclm.model_config import ModelConfig

TUNE = (
    "X:1\nT:The Lost Badger\nR:jig\nM:6/8\nL:1/8\nK:G\n"
    "|:D|GFG DEF|G2A B2d|gfe dBG|A2G FED|GFG DEF|G2A B2d|gfe dcA|G3 G2:|\n"
    "|:d|gfg bag|fdf agf|efg edB|dBA G2d|gfg bag|fdf agf|efg dcA|G3 G2:|\n"
    '|:"G"B2d gdB|"C"ceg "D"afd|[Gg]2b (3agf e>d|_B=B^c d2z|1 gab agf|gdB G2:|2 gab agf|g3 g2|]\n\n'
)
TEXT = (TUNE * 2)[:400]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    "config",
    [ModelConfig(), ModelConfig(embedding_dimension=16, units=48, layers=3)],
    ids=["default", "three layers"],
)
def test_logits_agree_along_400_characters(config, dtype, tmp_path):
    lm = LanguageModel.create(config, seed=3)
    for name in ("lstm/bias", "dense/bias", "dense/kernel"):  # an untrained model's are too quiet to tell
        lm.weights[name] += np.random.default_rng(0).normal(0, 0.3, lm.weights[name].shape).astype(np.float32)
    lm.save(tmp_path / "m", dtype)
    lm = LanguageModel.load(tmp_path / "m")
    assert len(TEXT) == 400
    logits = lm.logits(TEXT)
    expected = np.asarray(lm.to_keras()(lm.vocabulary.encode(TEXT)[None]))[0]
    assert np.abs(logits).max() > 0.5
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)
