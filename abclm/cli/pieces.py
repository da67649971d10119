"""Turn a model of MIDI pieces into files, and into figures: what `generate` and `evaluate` do with it."""

import json
import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from abclm._version import VERSION
from abclm.cli.activity import doing
from abclm.cli.training.tunes import say_problems
from abclm.errors import AbclmError, ConfigError, ConvertError
from abclm.generation.options import GenerationOptions
from abclm.generation.pieces.options import PieceWriting
from abclm.system.files import file_name, write_bytes
from abclm.system.quiet import quiet_imports

if TYPE_CHECKING:
    from abclm.corpora.pieces import Pieces
    from abclm.datasets.encoded import EncodedCorpus
    from abclm.evaluation.drift import Drift
    from abclm.evaluation.pieces import PieceEvaluation
    from abclm.models.model import Model


def is_of_pieces(model: str) -> bool:
    """Whether a model's tokens are of MIDI pieces; what is wrong with the model is said when it is loaded."""
    from abclm.models import folder as files
    from abclm.models.presets import find_model
    from abclm.tokenizers.pieces import PieceTokenizer
    from abclm.tokenizers.tokenizer import read_tokenizer

    try:
        tokenizer = read_tokenizer(files.read_text(find_model(model), files.VOCABULARY))
    except AbclmError:
        return False
    return isinstance(tokenizer, PieceTokenizer)


def refuse_other(given: Mapping[str, Any], defaults: object, what: str) -> None:
    """Refuse options that a model does not have; ConfigError."""
    foreign = [name for name, value in given.items() if value != getattr(defaults, name)]
    if foreign:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in foreign)
        raise ConfigError(f"{what} does not have {options}; leave that out")


def write(
    model: str,
    given: Mapping[str, Any],
    pieces: Mapping[str, Any],
    like: str | None,
    out: Path | None,
    file_format: str | None,
    as_json: bool,
) -> None:
    """Write pieces of a model of MIDI pieces into files."""
    from abclm.formats.save_piece import PIECE_FORMATS

    defaults = GenerationOptions()
    shared = {each.name for each in fields(PieceWriting)}
    refuse_other({name: given[name] for name in given if name not in shared}, defaults, f"the model {model}")
    # The number of tunes written together is another.
    asked = {name: given[name] for name in given.keys() & shared if given[name] != getattr(defaults, name)}
    options = PieceWriting(**pieces, **asked)
    if out is None:
        raise ConfigError("a model of MIDI pieces writes files and needs a folder for them; add --out DIR")
    names = tuple(suffix.removeprefix(".") for suffix in PIECE_FORMATS)
    formats = chosen_formats(file_format or "mid", out, names)

    from abclm.generation.pieces.write import TRAINING, write_pieces
    from abclm.language_model import load
    from abclm.piece import Piece

    try:
        piece = like if like in (None, TRAINING) else Piece.load(like)
    except OSError as error:
        raise ConfigError(f"--like {like}: {error.strerror}; give a MIDI file") from None
    except ConvertError as error:
        raise ConfigError(f"--like {error}") from None
    try_out(out)
    with quiet_imports():
        lm = load(model)
    if options.seed is None:
        options = options.with_seed()
        typer.echo(f"abclm: seed {options.seed}; --seed {options.seed} writes the same again", err=True)
    start, written = time.perf_counter(), []
    for each in write_pieces(lm, options, piece):
        made = {"Model": model, "Seed": str(each.seed), "Number": str(each.number)}
        made |= {"Like": like} if like else {}
        stem = reserve(out, "Piece", each.number, formats)
        paths = [str(out / f"{stem}.{suffix}") for suffix in formats]
        for path in paths:
            each.piece.save(path, made=made | {"Written by": f"abclm {VERSION}"})
        typer.echo(f"abclm: wrote {', '.join(paths)}", err=True)
        written.append({"number": each.number, "tokens": len(each.ids), "files": paths})
    if as_json:
        seconds = round(time.perf_counter() - start, 3)
        typer.echo(json.dumps({"model": model, "seed": options.seed, "seconds": seconds, "pieces": written}))


def evaluate(
    model: str,
    corpora: list[str],
    against: list[str],
    counted: list[str],
    generate: int | None,
    temperature: float,
    past: float,
    seed: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Measure a model of MIDI pieces on pieces, and other pieces against these; see `abclm.cli.evaluate`."""
    from abclm.datasets.pieces import encode_pieces
    from abclm.language_model import load
    from abclm.tokenizers.pieces import as_piece_tokenizer

    with quiet_imports():
        lm = load(model)
    doing("reading pieces")
    tokenizer = as_piece_tokenizer(lm.tokenizer)
    pieces = _read(corpora)
    others = list(_read(against)) if against else []
    training = _read(counted) if counted else None

    from abclm.evaluation.drift import compare_pieces
    from abclm.evaluation.pieces import evaluate_pieces

    held_out = encode_pieces(pieces, tokenizer)
    doing("measuring the model")
    with quiet_imports():
        found = evaluate_pieces(lm, held_out, past)
        counts = _counts(lm, encode_pieces(training, tokenizer), held_out) if training else {}
        if generate is not None:
            others = list(lm.generate_pieces(n=generate, seed=seed, temperature=temperature, past=past))
    drift = compare_pieces(others, pieces, seed=seed) if others else None
    if picture is not None:
        write_bytes(picture, _picture(model, pieces.pieces[0]))
    if as_json:
        figures: dict[str, Any] = {"model": model, **found.to_dict()}
        if counts:
            figures["counts_nats"] = counts
        if drift:
            figures["comparison"] = drift.to_dict()
        typer.echo(json.dumps(figures))
        return
    _print(found, counts, drift)


def _read(paths: list[str]) -> "Pieces":
    """Read MIDI files, and say what was left out."""
    from abclm.corpora.pieces import Pieces

    pieces = Pieces.read(*paths)
    say_problems(pieces)
    return pieces


def _counts(lm: "Model", training: "EncodedCorpus", held_out: "EncodedCorpus") -> dict[str, float]:
    """What counts of other pieces come to: nats of a token or a frame, by name."""
    from abclm.evaluation.ngram import count_models
    from abclm.evaluation.pieces import count_keys
    from abclm.tokenizers.rolls import RollTokenizer

    if isinstance(lm.tokenizer, RollTokenizer):
        return count_keys(training, held_out)
    nats = count_models(training, held_out, lm.tokenizer)
    return {f"{order}-gram": each for order, each in nats.items()}


def _picture(model: str, piece: Any) -> bytes:
    from abclm.latent_model import LatentModel

    return LatentModel.load(model).compare(piece).png


def _print(found: "PieceEvaluation", counts: dict[str, float], drift: "Drift | None") -> None:
    unit = found.unit
    rows = [
        (f"nats per {unit}", f"{found.nats:.4f}"),
        (f"bits per {unit}", f"{found.bits:.4f}"),
        *(
            []
            if found.reconstruction is None
            else [("  of the reconstruction", f"{found.reconstruction:.4f}")]
        ),
        ("perplexity", f"{math.exp(min(found.nats, 700)):.4g}"),
        ("accuracy" if unit == "token" else "given back exactly", f"{found.accuracy:.4f}"),
        *((f"nats per {unit}, {name}", f"{nats:.4f}") for name, nats in counts.items()),
        ("pieces", f"{found.pieces:,}"),
        (f"{unit}s", f"{found.units:,}"),
    ]
    if drift:
        rows += [("", ""), ("distance from these pieces", "0 to 1, by chance")]
        for name, each in drift.distances.items():
            rows.append((name.replace("_", " "), f"{each.distance:.4f}, {each.chance:.4f}"))
        rows.append(("mean", f"{drift.mean_distance:.4f}"))
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        typer.echo(f"{label:<{width}}  {value}".rstrip())


def chosen_formats(asked: str | None, out: Path | None, known: tuple[str, ...]) -> list[str]:
    """Check the formats; they come in the order of the known ones, each once."""
    if asked is None:
        return ["abc"]
    if out is None:
        raise ConfigError(f"--format {asked} writes files and needs a folder for them; add --out DIR")
    names = [name.strip().lower().removeprefix(".") for name in asked.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"--format takes {', '.join(known)}, joined by commas; received {asked!r}")
    return [name for name in known if name in names]


def try_out(out: Path) -> None:
    """Find out before anything is sampled whether the folder can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise AbclmError(
            f"--out {out}: {error.strerror or error}; give a folder that can be written"
        ) from None


def reserve(out: Path, title: str, number: int, formats: list[str]) -> str:
    """Find the first name, counting from `number`, that no file of these formats has."""
    while True:
        stem = file_name(title, number)
        if not any((out / f"{stem}.{suffix}").exists() for suffix in formats):
            return stem
        number += 1
