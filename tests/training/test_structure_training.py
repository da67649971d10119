"""Training a model with structure: what it reads, what it is told, and that it learns that bars come again."""

from dataclasses import replace

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets import contexts, large_files
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.epochs import Feed
from abclm.datasets.large_files import LargeFiles, encode_files
from abclm.datasets.texts import read_windows
from abclm.evaluation import bits
from abclm.evaluation.bits import evaluate
from abclm.evaluation.figures import FIGURES
from abclm.language_model import LanguageModel
from abclm.models.context import FORM, INPUTS, TOLD, Told, told_of, with_context
from abclm.models.lstm.config import ModelConfig
from abclm.models.told import ToldCounts
from abclm.notation.tunebook import format_tunebook
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.training.config import TrainingConfig
from abclm.training.run import fine_tune, train
from abclm.tune import Tune

TOKENIZER = CharacterTokenizer.default()
TUNES = Corpus("few", Corpus.load("oldTunes").normalize().tunes[:20]).normalize()
TRAIN, HELD_OUT = TUNES.split(0.2, seed=0)
SMALL = ModelConfig(embedding_dimension=8, units=16, structure=True)
CONFIG = TrainingConfig(
    sequence_length=40, batch_size=8, epochs=2, learning_rate=5e-3, schedule="cosine", clip_norm=1.0,
    output_dropout=0.2, embedding_dropout=0.1, recurrent_dropout=0.1, weight_decay=0.01, whole_tunes=True,
    transposition=0.5, checkpoint_minutes=1e-9,
)  # fmt: skip


def new(config=SMALL):
    return LanguageModel.create(config, seed=1)


def windows(corpus=TRAIN, epoch=0, **settings):
    """The windows of an epoch, `(windows, time, 1 + columns)`."""
    settings = {"sequence_length": 60, "batch_size": 2, "seed": 0, "structure": True, **settings}
    encoded = corpus if isinstance(corpus, EncodedCorpus) else EncodedCorpus.encode(corpus, TOKENIZER)
    text, starts = Feed(encoded, TOKENIZER, **settings).epoch(epoch)
    return read_windows(text, starts, settings["sequence_length"] + 1)


def beginnings(tunes):
    """The context of each tune, by what the tune begins with."""
    pieces = [with_context(TOKENIZER, TOKENIZER.encode_piece(tune.text)) for tune in tunes]
    return {piece[:40, 0].tobytes(): piece for piece in pieces}


@pytest.mark.parametrize("whole_tunes", [False, True])
def test_windows_carry_the_context_of_whole_tunes(monkeypatch, whole_tunes):
    monkeypatch.setattr(contexts, "UNTOLD", 0.0)
    known, found = beginnings(TRAIN), 0
    for window in windows(sequence_length=250, whole_tunes=whole_tunes):
        starts = np.flatnonzero(window[:, 0] == TOKENIZER.start)
        for start in starts:
            piece = known.get(window[start : start + 40, 0].tobytes())
            if piece is not None:
                length = min(len(piece) - 1, len(window) - start)
                np.testing.assert_array_equal(window[start : start + length], piece[:length])
                found += 1
    assert found > 5


@pytest.mark.parametrize("settings", [{"whole_tunes": True}, {"whole_tunes": True, "transposition": 1.0}, {}])
def test_the_ids_are_those_of_the_same_epoch_without_context(settings):
    plain = {"transposition": 1e-12, **settings}  # without whole tunes, so that they are shuffled, too
    with_rows, without = windows(**plain), windows(structure=False, **plain)
    np.testing.assert_array_equal(with_rows[..., 0], without)


def test_some_tunes_are_not_told_everything_and_which_changes_with_the_epoch():
    columns = {name: 1 + list(INPUTS).index(name) for name in (*TOLD, *FORM)}
    untold = []
    for epoch in range(20):
        text, _ = Feed(
            EncodedCorpus.encode(TRAIN, TOKENIZER),
            TOKENIZER,
            sequence_length=60,
            batch_size=2,
            seed=0,
            structure=True,
        ).epoch(epoch)
        ends = np.flatnonzero((text[1:, 0] == TOKENIZER.start) & (text[:-1, 0] == TOKENIZER.start))
        for piece in np.split(text, ends + 1)[:-1]:
            told = {name: bool(piece[:, column].any()) for name, column in columns.items()}
            assert told["tonic"] == told["mode"]
            assert told["left"] == told["parts_left"]
            assert told["rhythm"] == bool(piece[:, columns["rhythm"]].all())
            untold.append([not told[name] for name in ("rhythm", "tonic", "left")])
    shares = np.mean(untold, axis=0)
    assert (np.abs(shares - contexts.UNTOLD) < 0.07).all()


def test_tunes_on_the_disk_give_the_windows_of_those_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    (tmp_path / "book.abc").write_text(format_tunebook(TRAIN.tunes), encoding="utf-8")
    files = LargeFiles.find([str(tmp_path / "book.abc")])
    on_disk = encode_files(files, TOKENIZER, tmp_path / "text", clean=True, validation=0, seed=0).training
    for settings in ({}, {"whole_tunes": True, "transposition": 1.0}):
        for epoch in range(2):
            np.testing.assert_array_equal(
                windows(on_disk, epoch, **settings), windows(TRAIN, epoch, **settings)
            )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("structure") / "m"
    return train(new(), TRAIN, HELD_OUT, CONFIG, normalize=False, folder=folder), folder


def test_training_lowers_the_held_out_figure_and_keeps_counts_of_what_is_told(done):
    lm, folder = done
    before = evaluate(new(), HELD_OUT, normalize=False)
    after = evaluate(lm, HELD_OUT, normalize=False)
    assert after.bits_per_tune < 0.95 * before.bits_per_tune
    record = lm.metadata["training"]
    assert ToldCounts.in_metadata(lm.metadata) == ToldCounts.of(told_of(tune.text) for tune in TRAIN)
    assert record["held_out"]["bits_per_tune"] == pytest.approx(after.bits_per_tune, rel=1e-5)
    again = LanguageModel.load(folder)
    assert evaluate(again, HELD_OUT, normalize=False).bits_per_tune == pytest.approx(
        after.bits_per_tune, rel=1e-6
    )


def test_bits_count_what_the_model_is_told_and_the_network_alone_has_no_copies(done):
    lm, _ = done
    whole, alone = evaluate(lm, HELD_OUT), evaluate(lm, HELD_OUT, copies=False)
    counts = ToldCounts.in_metadata(lm.metadata)
    told = np.mean([counts.bits(told_of(tune.text)) for tune in HELD_OUT])
    assert whole.told_bits_per_tune == alone.told_bits_per_tune == pytest.approx(told)
    text_bits = whole.header_bits_per_character * whole.costs.header_characters.sum()
    text_bits += whole.body_bits_per_character * whole.costs.body_characters.sum()
    assert whole.bits_per_tune == pytest.approx(told + text_bits / len(HELD_OUT))
    assert alone.bits_per_tune != whole.bits_per_tune
    assert whole.to_dict()["told_bits_per_tune"] == pytest.approx(told)


def test_numpy_and_tensorflow_give_the_same_figures(done, monkeypatch):
    lm, _ = done
    for copies in (True, False):
        by_numpy = evaluate(lm, HELD_OUT, copies=copies)
        with monkeypatch.context() as patched:
            patched.setattr(bits, "_MOST_FOR_NUMPY", 0)
            in_bulk = evaluate(lm, HELD_OUT, copies=copies)
        for name in (*FIGURES, "told_bits_per_tune"):
            assert getattr(in_bulk, name) == pytest.approx(getattr(by_numpy, name), rel=1e-5)


def test_logits_of_a_text_are_those_of_a_tune_of_which_nothing_is_told(done):
    lm, _ = done
    text = HELD_OUT.tunes[0].text
    ids = TOKENIZER.encode("\n" + text)
    expected = lm.to_keras()(with_context(TOKENIZER, ids, Told())[None])[0]
    np.testing.assert_allclose(lm.logits("\n" + text), expected, atol=1e-4)
    assert lm.logits(text).shape == (len(text), len(TOKENIZER))


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(done, tmp_path):
    def stop(now):
        if now.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(new(), TRAIN, HELD_OUT, CONFIG, normalize=False, folder=tmp_path, progress=stop)
    again = train(new(), TRAIN, HELD_OUT, CONFIG, normalize=False, folder=tmp_path, resume=True)
    for name, weight in done[0].weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)


def test_a_model_is_fine_tuned_and_gets_new_symbols(done):
    lm, _ = done
    few = Corpus("few", HELD_OUT.tunes[:2])
    tuned = fine_tune(
        lm, few, few, replace(CONFIG, epochs=1, transposition=0.0), old=HELD_OUT, normalize=False
    )
    assert "before" in tuned.metadata["training"]
    raw = Corpus("raw", (Tune.parse("X:1\nT:Été\nK:G\n" + "GABc dedB|c2A2 B2G2|" * 4 + "]\n"),))
    wider = fine_tune(lm, raw, raw, replace(CONFIG, epochs=1, transposition=0.0), normalize=False)
    assert len(wider.tokenizer) == len(lm.tokenizer) + 2


def test_a_model_learns_that_the_fifth_bar_is_the_first():
    """On tunes of random notes of which each second half begins as the first: copies say what no network can."""
    random = np.random.default_rng(0)

    def tune(number):
        first, *others = ["".join(random.choice(list("CDEFGABcdefgab"), 8)) for _ in range(7)]
        bars = [first, *others[:3], first, *others[3:]]
        return Tune.parse(f"X:1\nT:{number}\nM:C|\nL:1/8\nK:C\n" + "|".join(bars) + "|]\n")

    corpus = Corpus("bars", tuple(tune(number) for number in range(60))).normalize()
    training, held_out = (
        Corpus("a", corpus.tunes[:50], is_canonical=True),
        Corpus("b", corpus.tunes[50:], is_canonical=True),
    )
    config = TrainingConfig(
        sequence_length=120, batch_size=8, epochs=25, learning_rate=1e-2, whole_tunes=True
    )
    lm = train(new(), training, held_out, config, normalize=False)
    whole, alone = (evaluate(lm, held_out, copies=copies) for copies in (True, False))
    # A bar of 8 notes of 14 is 30 bits.
    assert alone.bits_per_tune - whole.bits_per_tune > 15
