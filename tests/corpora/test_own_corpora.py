"""A corpus of tunes that are there already, what can be picked from it, and the data of thesession.org."""

import csv
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import abclm
from abclm.corpora.corpus import Corpus
from abclm.errors import ConvertError, CorpusError, NotationError
from abclm.notation.tune import Tune as CoreTune

HEAD = "M:4/4\nL:1/8\nK:G\n"
TEXTS = [
    f"X:{number}\nT:Tune {number}\nR:{rhythm}\n{HEAD}GABc dedB|G4 G4|]\n"
    for number, rhythm in ((1, "reel"), (2, "march"), (3, "reel"))
]


@pytest.fixture
def corpus():
    return Corpus.of(TEXTS, name="mine")


def test_a_corpus_is_made_of_a_list_of_tunes_or_texts(corpus):
    tunes = [abclm.Tune.parse(TEXTS[0]), CoreTune.parse(TEXTS[1]), TEXTS[2]]
    assert Corpus.of(tunes, name="mine") == corpus
    assert [type(tune) for tune in corpus] == [abclm.Tune] * 3
    assert corpus.places == ("mine, X:1 Tune 1", "mine, X:2 Tune 2", "mine, X:3 Tune 3")


@pytest.mark.parametrize("tunes", [TEXTS[0], [3], [None, TEXTS[0]]])
def test_a_corpus_of_something_else_is_refused(tunes):
    with pytest.raises(CorpusError, match="a corpus is made of "):
        Corpus.of(tunes)


def test_tunes_are_picked_by_their_place_and_kept_by_a_condition(corpus):
    assert corpus[0].title == "Tune 1"
    assert corpus[-1].title == "Tune 3"
    assert [tune.title for tune in corpus[1:]] == ["Tune 2", "Tune 3"]
    assert corpus[1:].places == corpus.places[1:]
    reels = corpus.filter(lambda tune: tune.rhythm == "reel")
    assert [tune.title for tune in reels] == ["Tune 1", "Tune 3"]
    assert reels.places == (corpus.places[0], corpus.places[2])
    with pytest.raises(IndexError):
        corpus[3]


def test_a_corpus_is_saved_as_a_tunebook_or_a_page_and_read_again(corpus, tmp_path):
    corpus.save(tmp_path / "book.abc")
    again = Corpus.read(tmp_path / "book.abc")
    assert [tune.body.strip() for tune in again] == [tune.body.strip() for tune in corpus]
    corpus.save(tmp_path / "book.html")
    assert all(
        f"Tune {number}" in (tmp_path / "book.html").read_text(encoding="utf-8") for number in (1, 2, 3)
    )
    with pytest.raises(ConvertError, match=r"together as \.abc, \.pdf, \.html, not '?\.wav"):
        corpus.save(tmp_path / "book.wav")
    with pytest.raises(CorpusError, match="there is no tune to write"):
        corpus[:0].save(tmp_path / "none.abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.abc", "book.html"]


def test_a_corpus_becomes_a_table_where_pandas_is_there(corpus):
    pandas = pytest.importorskip("pandas")
    table = corpus.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.title) == ["Tune 1", "Tune 2", "Tune 3"]
    assert list(table.notes) == [10, 10, 10]


def test_a_table_has_a_row_for_each_tune(corpus, monkeypatch):
    """Where pandas is not installed, too: a stand-in takes the rows."""

    def frame(rows, columns):
        return [dict(zip(columns, row, strict=True)) for row in rows]

    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=frame))
    table = corpus.to_pandas()
    assert [row["title"] for row in table] == ["Tune 1", "Tune 2", "Tune 3"]
    assert [(row["rhythm"], row["notes"]) for row in table[::2]] == [("reel", 10)] * 2
    assert [row["place"] for row in table] == list(corpus.places)
    assert [row["abc"] for row in table] == [tune.text for tune in corpus]


def test_without_pandas_it_says_what_to_install(corpus, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(CorpusError, match="pip install pandas"):
        corpus.to_pandas()


# A tune from a file


def test_a_tune_is_read_from_a_file(tmp_path):
    path = tmp_path / "tune.abc"
    path.write_text(TEXTS[0], encoding="utf-8")
    assert abclm.Tune.read(path).title == "Tune 1"
    abclm.Tune.read(path).save(tmp_path / "tune.mid")
    assert abclm.Tune.read(tmp_path / "tune.mid").notes() == abclm.Tune.read(path).notes()
    path.write_text("no tune", encoding="utf-8")
    with pytest.raises(NotationError, match=rf"{re.escape(str(path))}: there is no tune"):
        abclm.Tune.read(path)


def test_a_text_of_thirteen_tunes_is_said_to_hold_them(caplog):
    text = "\n".join(f"X:{number}\nT:Tune {number}\n{HEAD}G8|]\n" for number in range(1, 14))
    assert abclm.Tune.parse(text).title == "Tune 1"
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == "the text holds 13 tunes; the first is read, and read_tunebook or Corpus.read reads all"


# The data of thesession.org

ROWS = [
    {
        "tune_id": "1", "setting_id": "11", "name": "The Test", "type": "jig", "meter": "6/8", "mode": "Edorian",
        "abc": "|:EFG ABc|ded cBA|\r\n\r\nEFG ABc|d3 e3:|", "date": "", "username": "us", "composer": "",
    },
    {
        "tune_id": "2", "setting_id": "12", "name": "Another, The", "type": "reel", "meter": "4/4", "mode": "Gmajor",
        "abc": '"G"GABc dedB|~G3A "D"BAGF|]', "date": "2020-01-02 10:00:00", "username": "us", "composer": "",
    },
]  # fmt: skip


def write_dump(path: Path, rows):
    if path.suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.parametrize("name", ["tunes.csv", "tunes.json"])
def test_the_data_of_thesession_org_are_read_as_tunes(name, tmp_path):
    write_dump(tmp_path / name, ROWS)
    corpus = Corpus.read(tmp_path / name)
    assert [tune.title for tune in corpus] == ["The Test", "Another, The"]
    assert [tune.reference_number for tune in corpus] == [11, 12]
    assert [tune.key for tune in corpus.normalize()] == ["Edor", "G"]
    assert [tune.rhythm for tune in corpus.normalize()] == ["jig", "reel"]
    assert len(corpus[0].notes()) == 2 * (6 + 6 + 6 + 2)
    assert not corpus.normalize().problems


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("tunes.csv", "a,b\n1,2\n", "its rows have no setting_id, name"),
        ("tunes.json", "{", "can't be read"),
        ("tunes.json", '{"tunes": []}', "holds no rows of tunes"),
        ("tunes.json", "[]", "holds no rows of tunes"),
    ],
)
def test_other_data_are_refused(name, content, part, tmp_path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=part) as caught:
        Corpus.read(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
