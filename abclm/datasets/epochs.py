"""Turn a corpus into each epoch's windows: cut anywhere or tune by tune, in the tunes' own keys or in others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from abclm.datasets.encoded import EncodedCorpus, Ids
from abclm.datasets.windows import EpochOrder, Text, tune_starts, windows_per_epoch
from abclm.errors import ConfigError
from abclm.notation.keys import Key, parse_key
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tune import Tune

LOWEST, HIGHEST = -5, 6
"""Semitones that a tune is moved by."""


class Feed:
    """What a run trains on, epoch by epoch; each can be made again from the seed and its number.

    Args:
        corpus: the tunes.
        tokenizer: what tunes in other keys are encoded with.
        sequence_length: characters of a window's input.
        batch_size: windows of a batch.
        seed: of the order of windows, and of keys.
        whole_tunes: whether windows begin with tunes.
        transposition: the share of the tunes that go into other keys.
        in_keys: the tunes as token ids by their place and by how many semitones they are moved, as far as they are
            known; what is missing is added, so that feeds of the same tunes can share them.

    Attributes:
        windows: of a batch.
        steps_per_epoch: the same for every epoch.

    Raises:
        ConfigError: too little text for one window; or tunes on the disk were asked for tune by tune or
            in other keys.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        tokenizer: CharacterTokenizer,
        *,
        sequence_length: int,
        batch_size: int,
        seed: int,
        whole_tunes: bool = False,
        transposition: float = 0.0,
        in_keys: dict[tuple[int, int], Ids] | None = None,
    ) -> None:
        self._corpus, self._sequence_length, self._seed = corpus, sequence_length, seed
        self._whole_tunes, self._transposition = whole_tunes, transposition
        self._count = windows_per_epoch(len(corpus.text), sequence_length)
        self.windows = min(batch_size, self._count)
        self.steps_per_epoch = self._count // self.windows
        self._tunes: _EpochTunes | None = None
        self._start = np.array([tokenizer.start], tokenizer.dtype)
        if whole_tunes or transposition:
            if corpus.source is None:
                raise ConfigError(
                    f"{corpus.name} is read from the disk, as it is large, and so in windows cut anywhere and in "
                    "its own keys; leave out whole_tunes and transposition"
                )
            if transposition and not corpus.source.is_canonical:
                raise ConfigError(
                    "transposition is for canonical tunes; let them be normalised, or leave it out"
                )
            self._tunes = _EpochTunes(
                corpus.source.tunes, tokenizer, seed, transposition, {} if in_keys is None else in_keys
            )

    def epoch(self, number: int) -> tuple[Text, EpochOrder | npt.NDArray[np.int64]]:
        """Give an epoch's text, and where its windows start.

        Args:
            number: of the epoch, from 0.

        Returns:
            Token ids, uint8 `(characters,)` or on the disk; and the starts, in the order of training. Each window
            has its `sequence_length` characters and one more.
        """
        length, seed, text = self._sequence_length, self._seed, self._corpus.text
        if self._tunes is None:
            return text, EpochOrder(len(text), length, seed, number)
        tunes = self._tunes(number)
        lengths = np.array([len(tune) for tune in tunes])
        text = np.concatenate([self._start, *tunes])
        if self._whole_tunes:
            starts = tune_starts(lengths, length, self._count)
            text = np.resize(text[1:], len(text) + length)  # it begins anew
            return np.concatenate([self._start, text]), starts
        # Tunes in other keys are as long as before but for accidentals.
        return text, np.resize(EpochOrder(len(text), length, seed, number)[:], self._count)


class _EpochTunes:
    """An epoch's tunes: in another order each time, and each time a share of them in other keys.

    The key that a tune is moved to is drawn as often as the corpus has it, among keys of the tune's mode, so
    that the keys as a whole stay what they are.
    """

    def __init__(
        self,
        tunes: tuple[Tune, ...],
        tokenizer: CharacterTokenizer,
        seed: int,
        transposition: float,
        in_keys: dict[tuple[int, int], Ids],
    ) -> None:
        self._tunes, self._tokenizer, self._in_keys = tunes, tokenizer, in_keys
        self._seed, self._transposition = seed, transposition
        self._keys = [parse_key(tune.key) for tune in tunes]
        self._tonics: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = {}
        counts: dict[str, Counter[int]] = {}
        for key in self._keys:
            counts.setdefault(key.mode, Counter())[key.tonic_pitch_class] += 1
        for mode, counted in counts.items():
            tonics = sorted(counted)
            shares = np.array([counted[tonic] for tonic in tonics], np.float64)
            self._tonics[mode] = np.array(tonics), shares / shares.sum()

    def __call__(self, epoch: int) -> list[Ids]:
        random = np.random.default_rng([self._seed, epoch, len(self._tunes)])
        order = random.permutation(len(self._tunes))
        moved = random.random(len(self._tunes)) < self._transposition
        return [
            self._in_key(place, self._semitones(self._keys[place], random) if moves else 0)
            for place, moves in zip(order.tolist(), moved.tolist(), strict=True)
        ]

    def _semitones(self, key: Key, random: np.random.Generator) -> int:
        tonics, shares = self._tonics[key.mode]
        semitones = int(random.choice(tonics, p=shares)) - key.tonic_pitch_class
        return (semitones - LOWEST) % 12 + LOWEST

    def _in_key(self, place: int, semitones: int) -> Ids:
        found = self._in_keys.get((place, semitones))
        if found is None:
            found = encode_in_key(self._tunes[place], semitones, self._tokenizer)
            self._in_keys[place, semitones] = found
        return found


def encode_in_key(tune: Tune, semitones: int, tokenizer: CharacterTokenizer) -> Ids:
    """Encode a canonical tune, moved by some semitones, with the empty line that ends it."""
    moved = tune.transpose(semitones) if semitones else tune
    return tokenizer.encode_piece(moved.text)[1:]
