"""Turn a corpus into each epoch's windows: cut anywhere or tune by tune, in the tunes' own keys or in others.

A tune is read here with the id before it and without its last id, which is the one before the next tune.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.datasets.contexts import Contexts
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.keys import LOWEST, PieceKeys
from abclm.datasets.texts import IdFile, Ids, Text, read_pieces
from abclm.datasets.windows import epoch_starts, tune_starts, windows_per_epoch
from abclm.errors import ConfigError
from abclm.models.context import COLUMNS
from abclm.notation.keys import Key, parse_key
from abclm.tokenizers.pieces import PieceTokenizer, words_for
from abclm.tokenizers.tokenizer import Tokenizer
from abclm.tune import Tune

_TUNES_AT_A_TIME = 2**12


class Feed:
    """What a run trains on, epoch by epoch; each can be made again from the seed and its number.

    Args:
        corpus: the tunes.
        tokenizer: what tunes in other keys are encoded with.
        sequence_length: characters of a window's input.
        batch_size: windows of a batch.
        seed: of the order of windows, and of keys.
        whole_tunes: whether windows begin with tunes.
        transposition: the share of the tunes or pieces that go into other keys.
        in_keys: the tunes as token ids by their place and by how many semitones they are moved, as far as they are
            known; what is missing is added, so that feeds of the same tunes can share them.
        structure: whether the context of `abclm.models.context` stands beside each id.

    Attributes:
        windows: of a batch.
        predictions: of a window, which are all its characters.
        steps_per_epoch: the same for every epoch.

    Raises:
        ConfigError: too little text for one window; or tunes that are not canonical were asked for in other keys.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        tokenizer: Tokenizer[Any],
        *,
        sequence_length: int,
        batch_size: int,
        seed: int,
        whole_tunes: bool = False,
        transposition: float = 0.0,
        in_keys: dict[tuple[int, int], Ids] | None = None,
        structure: bool = False,
    ) -> None:
        self._corpus, self._sequence_length, self._seed = corpus, sequence_length, seed
        self.predictions = sequence_length
        self._whole_tunes, self._transposition = whole_tunes, transposition
        self._count = windows_per_epoch(len(corpus.text), sequence_length, words_for(tokenizer))
        self.windows = min(batch_size, self._count)
        self.steps_per_epoch = self._count // self.windows
        self._tunes: _EpochTunes | None = None
        self._start = np.zeros((1, 1 + len(COLUMNS)) if structure else 1, tokenizer.dtype)
        self._start.flat[0] = tokenizer.start
        self._keys: PieceKeys | None = None
        if transposition and isinstance(tokenizer, PieceTokenizer):
            self._keys, transposition = PieceKeys(tokenizer, transposition, seed), 0
        if whole_tunes or transposition or structure:
            if transposition and not corpus.is_canonical:
                raise ConfigError(
                    "transposition is for canonical tunes; let them be normalised, or leave it out"
                )
            contexts = Contexts(tokenizer, keep=corpus.folder is None) if structure else None
            self._tunes = _EpochTunes(corpus, tokenizer, seed, transposition, in_keys, contexts)

    def batches(self, number: int, first: int, part: Callable[[int], slice]) -> Any:
        """Give an epoch's batches from the one numbered `first` on; see `epoch_batches`."""
        from abclm.datasets.batches import epoch_batches

        text, starts = self.epoch(number)
        length, size = self._sequence_length, self.windows
        return epoch_batches(text, starts, sequence_length=length, batch_size=size, first=first, part=part)

    def epoch(self, number: int) -> tuple[Text, npt.NDArray[np.int64]]:
        """Give an epoch's text, and where its windows start.

        Args:
            number: of the epoch, from 0.

        Returns:
            Token ids, `(characters,)`, with `structure` `(characters, 1 + columns)`; and the starts, in the order of
            training. Each window has its `sequence_length` characters and one more.
        """
        length, seed = self._sequence_length, self._seed
        text = self._keys.text(self._corpus, number) if self._keys else self._corpus.text
        if self._tunes is None:
            return text, epoch_starts(len(text), length, seed, number)
        text, lengths = self._write(self._tunes(number, text))
        if self._whole_tunes:
            return text, tune_starts(lengths, length, self._count)
        # Tunes in other keys are as long as before but for accidentals.
        return text, np.resize(epoch_starts(1 + int(lengths.sum()), length, seed, number), self._count)

    def _write(self, tunes: Iterator[list[Ids]]) -> tuple[Text, npt.NDArray[np.int64]]:
        """Join tunes to a text, on the disk where the corpus is there; the text, and how long each tune is."""
        folder, start = self._corpus.folder, self._start
        file: Any = io.BytesIO() if folder is None else tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - stays open
        lengths: list[int] = []
        for block in tunes:
            file.writelines(block)
            lengths += map(len, block)
        if self._whole_tunes:  # the last windows go on with the first tunes
            more = self._sequence_length + 2
            file.seek(0)
            first = np.frombuffer(file.read(more * start.nbytes), start.dtype)
            file.seek(0, io.SEEK_END)
            file.write(np.resize(first, more * start.size))
        else:
            file.write(start)
        if folder is None:
            return np.frombuffer(file.getbuffer(), start.dtype).reshape(-1, *start.shape[1:]), np.array(
                lengths
            )
        file.flush()
        return IdFile(file, start.dtype, start.size - 1), np.array(lengths)


class _EpochTunes:
    """An epoch's tunes: in another order each time, and each time a share of them in other keys.

    The key that a tune is moved to is drawn as often as the corpus has it, among keys of the tune's mode, so
    that the keys as a whole stay what they are.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        tokenizer: Tokenizer[Any],
        seed: int,
        transposition: float,
        in_keys: dict[tuple[int, int], Ids] | None,
        contexts: Contexts | None,
    ) -> None:
        self._corpus, self._tokenizer, self._seed = corpus, tokenizer, seed
        self._transposition, self._contexts = transposition, contexts
        self._in_keys = {} if in_keys is None and corpus.folder is None else in_keys
        if transposition:
            names: dict[str | None, int] = {}
            keys = (names.setdefault(tune.key, len(names)) for tune in corpus.parsed(tokenizer))
            self._key_of = np.fromiter(keys, np.int32, corpus.tunes)
            self._keys = [parse_key(name) for name in names]
            self._tonics = _tonics(self._keys, np.bincount(self._key_of).tolist())

    def __call__(self, epoch: int, text: Text) -> Iterator[list[Ids]]:
        corpus, begins = self._corpus, self._corpus.begins
        random = np.random.default_rng([self._seed, epoch, corpus.tunes])
        order = random.permutation(corpus.tunes)
        is_moved = random.random(corpus.tunes) < self._transposition
        for first in range(0, corpus.tunes, _TUNES_AT_A_TIME):
            places, moves = (each[first : first + _TUNES_AT_A_TIME] for each in (order, is_moved))
            pieces = read_pieces(text, begins[places] - 1, corpus.ends[places] - 1)
            numbers = places.tolist()
            semitones = [
                self._semitones(place, random) if moved else 0
                for place, moved in zip(numbers, moves.tolist(), strict=True)
            ]
            block = list(map(self._in_key, numbers, semitones, pieces))
            yield self._contexts(numbers, semitones, block, epoch, self._seed) if self._contexts else block

    def _semitones(self, place: int, random: np.random.Generator) -> int:
        key = self._keys[self._key_of[place]]
        tonics, shares = self._tonics[key.mode]
        semitones: int = int(random.choice(tonics, p=shares)) - key.tonic_pitch_class
        return (semitones - LOWEST) % 12 + LOWEST

    def _in_key(self, place: int, semitones: int, ids: Ids) -> Ids:
        if not semitones:
            return ids
        found = self._in_keys.get((place, semitones)) if self._in_keys is not None else None
        if found is None:
            found = encode_in_key(Tune.parse(self._tokenizer.decode(ids)), semitones, self._tokenizer)
            if self._in_keys is not None:
                self._in_keys[place, semitones] = found
        return found


def _tonics(
    keys: Sequence[Key], counts: Sequence[int]
) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """For each mode the pitch classes of its tonics, and the share of the tunes that each has."""
    found: dict[str, Counter[int]] = {}
    for key, count in zip(keys, counts, strict=True):
        found.setdefault(key.mode, Counter())[key.tonic_pitch_class] += count
    tonics = {mode: sorted(counted) for mode, counted in found.items()}
    shares = {
        mode: np.array([found[mode][tonic] for tonic in each], np.float64) for mode, each in tonics.items()
    }
    return {mode: (np.array(each), shares[mode] / shares[mode].sum()) for mode, each in tonics.items()}


def encode_in_key(tune: Tune, semitones: int, tokenizer: Tokenizer[str]) -> Ids:
    """Encode a canonical tune, moved by some semitones, with the id before it and without its last id."""
    moved = tune.transpose(semitones) if semitones else tune
    return tokenizer.encode_piece(moved.text)[:-1]
