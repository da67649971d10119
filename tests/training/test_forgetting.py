"""The tunes that were held out from a model's training are found again by its metadata, or a warning says why not."""

from dataclasses import replace
from pathlib import Path

import pytest

from abclm.corpora.corpus import Corpus, read_corpora
from abclm.datasets import large_files
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.notation.tunebook import format_tunebook
from abclm.training.config import TrainingConfig
from abclm.training.forgetting import tunes_held_out_from
from abclm.training.run import fine_tune, train

TUNES = Corpus.load("oldTunes").normalize()
ONE_STEP = TrainingConfig(sequence_length=30, batch_size=4, steps=1)


@pytest.fixture
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=4, units=8), seed=1)


@pytest.fixture
def books(tmp_path, monkeypatch):
    """Two tunebooks in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, tunes in (("my.abc", TUNES.tunes[:30]), ("other.abc", TUNES.tunes[30:])):
        Path(name).write_text(format_tunebook(tunes), encoding="utf-8")


def texts(corpus):
    return [tune.text for tune in corpus]


def trained_on(lm, *paths, **split):
    """A model trained for a step, and the tunes that were held out."""
    training, held_out = read_corpora(paths).normalize().deduplicate().split(**{"validation": 0.3, **split})
    return train(lm, training, held_out, ONE_STEP, normalize=False), held_out


def test_a_model_that_was_not_trained_held_nothing_out(lm, caplog):
    assert tunes_held_out_from(lm) is None
    assert "abclm.training.forgetting" not in [each.name for each in caplog.records]


@pytest.mark.parametrize("paths", [["my.abc"], ["oldTunes"], ["*.abc"], ["my.abc", "other.abc", "oldTunes"]])
def test_the_tunes_of_built_in_names_and_paths_are_found(lm, books, tmp_path, paths):
    trained, held_out = trained_on(lm, *paths, seed=3, relatives_together=True)
    trained.save(tmp_path / "m")
    assert texts(tunes_held_out_from(LanguageModel.load(tmp_path / "m"))) == texts(held_out)


def test_as_many_as_are_enough_are_taken_evenly(lm, books):
    trained, held_out = trained_on(lm, "my.abc", validation=0.5)
    assert texts(tunes_held_out_from(trained, most=5)) == texts(held_out)[::3]


def test_held_out_tunes_in_a_file_of_their_own_are_found(lm, books):
    training, held_out = Corpus.read("my.abc").normalize(), Corpus.read("other.abc").normalize()
    trained = train(lm, training, held_out, ONE_STEP)
    assert texts(tunes_held_out_from(trained)) == texts(held_out)


def test_a_split_of_a_split_is_found(lm, books):
    training, test = Corpus.read("my.abc").normalize().split(0.2, seed=1)
    training, held_out = training.split(0.3, seed=2)
    trained = train(lm, training, held_out, ONE_STEP)
    assert texts(tunes_held_out_from(trained)) == texts(held_out)
    assert not set(texts(held_out)) & set(texts(test))


def test_tunes_taken_as_canonical_are_found(lm, books):
    training, held_out = Corpus.read("my.abc").as_canonical().split(0.3)
    assert {tune.reference_number for tune in training} == {1}
    trained = train(lm, training, held_out, ONE_STEP)
    assert texts(tunes_held_out_from(trained)) == texts(held_out)


def test_of_a_model_that_was_fine_tuned_those_of_each_training_are_found(lm, books):
    first, held_out = trained_on(lm, "my.abc")
    training, others = Corpus.read("other.abc").normalize().split(0.3)
    second = fine_tune(first, training, others, ONE_STEP)
    assert texts(tunes_held_out_from(second)) == [*texts(others), *texts(held_out)]


def test_what_one_training_held_out_and_another_learned_is_left_out(lm, books):
    first, _ = trained_on(lm, "my.abc", seed=0)
    training, held_out = Corpus.read("my.abc").normalize().split(0.3, seed=1)
    second = fine_tune(first, training, held_out, ONE_STEP)
    found = texts(tunes_held_out_from(second))
    assert not set(found) & set(texts(training))
    assert set(found) <= set(texts(held_out))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda: Path("my.abc").unlink(),
            "of my.abc is not measured: my.abc: there is no such file or folder",
        ),
        (lambda: Path("my.abc").write_text("X:1\nK:C\nC|\n"), "my.abc has other contents than it had then"),
    ],
    ids=["gone", "changed"],
)
def test_files_that_are_gone_or_changed_are_said(lm, books, caplog, change, said):
    trained, _ = trained_on(lm, "my.abc")
    change()
    assert tunes_held_out_from(trained) is None
    assert [each.name for each in caplog.records].count("abclm.training.forgetting") == 1
    assert said in caplog.text


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        (None, "none of its tunes were held out"),
        (Corpus("mine", TUNES.tunes[:4]), "its tunes were not read from files"),
        (
            replace(TUNES, tunes=TUNES.tunes[:4]),
            "its files now give 56 held-out tunes that are not the 4 of then",
        ),
    ],
    ids=["none", "from Python", "some of a file"],
)
def test_tunes_that_no_record_leads_to_are_said(lm, caplog, validation, said):
    train(lm, TUNES, validation, ONE_STEP)
    assert tunes_held_out_from(lm) is None
    assert said in caplog.text


def test_tunes_from_standard_input_are_said(lm, books, caplog):
    trained, _ = trained_on(lm, "my.abc")
    trained.metadata["training"]["validation"]["corpora"][0]["paths"] = ["-"]
    assert tunes_held_out_from(trained) is None
    assert "standard input, which can't be read again" in caplog.text


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"step": "split", "rule": "title-hash-9", "side": "validation"}, "does not know what was done"),
        ({"step": "shuffle"}, "does not know what was done"),
        ({"step": "normalize", "harder": True}, "does not know what was done"),
        ({}, "not one that abclm wrote"),
    ],
)
def test_a_step_of_another_version_is_said(lm, books, caplog, step, said):
    trained, _ = trained_on(lm, "my.abc")
    trained.metadata["training"]["validation"]["steps"][-1] = step
    assert tunes_held_out_from(trained) is None
    assert said in caplog.text


def test_a_model_of_the_version_without_records_is_said(lm, books, caplog):
    trained, _ = trained_on(lm, "my.abc")
    for part in ("corpus", "validation"):
        del trained.metadata["training"][part]["corpora"], trained.metadata["training"][part]["steps"]
    trained.metadata["split"] = {"validation": 0.3, "seed": 0}
    assert tunes_held_out_from(trained) is None
    assert "abclm 0.1.0 trained the model, and kept no record of its tunes" in caplog.text
    assert [each.name for each in caplog.records].count("abclm.training.forgetting") == 1


def test_what_the_shipped_models_say_of_their_tunes_is_read(lm, caplog):
    card = {"name": "oldTunes", "title": "Old Tunes", "sha256": Corpus.load("oldTunes").checksum}
    lm.metadata |= {"corpora": [card], "split": {"validation": 0.5, "seed": 3}}
    expected = texts(TUNES.deduplicate().split(0.5, 3)[1])
    assert texts(tunes_held_out_from(lm)) == expected
    tuned = fine_tune(lm, TUNES, None, ONE_STEP)
    assert "corpora" not in tuned.metadata
    assert texts(tunes_held_out_from(tuned)) == expected
    assert "none of its tunes were held out" in caplog.text  # from the training that followed
    lm.metadata["corpora"] = [{**card, "sha256": "0"}]
    assert tunes_held_out_from(lm) is None
    assert "oldTunes has other contents" in caplog.text
    lm.metadata["corpora"] = [{"name": "mine.abc", "sha256": "0"}]
    assert tunes_held_out_from(lm) is None
    assert "no built-in corpus 'mine.abc'" in caplog.text


@pytest.mark.parametrize("clean", [True, False])
def test_held_out_tunes_of_files_too_large_for_memory_are_found(
    lm, books, tmp_path, monkeypatch, caplog, clean
):
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    files = large_files.LargeFiles.find(["my.abc", "oldTunes"])
    found = large_files.encode_files(
        files, lm.tokenizer, tmp_path / "text", clean=clean, validation=0.3, seed=2
    )
    trained = train(lm, found.training, found.held_out, ONE_STEP)
    expected = texts(found.held_out.parsed(lm.tokenizer))
    assert texts(tunes_held_out_from(trained)) == expected
    assert texts(tunes_held_out_from(trained, most=6)) == expected[:: -(-len(expected) // 6)]
    monkeypatch.undo()  # the same tunes, as they are small now
    monkeypatch.chdir(tmp_path)
    assert texts(tunes_held_out_from(trained)) == expected
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    Path("my.abc").write_text(Path("other.abc").read_text())
    assert tunes_held_out_from(trained) is None
    assert "its files have other contents" in caplog.text
    trained.metadata["training"]["validation"]["steps"].pop(0)
    assert tunes_held_out_from(trained) is None
    assert "its files are too large to do again what was done" in caplog.text
