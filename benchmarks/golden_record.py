"""Turn what abclm writes into a record, and compare a record with what abclm writes now.

    python benchmarks/golden_record.py record FILE.json [--only GROUP ...]
    python benchmarks/golden_record.py compare FILE.json [--only GROUP ...] [--all]

A record is made before the code is changed and compared after it, on the same machine with the same versions of
Python's packages. It has these groups of entries, each of them a text, a checksum (SHA-256) or some figures:

- tunes: 40 tunes by seed and model, in full;
- logits: of both shipped models, checksums of all the bytes and some values, rounded;
- files: of the tunes of `oldTunes` and some generated ones, checksums of the files that `Tune.save` writes. Of a MIDI
  file also checksums of what is in it, in case the same music is written in other bytes: `notes` (onset, end and
  pitch) and `events` (those with velocity and channel, and programs, tempos, meters and keys);
- training: of a network of 16 units, checksums of the weights after 20 steps, after a stop and a resume, and after
  fine-tuning, with the held-out figures;
- canonical: checksums of the canonical tunes of the built-in corpora;
- splits: which tunes `Corpus.split` holds out, by seed;
- evaluate: what `abclm evaluate` says of tunes;
- openapi: how the server describes its API;
- help: what `--help` says of each command;
- portable: the cheap part that is the same on every machine, which `tests/test_golden_record.py` compares. It is made
  only where `--only portable` asks for it.

`record --only` replaces these groups in a file that is there and leaves the others. `compare` prints the entries that
changed with their differences (with `--all` also those that did not), and exits with 1 where there is one. Only
the public interface and the command line are used, so that the script runs before and after modules are moved.

Programs on PATH are not used, so sound is made by the built-in synthesis. It takes about two minutes on two cores.
"""

import argparse
import difflib
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import mido

import abclm
from abclm import Corpus, LanguageModel, ModelConfig, TrainingConfig, Tune

Entries = Iterator[tuple[str, Any]]

BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
"""The built-in corpora that the shipped models learned from."""

MODELS = ("small", "session")
PACKAGES = (
    "numpy",
    "tensorflow",
    "keras",
    "music21",
    "symusic",
    "mido",
    "verovio",
    "typst",
    "typer",
    "fastapi",
)

_SHOWN_LINES = 40  # of the differences of an entry
_COLUMNS = "80"
# -P: not the abclm that may lie in the working directory.
_COMMAND = (sys.executable, "-P", "-m", "abclm")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("record", "compare"))
    parser.add_argument("file", type=Path, metavar="FILE.json")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help="these groups of entries")
    parser.add_argument("--all", action="store_true", help="name the entries that did not change, too")
    options = parser.parse_args()

    print(f"abclm {abclm.__version__} in {Path(abclm.__file__).parent}")
    if options.command == "record":
        record(options.file, options.only or DEFAULT_GROUPS)
        return 0
    return compare(options.file, options.only, show_all=options.all)


def record(file: Path, groups: Iterable[str]) -> None:
    """Make a record, or some groups of it anew.

    Args:
        file: to write.
        groups: which to make; others that the file has stay in it.
    """
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    kept = {name: value for name, value in found.get("entries", {}).items() if group_of(name) not in groups}
    entries = {**kept, **make(groups)}
    order = list(GROUPS)
    names = sorted(entries, key=lambda name: order.index(group_of(name)))
    content = {"made_with": describe_machine(), "entries": {name: entries[name] for name in names}}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{file}: {len(entries)} entries")


def compare(file: Path, groups: Iterable[str] | None, *, show_all: bool = False) -> int:
    """Print what changed since a record was made.

    Args:
        file: the record.
        groups: which to compare; by default those that the record has.
        show_all: whether to name the entries that did not change.

    Returns:
        1 where an entry changed, is missing or is new; else 0.
    """
    content = json.loads(file.read_text(encoding="utf-8"))
    recorded = content["entries"]
    groups = groups or list(dict.fromkeys(map(group_of, recorded)))
    machine = describe_machine()
    for name, value in content["made_with"].items():
        if machine.get(name) != value:
            print(f"note: the record was made with {name} {value}; now it is {machine.get(name)}")
    now = make(groups, go_on=True)
    counts = {"same": 0, "changed": 0, "gone": 0, "new": 0}
    for group in groups:
        here = dict.fromkeys(name for name in (*recorded, *now) if group_of(name) == group)
        states = {name: state_of(name, recorded, now) for name in here}
        same = sum(state == "same" for state in states.values())
        print(f"{group}: {same} of {len(states)} unchanged")
        for name, state in states.items():
            counts[state] += 1
            if state != "same" or show_all:
                print(f"  {state:8}{name}")
            if state == "changed":
                for line in differences(recorded[name], now[name]):
                    print(f"          {line}")
    print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return int(counts["same"] != sum(counts.values()))


def make(groups: Iterable[str], *, go_on: bool = False) -> dict[str, Any]:
    """Make the entries of some groups.

    Args:
        groups: their names.
        go_on: whether an error in one group becomes an entry of its own and the next group is made.
    """
    entries: dict[str, Any] = {}
    for group in groups:
        start = time.perf_counter()
        try:
            for name, value in GROUPS[group]():
                entries[f"{group}/{name}"] = json.loads(json.dumps(value))  # as a file will have it
        except Exception as error:
            if not go_on:
                raise
            entries[f"{group}/error"] = f"{type(error).__name__}: {error}"
        print(f"made {group} in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return entries


def group_of(name: str) -> str:
    """The group of an entry."""
    return name.partition("/")[0]


def state_of(name: str, recorded: dict[str, Any], now: dict[str, Any]) -> str:
    """Say in a word what became of an entry."""
    if name not in now:
        return "gone"
    if name not in recorded:
        return "new"
    return "same" if recorded[name] == now[name] else "changed"


def differences(before: Any, after: Any) -> list[str]:
    """The lines in which two entries differ."""
    found = list(difflib.unified_diff(_lines(before), _lines(after), "recorded", "now", lineterm="", n=1))[2:]
    more = len(found) - _SHOWN_LINES
    return found[:_SHOWN_LINES] + ([f"... {more} lines more"] if more > 0 else [])


def describe_machine() -> dict[str, str | int | None]:
    """What an entry may depend on beside the code."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "abclm": abclm.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        **versions,
    }


def checksum(content: str | bytes) -> str:
    """The SHA-256 of a text or of bytes."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


# Tunes

# The model, and the options of `generate`. Together 40 tunes.
TUNES: list[tuple[str, dict[str, Any]]] = [
    ("small", {"seed": 1}),
    ("small", {"seed": 2, "n": 3}),
    ("small", {"seed": 2, "n": 3, "batch_size": 1}),
    ("small", {"seed": 3, "title": "The Lost Badger", "key": "G"}),
    ("small", {"seed": 4, "rhythm": "jig", "meter": "6/8", "key": "Ador"}),
    ("small", {"seed": 5, "rhythm": "reel", "key": "D", "temperature": 0.7}),
    ("small", {"seed": 6, "rhythm": "hornpipe", "key": "Bb", "temperature": 1.3}),
    ("small", {"seed": 7, "rhythm": "slip jig", "meter": "9/8", "key": "Edor"}),
    ("small", {"seed": 8, "rhythm": "waltz", "meter": "3/4", "unit_note_length": "1/4"}),
    ("small", {"seed": 9, "title": "In Four Parts", "parts": 4, "bars": 8}),
    ("small", {"seed": 10, "bars": 12, "key": "Amix"}),
    ("small", {"seed": 11, "any_form": True}),
    ("small", {"seed": 12, "opening": "GAB c2d|", "meter": "6/8", "key": "G", "rhythm": "jig"}),
    ("small", {"seed": 13, "bar_redraws": 16}),
    ("small", {"seed": 14, "bar_repetition": 0.0, "rhythm": "reel"}),
    ("small", {"seed": 15, "bar_repetition": 0.5, "bar_redraws": 4, "temperature": 0.9}),
    ("small", {"seed": 16, "constrained": False, "attempts": 1}),
    ("small", {"seed": 17, "constrained": False, "attempts": 5, "temperature": 0.8}),
    ("small", {"seed": 18, "temperature": 0, "key": "D", "meter": "C|"}),
    ("small", {"seed": 19, "top_k": 5, "top_p": 0.9}),
    ("small", {"seed": 20, "min_p": 0.1, "ending_draws": 1}),
    ("small", {"seed": 21, "novel": True}),
    ("session", {"seed": 1}),
    ("session", {"seed": 2, "n": 3, "title": "One of Three"}),
    ("session", {"seed": 2, "title": "One of Three"}),
    ("session", {"seed": 3, "title": "The Lost Badger", "key": "G"}),
    ("session", {"seed": 4, "rhythm": "jig", "meter": "6/8", "key": "Em"}),
    ("session", {"seed": 5, "rhythm": "reel", "meter": "C", "key": "Ador", "temperature": 0.8}),
    ("session", {"seed": 6, "rhythm": "polka", "meter": "2/4", "parts": 2, "bars": 8}),
    ("session", {"seed": 7, "rhythm": "strathspey", "key": "F", "bar_redraws": 8}),
    ("session", {"seed": 8, "opening": "d2 ed BAGB|", "key": "G", "meter": "C"}),
    ("session", {"seed": 9, "constrained": False, "attempts": 3}),
    ("session", {"seed": 10, "bar_repetition": 0.3, "top_p": 0.95, "max_length": 600}),
]


def make_tunes() -> Entries:
    """Tunes by seed and model, in full."""
    count = 0
    for model, options in TUNES:
        said = ", ".join(f"{name}={value}" for name, value in options.items())
        tunes = _load(model).generate(**options)
        for number, tune in enumerate(tunes):
            count += 1
            place = f", {number + 1} of {len(tunes)}" if len(tunes) > 1 else ""
            yield f"{model}: {said}{place}", tune.text
    command = ["generate", "--model", "small", "--title", "Badger", "--key", "D", "--seed", "22"]
    yield " ".join(["abclm", *command]), run_abclm(*command)
    assert count + 1 == 40, f"{count + 1} tunes, not 40"


# Logits and figures


def make_logits() -> Entries:
    """What the shipped models expect behind each character of a tune."""
    text = canonical("oldTunes").tunes[2].text
    for model in MODELS:
        lm = _load(model)
        logits = lm.logits(text)
        symbols = (
            lm.tokenizer if hasattr(lm, "tokenizer") else lm.vocabulary
        ).symbols  # version 0.1.0 had the latter
        found = {
            "shape": list(logits.shape),
            "sha256": checksum(logits.tobytes()),
            "likeliest": "".join(symbols[place] for place in logits.argmax(axis=1)),
            "rounded": [[round(float(value), 3) for value in row[:6]] for row in logits[::40]],
        }
        yield model, found


def make_evaluate() -> Entries:
    """Held-out figures of the shipped models, in Python and by the command."""
    tunes = canonical("oldTunes").tunes[:20]
    yield "small on 20 tunes", _load("small").evaluate(tunes).to_dict()
    yield "session on 8 tunes", _load("session").evaluate(tunes[:8]).to_dict()
    yield "small without its cache", _load("small").with_cache(()).evaluate(tunes).to_dict()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tunes.abc")
        file.write_text("".join(f"{tune.text.rstrip()}\n\n" for tune in tunes[:6]), encoding="utf-8")
        said = json.loads(run_abclm("evaluate", str(file), "--model", "small", "--json"))
    yield "abclm evaluate FILE --model small --json", _without_times(said)


# Files

SUFFIXES = (".abc", ".mid", ".musicxml", ".svg", ".html", ".pdf")
_SOUNDING = 3  # tunes of which sound is made: a megabyte a second


def make_files() -> Entries:
    """Files of the tunes of our own tunebook and of generated ones."""
    for number, tune in enumerate(Corpus.load("oldTunes").tunes):
        suffixes = (*SUFFIXES, ".wav") if number < _SOUNDING else SUFFIXES
        yield f"oldTunes {number + 1:02} {tune.title}", save(tune, suffixes)
    for number, tune in enumerate(_load("small").generate(n=4, seed=30)):
        yield f"generated {number + 1} {tune.title}", save(tune, SUFFIXES)
    tune = next(tune for tune in Corpus.load("oldTunes").tunes if tune.stated_rhythm == "hornpipe")
    yield f"{tune.title} on a fiddle", save(tune, (".mid", ".wav", ".html"), instrument="fiddle", tempo="90")
    chords = Tune.parse(
        'X:1\nT:Chords\nM:4/4\nL:1/4\nQ:1/4=100\nK:G\n"G"GABc|"D7"d2"Em"e2|"C"c{d}c"G"~B2|]\n'
    )
    yield "chords played", save(chords, (".mid", ".musicxml", ".svg", ".wav"), chords=True)


def save(tune: Tune, suffixes: Iterable[str], **options: Any) -> dict[str, str]:
    """Checksums of a tune's files, by suffix; of a MIDI file also what is in it and the tune read back from it."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for suffix in suffixes:
            file = Path(name, f"tune{suffix}")
            tune.save(file, **({} if suffix not in (".mid", ".wav", ".html") else options))
            found[suffix] = checksum(file.read_bytes())
            if suffix == ".mid":
                events = read_midi(file)
                found["notes"] = checksum(_compact(sorted(note[:3] for note in events["notes"])))
                found["events"] = checksum(_compact(events))
                found["read back"] = checksum(Corpus.read(file).tunes[0].text)
    return found


def read_midi(file: Path) -> dict[str, Any]:
    """What sounds in a MIDI file and how, whatever the order of its bytes.

    Returns:
        `ticks_per_quarter`; `notes`, each with onset and end in ticks, pitch, velocity and channel; and, each with
        its time in ticks first, `programs`, `tempos` (microseconds a quarter note), `meters`, `keys` and `bends`.
    """
    midi = mido.MidiFile(file)
    found: dict[str, Any] = {"ticks_per_quarter": midi.ticks_per_beat}
    found |= {name: [] for name in ("notes", "programs", "tempos", "meters", "keys", "bends")}
    for track in midi.tracks:
        now = 0
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding.setdefault((message.channel, message.note), []).append((now, message.velocity))
            elif message.type in ("note_on", "note_off"):
                begun = sounding.get((message.channel, message.note))
                if begun:
                    onset, velocity = begun.pop(0)
                    found["notes"].append([onset, now, message.note, velocity, message.channel])
            elif message.type == "program_change":
                found["programs"].append([now, message.channel, message.program])
            elif message.type == "set_tempo":
                found["tempos"].append([now, message.tempo])
            elif message.type == "time_signature":
                found["meters"].append([now, message.numerator, message.denominator])
            elif message.type == "key_signature":
                found["keys"].append([now, message.key])
            elif message.type == "pitchwheel":
                found["bends"].append([now, message.channel, message.pitch])
    return {name: sorted(value) if isinstance(value, list) else value for name, value in found.items()}


# Training

_SHAPE = {"embedding_dimension": 8, "units": 16}
_PLAIN: dict[str, Any] = {"sequence_length": 40, "batch_size": 16, "steps": 20}
_RICH: dict[str, Any] = {
    **_PLAIN, "learning_rate": 5e-3, "schedule": "cosine", "warmup_steps": 5, "clip_norm": 1.0,
    "embedding_dropout": 0.1, "output_dropout": 0.2, "recurrent_dropout": 0.2, "weight_decay": 0.01,
    "averaging": 0.9, "label_smoothing": 0.05, "whole_tunes": True, "transposition": 0.5,
}  # fmt: skip
_STOP_AT = 10  # steps


def make_training() -> Entries:
    """Weights and figures of a small network after 20 steps, which are an epoch and a part of one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    train, held_out = canonical("oldTunes").split(0.2, seed=0)
    yield "untrained", _weights(_new())
    plain = _new().fit(train, held_out, TrainingConfig(**_PLAIN))
    yield "20 steps as the paper has them", _outcome(plain)
    config = TrainingConfig(**_RICH)
    yield "20 steps with all that there is", _outcome(_new().fit(train, held_out, config))
    yield "two layers", _outcome(_new(layers=2).fit(train, held_out, TrainingConfig(**_PLAIN)))
    with tempfile.TemporaryDirectory() as folder:

        def stop(progress: Any) -> None:
            if progress.step == _STOP_AT:
                raise KeyboardInterrupt

        try:
            _new().fit(train, held_out, config, folder=folder, progress=stop)
        except KeyboardInterrupt:
            yield f"stopped after {_STOP_AT} steps", _weights(abclm.load(folder))
        else:
            raise AssertionError("the run was not stopped")
        yield (
            "20 steps, stopped and resumed",
            _outcome(_new().fit(train, held_out, config, folder=folder, resume=True)),
        )
        yield "the folder of the run that was resumed", _weights(abclm.load(folder))
    tuning = TrainingConfig.for_fine_tuning(steps=20, sequence_length=40)
    yield "fine-tuned", _outcome(plain.fine_tune(train, held_out, tuning, old=held_out))
    with tempfile.TemporaryDirectory() as name:
        made, tuned = str(Path(name, "made")), str(Path(name, "tuned"))
        for out, arguments in (
            (made, ["train", "oldTunes", "--units", "16", "--embedding-dimension", "8", "--cache"]),
            (tuned, ["fine-tune", "oldTunes", "--model", made, "--old", "oldTunes", "--seed", "1"]),
        ):
            size = ["--steps", "20", "--sequence-length", "40", "--batch-size", "16"]
            said = run_abclm(*arguments, *size, "--out", out, "--json")
            figures = {**_without_times(json.loads(said)), "model": ""}
            yield f"abclm {arguments[0]}", {"figures": figures, **_weights(abclm.load(out))}


def _new(**shape: int) -> LanguageModel:
    return LanguageModel.create(ModelConfig(**{**_SHAPE, **shape}), seed=1)


def _outcome(lm: LanguageModel) -> dict[str, Any]:
    """Checksums of the weights, the figures of each epoch, and those of the weights that were kept."""
    history = [_without_times(entry) for entry in lm.history]
    return {**_weights(lm), "history": history, "held_out": lm.metadata["training"].get("held_out")}


def _weights(lm: LanguageModel) -> dict[str, Any]:
    return {"weights": {name: checksum(lm.weights[name].tobytes()) for name in sorted(lm.weights)}}


# Corpora


def make_canonical() -> Entries:
    """The canonical tunes of the built-in corpora, and what was left out and why."""
    for name in (*BOOKS, "oldTunes"):
        yield name, describe_canonical(name)
        problems = "\n".join(map(str, canonical(name).problems))
        yield f"{name}, left out", {"count": len(canonical(name).problems), "sha256": checksum(problems)}


def describe_canonical(name: str) -> dict[str, Any]:
    """Counts of a corpus, checksums of its files and of its canonical text, and the same without duplicates."""
    corpus = canonical(name)
    single = corpus.deduplicate()
    return {
        "files": corpus.checksum,
        "tunes": len(corpus),
        "text": checksum(corpus.text),
        "tunes_once": len(single),
        "text_once": checksum(single.text),
    }


@cache
def canonical(name: str) -> Corpus:
    """The canonical tunes of a built-in corpus, or of the three books, one after another."""
    if name != "three books":
        return Corpus.load(name).normalize()
    books = [canonical(book) for book in BOOKS]
    return Corpus(
        name=", ".join(BOOKS),
        tunes=tuple(tune for book in books for tune in book.tunes),
        places=tuple(place for book in books for place in book.places),
        is_canonical=True,
    )


def make_splits() -> Entries:
    """Which tunes are held out, by corpus, seed and share."""
    for seed in (0, 1, 7):
        yield f"oldTunes, seed {seed}", describe_split("oldTunes", titles=True, validation=0.25, seed=seed)
    for name in BOOKS:
        for seed in (0, 3):
            yield f"{name}, seed {seed}", describe_split(name, validation=0.1, seed=seed)
        yield (
            f"{name}, relatives together",
            describe_split(name, validation=0.1, seed=0, relatives_together=True),
        )
    yield (
        "three books, relatives together",
        describe_split("three books", titles=True, validation=0.1, seed=0, relatives_together=True),
    )
    yield "three books", describe_split("three books", validation=0.1, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        said = run_abclm("corpus", "split", "airdsAirs", "--seed", "2", "--out", folder, "--json")
        parts = {part: checksum(Path(folder, f"{part}.abc").read_bytes()) for part in ("train", "validation")}
        yield "abclm corpus split airdsAirs --seed 2 --json", {**json.loads(said), **parts, "path": ""}


def describe_split(name: str, *, titles: bool = False, **options: Any) -> dict[str, Any]:
    """How many tunes are on each side of a split, and checksums of their texts; also the held-out titles."""
    train, held_out = canonical(name).split(**options)
    found: dict[str, Any] = {
        "train": len(train),
        "held_out": len(held_out),
        "train_text": checksum(train.text),
        "held_out_text": checksum(held_out.text),
    }
    return found | ({"titles": [tune.title for tune in held_out]} if titles else {})


# The command line


def make_help() -> Entries:
    """What `--help` says of abclm, of each command and of each command's commands."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop(0)
        text = run_abclm(*command, "--help")
        yield " ".join(("abclm", *command, "--help")), text
        waiting += [(*command, name) for name in _commands_in(text)]


def _commands_in(text: str) -> list[str]:
    _, found, rest = text.partition("\nCommands:\n")
    return re.findall(r"^  ([a-z][\w-]*)(?:\s|$)", rest, re.MULTILINE) if found else []


def make_openapi() -> Entries:
    """How a server that runs describes its API."""
    process = subprocess.Popen(
        [*_COMMAND, "serve", "--model", "small", "--port", "0"],
        stderr=subprocess.PIPE, text=True, env=_environment(),
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = map(re.compile(r"http://[\w.:]+").search, process.stderr)
        address = next((found[0] for found in said if found), None)
        if address is None:
            raise RuntimeError(f"the server said no address and ended with {process.wait()}")
        with urllib.request.urlopen(f"{address}/openapi.json", timeout=30) as answer:
            text = answer.read().decode()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    yield "sha256", checksum(text)
    for name, part in json.loads(text).items():
        if name in ("paths", "components"):
            for inner, value in part.items():
                yield f"{name}/{inner}", value
        else:
            yield name, part


def run_abclm(*arguments: str) -> str:
    """Run a command of abclm; gives its standard output.

    Raises:
        RuntimeError: it failed; with its standard error.
    """
    ended = subprocess.run(
        [*_COMMAND, *arguments], capture_output=True, text=True, env=_environment(), check=False
    )
    if ended.returncode:
        raise RuntimeError(f"abclm {' '.join(arguments)}: exit {ended.returncode}: {ended.stderr.strip()}")
    return ended.stdout


# What is the same on every machine


def make_portable() -> Entries:
    """What neither the processor nor the versions of NumPy, TensorFlow and Verovio change; a few seconds."""
    for name in (*BOOKS, "oldTunes"):
        yield f"canonical/{name}", describe_canonical(name)
    for seed in (0, 1):
        yield (
            f"splits/oldTunes, seed {seed}",
            describe_split("oldTunes", titles=True, validation=0.25, seed=seed),
        )
    for name in BOOKS:
        yield f"splits/{name}", describe_split(name, validation=0.1, seed=0)
    yield (
        "splits/oldTunes, relatives together",
        describe_split("oldTunes", validation=0.25, seed=0, relatives_together=True),
    )
    yield (
        "splits/airdsAirs, relatives together",
        describe_split("airdsAirs", validation=0.1, seed=0, relatives_together=True),
    )
    for number, tune in enumerate(Corpus.load("oldTunes").tunes):
        found = save(tune, (".mid", ".musicxml"))
        name = f"{number + 1:02} {tune.title}"
        yield f"musicxml/{name}", found[".musicxml"]
        yield f"midi/{name}", found["events"]


# Helpers


@cache
def _load(model: str) -> LanguageModel:
    return abclm.load(model)


def _environment() -> dict[str, str]:
    """Of commands: this very abclm, a fixed width, no colours."""
    here = str(Path(abclm.__file__).resolve().parent.parent)
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **{name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLORTERM")},
        "PYTHONPATH": os.pathsep.join(paths),
        "COLUMNS": _COLUMNS,
        "TERM": "dumb",
        "NO_COLOR": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _without_times(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if "second" not in name}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _lines(value: Any) -> list[str]:
    return (value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)).splitlines()


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


GROUPS: dict[str, Callable[[], Entries]] = {
    "tunes": make_tunes,
    "logits": make_logits,
    "files": make_files,
    "training": make_training,
    "canonical": make_canonical,
    "splits": make_splits,
    "evaluate": make_evaluate,
    "openapi": make_openapi,
    "help": make_help,
    "portable": make_portable,
}
DEFAULT_GROUPS = [name for name in GROUPS if name != "portable"]


if __name__ == "__main__":
    # FluidSynth and other programs would sound otherwise on the next machine.
    os.environ["PATH"] = ""
    for variable in ("ABCLM_SOUNDFONT", "ABCLM_ABC2MIDI"):
        os.environ.pop(variable, None)
    sys.exit(main())
