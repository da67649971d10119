"""What canonical tunes may have, but is left out of the tunes that are written; sections of counted bars."""

import random

import pytest

from abclm import Tune
from abclm.models.context import told_of
from abclm.notation.grammar import Grammar

HEADER = "X:1\nT:Asked\nM:2/4\nL:1/8\nK:G\n"


def left_out(music, **form):
    """The symbols that are allowed after some music and left out."""
    grammar = Grammar(**form)
    state = grammar.follow(HEADER + music)
    return grammar.allowed(state) - grammar.tidy(state)


@pytest.mark.parametrize(
    ("music", "symbols"),
    [
        ("GABc|d2", {"\n"}),
        ("GABc|", {"]"}),  # the tune can't end yet
        ("GABc|dBGB|", set()),
        ("[GG", {"A", "B", "C", "]"}),
        ("[G,G", set()),
    ],
)
def test_what_no_tune_should_have_is_left_out(music, symbols):
    assert left_out(music) & {"\n", "]", "A", "B", "C"} == symbols


def test_a_note_that_a_chord_has_can_only_become_another():
    grammar = Grammar()
    state = grammar.follow(HEADER + "[cc'c")
    assert grammar.tidy(state) == {"'"}
    assert grammar.tidy(grammar.follow("'", state)) == {"'"}
    assert "c" not in grammar.tidy(grammar.follow("''", state))
    assert "]" in grammar.tidy(grammar.follow("''", state))


def test_a_double_bar_ends_no_form():
    grammar = Grammar(bars=4)
    state = grammar.follow(HEADER + "GABc|dBGB|ABAB|G4|")
    assert grammar.allowed(state) >= {"|", "]"}
    assert grammar.tidy(state) == {"]"}


def test_counted_bars_are_divided_after_multiples_of_four():
    assert left_out("GABc|dBGB", bars=8) == {":"}
    assert left_out("GABc|dBGB|", bars=8) == {"|", ":", "]", "1"}
    assert left_out("GABc|dBGB|ABAB|G4", bars=8) == set()
    assert left_out("GABc|dBGB|ABAB|G4|", bars=8) == {"]", "1"}
    assert left_out("GABc|dBGB", bars=6) == set()  # which is no multiple of four itself


def test_an_ending_begins_with_one_of_the_last_two_bars():
    for parts, bars in ((None, 8), (2, 8)):
        form = {"parts": parts, "bars": bars}
        assert "1" in left_out("GABc|" * 5, **form)
        assert "1" not in left_out("GABc|" * 6, **form)
        assert "1" not in left_out("GABc|" * 7 + "[", **form)
        assert "1" in left_out("GABc|" * 7 + "G[", **form)
    assert "1" in left_out("GABc|" * 5, sections=(8, 4))


def write(grammar, seed):
    """A tune of random symbols, notes and bar lines above all."""
    generator, state, text = random.Random(seed), grammar.start(), ""
    while state.lex != "end" and len(text) < 1500:
        symbols = sorted(grammar.tidy(state))
        assert symbols, text
        likely = "|:\n" if state.lex in ("bar", "start") and state.local.fresh else "|:"
        weights = [30 if each in likely else 4 if each in "ABCDEFGabcdefg" else 0.3 for each in symbols]
        text += generator.choices(symbols, weights)[0]
        state = grammar.advance(state, text[-1])
    return text + grammar.finish(state)


@pytest.mark.parametrize("sections", [(8,), (8, 8), (4, 8, 4), (3, 2, 5, 2)])
def test_each_section_has_its_bars(sections):
    given, kinds = {"T": "Asked", "M": "6/8", "L": "1/8", "K": "Ador", "R": "jig"}, set()
    for seed in range(25):
        text = write(Grammar(given, sections=sections), seed)
        assert Tune.parse(text).check() == []
        form = told_of(text).form
        # A pick-up of nearly a bar is counted as a bar.
        assert form in (sections, tuple(bars + 1 for bars in sections))
        music = text.partition("K:Ador\n")[2]
        kinds |= {kind for kind in ("||", ":|", "::", "|:", ":|2", "|]") if kind in music}
    assert kinds >= ({":|", "|]"} if len(sections) == 1 else {"||", ":|", "|:", "|]"})
