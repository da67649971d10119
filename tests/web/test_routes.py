"""The API: tunes as `abclm generate` writes them, checks, scores, files, and what is refused."""

import asyncio
import base64
import io
import json
import re
import threading
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import get_args

import pytest
from serving import BEGINNINGS, TUNE, client_of

from abclm.cli import run
from abclm.formats.save import to_bytes
from abclm.formats.table import FORMATS
from abclm.tune import Tune
from abclm.web import tune_queue
from abclm.web.app import create_app
from abclm.web.limits import Limits
from abclm.web.schema import MEDIA_TYPES, MOST_CHARACTERS, Format

ASKED = [
    {"title": "The Lost Badger", "key": "G", "seed": 1},
    {"rhythm": "jig", "meter": "6/8", "key": "Ador", "seed": 5, "temperature": 0.7, "top_k": 9},
    {"rhythm": "reel", "parts": 2, "bars": 4, "seed": 3, "top_p": 0.9, "min_p": 0.01},
    {"title": "Up Early", "rhythm": "reel", "meter": "C|", "key": "D", "opening": "|:d2fd Adfd", "seed": 2},
    {"seed": 8, "bar_repetition": 0.3, "max_length": 400},
    {"seed": 9, "temperature": 0, "max_length": 250, "unit_note_length": "1/8"},
]


def generated(model_folder, capsys, asked):
    """What `abclm generate` prints."""
    options = [part for name, value in asked.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert run(["generate", "--model", model_folder, *options]) == 0
    return capsys.readouterr().out


def lines_of(client, asked):
    with client.stream("POST", "/api/generate/stream", json=asked) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in response.iter_lines()]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"seed {asked['seed']}")
def test_the_same_seed_gives_the_tune_of_abclm_generate(client, model_folder, capsys, asked):
    written = client.post("/api/generate", json=asked).json()
    assert written["abc"] == generated(model_folder, capsys, asked)
    assert written["seed"] == asked["seed"]
    lines = lines_of(client, asked)
    assert "".join(line.get("text", "") for line in lines) == written["abc"]
    assert lines[-1] == {"event": "written", "tune": written}


def test_a_tune_is_rewritten_and_gets_another_part(client):
    asked = {"rewrite": TUNE, "rewrite_bars": "1", "seed": 1, "best_of": 2}
    written = client.post("/api/generate", json=asked).json()
    assert written["abc"].endswith("|c2A2 G4|]\n\n")
    assert written["made"]["Rewrite"] == "Two Bars"
    assert "".join(line.get("text", "") for line in lines_of(client, asked)) == written["abc"]
    longer = client.post("/api/generate", json={"like": TUNE, "part": "B", "seed": 1}).json()
    assert "\nGABc dedB|c2A2 G4||" in longer["abc"]
    refused = client.post("/api/generate", json={"rewrite": TUNE, "rewrite_bars": "3"})
    assert (refused.status_code, refused.json()["error"]) == (422, "rewrite: the tune has bars 1 to 2, received 3; give "
                                                              "some of these, the lower first")  # fmt: skip


def test_a_tune_is_the_same_in_any_company(client):
    asked = [{**ASKED[number % len(ASKED)], "seed": number} for number in range(24)]

    def write(each):
        # On a slow machine the server may be busy for some of them.
        while (answer := client.post("/api/generate", json=each)).status_code == 429:
            time.sleep(1)
        return answer.json()["abc"]

    alone = [write(each) for each in asked]
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(write, asked))
    assert together == alone


def test_a_tune_says_what_it_is_and_how_it_came_about(client):
    asked = {"title": "Père O’Connor", "key": "A dorian", "rhythm": "jig", "seed": 4}
    written = client.post("/api/generate", json=asked).json()
    tune = Tune.parse(written["abc"])
    assert (written["title"], written["key"], written["rhythm"]) == ("Pere O'Connor", "Ador", "jig")
    assert (written["meter"], written["unit_note_length"]) == (tune.meter, tune.unit_note_length)
    assert written["problems"] == []
    assert written["overlap"] is None  # this model knows no training tunes
    assert written["made"]["Seed"] == "4"
    assert written["made"]["Title"] == "Père O’Connor"


def test_a_seed_is_drawn_and_said(client):
    written = [client.post("/api/generate", json={"max_length": 200}).json() for _ in range(2)]
    assert written[0]["seed"] != written[1]["seed"]
    again = client.post("/api/generate", json={"max_length": 200, "seed": written[0]["seed"]}).json()
    assert again["abc"] == written[0]["abc"]


def test_what_is_copied_is_said(model_folder):
    from abclm.analysis.novelty import NoveltyIndex
    from abclm.language_model import load

    lm = load(model_folder)
    with client_of(lm) as client:
        abc = client.post("/api/generate", json={"seed": 1, "title": "Asked"}).json()["abc"]
    lm.novelty_index = NoveltyIndex.create([Tune.parse(abc.replace("T:", "T:Known as "))])
    with client_of(lm) as client:
        overlap = client.post("/api/generate", json={"seed": 1, "title": "Asked"}).json()["overlap"]
    assert overlap["share"] == 1
    assert overlap["title"].startswith("Known as ")
    assert overlap["is_copy"]


def test_a_tune_is_checked(client):
    checked = client.post("/api/check", json={"abc": TUNE.replace("c2A2 G4", "c2A2 (3GA")}).json()
    assert (checked["title"], checked["rhythm"], checked["meter"]) == ("Two Bars", "reel", "4/4")
    assert checked["body"] == "GABc dedB|c2A2 (3GA|]\n"
    assert {"line": 7, "severity": "error"}.items() <= checked["problems"][0].items()
    assert client.post("/api/check", json={"abc": TUNE}).json()["problems"] == []


def test_a_score_is_engraved_in_more_lines_where_it_is_narrow(client):
    tune = TUNE.replace("|]", "|" + "GABc dedB|" * 2 + "]")
    wide, narrow = (client.post("/api/score", json={"abc": tune, "width": width}) for width in (2000, 700))
    assert wide.headers["content-type"] == narrow.headers["content-type"] == "image/svg+xml"
    assert wide.text.count('class="notehead"') == narrow.text.count('class="notehead"') == 11 + 2 * 8
    assert narrow.text.count('class="system"') > wide.text.count('class="system"') == 1
    assert "Two Bars</text>" not in wide.text


def test_every_format_that_a_tune_can_be_saved_as_can_be_asked_for():
    assert {f".{name}" for name in get_args(Format)} == set(FORMATS)
    assert MEDIA_TYPES.keys() == BEGINNINGS.keys() == set(get_args(Format))


# No two PDF files are the same; sound need not be where FluidSynth plays.
NOT_THE_SAME = ("pdf", "wav", "mp3")


@pytest.mark.parametrize("name", sorted(BEGINNINGS))
def test_a_tune_becomes_a_file(client, tmp_path, name):
    response = client.post("/api/convert", json={"abc": TUNE, "format": name})
    assert response.status_code == 200
    assert response.headers["content-type"] == MEDIA_TYPES[name]
    assert response.headers["content-disposition"] == f'attachment; filename="two-bars.{name}"'
    assert response.content.startswith(BEGINNINGS[name])
    Tune.parse(TUNE).save(tmp_path / f"t.{name}")
    if name not in NOT_THE_SAME:
        assert response.content == (tmp_path / f"t.{name}").read_bytes()


def test_instrument_tempo_and_story_get_into_the_file(client, tmp_path):
    how = {"instrument": "fiddle", "tempo": "1/4=60"}
    midi = client.post("/api/convert", json={"abc": TUNE, "format": "mid", **how}).content
    Tune.parse(TUNE).save(tmp_path / "t.mid", **how)
    assert midi == (tmp_path / "t.mid").read_bytes()
    made = {"Model": "small & fine", "Seed": "7"}
    page = client.post("/api/convert", json={"abc": TUNE, "format": "html", "made": made}).text
    assert "<dd>small &amp; fine</dd>" in page


def test_a_tune_is_played_small(client):
    small = client.post("/api/sound", json={"abc": TUNE, "instrument": "flute", "tempo": "60"})
    whole = client.post(
        "/api/convert", json={"abc": TUNE, "format": "wav", "instrument": "flute", "tempo": "60"}
    )
    assert small.headers["content-type"] in ("audio/mpeg", "audio/wav")
    assert len(small.content) < len(whole.content) / 3
    with wave.open(io.BytesIO(whole.content)) as file:
        assert file.getnframes() / file.getframerate() > 4
    error = client.post("/api/sound", json={"abc": TUNE, "instrument": "kazoo"}).json()["error"]
    assert error.startswith("instrument: 'kazoo' is not known")


def test_what_can_be_asked_for_is_said(client):
    about = client.get("/api/about").json()
    assert about["model"] == "small"
    assert about["rhythms"]["jig"] == ["6/8", "12/8"]
    assert "Ador" in about["keys"]
    assert "fiddle" in about["instruments"]
    for rhythm, meters in about["rhythms"].items():
        asked = {"rhythm": rhythm, "meter": meters[-1], "key": about["keys"][7], "seed": 1}
        assert client.post("/api/generate", json=asked).status_code == 200, rhythm


# What is refused

WRONG = [
    ("generate", {"key": "H"}, "key: 'H' is no key; give one such as G"),
    ("generate", {"rhythm": "jig", "meter": "3/4"}, "rhythm jig goes with meter 6/8, 12/8, received 3/4"),
    ("generate", {"title": ""}, "title is text with something in it, received ''"),
    ("generate", {"title": "a\nb"}, "title: a title is one line"),
    ("generate", {"title": "\ud800"}, "title: "),
    ("generate", {"title": "x" * 500}, "title: string should have at most 200 characters"),
    ("generate", {"opening": "X:1\nGAB"}, "opening: the line 'X:1' is an information field"),
    ("generate", {"temperature": "1"}, "temperature: input should be a valid number, received '1'"),
    ("generate", {"temperature": float("nan")}, "temperature: "),
    ("generate", {"seed": -1}, "seed: "),
    ("generate", {"seed": True}, "seed: input should be a valid integer, received True"),
    ("generate", {"parts": 99}, "parts: "),
    ("generate", {"n": 3}, "n: extra inputs are not permitted, received 3"),
    ("generate", [], "the body: "),
    ("generate", None, "the body: "),
    ("generate/stream", {"key": "H"}, "key: 'H' is no key"),
    ("check", {}, "abc: field required"),
    ("check", {"abc": "Dear friend"}, "there is no tune: no line begins with X:"),
    ("check", {"abc": 5}, "abc: input should be a valid string, received 5"),
    ("check", {"abc": "X" * (MOST_CHARACTERS + 1)}, "abc: string should have at most"),
    ("score", {"abc": "X:1\nK:C\nz4|\n"}, "the tune has no notes"),
    ("score", {"abc": TUNE, "width": 20}, "width: "),
    ("convert", {"abc": TUNE, "format": "exe"}, "format: input should be 'abc', 'mid'"),
    ("convert", {"abc": TUNE, "format": "wav", "instrument": "kazoo"}, "instrument: 'kazoo' is not known"),
    ("convert", {"abc": TUNE, "format": "mid", "tempo": "fast"}, "tempo: 'fast' is none"),
    ("convert", {"abc": TUNE, "format": "pdf", "tempo": "90"}, "instrument, tempo and chords go with"),
    ("convert", {"abc": TUNE, "format": "html", "made": {"a": 5}}, "made.a: "),
    ("convert", {"abc": f"{TUNE[:-2]}|{'Z999|' * 9}G4|\n", "format": "wav"}, "the tune lasts"),
    ("convert", {"abc": TUNE.replace("K:", "Q:1/4=10\nK:").replace("G4", "G4000"), "format": "wav"}, "the tune lasts"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "asked", "said"), WRONG, ids=[f"{what} {number}" for number, (what, _, _) in enumerate(WRONG)]
)
def test_what_can_not_be_done_is_said_in_one_line(client, what, asked, said):
    response = client.post(
        f"/api/{what}", content=json.dumps(asked), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json().keys() == {"error"}
    error = response.json()["error"]
    assert said in error
    assert "\n" not in error.strip()
    assert len(error) < 700


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 422), (b"", 422), (b"[" * 60_000, 400), (b'{"seed":' + b"9" * 6000 + b"}", 400), (b"\xff\xfe{}", 422)],
)  # fmt: skip
def test_what_is_no_json_is_refused(client, content, status):
    response = client.post("/api/generate", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert response.json()["error"]


def test_json_has_to_be_said_to_be_json(client):
    # A page of another site can send a form without being asked, but no JSON.
    response = client.post("/api/generate", content=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 422


def test_a_message_of_a_tune_that_failed_on_the_way_is_its_last_line(client, monkeypatch):
    def steps(lm, options, engine):
        yield "X:1\n"
        raise ValueError("a fault of ours")

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    lines = lines_of(client, {"seed": 1})
    assert lines[-1] == {"event": "failed", "error": "a fault of ours"}
    monkeypatch.undo()
    assert client.post("/api/generate", json={"seed": 1}).status_code == 200


# What is said of the API


def test_what_sounds_when_is_said_in_the_names_of_the_score(client):
    svg = client.post("/api/score", json={"abc": TUNE}).text
    said = client.post("/api/follow", json={"abc": TUNE, "tempo": "1/4=60"}).json()
    assert said["beats"] == 4
    assert said["beat_seconds"] == 1
    assert [moment[0] for moment in said["moments"][:3]] == [0, 0.5, 1]
    assert [moment[3] for moment in said["moments"]] == ["1"] * 8 + ["2"] * 3
    assert all(f'id="{moment[2]}"' in svg for moment in said["moments"])


def test_a_tune_is_moved_to_another_key(client):
    moved = client.post(
        "/api/transpose", json={"abc": TUNE.replace("GABc", "~G(AB)c"), "semitones": 2}
    ).json()
    assert moved["left_out"] == ["decorations", "slurs"]
    moved = moved["abc"]
    assert "K:A\nABcd" in moved
    assert client.post("/api/transpose", json={"abc": TUNE, "semitones": 99}).status_code == 422


@pytest.mark.parametrize(
    ("name", "what", "titles"),
    [
        ("book.abc", "two", ["Two Bars", "Two Bars"]),
        ("melody.mid", ".mid", ["Two Bars"]),
        ("score.musicxml", ".musicxml", ["Two Bars"]),
    ],
)
def test_the_tunes_of_a_file_are_read(client, name, what, titles):
    data = (TUNE + "\n" + TUNE).encode() if what == "two" else to_bytes(Tune.parse(TUNE), what)
    sent = {"name": name, "content": base64.b64encode(data).decode()}
    read = client.post("/api/read", json=sent).json()
    assert [Tune.parse(text).title for text in read["tunes"]] == titles
    assert all(Tune.parse(text).notes() for text in read["tunes"])


def test_a_file_without_a_tune_is_refused(client):
    for name, content in (("a.abc", b"no tune"), ("a.mid", b"no MIDI"), ("a.xml", b"no score")):
        sent = {"name": name, "content": base64.b64encode(content).decode()}
        answer = client.post("/api/read", json=sent)
        assert answer.status_code == 422
        assert "\n" not in answer.json()["error"]
    assert client.post("/api/read", json={"name": "a.abc", "content": "?"}).status_code == 422


@pytest.mark.parametrize("kind", ["abc", "pdf", "html"])
def test_tunes_become_one_book(client, kind):
    asked = {"abc": TUNE + "\n" + TUNE.replace("Two", "Three"), "format": kind, "title": "My Book"}
    answer = client.post("/api/book", json=asked)
    assert answer.content.startswith(BEGINNINGS[kind])
    assert 'filename="my-book.' in answer.headers["content-disposition"]
    assert client.post("/api/book", json={"abc": "nothing", "format": kind}).status_code == 422


def test_a_body_that_is_not_called_json_is_refused_in_plain_words(client):
    answer = client.post("/api/check", content=b'{"abc": "X:1"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "the body is no object; send JSON with Content-Type: application/json"


@pytest.mark.parametrize("path", ["/", "/docs", "/style.css", "/static/main.js", "/openapi.json"])
def test_the_head_of_a_page_can_be_asked_for(client, path):
    answer = client.head(path)
    assert answer.status_code == 200


def test_the_description_is_whole_and_true(client):
    openapi = client.get("/openapi.json").json()
    assert sorted(openapi["paths"]) == [
        "/api/about", "/api/book", "/api/check", "/api/convert", "/api/follow", "/api/generate",
        "/api/generate/stream", "/api/read", "/api/score", "/api/sound", "/api/transpose",
    ]  # fmt: skip
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert {"200", "422", "429"} <= operation["responses"].keys()
    shown = client.get("/docs").text
    for path in openapi["paths"]:
        assert f" {path}</code></h2>" in shown
    for name in openapi["components"]["schemas"]["TuneAsked"]["properties"]:
        assert f"<code>{name}</code>" in shown
    assert not re.search(r"None|\bnull\b, ", re.sub(r"<td>null</td>", "", shown))


def test_what_the_description_offers_to_try_is_answered(client):
    shown = client.get("/docs").text
    found = re.findall(
        r'data-method="POST" data-path="([^"]+)">.*?<textarea[^>]*>(.*?)</textarea>', shown, re.DOTALL
    )
    assert len(found) == 10
    for path, body in found:
        answer = client.post(path, content=unescape(body), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, (path, answer.text)


@pytest.mark.parametrize("path", ["/api/generate", "/api/generate/stream"])
def test_a_client_that_goes_away_has_no_more_written(lm, monkeypatch, path):
    begun, closed = threading.Event(), threading.Event()

    def steps(lm, options, engine):
        try:
            while True:
                begun.set()
                time.sleep(0.001)
                yield "x"
        finally:
            closed.set()

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    body = b'{"seed": 1}'
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"11")]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip

    async def ask():
        coming = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if coming:
                return coming.pop()
            while not begun.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        app = create_app(lm, "small", Limits(workers=1, write_seconds=600))
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(app(scope, receive, send), 30)
            while not closed.is_set():
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(ask(), 60))
    assert closed.is_set()
