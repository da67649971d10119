"""Turn a model and options into all that its tunes are written by, worked out once."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abclm.analysis.compass import ANY, Compass, compass_in
from abclm.analysis.ends import SHORT, End, EndCounts
from abclm.analysis.forms import TuneForm, draw_form
from abclm.errors import ModelError, NotationError
from abclm.generation.abc.bars import Bars
from abclm.generation.abc.draft import TuneDraft
from abclm.generation.abc.ending import Ending
from abclm.generation.abc.given.planned import PlannedBars
from abclm.generation.abc.given.rewriting import GapFilter, RewritingDraft
from abclm.generation.abc.grammar import grammar_for
from abclm.generation.abc.masks import Masks
from abclm.generation.abc.prompt import Prompt
from abclm.generation.abc.symbol_filter import FreeFilter, GrammarFilter
from abclm.generation.abc.title import KnownTitles, Title
from abclm.generation.abc.told import Telling
from abclm.generation.sampling import Sampler
from abclm.models.context import Context, Told, told_of
from abclm.models.recall import Cache
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.tokenizers.characters import as_characters

if TYPE_CHECKING:
    from collections.abc import Callable

    from abclm.generation.abc.given.tune import Gaps
    from abclm.generation.abc.symbol_filter import SymbolFilter
    from abclm.generation.options import GenerationOptions
    from abclm.models.model import Model
    from abclm.notation.grammar import Grammar
    from abclm.tokenizers.characters import CharacterTokenizer

# Of the random numbers of an attempt, those that its form and its ending are drawn by, and which draw is kept.
_FORM, _TONIC, _CHOICE = 1, 2, 9

DRAWS = 4  # of a tune, of which the best is kept
REWRITING_DRAWS = 8  # of a tune with new bars

_MOST_DRAWS = 8  # of what a model is told, until it goes with what was asked for

Beginning = tuple["SymbolFilter", "Context | None"]
"""Of one attempt at one tune."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What was asked of a model.

    Attributes:
        options: with a seed.
        tokenizer: the model's.
        sampler: draws the symbols.
        begin: makes for each attempt at each tune what says which symbols may come next, and what the model is told.
        cache: the weights of the model's cache: none where bars that repeat are held back, which it would bring again.
        ends: how the parts of training tunes end.
        tonic_share: of the tunes that are to end on their tonic, where that isn't known.
        gaps: of the tune that is rewritten; None for new tunes.
        titles: of the training tunes, as far as they are known.
    """

    options: GenerationOptions
    tokenizer: CharacterTokenizer
    sampler: Sampler
    begin: Callable[[int, int], Beginning]
    cache: tuple[float, ...]
    ends: EndCounts
    tonic_share: float
    gaps: Gaps | None
    titles: KnownTitles

    @classmethod
    def of(cls, lm: Model, options: GenerationOptions) -> Request:
        """Work out what was asked for.

        Raises:
            ModelError: the model's tokens are no characters, its vocabulary lacks a symbol that was asked for, or its
                metadata are broken.
        """
        options, tokenizer = options.with_seed(), as_characters(lm.tokenizer)
        if options.planned and not lm.config.columns:
            raise ModelError(
                "only a model with structure writes by a plan; leave out plan, or use another model"
            )
        gaps = options.gaps
        begin = _rewriting(lm, gaps, options, tokenizer) if gaps else _beginnings(lm, options, tokenizer)
        cache = lm.config.cache if options.bar_repetition == 1 else ()
        titles = KnownTitles(lm.novelty_index.titles if lm.novelty_index else ())
        return cls(
            options,
            tokenizer,
            Sampler.of(options),
            begin,
            cache,
            EndCounts.in_metadata(lm.metadata),
            lm.tonic_endings or 0.0,
            gaps,
            titles,
        )

    @property
    def draws(self) -> int:
        """How many draws of each tune are compared."""
        if self.options.temperature == 0:
            return 1
        return self.options.best_of or (
            REWRITING_DRAWS if self.gaps else DRAWS if self.options.constrained else 1
        )

    def choice(self, index: int) -> float:
        """The random number by which one of the draws of a tune is chosen, from 0 up to but not 1."""
        return _random(self.options, index, 0, _CHOICE).random()

    def draft(self, index: int, attempt: int) -> TuneDraft:
        """Begin an attempt at a tune, both counted from 0. Each has random numbers of its own."""
        options = self.options
        # At temperature 0 the next draw would be the same.
        again = options.constrained and options.temperature > 0
        redraws = options.bar_redraws if again else 0
        symbol_filter, context = self.begin(index, attempt)
        cache = Cache(self.cache, begin=None) if self.cache else None
        if self.gaps:
            return RewritingDraft(
                symbol_filter, _random(options, index, attempt), len(self.gaps.text) * 4, self.tokenizer,
                index=index, attempt=attempt, cache=cache, context=context,
            )  # fmt: skip
        rhythm = options.prompt.header.get("R", context.told.rhythm if context else None)
        draws_title = options.temperature > 0 and "T" not in options.prompt.header
        wanted = self._ends(symbol_filter.parts_left, rhythm, _random(options, index, attempt, _TONIC))
        ending = Ending(options.ending_draws, wanted, by_chance=context is None)
        planned = PlannedBars(options.planned) if options.planned else None
        keeps = 0.0 if planned and again else options.bar_repetition  # bars that are not alike differ
        return TuneDraft(
            symbol_filter,
            _random(options, index, attempt),
            options.max_length,
            self.tokenizer,
            index=index,
            attempt=attempt,
            cache=cache,
            context=context,
            bars=Bars(keeps, redraws) if redraws or keeps < 1 else None,
            ending=ending if again and options.ending_draws > 1 else None,
            title=Title(rhythm, self.titles) if draws_title else None,
            planned=planned,
        )

    def _ends(self, parts: int, rhythm: str | None, random: np.random.Generator) -> tuple[End, ...]:
        """How the last parts of a tune should end."""
        if self.ends.rhythms:
            ends = self.ends.draw(random, rhythm, parts)
            # A bar that repeats is not copied where such bars are held back.
            return ends if self.options.bar_repetition == 1 else tuple(end._replace(alike=0) for end in ends)
        return (End(bool(random.random() < self.tonic_share), SHORT),)


def _random(options: GenerationOptions, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=key))


def _beginnings(
    lm: Model, options: GenerationOptions, tokenizer: CharacterTokenizer
) -> Callable[[int, int], Beginning]:
    """What makes a filter for each attempt at each tune, by the grammar or for a free tune's header alone."""
    prompt, masks = options.prompt, Masks(tokenizer)
    constrained = options.constrained and _knows_the_symbols(tokenizer)
    asked = TuneForm(options.parts, options.bars)
    # A model with structure is told the form; for any other, only the grammar knows it.
    telling = Telling.of(options, lm.metadata) if lm.config.columns else None
    of_parts = None if options.any_form else options.kept
    forms = [] if telling or options.any_form or options.parts or options.bars or of_parts else lm.forms
    untold = Told(form=of_parts.likely_form) if of_parts else Told()

    @functools.cache
    def grammar_of(header: frozenset[tuple[str, str]], form: TuneForm, sections: tuple[int, ...]) -> Grammar:
        return grammar_for(dict(header), prompt.opening, *form, options.max_length, sections)

    compass_of = functools.cache(functools.partial(_compass, lm, options))

    def filter_for(told: Told, form: TuneForm) -> SymbolFilter:
        fields = {"R": told.rhythm, "K": told.key}
        header = {letter: value for letter, value in fields.items() if value is not None} | prompt.header
        if not constrained:
            given = {letter: value for letter, value in header.items() if value}
            return FreeFilter(Prompt(given, prompt.opening), masks)
        sections = () if form.parts else told.form
        if sections:
            form = TuneForm()
        grammar = grammar_of(frozenset(header.items()), form, sections)
        return GrammarFilter(grammar, masks, prompt.opening, options.max_length, compass_of(header.get("R")))

    def begin(index: int, attempt: int) -> Beginning:
        random = _random(options, index, attempt, _FORM)
        # What is drawn need not go with what was asked for: other meters, a longer opening.
        for _ in range(_MOST_DRAWS):
            told, form = telling.draw(random) if telling else untold, asked
            if forms:
                form = draw_form(forms, prompt.header.get("R"), random)
            elif asked.parts and told.form:
                form = TuneForm(asked.parts, told.form[0])
            try:
                return filter_for(told, form), Context(tokenizer, told) if telling else None
            except NotationError:
                if not telling:
                    break
        told = telling.asked if telling else Told()
        # Not every tune that is given keeps to its form as the grammar counts it.
        return filter_for(told._replace(form=()), asked), Context(tokenizer, told) if telling else None

    return begin


def _compass(lm: Model, options: GenerationOptions, rhythm: str | None) -> Compass | None:
    if options.compass is None:
        return compass_in(lm.metadata, rhythm)
    return None if options.compass.strip().lower() == ANY else Compass.of(options.compass)


def _rewriting(
    lm: Model, gaps: Gaps, options: GenerationOptions, tokenizer: CharacterTokenizer
) -> Callable[[int, int], Beginning]:
    """What makes a filter for each draw of a tune with new bars."""
    masks = Masks(tokenizer)
    masks.require(*CANONICAL_SYMBOLS, gaps.text)
    told = told_of(gaps.text)
    compass = _compass(lm, options, told.rhythm)
    return lambda index, attempt: (
        GapFilter(gaps, masks, compass),
        Context(tokenizer, told) if lm.config.columns else None,
    )


def _knows_the_symbols(tokenizer: CharacterTokenizer) -> bool:
    """Whether a vocabulary has all symbols of canonical tunes; warns if it lacks some, or has others too."""
    lacking = sorted(symbol for symbol in CANONICAL_SYMBOLS if symbol not in tokenizer)
    others = [symbol for symbol in tokenizer.symbols if symbol not in CANONICAL_SYMBOLS]
    if lacking:
        names = ", ".join(map(repr, lacking[:5]))
        _logger.warning("the model's vocabulary lacks %s: its tunes are not held to the grammar", names)
    elif others:
        names = ", ".join(map(repr, others[:5])) + (", ..." if len(others) > 5 else "")
        _logger.warning(
            "the tunes are canonical ones, without other symbols that the model knows (%s); unconstrained, it "
            "may write them", names,
        )  # fmt: skip
    return not lacking
