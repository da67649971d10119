"""Windows of a text, the same from the same seed, with nothing lost but what fills no window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abclm.datasets import windows
from abclm.datasets.windows import EpochOrder, in_order, permuted, window_starts, windows_per_epoch
from abclm.errors import ConfigError
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
TEXT = TOKENIZER.encode("GFDGGB d2GB")


def test_the_target_is_the_input_shifted_by_one():
    (inputs, targets), *_ = in_order(TEXT, 5)
    assert TOKENIZER.decode(inputs) == "GFDGG"
    assert TOKENIZER.decode(targets) == "FDGGB"


def test_windows_follow_one_another_without_overlap():
    assert [TOKENIZER.decode(inputs) for inputs, _ in in_order(TEXT, 5)] == ["GFDGG", "B d2G"]
    assert window_starts(16, 5, offset=3).tolist() == [3, 8]


def test_a_text_that_is_too_short_is_refused_with_what_to_do():
    with pytest.raises(ConfigError, match=r"11 characters.*sequence length of 11; give more.*up to 10$"):
        EpochOrder(11, 11, seed=0, epoch=0)


@settings(max_examples=50)
@given(
    characters=st.integers(2, 500), length=st.integers(1, 50), seed=st.integers(0, 9), epoch=st.integers(0, 9)
)
def test_every_window_is_whole_and_none_overlap(characters, length, seed, epoch):
    if characters < length + 1:
        return
    starts = np.sort(EpochOrder(characters, length, seed, epoch)[:])
    assert len(starts) == windows_per_epoch(characters, length)
    assert starts[0] >= 0
    assert starts[-1] + length + 1 <= characters
    assert (np.diff(starts) >= length).all()


@settings(max_examples=50)
@given(count=st.integers(2, 3000), seed=st.integers(0, 99))
def test_a_permutation_without_a_list_has_each_number_once(count, seed):
    keys = np.random.default_rng(seed).integers(2**32, size=6, dtype=np.uint64)
    assert sorted(permuted(np.arange(count), count, keys)) == list(range(count))


def test_a_permutation_without_a_list_looks_like_chance():
    """Neighbours are as far apart as two numbers drawn at random: a third of the range, on average."""
    count = 100_003
    found = [
        permuted(
            np.arange(count), count, np.random.default_rng(seed).integers(2**32, size=6, dtype=np.uint64)
        )
        for seed in range(2)
    ]
    for one in found:
        assert abs(np.abs(np.diff(one)).mean() / count - 1 / 3) < 0.005
        assert abs(np.corrcoef(np.arange(count), one)[0, 1]) < 0.02
    assert (found[0] == found[1]).sum() < 20


def test_the_order_of_a_long_text_is_worked_out_piece_by_piece(monkeypatch):
    monkeypatch.setattr(windows, "_LISTED_WINDOWS", 10)
    order = EpochOrder(5000, 40, seed=1, epoch=2)
    starts = order[:]
    assert len(order) == len(starts) == len(set(starts)) == windows_per_epoch(5000, 40)
    assert (starts % 40 == starts[0] % 40).all()
    assert starts.max() + 41 <= 5000
    np.testing.assert_array_equal(np.concatenate([order[:50], order[50:70], order[70:]]), starts)
    assert not np.array_equal(starts, EpochOrder(5000, 40, seed=1, epoch=3)[:])
