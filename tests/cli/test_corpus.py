import json

import pytest

from abclm.cli import run
from abclm.corpora import Corpus

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
    assert "rhythms     polka 2\n" in capsys.readouterr().out


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


@pytest.mark.parametrize("share", ["0", "1", "-1", "2"])
def test_a_share_out_of_range_is_wrong_use(share, tmp_path, capsys):
    assert run(["corpus", "split", "oldTunes", "--out", str(tmp_path), "--validation", share]) == 2
    assert "received" in capsys.readouterr().err


def test_what_existed_stays_where_nothing_can_be_written(book, tmp_path, capsys):
    (tmp_path / "train.abc").write_text("mine")
    one = tmp_path / "one.abc"
    one.write_text(POLKA)
    assert run(["corpus", "split", str(one), "--out", str(tmp_path)]) == 1
    assert "too few canonical tunes" in capsys.readouterr().err
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
