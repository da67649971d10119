"""A tune keeps its compass to the note, whatever the key, the accidentals and the form."""

import pytest

from abclm.analysis.compass import Compass
from abclm.errors import ConfigError
from abclm.generation.abc.compass import Pitches
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig


@pytest.fixture(scope="module")
def lm():
    """An untrained model, which would write any note, accidental and octave."""
    lm = LanguageModel.create(ModelConfig(embedding_dimension=8, units=16), seed=3)
    bias = lm.weights["dense/bias"]
    for symbol in "^_=,'[":
        bias[lm.tokenizer.char_to_id[symbol]] += 2
    lm.metadata["training"] = {"compass": {"": [50, 90], "reel": [60, 80]}}
    return lm


def pitches(tunes):
    return [note.pitch for tune in tunes for note in tune.notes()]


@pytest.mark.parametrize(
    "changes",
    [
        {"compass": "G4-G5"},
        {"compass": "whistle", "key": "Cb", "rhythm": "jig"},
        {"compass": "C#4-C#5", "key": "C#", "parts": 2, "bars": 4, "bar_redraws": 2},
        {"compass": "voice", "max_length": 200, "n": 12},
    ],
)
def test_no_note_is_outside_and_every_tune_is_valid(lm, changes):
    tunes = lm.generate(**{"n": 3, "seed": 1, "title": "Asked", "max_length": 500, **changes})
    lowest, highest = Compass.of(changes["compass"])
    assert lowest <= min(pitches(tunes)) <= lowest + 1
    assert highest - 1 <= max(pitches(tunes)) <= highest
    assert [each for tune in tunes for each in tune.check()] == []


def test_by_default_a_tune_keeps_the_compass_of_its_rhythm(lm):
    def within(lowest, highest, **changes):
        found = pitches(lm.generate(n=3, seed=1, title="Asked", max_length=500, **changes))
        return lowest <= min(found) and max(found) <= highest

    assert within(60, 80, rhythm="reel")
    assert within(50, 90, rhythm="jig")
    assert not within(60, 80, rhythm="jig")
    assert not within(50, 90, rhythm="reel", compass="any")


def test_pitches_follow_the_key_and_the_accidentals_of_the_bar():
    compass = Compass(67, 73)
    pitches = Pitches.of().in_key("Ab")
    assert "G" not in pitches.outside(compass)
    assert {"F", "e"} <= pitches.outside(compass)
    for symbol, inside in [
        ("^", False),
        ("d", False),
        ("2", False),
        ("|", True),
        ("=", False),
        ("d", False),
        (":", True),
    ]:
        pitches = pitches.add(symbol)
        assert ("d" not in pitches.outside(compass)) == inside


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"compass": "piano"},
            "compass: a compass is whistle, .* or two pitches such as D4-B5, received 'piano'",
        ),
        ({"compass": "whistle", "constrained": False}, "a compass is kept to by the grammar"),
        (
            {"compass": "whistle", "opening": "|:G,2 BAG"},
            "from G3 to B4, outside of compass='whistle'; give",
        ),
    ],
)
def test_what_a_compass_cannot_hold_is_said_in_one_line(changes, words):
    with pytest.raises(ConfigError, match=words):
        GenerationOptions(**changes)
