import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from abclm.cli import run
from abclm.corpora.corpus import Corpus

POLKA = "X:2\nT:A Polka\nR:polka\nM:2/4\nL:1/8\nK:D\nAd fd|ef ge|fd ec|d2 d2|]\n"


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.abc"
    other = POLKA.replace("A Polka", "The Same").replace("X:2", "X:3")
    path.write_text("\n".join([POLKA, other, POLKA.replace("K:D", "K:H"), POLKA.replace("fd", "af")]))
    return path


def test_list_shows_every_built_in_corpus_with_its_terms(capsys):
    assert run(["corpus", "list"]) == 0
    out = capsys.readouterr().out
    assert "oneills1850    2,009 tunes    781,984 characters  O'Neill's Music of Ireland" in out
    assert "terms: non-commercial" in out
    assert run(["corpus", "list", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries][-2:] == ["essenFolksong", "oldTunes"]


def test_list_with_a_name_shows_its_data_card(capsys):
    assert run(["corpus", "list", "essenFolksong"]) == 0
    assert capsys.readouterr().out.startswith("# Essen Folksong Collection")
    assert run(["corpus", "list", "airdsAirs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["transcribers"] == ["Jack Campin"]
    assert run(["corpus", "list", "nothing"]) == 1
    assert capsys.readouterr().err.startswith("abclm: error: there is no built-in corpus 'nothing'; ")


def test_stats_counts_what_the_canonical_corpus_holds(book, capsys):
    assert run(["corpus", "stats", str(book), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["tunes_read"], figures["tunes"]) == (4, 2)
    assert figures["keys"] == {"D": 2}
    assert figures["problems"] == {"not canonical": 1, "duplicate": 1}
    assert run(["corpus", "stats", str(book)]) == 0
    assert "rhythms              polka 2\n" in capsys.readouterr().out


def test_stats_says_lengths_and_what_check_finds(book, capsys):
    assert run(["corpus", "stats", str(book), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["bars_per_tune"] == {"shortest": 4, "median": 4, "longest": 4}
    assert figures["check"] == {}
    assert run(["corpus", "stats", str(book)]) == 0
    assert "bars per tune        shortest 4, median 4, longest 4\n" in capsys.readouterr().out


def test_stats_draws_a_picture(book, tmp_path, capsys):
    picture = tmp_path / "new folder" / "book.PNG"
    assert run(["corpus", "stats", str(book), "--picture", str(picture)]) == 0
    assert f"picture              {picture}\n" in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert os.listdir(picture.parent) == ["book.PNG"]
    assert run(["corpus", "stats", str(book), "--picture", str(picture), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["picture"] == str(picture)


def test_a_picture_of_another_format_is_wrong_use_before_anything_is_read(capsys):
    assert run(["corpus", "stats", "missing.abc", "--picture", "book.jpg"]) == 2
    assert capsys.readouterr().err == (
        "abclm: error: --picture names the .png file to write; received 'book.jpg'\n"
    )


def test_a_picture_that_cannot_be_written_leaves_what_was_there(book, tmp_path, monkeypatch, capsys):
    picture = tmp_path / "book.png"
    picture.write_bytes(b"mine")

    def no_room(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", no_room)
    assert run(["corpus", "stats", str(book), "--picture", str(picture)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert picture.read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["book.abc", "book.png"]


def test_only_a_picture_loads_matplotlib(book, tmp_path):
    code = (
        "import sys; from abclm.cli import run; run(sys.argv[1:]); "
        "print([name for name in ('matplotlib', 'music21', 'tensorflow') if name in sys.modules])"
    )
    for arguments, loaded in [([], "[]"), (["--picture", str(tmp_path / "a.png")], "['matplotlib']")]:
        command = [sys.executable, "-c", code, "corpus", "stats", str(book), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.stdout.splitlines()[-1] == loaded, done.stderr


def test_strict_leaves_out_what_abc2midi_complains_of_and_says_why(book, tmp_path, capsys):
    with book.open("a") as file:
        file.write("\n" + POLKA.replace("ef ge|", "ef geg|") + "\n" + POLKA.replace("ec|", "ecA|"))
    out = tmp_path / "strict.abc"
    assert run(["corpus", "clean", str(book), "--strict", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}: 2 tunes, 4 left out\n"
    assert said.err.endswith(
        "abclm: 2 not strict\n"
        "abclm:       2 Bar … has … time units while the time signature has …\n"
        "abclm: 1 not canonical\n"
        "abclm:       1 … is no key\n"
        "abclm: 1 duplicate\n"
    )
    assert said.err.count("X:2 A Polka: abc2midi on the canonical tune: line 7, column ") == 2
    assert len(Corpus.read(out).strict()) == 2
    assert run(["corpus", "clean", str(book), "--out", str(out)]) == 0
    assert len(Corpus.read(out)) == 4


def test_a_strict_tune_stays_though_one_with_its_body_came_before(book, capsys):
    book.write_text(POLKA.replace("M:2/4", "M:3/4") + "\n" + POLKA)
    assert run(["corpus", "clean", str(book), "--strict"]) == 0
    assert "M:2/4" in capsys.readouterr().out


def test_strict_gives_its_reasons_as_json(book, tmp_path, capsys):
    book.write_text(POLKA + "\n" + POLKA.replace("ef ge|", "ef geg|"))
    out = tmp_path / "strict.abc"
    assert run(["corpus", "clean", str(book), "--strict", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "tunes": 1,
        "left_out": 1,
        "reasons": {"not strict": {"Bar … has … time units while the time signature has …": 1}},
        "path": str(out),
    }


def test_a_corpus_without_a_strict_tune_says_why_and_writes_nothing(book, tmp_path, capsys):
    book.write_text(POLKA.replace("ef ge|", "ef geg|"))
    out = tmp_path / "strict.abc"
    assert run(["corpus", "clean", str(book), "--strict", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "abclm: 1 not strict\n" in said
    assert said.endswith("too few tunes are left, so nothing was written; give more tunes\n")
    assert not out.exists()


def test_strict_without_abc2midi_says_so_in_one_line(book, monkeypatch, capsys):
    monkeypatch.setenv("ABCLM_ABC2MIDI", "/no/such/program")
    assert run(["corpus", "clean", str(book), "--strict"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("abclm: error: ABCLM_ABC2MIDI is '/no/such/program'")


def test_clean_writes_a_canonical_tunebook_and_says_what_was_left_out(book, tmp_path, capsys):
    out = tmp_path / "clean.abc"
    assert run(["corpus", "clean", str(book), "--out", str(out)]) == 0
    written = Corpus.read(out)
    assert [tune.reference_number for tune in written] == [1, 2]
    assert len(written.deduplicate()) == 2
    said = capsys.readouterr()
    assert said.out == f"{out}: 2 tunes, 2 left out\n"
    assert (
        f"abclm: left out: {book}, X:3 The Same: has the same tune body as {book}, X:2 A Polka\n" in said.err
    )


def test_clean_without_out_writes_to_standard_output(book, tmp_path, capsys):
    assert run(["corpus", "clean", str(book)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("X:1\nT:A Polka\n")
    assert said.out.count("X:") == 2
    assert "2 tunes, 2 left out" in said.err
    assert run(["corpus", "clean", str(book), "--json"]) == 2


def test_a_long_list_of_what_was_left_out_is_cut_short_unless_all_is_asked_for(tmp_path, capsys):
    path = tmp_path / "many.abc"
    path.write_text(POLKA + "\n" + "\n".join([POLKA] * 15))
    assert run(["corpus", "clean", str(path)]) == 0
    assert "left out: 5 more; abclm corpus clean --all shows them" in capsys.readouterr().err
    assert run(["corpus", "clean", str(path), "--all"]) == 0
    assert capsys.readouterr().err.count("left out: ") == 15


def test_split_writes_two_tunebooks_that_share_no_tune(tmp_path, capsys):
    out = tmp_path / "parts"
    assert run(["corpus", "split", "oldTunes", "--out", str(out), "--validation", "0.25", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"train": 42, "validation": 14, "path": str(out)}
    parts = [{tune.title for tune in Corpus.read(out / name)} for name in ("train.abc", "validation.abc")]
    assert [len(part) for part in parts] == [42, 14]
    assert not parts[0] & parts[1]


def test_relatives_stand_on_one_side_where_that_is_asked_for(tmp_path, capsys):
    path = tmp_path / "families.abc"
    families = []
    for number, tune in enumerate(Corpus.load("oldTunes").tunes[:12]):
        other = tune.normalize().transpose(-2).text.replace(f"T:{tune.title}", f"T:Other {number}")
        families += [tune.text, other]
    path.write_text("\n".join(families))
    out = tmp_path / "parts"
    arguments = ["corpus", "split", str(path), "--out", str(out), "--validation", "0.25", "--json"]
    assert run([*arguments, "--relatives-together"]) == 0
    assert json.loads(capsys.readouterr().out) == {"train": 18, "validation": 6, "path": str(out)}
    held_out = [tune.title for tune in Corpus.read(out / "validation.abc")]
    assert sum(title.startswith("Other") for title in held_out) == 3
    assert run(arguments) == 0
    assert [tune.title for tune in Corpus.read(out / "validation.abc")] != held_out


@pytest.mark.parametrize("share", ["0", "1", "-1", "2"])
def test_a_share_out_of_range_is_wrong_use(share, tmp_path, capsys):
    assert run(["corpus", "split", "oldTunes", "--out", str(tmp_path), "--validation", share]) == 2
    assert "received" in capsys.readouterr().err


def test_what_existed_stays_where_nothing_can_be_written(book, tmp_path, capsys):
    (tmp_path / "train.abc").write_text("mine")
    one = tmp_path / "one.abc"
    one.write_text(POLKA)
    assert run(["corpus", "split", str(one), "--out", str(tmp_path)]) == 1
    assert "too few tunes are left" in capsys.readouterr().err
    assert (tmp_path / "train.abc").read_text() == "mine"


@pytest.mark.parametrize("command", ["stats", "clean"])
def test_bad_input_is_one_line_and_exit_1(command, tmp_path, capsys):
    binary = tmp_path / "tune.mid"
    binary.write_bytes(b"MThd\0\0\0\6")
    for path in (binary, tmp_path / "missing.abc", tmp_path):
        assert run(["corpus", command, str(path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("abclm: error: ")
        assert error.count("\n") == 1


def test_one_tune_is_one_tune(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("one.abc").write_text("X:1\nT:One\nM:4/4\nL:1/4\nK:G\nGABc|]\n", encoding="utf-8")
    assert run(["corpus", "clean", "one.abc", "--out", "clean.abc"]) == 0
    assert capsys.readouterr().out == "clean.abc: 1 tune, 0 left out\n"
    assert repr(Corpus.read("one.abc")) == "Corpus('one.abc', 1 tune)"
