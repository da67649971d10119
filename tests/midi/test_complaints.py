import os
import threading

import pytest

from abclm.errors import ConvertError
from abclm.midi.complaints import complaints, run_abc2midi
from abclm.system.programs import find_abc_program

FINE = "X:1\nT:Fine\nR:hornpipe\nM:C|\nL:1/8\nK:G\nGABc dedB|G8|]\n"
LONG = FINE.replace("|G8", "|dedB GABcd|G8")


@pytest.fixture
def program(tmp_path):
    """Makes an abc2midi that does something else first."""

    def make(script):
        path = tmp_path / "abc2midi"
        path.write_text(f'#!/bin/sh\n{script}\nexec {find_abc_program("abc2midi", "")} "$@"\n')
        path.chmod(0o700)
        return path

    return make


def test_a_strict_tune_has_no_complaint_and_others_have_theirs_in_order():
    found = complaints([FINE, LONG, FINE, LONG.replace("|G8", "|G9|G8")], threads=3)
    assert [len(said) for said in found] == [0, 1, 0, 2]
    assert "Bar 1 has 9/4 time units while the time signature has 2" in found[1][0]


def test_a_rhythm_makes_no_difference():
    # With R:hornpipe in it, abc2midi would refuse the meter C|.
    assert complaints([FINE, FINE.replace("R:hornpipe\n", "")]) == [(), ()]


def test_a_repeat_that_is_assumed_is_no_complaint():
    assert complaints([FINE.replace("|G8|]", ":|\nG8:|")]) == [()]


def test_a_tune_without_a_note_is_not_strict():
    assert complaints([FINE.replace("GABc dedB|G8", "z8|z8")]) == [("no note is played",)]


def test_no_tune_needs_no_program(monkeypatch):
    monkeypatch.setattr("abclm.midi.complaints.abc_to_midi", None)
    assert complaints([]) == []


@pytest.mark.skipif(os.name == "nt", reason="scripts are programs on Unix only")
def test_a_crash_is_a_complaint_of_its_tune_alone(program):
    crashing = program('grep -q "T:Crash" tune.abc && kill -SEGV $$')
    found = complaints([FINE, FINE.replace("T:Fine", "T:Crash"), FINE], program=crashing)
    assert [len(said) for said in found] == [0, 1, 0]
    assert "abc2midi crashed" in found[1][0]


@pytest.mark.skipif(os.name == "nt", reason="scripts are programs on Unix only")
def test_a_program_that_never_works_is_an_error_and_no_complaint(program, tmp_path):
    with pytest.raises(ConvertError, match="no note"):
        complaints([FINE], program=program("exit 0"))
    with pytest.raises(ConvertError, match="could not be started"):
        complaints([FINE], program=tmp_path / "missing")


def test_several_tunes_are_asked_about_at_a_time(monkeypatch):
    together = threading.Barrier(3, timeout=30)
    run = run_abc2midi

    def wait_for_the_others(tune, **options):
        together.wait()
        return run(tune, **options)

    monkeypatch.setattr("abclm.midi.complaints.run_abc2midi", wait_for_the_others)
    assert complaints([FINE] * 3, threads=3) == [()] * 3


def test_an_unforeseen_error_is_passed_on(monkeypatch):
    def no_room(tune, **options):
        raise OSError("no space left on device")

    monkeypatch.setattr("abclm.midi.complaints.run_abc2midi", no_room)
    with pytest.raises(OSError, match="no space"):
        complaints([FINE] * 20)
