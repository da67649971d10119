"""Turn a corpus into each epoch's batches: cut anywhere or tune by tune, in the tunes' own keys or in others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.encoded_corpus import EncodedCorpus, Ids
from abclm.errors import ConfigError
from abclm.notation.keys import Key, parse_key
from abclm.notation.tune import Tune
from abclm.training_config import TrainingConfig
from abclm.vocabulary import Vocabulary
from abclm.windows import EpochOrder, Text, epoch_batches, tune_starts, windows_per_epoch

_LOWEST = -5  # semitones; the highest is 11 above it


class Feed:
    """What a run trains on, epoch by epoch; each can be made again from the seed and its number.

    Args:
        corpus: the tunes.
        config: sequence length, batch size, seed; whether windows begin with tunes; the share of the
            tunes that go into other keys.
        vocabulary: what tunes in other keys are encoded with.

    Attributes:
        windows: of a batch.
        steps_per_epoch: the same for every epoch.

    Raises:
        ConfigError: too little text for one window; or tunes on the disk were asked for tune by tune or
            in other keys.
    """

    def __init__(self, corpus: EncodedCorpus, config: TrainingConfig, vocabulary: Vocabulary) -> None:
        self._corpus, self._config = corpus, config
        self._count = windows_per_epoch(len(corpus.text), config.sequence_length)
        self.windows = min(config.batch_size, self._count)
        self.steps_per_epoch = self._count // self.windows
        self._tunes: _EpochTunes | None = None
        self._newline = vocabulary.encode("\n")
        if config.whole_tunes or config.transposition:
            if corpus.source is None:
                raise ConfigError(
                    f"{corpus.name} is read from the disk, as it is large, and so in windows cut anywhere and in "
                    "its own keys; leave out whole_tunes and transposition"
                )
            if config.transposition and not corpus.source.is_canonical:
                raise ConfigError(
                    "transposition is for canonical tunes; let them be normalised, or leave it out"
                )
            self._tunes = _EpochTunes(corpus.source.tunes, vocabulary, config)

    def batches(self, epoch: int, first: int = 0, part: Callable[[int], slice] = slice) -> Any:
        """Make an epoch's batches.

        Args:
            epoch: counted from 0.
            first: how many batches to pass over.
            part: the part of so many windows to take of each batch; by default all.

        Returns:
            A `tf.data.Dataset` of uint8 pairs (inputs, targets), each `(windows, sequence_length)`.
        """
        length, seed = self._config.sequence_length, self._config.seed
        text: Text = self._corpus.text
        starts: EpochOrder | npt.NDArray[np.int64]
        if self._tunes is None:
            starts = EpochOrder(len(text), length, seed, epoch)
        else:
            tunes = self._tunes(epoch)
            lengths = np.array([len(tune) for tune in tunes])
            text = np.concatenate([self._newline, *tunes])
            if self._config.whole_tunes:
                starts = tune_starts(lengths, length, self._count)
                text = np.resize(text[1:], len(text) + length)  # it begins anew
                text = np.concatenate([self._newline, text])
            else:  # tunes in other keys are as long as before but for accidentals
                starts = np.resize(EpochOrder(len(text), length, seed, epoch)[:], self._count)
        return epoch_batches(
            text, starts, sequence_length=length, batch_size=self._config.batch_size, first=first, part=part
        )


class _EpochTunes:
    """An epoch's tunes: in another order each time, and each time a share of them in other keys.

    The key that a tune is moved to is drawn as often as the corpus has it, among keys of the tune's mode, so
    that the keys as a whole stay what they are.
    """

    def __init__(self, tunes: tuple[Tune, ...], vocabulary: Vocabulary, config: TrainingConfig) -> None:
        self._tunes, self._vocabulary, self._config = tunes, vocabulary, config
        self._keys = [parse_key(tune.key) for tune in tunes]
        self._tonics: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = {}
        counts: dict[str, Counter[int]] = {}
        for key in self._keys:
            counts.setdefault(key.mode, Counter())[key.tonic_pitch_class] += 1
        for mode, counted in counts.items():
            tonics = sorted(counted)
            shares = np.array([counted[tonic] for tonic in tonics], np.float64)
            self._tonics[mode] = np.array(tonics), shares / shares.sum()
        self._encoded: dict[tuple[int, int], Ids] = {}  # by place and semitones

    def __call__(self, epoch: int) -> list[Ids]:
        random = np.random.default_rng([self._config.seed, epoch, len(self._tunes)])
        order = random.permutation(len(self._tunes))
        moved = random.random(len(self._tunes)) < self._config.transposition
        return [
            self._in_key(place, self._semitones(self._keys[place], random) if moves else 0)
            for place, moves in zip(order.tolist(), moved.tolist(), strict=True)
        ]

    def _semitones(self, key: Key, random: np.random.Generator) -> int:
        tonics, shares = self._tonics[key.mode]
        semitones = int(random.choice(tonics, p=shares)) - key.tonic_pitch_class
        return (semitones - _LOWEST) % 12 + _LOWEST

    def _in_key(self, place: int, semitones: int) -> Ids:
        found = self._encoded.get((place, semitones))
        if found is None:
            tune = self._tunes[place]
            text = (tune.transpose(semitones) if semitones else tune).text
            found = self._vocabulary.encode(f"{text.rstrip()}\n\n")
            self._encoded[place, semitones] = found
        return found
