"""Counts in messages: `1 tune`, not `1 tunes`, by one function."""

import ast
import re
from pathlib import Path

import pytest

from abclm.system.words import counted

ROOT = Path(__file__).resolve().parents[2] / "abclm"
NOUNS = (
    "bar|batche|byte|character|copie|duplicate|epoch|error|event|file|frame|jig|key|line|measure|model|note|other|"
    "parameter|part|piece|problem|reason|reel|row|run|stave|step|symbol|time|title|token|track|tune|voice|"
    "warning|window|word|worker"
)
COUNT = re.compile(rf"^ (?:(?:different|further|more|old|quarter|rare|real) )?(?:{NOUNS})s\b")


def may_be_one(value):
    """Not a name in capitals, such as `_MOST_TUNES`, nor a limit, nor a column of a table, such as `{tunes:>6}`."""
    text = ast.unparse(value.value)
    is_column = value.format_spec is not None and ">" in ast.unparse(value.format_spec)
    return not (re.search(r"\b[A-Z_]+\)?$", text) or "limits." in text or is_column)


def counts_without_plural(source):
    """The f-strings that write a number and a noun in the plural, whatever the number is."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            for value, text in zip(node.values, node.values[1:], strict=False):
                if (
                    isinstance(value, ast.FormattedValue)
                    and isinstance(text, ast.Constant)
                    and COUNT.match(text.value)
                    and may_be_one(value)
                ):
                    yield f"line {node.lineno}: {{{ast.unparse(value.value)}}}{text.value[:30]}"


def test_every_count_in_a_message_has_its_singular():
    found = [
        f"{path.relative_to(ROOT)}, {each}"
        for path in sorted(ROOT.rglob("*.py"))
        for each in counts_without_plural(path.read_text(encoding="utf-8"))
    ]
    assert not found, "counted(number, 'tune') writes them:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source", ['f"{n} tunes"', 'f"{len(x):,} old tunes left"', 'f"a {n:,} notes"', 'f"x" f"{n} bars, {m}"']
)
def test_a_count_without_its_plural_is_found(source):
    assert list(counts_without_plural(source))


@pytest.mark.parametrize(
    "source", ["f\"{counted(n, 'tune')} left\"", 'f"{_MOST_TUNES} tunes"', 'f"{name} is"']
)
def test_what_is_no_such_count_is_not(source):
    assert not list(counts_without_plural(source))


def test_one_is_singular_and_all_other_numbers_are_plural():
    assert [counted(n, "tune") for n in (0, 1, 2, 1204)] == ["0 tunes", "1 tune", "2 tunes", "1,204 tunes"]
    assert [counted(n, "copy", "copies") for n in (1, 2)] == ["1 copy", "2 copies"]
