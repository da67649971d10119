"""Scores as SVG, PNG and PDF."""

import re
from xml.etree import ElementTree

import pytest

from abclm.errors import ConvertError
from abclm.score import pdf
from abclm.score.pdf import format_pdf, format_png
from abclm.score.svg import NARROWEST, format_staves, format_svg
from abclm.tune import Tune

HEAD = "X:1\nT:Test\nR:reel\nM:4/4\nL:1/8\nK:G\n"
MARKUP = '</title><script>alert(1)</script> "&amp; $x$ #strong[y]'


def svg(text):
    return ElementTree.fromstring(format_svg(Tune.parse(text)))


def texts(root):
    return ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_score_has_a_title_a_rhythm_and_every_note():
    root = svg(HEAD + "G>AB<c (3ded [Gc]2|1 G5 z3:|2 G8|]\n")
    assert texts(root)[:2] == ["Test", "reel"]
    heads = [each for each in root.iter() if each.get("class") == "notehead"]
    assert len(heads) == 4 + 3 + 2 + 2 + 1
    assert {"1", "2"} <= set(texts(root))  # the variant endings


def test_a_title_is_text_and_fits():
    root = svg(HEAD.replace("Test", MARKUP) + "G8|]\n")
    assert texts(root)[0] == MARKUP
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    long = format_svg(Tune.parse(HEAD.replace("Test", "A" * 5000) + "G8|]\n"))
    assert "A" * 201 not in long
    assert "textLength" in long


def test_pages_stand_below_each_other():
    root = svg(HEAD + "GABc dedB|GABc dedB|\n" * 60)
    tops = [float(each.get("y", 0)) for each in root if each.tag.endswith("svg")]
    assert len(tops) > 1
    assert tops == sorted(set(tops))
    assert float(root.get("height")) > tops[-1]


def test_a_tune_without_a_title_is_untitled():
    assert texts(svg(HEAD.replace("T:Test\n", "") + "G8|]\n"))[0] == "Untitled"


# Pictures and pages


def test_a_picture_is_a_png():
    png = format_png(Tune.parse(HEAD + "G8|]\n"))
    assert png.startswith(b"\x89PNG\r\n")
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert width == pytest.approx(800 / 72 * 200, abs=2)
    assert 300 < height < width


def test_a_book_is_one_pdf_without_the_tunes_that_can_not_be_engraved():
    good, bad = Tune.parse(HEAD + "GABc dedB|" * 30 + "]\n"), Tune.parse(HEAD + "z8|]\n")
    pdf, failed = format_pdf([good, bad, good, good, good])
    assert pdf.startswith(b"%PDF-")
    assert [tune for tune, _ in failed] == [bad]
    # Two pages: each tune is about two fifths of one.
    assert max(map(int, re.findall(rb"/Count (\d+)", pdf))) >= 2


def test_a_pdf_is_the_same_each_time_and_takes_any_title():
    tune = Tune.parse(HEAD.replace("Test", MARKUP) + "G8|]\n")
    assert format_pdf([tune])[0] == format_pdf([tune])[0]


def test_where_nothing_can_be_set_the_reason_is_said(monkeypatch):
    with pytest.raises(ConvertError, match="score"):
        format_pdf([Tune.parse(HEAD + "z8|]\n")])
    with pytest.raises(ConvertError, match="no tune"):
        format_pdf([])
    monkeypatch.setattr(pdf, "_PICTURE", "#nonsense()")
    with pytest.raises(ConvertError, match=r"could not be set as png: .*nonsense"):
        format_png(Tune.parse(HEAD + "G8|]\n"))


def test_on_a_narrow_page_lines_of_music_become_several():
    tune = Tune.parse("X:1\nT:Narrow\nR:reel\nM:4/4\nL:1/8\nK:G\nGABc dedB|c2A2 G4|GABc dedB|c2A2 G4|]\n")
    wide, narrow = format_staves(tune), format_staves(tune, width=NARROWEST)
    assert wide.count('class="system"') == 1
    assert narrow.count('class="system"') > 1
    assert wide.count('class="notehead"') == narrow.count('class="notehead"') == 22
    assert int(re.search(r'width="(\d+)"', narrow)[1]) == NARROWEST * 2 // 5
    assert "Narrow</text>" not in wide
    assert "<title>Narrow</title>" in wide
