"""The page: what stands on it, and what can't get onto it."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from abclm.errors import ConvertError
from abclm.midi.performance import Performance
from abclm.tune import Tune
from abclm.views.page import format_page

TEXT = "X:1\nT:Test\nR:jig\nM:6/8\nL:1/8\nK:G\nGAB cde|d3 g3|]\n"
MARKUP = "</title><script>alert(1)</script><img src=x onerror=alert(2)> \"'&amp;"


class Elements(HTMLParser):
    """Collects every element with its attributes, and the text of each kind."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts, self.open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def page_of(*texts, **options):
    page, failed = format_page([Tune.parse(text) for text in texts], **options)
    assert failed == []
    return page


def test_a_page_has_score_player_abc_and_story():
    page = page_of(TEXT, made={"Model": "session", "Seed": "7"})
    elements = Elements(page)
    assert elements.texts["title"] == ["Test"]
    assert elements.texts["h1"] == ["Test"]
    assert "".join(elements.texts["code"]) == TEXT.strip()
    assert elements.texts["dt"] == ["Model", "Seed"]
    assert elements.texts["dd"] == ["session", "7"]
    assert page.count('class="notehead"') == 2 * 8  # for wide and for narrow screens
    assert len(elements.all("audio")) == 1
    assert elements.all("html")[0]["lang"] == "en"
    assert "Score of Test" in [each.get("aria-label") for each in elements.all("svg")]


def test_a_page_of_several_has_an_index_that_leads_to_each():
    elements = Elements(page_of(TEXT, TEXT.replace("Test", "Other"), TEXT))
    links = [each["href"] for each in elements.all("a") if "download" not in each]
    identifiers = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert links == ["#tune-1", "#tune-2", "#tune-3"]
    assert {link[1:] for link in links} <= set(identifiers)
    assert len(identifiers) == len(set(identifiers))
    assert elements.texts["h1"] == ["3 tunes"]


def test_nothing_is_fetched_from_anywhere():
    elements = Elements(page_of(TEXT))
    for tag, attributes in elements.found:
        if "download" in attributes:  # the file itself
            assert attributes["href"].startswith("data:audio/midi;base64,TVRoZ")
            continue
        for name in ("src", "href", "xlink:href", "data", "action"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    assert not re.search(r"@import|url\((?!#)", "".join(elements.texts["style"]))


def test_only_the_pages_own_script_may_run():
    elements = Elements(page_of(TEXT))
    policy = next(
        each["content"]
        for each in elements.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    script = elements.texts["script"][-1]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy


@pytest.mark.parametrize("field", ["T:Test", "R:jig", "M:6/8", "K:G"])
def test_what_a_tune_says_is_text(field):
    text = TEXT.replace(field, field[:2] + MARKUP if field[0] != "K" else f"K:G {MARKUP}")
    try:
        page = page_of(text, made={MARKUP: MARKUP})
    except ConvertError:  # no meter
        return
    elements = Elements(page)
    assert len(elements.all("script")) == 3
    assert elements.all("img") == []
    assert not [
        attributes for _, attributes in elements.found for name in attributes if name.startswith("on")
    ]


def test_the_notes_of_the_player_are_those_that_are_heard():
    notes = json.loads(
        Elements(page_of(TEXT, performance=Performance(tempo="60", instrument="flute"))).texts["script"][0]
    )
    assert [note[2] for note in notes] == [67, 69, 71, 72, 74, 76, 74, 79]
    assert notes[3][0] == pytest.approx(1, abs=0.01)
    assert {note[4] for note in notes} == {"blown"}


def test_tunes_that_can_not_be_shown_are_named_and_left_out():
    silent = TEXT.replace("GAB cde|d3 g3", "z6|z6")
    page, failed = format_page([Tune.parse(silent), Tune.parse(TEXT)])
    assert [tune.text for tune, _ in failed] == [silent]
    assert page.count("<article") == 1
    with pytest.raises(ConvertError):
        format_page([Tune.parse(silent)])


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node to run the page's script")
def test_the_script_makes_sound_in_tune(tmp_path):
    elements = Elements(page_of(TEXT))
    functions = elements.texts["script"][-1].replace("\nstart();\n", "\n")
    program = f"""{functions}
const notes = {elements.texts["script"][0]};
const timbres = {elements.texts["script"][1]};
const sound = playTune(notes, timbres);
const [begin, lasts] = notes[6];
const part = sound.slice((begin + 0.05) * SAMPLE_RATE_HZ, (begin + lasts) * SAMPLE_RATE_HZ);
let best = 0;
let lag = 0;
for (let step = 15; step < 60; step++) {{
  let sum = 0;
  for (let i = 0; i + step < part.length; i++) sum += part[i] * part[i + step];
  if (sum > best) {{ best = sum; lag = step; }}
}}
console.log(JSON.stringify([sound.length / SAMPLE_RATE_HZ, Math.max(...sound), SAMPLE_RATE_HZ / lag]));
"""
    path = tmp_path / "page.cjs"
    path.write_text(program, encoding="utf-8")
    said = subprocess.run(["node", path], capture_output=True, text=True, timeout=60, check=True).stdout
    seconds, peak, frequency = json.loads(said)
    assert seconds == pytest.approx(4 * 60 / 112 * 1 + 0.5, abs=0.1)
    assert 0.5 < peak <= 0.901
    assert frequency == pytest.approx(587.3, rel=0.03)
