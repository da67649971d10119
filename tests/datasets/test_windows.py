"""Windows of a text, the same from the same seed, with nothing lost but what fills no window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abclm.datasets.windows import epoch_starts, in_order, window_starts, windows_per_epoch
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
        epoch_starts(11, 11, seed=0, epoch=0)


@settings(max_examples=50)
@given(
    characters=st.integers(2, 500), length=st.integers(1, 50), seed=st.integers(0, 9), epoch=st.integers(0, 9)
)
def test_every_window_is_whole_and_none_overlap(characters, length, seed, epoch):
    if characters < length + 1:
        return
    starts = np.sort(epoch_starts(characters, length, seed, epoch))
    assert len(starts) == windows_per_epoch(characters, length)
    assert starts[0] >= 0
    assert starts[-1] + length + 1 <= characters
    assert (np.diff(starts) >= length).all()


def test_the_order_of_an_epoch_is_shuffled_and_its_own():
    starts = epoch_starts(5000, 40, seed=1, epoch=2)
    assert len(starts) == len(set(starts)) == windows_per_epoch(5000, 40)
    assert (starts % 40 == starts[0] % 40).all()
    assert not (np.diff(starts) > 0).all()
    np.testing.assert_array_equal(starts, epoch_starts(5000, 40, seed=1, epoch=2))
    assert not np.array_equal(starts, epoch_starts(5000, 40, seed=1, epoch=3))
