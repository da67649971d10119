"""A piece in each format that it can be saved as."""

import pytest

from abclm.errors import ConvertError
from abclm.formats.save_piece import PIECE_FORMATS
from abclm.midi.file import MidiNote
from abclm.piece import Piece

BEGINNINGS = {
    ".mid": b"MThd",
    ".wav": b"RIFF",
    ".mp3": (b"\xff", b"ID3"),
    ".svg": b"<?xml",
    ".png": b"\x89PNG",
    ".html": b"<!doctype html>",
}
PIECE = Piece.of_notes(
    [MidiNote(0, 96, 60, 80, 0, 0), MidiNote(96, 192, 67, 20, 0, 0)], 96, title="A <b> & $x$"
)


@pytest.mark.parametrize("suffix", sorted(PIECE_FORMATS))
def test_a_piece_is_saved_in_every_format(suffix, tmp_path):
    path = tmp_path / f"piece{suffix}"
    PIECE.save(path, made={"Seed": "7"})
    assert path.read_bytes().startswith(BEGINNINGS[suffix])


def test_a_page_of_a_piece_shows_its_roll_how_it_was_made_and_no_markup_of_its_title(tmp_path):
    PIECE.save(tmp_path / "x.html", made={"Seed": "7"})
    page = (tmp_path / "x.html").read_text()
    assert "<b>" not in page
    assert "A &lt;b&gt;" in page
    assert page.count("<svg") == 1
    assert '<audio controls hidden aria-label="A &lt;b&gt; &amp; $x$">' in page
    assert "<dt>Seed</dt><dd>7</dd>" in page


def test_a_drawing_is_the_same_each_time(tmp_path):
    for name in ("a.svg", "b.svg"):
        PIECE.save(tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_format_that_a_piece_does_not_have_is_one_line(tmp_path):
    with pytest.raises(ConvertError, match=r"saved as \.mid, .*\.html, not '\.abc'"):
        PIECE.save(tmp_path / "x.abc")


def test_a_notebook_shows_the_roll_and_a_player():
    shown = PIECE._repr_html_()
    assert "<img" in shown
    assert "<audio" in shown
