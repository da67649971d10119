"""Files of canonical tunes, encoded a piece at a time, hold what the corpus of the same files holds."""

import json
import re
import time

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus, read_corpora
from abclm.datasets import large_encoding, large_files
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.large_files import LargeFiles, encode_files
from abclm.datasets.texts import IdFile, JoinedText, read_windows
from abclm.errors import CorpusError, VocabularyError
from abclm.notation.tunebook import format_tunebook
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
TUNES = Corpus.load("oldTunes").normalize().deduplicate()
BOOK = format_tunebook(TUNES.tunes)


def text_of(corpus, tokenizer=TOKENIZER):
    return tokenizer.decode(corpus.text[np.arange(len(corpus.text))])


def encode(tmp_path, book, validation=0.0, seed=0, name="text", clean=True, tokenizer=TOKENIZER):
    path = tmp_path / "book.abc"
    path.write_text(book, encoding="utf-8", newline="")
    return encode_all([path], tmp_path / name, validation, seed, clean=clean, tokenizer=tokenizer)


def encode_all(arguments, folder, validation=0.0, seed=0, *, clean=True, tokenizer=TOKENIZER):
    """Encode whatever is there, as if it were large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_files, "LARGE_BYTES", 1)
        files = LargeFiles.find([str(each) for each in arguments])
    return encode_files(files, tokenizer, folder, clean=clean, validation=validation, seed=seed)


def test_the_text_is_that_of_the_corpus(tmp_path):
    found = encode(tmp_path, BOOK)
    assert text_of(found.training) == "\n" + TUNES.text
    assert (found.read, found.repeated, found.unusable) == (len(TUNES), 0, 0)
    assert found.training.tunes == len(TUNES)
    assert found.training.characters == len(TUNES.text)
    assert found.training.checksum == Corpus.read(tmp_path / "book.abc").checksum
    assert found.held_out is None


def test_a_tune_may_have_letters_of_several_bytes_where_the_vocabulary_has_them(tmp_path):
    one, two, three = (
        f"X:{n}\nT:Caf\xe9 {n}\nK:C\n{body}|\n\n" for n, body in enumerate(("CDE", "CDE", "EFG"), 1)
    )
    tokenizer = TOKENIZER.with_symbols_of("\xe9")
    found = encode(tmp_path, one + two + three, tokenizer=tokenizer).training
    assert text_of(found, tokenizer) == "\n" + one + three.replace("X:3", "X:1")


def test_a_number_without_end_is_read_in_no_time(tmp_path):
    start = time.process_time()
    found = encode(tmp_path, f"X:{'1' * 200_000}\nK:C\nCDE|\n\n")
    assert time.process_time() - start < 5
    assert text_of(found.training) == "\nX:1\nK:C\nCDE|\n\n"


@pytest.mark.parametrize("size", [300, 1000, 5000])
def test_however_small_the_pieces_it_is_read_in(tmp_path, monkeypatch, size):
    monkeypatch.setattr(large_encoding, "BLOCK_BYTES", size)
    monkeypatch.setattr(large_encoding.os, "cpu_count", lambda: 1)
    found = encode(tmp_path, BOOK + BOOK, validation=0.3)
    monkeypatch.undo()
    whole = encode(tmp_path, BOOK + BOOK, validation=0.3, name="other")
    assert text_of(found.training) == text_of(whole.training)
    assert text_of(found.held_out) == text_of(whole.held_out)
    assert found.repeated == whole.repeated == len(TUNES)


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book.replace("\n", "\r\n"),
        lambda book: "\ufeff" + book,
        lambda book: "A collection\n\n" + book,
        lambda book: book.replace("\n\nX:", "\n\n\n\nX:"),
        lambda book: book.replace("\n\nX:7\n", "\n \nX:7\n"),
        lambda book: book.replace("\nK:", "\nT:Another\nK:", 1),
        lambda book: book.replace("\nX:3\n", "\nX:\n"),
        lambda book: book.rstrip("\n"),
        lambda book: book.replace("\n\nX:5\n", "\nX:5\n"),
    ],
    ids=["line ends", "mark", "head", "more lines", "space", "titles", "number", "no end", "no empty line"],
)
def test_what_is_written_otherwise_is_read_as_the_corpus_reads_it(tmp_path, change):
    found = encode(tmp_path, change(BOOK))
    read = Corpus.read(tmp_path / "book.abc")
    expected = "".join(re.sub(r"\AX:\d+", "X:1", tune.text).rstrip() + "\n\n" for tune in read)
    assert text_of(found.training) == "\n" + expected


SPACED = "M:4/4\nK:Cmaj\nC D E 2 F 2 G A |\n\nM:6/8\nK:Cdor\n(3 C D E F 3/2 G /2 |:\n\n"


@pytest.mark.parametrize(
    "book",
    [
        re.sub(r"(?m)^X:.*\n", "", BOOK),
        re.sub(r"(?m)^X:.*\n", "", BOOK).replace("\n", "\r\n"),
        re.sub(r"(?m)^X:.*\n", "", BOOK).replace("\n\n", "\n \t\n"),
        "".join(f"<s> {part.strip()} </s>\n" for part in 40 * SPACED.split("\n\n") if part),
        "A collection\n\nM:4/4\nK:C\nnone of these\n\n" * 9 + BOOK,
        re.sub(r"(?m)^(?=K:)", "%%begintext\nX:77\nK:C\n\nA cab|\n%%endtext\n", BOOK),
        re.sub(r"(?m)^(?=K:)", "%%begintext\n", BOOK),
    ],
    ids=["no numbers", "line ends", "spaces", "tokens", "head", "blocks", "blocks without an end"],
)
@pytest.mark.parametrize("size", [150, 1000, 2**20])
def test_a_file_is_cut_only_where_a_tune_ends(tmp_path, monkeypatch, book, size):
    monkeypatch.setattr(large_encoding, "BLOCK_BYTES", size)
    monkeypatch.setattr(large_encoding.os, "cpu_count", lambda: 1)
    found = encode(tmp_path, book, clean=False)
    read = Corpus.read(tmp_path / "book.abc").normalize().deduplicate()
    assert text_of(found.training) == "\n" + read.text
    places = list(large_encoding.cut_file(tmp_path / "book.abc"))
    assert "".join(place.read().decode() for place in places) == book
    assert len(places) > 3 or size > 1000 or "%%begin" in book


def test_what_can_not_be_read_is_counted_and_stops_nothing(tmp_path):
    found = encode(tmp_path, BOOK.replace("\nX:9\n", "\nX:8\nT:No key\n\nX:9\n"))
    assert found.unusable == 1
    assert found.read == len(TUNES) + 1
    assert found.training.tunes == len(TUNES)


def test_of_equal_bodies_the_first_stays(tmp_path):
    again = BOOK.replace("T:", "T:Again ").replace("|", " | ")
    found = encode(tmp_path, BOOK + again)
    assert text_of(found.training) == "\n" + TUNES.text
    assert found.repeated == len(TUNES)


def titles(corpus):
    return re.findall(r"(?m)^T:(.*)$", text_of(corpus)) if corpus else []


def test_settings_of_a_title_stand_on_one_side_and_all_tunes_on_one(tmp_path):
    other = re.sub(r"(?m)(^K:.*\n)", r"\1C2|", BOOK).upper()  # other bodies
    found = encode(tmp_path, BOOK + other, validation=0.4)
    here, there = ({title.lower() for title in titles(each)} for each in (found.training, found.held_out))
    assert here
    assert there
    assert not here & there
    assert found.training.tunes + found.held_out.tunes == 2 * len(TUNES)


@pytest.mark.parametrize("validation", [0.0, 0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_tunes_are_held_out_as_from_a_corpus_in_memory(tmp_path, validation, clean, seed):
    titles = ["The A", "A, The (2nd Setting)", "B", "", "C 1st setting", "Polka"]
    book = "".join(
        f"X:{n}\nT:{titles[n % 6]}{n // 12 if n % 6 < 5 else ''}\nM:2/4\nL:1/8\nK:{key}\n"
        f"{'CDEF|' * (n % 9 + 1)}{'G' * (n // 9)}4|\n\n"
        for n, key in enumerate(["C", "Am", "G"] * 20, 1)
    ).replace("T:\n", "")
    if not clean:
        book = book.replace("K:", "N:a note\nK:").replace("T:B", "T:Bé")
    (tmp_path / "book.abc").write_text(book + BOOK + book)
    read = Corpus.read(tmp_path / "book.abc")
    corpus = (read.as_canonical() if clean else read.normalize()).deduplicate()
    parts = corpus.split(validation, seed)
    found = encode_all([tmp_path / "book.abc"], tmp_path / "text", validation, seed, clean=clean)
    for ours, theirs in zip((found.training, found.held_out), parts, strict=True):
        assert (text_of(ours) if ours else "\n") == "\n" + theirs.text
        if ours:
            assert ours.origin == theirs.origin
            assert (ours.name, ours.checksum) == (theirs.name, theirs.checksum)


def test_the_built_in_corpora_give_the_tunes_that_they_give_in_memory(tmp_path):
    (tmp_path / "book.abc").write_text(BOOK.replace("K:", "N:a note\nK:").replace("|", "|z|"))
    arguments = [str(tmp_path / "book.abc"), "ryansMammoth", "oldTunes"]
    found = encode_all(arguments, tmp_path / "text", 0.1, clean=False)
    training, held_out = read_corpora(arguments).normalize().deduplicate().split(0.1)
    assert text_of(found.training) == "\n" + training.text
    assert text_of(found.held_out) == "\n" + held_out.text
    assert (found.training.checksum, found.training.origin) == (training.checksum, training.origin)


def test_files_named_in_any_order_have_one_checksum_and_keep_their_order(tmp_path):
    for name, letter in (("1.abc", "C"), ("2.abc", "D")):
        (tmp_path / name).write_text(f"X:1\nT:{name}\nK:C\n{letter}8|\n\n")
    paths = [tmp_path / "2.abc", tmp_path / "1.abc"]
    found = encode_all(paths, tmp_path / "text").training
    assert text_of(found) == "\nX:1\nT:2.abc\nK:C\nD8|\n\nX:1\nT:1.abc\nK:C\nC8|\n\n"
    assert found.checksum == Corpus.read(*paths).checksum == Corpus.read(*paths[::-1]).checksum


def test_the_tunes_are_known_again_unless_they_are_too_many(tmp_path, monkeypatch, caplog):
    for _ in range(2):
        index = encode(tmp_path, BOOK).training.index
        assert index.titles == tuple(tune.title for tune in TUNES)
        assert index.nearest(TUNES.tunes[3]).share == 1
    monkeypatch.setattr("abclm.datasets.encoded._MOST_INDEXED", 10)
    assert encode(tmp_path, BOOK, seed=1).training.index is None
    assert "tunes are more than the 10 that are indexed: copies of them will not be known" in caplog.text


def test_only_files_that_are_large_and_can_be_read_twice_go_through_the_disk(tmp_path, monkeypatch):
    (tmp_path / "book.abc").write_text(BOOK)
    (tmp_path / "tune.mid").write_bytes(b"MThd")
    assert LargeFiles.find([str(tmp_path / "book.abc")]) is None
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)
    assert LargeFiles.find([str(tmp_path)]) is None  # a MIDI file is among them
    assert LargeFiles.find(["-", str(tmp_path / "book.abc")]) is None
    assert LargeFiles.find([str(tmp_path / "none.abc")]) is None
    assert LargeFiles.find(["oldTunes"]) is None
    assert LargeFiles.find([str(tmp_path / "*.abc")]).own == (tmp_path / "book.abc",)
    for name in ("tunes.json", "tunes.csv", "tune.musicxml", "tune.xml"):
        (tmp_path / name).write_text(BOOK)
        assert LargeFiles.find([str(tmp_path / "book.abc"), str(tmp_path / name)]) is None  # no ABC


def test_what_was_encoded_is_found_again_and_other_tunes_replace_it(tmp_path):
    first = encode(tmp_path, BOOK, 0.2)
    again = encode(tmp_path, BOOK, 0.2)
    assert (first.was_encoded, again.was_encoded) == (True, False)
    assert again.training.fingerprint == first.training.fingerprint
    assert again.held_out.tunes == first.held_out.tunes
    assert encode(tmp_path, BOOK, 0.2, seed=1).was_encoded
    other = encode(tmp_path, BOOK + BOOK.replace("|", "|z"), 0.2)
    assert other.was_encoded
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.abc", "text"]


def test_a_broken_file_is_named_and_encoded_again(tmp_path, caplog):
    encode(tmp_path, BOOK)
    path = tmp_path / "text" / "tunes.ids"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert encode(tmp_path, BOOK).was_encoded
    assert "tunes.ids is not what was written; encoding again" in caplog.text
    path.unlink()
    assert text_of(encode(tmp_path, BOOK).training) == "\n" + TUNES.text


def test_a_character_that_the_vocabulary_lacks_is_named_and_leaves_nothing(tmp_path):
    with pytest.raises(VocabularyError, match="the character 'é'"):
        encode(tmp_path, BOOK.replace("T:", "T:é", 1))
    assert [path.name for path in tmp_path.iterdir()] == ["book.abc"]


def test_a_file_without_a_tune_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no tune is left"):
        encode(tmp_path, "words\n" * 10)


@pytest.mark.parametrize("slot", [1, 1100, 2**20])  # less than any piece takes, less than some, enough
def test_several_cores_give_what_one_gives(tmp_path, slot):
    """In a process of its own, as TensorFlow must not be loaded in what is forked."""
    import subprocess
    import sys
    from pathlib import Path

    (tmp_path / "book.abc").write_text(BOOK + BOOK)
    code = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(Path(large_files.__file__).parents[1])!r})
from abclm.datasets import large_encoding, large_files
from abclm.tokenizers.characters import CharacterTokenizer
large_encoding.BLOCK_BYTES, large_encoding._SLOT_BYTES = 1000, {slot}
large_encoding.os.cpu_count = lambda: 3
large_files.LARGE_BYTES = 1
files, tokenizer = large_files.LargeFiles.find(["book.abc"]), CharacterTokenizer.default()
found = large_files.encode_files(files, tokenizer, Path("many"), clean=True, validation=0.3, seed=0)
print(json.dumps([(Path("many") / "tunes.ids").read_bytes().hex(), "tensorflow" in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True
    )
    encode(tmp_path, BOOK + BOOK, 0.3)
    assert json.loads(done.stdout) == [(tmp_path / "text" / "tunes.ids").read_bytes().hex(), False]
    arrays = [np.load(tmp_path / name / "tunes.npz") for name in ("text", "many")]
    for name in ("lengths", "sides"):
        np.testing.assert_array_equal(*(each[name] for each in arrays))


def test_a_text_is_joined_from_some_of_the_pieces_of_a_file(tmp_path):
    ids = np.random.default_rng(0).integers(1000, size=300, dtype=np.uint16)
    (tmp_path / "ids").write_bytes(ids.tobytes())
    lengths = np.array([40, 7, 60, 50, 1, 100])
    begins = 1 + np.cumsum(lengths) - lengths
    is_chosen = np.array([False, True, True, False, True, True])
    text = JoinedText(
        IdFile((tmp_path / "ids").open("rb"), np.dtype(np.uint16)), begins[is_chosen], lengths[is_chosen]
    )
    pieces = [ids[begin : begin + length] for begin, length in zip(begins, lengths, strict=True)]
    chosen = [piece for piece, each in zip(pieces, is_chosen, strict=True) if each]
    expected = np.concatenate([ids[40:41], *chosen])  # what stands before the first
    assert len(text) == len(expected)
    np.testing.assert_array_equal(text[np.arange(len(text))], expected)
    starts = np.array([0, 3, 60, 18])
    np.testing.assert_array_equal(read_windows(text, starts, 100), expected[starts[:, None] + np.arange(100)])


def test_an_encoded_corpus_in_memory_has_the_same_text(tmp_path):
    in_memory = EncodedCorpus.encode(TUNES, TOKENIZER)
    assert TOKENIZER.decode(in_memory.text) == text_of(encode(tmp_path, BOOK).training)
