"""Tunebooks: cutting, reading in any encoding, writing."""

import pytest

from abclm.notation.tunebook import (
    check_tunebook,
    decode,
    format_tunebook,
    parse_tunebook,
    split_tunebook,
)
from abclm.tune import Tune, read_tunebook

BOOK = "% a book\n\nX:7\nT:One\nK:C\nCDE|\n\nfree text\n\nX:9\nT:No key\n\nX:3\nT:Two\nK:D\nDEF|]"


def test_a_tunebook_is_cut_at_its_reference_numbers():
    assert split_tunebook(BOOK) == [
        "X:7\nT:One\nK:C\nCDE|\n\nfree text\n\n",
        "X:9\nT:No key\n\n",
        "X:3\nT:Two\nK:D\nDEF|]",
    ]
    assert split_tunebook("") == split_tunebook("T:x\nK:C\n") == []


def test_line_ends_of_any_kind_part_tunes():
    for text in (BOOK.replace("\n", "\r\n"), BOOK.replace("\n", "\r")):
        assert split_tunebook(text) == split_tunebook(BOOK)
        assert check_tunebook(text) == check_tunebook(BOOK)


def test_a_tune_that_cannot_be_read_does_not_stop_the_others():
    book = parse_tunebook(BOOK)
    assert [tune.title for tune in book.tunes] == ["One", "Two"]
    ((line, _, severity, message),) = book.problems
    assert 10 <= line <= 13
    assert (severity, message) == ("error", "there is no tune: the header has no K: field, which ends it")


def test_problems_of_a_tunebook_have_their_lines_in_the_whole_text():
    count, problems = check_tunebook(BOOK.replace("CDE|", "C@DE|"))
    assert count == 3
    assert [problem.message for problem in problems if problem.line == 6] == [
        "'@' has no meaning here and is passed over"
    ]


def test_a_tunebook_without_a_tune_is_a_problem():
    assert (
        check_tunebook("hello")[1][0].message
        == "there is no tune: no line begins with X:, the reference number"
    )


@pytest.mark.parametrize(
    "data",
    [
        "X:1\nT:Père\nK:C\nC|\n".encode(),
        "X:1\nT:Père\nK:C\nC|\n".encode("utf-8-sig"),
        "X:1\nT:Père\nK:C\nC|\n".encode("latin-1"),
        b"X:1\r\nT:P\xe8re\r\nK:C\r\nC|\r\n",
        "X:1\rT:Père\rK:C\rC|\r".encode(),
    ],
)
def test_a_file_is_read_whatever_its_encoding_and_line_ends(data, tmp_path):
    path = tmp_path / "book.abc"
    path.write_bytes(data)
    assert [tune.title for tune in read_tunebook(path).tunes] == ["Père"]
    assert decode(data) == "X:1\nT:Père\nK:C\nC|\n"


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_tunebook(tmp_path / "none.abc")


def test_tunes_are_written_with_numbers_from_one_and_an_empty_line_after_each():
    tunes = parse_tunebook(BOOK).tunes
    text = format_tunebook([*tunes, "X:99\nT:Text\nK:C\nC|\n\n\n"])
    assert text == "X:1\nT:One\nK:C\nCDE|\n\nX:2\nT:Two\nK:D\nDEF|]\n\nX:3\nT:Text\nK:C\nC|\n\n"
    assert [tune.title for tune in parse_tunebook(text).tunes] == ["One", "Two", "Text"]
    assert format_tunebook([]) == ""


def test_a_written_tunebook_has_the_tunes_that_went_in():
    tunes = [Tune.parse(f"X:5\nT:{title}\nK:C\nCDE|\n").normalize() for title in "ABC"]
    again = parse_tunebook(format_tunebook(tunes)).tunes
    assert [tune.reference_number for tune in again] == [1, 2, 3]
    assert [Tune.of(tune).normalize() for tune in again] == tunes
