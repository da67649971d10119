"""The comparison with abcjs: what it draws of a tune, recorded, is counted in our score of the same tune."""

import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra test)")

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "benchmarks" / "score_elements.py"
# Below, what abcjs 6.7.2 made of this tune.
TUNE = """X:1
T:All Kinds
T:Second Title
C:Nobody
R:jig
M:6/8
L:1/8
Q:1/4=100
K:G
P:A
|:"G"~G2{cd}A (BA)c|"^slowly"(3ABc d .AB!upbow!c|[GB]2-[GB] z3|1TG3 A3:|2!fermata!G6||
w:one two_ three
P:B
[K:D]"D"!p!d3 vf3|{/g}Me3 PA3|!3!d6|]
W:Below
"""


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def test_all_that_abcjs_draws_is_in_the_score(script):
    drawn = script["count_elements"](json.loads((HERE / "drawn_by_abcjs.json").read_text(encoding="utf-8")))
    written, left_out = script["ours"](TUNE)
    assert len(drawn) == 30
    assert {name: written[name] for name in drawn} == drawn
    assert left_out == []


def test_a_tune_with_less_than_abcjs_draws_is_named(script, capsys):
    row = (TUNE, Counter(note=30, slur=1), *script["ours"](TUNE))
    script["report"]([row], show=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["note", "30", "24", "1"]
    assert lines[4:] == ["  1 All Kinds: fewer {'note': (30, 24)}", "    left out: nothing"]
