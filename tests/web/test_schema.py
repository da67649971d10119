"""Schemathesis sends the API what its description allows and what it doesn't, and finds no fault of the server's."""

import json
import urllib.error
import urllib.request
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abclm.generation.options import GenerationOptions
from abclm.system.options import options_of
from abclm.web.schema import MEDIA_TYPES, TuneAsked

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (the extra test)")

PATHS = [
    "/api/about",
    "/api/check",
    "/api/convert",
    "/api/generate",
    "/api/generate/stream",
    "/api/score",
    "/api/sound",
]
MODES = list(schemathesis.GenerationMode)
# Beside that no answer is a 500: status, type and content are as described.
CHECKS = [
    getattr(schemathesis.checks, name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    )
]  # fmt: skip


def search(server, path, mode, examples):
    """Send so many requests to one operation; gives how often each status came."""
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json")
    (operation,) = schema[path].values()
    came = Counter()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        response = case.call(timeout=120)
        came[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    ask()
    return came


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", PATHS)
def test_no_request_is_a_fault_of_the_server(server, path, mode):
    if (path, mode.value) == ("/api/about", "negative"):
        pytest.skip("it takes nothing that could be wrong")
    came = search(server, path, mode, 12)
    assert sum(came.values()) >= 12 or path == "/api/about"
    assert not [status for status in came if status >= 500]
    if mode.value == "negative":
        assert came[200] == 0


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", PATHS[1:])
def test_no_request_of_many_is_a_fault_of_the_server(server, path, mode):
    came = search(server, path, mode, 400)
    assert not [status for status in came if status >= 500]
    assert mode.value == "positive" or came[200] == 0


# What Schemathesis draws is hardly ever a tune. This often is one, or nearly.

HEADS = st.sampled_from(
    ["K:G", "T:a\nM:6/8\nL:1/8\nK:Em", "R:hornpipe\nM:C|\nL:1/16\nQ:1/4=300\nK:Bb", "P:AB\nM:none\nK:C"]
)
PIECES = st.sampled_from(
    ["GABc", "d2", "|", "|:", ":|", "|1", ":|2", "||", "|]", "\n", " ", "z", "z4", "(3abc", "A>B", "-", "[ACE]", "^f",
     "=c'", '"G7"', "[K:D]", "[M:3/4]", "{a}", "~g", "!trill!", "Z4", "\nw:la la", "\nV:2\n", "\nP:B\n", "99", "/",
     "//", "(", "<b>&"]
)  # fmt: skip
TUNES = st.builds(
    lambda head, pieces: f"X:1\n{head}\n{''.join(pieces)}\n", HEADS, st.lists(PIECES, max_size=40)
)


def send_tunes(server, examples):
    came = Counter()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(abc=TUNES, what=st.sampled_from(["check", "score", *sorted(MEDIA_TYPES)]))
    def ask(abc, what):
        path, more = (what, {}) if what in ("check", "score") else ("convert", {"format": what})
        request = urllib.request.Request(
            f"{server.address}/api/{path}",
            json.dumps({"abc": abc, **more}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            response = urllib.request.urlopen(request, timeout=120)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            said = response.read()
        came[response.status] += 1
        assert response.status in (200, 422), (abc, said)
        assert response.status == 200 or "crashed" not in json.loads(said)["error"], (abc, said)

    ask()
    return came


def test_no_tune_is_a_fault_of_the_server(server):
    assert send_tunes(server, 40)[200] > 5


@pytest.mark.slow
def test_no_tune_of_many_is_a_fault_of_the_server(server):
    assert send_tunes(server, 2000)[200] > 500


# What the API takes is made from the fields of GenerationOptions.

# Where it takes less, so that a request stays small.
NARROWER = {"seed": 2**53 - 1, "top_k": 1000, "max_length": 4000, "best_of": 8}


def test_what_can_be_asked_for_has_the_ranges_and_help_of_the_options():
    described = TuneAsked.model_json_schema()["properties"]
    options = options_of(GenerationOptions)
    assert options.keys() - described.keys() == {"n", "batch_size", "constrained", "novel", "attempts"}
    ends = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    types = {int: "integer", float: "number", str: "string", bool: "boolean"}
    for name, field in described.items():
        limits = dict(options[name].limits)
        if name in NARROWER:
            limits["le"] = NARROWER[name]
        kind = field.get("anyOf", [field])[0]
        assert {each: kind[each] for each in ends.values() if each in kind} == {
            ends[end]: value for end, value in limits.items()
        }, name
        assert kind["type"] == types[options[name].kind]
        assert ("maxLength" in kind) == (options[name].kind is str)
        assert field["description"] == options[name].help
        assert field["default"] == options[name].default
