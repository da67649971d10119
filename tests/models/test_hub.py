"""Models from a hub, which is a small server of our own here."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import abclm
from abclm.errors import ModelError
from abclm.models import hub

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A stand-in for the hub: `files` by repository; it counts what was fetched."""
    files = {}
    fetched = []

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, body):
            path = self.path.partition("?")[0]
            if found := re.fullmatch(r"/api/models/([\w-]+/[\w-]+)(?:/revision/([\w.-]+))?", path):
                repository, revision = found[1], found[2]
                if repository not in files:
                    return self.say(404, b"{}", {"X-Error-Code": "RepoNotFound"}, body)
                if revision not in (None, "main", "v1", SHA):
                    return self.say(404, b"{}", {"X-Error-Code": "RevisionNotFound"}, body)
                siblings = [
                    {"rfilename": name, "size": len(data)} for name, data in files[repository].items()
                ]
                info = {"id": repository, "modelId": repository, "sha": SHA, "siblings": siblings}
                return self.say(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body)
            if found := re.fullmatch(r"/api/models/([\w-]+/[\w-]+)/tree/.+", path):
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in files[found[1]].items()
                ]
                return self.say(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
            if found := re.fullmatch(r"/([\w-]+/[\w-]+)/resolve/[\w.-]+/(.+)", path):
                data = files[found[1]][found[2]]
                fetched.append(found[2])
                etag = hashlib.sha1(data).hexdigest()
                return self.say(200, data, {"ETag": f'"{etag}"', "X-Repo-Commit": SHA}, body)
            return self.say(404, b"{}", {"X-Error-Code": "EntryNotFound"}, body)

        def say(self, code, data, headers, body):
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{running.server_port}")
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        running.files, running.fetched = files, fetched
        yield running
        running.shutdown()


@pytest.fixture
def lm(server, tmp_path):
    """A model, which is on the hub as `us/tunes`."""
    lm = abclm.LanguageModel.create(abclm.ModelConfig(units=4, embedding_dimension=4), seed=1)
    lm.save(tmp_path / "m")
    server.files["us/tunes"] = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} | {
        "big.bin": b"0"
    }
    return lm


@pytest.mark.parametrize("name", ["hf:us/tunes", "hf:us/tunes@main", "hf:us/tunes@v1"])
def test_a_model_is_loaded_from_the_hub_and_no_other_file_is_fetched(name, lm, server):
    assert (abclm.load(name).logits("X:1\n") == lm.logits("X:1\n")).all()
    assert "big.bin" not in server.fetched


def test_a_model_that_was_fetched_is_there_without_the_hub(lm, server, monkeypatch):
    abclm.load("hf:us/tunes@v1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        ModelError, match=r"the hub can't be reached .*, and the cache has no such model"
    ) as caught:
        abclm.load("hf:us/other")
    assert "\n" not in str(caught.value)
    assert (abclm.load("hf:us/tunes@v1").logits("X:1\n") == lm.logits("X:1\n")).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hf:us/nothing", "there is no such repository"),
        ("hf:us/tunes@v9", "the repository has no revision 'v9'"),
        ("hf:us/letters", "is no model of abclm: it lacks config.json, vocabulary.json"),
        ("hf:us", "is no model on the hub; give hf:user/name"),
        ("hf:../../etc@x y", "is no model on the hub"),
    ],
)
def test_what_is_no_model_on_the_hub_is_one_line(name, said, lm, server, tmp_path):
    server.files["us/letters"] = {"README.md": b"Dear friend"}
    with pytest.raises(ModelError, match=re.escape(said)) as caught:
        abclm.load(name)
    assert "\n" not in str(caught.value)
    assert not server.fetched


def test_a_model_that_is_too_large_is_not_fetched(lm, server, monkeypatch):
    monkeypatch.setattr(hub, "MOST_BYTES", 1000)
    with pytest.raises(ModelError, match="at most 1,000 are fetched"):
        abclm.load("hf:us/tunes")
    assert not server.fetched


def test_files_from_the_hub_are_checked_as_those_of_any_folder(lm, server):
    server.files["us/tunes"]["model.safetensors"] = b"cut off"
    with pytest.raises(ModelError, match=r"model\.safetensors is cut off or no safetensors file"):
        abclm.load("hf:us/tunes")
