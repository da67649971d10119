"""abclm convert, as it is typed."""

import wave

import pytest

from abclm.cli import run
from abclm.formats.table import FORMATS, suffixes_of
from abclm.midi.file import MidiFile
from abclm.tune import Tune

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


def test_every_format_is_written(book, capsys):
    for suffix in [*FORMATS][1:]:
        assert run(["convert", "tune.abc", f"out{suffix}"]) == 0
    assert run(["convert", "out.mid", "again.abc"]) == 0
    assert run(["convert", "out.mid", "again.svg"]) == 0
    assert capsys.readouterr().err == ""
    again = Tune.parse((book / "again.abc").read_text(encoding="utf-8"))
    assert [note.pitch for note in again.notes()] == [note.pitch for note in Tune.parse(TUNE).notes()]


def test_a_tunebook_is_one_pdf_and_one_page(book, capsys):
    (book / "tune.abc").write_text(TUNE + "\nX:2\nT:Rests\nK:C\nz4|\n\n" + TUNE, encoding="utf-8")
    for name in ("book.pdf", "book.html"):
        assert run(["convert", "tune.abc", name]) == 1
        out, err = capsys.readouterr()
        assert out == f"{name}\n"
        assert err.startswith("abclm: error: tune.abc: X:2 Rests: ")
    assert (book / "book.html").read_text(encoding="utf-8").count("<article") == 2


def test_how_it_is_played_can_be_said(book):
    options = ["--instrument", "harp", "--tempo", "1/4=60", "--chords"]
    assert run(["convert", "tune.abc", "out.mid", *options]) == 0
    file = MidiFile.parse((book / "out.mid").read_bytes())
    assert file.tempos[0][1] == 1_000_000
    assert file.program_at(0, 100) == 46
    assert run(["convert", "out.mid", "out.wav", "--tempo", "240"]) == 0
    with wave.open(str(book / "out.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() < 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tune.abc", "out.mid", "--instrument", "kazoo"], 2, "give one of guitar, fiddle"),
        (["tune.abc", "out.mid", "--tempo", "0"], 2, "tempo: '0' is none"),
        (["tune.abc", "out.svg", "--chords"], 2, f"go with {suffixes_of('has_sound')}; received .svg"),
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


def test_what_abc2midi_says_names_file_and_tune(tmp_path, caplog, monkeypatch):
    # A tune as it is heard leaves it nothing to say.
    monkeypatch.setattr("abclm.midi.performance.heard_text", lambda tune: tune.text)
    book = tmp_path / "book.abc"
    head = "M:4/4\nL:1/4\nK:G\n"
    book.write_text(f"X:1\nT:Fine\n{head}GABc|defg|]\n\nX:2\nT:Worse\n{head}GABc|dd[|]\n")
    assert run(["convert", str(book), str(tmp_path / "book.mid")]) == 0
    said = [record.getMessage() for record in caplog.records]
    assert said
    for line in said:
        assert line.startswith(f"{book}: X:2 Worse: abc2midi")


def test_chords_are_added_and_played_where_asked_for(book, capsys):
    assert run(["convert", "tune.abc", "with.abc", "--add-chords"]) == 0
    text = (book / "with.abc").read_text(encoding="utf-8")
    assert '"G"G2' in text
    assert Tune.parse(text).notes() == Tune.parse(TUNE).notes()
    assert run(["convert", "tune.abc", "plain.mid", "--add-chords"]) == 0
    assert run(["convert", "tune.abc", "played.mid", "--add-chords", "--chords"]) == 0
    plain, played = (MidiFile.parse((book / name).read_bytes()).notes for name in ("plain.mid", "played.mid"))
    assert len(played) > len(plain)
    assert run(["convert", "plain.mid", "melody.abc", "--add-chords"]) == 0
    assert '"G"' in (book / "melody.abc").read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""
