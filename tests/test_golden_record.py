"""What abclm makes of tunes is what it made when the record beside this file was written.

`golden_record.json` holds checksums of what is the same on every machine: the canonical tunes of the built-in corpora,
which tunes a split holds out, and the MusicXML and the MIDI events of the tunes of `oldTunes`. What depends on the
machine (tunes that a model writes, trained weights, pictures) is compared by hand, by `benchmarks/golden_record.py`.

Where one of them changes on purpose, see what changed, then record anew:

    python benchmarks/golden_record.py compare tests/golden_record.json
    python benchmarks/golden_record.py record tests/golden_record.json --only portable

The commit that does so says which entries changed, and why.
"""

import importlib.util
import json
from pathlib import Path

import pytest

from abclm import Corpus

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "golden_record.json").read_text(encoding="utf-8"))["entries"]


def script(name):
    """The module of a script in `benchmarks`."""
    spec = importlib.util.spec_from_file_location(name, HERE.parent / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden_record = script("golden_record")
held_out_tunes = script("held_out_tunes")


@pytest.fixture(scope="module")
def now():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ABCLM_ABC2MIDI", raising=False)  # another version plays otherwise
        return golden_record.make(["portable"])


def changed(now, kind, corpora=golden_record.BOOKS):
    """The entries of a kind that are not as recorded; those of corpora whose files are others are left out."""
    prefix = f"portable/{kind}/"
    names = dict.fromkeys(name for name in (*RECORDED, *now) if name.startswith(prefix))
    assert names, f"no entry begins with {prefix}"
    others = tuple(name for name in corpora if has_other_files(name))
    return {
        name: golden_record.differences(RECORDED.get(name, {}), now.get(name, {}))
        for name in names
        if RECORDED.get(name) != now.get(name) and not name.removeprefix(prefix).startswith(others)
    }


def has_other_files(name):
    """Whether music21 has brought other files of a corpus than when the record was made."""
    return Corpus.load(name).checksum != RECORDED[f"portable/canonical/{name}"]["files"]


def test_the_canonical_tunes_of_the_corpora_are_as_recorded(now):
    assert changed(now, "canonical") == {}


def test_the_splits_are_as_recorded(now):
    assert changed(now, "splits") == {}


def test_the_musicxml_of_our_tunebook_is_as_recorded(now):
    assert changed(now, "musicxml") == {}


def test_the_midi_events_of_our_tunebook_are_as_recorded(now):
    assert changed(now, "midi") == {}


def test_the_frozen_held_out_tunes_are_found():
    if any(map(has_other_files, golden_record.BOOKS)):
        pytest.skip("music21 has brought other files than those of which tunes were held out")
    train, held_out = held_out_tunes.split_frozen(golden_record.canonical("three books"))
    assert (len(train), len(held_out)) == (3732, 415)
    assert {held_out_tunes.tune_checksum(tune) for tune in held_out} == held_out_tunes.held_out_tunes()
