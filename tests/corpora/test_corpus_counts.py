import pytest

from abclm.corpora.corpus import Corpus
from abclm.corpora.counts import bar_count, count_corpus
from abclm.corpora.problems import CorpusProblem
from abclm.tune import Tune

KESH = "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GBG GAB|ABA ABd|edd gdd|edB dBA:|\n"


def tune(body, meter="4/4"):
    return Tune.parse(f"X:1\nT:A\nM:{meter}\nL:1/8\nK:G\n{body}\n")


def test_what_a_corpus_holds_is_counted():
    short = tune("GABc dedB|G4|]")
    figures = count_corpus([Tune.parse(KESH), Tune.parse(KESH), short], [CorpusProblem("a", "duplicate", "")])
    assert figures == {
        "tunes": 3,
        "characters": 2 * len(KESH + "\n") + len(short.text) + 1,
        "keys": {"G": 3},
        "meters": {"6/8": 2, "4/4": 1},
        "rhythms": {"jig": 2, "none": 1},
        "characters_per_tune": {"shortest": 40, "median": 74, "longest": 74},
        "bars_per_tune": {"shortest": 2, "median": 4, "longest": 4},
        "problems": {"duplicate": 1},
        "check": {},
    }


def test_the_characters_are_those_of_the_training_text():
    corpus = Corpus.load("oldTunes").normalize()
    assert corpus.statistics()["characters"] == len(corpus.text)


def test_a_tune_counts_once_for_each_kind_of_problem_that_check_finds():
    bad = tune("GABc dedBc|GABc d|GABc dedBcd|(GABc dedB|G8|]")
    counted = count_corpus([bad, bad], [])["check"]
    assert counted["the bar is … long, and the meter is …"] == 2


def test_an_empty_corpus_has_no_lengths():
    figures = count_corpus([], [])
    assert figures["tunes"] == figures["characters"] == 0
    assert figures["characters_per_tune"] == figures["bars_per_tune"] == {}


@pytest.mark.parametrize(
    ("body", "bars"),
    [
        ("GABc dedB|GABc dedB|G8|]", 3),
        ("|:D2|GABc dedB|GABc dedB|G6:|", 3),
        ("|:GABc dedB|GABc dedB|1 G8:|2 G4 G4|]", 4),
        ("GABc dedBGABc dedB", 1),
        ("z8|", 1),
        ("|]", 0),
    ],
)
def test_bars_are_full_bars_as_written_with_a_pick_up_and_its_complement_as_one(body, bars):
    assert bar_count(tune(body)) == bars
