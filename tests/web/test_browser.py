"""The page in a browser: a tune asked for, seen, played, changed, downloaded, with mouse, keyboard and screen reader."""

import json
import os
import re
import shutil
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from serving import BEGINNINGS, Server

from abclm.tune import Tune
from abclm.views.page import format_page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra test)")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("there is no Chromium; apt-get install chromium", allow_module_level=True)

AXE = os.environ.get("ABCLM_AXE")
ARGUMENTS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SECONDS = 60_000
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def site():
    server = Server()  # of the shipped model
    yield server.address
    assert server.stop() == 0
    assert "Traceback" not in "".join(server.said)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, site):
    """Open the page as new; nothing may go wrong on it, and nothing be fetched from elsewhere."""
    wrong = []

    @contextmanager
    def open_page(path="/", **options):
        context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        context.set_default_timeout(SECONDS)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said) else None)
        page.on(
            "request", lambda request: wrong.append(request.url) if not _is_ours(request.url, site) else None
        )
        page.goto(site + path)
        yield page
        context.close()

    yield open_page
    assert wrong == []


def _is_wrong(said):
    # A refusal by the server is no fault of the page; that the page shows it is what tests look at.
    return said.type in ("error", "warning") and "the server responded with a status of 4" not in said.text


def _is_ours(url, site):
    return url.startswith((f"{site}/", f"blob:{site}/"))


def write(page, **wishes):
    """Ask for a tune, and wait until it is there."""
    wishes = {"title": "The Lost Badger", "key": "G", **wishes}
    page.evaluate("document.getElementById('more').open = true")
    for name, value in wishes.items():
        field = page.locator(f"#{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Write a tune").click()
    arrive(page)


def until(page, condition):
    """Wait for a condition; Playwright's own way would need the policy to let strings be run."""
    end = time.monotonic() + SECONDS / 1000
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(40)


def arrive(page):
    until(
        page,
        "!document.getElementById('use').hidden && document.querySelector('#score .note') "
        "&& !document.querySelector('.engraving') && document.getElementById('write').disabled === false",
    )


def write_by(page, button):
    """Press a button that writes, and wait until what it writes is there, however fast that is."""
    page.evaluate(
        "const use = document.getElementById('use'); window.begun = false; "
        "new MutationObserver(() => { window.begun ||= use.hidden; }).observe(use, {attributes: true})"
    )
    page.get_by_role("button", name=button).click()
    until(page, "window.begun")
    arrive(page)


def abc_of(page):
    return page.locator("#abc").input_value()


def test_a_tune_is_asked_for_seen_played_and_downloaded(open_page):
    with open_page() as page:
        write(page, rhythm="jig", seed=7)
        assert page.locator("h2#name").inner_text() == "The Lost Badger"
        assert page.locator("#facts").inner_text() == "jig · 6/8 · in G major"
        assert page.get_by_role("img", name="Score of The Lost Badger").bounding_box()["height"] > 200
        page.get_by_role("button", name="Play").click()
        until(page, "document.getElementById('audio').currentTime > 0.3")
        first = page.evaluate("document.getElementById('audio').currentTime")
        until(page, f"document.getElementById('audio').currentTime > {first} + 0.2")
        assert page.evaluate("document.getElementById('audio').duration") > 10
        for name, beginning in BEGINNINGS.items():
            with page.expect_download() as downloading:
                page.locator(f"[data-format={name}]").click()
            assert downloading.value.suggested_filename == f"the-lost-badger.{name}"
            with open(downloading.value.path(), "rb") as file:
                assert file.read().startswith(beginning), name
        assert set(
            page.locator("[data-format]").evaluate_all("all => all.map(each => each.dataset.format)")
        ) == set(BEGINNINGS)


TWO_PARTS = 'X:1\nT:Two Parts\nM:2/4\nL:1/4\nQ:1/4=240\nK:G\n|:"G"GA|Bc:|\n|:de|fg:|\n'


def show(page, text):
    """Have the page show a tune of ours."""
    ask_for(page, text)
    until(
        page,
        f"document.getElementById('abc').value.trim() === {json.dumps(text.strip())} "
        "&& document.querySelector('#score .note') && !document.querySelector('.engraving')",
    )


def ask_for(page, text):
    page.evaluate("text => { location.hash = new URLSearchParams({ abc: text }); }", text)


def test_notes_are_followed_played_from_and_looped(open_page):
    with open_page() as page:
        show(page, TWO_PARTS)
        page.evaluate(
            "window.marked = []; new MutationObserver(all => all.forEach(({ target }) => { "
            "if (target.classList.contains('now')) marked.push([audio.currentTime, target.id]); }))"
            ".observe(score, { subtree: true, attributes: true, attributeFilter: ['class'] })".replace(
                "audio.", "document.getElementById('audio')."
            ).replace("score,", "document.getElementById('score'),")
        )
        page.get_by_role("button", name="Play", exact=True).click()
        until(page, "marked.length >= 8")
        marked = page.evaluate("marked")
        assert [TWO_PARTS[int(name[1:])] for _, name in marked[:4]] == list("GABc")
        # Quarter notes of a quarter of a second; a machine with much to do may show one of them late.
        late = [abs(moment - number / 4) for number, (moment, _) in enumerate(marked[:8])]
        assert sum(each <= 0.06 for each in late) >= 3, late
        page.locator("#score .note").nth(5).click(force=True)
        until(page, "document.getElementById('audio').currentTime >= 2.2")
        assert page.evaluate("document.getElementById('audio').currentTime") < 3.2
        assert (
            page.evaluate(
                "abc.value.slice(abc.selectionStart, abc.selectionEnd)".replace(
                    "abc", "document.getElementById('abc')"
                )
            )
            == "e"
        )
        page.get_by_role("button", name="Pause", exact=True).click()  # lest it ends before the loop is chosen
        page.get_by_text("Practise: loop").click()
        page.locator("#from-bar").select_option("3")
        page.locator("#to-bar").select_option("4")
        page.locator("#loop").check()
        page.locator("#speed").fill("150")
        page.evaluate(
            "window.times = []; document.getElementById('audio').addEventListener('seeked', "
            "event => times.push(event.target.currentTime))"
        )
        page.get_by_role("button", name="Play", exact=True).click()
        until(page, "times.length >= 2")
        # The sound's end, which a machine with much to do may come to, leads to the loop's beginning, too.
        page.evaluate(
            "const audio = document.getElementById('audio'); audio.pause(); "
            "audio.addEventListener('seeked', () => { window.times = []; audio.dispatchEvent(new Event('ended')); }, "
            "{ once: true }); audio.currentTime = audio.duration"
        )
        until(page, "times.length >= 1 && !document.getElementById('audio').paused")
        assert all(1.95 <= moment <= 2.3 for moment in page.evaluate("times"))
        assert page.evaluate("document.getElementById('audio').playbackRate") == 1.5
        for change in (
            lambda: page.locator("#instrument").select_option("flute"),
            page.locator("#chords").check,
        ):
            before = page.evaluate("document.getElementById('audio').src")
            with page.expect_request("**/api/sound") as asked:
                change()
            until(page, f"document.getElementById('audio').src !== '{before}'")
            assert not page.evaluate("document.getElementById('audio').paused")
        assert (asked.value.post_data_json["instrument"], asked.value.post_data_json["chords"]) == (
            "flute",
            True,
        )
        page.locator("#play").click()
        until(page, "document.getElementById('audio').paused")
        page.locator("#loop").uncheck()
        page.locator("#count-in").check()
        page.evaluate(
            "window.counted = null; const audio = document.getElementById('audio'), begun = performance.now(); "
            "audio.addEventListener('play', () => { window.counted = performance.now() - begun; }, { once: true })"
        )
        page.locator("#play").click()
        until(page, "window.counted !== null")
        assert (
            page.evaluate("counted") >= 2 / 4 / 1.5 * 1000
        )  # two quarter notes at one and a half times the tempo


def test_what_was_there_is_there_again_after_reload_back_and_by_its_link(open_page, browser, site):
    with open_page() as page:
        write(page, title="One", seed=1)
        one, link = abc_of(page), page.url
        assert page.title() == "One · abclm"
        page.get_by_text("Edit or continue the tune").click()
        page.locator("#abc").fill(one.replace("T:One", "T:Other"))
        # At once, before the server was asked what it says.
        with page.expect_download() as downloading:
            page.locator("[data-format=abc]").click()
        with open(downloading.value.path(), encoding="utf-8") as file:
            assert "T:Other" in file.read()
        until(page, "document.title.startsWith('Other')")
        assert "then changed by hand" in page.locator("#made").text_content()
        show(page, TWO_PARTS)
        page.go_back()
        until(page, "document.title.startsWith('Other')")
        page.reload()
        until(page, "document.title.startsWith('Other') && document.querySelector('#score .note')")
        assert abc_of(page) == one.replace("T:One", "T:Other")
        page.goto("about:blank")
        page.goto(link)
        arrive(page)
        assert abc_of(page) == one


@contextmanager
def held(page, path):
    """Hold what is asked of a path until the block ends; the block gets a function that waits for a request."""
    routes = []
    page.route(path, lambda route: routes.append(route))

    def wait():
        end = time.monotonic() + SECONDS / 1000
        while not routes:
            assert time.monotonic() < end, path
            page.wait_for_timeout(20)

    yield wait
    wait()
    for route in routes:
        route.continue_()
    page.unroute(path)


def test_an_answer_that_comes_too_late_is_kept_and_does_not_replace_what_was_asked_for_later(
    open_page, tmp_path
):
    Tune.parse(TWO_PARTS).save(tmp_path / "melody.abc")

    def shown(page):
        return page.title(), abc_of(page)

    def list_has(page, number):
        until(page, f"document.querySelectorAll('#tunes .open').length === {number}")

    with open_page() as page:
        write(page, title="One", seed=1)
        one = shown(page)
        with held(page, "**/api/check") as wait:
            ask_for(page, TWO_PARTS)
            wait()
            page.go_back()
            until(page, "document.title.startsWith('One')")
        list_has(page, 2)
        assert shown(page) == one
        with held(page, "**/api/read"):
            page.locator("#file").set_input_files(tmp_path / "melody.abc")
            write(page, title="Two", seed=2)
        two = shown(page)
        page.get_by_text("Edit or continue the tune").click()
        with held(page, "**/api/transpose"):
            page.get_by_role("button", name="Transpose").click()
            page.locator("#tunes .open", has_text="One").click()
            until(page, "document.title.startsWith('One')")
        list_has(page, 4)
        assert shown(page) == one
        with held(page, "**/api/transpose"):
            page.get_by_role("button", name="Transpose").click()
            page.locator("#abc").fill(two[1].replace("T:Two", "T:Three"))
        list_has(page, 5)
        until(page, "document.title.startsWith('Three')")
        assert abc_of(page) == two[1].replace("T:Two", "T:Three")
        with held(page, "**/api/check"):
            page.get_by_role("button", name="Continue from the cursor").click()
            page.locator("#tunes .open", has_text="One").click()
            opened = shown(page)
        page.wait_for_timeout(300)
        assert shown(page) == opened
        with held(page, "**/api/generate"):
            page.get_by_role("button", name="Three to choose from").click()
            page.locator("#abc").fill(two[1].replace("T:Two", "T:Four"))
            until(page, "document.title.startsWith('Four')")
        until(page, "document.querySelectorAll('#choices li').length === 3")
        page.reload()
        until(page, "document.title.startsWith('Four')")
        with held(page, "**/api/generate/stream"):
            page.get_by_role("button", name="Write a tune").click()
            page.get_by_role("button", name="Three to choose from").click()
        until(page, "document.querySelectorAll('#choices li').length === 3")
        assert page.locator("#candidates").is_visible()
        until(page, "document.getElementById('stop').hidden")


def test_own_tunes_are_opened_get_a_second_part_and_become_one_book(open_page, tmp_path):
    Tune.parse(TWO_PARTS).save(tmp_path / "melody.mid")
    with open_page() as page:
        page.locator("#file").set_input_files(tmp_path / "melody.mid")
        until(page, "document.querySelectorAll('#score .note').length >= 8")
        page.get_by_text("Edit or continue the tune").click()
        page.locator("#abc").fill(TWO_PARTS)
        page.get_by_text("No problems found.").wait_for()
        arrive(page)
        write_by(page, "Write another second part")
        written, name = abc_of(page), page.title()
        assert Tune.parse(written).body.startswith("|:GA|Bc:|") or "GA|Bc" in written
        assert Tune.parse(written).body != Tune.parse(TWO_PARTS).body
        page.reload()
        arrive(page)
        assert (abc_of(page), page.title()) == (written, name)
        kept = page.locator("#tunes .open").count()
        if not page.locator("#abc").is_visible():
            page.get_by_text("Edit or continue the tune").click()
        page.locator("#abc").focus()
        page.evaluate(
            "text => { const data = new DataTransfer(); data.setData('text', text); document.getElementById('abc')"
            ".dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true, bubbles: true })); }",
            TWO_PARTS + "\n" + TWO_PARTS.replace("Two", "Three"),
        )
        until(page, f"document.querySelectorAll('#tunes .open').length === {kept + 2}")
        assert page.locator("#name").inner_text() == "Two Parts"
        until(page, "document.getElementById('status').textContent.includes('2 tunes are kept')")
        page.locator("#abc").fill(TWO_PARTS.replace("de|fg", "(de)|fg"))
        page.locator("#semitones").select_option("2")
        page.get_by_role("button", name="Transpose").click()
        until(page, "document.getElementById('abc').value.includes('K:A')")
        page.get_by_text("warning: the melody was transposed; left out: slurs.").wait_for()
        with page.expect_download() as downloading:
            page.locator("[data-book=pdf]").click()
        assert downloading.value.suggested_filename == "my-tunes.pdf"


def test_what_was_written_is_kept_where_the_server_ends(browser):
    server = Server()
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.address)
    half = json.dumps({"event": "text", "text": "X:1\nT:Half\nM:4/4\nL:1/8\nK:G\nGABc dedB|"}) + "\n"
    page.route("**/api/generate/stream", lambda route: route.fulfill(status=200, body=half))
    page.get_by_role("button", name="Write a tune").click()
    server.process.kill()
    server.process.wait()
    until(page, "document.getElementById('problem').textContent.includes('What was written is kept.')")
    assert "K:" in abc_of(page)
    page.get_by_text("Edit or continue the tune").click()
    page.locator("#abc").fill(abc_of(page) + "GABc|\n")
    assert page.evaluate("JSON.parse(localStorage['abclm-tunes'])[0].abc").endswith("GABc|\n")
    page.locator("#checked").get_by_text("The server can't be reached").wait_for()
    assert wrong == []
    context.close()


@pytest.mark.slow
def test_a_second_part_and_some_bars_are_written_and_the_rest_is_kept(open_page):
    with open_page() as page:
        write(page, rhythm="reel", parts="2", bars="4", seed=4)
        first = abc_of(page)
        body = first[first.index("K:") :].split("\n")
        page.get_by_text("Edit or continue the tune").click()
        write_by(page, "Write another second part")
        second = abc_of(page)
        assert second != first
        assert second[second.index("K:") :].split("\n")[:2] == body[:2]
        page.locator("#bars-anew").fill("2")
        write_by(page, "Write these bars anew")
        third = abc_of(page)
        assert third != second
        assert third.split("|")[-3:] == second.split("|")[-3:]


@pytest.mark.slow
def test_several_tunes_are_offered_and_one_is_taken(open_page):
    with open_page() as page:
        page.get_by_role("button", name="Three to choose from").click()
        until(page, "document.querySelectorAll('#choices .small > svg').length === 3")
        name = page.locator("#choices h3").nth(1).inner_text()
        page.locator("#choices button").nth(1).click()
        arrive(page)
        assert page.locator("#name").inner_text() == name
        assert page.locator("#candidates").is_hidden()


def test_a_tune_is_written_before_ones_eyes(open_page):
    with open_page(reduced_motion="no-preference") as page:
        page.evaluate(
            "window.seen = []; new MutationObserver(() => { const text = manuscript.textContent; "
            "if (text) seen.push([text.length, score.hidden]); })"
            ".observe(manuscript, {childList: true, characterData: true, subtree: true})"
        )
        write(page, seed=7)
        seen = page.evaluate("seen")
        lengths = [length for length, _ in seen]
        assert len(set(lengths)) > 20  # letter by letter
        assert sum(later - before > 12 for before, later in pairwise(lengths)) < len(seen) / 4
        assert not seen[-1][1]  # there were staves by then
        assert page.locator("#manuscript").is_hidden()


def test_the_same_seed_writes_the_same_tune_and_another_another(open_page):
    with open_page() as page:
        write(page, seed=7)
        tune = abc_of(page)
        assert page.locator("#keep").is_checked()
        write_by(page, "Write a tune")
        assert abc_of(page) == tune
        write_by(page, "Another one")
        assert abc_of(page) != tune
        assert page.locator("#name").inner_text() == "The Lost Badger"
        assert page.locator("#seed").input_value() not in ("", "7")


def test_a_tune_is_changed_and_gone_on_from(open_page):
    with open_page() as page:
        write(page, rhythm="reel", meter="C|", seed=3)
        page.get_by_text("Edit or continue the tune").click()
        score = page.locator("#score .note").count()
        lines = abc_of(page).splitlines()
        begin = next(number for number, line in enumerate(lines) if line.startswith("K:")) + 1
        head = "\n".join(lines[:begin]).replace("The Lost Badger", "Changed")
        page.locator("#abc").fill(f"{head}\nGABc dedB|c2A2 (3GA|]\n")
        until(page, "document.querySelector('#checked .error')")
        assert page.locator("#name").inner_text() == "Changed"
        until(page, f"document.querySelectorAll('#score .note').length !== {score}")
        page.locator("#checked .error button").click()
        chosen = "[abc.selectionStart, abc.selectionEnd, document.activeElement.id]"
        start, end, active = page.evaluate(chosen.replace("abc.", "document.getElementById('abc')."))
        assert (end - start, active) == (1, "abc")
        page.locator("#abc").fill(f"{head}\nGABc dedB|c2A2 G4|]\n")
        page.get_by_text("No problems found.").wait_for()
        page.evaluate("document.getElementById('abc').setSelectionRange(1e6, 1e6)")
        write_by(page, "Continue from the cursor")
        assert abc_of(page).startswith(f"{head}\nGABc dedB|c2A2 G4|")
        assert len(abc_of(page)) > len(head) + 60
        page.get_by_text("How it was made").click()
        assert "GABc dedB|c2A2 G4|" in page.locator("#made").inner_text()


def test_markup_is_text_wherever_it_stands(open_page):
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with open_page() as page:
        write(page, title=markup[:60], seed=1)
        assert page.locator("#name").inner_text() == markup[:60]
        page.get_by_text("Edit or continue the tune").click()
        page.locator("#abc").fill(f'X:1\nT:{markup}\nR:{markup}\nM:4/4\nL:1/8\nK:G\n"{markup}"GABc dedB|]\n')
        until(page, "document.getElementById('name').textContent.includes('</script>')")
        page.locator("#abc").fill(f"X:{markup}\nT:\nK:{markup}\n{markup}\n")
        page.locator("#checked .error").first.wait_for()
        page.reload()
        assert page.locator("#tunes .open").count() == 1
        page.locator("#tunes .open").click()
        until(page, "!document.getElementById('no-score').hidden")
        assert page.locator("main img").count() == 0
        assert page.locator("body script").count() == 0


def test_the_last_tunes_are_kept_until_they_are_forgotten(open_page):
    with open_page() as page:
        write(page, title="One", seed=1)
        one = abc_of(page)
        write(page, title="Two", seed=2)
        page.reload()
        assert page.locator("#tunes .open").evaluate_all("all => all.map(each => each.firstChild.data)") == [
            "Two",
            "One",
        ]
        page.locator("#tunes .open").nth(1).click()
        arrive(page)
        assert abc_of(page) == one
        assert page.locator("#title").input_value() == "One"
        page.get_by_role("button", name="Delete Two").click()
        assert page.locator("#tunes .open").count() == 1
        page.get_by_role("button", name="Delete all").click()
        assert page.locator("#tunes .open").count() == 0
        page.get_by_role("button", name="Undo the deletion").click()
        assert page.locator("#tunes .open").count() == 1
        page.get_by_role("button", name="Delete all").click()
        page.reload()
        assert page.locator("#shelf").is_hidden()


def test_what_can_not_be_written_is_said_at_its_field(open_page):
    with open_page() as page:
        page.locator("#title").fill("日本")
        page.get_by_role("button", name="Write a tune").click()
        alert = page.get_by_role("alert")
        until(page, "document.getElementById('problem').textContent")
        assert alert.inner_text().startswith("title: '日本' has ")
        assert page.locator("#title").get_attribute("aria-invalid") == "true"
        assert page.evaluate("document.activeElement.id") == "title"
        write(page)
        assert page.locator("#title").get_attribute("aria-invalid") is None
        assert page.locator("#problem").inner_text() == ""
        page.route("**/api/generate/stream", lambda route: route.fulfill(status=200, body=""))
        page.get_by_role("button", name="Write a tune").click()
        until(page, "document.getElementById('problem').textContent")
        assert "ended before the tune was complete" in alert.inner_text()


def test_wishes_that_can_not_be_met_are_changed_and_that_is_said(open_page):
    with open_page() as page:
        page.locator("#meter").select_option("3/4")
        page.locator("#rhythm").select_option("jig")
        assert page.locator("#meter").input_value() == ""
        assert page.locator("#meter-said").inner_text() == "No jig is in 3/4; the meter is open now."
        assert "of this rhythm have 2 parts of 8 bars." in page.locator("#form-said").inner_text()
        page.locator("#rhythm").select_option("waltz")
        assert "hardly any tune of this rhythm" in page.locator("#rhythm-said").inner_text()
        page.locator("#rhythm").select_option("jig")
        assert page.locator("#rhythm-said").inner_text() == ""
        bars = page.locator("#bars-list option")
        assert bars.first.get_attribute("value") or bars.first.text_content() == "16"
        page.locator("#bars").fill("40")
        page.locator("#parts").select_option("2")
        assert page.locator("#bars").input_value() == "32"
        assert page.locator("#form-said").inner_text().startswith("The number of bars was changed: 2 parts")
        free = page.locator("#meter option:not(:disabled)").evaluate_all("all => all.map(each => each.value)")
        assert free == ["", "6/8", "12/8"]


def test_writing_can_be_stopped_and_a_busy_server_is_asked_again(open_page):
    with open_page() as page:
        page.route("**/api/generate/stream", lambda route: None)  # never answered
        page.get_by_role("button", name="Write a tune").click()
        page.get_by_role("button", name="Stop").click()
        until(page, "document.getElementById('status').textContent === 'Stopped.'")
        assert page.evaluate("document.activeElement.id") == "write"
        page.unroute("**/api/generate/stream")
        asked = []

        def refuse_once(route):
            asked.append(1)
            if len(asked) == 1:
                route.fulfill(status=429, headers={"Retry-After": "1"}, json={"error": "busy"})
            else:
                route.continue_()

        page.route("**/api/generate/stream", refuse_once)
        write(page)
        assert len(asked) == 2


def test_a_score_that_fails_is_not_asked_for_again_and_again(open_page):
    with open_page(reduced_motion="no-preference") as page:
        asked = []
        page.route(
            "**/api/score", lambda route: (asked.append(1), route.fulfill(status=422, json={"error": "no"}))
        )
        page.get_by_role("button", name="Write a tune").click()
        until(page, "document.getElementById('no-score').textContent === 'no'")
        lines = abc_of(page).count("\n")
        assert 0 < len(asked) <= lines
        page.unroute("**/api/score")
        page.locator("#abc").evaluate("abc => { abc.value += ' '; abc.dispatchEvent(new Event('input')); }")
        arrive(page)
        assert page.locator("#no-score").is_hidden()


# With the keyboard, with a screen reader, on a phone


def test_all_can_be_done_with_the_keyboard(open_page):
    with open_page() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the tune"
        page.keyboard.press("Tab")
        page.keyboard.type("By Hand")
        page.keyboard.press("Enter")
        arrive(page)
        assert page.locator("#name").inner_text() == "By Hand"
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "play":
                break
        page.keyboard.press("Space")
        until(page, "document.getElementById('audio').currentTime > 0")
        assert page.evaluate("document.activeElement.id") == "play"
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate("document.activeElement.id || document.activeElement.dataset.format || ''")
            )
        assert {"audio", "instrument", "speed", *BEGINNINGS} <= reached


@pytest.mark.slow
def test_the_tab_key_follows_what_is_seen(open_page):
    with open_page() as page:
        write(page)
        page.locator("#title").focus()
        order = []
        for _ in range(60):
            order.append(
                page.evaluate("document.activeElement.id || document.activeElement.dataset.format || ''")
            )
            page.keyboard.press("Tab")
        wanted = ["title", "rhythm", "meter", "key", "parts", "bars", "temperature", "seed", "keep", "write", "another",
                  "play", "instrument", "speed", "pdf", "svg"]  # fmt: skip
        places = [order.index(name) for name in wanted]
        assert places == sorted(places)


def test_what_happens_is_said(open_page):
    with open_page() as page:
        page.evaluate(
            "window.said = []; new MutationObserver(() => said.push(document.getElementById('status').textContent))"
            ".observe(document.getElementById('status'), {childList: true, characterData: true, subtree: true})"
        )
        write(page, rhythm="jig", seed=7)
        until(page, "said.length > 2")
        said = page.evaluate("said")
        assert "Writing." in said
        assert (
            said[-1]
            == "The Lost Badger is ready: jig · 6/8 · in G major. Player, score and downloads follow."
        )
        outline = page.locator("body").aria_snapshot()
        for words in ("banner", "main", "contentinfo", 'form "What to write"', 'region "The Lost Badger"',
                      'region "Your last tunes"', 'heading "Write a tune" [level=1]', 'textbox "Title"',
                      'combobox "Key"', 'slider "Temperature', 'spinbutton "Seed"',
                      'img "Score of The Lost Badger"'):  # fmt: skip
            assert words in outline, words


UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, textarea, audio, summary')].filter(each => {
  const label = each.labels && [...each.labels].map(label => label.textContent).join('');
  return !(label || each.getAttribute('aria-label') || each.textContent.trim() || each.matches('audio[hidden]'));
}).map(each => each.outerHTML)"""

FAINT = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => color.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(each).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const each of document.querySelectorAll('body *')) {
    const style = getComputedStyle(each);
    const box = each.getBoundingClientRect();
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !box.width || !box.height || each.disabled || each.closest('svg, audio, option')) continue;
    const [a, b] = [light(numbers(style.color)), light(behind(each))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${each.tagName} ${each.textContent.slice(0, 20)} ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


# The others are the same pages in other colours.
LOOKS = [
    pytest.param(path, size, scheme, marks=() if (size == NARROW) == (scheme == "dark") else pytest.mark.slow,
                 id=f"{path}-{size['width']}-{scheme}")
    for path in ("/", "/docs") for size in (WIDE, NARROW) for scheme in ("light", "dark")
]  # fmt: skip


@pytest.mark.parametrize(("path", "size", "scheme"), LOOKS)
def test_it_can_be_read_and_used(open_page, path, scheme, size):
    with open_page(path, viewport=size, color_scheme=scheme) as page:
        if path == "/":
            write(page, seed=7)
        for each in page.locator("details").all():
            each.evaluate("details => { details.open = true; }")
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(FAINT) == []
        # Nothing has to be pushed aside to be seen.
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if path == "/":
            small = page.locator("#tune button, #ask button, #ask select, #ask input:not([type=checkbox])")
            heights = [box["height"] for each in small.all() if (box := each.bounding_box())]
            assert len(heights) > 10
            assert min(heights) >= 24
        # Text of twice the size has a place, too.
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if path == "/" and size == WIDE:
            page.evaluate("document.documentElement.style.fontSize = ''")
            systems = "document.querySelectorAll('#score .system').length"
            wide = page.evaluate(systems)
            page.set_viewport_size(NARROW)
            until(page, f"{systems} > {wide}")


@pytest.mark.skipif(not AXE, reason="ABCLM_AXE names no axe.min.js (npm install axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(open_page, scheme):
    sung = Tune.parse('X:1\nT:Sung\nM:4/4\nL:1/8\nK:G\nV:1\n"G"~G4 (A2B2)|]\nw:la la la\nV:2\nG,8|]\n')
    book = format_page([sung, Tune.parse(TWO_PARTS)], made={"Model": "none"})[0]
    with open_page(color_scheme=scheme, bypass_csp=True) as page:
        write(page, seed=7)
        for name in ("page", "docs", "book"):
            if name == "docs":
                page.goto(page.url.partition("#")[0] + "docs")
            elif name == "book":
                page.set_content(book)
            for size in (WIDE, NARROW):
                page.set_viewport_size(size)
                page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
                page.evaluate(Path(AXE).read_text(encoding="utf-8"))
                found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
                assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name


def test_the_api_can_be_tried(open_page):
    with open_page("/docs") as page:
        page.locator("#write_a_tune_api_generate_post, section").first.wait_for()
        trial = page.locator("form.trial[data-path='/api/generate']")
        trial.evaluate("form => { form.closest('details').open = true; }")
        trial.get_by_role("button", name="Send").click()
        trial.locator("pre").wait_for()
        assert re.match(r"200 ", trial.get_by_role("status").inner_text())
        assert '"title":"The Lost Badger"' in trial.locator("pre").inner_text()
