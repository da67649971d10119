"""Turn held-out tunes into bits per character and bits per tune, many tunes at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.corpora import Corpus
from abclm.errors import ConfigError
from abclm.networks import Network, build_network
from abclm.vocabulary import Vocabulary

if TYPE_CHECKING:
    from abclm.language_model import LanguageModel
    from abclm.notation.tune import Tune

Ids = npt.NDArray[np.uint8]

_BATCH_CHARACTERS = 16_384  # bounds memory: a character of a 1,024-unit LSTM takes 20 kB


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How well a model predicts tunes, each by itself from a zero state after one newline.

    Args:
        bits_per_character: total nats / (ln 2 · characters); every character of the canonical text
            counts, the empty line that closes it included.
        bits_per_tune: total bits / tunes, which does not reward a wordier form.
        tunes: how many were measured.
        characters: how many they have together.
    """

    bits_per_character: float
    bits_per_tune: float
    tunes: int
    characters: int

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


class Evaluator:
    """Measures a network on the same tunes again and again.

    Args:
        network: what is measured; its weights at the time of each call.
        vocabulary: what the tunes are encoded with.
        tunes: canonical tunes, at least one.

    Raises:
        ConfigError: no tunes.
        VocabularyError: a tune has a character that the vocabulary lacks.
    """

    def __init__(self, network: Network, vocabulary: Vocabulary, tunes: Iterable[Tune]) -> None:
        start = vocabulary.encode("\n")
        texts = (f"{tune.text.rstrip()}\n\n" for tune in tunes)
        self._sequences = [np.concatenate([start, vocabulary.encode(text)]) for text in texts]
        if not self._sequences:
            raise ConfigError("there are no held-out tunes to measure on; received an empty corpus")
        signature = [
            tf.TensorSpec([None, None], tf.uint8),
            tf.TensorSpec([None, None], tf.uint8),
            tf.TensorSpec([None], tf.int32),
        ]

        def total_nats(inputs: Any, targets: Any, lengths: Any) -> Any:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.cast(targets, tf.int32), tf.cast(network.logits(inputs), tf.float32)
            )  # (batch, time)
            counted = tf.sequence_mask(lengths, tf.shape(inputs)[1])
            # Summed in float64: a corpus has more characters than float32 has digits for.
            return tf.reduce_sum(tf.where(counted, tf.cast(losses, tf.float64), 0.0))

        self._total_nats = tf.function(total_nats, input_signature=signature)

    def __call__(self) -> Evaluation:
        """Measure the network as it is now."""
        nats = sum(float(self._total_nats(*batch)) for batch in padded_batches(self._sequences))
        characters = sum(len(sequence) - 1 for sequence in self._sequences)
        bits = nats / math.log(2)
        return Evaluation(
            bits_per_character=bits / characters,
            bits_per_tune=bits / len(self._sequences),
            tunes=len(self._sequences),
            characters=characters,
        )


def evaluate(lm: LanguageModel, tunes: Corpus | Iterable[Tune], *, normalize: bool = True) -> Evaluation:
    """Measure a model on tunes.

    Args:
        lm: the model.
        tunes: a corpus or tunes that the model was not trained on.
        normalize: bring them to the canonical form first; False says that they have it.

    Returns:
        Bits per character and per tune, of the tunes that have a canonical form.

    Raises:
        ConfigError: there is no such tune.
        VocabularyError: a tune has a character that the vocabulary lacks.
    """
    corpus = tunes if isinstance(tunes, Corpus) else Corpus("tunes", tuple(tunes))
    if normalize:
        corpus = corpus.normalize()
    network = build_network(lm.config, len(lm.vocabulary), lm.weights)
    return Evaluator(network, lm.vocabulary, corpus.tunes)()


def padded_batches(
    sequences: Sequence[Ids], batch_characters: int = _BATCH_CHARACTERS
) -> Iterator[tuple[Ids, Ids, npt.NDArray[np.int32]]]:
    """Put sequences of like length together.

    Args:
        sequences: token ids, each of two or more.
        batch_characters: the most that a batch may hold, padding included; a longer sequence goes alone.

    Yields:
        Inputs and targets, uint8 `(batch, time)`, padded with 0 at the end, and the lengths `(batch,)`.
    """
    ordered = sorted(sequences, key=len)
    while ordered:
        length = len(ordered[-1]) - 1
        size = max(1, batch_characters // length)
        batch, ordered = ordered[-size:], ordered[:-size]
        padded = np.zeros((len(batch), length + 1), np.uint8)
        for row, sequence in zip(padded, batch, strict=True):
            row[: len(sequence)] = sequence
        yield padded[:, :-1], padded[:, 1:], np.array([len(sequence) - 1 for sequence in batch], np.int32)
