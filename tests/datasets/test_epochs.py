"""What an epoch trains on: windows that begin with tunes, tunes in other keys, the same from the same seed."""

from collections import Counter

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets import epochs, large_files
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.epochs import Feed
from abclm.datasets.large_files import LargeFiles, encode_files
from abclm.datasets.texts import read_windows
from abclm.datasets.windows import tune_starts
from abclm.errors import ConfigError
from abclm.notation.tunebook import format_tunebook, split_tunebook
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tune import Tune

TOKENIZER = CharacterTokenizer.default()
TUNES = Corpus.load("oldTunes").normalize()
ENCODED = EncodedCorpus.encode(TUNES, TOKENIZER)
LONG = max(len(text) for text in (f"{tune.text.rstrip()}\n\n" for tune in TUNES))


def windows(epoch=0, corpus=ENCODED, **settings):
    """The text of each window of an epoch, inputs and the last target."""
    settings = {"sequence_length": LONG, "batch_size": 2, "seed": 0, **settings}
    text, starts = Feed(corpus, TOKENIZER, **settings).epoch(epoch)
    return [TOKENIZER.decode(ids) for ids in read_windows(text, starts, settings["sequence_length"] + 1)]


def encoded_on_disk(folder, monkeypatch, corpus, validation, seed):
    """The training tunes of a corpus, encoded as those of large files are."""
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    (folder / "book.abc").write_text(format_tunebook(corpus.tunes), encoding="utf-8")
    files = LargeFiles.find([str(folder / "book.abc")])
    return encode_files(
        files, TOKENIZER, folder / "text", clean=True, validation=validation, seed=seed
    ).training


def whole_tunes(texts):
    """The tunes that stand whole in the windows."""
    found = []
    for text in texts:
        *tunes, _ = text.split("\n\n")
        found += [tune.lstrip("\n") for tune in tunes if tune.lstrip("\n").startswith("X:1\n")]
    return found


def test_windows_begin_with_tunes_and_hold_those_of_the_corpus():
    texts = windows(whole_tunes=True)
    assert all(text.startswith("\nX:1\n") for text in texts)
    assert set(whole_tunes(texts)) <= {tune.text.rstrip() for tune in TUNES}


def test_some_epochs_show_every_tune_whole():
    seen = {tune for epoch in range(6) for tune in whole_tunes(windows(epoch, whole_tunes=True))}
    assert seen == {tune.text.rstrip() for tune in TUNES}


def test_a_tune_longer_than_a_window_goes_on_in_the_next():
    assert tune_starts(np.array([10, 25, 5]), 10, 5).tolist() == [0, 10, 20, 30, 0]


def test_each_epoch_has_its_own_order_and_the_same_each_time():
    assert windows(1, whole_tunes=True) == windows(1, whole_tunes=True) != windows(2, whole_tunes=True)
    assert windows(1, whole_tunes=True, seed=1) != windows(1, whole_tunes=True)


@pytest.mark.parametrize("settings", [{"whole_tunes": True}, {"transposition": 1.0}])
def test_an_epoch_has_as_many_windows_as_any(settings):
    assert len({len(windows(epoch, **settings)) for epoch in range(4)} | {len(windows())}) == 1


def test_tunes_come_in_other_keys_of_their_mode_and_are_the_same_tunes():
    own = {tune.title: tune for tune in TUNES}
    moved = Counter()
    keys = {tune.key for tune in TUNES}
    for epoch in range(4):
        for text in whole_tunes(windows(epoch, whole_tunes=True, transposition=1.0)):
            tune = Tune.parse(text + "\n")
            source = own[tune.title]
            steps = {one.pitch - other.pitch for one, other in zip(tune.notes(), source.notes(), strict=True)}
            assert len(steps) == 1
            assert -5 <= min(steps) <= 6
            moved[min(steps)] += 1
            assert tune.key in keys
    assert len(moved) > 3


def test_keys_are_drawn_as_often_as_the_corpus_has_them():
    own = Counter(tune.key for tune in TUNES)
    drawn = Counter()
    for epoch in range(40):
        drawn.update(
            Tune.parse(text).key for text in whole_tunes(windows(epoch, whole_tunes=True, transposition=1.0))
        )
    for key, count in own.items():
        assert drawn[key] / drawn.total() == pytest.approx(count / len(TUNES), abs=0.06)


def test_a_share_of_none_leaves_all_tunes_in_their_keys():
    texts = windows(whole_tunes=True, transposition=0.0)
    assert set(whole_tunes(texts)) <= {tune.text.rstrip() for tune in TUNES}


def test_tunes_in_other_keys_can_be_cut_anywhere():
    texts = windows(sequence_length=60, transposition=1.0)
    assert len(texts) == len(windows(sequence_length=60))
    assert not all(text in "\n" + TUNES.text for text in texts)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"whole_tunes": True},
        {"transposition": 0.6},
        {"whole_tunes": True, "transposition": 1.0},
        {"whole_tunes": True, "sequence_length": 8_980},
    ],
    ids=["plain", "whole", "other keys", "both", "as long as the text"],
)
def test_tunes_on_the_disk_give_the_windows_of_those_in_memory(tmp_path, monkeypatch, settings):
    monkeypatch.setattr(epochs, "_TUNES_AT_A_TIME", 7)
    training, _ = TUNES.deduplicate().split(0.2, seed=3)
    on_disk = encoded_on_disk(tmp_path, monkeypatch, TUNES, 0.2, seed=3)
    in_memory = EncodedCorpus.encode(training, TOKENIZER)
    assert TOKENIZER.decode(in_memory.text) != TOKENIZER.decode(on_disk.text[np.arange(100)])
    settings = {"sequence_length": 60, "seed": 5, **settings}
    for epoch in range(2):
        assert windows(epoch, on_disk, **settings) == windows(epoch, in_memory, **settings)
    assert not list(tmp_path.glob("**/tmp*"))


def test_transposing_tunes_that_are_not_canonical_is_refused():
    raw = Corpus("raw", tuple(Tune.parse(text) for text in split_tunebook("X:1\nT:A\nK:G\nGABc|]\n")))
    encoded = EncodedCorpus.encode(raw, TOKENIZER)
    with pytest.raises(ConfigError, match="canonical"):
        Feed(encoded, TOKENIZER, sequence_length=5, batch_size=32, seed=0, transposition=0.5)
