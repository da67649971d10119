"""Nine inputs that nobody should meet, given to the engraver, the page, abc2midi and a notebook."""

import re
import runpy
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from abclm.errors import AbclmError
from abclm.score import svg
from abclm.score.engraver import engrave
from abclm.tune import Tune
from abclm.views.notebook import tune_html
from abclm.views.page import format_page

BENCHMARK = runpy.run_path(
    str(Path(__file__).resolve().parents[2] / "benchmarks" / "sound_and_score.py"), run_name="hostile"
)
DONE = "done"
TOO_LONG = "took longer than 2 s and was stopped"
NO_NOTE = "played no note of this tune"
NO_KEY = "no K: field, which ends it"
WITHOUT_END = "gave up|took longer|crashed"
# What becomes of it in the engraver, on the page and in abc2midi.
ENDS = {
    "legacy line breaks": (DONE, DONE, DONE),
    "10,000 notes": (DONE, DONE, DONE),
    "10,000 notes in one bar": (TOO_LONG, TOO_LONG, DONE),
    "no notes": ("has no note", "has no note", NO_NOTE),
    "a broken header": (NO_KEY, NO_KEY, "No valid K: field"),
    "markup in the title": (DONE, DONE, DONE),
    "a title of 100,000 letters": (DONE, DONE, DONE),
    "controls and nonsense": (DONE, DONE, NO_NOTE),
    "lengths without end": (DONE, DONE, WITHOUT_END),
}


def test_there_are_nine():
    assert ENDS.keys() == BENCHMARK["HOSTILE"].keys()
    assert len(ENDS) == 9


@pytest.mark.parametrize("place", range(3), ids=list(BENCHMARK["PLACES"]))
@pytest.mark.parametrize("name", ENDS)
def test_each_ends_as_a_file_or_as_an_error_of_one_line(monkeypatch, name, place):
    """A file has in it nothing that could run; the functions of `PLACES` look for that."""
    seconds = 2.0 if TOO_LONG in ENDS[name] else 120.0
    monkeypatch.setattr(svg, "engrave", partial(engrave, timeout_seconds=seconds))
    use = list(BENCHMARK["PLACES"].values())[place]
    try:
        use(BENCHMARK["HOSTILE"][name])
        said = DONE
    except AbclmError as error:
        said = str(error)
    assert re.search(ENDS[name][place], said)
    assert "\n" not in said
    assert len(said) < 1000


@pytest.mark.parametrize("name", sorted(ENDS.keys() - {"a broken header"}))
def test_a_notebook_shows_what_can_be_shown(name):
    html = tune_html(Tune.parse(BENCHMARK["HOSTILE"][name]))
    elements = BENCHMARK["Elements"]()
    elements.feed(html)
    assert {tag for tag, _ in elements.found} <= {"div", "img", "audio", "p", "details", "summary", "pre"}
    assert not any(key.startswith("on") for _, attributes in elements.found for key, _ in attributes)
    assert len(html) < 2_000_000


@pytest.mark.parametrize(
    "wrong",
    [
        "<script>alert(1)</script>",
        "<img src=x>",
        "<p onclick=alert(1)>",
        "<iframe srcdoc=x></iframe>",
    ],
)
def test_the_checks_find_what_could_run(wrong):
    page, _ = format_page([Tune.parse("X:1\nT:Right\nL:1/4\nM:4/4\nK:G\nGABc|]\n")])
    BENCHMARK["check_page"](page)
    with pytest.raises(AssertionError):
        BENCHMARK["check_page"](page.replace("<main>", f"<main>{wrong}"))
    with pytest.raises(AssertionError):
        BENCHMARK["check_svg"]('<svg xmlns="http://www.w3.org/2000/svg"><g onload="alert(1)"/></svg>')


# In a browser

PWNED = 'document.documentElement.setAttribute("pwned", 1)'
MARKUP = f"</title></script><script>{PWNED}</script><img src=x onerror='{PWNED}'><svg onload='{PWNED}'>"
chromium = shutil.which("chromium")


def loaded(path, folder):
    """A page's elements after its scripts have run."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=4000",
             f"--user-data-dir={folder}", "--dump-dom")  # fmt: skip
    done = subprocess.run(
        [chromium, *flags, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


@pytest.mark.skipif(
    chromium is None, reason="there is no Chromium to open the page in; apt-get install chromium"
)
@pytest.mark.parametrize("kind", ["page", "svg", "notebook"])
def test_a_browser_runs_no_markup_of_a_tune(tmp_path, kind):
    tune = Tune.parse(f"X:1\nT:{MARKUP}\nR:{MARKUP}\nL:1/4\nM:4/4\nK:G\nGABc|]\n")
    path = tmp_path / ("svg.svg" if kind == "svg" else "page.html")
    if kind == "notebook":
        path.write_text(f"<!doctype html>{tune_html(tune)}", encoding="utf-8")
    else:
        tune.save(path, **({"made": {MARKUP: MARKUP}} if kind == "page" else {}))
    shown = loaded(path, tmp_path / "profile")
    assert "pwned=" not in shown
    assert "GABc" in shown or kind == "svg"
    assert 'src="blob:' in shown or kind != "page"  # the page's own script has run
    # The same browser does run it where it is markup.
    path = tmp_path / "control.html"
    path.write_text(f"<!doctype html><title>{MARKUP}", encoding="utf-8")
    assert 'pwned="1"' in loaded(path, tmp_path / "profile")
