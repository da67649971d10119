"""A tune that is asked for with parts and bars has them, whatever the model knows and wherever it is led."""

import random
from collections import Counter
from fractions import Fraction

import pytest

from abclm.analysis.forms import form_of
from abclm.errors import ConfigError, ModelError
from abclm.generation.abc.grammar import grammar_for
from abclm.generation.abc.tunes import generate
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.midi.complaints import complaints
from abclm.models.lstm.config import ModelConfig
from abclm.notation.fields import parse_meter
from abclm.notation.grammar import Form, Grammar
from abclm.notation.symbols import Timed
from abclm.notation.timing import quarters
from abclm.tune import Tune

NO_TITLE = "the tune has no title (T:)"


@pytest.fixture(scope="module")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)


def bars_heard(tune):
    """Bars, repeats played out."""
    playback = tune.playback
    symbols = [playback.symbols[index] for index, _ in playback.order()]
    heard = sum(quarters(symbol.duration) for symbol in symbols if isinstance(symbol, Timed))
    return heard / (4 * parse_meter(tune.meter).bar_length)


def walk(grammar, seed, text="", least=0):
    """A tune of symbols drawn from those allowed; bar lines come more often, and at last it is finished."""
    draw = random.Random(seed)
    state = grammar.follow(text)
    while state.lex != "end":
        if len(text) > 400 and draw.random() < 0.02:
            return text + grammar.finish(state)
        allowed = sorted(grammar.allowed(state))
        structure = [symbol for symbol in allowed if symbol in "|:]12\n["]
        text += draw.choice(structure if structure and draw.random() < 0.4 else allowed)
        state = grammar.advance(state, text[-1])
    return text


@pytest.mark.parametrize(
    ("rhythm", "meter"),
    [
        ("reel", "C|"),
        ("jig", "6/8"),
        ("hornpipe", "C"),
        ("waltz", "3/4"),
        ("slip jig", "9/8"),
        ("polka", "2/4"),
    ],
)
def test_two_parts_of_eight_bars_are_heard_as_32(lm, rhythm, meter):
    options = GenerationOptions(
        best_of=1, title="Form", rhythm=rhythm, meter=meter, key="D", parts=2, bars=8, n=4, seed=1
    )
    texts = []
    for each in generate(lm, options):
        assert each.problems == ()
        assert each.tune.check() == []
        assert bars_heard(each.tune) == 32
        assert each.tune.body.count(":|") + each.tune.body.count("::") == 2
        texts.append(each.tune.text)
    assert complaints(texts) == [()] * 4


FORMS = [(1, 1), (1, 2), (2, 1), (2, 8), (3, 2), (4, 4), (8, 1)]


@pytest.mark.parametrize(("parts", "bars"), FORMS)
def test_wherever_a_walk_leads_every_pass_of_a_part_has_its_bars(parts, bars):
    grammar = grammar_for({}, "", parts=parts, bars=bars)
    texts = [walk(grammar, seed, "X:1\nT:A\n") for seed in range(8)]
    for text in texts:
        tune = Tune.parse(text)
        assert tune.check() == []
        assert bars_heard(tune) == 2 * parts * bars
        assert len(tune.notes()) >= 8
    assert complaints(texts) == [()] * len(texts)


@pytest.mark.parametrize("bars", [1, 2, 5, 16])
def test_bars_alone_are_those_of_the_tune_as_written(bars):
    grammar = grammar_for({}, "", bars=bars)
    endings = 0
    for seed in range(12):
        text = walk(grammar, seed, "X:1\nT:A\n")
        tune = Tune.parse(text)
        assert tune.check() == []
        if any(getattr(symbol, "ending", ()) for symbol in tune.music.symbols):
            endings += 1
            continue
        length = 4 * parse_meter(tune.meter).bar_length
        assert sum((bar.duration for bar in tune.bars()), Fraction(0)) == bars * length
    assert endings < 12


@pytest.mark.parametrize("parts", [1, 3])
def test_parts_alone_are_of_any_length(parts):
    grammar = grammar_for({}, "", parts=parts)
    lengths = set()
    for seed in range(8):
        tune = Tune.parse(walk(grammar, seed, "X:1\nT:A\n"))
        assert tune.check() == []
        assert tune.body.count(":|") + tune.body.count("::") == parts
        lengths.add(bars_heard(tune))
    assert len(lengths) > 1
    assert all(length.denominator == 1 for length in lengths)


IN_FORM = {
    "plain": (2, 2, "GABc dedB|G8:|\n|:GABc dedB|G8:|"),
    "one bar line for two repeats": (2, 2, "GABc dedB|G8::GABc dedB|G8:|"),
    "pick-ups": (2, 2, "GA|B2cd e2dB|A6:|\n|:GA|B2cd e2dB|A6:|"),
    "endings": (2, 2, "GABc dedB|1G8:|2A8||\n|:GABc dedB|1G8:|2A8|]"),
    "endings of two bars": (1, 3, "GABc dedB|1G8|A8:|2A8|G8|]"),
    "endings behind a pick-up": (1, 2, "GA|B2cd e2dB|1A6:|2G6|]"),
    "a part behind endings": (2, 2, "GABc dedB|1G8:|2A8|:GABc dedB|G8:|"),
    "another key": (2, 2, "GABc dedB|G8:|\n[K:D]|:GABc dedB|G8:|"),
    "bars without repeats": (None, 3, "GABc dedB|GABc dedB|G8|]"),
    "bars with a pick-up": (None, 3, "GA|GABc dedB|GABc dedB|G6|]"),
    "bars with a repeat": (None, 3, "GABc dedB|G8:|GABc dedB|]"),
    "bars with endings": (None, 3, "GABc dedB|1G8:|2A8|GABc dedB|]"),
}


@pytest.mark.parametrize("case", IN_FORM)
def test_what_is_in_form_is_allowed_and_another_form_is_not(case):
    parts, bars, body = IN_FORM[case]
    text = f"X:1\nM:4/4\nL:1/8\nK:G\n{body}\n\n"
    assert Grammar(parts=parts, bars=bars).follow(text).lex == "end"
    assert [each.message for each in Tune.parse(text).check()] == [NO_TITLE]
    for other in [(parts, bars + 1), (parts, bars - 1), ((parts or 0) + 1, bars)]:
        with pytest.raises(ValueError, match="may not come next"):
            Grammar(parts=other[0], bars=other[1] or 64).follow(text)


@pytest.mark.parametrize(
    ("parts", "bars", "start"),
    [
        (2, 2, "GABc dedB|G8|"),
        (2, 2, "GABc dedB|]"),
        (2, 2, "GABc dedB|G8:|\nG"),
        (2, 2, "GABc dedB|1G8:|2G8|A"),
        (2, 2, "GA|:"),
        (2, 2, "GABc dedB|[M"),
        (2, 2, "GABc dedB|[L"),
        (2, 2, "GABc dedB|G8-"),
        (None, 2, "GABc dedB|G8|\n"),
        (1, 1, "GABc z"),
        (None, 1, "GA|"),
        (1, 1, "GABc G4"),
    ],
)
def test_what_leads_out_of_the_form_is_refused(parts, bars, start):
    grammar = Grammar(parts=parts, bars=bars)
    state = grammar.follow(f"X:1\nM:4/4\nL:1/8\nK:G\n{start[:-1]}")
    assert start[-1] not in grammar.allowed(state)


def test_a_form_is_kept_near_the_longest_length(lm):
    options = GenerationOptions(
        best_of=1,
        title="Long", meter="4/4", unit_note_length="1/8", parts=2, bars=8, max_length=420, n=4, seed=1,
        temperature=3,
    )  # fmt: skip
    for each in generate(lm, options):
        assert each.characters <= 420
        assert each.tune.check() == []
        assert bars_heard(each.tune) == 32


@pytest.mark.parametrize(("parts", "bars"), [(None, None), (2, 8), (3, None), (None, 16)])
def test_the_way_to_the_end_is_no_longer_than_said(parts, bars):
    grammar = Grammar(fits=Form(parts, bars).can_be_filled, parts=parts, bars=bars)
    for seed in range(6):
        draw = random.Random(seed)
        state = grammar.start()
        before = None
        for _ in range(250):
            way = len(grammar.finish(state))
            assert way <= grammar.longest_finish(state)
            if before is not None:
                assert way <= before
            if state.lex == "end":
                break
            before = way + grammar.detour(state) if state.lex != "header" else None
            allowed = sorted(grammar.allowed(state))
            structure = [symbol for symbol in allowed if symbol in "|:]12\n[(<"]
            symbol = draw.choice(structure if structure and draw.random() < 0.4 else allowed)
            state = grammar.advance(state, symbol)


def test_a_form_adds_few_states():
    head = "X:1\nM:4/4\nL:1/8\nK:G\n"
    part = "|".join(["GABc dedB"] * 8)

    def places(grammar):
        state, seen = grammar.start(), set()
        for symbol in f"{head}{part}:|\n|:{part}:|\n\n":
            state = grammar.advance(state, symbol)
            seen.add(state.local)
        return len(seen)

    # A form tells the last bar of a part, the one before and any other from each other, and its last part.
    assert places(Grammar(parts=2, bars=8)) < 8 * places(Grammar())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"parts": 0}, "parts is an integer from 1 to 8, received 0"),
        ({"bars": 65}, "bars is an integer from 1 to 64, received 65"),
        ({"parts": 2, "constrained": False}, "leave out either"),
        ({"parts": 8, "bars": 64}, "more than max_length=1500; raise max_length or ask for fewer bars"),
        (
            {"bars": 1, "meter": "3/8", "unit_note_length": "1/2"},
            "bars=1 in M:3/8 L:1/2 leaves no room for the 8 notes of a tune; give more bars",
        ),
        (
            {"parts": 1, "bars": 2, "opening": "GAB cde|GAB cde|GAB cde|"},
            "can't begin a tune of parts=1, bars=2: it goes past the end of the form",
        ),
    ],
)
def test_a_form_that_can_not_be_kept_is_said(asked, said):
    with pytest.raises(ConfigError) as caught:
        GenerationOptions(best_of=1, **asked)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_opening_may_be_part_of_a_form(lm):
    options = GenerationOptions(
        best_of=1, title="A", meter="6/8", opening="D|GAB cde|", parts=2, bars=4, seed=1, n=3
    )
    for each in generate(lm, options):
        assert each.tune.body.startswith("D|GAB cde|")
        assert bars_heard(each.tune) == 16


# A form where none is asked for

FORMS = [
    {"rhythm": "jig", "parts": 2, "bars": 4, "tunes": 3},
    {"rhythm": "reel", "parts": 1, "bars": 8, "tunes": 1},
    {"rhythm": "reel", "parts": None, "bars": 12, "tunes": 1},
]


@pytest.fixture
def knowing(lm):
    """A model that was trained on tunes of these forms."""
    other = lm.copy()
    other.metadata["training"] = {"forms": FORMS}
    return other


def test_a_tune_has_the_form_of_a_training_tune(knowing):
    tunes = knowing.generate(best_of=1, n=12, seed=1, title="Asked")
    forms = Counter(form_of(tune) for tune in tunes)
    assert forms.keys() <= {
        (2, 4),
        (1, 8),
        (None, 12),
        (1, 12),
    }  # twelve bars, repeated as a whole by the model
    assert forms[2, 4] > forms[1, 8] > 0
    assert {
        form_of(tune) for tune in knowing.generate(best_of=1, n=6, seed=1, title="Asked", rhythm="jig")
    } == {(2, 4)}


def test_a_form_is_the_same_for_a_seed_alone_streamed_or_in_a_batch(knowing):
    tunes = knowing.generate(best_of=1, n=6, seed=3, title="Asked")
    assert knowing.generate(best_of=1, n=6, seed=3, title="Asked", batch_size=2) == tunes
    assert "".join(knowing.stream(seed=3, title="Asked")).rstrip() == tunes[0].text.rstrip()


def test_what_is_asked_for_goes_before_a_usual_form(knowing):
    (tune,) = knowing.generate(best_of=1, seed=1, title="Asked", parts=3, bars=4)
    assert form_of(tune) == (3, 4)
    free = {
        form_of(tune)
        for tune in knowing.generate(best_of=1, n=12, seed=1, title="Asked", rhythm="jig", any_form=True)
    }
    assert free != {(2, 4)}
    opening = "|".join(["GABc"] * 10) + "|"  # past the end of any of the forms
    (tune,) = knowing.generate(
        seed=1, title="Asked", rhythm="jig", meter="6/8", opening=opening.replace("c", "c2d")
    )
    assert tune.check() == []


def test_metadata_that_are_broken_are_said_to_be(knowing):
    knowing.metadata["training"]["forms"] = [{"parts": 2}]
    with pytest.raises(
        ModelError, match=r"training\.forms is a list of objects of bars, parts, rhythm, tunes"
    ):
        knowing.generate(best_of=1, seed=1, title="Asked")
    knowing.metadata["training"] = {"tonic_endings": 1.2}
    with pytest.raises(
        ModelError, match=r"training\.tonic_endings is a number from 0 to 1, received 1\.2; copy"
    ):
        knowing.generate(best_of=1, seed=1, title="Asked")
