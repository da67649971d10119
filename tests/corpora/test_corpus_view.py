"""What a notebook shows of a corpus."""

import base64
import re
import time

import pytest
from IPython.core.formatters import DisplayFormatter

from abclm.corpora import view
from abclm.corpora.corpus import Corpus
from abclm.corpora.problems import CorpusProblem
from abclm.tune import Tune

MARKUP = "</td></tr><script>alert(1)</script><img src=x onerror=alert(2)>"


def tune(title, key="G", rhythm="reel", body="GABc|"):
    return Tune.parse(f"X:1\nT:{title}\nR:{rhythm}\nM:4/4\nL:1/4\nK:{key}\n{body}\n")


def shown(corpus):
    data, _ = DisplayFormatter().format(corpus)
    return data


def cells(html):
    return re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html)


def test_a_notebook_shows_counts_tunes_and_pictures():
    data = shown(Corpus.load("oldTunes"))
    assert data["text/plain"] == "Corpus('oldTunes', 56 tunes)"
    found = cells(data["text/html"])
    assert found[:4] == ["Corpus", "oldTunes", "Tunes", "56"]
    assert "G 27, D 14, Am 5, A 4, Edor 2, Ador 1, 3 others" in found
    assert found[found.index("1") :][:5] == ["1", "Speed the Plough", "reel", "C|", "G"]
    assert found[-2:] == ["…", "46 more"]
    pictures = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', data["text/html"])
    assert [words for _, words in pictures] == [
        "Keys, meters, rhythms and lengths of oldTunes",
        "Degrees of the scale in oldTunes",
    ]
    assert all(base64.b64decode(picture)[:4] == b"\x89PNG" for picture, _ in pictures)


def test_what_was_left_out_is_counted():
    problems = [CorpusProblem("a", "duplicate", "again"), CorpusProblem("b", "unreadable", "torn")] * 2
    data = shown(Corpus("mine", (tune("One"),), tuple(problems)))
    assert data["text/plain"] == "Corpus('mine', 1 tune, 4 left out)"
    found = cells(data["text/html"])
    assert found[found.index("Left out: duplicate") + 1] == "2"
    assert "more" not in data["text/html"]


def test_nothing_of_a_tune_is_markup():
    corpus = Corpus(
        MARKUP, (tune(MARKUP, f"G {MARKUP}", MARKUP),), (CorpusProblem(MARKUP, "duplicate", MARKUP),)
    )
    html = shown(corpus)["text/html"]
    assert "<script" not in html
    assert html.count("<img") == 2


def test_of_a_large_corpus_some_are_drawn_and_that_is_said(monkeypatch):
    monkeypatch.setattr(view, "_MOST_DRAWN", 10)
    corpus = Corpus.load("oldTunes")
    html = shown(corpus)["text/html"]
    assert "lengths of oldTunes, every 6th tune of 56" in html
    assert (
        corpus.pitch_class_histogram().description == "Degrees of the scale in oldTunes, every 6th tune of 56"
    )
    monkeypatch.setattr(view, "_MOST_DRAWN", 28)
    assert "oldTunes, every other tune of 56" in shown(corpus)["text/html"]


@pytest.mark.parametrize("tunes", [(), (tune("none", body="z4|"),), (tune("No key", "H"),)])
def test_odd_corpora_are_shown_too(tunes):
    assert shown(Corpus("odd", tunes))["text/html"].count("<img") == 2


def test_hostile_tunes_are_shown_in_a_size_and_a_time_that_can_be_borne():
    long = "a" * 100_000
    tunes = tuple(tune(long, f"G {long}", f"{number}{long}", "GABc|" * 100) for number in range(20))
    began = time.process_time()
    data = shown(Corpus(long, tunes))
    assert time.process_time() - began < 20
    assert len(data["text/html"]) < 600_000
    assert len(data["text/plain"]) < 200
