"""Batches of an epoch's windows: the same from the same seed, with nothing lost but what fills no batch."""

import numpy as np
import pytest

from abclm.datasets.batches import epoch_batches
from abclm.datasets.windows import epoch_starts, windows_per_epoch
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
TEXT = TOKENIZER.encode("GFDGGB d2GB")


def batches(ids=TEXT, sequence_length=5, batch_size=2, seed=0, epoch=0, first=0):
    order = epoch_starts(len(ids), sequence_length, seed, epoch)
    dataset = epoch_batches(ids, order, sequence_length=sequence_length, batch_size=batch_size, first=first)
    return [(inputs.numpy(), targets.numpy()) for inputs, targets in dataset]


def test_batches_are_uint8_pairs_shifted_by_one():
    ids = np.arange(200, dtype=np.uint8)
    pairs = batches(ids, sequence_length=10, batch_size=4)
    assert len(pairs) == windows_per_epoch(200, 10) // 4 == 4
    for inputs, targets in pairs:
        assert inputs.dtype == targets.dtype == np.uint8
        assert inputs.shape == targets.shape == (4, 10)
        assert (targets == inputs + 1).all()
        assert (inputs[:, 1:] == targets[:, :-1]).all()


def test_ids_of_more_than_a_byte_stay_as_they_are():
    ids = np.arange(1000, 1200, dtype=np.uint16)
    (inputs, targets), *_ = batches(ids, sequence_length=10, batch_size=4)
    assert inputs.dtype == targets.dtype == np.uint16
    assert inputs.min() >= 1000
    assert (targets == inputs + 1).all()


def test_the_same_seed_and_epoch_give_the_same_batches():
    ids = np.arange(250, dtype=np.uint8)
    once, again = batches(ids, seed=3, epoch=2), batches(ids, seed=3, epoch=2)
    assert all((a[0] == b[0]).all() for a, b in zip(once, again, strict=True))


@pytest.mark.parametrize("other", [{"seed": 4}, {"epoch": 1}])
def test_another_seed_or_epoch_cuts_and_deals_anew(other):
    ids = np.arange(250, dtype=np.uint8)
    assert not np.array_equal(np.stack([a for a, _ in batches(ids)]), [a for a, _ in batches(ids, **other)])


def test_an_epoch_can_be_taken_up_in_the_middle():
    ids = np.arange(250, dtype=np.uint8)
    rest = batches(ids, first=7)
    assert all((a[0] == b[0]).all() for a, b in zip(batches(ids)[7:], rest, strict=True))


def test_a_text_of_fewer_windows_than_a_batch_gives_them_all():
    (inputs, _), *others = batches(np.arange(40, dtype=np.uint8), sequence_length=10, batch_size=32)
    assert not others
    assert inputs.shape == (3, 10)


def test_a_text_that_just_fits_gives_its_one_window():
    for seed in range(5):
        ((inputs, targets),) = batches(TEXT, sequence_length=10, seed=seed)
        assert TOKENIZER.decode(np.append(inputs, targets[:, -1:])) == "GFDGGB d2GB"
