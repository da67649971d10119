"""Turn what a model's metadata say of its training into the tunes that were held out then."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abclm._version import VERSION
from abclm.corpora.corpus import Corpus
from abclm.corpora.holdout import RULE
from abclm.corpora.origin import Origin
from abclm.corpora.sources import STANDARD_INPUT
from abclm.datasets.large_files import LargeFiles, encode_files
from abclm.errors import CorpusError
from abclm.tokenizers.characters import CharacterTokenizer, as_characters

if TYPE_CHECKING:
    from abclm.models.model import Model

_log = logging.getLogger(__name__)
_ENOUGH = 100  # tunes; measuring them after each epoch takes seconds


def tunes_held_out_from(lm: Model, most: int = _ENOUGH) -> Corpus | None:
    """Find tunes like those that a model learned from, and which it did not learn from.

    They are read again from the built-in corpora and the files that the metadata name, and split by the same rule. Of
    a model that was fine-tuned, the tunes held out from each training are taken. Where some can't be had, a warning
    says why.

    Args:
        lm: the model.
        most: how many tunes are enough of each training; they are taken evenly from all.

    Returns:
        Canonical tunes; None where there are none.
    """
    found: list[Corpus] = []
    for record in _trainings(lm.metadata):
        name = record.get("corpus", {}).get("name", "its training tunes")
        try:
            found.append(_held_out(record, as_characters(lm.tokenizer), most))
        except CorpusError as error:
            _log.warning("how much the model forgets of %s is not measured: %s", name, error)
    if len(found) < 2:
        return found[0] if found else None
    tunes = tuple(tune for each in found for tune in each)
    if (index := lm.novelty_index) is not None:  # what one training held out, another may have had
        tunes = tuple(tune for tune in tunes if index.nearest(tune).share < 1)
    return Corpus(", ".join(each.name for each in found), tunes, is_canonical=True)


def _trainings(metadata: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is recorded of each training that led to a model, the last first."""
    # The shipped models say of their corpora and split beside the record, or below it once they were fine-tuned.
    beside = {name: metadata[name] for name in ("corpora", "split") if name in metadata}
    record = {**metadata.get("training", {}), **beside}
    while record:
        yield record
        record = record.get("went_on_from", {})


def _held_out(record: Mapping[str, Any], tokenizer: CharacterTokenizer, most: int) -> Corpus:
    """Some of the tunes that were held out from one training; a CorpusError that says why they can't be had."""
    about, split = record.get("validation"), record.get("split")
    if about and "corpora" in about:
        origin = Origin.from_dict(about)
    elif split and record.get("corpora"):
        held_out = {**split, "step": "split", "rule": RULE, "side": "validation"}
        steps = [{"step": "normalize"}, {"step": "deduplicate"}, held_out]
        origin = Origin.from_dict({"corpora": record["corpora"], "steps": steps})
    elif about or "validation" not in record:
        raise CorpusError("abclm 0.1.0 trained the model, and kept no record of its tunes")
    else:
        raise CorpusError("none of its tunes were held out")
    if not origin.sources:
        raise CorpusError("its tunes were not read from files")
    if any(STANDARD_INPUT in source.paths for source in origin.sources):
        raise CorpusError("its tunes came from standard input, which can't be read again")
    files = LargeFiles.find([path for source in origin.sources for path in source.paths or [source.name]])
    if files is not None:
        return _encode_again(files, origin, tokenizer, most)
    corpus = _read_again(origin)
    if about and (len(corpus), len(corpus.text)) != (about["tunes"], about["characters"]):
        raise CorpusError(
            f"its files now give {len(corpus):,} held-out tunes that are not the {about['tunes']:,} of then"
        )
    step = max(1, -(-len(corpus) // most))
    return replace(corpus, tunes=corpus.tunes[::step], places=corpus.places[::step])


def _encode_again(files: LargeFiles, origin: Origin, tokenizer: CharacterTokenizer, most: int) -> Corpus:
    """Some of the held-out tunes of files that are too large for memory."""
    form, *others = [step["step"] for step in origin.steps]
    if form not in ("as_canonical", "normalize") or others != ["deduplicate", "split"]:
        raise CorpusError("its files are too large to do again what was done to their tunes")
    settings = {name: origin.steps[-1][name] for name in ("validation", "seed")}
    with tempfile.TemporaryDirectory() as folder:
        clean = form == "as_canonical"
        found = encode_files(
            files, tokenizer, Path(folder, "text"), clean=clean, indexed=False, **settings
        ).held_out
        if found is None or found.origin != origin:
            raise CorpusError("its files have other contents than they had then")
        places = np.arange(0, found.tunes, max(1, -(-found.tunes // most)))
        return Corpus(found.name, tuple(found.parsed(tokenizer, places)), is_canonical=True)


def _read_again(origin: Origin) -> Corpus:
    """Read tunes again and do to them what was done then; a CorpusError where it can't be done."""
    parts = []
    for source in origin.sources:
        parts.append(Corpus.read(*source.paths) if source.paths else Corpus.load(source.name))
        if parts[-1].checksum != source.sha256:
            raise CorpusError(f"{source.name} has other contents than it had then")
    name = ", ".join(part.name for part in parts)
    corpus = Corpus(name, tuple(tune for part in parts for tune in part))
    for step in origin.steps:
        corpus = _do(corpus, step)
    return corpus


def _do(corpus: Corpus, step: Mapping[str, Any]) -> Corpus:
    settings = {name: value for name, value in step.items() if name not in ("step", "rule", "side")}
    try:
        if step["step"] in ("normalize", "as_canonical", "strict", "deduplicate"):
            done: Corpus = getattr(corpus, step["step"])(**settings)
            return done
        if step["step"] == "split" and step["rule"] == RULE:
            return corpus.split(**settings)[step["side"] == "validation"]
    except (KeyError, TypeError):  # not a step that abclm wrote
        pass
    raise CorpusError(f"this abclm {VERSION} does not know what was done to its tunes: {dict(step)}")
