"""Model folders that are damaged in any way load as a model that can be used, or are a ModelError of one line."""

import copy
import json
import os
import random
import shutil
import warnings

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from abclm.analysis.novelty import NoveltyIndex
from abclm.errors import ModelError, VocabularyError
from abclm.language_model import LanguageModel
from abclm.models.folder import FILES, INDEX
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.training.forgetting import tunes_held_out_from
from abclm.training.record import as_start
from abclm.tune import Tune

ODD = [
    None, True, [], {}, [None], [{}], {"": None}, "", "x", "\x1b[31m", "\ud800", "\0", "é" * 300, 0, -1, 0.5, -0.0, 1e308,
    float("nan"), float("inf"), 10**30, 255, 256, 2**31, [0.99] * 40, "session", "../..",
]  # fmt: skip
VALUES = [3e38, -3e38, 1e30, np.nan, np.inf, -np.inf, 1e6, 65504.0, 1e-45, 0.0]
SUMMARY = {
    "name": "few", "tunes": 1, "characters": 40, "checksum": "0" * 64, "corpora": [{"name": "f", "sha256": "0" * 64}],
    "steps": [{"step": "normalize"}, {"step": "split", "validation": 0.1, "seed": 0}],
}  # fmt: skip
RECORD = {
    "config": {"epochs": 1}, "form_version": 1, "corpus": SUMMARY, "validation": SUMMARY, "tonic_endings": 0.8,
    "forms": [{"rhythm": "reel", "parts": 2, "bars": 8, "tunes": 3}], "held_out": {"bits_per_character": 2.5, "tunes": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with all that a folder can have."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=3, units=4), seed=1)
    lm.metadata.update(name="few", corpora=SUMMARY["corpora"], split={"validation": 0.1, "seed": 0})
    lm.metadata["training"] = {**RECORD, "went_on_from": copy.deepcopy(RECORD)}
    lm.history = [{"epoch": 1, "steps": 7, "bits_per_character": 4.25, "validation_bits_per_character": 4.5}]
    lm.novelty_index = NoveltyIndex.create([Tune.parse("X:1\nT:Few\nM:4/4\nL:1/8\nK:G\nGABc d4|efge d4|]\n")])
    folder = tmp_path_factory.mktemp("whole") / "m"
    lm.save(folder)
    return folder


def nodes(data, path=()):
    """The paths of all values in a JSON value."""
    yield path
    for key, value in (
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    ):
        yield from nodes(value, (*path, key))


def change_json(path, numbers):
    data = {"": json.loads(path.read_text())}
    for _ in range(numbers.choice((1, 1, 2, 4))):
        *above, last = numbers.choice([place for place in nodes(data) if place])
        parent = data
        for key in above:
            parent = parent[key]
        if isinstance(parent, dict) and numbers.random() < 0.15:
            del parent[last]
            if not above:
                data = {"": {}}
        else:
            parent[last] = copy.deepcopy(numbers.choice(ODD))
    path.write_text(json.dumps(data[""]))


def change_tensors(path, numbers):
    tensors = load_file(path)
    name = numbers.choice(sorted(tensors))
    tensor = tensors[name].copy()
    kind = numbers.randrange(5)
    if kind == 0 and tensor.size:
        tensor.reshape(-1)[numbers.randrange(tensor.size)] = numbers.choice(
            VALUES if tensor.dtype == np.float32 else [0, 11]
        )
    elif kind == 1:
        with np.errstate(invalid="ignore", over="ignore"):
            tensor = np.full_like(
                tensor, numbers.choice(VALUES[:3] + VALUES[6:]) if tensor.dtype == np.float32 else 1
            )
    elif kind == 2:
        tensor = tensor.astype(numbers.choice((np.float16, np.float64, np.int8, np.uint32, np.bool_)))
    elif kind == 3:
        tensor = tensor.reshape(-1)[: numbers.randrange(tensor.size + 1)].copy()
    tensors[name] = tensor
    if kind == 4:
        del tensors[name]
    save_file(tensors, path)


def change_bytes(path, numbers):
    data = bytearray(path.read_bytes())
    for _ in range(numbers.choice((1, 1, 3, 30))):
        at = numbers.randrange(len(data))
        kind = numbers.randrange(4)
        if kind == 0:
            data[at] = numbers.randrange(256)
        elif kind == 1:
            del data[at : at + numbers.randrange(1, 9)]
        elif kind == 2:
            data[at:at] = numbers.randbytes(numbers.randrange(1, 9))
        else:
            del data[at:]
        if not data:
            break
    path.write_bytes(data)


def change_kind(path, numbers):
    path.unlink()
    kind = numbers.randrange(5)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.symlink_to("nowhere")
    elif kind == 2:
        path.symlink_to(path.name)
    elif kind == 3 and hasattr(os, "mkfifo"):
        os.mkfifo(path)


def change_saved(path, numbers):
    """Put something where a save that was killed leaves its folder."""
    saved = path.parent / ".saved"
    kind = numbers.randrange(4)
    if kind == 0:
        saved.symlink_to(path.parent)
    elif kind == 1:
        saved.symlink_to("nowhere")
    elif kind == 2:
        saved.write_bytes(b"")
    else:
        saved.mkdir()
        shutil.copy(path, saved)


def mutate(folder, numbers):
    path = folder / numbers.choice((*FILES, INDEX))
    kind = numbers.random()
    if kind < 0.1:
        change_kind(path, numbers)
    elif kind < 0.2:
        change_saved(path, numbers)
    elif kind < 0.4:
        change_bytes(path, numbers)
    else:
        (change_json if path.suffix == ".json" else change_tensors)(path, numbers)


def listed(folder):
    return sorted(
        (str(path.relative_to(folder)), path.is_symlink(), path.lstat().st_size) for path in folder.rglob("*")
    )


def look_at(folder, out):
    """Load a folder, and use what there is; nothing in it moves. What is said where that can't be done."""
    before, said = listed(folder), ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            use(LanguageModel.load(folder), out)
    except ModelError as error:
        said = str(error)
    assert listed(folder) == before
    if said:
        said.encode()
        assert "\n" not in said
        assert str(folder) in said
        assert any(
            word in said for word in ("copy", "train", "save", "remove", "update", "did you mean", "give")
        ), said


def use(lm, out):
    if len(lm.tokenizer) == 83:
        lm.generate(
            title="A", key="G", meter="4/4", unit_note_length="1/8", opening="GABc", bars=1, parts=1, seed=1
        )
    lm.logits("X:1\n") if set("X:1\n") <= set(lm.tokenizer.symbols) else None
    lm._repr_html_().encode()
    repr(lm).encode()
    lm.history._repr_html_()
    assert lm.tonic_endings is None or len(lm.forms) >= 0
    as_start(lm.metadata)
    tunes_held_out_from(lm)
    lm.save(out)
    assert LanguageModel.load(out).config == lm.config


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_folder_that_is_damaged_is_an_error_of_one_line_or_a_model(whole, tmp_path, monkeypatch, count):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # what takes longest, and is not looked at here
    for seed in range(count):
        folder, out = tmp_path / f"m{seed}", tmp_path / f"out{seed}"
        shutil.copytree(whole, folder)
        mutate(folder, random.Random(seed))
        try:
            look_at(folder, out)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        for each in (folder, out):
            shutil.rmtree(each, ignore_errors=True)


# Cases of their own


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "m")


@pytest.mark.parametrize("value", [None, [], "x", 1, True], ids=repr)
@pytest.mark.parametrize(
    "part", ["training", "training.corpus", "training.held_out", "training.went_on_from", "split"]
)
def test_a_part_of_the_metadata_of_another_type_is_named(folder, part, value):
    path = folder / "metadata.json"
    data = json.loads(path.read_text())
    above = data if "." not in part else data["training"]
    above[part.split(".")[-1]] = value
    path.write_text(json.dumps(data))
    with pytest.raises(ModelError) as caught:
        LanguageModel.load(folder)
    assert f"{path}: {part} is an object, received {value!r}; copy the model again" in str(caught.value)


@pytest.mark.parametrize("value", [3e38, -1e7])
def test_weights_next_to_infinity_are_refused_at_loading_and_saving(folder, tmp_path, value):
    lm = LanguageModel.load(folder)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["lstm/kernel"][0, 0] = value
    save_file(tensors, path)
    with pytest.raises(
        ModelError, match=r"lstm/kernel has a value of .* at most 1e\+06; train the model again"
    ):
        LanguageModel.load(folder)
    lm.weights["lstm/kernel"][0, 0] = value
    with pytest.raises(ModelError, match="was not saved"):
        lm.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("symbol", ["\x1b", "\0", "\x7f", "\ud800", "\x85"])
def test_a_vocabulary_has_no_control_characters(folder, symbol):
    symbols = [symbol, *CharacterTokenizer.default().symbols[1:]]
    (folder / "vocabulary.json").write_text(json.dumps({"kind": "characters", "symbols": symbols}))
    with pytest.raises(
        ModelError, match=r"no control characters but newline and tab.*copy the model again"
    ) as caught:
        LanguageModel.load(folder)
    str(caught.value).encode()


def test_symbols_that_a_model_learns_are_no_control_characters():
    with pytest.raises(VocabularyError, match="no control characters"):
        CharacterTokenizer.default().with_symbols_of("GABc\x1b[2J")
    assert CharacterTokenizer.default().with_symbols_of("\té").symbols[-2:] == ("\t", "é")


@pytest.mark.skipif(os.name == "nt", reason="on Windows not everyone may make links")
def test_what_a_save_left_is_not_read_or_moved_through_a_link(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    (folder / ".saved").symlink_to(other)
    lm = LanguageModel.load(other)
    for attempt in (lambda: LanguageModel.load(folder), lambda: lm.save(folder, overwrite=True)):
        with pytest.raises(ModelError, match=r"\.saved is a link.*remove the link"):
            attempt()
    assert listed(other) == [each for each in listed(folder) if each[0] != ".saved"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("name", [*FILES, INDEX])
def test_a_pipe_in_a_files_place_is_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="no regular file"):
        LanguageModel.load(folder)
