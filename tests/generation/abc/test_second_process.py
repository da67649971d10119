"""Of many tunes a second process writes a share: the same tunes, in their order, whatever becomes of it."""

import gc

import pytest

from abclm.generation.abc.draws import second
from abclm.generation.abc.draws.second import SecondProcess
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

OPTIONS = GenerationOptions(n=9, seed=3, max_length=500, batch_size=64, parts=2, bars=4)


@pytest.fixture(scope="module")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)


@pytest.fixture(scope="module")
def alone(lm):
    return list(generate(lm, OPTIONS))


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """The second processes that are started, from the first tune on and whatever the processor."""
    found = []

    class Seen(SecondProcess):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            found.append(self)

    monkeypatch.setattr("abclm.generation.abc.tunes.SecondProcess", Seen)
    monkeypatch.setattr(second, "FEWEST", 8)
    monkeypatch.setattr(second, "_cores", lambda: 2)
    return found


def test_two_processes_write_the_same_tunes(lm, alone, started):
    assert list(generate(lm, OPTIONS)) == alone
    assert [each.missing for each in started] == [set()]


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "import sys; sys.stdin.read()"])
def test_what_it_does_not_write_the_first_writes(lm, alone, started, monkeypatch, program):
    monkeypatch.setattr(second, "_PROGRAM", program)
    monkeypatch.setattr(second, "_SECONDS", 2)
    assert list(generate(lm, OPTIONS)) == alone
    assert [each.missing for each in started] == [{1, 3, 5, 7}]


def test_one_that_can_not_be_started_is_done_without(lm, alone, started, monkeypatch):
    monkeypatch.setattr("sys.executable", "no-such-program")
    assert list(generate(lm, OPTIONS)) == alone


def test_a_model_that_can_not_be_stored_is_written_with_alone(lm, alone, started, monkeypatch):
    def fail(*arguments, **options):
        raise OSError("the disk is full")

    monkeypatch.setattr(LanguageModel, "save", fail)
    assert list(generate(lm, OPTIONS)) == alone


def test_it_ends_with_whoever_reads_the_tunes(lm, started):
    running = generate(lm, OPTIONS)
    next(running)
    running.close()
    gc.collect()
    assert started[0]._worker.process is None


@pytest.mark.parametrize(
    "changes", [{"n": 1}, {"batch_size": 8}, {"constrained": False, "parts": None, "bars": None}]
)
def test_few_tunes_are_written_alone(lm, started, changes):
    from dataclasses import replace

    assert list(generate(lm, replace(OPTIONS, **{"n": 3, "attempts": 1, **changes})))
    assert not started
