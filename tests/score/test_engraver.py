"""The engraver's process may crash, hang or be missing; the caller goes on."""

import os
import subprocess
import sys

import pytest

from abclm.errors import ConvertError
from abclm.score import engraver
from abclm.score.engraver import engrave
from abclm.score.musicxml import format_musicxml
from abclm.system.worker import Worker
from abclm.tune import Tune

SCORE = format_musicxml(Tune.parse("X:1\nT:Test\nM:4/4\nL:1/8\nK:G\nGABc d4|]\n"))


@pytest.fixture
def worker(monkeypatch):
    """A worker of the test's own."""
    own = Worker(engraver._PROGRAM, memory_bytes=engraver._MEMORY_BYTES, file_bytes=engraver._FILE_BYTES)
    monkeypatch.setattr(engraver, "_worker", lambda: own)
    yield own
    own.stop()


def test_a_score_becomes_pages_of_svg_and_the_process_stays():
    (page,) = engrave(SCORE)
    assert page.startswith("<svg")
    assert page.count('class="notehead"') == 5
    process = engraver._worker().process
    assert engrave(SCORE) == [page]
    assert engraver._worker().process is process


def test_seeds_make_identifiers_different():
    assert engrave(SCORE, seed=1) != engrave(SCORE, seed=2)


def test_a_long_score_has_several_pages():
    long = format_musicxml(Tune.parse("X:1\nM:4/4\nL:1/8\nK:G\n" + "GABc dedB|GABc dedB|\n" * 60))
    assert len(engrave(long)) > 1


def test_what_is_no_score_is_an_error():
    with pytest.raises(ConvertError, match="can't be engraved"):
        engrave("<score-partwise")


def test_a_crash_is_an_error_and_the_next_tune_is_engraved(worker, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(worker, "program", "import os; os.abort()")
        with pytest.raises(ConvertError, match="crashed"):
            engrave(SCORE)
    assert len(engrave(SCORE)) == 1


@pytest.mark.skipif(os.name == "nt", reason="killed by a signal as on Unix")
def test_a_process_that_was_killed_between_two_tunes_is_started_again(worker):
    engrave(SCORE)
    worker.process.kill()
    worker.process.wait()
    assert len(engrave(SCORE)) == 1


def test_an_engraver_that_hangs_is_stopped(worker, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(worker, "program", "import time; time.sleep(600)")
        with pytest.raises(ConvertError, match=r"longer than 0\.5 s"):
            engrave(SCORE, timeout_seconds=0.5)
    assert worker.process is None
    assert len(engrave(SCORE)) == 1


def test_without_verovio_it_says_what_to_install(worker, monkeypatch):
    monkeypatch.setattr(engraver.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConvertError, match="pip install verovio"):
        engrave(SCORE)


def test_the_process_imports_hardly_anything_of_the_package():
    """Tunes wait for it to start."""
    program = "import abclm.score.engraver_worker, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours = {name for name in loaded.stdout.split() if name.startswith("abclm.")}
    assert {name.split(".")[1] for name in ours} <= {"score", "system", "errors", "_version"}
    assert "numpy" not in loaded.stdout.split()
