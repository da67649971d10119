"""Turn a model and writers into finished tunes, many at a time: one matrix product steps all of them.

A tune is the same in a batch of any size. Up to `FEW` tunes are multiplied one by one, with the same bits as a
tune alone. In larger batches the logits differ from those in the last bits, and so might a draw that falls between
two symbols: such a draw is decided by the logits that the tune has alone, worked out from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from abclm.generation.sampling import draw
from abclm.generation.step import FEW, Engine, State

if TYPE_CHECKING:
    import numpy.typing as npt

    from abclm.generation.options import GenerationOptions
    from abclm.generation.writer import Writer
    from abclm.vocabulary import Vocabulary

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
        vocabulary: the model's.
        options: how to sample.
        writers: of the tunes to begin with, one or more.
    """

    def __init__(
        self, engine: Engine, vocabulary: Vocabulary, options: GenerationOptions, writers: list[Writer]
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._options = options
        self.writers = writers
        self._tolerance = 0.0 if len(writers) <= FEW else TOLERANCE
        self._state: State = engine.start(len(writers))
        self._newline = vocabulary.char_to_id["\n"]
        # In training, a tune always came after a newline.
        self._last = [self._newline] * len(writers)
        self._logits: Floats = np.empty((0, 0), np.float32)
        # What may come next is looked up while a tune's objects are in the processor's cache, as the product of the
        # next step drives them out.
        self._allowed = np.array([writer.guide.allowed() for writer in writers])
        self._numbers = _Numbers(writers)

    def run(self, next_writer: Callable[[], Writer | None]) -> Iterator[list[Writer]]:
        """Write until all tunes are finished.

        Args:
            next_writer: gives what to write in the place of a tune that is finished, or None. It is asked after
                the finished ones have been yielded.

        Yields:
            After each symbol, the writers that finished with it; often none.
        """
        symbols = self._vocabulary.symbols
        while self.writers:
            self._logits = self._engine.step(self._state, self._last)
            numbers, writers, allowed = self._numbers.each(), self.writers, self._allowed
            ids, certain = draw(self._logits, self._options, numbers, allowed, self._tolerance)
            if self._tolerance:
                for place in np.flatnonzero(~certain).tolist():
                    ids[place] = self._decide(place, numbers[place], allowed[place])
            self._last = ids.tolist()
            if self._options.bar_repetition < 1:
                for place in range(len(writers)):
                    self._hold_back(place)
            ended = []
            for place, (writer, token_id) in enumerate(zip(writers, self._last, strict=True)):
                if writer.write(symbols[token_id]):
                    ended.append(place)
                else:
                    allowed[place] = writer.guide.allowed()
            yield [writers[place] for place in ended]
            if ended:
                self._go_on(ended, next_writer)

    def _hold_back(self, place: int) -> None:
        """Where the symbol to be written completes a bar that is to be drawn anew, begin it with another draw."""
        writer, symbols = self.writers[place], self._vocabulary.symbols
        if writer.begins_bar(symbols[self._last[place]]):
            writer.remember(self._state.column(place), self._logits[place].copy())
        while writer.refuses(symbols[self._last[place]], lambda: self._numbers.one(place)):
            state, logits = writer.begin_bar_again()
            self._state.put(place, state)
            number, allowed = self._numbers.one(place), writer.guide.allowed()
            ids, certain = draw(
                logits[None], self._options, np.array([number]), allowed[None], self._tolerance
            )
            self._last[place] = int(ids[0]) if certain[0] else self._decide(place, number, allowed)

    def _decide(self, place: int, number: float, allowed: Mask) -> int:
        """Draw by the logits that the tune has alone."""
        state = self._engine.start()
        for token_id in [self._newline, *self._vocabulary.encode(self.writers[place].text).tolist()]:
            logits = self._engine.step(state, [token_id])
        ids, _ = draw(logits, self._options, np.array([number]), allowed[None])
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
            self._last[place] = self._newline
            self._allowed[place] = other.guide.allowed()
            self._numbers.replace(place, other)
        if gaps:
            kept = [place for place in range(len(self.writers)) if place not in gaps]
            self.writers = [self.writers[place] for place in kept]
            self._last = [self._last[place] for place in kept]
            self._state = self._state.only(kept)
            self._allowed = self._allowed[kept]
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
