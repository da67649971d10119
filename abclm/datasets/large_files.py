"""Turn files of tunes into token ids on the disk, a piece at a time, however large they are.

`abclm.corpora.corpus` holds tunes in memory, some kilobytes for each. Here a tune is a piece of a file, and passes
through. All are encoded into one file; what is known of each is its length, the hash of its body and the rank that its
title gives it, 24 bytes together. From these follows, by the rules of `Corpus.deduplicate` and `Corpus.split`, which
tunes are trained on and which are held out, and both are read from the one file.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm.analysis.novelty import NoveltyIndex
from abclm.corpora import built_in
from abclm.corpora.corpus import Corpus
from abclm.corpora.holdout import RULE
from abclm.corpora.origin import Origin, Source, name_of
from abclm.corpora.sources import STANDARD_INPUT, find_files
from abclm.datasets.encoded import EncodedCorpus, index_of
from abclm.datasets.large_encoding import BLOCK_BYTES, HELD_OUT, IDS, TRAINING, TUNES, cut_file, encode_places
from abclm.datasets.large_pieces import Encoder
from abclm.datasets.texts import IdFile, JoinedText
from abclm.errors import CorpusError
from abclm.models.folder import INDEX
from abclm.system.files import write_bytes, write_text

if TYPE_CHECKING:
    from abclm.tokenizers.characters import CharacterTokenizer

LARGE_BYTES = 64_000_000

_LIST = "files.json"
_FORMAT_VERSION = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LargeCorpus:
    """What files of tunes have become.

    Attributes:
        training: the tunes to train on.
        held_out: the tunes to measure on; None where none are held out.
        read: how many tunes the files have.
        repeated: how many of them have a body that an earlier one has.
        unusable: how many could not be read, or have no canonical form.
        was_encoded: whether they were encoded now, or found encoded.
    """

    training: EncodedCorpus
    held_out: EncodedCorpus | None
    read: int
    repeated: int
    unusable: int
    was_encoded: bool


@dataclass(frozen=True)
class LargeFiles:
    """Files to read.

    Attributes:
        named: of built-in corpora, whose origin is known.
        own: of the user, in the order in which they are read.
        paths: as the user gave them.
    """

    named: tuple[tuple[Source, Path], ...]
    own: tuple[Path, ...]
    paths: tuple[str, ...]

    @classmethod
    def find(cls, arguments: Sequence[str]) -> LargeFiles | None:
        """Find the files of a command line, if the user's are more than is well held in memory, and all of them ABC.

        Args:
            arguments: as `read_corpora` takes them.
        """
        known = [card.name for card in built_in.cards()]
        paths = tuple(path for path in arguments if path not in known)
        if STANDARD_INPUT in paths:
            return None
        try:
            files = find_files(paths, midi=True)
        except CorpusError:
            return None  # reading them says it better
        own = tuple(Path(file.path) for file in files)
        if not all(file.is_abc for file in files) or sum(path.stat().st_size for path in own) < LARGE_BYTES:
            return None
        names = [name for name in dict.fromkeys(arguments) if name in known]
        sources = {name: Corpus.load(name).origin.sources[0] for name in names}
        named = [
            (sources[name], path) for name in names for path in built_in.find_files(built_in.find_card(name))
        ]
        return cls(tuple(named), own, paths)

    def origin(self, sha256: str) -> Origin:
        """Where the tunes come from, given the checksum of the user's files."""
        named = dict.fromkeys(source for source, _ in self.named)
        return Origin((*named, Source(name_of(self.paths), sha256, self.paths)))


def encode_files(
    files: LargeFiles,
    tokenizer: CharacterTokenizer,
    folder: Path,
    *,
    clean: bool,
    validation: float,
    seed: int,
    indexed: bool = True,
) -> LargeCorpus:
    """Encode files of tunes into a folder, or find there what they were encoded into before.

    Of tunes with the same body the first stays, and those are held out that `Corpus.split` would hold out.

    Args:
        files: to read.
        tokenizer: what to encode with.
        folder: written aside and renamed into place; replaced where it holds other files' tunes.
        clean: the tunes are canonical and taken as they are; else they are brought to the canonical form.
        validation: the share to hold out, from 0 to below 1.
        seed: of the split.
        indexed: whether the tunes to train on are to be known again.

    Raises:
        CorpusError: no tune is left to train on.
        VocabularyError: a tune has a character that the vocabulary lacks.
        OSError: a file can't be read, or the folder not written.
    """
    split = {"rule": RULE, "validation": validation, "seed": seed, "relatives_together": False}
    steps = (
        Origin()
        .then("as_canonical" if clean else "normalize")
        .then("deduplicate")
        .then("split", **split)
        .steps
    )
    in_order = sorted(files.own, key=os.path.realpath)
    known = _sha256_of(in_order) if folder.exists() or in_order != list(files.own) else None
    digest = hashlib.sha256()

    def made_of(sha256: str) -> dict[str, Any]:
        origin = replace(files.origin(sha256), steps=steps)
        return {"format_version": _FORMAT_VERSION, "vocabulary": tokenizer.to_json(), **origin.to_dict()}

    if known and (found := _find(folder, made_of(known), tokenizer)):
        return found
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".saving-", dir=folder.parent))
    try:
        places = itertools.chain.from_iterable(
            cut_file(path, digest.update if number >= len(files.named) and not known else None)
            for number, path in enumerate([*(path for _, path in files.named), *files.own])
        )
        counts = encode_places(
            name_of(files.paths), places, Encoder(tokenizer, seed, clean), aside, validation
        )
        about = made_of(known or digest.hexdigest())
        write_text(aside / _LIST, json.dumps({"made_of": about, **counts}, indent=1) + "\n")
        if found := _find(folder, about, tokenizer):  # another worker was faster
            shutil.rmtree(aside)
            return found
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError) and (not error.filename or str(aside) in str(error.filename)):
            error.filename = str(folder)  # and not a file aside, of which the user knows nothing
        raise
    return _open(folder, about, counts, tokenizer, was_encoded=True, indexed=indexed)


def _find(folder: Path, about: dict[str, Any], tokenizer: CharacterTokenizer) -> LargeCorpus | None:
    try:
        contents = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if contents.get("made_of") != about:
        return None
    try:
        return _open(folder, about, contents, tokenizer, was_encoded=False)
    except (CorpusError, OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        _log.warning("%s: %s; encoding again", folder, error)
        return None


def _open(
    folder: Path,
    about: dict[str, Any],
    counts: dict[str, int],
    tokenizer: CharacterTokenizer,
    was_encoded: bool,
    indexed: bool = True,
) -> LargeCorpus:
    if not was_encoded:
        _check(folder / IDS, counts["crc32"])
    with np.load(folder / TUNES) as arrays:
        lengths, sides = arrays["lengths"].astype(np.int64), arrays["sides"]
    begins = 1 + np.cumsum(lengths) - lengths
    whole = Origin.from_dict(about)
    *before, split = whole.steps

    def part(side: int, name: str) -> EncodedCorpus:
        origin = replace(whole, steps=(*before, {**split, "side": name}))
        is_chosen = sides == side
        ids = IdFile((folder / IDS).open("rb"), tokenizer.dtype)
        identity = json.dumps(
            [about["vocabulary"], [source.sha256 for source in origin.sources], *origin.steps]
        )
        return EncodedCorpus(
            ", ".join(source.name for source in origin.sources),
            origin.checksum,
            JoinedText(ids, begins[is_chosen], lengths[is_chosen]),
            1 + np.cumsum(lengths[is_chosen]),
            hashlib.sha256(identity.encode()).hexdigest(),
            None,
            origin,
            True,
            folder,
        )

    training = part(TRAINING, "training")
    held_out = part(HELD_OUT, "validation") if (sides == HELD_OUT).any() else None
    if indexed and was_encoded and (index := index_of(training.parsed(tokenizer), training.tunes)):
        write_bytes(folder / INDEX, index.to_bytes())
    if (folder / INDEX).exists():
        index = NoveltyIndex.from_bytes((folder / INDEX).read_bytes(), str(folder / INDEX))
        training = replace(training, index=index)
    said = {name: counts[name] for name in ("read", "repeated", "unusable")}
    return LargeCorpus(training, held_out, **said, was_encoded=was_encoded)


def _check(path: Path, expected: int) -> None:
    crc = 0
    with path.open("rb", buffering=0) as file:
        while data := file.read(BLOCK_BYTES):
            crc = zlib.crc32(data, crc)
    if crc != expected:
        raise CorpusError(f"{path.name} is not what was written")


def _sha256_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while data := file.read(BLOCK_BYTES):
                digest.update(data)
    return digest.hexdigest()
