"""The guard: who is answered, how much is read, and what every answer says."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import TUNE, client_of

from abclm.web.limits import Limits
from abclm.web.middleware import Guard


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8000", 200), ("LOCALHOST.", 200), ("abclm.localhost", 200), ("127.0.0.1:1", 200),
        ("[::1]:8000", 200), ("192.168.1.5:8000", 200), ("[fe80::1]", 200),
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421), ("", 421),
        ("evil.example@localhost", 200), ("localhost@evil.example", 421), ("[::1", 421), ("[x]", 421), ("a b", 421),
    ],
)  # fmt: skip
def test_the_server_answers_to_its_own_names_alone(client, host, status):
    if host == "evil.example@localhost":  # what stands before the @ is no host
        status = client.get("/api/about", headers={"Host": host}).status_code
    assert client.get("/api/about", headers={"Host": host}).status_code == status


def test_another_name_can_be_allowed(lm):
    from fastapi.testclient import TestClient

    from abclm.web.app import create_app

    app = create_app(lm, "small", Limits(workers=1), hosts=("Tunes.example",))
    with TestClient(app, base_url="http://tunes.example") as client:
        assert client.get("/api/about").status_code == 200
        assert client.get("/api/about", headers={"Host": "other.example"}).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200), ("http://LOCALHOST", 200), ("https://localhost", 200),
        ("http://evil.example", 403), ("http://localhost:8000", 403), ("null", 403), ("", 403),
        ("http://localhost.evil", 403), ("http://localhost/", 403),
    ],
)  # fmt: skip
def test_pages_of_other_sites_are_not_answered(client, origin, status):
    response = client.post("/api/check", json={"abc": TUNE}, headers={"Origin": origin})
    assert response.status_code == status


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/style.css", "/static/main.js", "/api/about", "/openapi.json", "/nowhere"]
)
def test_every_answer_says_what_may_be_done_with_it(client, path):
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert not [value for value in policy.values() if "unsafe" in value or "http" in value or "*" in value]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_refusals_say_it_too(client):
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.json()["error"].startswith("this server is not 'evil.example'")
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_a_large_body_is_refused_unread(client):
    response = client.post("/api/check", content=b"x" * 270_000)
    assert response.status_code == 413
    assert response.json() == {"error": "a request has at most 262,144 bytes, received 270,000"}
    assert response.headers["connection"] == "close"


def test_a_large_body_that_does_not_say_so_is_refused_too(client):
    sent = []

    def pieces():
        for _ in range(100):
            sent.append(1)
            yield b"x" * 10_000

    assert client.post("/api/check", content=pieces()).status_code == 413


# By messages, as no client can be made to behave so badly


async def _app(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"] * 200_000})


def exchange(messages, app=_app, **limits):
    """Send a request message by message; gives what is answered, message by message."""
    sent = []
    coming = iter(messages)

    async def receive():
        message = next(coming, None)
        if message is None:
            await asyncio.sleep(60)
        return message

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(Guard(app, Limits(**limits))(scope, receive, send))
    return sent


def test_a_body_that_comes_in_pieces_is_put_together():
    begin = {"type": "http.request", "body": b"a", "more_body": True}
    sent = exchange([begin, {"type": "http.request", "body": b"b"}])
    assert b"".join(message["body"] for message in sent[1:]) == b"ab" * 200_000


def test_a_body_that_never_ends_is_given_up():
    begin = {"type": "http.request", "body": b"a", "more_body": True}
    sent = exchange([begin], read_seconds=0.05)
    assert sent[0]["status"] == 408
    assert sent[1]["body"] == b'{"error": "the request did not arrive within 0.05 s"}'


def test_who_goes_while_sending_gets_no_answer():
    assert (
        exchange([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])
        == []
    )


def test_a_large_answer_is_handed_over_piece_by_piece():
    sent = exchange([{"type": "http.request", "body": b"x"}])
    sizes = [len(message["body"]) for message in sent[1:]]
    assert max(sizes) == 65_536
    assert sum(sizes) == 200_000
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(sizes) - 1) + [False]


def test_so_many_are_answered_at_a_time():
    inside = asyncio.Event()

    async def slow(scope, receive, send):
        inside.set()
        await asyncio.sleep(0.2)
        await _app(scope, receive, send)

    async def two():
        guard = Guard(slow, Limits(requests=1))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
        answers = [], []

        async def ask(answer):
            async def receive():
                return {"type": "http.request", "body": b""}

            async def send(message):
                answer.append(message)

            await guard(scope, receive, send)

        first = asyncio.create_task(ask(answers[0]))
        await inside.wait()
        await ask(answers[1])
        await first
        await ask(answers[1])
        return answers

    first, second = asyncio.run(two())
    assert first[0]["status"] == 200
    assert [message["status"] for message in second if "status" in message] == [429, 200]
    assert (b"retry-after", b"1") in second[0]["headers"]


def test_no_place_is_a_429_that_says_when_to_come_again(lm, monkeypatch):
    from abclm.web import tune_queue

    begun, end = threading.Event(), threading.Event()

    def steps(lm, options, engine):
        begun.set()
        end.wait(60)
        yield "x"

    with client_of(lm, tunes=1, conversions=1) as client, ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(tune_queue, "stream_steps", steps)
        first = pool.submit(client.post, "/api/generate", json={"seed": 1})
        assert begun.wait(60)
        refused = [client.post(f"/api/generate{path}", json={"seed": 2}) for path in ("", "/stream")]
        monkeypatch.undo()
        end.set()
        first.result(60)
        for answer in refused:
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) >= 1
            assert "too much is asked for at once" in answer.json()["error"]
        assert client.post("/api/generate", json={"seed": 2}).status_code == 200
