"""A model, its folder, and what happens when the folder is not as it should be."""

import errno
import itertools
import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import abclm
from abclm.analysis.novelty import NoveltyIndex
from abclm.errors import ConfigError, ModelError
from abclm.language_model import LanguageModel
from abclm.models import folder as model_folder
from abclm.models import presets
from abclm.models.architecture import read_config
from abclm.models.gru.config import GRUConfig
from abclm.models.lstm.config import ModelConfig
from abclm.models.presets import preset_names
from abclm.models.quantised import _arrays
from abclm.models.vae.config import VAEConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tokenizers.rolls import RollTokenizer
from abclm.tune import Tune

SMALL = ModelConfig(embedding_dimension=3, units=4)


@pytest.fixture
def lm():
    return LanguageModel.create(SMALL, seed=1)


@pytest.fixture
def folder(lm, tmp_path):
    lm.save(tmp_path / "m")
    return tmp_path / "m"


def assert_same_model(one, other):
    assert one.config == other.config
    assert one.tokenizer == other.tokenizer
    assert one.weights.keys() == other.weights.keys()
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])


# The network's shape


def test_the_default_network_has_the_papers_number_of_parameters():
    assert ModelConfig().parameters(83) == 5_353_299


def test_weights_are_named_after_keras_and_layers_are_counted():
    shapes = ModelConfig(embedding_dimension=3, units=4, layers=2).weight_shapes(7)
    assert shapes == {
        "embedding/embeddings": (7, 3),
        "lstm/kernel": (3, 16),
        "lstm/recurrent_kernel": (4, 16),
        "lstm/bias": (16,),
        "lstm_1/kernel": (4, 16),
        "lstm_1/recurrent_kernel": (4, 16),
        "lstm_1/bias": (16,),
        "dense/kernel": (4, 7),
        "dense/bias": (7,),
    }


@pytest.mark.parametrize("value", [0, -1, 2.0, "8", True, None, 10**6])
def test_sizes_out_of_range_are_all_named(value):
    with pytest.raises(ConfigError) as caught:
        ModelConfig(embedding_dimension=value, units=value, layers=value)
    for name in ("embedding_dimension", "units", "layers"):
        assert f"{name} is an integer" in str(caught.value)
    assert repr(value) in str(caught.value)


def test_a_config_goes_to_json_and_back():
    config = ModelConfig(embedding_dimension=5, units=6, layers=2)
    assert read_config(config.to_json()) == config
    assert list(json.loads(config.to_json()).items()) == [
        ("format_version", 2), ("architecture", "lstm"),
        ("embedding_dimension", 5), ("units", 6), ("layers", 2), ("structure", False), ("cache", []),
    ]  # fmt: skip


# A new model


def test_a_new_model_is_drawn_as_keras_draws_it():
    weights = LanguageModel.create(ModelConfig(embedding_dimension=40, units=50)).weights
    embeddings = weights["embedding/embeddings"]
    assert 0.04 < np.abs(embeddings).max() <= 0.05
    limit = np.sqrt(6 / (40 + 200))
    assert 0.9 * limit < np.abs(weights["lstm/kernel"]).max() <= limit
    recurrent = weights["lstm/recurrent_kernel"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(50), atol=1e-5)
    np.testing.assert_array_equal(weights["lstm/bias"], [0] * 50 + [1] * 50 + [0] * 100)
    assert not weights["dense/bias"].any()
    assert {weight.dtype for weight in weights.values()} == {np.dtype(np.float32)}


def test_the_seed_decides_the_weights(lm):
    assert_same_model(lm, LanguageModel.create(SMALL, seed=1))
    other = LanguageModel.create(SMALL, seed=2)
    assert not np.array_equal(lm.weights["lstm/kernel"], other.weights["lstm/kernel"])


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None])
def test_a_seed_that_is_none_is_an_error(seed):
    with pytest.raises(ConfigError, match="seed is an integer from 0"):
        LanguageModel.create(SMALL, seed=seed)


def test_weights_that_do_not_fit_are_an_error(lm):
    with pytest.raises(ModelError, match=r"dense/bias has shape \(83,\).*call for \(5,\)"):
        LanguageModel(lm.config, CharacterTokenizer.from_text("GABc\n"), lm.weights)
    with pytest.raises(ModelError, match="lstm/bias has shape None"):
        LanguageModel(lm.config, lm.tokenizer, {k: v for k, v in lm.weights.items() if k != "lstm/bias"})


def test_a_copy_shares_nothing_that_training_changes(lm):
    copy = lm.copy()
    assert_same_model(lm, copy)
    copy.weights["dense/bias"][0] = 1
    copy.history.append({"epoch": 1})
    copy.metadata["corpus"] = "x"
    assert lm.weights["dense/bias"][0] == 0
    assert lm.history == []
    assert "corpus" not in lm.metadata


def test_the_representation_is_short(lm):
    assert repr(lm).endswith("83 symbols, 792 parameters)")


# Save and load


def test_a_model_is_saved_and_loaded(tmp_path):
    config = ModelConfig(embedding_dimension=3, units=4, layers=2)
    lm = LanguageModel.create(config, CharacterTokenizer.from_text("GABcé♯\n"), seed=3)
    lm.metadata["corpora"] = [{"name": "tunes", "tunes": 3}]
    lm.history = [{"epoch": 1, "loss": np.float32(2.5), "steps": np.int64(3)}]
    lm.save(tmp_path / "deep" / "m")
    loaded = abclm.load(tmp_path / "deep" / "m")
    assert_same_model(lm, loaded)
    assert loaded.metadata == lm.metadata
    assert loaded.history == [{"epoch": 1, "loss": 2.5, "steps": 3}]
    assert sorted(os.listdir(tmp_path / "deep" / "m")) == sorted([*model_folder.FILES, "README.md"])


def test_float16_halves_the_weights_and_is_loaded_as_float32(lm, tmp_path):
    lm.save(tmp_path / "m", dtype="float16")
    assert load_file(tmp_path / "m" / "model.safetensors")["lstm/kernel"].dtype == np.float16
    loaded = LanguageModel.load(str(tmp_path / "m"))
    for name, weight in loaded.weights.items():
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, lm.weights[name].astype(np.float16).astype(np.float32))


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(embedding_dimension=64, units=128, structure=True),
        ModelConfig(embedding_dimension=32, units=64, layers=2),
        GRUConfig(embedding_dimension=32, units=64, layers=2),
    ],
    ids=["structure", "lstm", "gru"],
)
def test_a_model_in_8_bits_writes_the_tunes_that_it_writes_in_16(tmp_path, config):
    lm, texts, sizes = LanguageModel.create(config, seed=1), [], []
    for weight in lm.weights.values():
        weight *= 3  # so that tokens differ
    for number, dtype in enumerate(("float32", "float16", "int8", "int8")):
        lm.save(tmp_path / f"{number}", dtype=dtype)
        sizes.append((tmp_path / f"{number}" / "model.safetensors").stat().st_size)
        lm = abclm.load(tmp_path / f"{number}")
        texts.append(str(lm.generate(seed=1, max_length=200, attempts=1, constrained=False)[0]))
    assert texts[1] == texts[2] == texts[3]
    assert sizes[3] == sizes[2] < 0.75 * sizes[1] < 0.4 * sizes[0]  # embeddings take 16 bits


def test_int8_changes_weights_by_half_a_scale_at_most(tmp_path):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16, structure=True), seed=1)
    lm.save(tmp_path, dtype="int8")
    stored = load_file(tmp_path / "model.safetensors")
    in_bytes = {name for name, weight in stored.items() if weight.dtype == np.int8}
    assert in_bytes == {"lstm/recurrent_kernel", "dense/kernel", "gate/hidden/kernel"}
    for name, weight in abclm.load(tmp_path).weights.items():
        assert weight.dtype == np.float32
        largest = np.abs(lm.weights[name]).max(axis=0)
        assert (np.abs(weight - lm.weights[name]) <= largest / 250).all()


def test_other_architectures_are_stored_in_8_bits_too(tmp_path):
    lm = LanguageModel.create(VAEConfig(), RollTokenizer())
    lm.save(tmp_path, dtype="int8")
    assert load_file(tmp_path / "model.safetensors")["encoder/kernel"].dtype == np.int8
    assert abclm.load(tmp_path).weights["encoder/kernel"].dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_a_model_that_only_writes_holds_its_weights_as_they_are_stored(lm, tmp_path, dtype):
    lm.save(tmp_path, dtype=dtype)
    lm = abclm.load(tmp_path)

    def held():
        return {array.dtype.name for each in lm.weights._stored.values() for array in _arrays(each)}

    before = held()
    tune = lm.generate(seed=1, max_length=200, attempts=1)[0]
    lm.logits("X:1\n")
    lm.evaluate([tune])
    lm.save(tmp_path, "float32", overwrite=True)
    assert held() == before == ({"float16"} if dtype == "float16" else {"float16", "int8", "float32"})
    lm.weights["dense/bias"][0] = 3  # kept, as it may be changed
    assert lm.weights["dense/bias"][0] == 3
    assert lm.read_weights()["dense/bias"][0] == 3


def test_a_change_of_stored_weights_in_place_makes_another_engine(lm, tmp_path):
    lm.save(tmp_path, dtype="int8")
    lm = abclm.load(tmp_path)
    other, engine = lm.copy(), lm.engine()
    assert lm.engine() is engine
    lm.weights["dense/bias"][:] += np.arange(len(lm.tokenizer))
    assert lm.engine() is not engine
    assert lm.copy().weights["dense/bias"] is not lm.weights["dense/bias"]
    assert other.weights["dense/bias"][1] == lm.weights["dense/bias"][1] - 1


def test_weights_in_8_bits_need_their_scales(folder):
    abclm.load(folder).save(folder, dtype="int8", overwrite=True)
    change_weights(folder, **{"dense__kernel__scales": lambda scales: None})
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, "lacks dense/kernel/scales", "model.safetensors")


def test_an_unknown_dtype_is_an_error(lm, tmp_path):
    with pytest.raises(ConfigError, match="received 'float8'"):
        lm.save(tmp_path / "m", dtype="float8")


def test_saving_again_replaces_the_model_and_keeps_what_else_is_there(folder):
    (folder / "training_state").mkdir()
    (folder / "notes.txt").write_text("mine")
    other = LanguageModel.create(
        ModelConfig(embedding_dimension=2, units=3), CharacterTokenizer.from_text("abc\n")
    )
    other.save(folder, overwrite=True)
    assert_same_model(LanguageModel.load(folder), other)
    assert (folder / "notes.txt").read_text() == "mine"
    assert sorted(os.listdir(folder)) == sorted(
        [*model_folder.FILES, "README.md", "notes.txt", "training_state"]
    )


def test_another_programs_config_is_not_overwritten(lm, tmp_path):
    (tmp_path / "config.json").write_text('{"theirs": 1}')
    with pytest.raises(ModelError, match="not a model's; save to another folder"):
        lm.save(tmp_path)
    assert os.listdir(tmp_path) == ["config.json"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_weights_that_cannot_be_stored_are_not_saved(lm, folder, value):
    before = lm.copy()
    lm.weights["dense/bias"][2] = value
    with pytest.raises(ModelError, match=r"dense/bias has values that float16 can't hold"):
        lm.save(folder, dtype="float16", overwrite=True)
    assert_same_model(LanguageModel.load(folder), before)


def test_a_folder_that_cannot_be_made_is_an_os_error(lm, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        lm.save(tmp_path / "file")


class Crash(BaseException):
    """What `kill -9` does, as far as a test can: nothing after it runs."""


def crash_points(monkeypatch, lm, folder, error):
    """Save again and again, each time stopped one file operation later, until a save goes through."""
    operations = [(model_folder, "write_bytes"), (os, "replace")]
    operations += [(type(folder), name) for name in ("rename", "rmdir", "unlink")]
    for survived in range(100):
        left = survived

        def counted(function, monkeypatch=monkeypatch):
            def call(*arguments, **keywords):
                nonlocal left
                if left == 0:
                    raise error
                left -= 1
                return function(*arguments, **keywords)

            return call

        with monkeypatch.context() as patch:
            if isinstance(error, Crash):  # then nothing is tidied up either
                patch.setattr(shutil, "rmtree", lambda *_, **__: None)
            for place, name in operations:
                patch.setattr(place, name, counted(getattr(place, name)))
            try:
                lm.save(folder, overwrite=True)
                return
            except type(error):
                pass
        yield survived
    raise AssertionError("the save never ends")


@pytest.mark.parametrize("error", [Crash(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_save_stopped_anywhere_leaves_the_old_model_or_the_new_one(lm, folder, monkeypatch, error):
    other = LanguageModel.create(
        ModelConfig(embedding_dimension=2, units=3), CharacterTokenizer.from_text("abc\n")
    )
    seen = set()
    for _ in crash_points(monkeypatch, other, folder, error):
        loaded = LanguageModel.load(folder)
        seen.add(loaded.config.units)
        assert_same_model(loaded, lm if loaded.config == lm.config else other)
        shutil.rmtree(folder)
        lm.save(folder, overwrite=True)
    assert seen == {3, 4}
    assert_same_model(LanguageModel.load(folder), other)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_the_index_goes_with_the_model_wherever_a_save_is_stopped(lm, folder, monkeypatch, before, after):
    lm.novelty_index = index_of("Old") if before else None
    lm.save(folder, overwrite=True)
    other = LanguageModel.create(
        ModelConfig(embedding_dimension=2, units=3), CharacterTokenizer.from_text("abc\n")
    )
    other.novelty_index = index_of("New") if after else None
    for _ in crash_points(monkeypatch, other, folder, Crash()):
        loaded = LanguageModel.load(folder)
        expected = lm if loaded.config == lm.config else other
        assert titles_of(loaded) == titles_of(expected)
        shutil.rmtree(folder)
        lm.save(folder, overwrite=True)
    assert titles_of(LanguageModel.load(folder)) == (("New",) if after else None)
    assert (folder / model_folder.INDEX).exists() == after


def test_a_save_after_a_crash_starts_from_what_the_crash_left(lm, folder, monkeypatch):
    other = LanguageModel.create(
        ModelConfig(embedding_dimension=2, units=3), CharacterTokenizer.from_text("abc\n")
    )
    for _ in crash_points(monkeypatch, other, folder, Crash()):
        lm.save(folder, overwrite=True)
        assert_same_model(LanguageModel.load(folder), lm)
        assert sorted(os.listdir(folder)) == sorted([*model_folder.FILES, "README.md"])


def test_a_full_disk_leaves_no_folder_that_was_not_there(lm, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(model_folder, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        lm.save(tmp_path / "m")
    assert os.listdir(tmp_path) == []


# The index of the training tunes


def index_of(title):
    return NoveltyIndex.create([Tune.parse(f"X:1\nT:{title}\nL:1/8\nK:G\nGABc|dBGB|cAFA|G2Bd:|\n")])


def titles_of(lm):
    return lm.novelty_index and lm.novelty_index.titles


def test_a_model_without_an_index_has_none(folder):
    assert LanguageModel.load(folder).novelty_index is None


def test_a_broken_index_is_named(lm, folder):
    lm.novelty_index = index_of("Mine")
    lm.save(folder, overwrite=True)
    assert titles_of(LanguageModel.load(folder)) == titles_of(lm.copy()) == ("Mine",)
    path = folder / model_folder.INDEX
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError) as caught:
            LanguageModel.load(folder)
        assert_one_line(caught, str(path), "copy the model again")
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError) as caught:
        LanguageModel.load(folder)
    assert_one_line(caught, str(path))


# Folders that can't be loaded


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_an_unknown_name_lists_the_presets(monkeypatch, tmp_path):
    for name in ("plain", "session"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    monkeypatch.setattr(presets, "PRESETS", tmp_path)
    assert preset_names() == ["plain", "session"]
    with pytest.raises(ModelError) as caught:
        abclm.load("nonsense")
    assert_one_line(caught, "'nonsense'", "neither a preset's name nor a folder", "presets: plain, session")


def test_a_preset_is_loaded_by_its_name_wherever_one_stands(lm, tmp_path, monkeypatch):
    lm.save(tmp_path / "presets" / "session")
    monkeypatch.setattr(presets, "PRESETS", tmp_path / "presets")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "session").mkdir()
    assert_same_model(abclm.load("session"), lm)
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        abclm.load("./session")


def test_a_file_is_no_model(tmp_path):
    (tmp_path / "m").write_text("")
    with pytest.raises(ModelError) as caught:
        abclm.load(tmp_path / "m")
    assert_one_line(caught, "is not a folder")


@pytest.mark.parametrize("name", ["", "a\0b", "no/such/folder", "../.."])
def test_strange_names_are_model_errors(name):
    with pytest.raises(ModelError) as caught:
        abclm.load(name)
    assert_one_line(caught)


@pytest.mark.parametrize("name", model_folder.FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(
        caught,
        str(folder / name),
        "is missing",
        "config.json, vocabulary.json, model.safetensors and metadata.json",
    )


@pytest.mark.parametrize("name", model_folder.FILES)
def test_an_empty_file_is_named(folder, name):
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, str(folder / name))


FOREIGN = [b"\xff\xfe\x00binary", b"[1, 2]", b"null", b"X:1\nK:G\n", b'{"a": 1}']


@pytest.mark.parametrize(
    ("name", "content"),
    # Any JSON object is metadata.
    [
        pair
        for pair in itertools.product(model_folder.FILES, FOREIGN)
        if pair != ("metadata.json", FOREIGN[-1])
    ],
)
def test_a_foreign_file_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, str(folder / name))


@pytest.mark.parametrize("name", model_folder.FILES)
def test_a_folder_in_a_files_place_is_named(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, str(folder / name))


def test_weights_cut_off_anywhere_are_a_model_error(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError) as caught:
            abclm.load(folder)
        assert_one_line(caught, str(path), "copy the model again")


def change_json(path, **changes):
    data = json.loads(path.read_text())
    data.update(changes)
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"format_version": 3}, "format_version is 3, this abclm"),
        ({"format_version": None}, "format_version is None"),
        ({"architecture": "lsmt"}, "'lsmt' is unknown; did you mean lstm?"),
        ({"architecture": None}, "the architecture None is unknown"),
        ({"cell": "gru"}, "'cell'"),
        ({"units": None}, "'units'"),
        ({"units": 0}, "units is an integer from 1"),
        ({"units": "many"}, "received 'many'"),
        ({"units": 5}, "call for"),
        ({"layers": 2}, "lacks lstm_1/bias, lstm_1/kernel, lstm_1/recurrent_kernel"),
    ],
)
def test_a_config_that_is_not_the_models_is_an_error(folder, changes, part):
    change_json(folder / "config.json", **changes)
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, part, str(folder))


def test_weights_that_do_not_fit_the_vocabulary_are_an_error(folder):
    (folder / "vocabulary.json").write_text(CharacterTokenizer.from_text("GAB\n").to_json())
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, "embedding/embeddings has shape (83, 3)", "call for (4, 3)")


def test_a_history_that_is_no_list_is_an_error(folder):
    change_json(folder / "metadata.json", history="long")
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, str(folder / "metadata.json"), "history")


def change_weights(folder, **changes):
    weights = load_file(folder / "model.safetensors")
    for name, change in changes.items():
        weights[name.replace("__", "/")] = change(weights.get(name.replace("__", "/")))
    save_file(
        {name: weight for name, weight in weights.items() if weight is not None}, folder / "model.safetensors"
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda weight: None, "lacks dense/bias"),
        (lambda weight: weight[:-1].copy(), "dense/bias has shape (82,)"),
        (lambda weight: weight.astype(np.int32), "dense/bias is I32, not float16 or float32"),
        (lambda weight: weight.astype(np.float64), "dense/bias is F64"),
        (lambda weight: np.full_like(weight, np.nan), "infinite or undefined"),
        (lambda weight: np.full_like(weight, -np.inf, np.float16), "infinite or undefined"),
    ],
)
def test_weights_of_another_kind_are_named(folder, change, part):
    change_weights(folder, dense__bias=change)
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, part, "model.safetensors")


def test_weights_too_many_are_named(folder):
    change_weights(folder, gru__bias=lambda _: np.zeros(3, np.float32))
    with pytest.raises(ModelError) as caught:
        abclm.load(folder)
    assert_one_line(caught, "holds gru/bias, which config.json doesn't call for")


# Versions of the canonical form


def test_a_model_of_tunes_in_an_older_form_loads_with_one_warning(lm, tmp_path, monkeypatch, caplog):
    lm.save(tmp_path / "m")
    monkeypatch.setattr("abclm.models.model.FORM_VERSION", 1)
    LanguageModel.load(tmp_path / "m")
    assert not caplog.records  # none in the metadata means version 1
    monkeypatch.undo()
    LanguageModel.load(tmp_path / "m")
    (said,) = [record.getMessage() for record in caplog.records]
    assert "learned tunes in version 1 of the canonical form" in said
    assert "writes version 2" in said


def test_a_model_of_tunes_in_a_newer_form_is_refused_with_what_to_do(lm, tmp_path):
    lm.metadata["training"] = {"form_version": 3}
    lm.save(tmp_path / "m")
    with pytest.raises(
        ModelError, match=r"version 3 of the canonical form, .* up to 2; update abclm"
    ) as caught:
        LanguageModel.load(tmp_path / "m")
    assert_one_line(caught, str(tmp_path / "m" / "metadata.json"))
    change_json(tmp_path / "m" / "metadata.json", training={"form_version": "two"})
    with pytest.raises(ModelError, match="form_version is an integer, received 'two'"):
        LanguageModel.load(tmp_path / "m")


# Names of shipped models, and what a save may replace


def said_by_presets(caplog):
    return [each.getMessage() for each in caplog.records if each.name == "abclm.models.presets"]


def test_a_presets_name_beside_a_folder_of_that_name_says_which_is_meant(lm, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    lm.save("other")
    assert not said_by_presets(caplog)
    lm.save("small")
    (said,) = said_by_presets(caplog)
    assert said == "small is also the name of a shipped model: load this one as ./small"
    caplog.clear()
    assert_same_model(abclm.load("./small"), lm)
    assert not said_by_presets(caplog)
    assert abclm.load("small").config.units == 512
    (said,) = said_by_presets(caplog)
    assert said == "small is the shipped model; for the folder small give ./small"


def test_save_replaces_no_model_unless_it_is_told_to(lm, folder):
    other = LanguageModel.create(SMALL, seed=2)
    with pytest.raises(ModelError, match=r"m holds a model; .*overwrite=True to replace it") as caught:
        other.save(folder)
    assert_one_line(caught, str(folder))
    assert_same_model(abclm.load(folder), lm)
    other.save(folder, overwrite=True)
    assert_same_model(abclm.load(folder), other)
