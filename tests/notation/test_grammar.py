"""After any beginning the grammar allows what a tune may have next, and nothing that leads nowhere."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abclm import Corpus
from abclm.midi.complaints import complaints
from abclm.notation.fields import CANONICAL_SYMBOLS, RHYTHMS
from abclm.notation.grammar import (
    FEWEST_NOTES,
    KEYS,
    LENGTHS,
    METERS,
    UNIT_NOTE_LENGTHS,
    Form,
    Grammar,
    can_be_filled,
)
from abclm.notation.grammar import grammar as module
from abclm.notation.keys import canonical_key
from abclm.tune import Tune

HEAD = "X:1\nM:4/4\nL:1/8\nK:G\n"
NO_TITLE = "the tune has no title (T:)"


def refused(text, grammar=None):
    """The place in a text where the grammar refuses its next symbol; None where it takes it all."""
    grammar = grammar or Grammar()
    state = grammar.start()
    for place, symbol in enumerate(text):
        if symbol not in grammar.allowed(state):
            return place
        state = grammar.advance(state, symbol)
    return None


def walk(grammar, generator, symbols, text="", watch=lambda state: None):
    """Draw symbols that are allowed, bar lines and what opens something more often than chance; then finish."""
    state = grammar.follow(text)
    for _ in range(symbols):
        allowed = sorted(grammar.allowed(state))
        if not allowed:
            break
        structure = [symbol for symbol in allowed if symbol in "|:]12\n[(-<>"]
        symbol = generator.choice(structure if structure and generator.random() < 0.5 else allowed)
        text += symbol
        state = grammar.advance(state, symbol)
        watch(state)
    return text + grammar.finish(state)


def problems(text):
    return [each for each in Tune.parse(text).check() if each.message != NO_TITLE]


# What it accepts


def strict_tunes_of_our_own():
    texts = [tune.text for tune in Corpus.load("oldTunes").normalize().tunes]
    return [text for text, said in zip(texts, complaints(texts), strict=True) if not said]


def test_it_accepts_every_strict_tune_of_our_own_tunebook():
    texts = strict_tunes_of_our_own()
    assert len(texts) > 50
    grammar = Grammar()
    for text in texts:
        place = refused(text, grammar)
        assert place is None, text[: place + 1]
        assert grammar.follow(text).lex == "end"


ACCEPTED = {
    "plain bars": "GABc dedB|dedB dedB|]",
    "bars over two lines": "GABc dedB|\ndedB dedB|]",
    "a pick-up": "GA|B2cd e2dB|A8|]",
    "a pick-up and its complement": "GA|B2cd e2dB|A6:|\n|:GA|B2cd e2dB|A6:|",
    "a repeat from the start": "GABc dedB|G8:|",
    "a repeat in the middle": "GABc dedB||\n|:GABc dedB:|",
    "two repeats on one bar line": "GABc dedB|G8::GABc dedB|G8:|",
    "endings": "GABc dedB|G8|1G8:|2A8|]",
    "endings in brackets": "GABc dedB|[1G8:|2A8|]",
    "endings inside a bar": "GABc dedB|G4[1A4:|2B4|]",
    "endings behind a pick-up": "GA|B2cd e2dB|G8|1A6:|2A8|]",
    "a part behind the endings": "GABc dedB|G8|1G8:|2A8||\nGABc dedB|]",
    "a tie over a bar line": "GABc dedB-|B8|]",
    "a tied chord": "GABc dedB|[GB]4-[GB]4|]",
    "a triplet": "(3GAB (3cde GABc|dedB G4|]",
    "a longer tuplet": "(5GABcd G2AB cd|dedB G4|]",
    "broken rhythm": "G>A B<c d>>e f<<g|A8|]",
    "a chord": "[GBd]2 [Ac]2 [^F_e]4|GABc dedB|]",
    "accidentals": "^G_AB=c ^^d__edB|GABc dedB|]",
    "rests": "GABc z2dB|z8|GABc z4|]",
    "octaves": "G,,A,Bc d'e''dB|GABc dedB|]",
    "another key in a bar": "GABc [K:D]dedB|GABc dedB|]",
    "another key at a line's beginning": "GABc dedB|\n[K:Ador]GABc dedB|]",
    "another unit note length": "GABc dedB|[L:1/4]GABc|[L:1/16]GABcdedBGABcdedB|]",
    "another unit note length inside a bar": "GA|B2cd e2dB|A6|]\n[L:1/4]G|GABc|GABc|]",
    "a triplet in another meter": "GABc dedB|G8:|[M:6/8](3GAB c d3|GABcde|]",
    "a repeat of one bar": "GABc dedB:|\n|:GABc dedB|G8:|",
    "endings behind one bar": "GABc dedB|1G8:|2A8|]",
    "another meter behind a repeat": "GABc dedB|G8:|\n[M:6/8]GAB cde|GABcde|]",
    "lengths": "G3/A/B2 c4|G/A/B/c/ d6|G/4A/4B/4c/4 d7|GABc dedB|]",
}


@pytest.mark.parametrize("feature", ACCEPTED)
def test_it_accepts(feature):
    text = f"{HEAD}{ACCEPTED[feature]}\n\n"
    place = refused(text)
    assert place is None, text[: place + 1]
    assert Grammar().follow(text).lex == "end"
    assert problems(text) == []


def test_what_it_accepts_by_hand_is_strict():
    texts = [f"{HEAD}{body}\n\n" for body in ACCEPTED.values()]
    assert dict(zip(ACCEPTED, complaints(texts), strict=True)) == dict.fromkeys(ACCEPTED, ())


# What it refuses: each text at its last symbol, and nowhere before.

REFUSED = {
    "an overfull bar": "GABc dedBG",
    "a length beyond the bar": "GABc d2c3|",
    "an underfull bar": "GABc dedB|GABc|",
    "a second underfull bar behind a pick-up": "GA|GABc|",
    "a bar of the pick-up's length": "GA|GABc dedB|GA|",
    "a repeat that isn't the complement": "GA|B2cd e2dB|A8:",
    "a repeat that closes twice": "GABc dedB|G8:|\nGABc dedB:",
    "the end of a repeat without bars": "GABc dedB||\n|::",
    "a repeat in a repeat": "GABc dedB||\n|:GABc dedB|:",
    "an end in an open repeat": "GABc dedB|\n|:G8|]",
    "a second ending without a first": "GABc dedB|2",
    "a first ending twice": "GABc dedB|G8|1G8:|1",
    "an end in the first ending": "GABc dedB|G8|1G8|]",
    "anything but a second ending behind the first": "GABc dedB|G8|1G8:|A",
    "an ending behind a closed repeat": "GABc dedB|G8:|\nGABc dedB|1",
    "a tie to another note": "GABc dedB-|A",
    "a tie over the end": "GABc dedB-|]",
    "a broken rhythm over a bar line": "GABc dedB>",
    "a broken rhythm behind a rest's dot": "GABc dedB|>",
    "a tuplet that the bar is too short for": "GABc dedB3/4(",
    "a bar line in a tuplet": "GABc (3GA|",
    "a chord of one note": "[G]",
    "a third octave mark": "G,,,",
    "a mark that doesn't go with the letter": "G'",
    "an empty line before eight notes": "GABc z4|]\n\n",
    "two spaces": "GA  ",
    "a space before a bar line": "GABc dedB ",
    "music behind the end": "GABc dedB|]\n\nG",
    "a quintuplet in another meter": "GABc dedB|G8:|[M:6/8](5",
    "a tie of a chord with a note twice": "[GG]-",
    "notes that are struck seven times": "GABc ded2-|d8|]\n\n",
    "a repeat of a bar that isn't full": "GABc:",
    "a dot behind the shortest length": "G/8>",
    "another meter inside a part": "GABc dedB|[M",
}


@pytest.mark.parametrize("fault", REFUSED)
def test_it_refuses(fault):
    text = HEAD + REFUSED[fault]
    place = refused(text)
    assert place is not None
    assert text[: place + 1] == text


CHORD_SYMBOLS = {
    "before a note": '"G"GABc "D7"dedB|"Gm"G8|]',
    "inside a group": 'GA"Cmaj7"Bc d"F#dim7"edB|"Bb6"G8|]',
    "with a bass": '"G/B"GABc "Am7/G"dedB|"C/Bb"G8|]',
    "before a rest, a chord and a tuplet": '"G"z4 "C"[CE]4|"D"(3GAB "E"(3cde GABc|]',
    "in a tuplet and a broken rhythm": '(3G"C"AB c2 d>"Asus4"e f2|G8|]',
    "before a tied note": 'GABc dedB-|"G"B8|]',
}


@pytest.mark.parametrize("place", CHORD_SYMBOLS)
def test_chord_symbols_are_allowed_where_they_are_wanted(place):
    text = f"{HEAD}{CHORD_SYMBOLS[place]}\n\n"
    assert refused(text, Grammar(chord_symbols=True)) is None
    assert refused(text) == text.index('"')
    assert Tune.parse(text).normalize(chord_symbols=True).body == Tune.parse(text).body
    assert complaints([text]) == [()]


@pytest.mark.parametrize(
    "body",
    ['"H', '"Gmi', '"G13', '"G##', '"G/B7', '"G""', '"G"|', '"G" ', '"G"\n', '"G"[K', '(3"', 'GABc dedB"'],
)
def test_what_is_no_chord_symbol_is_refused(body):
    assert refused(HEAD + body, Grammar(chord_symbols=True)) == len(HEAD + body) - 1


def test_walks_with_chord_symbols_are_valid():
    grammar = Grammar(chord_symbols=True)
    texts = []
    for seed in range(20):
        draw = random.Random(seed)
        text, state = HEAD, grammar.follow(HEAD)
        for _ in range(150):
            allowed = sorted(grammar.allowed(state))
            symbol = '"' if '"' in allowed and draw.random() < 0.4 else draw.choice(allowed or [""])
            if not symbol:
                break
            text += symbol
            state = grammar.advance(state, symbol)
        texts.append(text + grammar.finish(state))
    assert [problems(text) for text in texts] == [[]] * len(texts)
    assert complaints(texts) == [()] * len(texts)
    assert sum(text.count('"') for text in texts) > 200


@pytest.mark.parametrize(
    "start",
    [
        "X:2", "XX", "X:1\nK", "X:1\nR:jig\nM:3", "X:1\nR:slip jig\nM:6", "X:1\nM:n", "X:1\nM:4/4\nR",
        "X:1\nM:4/4\nM", "X:1\nR:sa", "X:1\nM:4/4\nL:1/7", "X:1\nM:4/4\nL:1/8\nK:H", "X:1\nM:4/4\nL:1/8\nK:G#\n",
        "X:1\nT:\n", "X:1\nT: ", "X:1\nT:A \n", "X:1\nT:a  ", "X:1\nT:|", "X:1\nT:A\nT", "X:1\nT:" + "x" * 61, "X:1\n\n",
    ],
)  # fmt: skip
def test_it_refuses_a_header(start):
    assert refused(start) == len(start) - 1


def test_a_symbol_that_is_not_allowed_is_an_error():
    grammar = Grammar()
    with pytest.raises(ValueError, match="'Y' may not come next"):
        grammar.advance(grammar.start(), "Y")


def test_every_key_it_writes_is_canonical():
    assert all(canonical_key(key) == key for key in KEYS)
    assert len(KEYS) == len(set(KEYS))


def test_every_meter_can_be_filled_by_every_unit_note_length():
    assert all(can_be_filled(meter, unit) for meter in METERS for unit in UNIT_NOTE_LENGTHS)
    assert {meter for meters in RHYTHMS.values() for meter in meters} <= set(METERS)
    assert not can_be_filled("5/32", "1/2")
    assert not can_be_filled("100/4", "1/8")
    assert not can_be_filled("none", "1/8")
    assert all(set(text) <= set("0123456789/") for text in LENGTHS)


# Never a dead end


def test_wherever_a_walk_leads_the_tune_can_be_finished_soon_and_is_valid():
    grammar = Grammar()
    ways = []

    def watch(state):
        assert grammar.allowed(state) <= CANONICAL_SYMBOLS
        ways.append(len(grammar.finish(state)))

    texts = [walk(grammar, random.Random(seed), 40 + 6 * seed, watch=watch) for seed in range(60)]
    for text in texts:
        assert refused(text, grammar) is None
        assert problems(text) == [], text
    # From one symbol to the next the way may get longer by what the guide leaves for it.
    assert max(ways) + module._DETOUR <= module._LONGEST_FINISH
    assert complaints(texts) == [()] * len(texts)


@settings(max_examples=150, deadline=None)
@given(
    form=st.tuples(st.none() | st.integers(1, 8), st.none() | st.integers(1, 16)),
    symbols=st.integers(0, 250),
    seed=st.integers(0, 2**32),
    chord_symbols=st.booleans(),
)
def test_from_every_place_a_short_way_leads_to_a_valid_tune(form, symbols, seed, chord_symbols):
    parts, bars = form
    fits = Form(parts, bars).can_be_filled
    if not any(fits(meter, unit) for meter in METERS for unit in UNIT_NOTE_LENGTHS):
        return
    grammar = Grammar(fits=fits, parts=parts, bars=bars, chord_symbols=chord_symbols)
    draw, text, state = random.Random(seed), "", grammar.start()
    while state.lex != "end" and len(text) < symbols:
        allowed = sorted(grammar.allowed(state))
        assert allowed, text
        structure = [symbol for symbol in allowed if symbol in "|:]12\n[(-<>"]
        text += draw.choice(structure if structure and draw.random() < 0.4 else allowed)
        state = grammar.advance(state, text[-1])
    way = grammar.finish(state)
    assert len(way) <= grammar.longest_finish(state)
    state = grammar.follow(way, state)
    assert state.lex == "end"
    assert grammar.allowed(state) == set()
    assert problems(text + way) == []
    assert len(Tune.parse(text + way).notes()) >= FEWEST_NOTES


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "T": st.sampled_from(["The Lost Badger", "x" * 60, "K:G"]),
        "R": st.sampled_from(list(RHYTHMS)),
        "M": st.sampled_from([*METERS, "7/16", "13/8", "9/2", "3/16", "5/32", "1/4"]),
        "L": st.sampled_from([*UNIT_NOTE_LENGTHS, "1/1", "1/64"]),
        "K": st.sampled_from(KEYS),
    },
)


@settings(max_examples=60, deadline=None)
@given(HEADERS, st.integers(0, 2**32))
def test_fields_that_are_given_stand_in_the_header(header, seed):
    meters = RHYTHMS.get(header.get("R"), METERS)
    if header.get("M", meters[0]) not in meters and "R" in header:
        del header["M"]
    if not any(
        can_be_filled(meter, unit)
        for meter in ((header["M"],) if "M" in header else meters)
        for unit in ((header["L"],) if "L" in header else UNIT_NOTE_LENGTHS)
    ):
        return
    text = walk(Grammar(header, fits=can_be_filled), random.Random(seed), 120)
    lines = text.partition("\n\n")[0].split("\n")
    for letter, value in header.items():
        assert [line for line in lines if line[:2] == f"{letter}:"] == [f"{letter}:{value}"]
    fields = [line[0] for line in lines[: next(n for n, line in enumerate(lines) if line[:2] == "K:") + 1]]
    assert "".join(field for field in "XTRMLK" if field in fields) == "".join(fields)
    assert set("XMLK") <= set(fields)
    assert problems(text) == []


@pytest.mark.parametrize("meter", ["5/4", "7/8", "7/16"])
def test_a_meter_that_no_rhythm_has_comes_without_a_rhythm(meter):
    grammar = Grammar({"M": meter})
    assert "R" not in grammar.allowed(grammar.follow("X:1\n"))


def test_a_rhythm_whose_meters_do_not_fit_is_not_offered():
    grammar = Grammar(fits=lambda meter, unit: meter == "9/8")
    text = "X:1\nR:"
    assert grammar.allowed(grammar.follow(text)) == {"s", "a"}  # slip jig, air
    assert refused(text + "slip jig\nM:9/8\n", grammar) is None


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=sorted(CANONICAL_SYMBOLS), max_size=30))
def test_what_follows_does_not_depend_on_what_was_looked_up_before(tail):
    warm = Grammar()
    warm.follow(f"{HEAD}GABc dedB|G8|1G8:|2A8|]\n\n")
    assert refused(HEAD + tail, warm) == refused(HEAD + tail)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_MOST_STATES", 50)
    monkeypatch.setattr(module, "_memo", module._Memo())
    text = walk(Grammar(), random.Random(1), 300, watch=lambda state: bounded(module._memo))
    assert problems(text) == []


def bounded(memo):
    assert len(memo.nodes) <= 50
    reached, ahead = set(), list(memo.nodes.values())
    while ahead:  # what the nodes keep besides
        node = ahead.pop()
        if id(node) not in reached:
            reached.add(id(node))
            ahead += [after for after, _ in node.after.values()]
    assert len(reached) <= 100
