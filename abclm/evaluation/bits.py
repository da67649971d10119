"""Turn a model and tunes into bits: with NumPy for few tunes, with TensorFlow for many."""

from collections.abc import Iterable

import numpy as np

from abclm.corpora.corpus import Corpus
from abclm.evaluation.figures import EncodedTunes, Evaluation
from abclm.models.model import Model
from abclm.models.recall import mix
from abclm.models.told import ToldCounts
from abclm.tokenizers.characters import as_characters
from abclm.tune import Tune

# Characters. For this number, NumPy takes about as long as importing TensorFlow and compiling; after that,
# TensorFlow is more than twice as fast.
_MOST_FOR_NUMPY = 12_000


def evaluate(
    lm: Model, tunes: Corpus | Iterable[Tune], *, normalize: bool = True, copies: bool = True
) -> Evaluation:
    """Evaluate a model on tunes.

    NumPy evaluates few tunes, TensorFlow many, because importing it takes long; the figures agree to
    six digits.

    Args:
        lm: the model.
        tunes: a corpus or tunes that the model was not trained on.
        normalize: convert the tunes to the canonical form first; False if they are canonical already.
        copies: False measures the network of a model with `structure` alone, without the copies mixed in.

    Returns:
        Bits per character and per tune, for the tunes with a canonical form; with the model's cache, if it has one, and
        with the cost of what it is told, if it has `structure`.

    Raises:
        ConfigError: there is no such tune.
        VocabularyError: a tune has a character that is not in the vocabulary.
    """
    encoded = _encoded(lm, tunes, normalize, copies)
    if sum(map(len, encoded.ids)) <= _MOST_FOR_NUMPY:
        return _evaluate_by_numpy(lm, encoded)
    return _evaluate_in_bulk(lm, encoded)[0]


def evaluate_both(
    lm: Model, tunes: Corpus | Iterable[Tune], *, normalize: bool = True
) -> tuple[Evaluation, Evaluation | None]:
    """Evaluate a model with `structure`, and its network alone, without copies: of many tunes in one pass.

    Args:
        lm: the model.
        tunes, normalize: as for `evaluate`, which also says what is raised.

    Returns:
        What `evaluate` gives, and what it gives with `copies=False`; None for that without `structure`.
    """
    encoded = _encoded(lm, tunes, normalize, copies=True)
    found = []
    if sum(map(len, encoded.ids)) > _MOST_FOR_NUMPY:
        found = _evaluate_in_bulk(lm, encoded)
    else:
        found = [_evaluate_by_numpy(lm, encoded)]
    if len(found) == 1 and lm.config.columns:
        found.append(evaluate(lm, tunes, normalize=normalize, copies=False))
    return found[0], found[1] if lm.config.columns else None


def _encoded(lm: Model, tunes: Corpus | Iterable[Tune], normalize: bool, copies: bool) -> EncodedTunes:
    corpus = tunes if isinstance(tunes, Corpus) else Corpus("tunes", tuple(tunes))
    if normalize:
        corpus = corpus.normalize()
    told = ToldCounts.in_metadata(lm.metadata) if lm.config.columns else None
    return EncodedTunes(as_characters(lm.tokenizer), corpus.tunes, told, copies)


def _evaluate_in_bulk(lm: Model, tunes: EncodedTunes) -> list[Evaluation]:
    from abclm.evaluation.bulk import Evaluator

    network = lm.config.network(len(lm.tokenizer), lm.read_weights())
    return Evaluator(network, tunes, lm.config.cache)()


def _evaluate_by_numpy(lm: Model, tunes: EncodedTunes) -> Evaluation:
    engine = lm.config.exact_engine(lm.read_weights())
    header_nats, nats, correct = [], [], []
    recalled = tunes.recalled(lm.config.cache)
    for ids, inputs, header, (likely, weights) in zip(
        tunes.ids, tunes.inputs, tunes.header_characters, recalled, strict=True
    ):
        logits = engine.logits(inputs[:-1]).astype(np.float64)  # (time, vocabulary)
        mix(logits, likely, weights)
        logits -= logits.max(axis=1, keepdims=True)
        costs = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), ids[1:]]
        header_nats.append(float(costs[:header].sum()))
        nats.append(float(costs.sum()))
        correct.append(int((logits.argmax(axis=1) == ids[1:]).sum()))
    return Evaluation.of(tunes.costs(header_nats, nats, correct))
