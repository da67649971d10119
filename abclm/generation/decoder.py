"""Turn a model and writers into finished tunes, many at a time: one matrix product steps all of them.

A tune is the same in a batch of any size. Up to `Engine.few` tunes are multiplied one by one, with the same bits as a
tune alone. In larger batches the logits differ from those in the last bits, and so might a draw that falls between
two symbols: such a draw is decided by the logits that the tune has alone, worked out from its beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.abc.ending import closing_symbols, log_probability
from abclm.generation.sampling import draw
from abclm.models.recall import Cache, mix

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.abc.draft import Writer
    from abclm.generation.options import GenerationOptions
    from abclm.models.architecture import Engine
    from abclm.tokenizers.characters import CharacterTokenizer

    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

TOLERANCE = 1e-6
"""How far a logit may be from the one that the tune has alone, relative to the largest of its row.

They are sums of a thousand float32 products in another order; a test holds that those of `session` stay within it.
"""


class Batch:
    """Tunes that are written together, a column of the state each.

    Args:
        engine: of the model.
        tokenizer: the model's.
        options: how to sample.
        writers: of the tunes to begin with, one or more.
    """

    def __init__(
        self, engine: Engine, tokenizer: CharacterTokenizer, options: GenerationOptions, writers: list[Writer]
    ) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self._options = options
        self.writers = writers
        self._tolerance = 0.0 if len(writers) <= engine.few else TOLERANCE
        self._state = engine.start(len(writers))
        # In training, a tune always came after this.
        self._start = tokenizer.start
        self._last = [self._start] * len(writers)
        self._logits: Floats = np.empty((0, 0), np.float32)
        # What may come next is looked up while a tune's objects are in the processor's cache, as the product of the
        # next step drives them out.
        self._allowed = np.array([writer.guide.allowed() for writer in writers])
        self._drawn_from = self._allowed.copy() if writers[0].takes_back else self._allowed
        self._numbers = _Numbers(writers)
        self._recalled = np.zeros(len(writers), np.int64)
        self._weights = np.zeros(len(writers))  # of what is recalled; all 0 where the model has no cache

    def run(self, next_writer: Callable[[], Writer | None]) -> Iterator[list[Writer]]:
        """Write until all tunes are finished.

        Args:
            next_writer: gives what to write in the place of a tune that is finished, or None. It is asked after
                the finished ones have been yielded.

        Yields:
            After each symbol, the writers that finished with it; often none.
        """
        symbols = self._tokenizer.symbols
        while self.writers:
            self._logits = self._engine.step(self._state, self._last)
            mix(self._logits, self._recalled, self._weights)
            numbers, writers = self._numbers.each(), self.writers
            ids, certain = draw(self._logits, self._options, numbers, self._drawn_from, self._tolerance)
            if self._tolerance:
                for place in np.flatnonzero(~certain).tolist():
                    ids[place] = self._decide(place, numbers[place], self._drawn_from[place])
            self._last = ids.tolist()
            if writers[0].takes_back:
                for place in range(len(writers)):
                    self._settle(place)
            ended = []
            for place, (writer, token_id) in enumerate(zip(writers, self._last, strict=True)):
                if writer.in_last_bar:
                    self._follow_ending(place)
                if not writer.write(symbols[token_id]):
                    self._look_ahead(place)
                elif writer.ending is None or self._takes_ending(place):
                    ended.append(place)
                else:
                    self._begin_ending_again(place)
            yield [writers[place] for place in ended]
            if ended:
                self._go_on(ended, next_writer)

    def _look_ahead(self, place: int) -> None:
        """Look up what may come next of one tune, and what is recalled."""
        writer = self.writers[place]
        self._allowed[place] = allowed = writer.guide.allowed()
        if self._drawn_from is not self._allowed:
            self._drawn_from[place] = True if writer.is_free else allowed
        if cache := writer.cache:
            self._weights[place] = cache.weight
            if cache.symbol is not None:
                self._recalled[place] = self._tokenizer.char_to_id[cache.symbol]

    def _settle(self, place: int) -> None:
        """Where the symbol to be written isn't allowed, or completes a bar that is to be drawn anew, draw another."""
        writer, symbols = self.writers[place], self._tokenizer.symbols
        logits, allowed = self._logits[place], self._allowed[place]
        while True:
            token_id = self._last[place]
            if writer.begins_bar(symbols[token_id]):
                writer.remember(self._state.column(place), logits.copy())
            is_allowed = bool(allowed[token_id])
            if is_allowed and not writer.refuses(symbols[token_id], lambda: self._numbers.one(place)):
                return
            state, logits = writer.begin_bar_again(not_allowed=not is_allowed)
            self._state.put(place, state)
            allowed = writer.guide.allowed()
            self._draw_again(place, logits, np.ones_like(allowed) if writer.is_free else allowed)

    def _draw_again(self, place: int, logits: Floats, drawn_from: Mask) -> None:
        """Draw another symbol of one tune."""
        number = self._numbers.one(place)
        ids, certain = draw(
            logits[None], self._options, np.array([number]), drawn_from[None], self._tolerance
        )
        self._last[place] = int(ids[0]) if certain[0] else self._decide(place, number, drawn_from)

    def _follow_ending(self, place: int) -> None:
        """Take note of the symbol to be written, which belongs to the last bar or ends the tune."""
        writer, token_id = self.writers[place], self._last[place]
        ending = writer.ending or writer.begin_ending(self._state.column(place), self._logits[place].copy())
        ending.follow(self._tokenizer.symbols[token_id], token_id, self._logits[place])

    def _takes_ending(self, place: int) -> bool:
        """Whether a tune that is complete keeps its last bar, or one that it had before."""
        writer = self.writers[place]
        assert writer.ending is not None
        alone = partial(self._end_alone, writer.cache) if self._tolerance else None
        text = writer.ending.take(writer.text, lambda: self._numbers.one(place), alone)
        if text is None:
            return False
        writer.text = text
        return True

    def _begin_ending_again(self, place: int) -> None:
        """Take back the last bar, and write its first symbol anew."""
        writer = self.writers[place]
        state, self._logits[place] = writer.begin_ending_again()
        self._state.put(place, state)
        self._allowed[place] = allowed = writer.guide.allowed()
        self._draw_again(place, self._logits[place], allowed)
        if writer.takes_back:
            self._settle(place)
        self._follow_ending(place)
        writer.write(self._tokenizer.symbols[self._last[place]])
        self._look_ahead(place)

    def _end_alone(self, cache: Cache | None, text: str, begin: int) -> float:
        """How likely the end of a tune is whose last bar begins at some place, by the logits that it has alone."""
        state, chance = self._engine.start(), 0.0
        follows = Cache(cache.weights) if cache else None
        ids = [self._start, *self._tokenizer.encode(text).tolist()]
        first = len(text) - closing_symbols(text, begin)
        for place, (token_id, next_id) in enumerate(pairwise(ids)):
            logits = self._engine.step(state, [token_id])
            if place >= first:
                if follows and follows.symbol is not None:
                    recalled = np.array([self._tokenizer.char_to_id[follows.symbol]])
                    mix(logits, recalled, np.array([follows.weight]))
                chance += log_probability(logits[0], next_id)
            if follows:
                follows.add(text[place])
        return math.exp(chance)

    def _decide(self, place: int, number: float, drawn_from: Mask) -> int:
        """Draw by the logits that the tune has alone."""
        state = self._engine.start()
        for token_id in [self._start, *self._tokenizer.encode(self.writers[place].text).tolist()]:
            logits = self._engine.step(state, [token_id])
        if (cache := self.writers[place].cache) and cache.symbol is not None:
            mix(logits, np.array([self._tokenizer.char_to_id[cache.symbol]]), np.array([cache.weight]))
        ids, _ = draw(logits, self._options, np.array([number]), drawn_from[None])
        return int(ids[0])

    def _go_on(self, ended: list[int], next_writer: Callable[[], Writer | None]) -> None:
        """Begin other tunes in the place of those that are finished, or close the gaps."""
        gaps = set()
        for place in ended:
            other = next_writer()
            if other is None:
                gaps.add(place)
                continue
            self.writers[place] = other
            self._state.put(place, self._engine.start())
            self._last[place] = self._start
            self._weights[place] = 0
            self._look_ahead(place)
            self._numbers.replace(place, other)
        if gaps:
            kept = [place for place in range(len(self.writers)) if place not in gaps]
            self.writers = [self.writers[place] for place in kept]
            self._last = [self._last[place] for place in kept]
            self._state = self._state.only(kept)
            self._weights, self._recalled = self._weights[kept], self._recalled[kept]
            takes_back = self._drawn_from is not self._allowed
            self._allowed = self._allowed[kept]
            self._drawn_from = self._drawn_from[kept] if takes_back else self._allowed
            self._numbers.keep(kept)


class _Numbers:
    """Random numbers from 0 up to but not 1, a row for each writer: a step takes a column without asking each."""

    _AHEAD = 64  # numbers of a writer that are drawn at a time

    def __init__(self, writers: list[Writer]) -> None:
        self._sources = [writer.random for writer in writers]
        self._rows = np.empty((len(writers), self._AHEAD))
        self._column = self._AHEAD  # the next; those before it are used up

    def each(self) -> npt.NDArray[np.float64]:
        """The next number of every writer, (batch,)."""
        if self._column == self._AHEAD:
            self._column = 0
            for place in range(len(self._sources)):
                self._fill(place)
        self._column += 1
        return self._rows[:, self._column - 1]

    def one(self, place: int) -> float:
        """The next number of one writer."""
        source, row = self._sources[place], self._rows[place]
        if self._column == self._AHEAD:
            return float(source.random())
        number = float(row[self._column])
        row[self._column : -1] = row[self._column + 1 :]
        row[-1] = source.random()
        return number

    def replace(self, place: int, writer: Writer) -> None:
        """Go on with another writer's in the place of one's."""
        self._sources[place] = writer.random
        self._fill(place)

    def keep(self, places: list[int]) -> None:
        """Go on with the writers in these places."""
        self._sources = [self._sources[place] for place in places]
        self._rows = self._rows[places]

    def _fill(self, place: int) -> None:
        self._rows[place, self._column :] = self._sources[place].random(self._AHEAD - self._column)
