"""Is it copied? Whatever the key and the title, and however the repeats are written."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from abclm.analysis.novelty import USUAL_RUN, USUAL_SHARE, NoveltyIndex, Overlap, longest_run
from abclm.analysis.similarity import TuneIndex, heard_patterns
from abclm.corpora.corpus import Corpus
from abclm.errors import ModelError
from abclm.tune import Tune

A = "G3 GAB|A3 ABd|edd gdd|edB dBA|GAG GAB|ABA ABd|edd gdB|AGF G2D"
B = "B2B d2d|ege dBA|B2B dBG|ABA AGA|BAB d^cd|ege dBd|gfg aga|bgg g2f"
HEAD = "X:1\nT:{}\nM:6/8\nL:1/8\nK:G\n"
KESH = Tune.parse(f"{HEAD.format('The Kesh')}{A}:|\n|:{B}:|\n")
OTHER = Tune.parse(
    "X:2\nT:Two\nM:6/8\nL:1/8\nK:D\nF2A d2f|e2c A3|B2d g2f|e3 c3|d2e f2g|a2f d2B|A2d c2e|d3 d3|]\n"
)
OLD = Corpus.load("oldTunes").normalize()


def test_bars_are_heard_as_they_are_played():
    tune = Tune.parse("X:1\nL:1/4\nK:C\n|:CDEF|1GABc:|2cBAG|]\n")
    intervals = [pattern[3::2] for pattern, _ in heard_patterns(tune)]
    assert intervals == [(2, 4, 5), (2, 4, 5), (2, 4, 5), (-1, -3, -5)]
    assert [pitch_class for _, pitch_class in heard_patterns(tune)] == [0, 7, 0, 0]


@pytest.mark.parametrize("semitones", [-5, 0, 1, 6, 12])
def test_a_copy_in_another_key_with_its_repeats_written_out_is_found(semitones):
    written_out = Tune.parse(f"{HEAD.format('New')}{A}|\n{A}|\n{B}|\n{B}|]\n").transpose(semitones)
    overlap = NoveltyIndex.create([OTHER, KESH]).nearest(written_out)
    assert (overlap.share, overlap.index, overlap.title) == (1.0, 1, "The Kesh")
    assert overlap.bars == overlap.run == 16
    assert (overlap.semitones - semitones) % 12 == 0
    assert overlap.is_copy()


def test_the_share_is_of_the_tunes_own_bars():
    # 3 of 4 different bars; the other tune has 13 more, which do not count.
    part = Tune.parse(f"{HEAD.format('Part')}{'|'.join(A.split('|')[:3])}|Bdg bge|]\n")
    overlap = NoveltyIndex.create([KESH]).nearest(part)
    assert (overlap.share, overlap.bars, overlap.run) == (0.75, 3, 3)


def test_a_run_may_stand_in_another_tune_than_most_of_the_bars():
    bars = A.split("|")
    scattered = Tune.parse(
        f"{HEAD.format('Scattered')}{bars[0]}|c3 e3|{bars[3]}|c2e g3|{bars[6]}|f2f c2c|]\n"
    )
    in_a_row = Tune.parse(f"{HEAD.format('In a Row')}{bars[4]}|{bars[5]}|]\n")
    query = Tune.parse(f"{HEAD.format('Query')}{bars[0]}|{bars[3]}|{bars[4]}|{bars[5]}|{bars[6]}|]\n")
    overlap = NoveltyIndex.create([scattered, in_a_row]).nearest(query)
    assert (overlap.title, overlap.share, overlap.run_title, overlap.run) == ("Scattered", 0.6, "In a Row", 2)


def test_bars_in_common_in_two_transpositions_do_not_add_up():
    lifted = Tune.parse(f"{HEAD.format('Lifted')}G3 GAB|A3 ABd|]\n")
    query = Tune.parse(f"{HEAD.format('Query')}G3 GAB|B3 B^ce|]\n")
    assert NoveltyIndex.create([lifted]).nearest(query).bars == 1


@pytest.mark.parametrize("body", ["G6|z6|c6|]", "z6|]", "|]"])
def test_a_tune_of_which_nothing_can_be_said_overlaps_with_none(body):
    assert NoveltyIndex.create([KESH]).nearest(Tune.parse(f"X:1\nM:6/8\nL:1/8\nK:G\n{body}\n")) == Overlap()
    assert NoveltyIndex.create([]).nearest(KESH) == Overlap()


def test_what_is_usual_is_no_copy():
    assert not Overlap(share=USUAL_SHARE, run=USUAL_RUN).is_copy()
    assert Overlap(share=USUAL_SHARE + 0.01).is_copy()
    assert Overlap(run=USUAL_RUN + 1).is_copy()
    assert not Overlap(share=0.5, run=2).is_copy(share=0.5)


def test_the_compact_index_counts_as_the_exact_one():
    tunes = list(OLD)
    compact, exact = NoveltyIndex.create(tunes[:40]), TuneIndex(tunes[:40])
    for tune in tunes:
        most = max((match.bars for match in exact.matches(tune)), default=0)
        assert compact.nearest(tune).bars == most


runs = st.lists(st.integers(0, 4), max_size=14)


@given(runs, runs)
def test_the_longest_run_is_the_one_that_trying_all_finds(one, other):
    def stands_in(part):
        return any(other[place : place + len(part)] == part for place in range(len(other)))

    parts = [one[start:end] for start in range(len(one)) for end in range(start + 1, len(one) + 1)]
    expected = max((len(set(part)) for part in parts if stands_in(part)), default=0)
    assert longest_run(np.array(one, np.int64), np.array(other, np.int64)) == expected


# The file


def test_an_index_comes_back_from_its_bytes_and_takes_few():
    index = NoveltyIndex.create(OLD)
    data = index.to_bytes()
    again = NoveltyIndex.from_bytes(data)
    assert again.titles == index.titles == tuple(tune.title for tune in OLD)
    assert again.to_bytes() == data
    assert [again.nearest(tune) for tune in OLD] == [index.nearest(tune) for tune in OLD]
    assert len(data) < 200 * len(OLD)


@pytest.mark.parametrize("tunes", [[], [Tune.parse("X:1\nK:C\nz4|]\n")]])
def test_an_index_without_bars_has_a_file_too(tunes):
    again = NoveltyIndex.from_bytes(NoveltyIndex.create(tunes).to_bytes())
    assert len(again) == len(tunes)
    assert again.nearest(KESH) == Overlap()


def test_indexes_are_joined_and_a_tune_of_both_stays_once():
    tunes = list(OLD)
    joined = NoveltyIndex.create(tunes[:30]) + NoveltyIndex.create(tunes[20:])
    assert joined.to_bytes() == NoveltyIndex.create(tunes).to_bytes()


def test_joined_indexes_hold_the_larger_numbers_of_either():
    bars = "|".join("".join(random.Random(place).choices("CDEFGABcdefg", k=8)) for place in range(400))
    long = Tune.parse(f"X:1\nT:Long\nM:C\nL:1/8\nK:C\n{bars}|]\n")
    joined = NoveltyIndex.create([KESH]) + NoveltyIndex.create([long])
    again = NoveltyIndex.from_bytes(joined.to_bytes())
    assert again.nearest(long).run == len(set(heard_patterns(long))) > 390
    assert again.nearest(KESH).run == 16


def spoiled(change):
    arrays = load(NoveltyIndex.create([KESH, OTHER]).to_bytes())
    change(arrays)
    return save(arrays)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        NoveltyIndex.create([KESH]).to_bytes()[:-9],
        spoiled(lambda arrays: arrays.pop("heard")),
        spoiled(lambda arrays: arrays.update(more=np.zeros(3, np.uint8))),
        spoiled(lambda arrays: arrays.update(hashes=arrays["hashes"][:-1])),
        spoiled(lambda arrays: arrays.update(hashes=arrays["hashes"].astype(np.float32))),
        spoiled(lambda arrays: arrays.update(heard=arrays["heard"] + np.uint8(200))),
        spoiled(lambda arrays: arrays.update(lengths=arrays["lengths"][::-1].copy())),
        spoiled(lambda arrays: arrays.update(pitch_classes=arrays["pitch_classes"] + np.uint8(12))),
        spoiled(lambda arrays: arrays.update(titles=arrays["titles"][:3])),
        spoiled(lambda arrays: arrays.update(titles=np.array([255, 10, 255], np.uint8))),
        spoiled(lambda arrays: arrays.update(format_version=np.array([2], np.uint8))),
    ],
)
def test_a_broken_file_is_refused_with_its_name(data):
    with pytest.raises(ModelError, match=r"^here is no index of tunes \(.+\); copy the model again"):
        NoveltyIndex.from_bytes(data, "here")
