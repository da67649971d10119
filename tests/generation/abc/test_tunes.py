"""Tunes from models that write what a script says, valid or not."""

import logging
import re
from dataclasses import replace

import numpy as np
import pytest

import abclm
from abclm.analysis.novelty import NoveltyIndex
from abclm.errors import ConfigError, ModelError
from abclm.generation.abc.draws.tries import find_problems
from abclm.generation.abc.tunes import generate, stream, stream_steps
from abclm.generation.options import GenerationOptions
from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tokenizers.notes import NoteTokenizer
from abclm.tune import Tune

GOOD = "|:GFG DEF|G2A B2d|gfe dBG|A2G FED:|\n\n"
SHORT = "GAB|]\n\n"


@pytest.fixture
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=3, units=4))


class Scripted:
    """An engine that spells bodies, one after the other, and no more header than it must."""

    def __init__(self, bodies):
        self.bodies = bodies
        self.attempt = -1
        self.steps = 0
        self.tokenizer = CharacterTokenizer.default()

    few = 4

    def start(self, batch=1):
        self.attempt += 1
        self.text = ""
        return self

    def put(self, place, column):
        pass

    def only(self, places):
        return self

    def column(self, place):
        return self

    def step(self, state, ids):
        self.steps += 1
        self.text += self.tokenizer.decode(np.array(ids))
        match = re.search(r"\nK:[^\n]+\n", self.text)
        if match:
            wanted = self.bodies[min(self.attempt, len(self.bodies) - 1)][len(self.text) - match.end() :][:1]
        elif self.text.endswith("\nK:"):
            wanted = "G"
        else:
            wanted = "KLMRT" if self.text.endswith("\n") else "\n"
        logits = np.zeros((1, len(self.tokenizer)), np.float32)
        for place, symbol in enumerate(wanted):
            logits[0, self.tokenizer.char_to_id[symbol]] = 1000 - 100 * place
        return logits


@pytest.fixture
def script(monkeypatch):
    def use(*bodies):
        engine = Scripted(bodies)
        monkeypatch.setattr(LanguageModel, "engine", lambda lm: engine)
        return engine

    return use


def test_a_tune_is_the_prompt_and_what_the_model_writes(lm, script):
    script(GOOD)
    (generated,) = generate(
        lm, GenerationOptions(title="The Lost Badger", meter="6/8", key="D", seed=1, constrained=False)
    )
    assert generated.tune.title == "The Lost Badger"
    assert str(generated.tune).rstrip("\n") == f"X:1\nT:The Lost Badger\nM:6/8\nK:D\n{GOOD}".rstrip("\n")
    assert (generated.number, generated.seed, generated.attempts, generated.problems) == (1, 1, 1, ())
    assert generated.characters == len(f"X:1\nT:The Lost Badger\nM:6/8\nK:D\n{GOOD}")


def test_the_state_is_carried_and_the_text_never_run_again(lm, script):
    engine = script(GOOD)
    (generated,) = generate(lm, GenerationOptions(best_of=1, seed=1))
    # One step for the newline before the tune, none for its last character.
    assert engine.steps == generated.characters


def test_a_tune_that_cannot_be_played_is_tried_again(lm, script):
    script(SHORT, SHORT, GOOD)
    (generated,) = generate(lm, GenerationOptions(constrained=False, seed=1))
    assert generated.attempts == 3
    assert generated.problems == ()
    assert len(generated.tune.notes()) > 8


def test_attempts_are_bounded_and_the_best_is_kept_with_a_warning(lm, script, caplog):
    script("GAB" * 200, SHORT, SHORT)
    with caplog.at_level(logging.WARNING, "abclm"):
        (generated,) = generate(lm, GenerationOptions(constrained=False, seed=1, attempts=3, max_length=200))
    assert generated.attempts == 3
    assert len(generated.problems) == 1
    assert "none of 3 attempts can be played" in caplog.text
    assert "\n" not in caplog.records[0].getMessage()


def test_what_keeps_a_tune_from_being_played_is_told_with_its_place():
    header = "X:1\nM:6/8\nL:1/8\nK:G\n"
    assert find_problems(header + GOOD) == ()
    (problem,) = find_problems(header + GOOD.replace("|G2A", "|[G2A"))
    assert problem.startswith("5:11: ")
    (problem,) = find_problems(header.replace("K:G", "K:H") + GOOD)
    assert problem.startswith("4:1: 'H' is no key")
    assert find_problems(header + SHORT) == ("it has 3 notes, not 8 or more",)


def test_a_tune_that_does_not_end_is_cut_at_max_length(lm, script):
    script("GAB" * 200)
    (generated,) = generate(lm, GenerationOptions(constrained=False, seed=1, attempts=1, max_length=200))
    assert generated.characters == 200
    assert any("doesn't end within 200 characters" in problem for problem in generated.problems)


def test_the_same_seed_gives_the_same_tunes_however_many_there_are(lm):
    options = {"seed": 7, "attempts": 2, "max_length": 250}
    three = list(map(str, lm.generate(best_of=1, n=3, **options)))
    assert three == list(map(str, lm.generate(best_of=1, n=3, **options)))
    assert three[:1] == list(map(str, lm.generate(best_of=1, n=1, **options)))
    assert len(set(three)) == 3


def test_another_seed_gives_another_tune(lm):
    one, other = (str(lm.generate(best_of=1, seed=seed, attempts=1, max_length=250)[0]) for seed in (1, 2))
    assert one != other


def test_a_tune_can_be_had_again_by_the_seed_it_tells(lm):
    (generated,) = generate(lm, GenerationOptions(best_of=1, attempts=1, max_length=250))
    (again,) = generate(lm, GenerationOptions(best_of=1, attempts=1, max_length=250, seed=generated.seed))
    assert again == generated


def test_tunes_come_one_by_one(lm, script):
    engine = script(GOOD)
    written = generate(lm, GenerationOptions(best_of=1, seed=1, n=1000, batch_size=1))
    assert [next(written).number for _ in range(2)] == [1, 2]
    assert engine.attempt == 1


def test_greedy_writes_the_same_whatever_the_seed_and_tries_once(lm):
    one, other = (
        next(generate(lm, GenerationOptions(seed=seed, temperature=0, max_length=250))) for seed in (1, 2)
    )
    assert str(one.tune) == str(other.tune)
    assert one.attempts == 1


def test_streaming_gives_the_first_attempt_as_it_is_written(lm, script):
    engine = script(SHORT)
    characters = lm.stream(title="Asked", seed=1, constrained=False)
    first = [next(characters) for _ in range(3)]
    assert first == ["X", ":", "1"]
    assert engine.steps <= 3
    assert "".join(first) + "".join(characters) == f"X:1\nT:Asked\nK:G\n{SHORT}"


def test_streaming_is_what_generating_gives(lm):
    text = "".join(stream(lm, GenerationOptions(seed=3, max_length=250)))
    (generated,) = generate(lm, GenerationOptions(best_of=1, seed=3, max_length=250, attempts=1))
    assert str(generated.tune).rstrip("\n") == text.rstrip("\n")


def test_options_are_given_as_a_whole_or_one_by_one(lm, script):
    script(GOOD)
    options = abclm.GenerationOptions(best_of=1, title="Asked", seed=1)
    assert lm.generate(options)[0] == lm.generate(best_of=1, title="Asked", seed=1)[0]
    assert lm.generate(options, title="Other")[0].title == "Other"


def test_bad_options_are_found_before_anything_is_sampled(lm, script):
    engine = script(GOOD)
    for write in (lm.generate, lm.stream):
        with pytest.raises(ConfigError, match="temperature"):
            write(temperature=-1)
    assert engine.steps == 0


def test_an_option_that_there_is_not_is_an_error_with_the_nearest(lm):
    with pytest.raises(ConfigError, match="no option 'temprature'; did you mean temperature"):
        lm.generate(temprature=1)


def test_a_model_without_the_symbols_of_a_tune_says_so():
    lm = LanguageModel.create(
        ModelConfig(embedding_dimension=3, units=4), CharacterTokenizer.from_text("abc\n")
    )
    with pytest.raises(ModelError, match="lacks '1', ':', 'K', 'X'"):
        lm.generate(seed=1)


def test_a_model_of_notes_writes_no_abc_and_says_so():
    lm = LanguageModel.create(
        ModelConfig(embedding_dimension=3, units=4), NoteTokenizer.of_names([["E5", "0.4.7"]])
    )
    for write in (lm.generate, lambda **options: list(lm.stream(**options))):
        with pytest.raises(
            ModelError, match=r"^this takes a model of the characters of ABC, .* are notes; give"
        ):
            write(seed=1)


OTHER = "|:AcA EFG|c2B A2c|eag edc|B2A GFE:|\n\n"


@pytest.fixture
def learned(lm):
    """A model that learned one tune."""
    known = Tune.parse(f"X:1\nT:Known\nM:6/8\nL:1/8\nK:D\n{GOOD}")
    lm.novelty_index = NoveltyIndex.create([known])
    return lm


def test_a_copy_is_not_novel_and_another_is_tried(learned, script):
    script(GOOD, OTHER)
    options = GenerationOptions(constrained=False, seed=1, meter="6/8", unit_note_length="1/8", key="D")
    (copy,) = generate(learned, options)
    assert copy.attempts == 1
    assert copy.overlap is None
    script(GOOD, OTHER)
    (generated,) = generate(learned, replace(options, novel=True))
    assert generated.attempts == 2
    assert not generated.overlap.is_copy()
    assert "AcA" in str(generated.tune)


def test_where_every_attempt_is_a_copy_none_is_given(learned, script):
    script(GOOD)
    options = GenerationOptions(constrained=False, seed=1, meter="6/8", key="D", novel=True, attempts=3)
    with pytest.raises(ModelError, match=r"tune 1: each of 3 attempts has too much of .* .Known."):
        next(generate(learned, options))


def test_what_is_novel_can_only_be_told_with_an_index(lm):
    with pytest.raises(ModelError, match="no index of its training tunes"):
        next(generate(lm, GenerationOptions(novel=True)))
    with pytest.raises(ConfigError, match="temperature 0 writes one tune only, novel or not"):
        GenerationOptions(novel=True, temperature=0)


def test_novel_tunes_of_the_shipped_model_are_the_same_in_a_batch_and_alone():
    lm = abclm.load("session")
    options = {"novel": True, "n": 6, "seed": 2, "temperature": 0.6, "max_length": 400}
    together = lm.generate(best_of=1, **options)
    assert together == lm.generate(best_of=1, batch_size=1, **options)
    assert not any(lm.novelty_index.nearest(tune).is_copy() for tune in together)


def test_tunes_written_in_turns_with_one_engine_are_those_written_alone(lm):
    options = [
        GenerationOptions(best_of=1, seed=seed, max_length=250, bar_repetition=0.5 * seed)
        for seed in range(3)
    ]
    engine = lm.config.engine(lm.weights)
    steps = [stream_steps(lm, each, engine) for each in options]
    texts = ["", "", ""]
    while steps_left := [place for place, each in enumerate(steps) if each is not None]:
        for place in steps_left:
            added = next(steps[place], None)
            if added is None:
                steps[place] = None
            else:
                texts[place] += added
    assert texts == ["".join(stream(lm, each)) for each in options]


def test_a_stream_that_is_closed_ends_cleanly():
    lm = LanguageModel.create(ModelConfig(embedding_dimension=3, units=4), seed=1)
    characters = lm.stream(key="G", seed=1)
    assert next(characters) == "X"
    characters.close()
    assert list(characters) == []
    with pytest.raises(ConfigError):
        lm.stream(key="H")
