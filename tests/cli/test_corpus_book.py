"""abclm corpus book: files, folders and built-in names become one PDF or page with an index of incipits."""

import json
import re

import pytest

import abclm
from abclm.cli import run
from abclm.score.svg import engrave_incipit

HEAD = "R:reel\nM:4/4\nL:1/8\nK:G\n"
BODY = "D|G2 B>d (3gfe d2|c4 B4|A2 F2 D2 F2|G4 G4|]\n"
TUNES = {"a.abc": ["Test", "Other"], "deep/b.abc": ["Third"]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, titles in TUNES.items():
        path = tmp_path / "tunes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(f"X:1\nT:{title}\n{HEAD}{BODY}" for title in titles), encoding="utf-8")
    return tmp_path


def index_of(page):
    """The entries of a page's index: the title and how many notes its incipit has."""
    entries = re.findall(r'<li><a href="#tune-\d+">(.*?)</a>(.*?)</li>', page, re.DOTALL)
    return {title: rest.count('class="notehead"') for title, rest in entries}


def test_a_folder_and_a_file_become_one_page_with_an_index_of_incipits(folder, capsys):
    assert (
        run(["corpus", "book", "tunes/deep", "tunes/a.abc", "--out", "book.html", "--title", "Tuesday"]) == 0
    )
    assert capsys.readouterr().out == "book.html: 3 tunes, 0 left out\n"
    page = (folder / "book.html").read_text(encoding="utf-8")
    assert "<h1>Tuesday</h1>" in page
    assert index_of(page) == dict.fromkeys(("Third", "Test", "Other"), 10)
    assert page.count("<article") == 3
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_a_book_as_pdf_has_a_page_of_index_with_links_to_its_tunes(folder, capsys):
    assert run(["corpus", "book", "tunes", "--out", "our_book.pdf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"tunes": 3, "left_out": 0, "path": "our_book.pdf"}
    pdf = (folder / "our_book.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Link") >= 3
    assert max(map(int, re.findall(rb"/Count (\d+)", pdf))) >= 2
    assert b"our book" in pdf


def test_an_incipit_has_the_first_bars_and_nothing_of_titles_parts_or_words():
    text = f"X:1\nT:A Title\nP:AB\nQ:1/4=99\nW:some words\n{HEAD}P:A\n{BODY}P:B\n{BODY}"
    staff = engrave_incipit(abclm.Tune.parse(text))
    assert staff.pages[0].count('class="notehead"') == 10
    assert "words" not in staff.pages[0]
    assert "99" not in re.sub(r"<[^>]*>", "", staff.pages[0])
    assert engrave_incipit(abclm.Tune.parse(f"X:1\nT:Rests\n{HEAD}z8|z8|G8|]\n")) is None


def test_what_can_not_be_engraved_is_left_out_and_said(folder, capsys):
    (folder / "tunes" / "c.abc").write_text(f"X:9\nT:Rests\n{HEAD}z8|]\n", encoding="utf-8")
    assert run(["corpus", "book", "tunes", "--out", "book.html"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "book.html: 3 tunes, 1 left out\n"
    assert re.fullmatch(r"abclm: left out: tunes/c\.abc, X:9 Rests: .*\n", printed.err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tunes", "--out", "book.doc"], "--out names the .pdf or .html file to write; received 'book.doc'"),
        (["tunes", "--out", "book"], "--out names the .pdf or .html file"),
        (["tunes"], "Missing option '--out'"),
        (["--out", "book.pdf"], "Missing argument 'CORPUS'"),
        (["empty", "--out", "book.pdf"], "empty: no .abc file is there"),
        (["nothing", "--out", "book.pdf"], "nothing: is no file or folder"),
        (["letter.abc", "--out", "book.pdf"], "letter.abc: holds no tune"),
        (["rests.abc", "--out", "book.pdf"], "rests.abc: no tune could be engraved: "),
        (["tunes", "--out", "tunes/a.abc/book.pdf"], "tunes/a.abc"),
        (["tunes", "--out", "book.pdf", "--titel", "x"], "did you mean --title?"),
    ],
)
def test_what_can_not_be_a_book_is_one_line_and_writes_nothing(arguments, said, folder, capsys):
    (folder / "empty").mkdir()
    (folder / "letter.abc").write_text("Dear friend\n", encoding="utf-8")
    (folder / "rests.abc").write_text(f"X:1\nT:Rests\n{HEAD}z8|]\n", encoding="utf-8")
    before = sorted(folder.rglob("*"))
    assert run(["corpus", "book", *arguments]) in (1, 2)
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert sorted(folder.rglob("*")) == before
