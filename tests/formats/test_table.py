"""The table of formats: what stands in it is offered everywhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import abclm
from abclm.errors import AbclmError
from abclm.formats.table import FORMATS, Format
from abclm.tune import Tune

# A made-up format: a function, and one row. What is read from the table at import is imported after it.
MODULE = '''
"""Turn a tune into its title in capitals."""

def shout(tune):
    return tune.title.upper() + "\\n"
'''
PROGRAM = """
from abclm.formats.table import FORMATS, Format
FORMATS[".shout"] = Format(media_type="text/shout", label="Shouted title", write="made_up:shout")

from pathlib import Path
from fastapi import FastAPI
from abclm.cli import run
from abclm.errors import AbclmError
from abclm.tune import Tune
from abclm.web.conversion_worker import answer
from abclm.web.pages import format_home
from abclm.web.schema import MEDIA_TYPES, ConversionAsked

tune = Tune.parse("X:1\\nT:Two Bars\\nM:4/4\\nL:1/8\\nK:G\\nGABc dedB|c2A2 G4|]\\n")
tune.save("saved.shout")
assert Path("saved.shout").read_text() == "TWO BARS\\n"
Path("in.abc").write_text(str(tune) + "\\n" + str(tune))
assert run(["convert", "in.abc", "out.shout"]) == 0
assert Path("out-2.shout").read_text() == "TWO BARS\\n"
tune.save("in.mid")
assert run(["convert", "in.mid", "melody.shout"]) == 0
for command in ("convert", "generate"):
    run([command, "--help"])
assert run(["generate", "--model", "small", "--seed", "1", "--out", "tunes", "--format", "shout"]) == 0
assert [path.suffix for path in Path("tunes").iterdir()] == [".shout"]
try:
    tune.save("saved.xyz")
except AbclmError as error:
    print(error)
asked = {"what": "convert", "abc": str(tune), "instrument": None, "tempo": None, "chords": False, "made": None}
assert answer({**asked, "format": "shout"}) == ({"title": "Two Bars"}, b"TWO BARS\\n")
assert MEDIA_TYPES["shout"] == "text/shout"
assert "shout" in ConversionAsked.model_json_schema()["properties"]["format"]["enum"]
assert '<button type="button" class="quiet" data-format="shout">Shouted title</button>' in format_home("small")
"""


def test_a_new_row_is_offered_by_save_the_commands_the_api_and_the_page(tmp_path):
    (tmp_path / "made_up.py").write_text(MODULE, encoding="utf-8")
    path = os.pathsep.join([str(Path(abclm.__file__).parents[1]), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = "".join(done.stdout.split())  # as wide as the terminal
    assert f"endinginoneof{','.join([*FORMATS, '.shout'])};" in said
    assert ",".join([*(suffix[1:] for suffix in FORMATS), "shout"]) in said
    assert ",.shout,not'.xyz'" in said


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_row_has_what_the_page_and_http_need(suffix):
    row = FORMATS[suffix]
    assert suffix == suffix.lower()
    assert suffix.startswith(".")
    assert "/" in row.media_type
    assert row.label
    assert row.write or row.write_book


def test_functions_get_the_options_that_their_row_names(monkeypatch):
    taken = []
    monkeypatch.setattr("abclm.score.svg.format_svg", lambda *given, **options: taken.append(options) or "")
    row = Format(media_type="text/x", label="X", write="abclm.score.svg:format_svg", options=("made",))
    row.format(None, performance="fast", made={"Model": "session"})
    assert taken == [{"made": {"Model": "session"}}]
    assert not row.has_sound


def test_a_book_of_one_tune_that_fails_is_its_error(tune):
    with pytest.raises(AbclmError, match="no note"):
        FORMATS[".pdf"].format(Tune.parse("X:1\nK:C\nz8|\n"))
