"""abclm convert, as it is typed."""

import pytest

from abclm.cli import run

TUNE = "X:1\nT:Test\nM:4/4\nL:1/8\nK:G\nG2 B>d (3gfe d2|]\n"


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tune.abc").write_text(TUNE, encoding="utf-8")
    return tmp_path


def test_it_says_what_it_wrote(book, capsys):
    assert run(["convert", "tune.abc", "tune.mid"]) == 0
    assert run(["convert", "tune.mid", "sound/tune.wav"]) == 0
    assert capsys.readouterr() == ("tune.mid\nsound/tune.wav\n", "")
    assert (book / "sound" / "tune.wav").stat().st_size > 44_100


def test_a_bad_tune_among_good_ones_is_said_and_counts(book, capsys):
    (book / "tune.abc").write_text(TUNE + "\nX:2\nT:Rests\nK:C\nz4|\n", encoding="utf-8")
    assert run(["convert", "tune.abc", "out.mid"]) == 1
    out, err = capsys.readouterr()
    assert out == "out-1.mid\n"
    assert err.startswith("abclm: error: tune.abc: X:2 Rests: abc2midi played no note of this tune")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no.abc", "out.mid"], 1, "no.abc: No such file"),
        (["tune.abc", "out.xyz"], 1, "can be converted to .abc, .mid, .wav"),
        (["tune.abc", "tune.abc/out.mid"], 1, "tune.abc"),
        (["tune.abc"], 2, "OUT"),
    ],
)
def test_what_can_not_be_done_is_one_line(book, capsys, arguments, code, words):
    assert run(["convert", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
