"""Turn a model and options into tunes: write, check, and try again where a tune can't be played."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.constraint import grammar_for
from abclm.generation.guide import GrammarGuide, Guide
from abclm.generation.sampling import sample
from abclm.generation.step import Engine
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.notation.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.options import GenerationOptions
    from abclm.language_model import LanguageModel
    from abclm.notation.grammar import Grammar

FEWEST_NOTES = 8  # as heard; what has less is no tune

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GeneratedTune:
    """A tune and how it came about.

    Attributes:
        tune: as the model wrote it.
        number: which of the tunes asked for, from 1.
        seed: with the same options and model, it gives this tune again.
        attempts: how many were made.
        characters: how many were written, over all attempts.
        problems: what keeps the tune from being played, a line each; usually nothing.
    """

    tune: Tune
    number: int
    seed: int
    attempts: int
    characters: int
    problems: tuple[str, ...]


def generate(lm: LanguageModel, options: GenerationOptions) -> Iterator[GeneratedTune]:
    """Write tunes, one after the other.

    Args:
        lm: the model.
        options: what to write and how. A tune depends on the seed and its place among the tunes, not
            on how many there are.

    Yields:
        `options.n` tunes, each as soon as it is written. A tune has at least 8 notes and no errors by
        `Tune.check`; where `options.attempts` tries gave none such, it is the try with the fewest
        problems, and a warning is logged.

    Raises:
        ModelError: the model's vocabulary lacks a symbol that was asked for.
    """
    options = options.with_seed()
    grammar = _grammar(lm, options)
    engine = Engine(lm)
    for index in range(options.n):
        yield _write_playable(lm, engine, options, grammar, index)


def stream(lm: LanguageModel, options: GenerationOptions) -> Iterator[str]:
    """Write one tune character by character, the first attempt whatever comes of it."""
    options = options.with_seed()
    return _characters(lm, Engine(lm), options, _grammar(lm, options), index=0, attempt=0)


def find_problems(text: str) -> tuple[str, ...]:
    """Say what keeps a tune that was written from being played."""
    tune = Tune.parse(text)
    problems = [
        f"{each.line}:{each.column}: {each.message}" for each in tune.check() if each.severity == "error"
    ]
    if not text.endswith("\n\n"):
        problems.append(f"it doesn't end within {len(text)} characters")
    notes = len(tune.notes())
    if notes < FEWEST_NOTES:
        problems.append(f"it has {notes} notes, not {FEWEST_NOTES} or more")
    return tuple(problems)


def _grammar(lm: LanguageModel, options: GenerationOptions) -> Grammar | None:
    """The grammar to keep to, or None where the model is left to itself."""
    if not options.constrained:
        return None
    lacking = sorted(symbol for symbol in CANONICAL_SYMBOLS if symbol not in lm.vocabulary)
    if lacking:
        names = ", ".join(map(repr, lacking[:5]))
        _logger.warning("the model's vocabulary lacks %s: its tunes are not held to the grammar", names)
        return None
    return grammar_for(options.header(), options.opening_music())


def _guide(lm: LanguageModel, options: GenerationOptions, grammar: Grammar | None) -> Guide | GrammarGuide:
    if grammar is None:
        return Guide(options, lm.vocabulary)
    return GrammarGuide(grammar, options.opening_music(), lm.vocabulary, options.max_length)


def _write_playable(
    lm: LanguageModel, engine: Engine, options: GenerationOptions, grammar: Grammar | None, index: int
) -> GeneratedTune:
    best, fewest = "", None
    characters = attempt = 0
    # At temperature 0 every attempt is the same.
    for attempt in range(options.attempts if options.temperature else 1):
        text = "".join(_characters(lm, engine, options, grammar, index, attempt))
        characters += len(text)
        problems = find_problems(text)
        if fewest is None or len(problems) < len(fewest):
            best, fewest = text, problems
        if not problems:
            break
    assert fewest is not None  # there is always a first attempt
    if fewest:
        _logger.warning(
            "tune %d: none of %d attempts can be played; kept the one with fewest problems (%d), as: %s",
            index + 1, attempt + 1, len(fewest), fewest[0],
        )  # fmt: skip
    seed = options.seed or 0
    return GeneratedTune(Tune.parse(best), index + 1, seed, attempt + 1, characters, fewest)


def _characters(
    lm: LanguageModel,
    engine: Engine,
    options: GenerationOptions,
    grammar: Grammar | None,
    index: int,
    attempt: int,
) -> Iterator[str]:
    """Write one attempt at one tune, prompt included, up to its closing empty line or `max_length`."""
    # A stream of numbers of its own for each attempt at each tune: none depends on the others.
    generator = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index, attempt)))
    guide = _guide(lm, options, grammar)
    state = engine.start()
    # In training, a tune always came after a newline.
    logits = engine.step(state, [lm.vocabulary.char_to_id["\n"]])
    for _ in range(options.max_length):
        token_id = sample(logits[:, 0], options, generator, guide.allowed())
        character = lm.vocabulary.symbols[token_id]
        guide.advance(character)
        yield character
        if guide.ended:
            return
        logits = engine.step(state, [token_id])
