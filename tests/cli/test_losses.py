"""What is left out or changed is said once a file, by `check`, `corpus clean` and `convert`."""

import pytest

from abclm.cli import run
from abclm.corpora.corpus import Corpus

TUNE = "X:1\nT:t\nT:u\nR:Foo\nM:4/4\nL:1/8\nQ:120\nK:C\n^/C4 D4|\nw: la la\n"
SAID = [
    "1 microtone: played as the nearest semitone",
    "1 further title: left out",
    "1 line of words (w:, W:): left out",
    "1 rhythm (R:): left out, as it is not known ('Foo' 1)",
]


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text(TUNE, encoding="utf-8")
    return path


def test_check_clean_and_convert_say_it_alike(book, tmp_path, capsys, caplog):
    assert run(["check", str(book)]) == 0
    checked = capsys.readouterr().out
    assert run(["corpus", "clean", str(book), "--out", str(tmp_path / "clean.abc")]) == 0
    cleaned = capsys.readouterr().err
    assert run(["convert", str(book), str(tmp_path / "book.mid")]) == 0
    converted = caplog.text
    for line in SAID:
        assert [checked.count(line), cleaned.count(line), converted.count(line)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("suffix", "said"), [(".pdf", []), (".html", ["2 further voices: shown, not heard"]),
                         (".mid", ["2 further voices: left out; only the first that has notes is used"])],
)  # fmt: skip
def test_what_the_score_shows_is_not_said_to_be_left_out(suffix, said, tmp_path, caplog):
    book = tmp_path / "book.abc"
    voices = "V:1\nC8|]\nw:la\nV:2\nE8|]\nV:3\nG8|]\n"
    book.write_text(f"X:1\nT:t\nT:u\nR:Foo\nM:4/4\nL:1/8\nK:C\n{voices}", encoding="utf-8")
    assert run(["convert", str(book), str(tmp_path / f"book{suffix}")]) == 0
    assert [line for line in caplog.messages if "voice" in line or suffix != ".mid"] == [
        f"{book}: {each}" for each in said
    ]


def test_a_tunebook_that_is_copied_loses_nothing(book, tmp_path, caplog):
    assert run(["convert", str(book), str(tmp_path / "copy.abc")]) == 0
    assert caplog.text == ""


def test_files_name_the_version_of_the_standard(book, tmp_path):
    assert run(["corpus", "clean", str(book), "--out", str(tmp_path / "clean.abc")]) == 0
    assert (tmp_path / "clean.abc").read_text(encoding="utf-8").startswith("%abc-2.1\nX:1\nT:t\n")


def test_tempos_are_kept_when_asked(book, capsys):
    assert run(["corpus", "clean", str(book), "--keep-tempo"]) == 0
    assert "\nL:1/8\nQ:1/4=120\nK:C\n" in capsys.readouterr().out
    assert run(["corpus", "clean", str(book)]) == 0
    assert "Q:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "M:6/8\nK:Cmaj\n|: G 2 E c 3 | e 3/2 d /2 c G 3 :|\n\nM:2/4\nK:Cdor\nc /2 d /2 c [ C E ] 2 |1 c 4 :| |2 d 4 |\n",
        "<s> M:6/8 K:maj |: G 2 E c 3 | e 3/2 d /2 c G 3 :| </s>\n"
        "<s> M:2/4 K:dor c /2 d /2 c [ C E ] 2 |1 c 4 :| |2 d 4 | </s>\n",
    ],
)
def test_tokens_of_folk_rnn_are_a_corpus(text, tmp_path):
    path = tmp_path / "data_v2"
    path.write_text(text, encoding="utf-8")
    corpus = Corpus.read(path).normalize()
    assert [tune.text.partition("M:")[2] for tune in corpus] == [
        "6/8\nL:1/8\nK:C\nG2 E c3|e3/ d/ c G3:|\n\n",
        "2/4\nL:1/8\nK:Cdor\nc/ d/ c [CE]2|1c4:|2d4|]\n\n",
    ]
    assert corpus.problems == ()
