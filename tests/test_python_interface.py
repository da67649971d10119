"""What an editor, a notebook and a thread find in the public classes."""

import inspect
import pydoc
import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import abclm
from abclm.errors import AbclmError, Cancelled, ConfigError, CorpusError
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.system.options import options_of
from abclm.training.config import TrainingConfig

ROOT = Path(__file__).resolve().parent.parent
LM = LanguageModel.create(ModelConfig(units=8, embedding_dimension=4))
QUICK = {"max_length": 200, "attempts": 1, "seed": 3}
TUNES = abclm.Corpus.load("oldTunes").normalize()


# Signatures


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("generate", GenerationOptions()),
        ("stream", GenerationOptions()),
        ("fit", TrainingConfig()),
        ("fine_tune", TrainingConfig.for_fine_tuning()),
    ],
)
def test_a_signature_has_every_option_with_its_type_and_default(name, defaults):
    parameters = inspect.signature(getattr(LM, name)).parameters
    for option in options_of(type(defaults)).values():
        found = parameters[option.name]
        assert found.default == getattr(defaults, option.name)
        assert found.annotation == (option.kind | None if option.default is None else option.kind)
    text = pydoc.plain(pydoc.render_doc(getattr(LanguageModel, name)))
    for option in options_of(type(defaults)).values():
        assert f"{option.name}: " in text
    assert not any(each.kind is each.VAR_KEYWORD for each in parameters.values())


def test_the_typed_keywords_are_the_options():
    tables = runpy.run_path(str(ROOT / "docs" / "option_tables.py"))
    written = tables["KEYWORDS"].read_text(encoding="utf-8")
    assert written == tables["keywords"](), "python docs/option_tables.py writes them"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: LM.generate(titel="x"), "generate has no option 'titel'; did you mean title?"),
        (lambda: LM.stream(temprature=1), "stream has no option 'temprature'; did you mean temperature?"),
        (lambda: LM.generate("The Lost Badger"), "by name or as GenerationOptions; received 'The Lost Badger'"),
        (lambda: LM.generate(n="3"), "n is an integer from 1"),
        (lambda: LM.fit(TUNES, epoch=3), "fit has no option 'epoch'; did you mean epochs?"),
        (lambda: LM.fit(TUNES, None, {"epochs": 3}), "as TrainingConfig; received {'epochs': 3}"),
        (lambda: LM.fit(), "fit: missing a required argument: 'train'"),
        (lambda: GenerationOptions(titel="x"), "GenerationOptions has no option 'titel'; did you mean title?"),
        (lambda: TrainingConfig(batchsize=8), "TrainingConfig has no option 'batchsize'; did you mean batch_size?"),
        (lambda: ModelConfig(unit=8), "ModelConfig has no option 'unit'; did you mean units?"),
        (lambda: ModelConfig(128), "ModelConfig takes values by name"),
    ],
)  # fmt: skip
def test_a_wrong_keyword_or_type_is_one_line_with_the_nearest_name(call, said):
    with pytest.raises(ConfigError) as caught:
        call()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tunes", ["my_tunes.abc", 3, [3]])
def test_tunes_that_are_none_are_refused(tunes):
    for call in (LM.fit, LM.fine_tune, LM.evaluate):
        with pytest.raises(CorpusError):
            call(tunes)


# Notebooks


def test_generate_gives_a_list_that_shows_its_tunes(monkeypatch):
    monkeypatch.setattr("abclm.tune._SHOWN", 1)
    tunes = LM.generate(n=2, **QUICK)
    assert isinstance(tunes, list)
    assert [str(tune) for tune in tunes] == [
        str(tune) for tune in LM.generate(GenerationOptions(n=2), **QUICK)
    ]
    shown = tunes._repr_html_()
    assert shown.count("<summary>ABC</summary>") == 1
    assert "… and 1 more" in shown


def test_an_evaluation_is_shown_as_a_table():
    evaluation = LM.evaluate(list(TUNES)[:3])
    shown = evaluation._repr_html_()
    assert f">{evaluation.bits_per_character:.4g}<" in shown
    assert shown.count("<tr>") == 1 + 6 + 2


@pytest.mark.slow
def test_training_leaves_standard_error_quiet():
    code = (
        "import abclm; tunes = abclm.Corpus.load('oldTunes');"
        "lm = abclm.LanguageModel.create(abclm.ModelConfig(units=4, embedding_dimension=4));"
        "lm.fit(tunes, steps=1, sequence_length=20)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


# Progress


def test_progress_is_told_of_each_tune_and_may_cancel():
    said = []
    LM.generate(n=3, progress=lambda done, total: said.append((done, total)), **QUICK)
    assert said == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(Cancelled, match="cancelled by its progress callback after 2 of 9 tunes"):
        LM.generate(n=9, progress=lambda done, total: done < 2, **QUICK)


def test_a_cancelled_run_keeps_what_it_has_and_is_one_line(tmp_path):
    lm = LM.copy()
    with pytest.raises(Cancelled, match="cancelled by its progress callback after step 2 of 9") as caught:
        lm.fit(TUNES, steps=9, sequence_length=20, folder=tmp_path / "m", progress=lambda now: now.step < 2)
    assert isinstance(caught.value, AbclmError)
    assert lm.metadata["training"]["steps"] == 2
    kept = abclm.load(tmp_path / "m")
    for name, weight in kept.weights.items():
        np.testing.assert_array_equal(weight, lm.weights[name])


# Threads


def test_threads_share_a_model_and_write_what_one_would():
    alone = [str(LM.generate(max_length=200, attempts=1, seed=seed)[0]) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = pool.map(lambda seed: str(LM.generate(max_length=200, attempts=1, seed=seed)[0]), range(6))
        measured = pool.map(lambda tune: LM.evaluate([tune]).bits_per_tune, TUNES.tunes[:6])
        assert list(together) == alone
        assert list(measured) == [LM.evaluate([tune]).bits_per_tune for tune in TUNES.tunes[:6]]
