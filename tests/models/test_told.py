"""What it costs to tell a model rhythm, key and form, and what is drawn where nothing is told."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.errors import ModelError
from abclm.models.context import MODE_IDS, RHYTHM_IDS, TONIC_IDS, Told, told_of
from abclm.models.told import ToldCounts

TOLD = [told_of(tune.text) for tune in Corpus.load("oldTunes").normalize()]
COUNTS = ToldCounts.of(TOLD)


@pytest.mark.parametrize("counts", [COUNTS, ToldCounts.of([]), ToldCounts.of(TOLD[:1])])
def test_the_chances_of_all_that_can_be_told_add_up_to_one(counts):
    rhythms = sum(2 ** -counts.bits(Told(rhythm)) for rhythm in RHYTHM_IDS)
    assert rhythms == pytest.approx(1)
    for rhythm in ("", "reel", "polka"):
        alone = counts.bits(Told(rhythm))
        keys = [Told(rhythm, tonic + mode) for tonic, mode in product(TONIC_IDS, MODE_IDS)]
        assert sum(2 ** (alone - counts.bits(told)) for told in keys) == pytest.approx(1)
        most = 60
        forms = [Told(rhythm, None, (first,)) for first in range(1, most)]
        forms += [Told(rhythm, None, both) for both in product(range(1, most), repeat=2)]
        assert 0.7 < sum(2 ** (alone - counts.bits(told)) for told in forms) < 1


def test_what_is_unknown_costs_nothing_and_what_is_usual_little():
    assert COUNTS.bits(Told()) == 0
    usual, rare = Told("reel", "G", (8, 8)), Told("reel", "Gbm", (7, 13))
    assert COUNTS.bits(usual) < 10 < COUNTS.bits(rare)
    assert COUNTS.bits(Told("reel")) < COUNTS.bits(Told("reel", "D")) < COUNTS.bits(Told("reel", "D", (8, 8)))


def test_draws_are_as_frequent_as_the_tunes_and_keep_what_is_told():
    random = np.random.default_rng(0)
    drawn = [COUNTS.draw(random) for _ in range(2000)]
    for field in ("rhythm", "key", "form"):
        found, own = (Counter(getattr(each, field) for each in some) for some in (drawn, TOLD))
        assert found.keys() <= own.keys()
        for value, count in own.most_common(3):
            assert found[value] / 2000 == pytest.approx(count / len(TOLD), abs=0.1)
    told = Told("jig", "Am", (4, 4))
    assert COUNTS.draw(random, told) == told
    jigs = {each.form for each in TOLD if each.rhythm == "jig"}
    assert {COUNTS.draw(random, Told("jig")).form for _ in range(50)} <= jigs
    assert COUNTS.draw(random, Told("minuet")).key in {each.key for each in TOLD}
    assert ToldCounts.of([]).draw(random) == Told()


def test_counts_come_back_from_the_metadata():
    metadata = {"training": {"told": COUNTS.to_dict()}}
    assert ToldCounts.in_metadata(metadata) == COUNTS
    assert ToldCounts.in_metadata({}) == ToldCounts({}, {})


@pytest.mark.parametrize(
    "told", [[], {"keys": {}}, {"keys": {"reel": 3}, "forms": {}}, {"keys": {}, "forms": {"": {"a": 1}}}]
)
def test_other_metadata_are_refused(told):
    with pytest.raises(ModelError, match=r"training\.told"):
        ToldCounts.in_metadata({"training": {"told": told}})
