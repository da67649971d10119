"""NumPy and Keras give the same logits from the same stored values."""

import numpy as np
import pytest

from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer

TUNE = (
    "X:1\nT:The Lost Badger\nR:jig\nM:6/8\nL:1/8\nK:G\n"
    "|:D|GFG DEF|G2A B2d|gfe dBG|A2G FED|GFG DEF|G2A B2d|gfe dcA|G3 G2:|\n"
    "|:d|gfg bag|fdf agf|efg edB|dBA G2d|gfg bag|fdf agf|efg dcA|G3 G2:|\n"
    '|:"G"B2d gdB|"C"ceg "D"afd|[Gg]2b (3agf e>d|_B=B^c d2z|1 gab agf|gdB G2:|2 gab agf|g3 g2|]\n\n'
)
TEXT = (TUNE * 2)[:400]


def noisy_model(config):
    """Weights as large as training makes them; an untrained model's are too quiet to tell apart."""
    generator = np.random.default_rng(0)
    tokenizer = CharacterTokenizer.default()
    weights = {
        name: generator.normal(0, 2 / np.sqrt(shape[0]), shape).astype(np.float32)
        for name, shape in config.weight_shapes(len(tokenizer)).items()
    }
    return LanguageModel(config, tokenizer, weights)


@pytest.mark.parametrize(
    ("config", "dtype"),
    [
        (ModelConfig(), "float32"),
        pytest.param(ModelConfig(), "float16", marks=pytest.mark.slow),
        (ModelConfig(embedding_dimension=16, units=48, layers=3), "float32"),
        (ModelConfig(embedding_dimension=16, units=48, layers=3), "float16"),
    ],
    ids=["default-float32", "default-float16", "three layers-float32", "three layers-float16"],
)
def test_logits_agree_along_400_characters(config, dtype, tmp_path):
    noisy_model(config).save(tmp_path / "m", dtype)
    lm = LanguageModel.load(tmp_path / "m")
    assert len(TEXT) == 400
    logits = lm.logits(TEXT)
    expected = np.asarray(lm.to_keras()(lm.tokenizer.encode(TEXT)[None]))[0]
    assert np.abs(logits).max() > 1
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)
