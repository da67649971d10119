"""Saving by suffix, and files from files."""

import io
import sys
import wave
from types import SimpleNamespace

import pytest

from abclm.errors import ConvertError
from abclm.formats.convert_file import convert_file
from abclm.formats.save import save
from abclm.formats.table import FORMATS
from abclm.midi.abc2midi import abc_to_midi
from abclm.tune import Tune


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".abc", b"%abc-2.1\nX:7\n"), (".mid", b"MThd"), (".wav", b"RIFF"), (".MID", b"MThd")],
)
def test_the_suffix_names_the_format(tmp_path, tune, suffix, start):
    path = tmp_path / "new" / f"tune{suffix}"
    save(Tune.parse(tune), path)
    assert path.read_bytes().startswith(start)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["tune.xyz", "tune", ".abc"])
def test_an_unknown_suffix_is_an_error_that_lists_the_known(tmp_path, tune, name):
    with pytest.raises(ConvertError, match=r"\.abc, \.mid, \.wav"):
        save(Tune.parse(tune), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_stood_there_stays_where_the_tune_can_not_be_played(tmp_path):
    path = tmp_path / "tune.mid"
    path.write_bytes(b"before")
    with pytest.raises(ConvertError):
        save(Tune.parse("X:1\nK:C\nz8|\n"), path)
    assert path.read_bytes() == b"before"


def test_every_suffix_has_a_writer(tmp_path, tune):
    for suffix in FORMATS:
        save(Tune.parse(tune), tmp_path / f"t{suffix}")
    assert len(list(tmp_path.iterdir())) == len(FORMATS)


def test_a_tunebook_gives_a_file_a_tune_and_goes_on_past_a_bad_one(tmp_path, tune):
    source = tmp_path / "book.abc"
    source.write_text(f"{tune}\nX:2\nT:Rests\nK:C\nz8|\n\nX:3\nT:broken\n\n{tune}", encoding="utf-8")
    written, problems = convert_file(str(source), tmp_path / "out.mid")
    assert [path.name for path in written] == ["out-1.mid", "out-3.mid"]
    assert len(problems) == 2
    assert f"{source}:" in problems[0]
    assert "X:2 Rests: abc2midi played no note" in problems[1]


def test_a_tunebook_is_written_as_one_with_numbers_from_one(tmp_path, tune):
    source, target = tmp_path / "book.abc", tmp_path / "new.abc"
    source.write_bytes(b"\xef\xbb\xbf" + f"{tune}\n{tune}".replace("\n", "\r\n").encode())
    assert convert_file(str(source), target) == ([target], [])
    assert target.read_bytes().count(b"X:") == 2
    assert b"\r" not in target.read_bytes()
    assert target.read_text(encoding="utf-8").startswith("%abc-2.1\nX:1\n")


def test_midi_becomes_sound(tmp_path, tune):
    source, target = tmp_path / "t.mid", tmp_path / "t.wav"
    source.write_bytes(abc_to_midi(tune).to_bytes())
    assert convert_file(str(source), target) == ([target], [])
    with wave.open(str(target)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(4, abs=0.7)


def test_standard_input_is_abc(tmp_path, tune, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(tune.encode())))
    assert convert_file("-", tmp_path / "t.mid") == ([tmp_path / "t.mid"], [])


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("in.xyz", "out.mid", r"in\.xyz: \.abc, \.mid, \.midi, .* can be converted"),
        ("in.mid", "out.mid", r"can be converted to \.abc, \.wav, .*, not \.mid"),
        ("in.abc", "out", "not without a suffix"),
    ],
)
def test_formats_that_do_not_go_together_are_an_error(source, target, words):
    with pytest.raises(ConvertError, match=words):
        convert_file(source, target)


@pytest.mark.parametrize("data", [b"", b"\0\1\2" * 500, b"no tune here\n", b"X:1\nT:no key\n"])
def test_a_file_without_a_tune_is_an_error_and_writes_nothing(tmp_path, data):
    source = tmp_path / "in.abc"
    source.write_bytes(data)
    with pytest.raises(ConvertError, match=r"in\.abc:") as caught:
        convert_file(str(source), tmp_path / "out.mid")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


def test_a_damaged_midi_file_is_named(tmp_path, tune):
    source = tmp_path / "in.mid"
    source.write_bytes(abc_to_midi(tune).to_bytes()[:60])
    with pytest.raises(ConvertError, match=r"in\.mid: the MIDI file is cut off"):
        convert_file(str(source), tmp_path / "out.wav")
