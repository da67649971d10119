"""Outside programs: where they are found and how they are held."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abclm.errors import ConvertError
from abclm.midi.abc2midi import abc_to_midi
from abclm.system import programs
from abclm.system.programs import find_abc_program, made_executable, printable, run_program

unix = pytest.mark.skipif(os.name != "posix", reason="scripts and file modes as on Unix")


def script(path, text):
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return path


def find():
    return find_abc_program("abc2midi", "ABCLM_ABC2MIDI")


@unix
def test_the_variable_comes_first_then_the_wheel_then_the_path(tmp_path, monkeypatch):
    named = script(tmp_path / "mine", "")
    (tmp_path / "bin").mkdir()
    on_path = script(tmp_path / "bin" / "abc2midi", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ABCLM_ABC2MIDI", str(named))
    assert find() == named
    monkeypatch.delenv("ABCLM_ABC2MIDI")
    assert find().parts[-3:-1] == ("symusic", "bin")
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    assert find() == on_path
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConvertError, match="pip install symusic"):
        find()


def test_finding_it_does_not_import_symusic():
    code = (
        "import sys; from abclm.system.programs import find_abc_program; find_abc_program('abc2midi', 'ABCLM_ABC2MIDI'); "
        "print('symusic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_variable_that_names_nothing_is_an_error(monkeypatch):
    monkeypatch.setenv("ABCLM_ABC2MIDI", "/no/such/program")
    with pytest.raises(ConvertError, match=r"ABCLM_ABC2MIDI is '/no/such/program'"):
        find()


@unix
def test_a_program_that_lost_its_mode_is_run_from_a_copy(tmp_path, tune, monkeypatch):
    plain = tmp_path / "abc2midi"
    plain.write_bytes(find().read_bytes())
    plain.chmod(0o644)
    # For the superuser everything that has any execute bit may be run; this file has none.
    assert made_executable(plain, tmp_path) != plain
    assert abc_to_midi(tune, program=plain)
    assert plain.stat().st_mode & 0o777 == 0o644


def test_a_program_that_is_not_there_is_an_error(tune):
    with pytest.raises(ConvertError, match="could not be started"):
        abc_to_midi(tune, program="/no/such/program")


@unix
def test_a_program_that_hangs_is_stopped(tmp_path):
    began = time.monotonic()
    with pytest.raises(ConvertError, match=r"slow took longer than 0.2 s"):
        run_program(
            [str(script(tmp_path / "slow", "import time; time.sleep(60)"))], tmp_path, timeout_seconds=0.2
        )
    assert time.monotonic() - began < 10


@unix
def test_it_reads_no_input_and_what_it_says_is_kept_within_bounds(tmp_path):
    wordy = script(
        tmp_path / "wordy",
        "import sys; print(len(sys.stdin.read())); print('x' * 5_000_000, file=sys.stderr)",
    )
    ended = run_program([str(wordy)], tmp_path, timeout_seconds=30)
    assert ended.output.startswith(b"0\n")
    assert len(ended.output) == 1_000_000
    assert not ended.crashed


@unix
def test_a_signal_is_a_crash(tmp_path):
    crash = script(tmp_path / "crash", "import os; os.abort()")
    assert run_program([str(crash)], tmp_path, timeout_seconds=30).crashed
    with pytest.raises(ConvertError, match=r"abc2midi crashed \(-6\)"):
        abc_to_midi("X:1\nK:C\nC|\n", program=crash)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on another process are Linux's")
def test_it_can_fill_neither_memory_nor_disk(tmp_path):
    greedy = script(
        tmp_path / "greedy", "import time; time.sleep(.2); open('big', 'wb').write(bytes(1 << 24))"
    )
    ended = run_program([str(greedy)], tmp_path, timeout_seconds=30, file_bytes=1 << 20)
    assert ended.returncode != 0
    assert Path(tmp_path, "big").stat().st_size <= 1 << 20
    hungry = script(tmp_path / "hungry", "import time; time.sleep(.2); bytes(1 << 30)")
    assert (
        b"MemoryError"
        in run_program([str(hungry)], tmp_path, timeout_seconds=30, memory_bytes=1 << 28).output
    )


def test_its_words_cannot_drive_a_terminal():
    assert printable("a\x1b[31mb\nc" + "d" * 500) == "a?[31mb?c" + "d" * 191
