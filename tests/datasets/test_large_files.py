"""Files of canonical tunes, encoded a piece at a time, hold what the corpus of the same files holds."""

import json
import re
import time

import numpy as np
import pytest

from abclm.corpora.corpus import Corpus
from abclm.datasets import large_files
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.large_files import encode_files
from abclm.datasets.token_files import TokenFiles, TokenWriter
from abclm.errors import CorpusError, VocabularyError
from abclm.notation.tunebook import format_tunebook
from abclm.tokenizers.characters import CharacterTokenizer

TOKENIZER = CharacterTokenizer.default()
TUNES = Corpus.load("oldTunes").normalize().deduplicate()
BOOK = format_tunebook(TUNES.tunes)


def text_of(corpus):
    return TOKENIZER.decode(corpus.text.windows(np.array([0]), len(corpus.text))[0])


def encode(tmp_path, book, validation=0.0, seed=0, name="text"):
    path = tmp_path / "book.abc"
    path.write_text(book, encoding="utf-8", newline="")
    return encode_files([path], TOKENIZER, tmp_path / name, validation, seed)


def test_the_text_is_that_of_the_corpus(tmp_path):
    found = encode(tmp_path, BOOK)
    assert text_of(found.training) == "\n" + TUNES.text
    assert (found.read, found.repeated, found.unreadable) == (len(TUNES), 0, 0)
    assert found.training.tunes == len(TUNES)
    assert found.training.characters == len(TUNES.text)
    assert found.training.checksum == Corpus.read(tmp_path / "book.abc").checksum
    assert found.held_out is None


def test_a_tune_may_have_letters_of_several_bytes_where_the_vocabulary_has_them(tmp_path):
    one, two, three = (
        f"X:{n}\nT:Caf\xe9 {n}\nK:C\n{body}|\n\n" for n, body in enumerate(("CDE", "CDE", "EFG"), 1)
    )
    path = tmp_path / "book.abc"
    path.write_text(one + two + three, encoding="utf-8")
    tokenizer = TOKENIZER.with_symbols_of("\xe9")
    found = encode_files([path], tokenizer, tmp_path / "text", 0.0, 0).training
    text = tokenizer.decode(found.text.windows(np.array([0]), len(found.text))[0])
    assert text == "\n" + one + three.replace("X:3", "X:1")


def test_a_number_without_end_is_read_in_no_time(tmp_path):
    start = time.process_time()
    found = encode(tmp_path, f"X:{'1' * 200_000}\nK:C\nCDE|\n\n")
    assert time.process_time() - start < 5
    assert text_of(found.training) == "\nX:1\nK:C\nCDE|\n\n"


@pytest.mark.parametrize("size", [300, 1000, 5000])
def test_however_small_the_pieces_it_is_read_in(tmp_path, monkeypatch, size):
    monkeypatch.setattr(large_files, "_BLOCK_BYTES", size)
    monkeypatch.setattr(large_files.os, "cpu_count", lambda: 1)
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


def test_what_can_not_be_read_is_counted_and_stops_nothing(tmp_path):
    found = encode(tmp_path, BOOK.replace("\nX:9\n", "\nX:8\nT:No key\n\nX:9\n"))
    assert found.unreadable == 1
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


def test_the_share_and_the_seed_say_who_is_held_out(tmp_path):
    shares = [encode(tmp_path, BOOK, share, name=str(share)) for share in (0.0, 0.2, 0.5, 0.9)]
    held_out = [set(titles(each.held_out)) for each in shares]
    assert held_out[0] <= held_out[1] <= held_out[2] <= held_out[3]
    assert [len(each) / len(TUNES) for each in held_out] == pytest.approx([0, 0.2, 0.5, 0.9], abs=0.15)
    assert set(titles(encode(tmp_path, BOOK, 0.5, seed=1, name="seed").held_out)) != held_out[2]


def test_a_tune_without_a_title_goes_by_its_body(tmp_path):
    found = encode(tmp_path, re.sub(r"(?m)^T:.*\n", "", BOOK), 0.5)
    assert 0.3 < found.held_out.tunes / len(TUNES) < 0.7


def test_what_was_encoded_is_found_again_and_other_tunes_replace_it(tmp_path):
    first = encode(tmp_path, BOOK, 0.2)
    again = encode(tmp_path, BOOK, 0.2)
    assert (first.was_encoded, again.was_encoded) == (True, False)
    assert again.training.fingerprint() == first.training.fingerprint()
    assert again.held_out.tunes == first.held_out.tunes
    assert encode(tmp_path, BOOK, 0.2, seed=1).was_encoded
    other = encode(tmp_path, BOOK + BOOK.replace("|", "|z"), 0.2)
    assert other.was_encoded
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.abc", "text"]


def test_a_broken_file_is_named_and_encoded_again(tmp_path, caplog):
    encode(tmp_path, BOOK)
    path = tmp_path / "text" / "training-0000.ids"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert encode(tmp_path, BOOK).was_encoded
    assert "training-0000.ids is not what was written; encoding again" in caplog.text
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
from abclm.datasets import large_files
from abclm.tokenizers.characters import CharacterTokenizer
large_files._BLOCK_BYTES, large_files._SLOT_BYTES = 1000, {slot}
large_files.os.cpu_count = lambda: 3
found = large_files.encode_files([Path("book.abc")], CharacterTokenizer.default(), Path("many"), 0.3, 0)
print(json.dumps([found.training.fingerprint(), found.held_out.fingerprint(), "tensorflow" in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True
    )
    one = encode(tmp_path, BOOK + BOOK, 0.3)
    assert json.loads(done.stdout) == [one.training.fingerprint(), one.held_out.fingerprint(), False]


def test_windows_are_read_across_the_ends_of_files(tmp_path):
    ids = np.random.default_rng(0).integers(83, size=1000, dtype=np.uint8)
    writer = TokenWriter(tmp_path, "text", file_bytes=64)
    for part in np.array_split(ids, 7):
        writer.write(part.tobytes())
    writer.close()
    assert len(writer.files) == 16
    text = TokenFiles(tmp_path, writer.files)
    starts = np.array([0, 60, 63, 64, 500, 850])
    assert len(text) == 1000
    np.testing.assert_array_equal(text.windows(starts, 150), ids[starts[:, None] + np.arange(150)])


def test_an_encoded_corpus_in_memory_has_the_same_text(tmp_path):
    in_memory = EncodedCorpus.encode(TUNES, TOKENIZER)
    assert TOKENIZER.decode(in_memory.text) == text_of(encode(tmp_path, BOOK).training)
