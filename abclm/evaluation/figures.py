"""Turn the losses of a model on tunes into bits per character and bits per tune, with intervals."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from abclm.errors import ConfigError
from abclm.models.context import INPUTS, told_of, with_context
from abclm.models.recall import recall
from abclm.models.told import ToldCounts
from abclm.show.html import table
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tune import Tune

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Ids = npt.NDArray[np.unsignedinteger[Any]]

FIGURES = (
    "bits_per_character",
    "header_bits_per_character",
    "body_bits_per_character",
    "bits_per_tune",
    "perplexity",
    "accuracy",
)


@dataclass(frozen=True, eq=False)
class Costs:
    """The losses of a model on tunes; each array has one number per tune.

    Attributes:
        header_nats: −ln p, summed over the characters up to the end of the `K:` line; float64 (tunes,).
        body_nats: the same for the characters after it, including the empty line at the end.
        header_characters: number of characters in the header; int64 (tunes,).
        body_characters: the same for the body.
        correct: number of characters to which the model gave the highest probability.
        told_nats: −ln p of what the model was told before the tune; 0 without `structure`.
    """

    header_nats: Floats
    body_nats: Floats
    header_characters: Integers
    body_characters: Integers
    correct: Integers
    told_nats: Floats

    def table(self) -> Floats:
        """All of them and a column of ones, `(tunes, 7)`."""
        columns = (self.header_nats, self.body_nats, self.header_characters, self.body_characters)
        ones = np.ones(len(self.correct))
        return np.stack([*columns, self.correct, self.told_nats, ones], axis=1).astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How well a model predicts tunes; it reads each tune separately, from a zero state after one newline.

    Attributes:
        bits_per_character: total nats / (ln 2 · characters); every character of the canonical text
            counts, including the empty line at the end, and what the model was told before the tune.
        bits_per_tune: total bits / tunes, which does not reward a longer way of writing.
        tunes: number of tunes.
        characters: total number of characters.
        header_bits_per_character: bits for the characters up to the end of the `K:` line.
        body_bits_per_character: bits for the characters after the `K:` line.
        perplexity: 2 to the power of the bits per character.
        accuracy: share of the characters to which the model gave the highest probability, 0 to 1.
        told_bits_per_tune: the part of the bits per tune for what the model was told; 0 without `structure`.
        costs: the losses of each tune, in the order of the tunes.
    """

    bits_per_character: float
    bits_per_tune: float
    tunes: int
    characters: int
    header_bits_per_character: float
    body_bits_per_character: float
    perplexity: float
    accuracy: float
    told_bits_per_tune: float = 0.0
    costs: Costs = field(compare=False, repr=False)

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Sum the losses of at least one tune."""
        table = costs.table()
        figures = _figures(table.sum(axis=0))
        return cls(
            tunes=len(table),
            characters=int(costs.header_characters.sum() + costs.body_characters.sum()),
            told_bits_per_tune=float(costs.told_nats.mean()) / math.log(2),
            costs=costs,
            **{name: float(value) for name, value in zip(FIGURES, figures, strict=True)},
        )

    def intervals(
        self, confidence: float = 0.95, samples: int = 1000, seed: int = 0
    ) -> dict[str, tuple[float, float]]:
        """Bootstrap intervals: how the figures would vary with other held-out tunes of the same kind.

        The tunes are resampled with replacement, and every figure is computed for each sample. The interval
        contains the middle `confidence` of the samples. B. Efron, "Bootstrap methods: another look
        at the jackknife", Annals of Statistics 7 (1979), 1-26.

        Args:
            confidence: above 0 and below 1.
            samples: number of samples.
            seed: a random seed.

        Returns:
            The lower and upper end for each of `FIGURES`; for a single tune, both are the figure.
        """
        table = self.costs.table()
        generator = np.random.default_rng(seed)
        drawn = np.empty((samples, len(FIGURES)))
        for row in drawn:
            counts = np.bincount(generator.integers(len(table), size=len(table)), minlength=len(table))
            row[:] = _figures(counts @ table)
        tail = (1 - confidence) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
        return {name: (float(low[place]), float(high[place])) for place, name in enumerate(FIGURES)}

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of the figures with their intervals."""
        ends = self.intervals()
        rows = [
            (
                name.replace("_", " "),
                f"{getattr(self, name):.4g}",
                f"{ends[name][0]:.4g} to {ends[name][1]:.4g}",
            )
            for name in FIGURES
        ]
        counts = [(name, getattr(self, name), None) for name in ("tunes", "characters")]
        return table(("figure", "", "95 % interval"), [*rows, *counts])

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        figures = asdict(self)
        del figures["costs"]
        if not self.told_bits_per_tune:
            del figures["told_bits_per_tune"]
        return figures


class EncodedTunes:
    """Tunes as token ids for evaluation.

    Args:
        tokenizer: the tokenizer of the model.
        tunes: canonical tunes, at least one.
        told: for a model with `structure`, what is known of what it is told.
        copies: whether such a model may copy; False measures its network alone.

    Attributes:
        ids: token ids of each tune, with a newline before it.
        inputs: what the network reads: the ids, with `structure` with the context beside each.
        told_nats: the cost of what the model is told of each tune.
        header_characters: number of characters before the body of each tune.

    Raises:
        ConfigError: no tunes.
        VocabularyError: a tune has a character that is not in the vocabulary.
    """

    def __init__(
        self,
        tokenizer: CharacterTokenizer,
        tunes: Iterable[Tune],
        told: ToldCounts | None = None,
        copies: bool = True,
    ) -> None:
        self.ids: list[Ids] = []
        self.header_characters: list[int] = []
        for tune in tunes:
            ids = tokenizer.encode_piece(tune.text)
            self.ids.append(ids)
            self.header_characters.append(min(tune.body_start, len(ids) - 1))
        if not self.ids:
            raise ConfigError("there are no held-out tunes to measure on; received an empty corpus")
        self.inputs, self.told_nats = self.ids, np.zeros(len(self.ids))
        if told is not None:
            all_told = [told_of(tokenizer.decode(ids)) for ids in self.ids]
            self.told_nats = math.log(2) * np.array([told.bits(each) for each in all_told])
            self.inputs = [
                with_context(tokenizer, ids, each) for ids, each in zip(self.ids, all_told, strict=True)
            ]
            for rows in [] if copies else self.inputs:
                rows[:, 1 + len(INPUTS) :] = 0

    def recalled(self, cache: Sequence[float]) -> list[tuple[npt.NDArray[np.int64], Floats]]:
        """Look up the predictions of a cache with these weights: for each tune ids and weights, both (characters,)."""
        # The newline before a tune and its header are not looked at.
        begins = (1 + header for header in self.header_characters)
        return [recall(ids[:-1].tolist(), cache, begin) for ids, begin in zip(self.ids, begins, strict=True)]

    def costs(self, header_nats: Sequence[float], nats: Sequence[float], correct: Sequence[int]) -> Costs:
        """Collect the losses of each tune; `nats` has the losses of all its characters."""
        headers = np.array(self.header_characters, np.int64)
        characters = np.array([len(ids) - 1 for ids in self.ids], np.int64)
        header, whole = np.asarray(header_nats, np.float64), np.asarray(nats, np.float64)
        right = np.asarray(correct, np.int64)
        return Costs(header, whole - header, headers, characters - headers, right, self.told_nats)


def _figures(totals: Floats) -> Floats:
    """The figures, in the order of `FIGURES`, from the sums of the columns of `Costs.table`."""
    header_nats, body_nats, header_characters, body_characters, correct, told_nats, tunes = totals
    bits = (header_nats + body_nats + told_nats) / math.log(2)
    characters = header_characters + body_characters
    per_character = bits / characters
    return np.array(
        [
            per_character,
            header_nats / math.log(2) / max(header_characters, 1),
            body_nats / math.log(2) / max(body_characters, 1),
            bits / tunes,
            2.0**per_character,
            correct / characters,
        ]
    )
