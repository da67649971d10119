"""Measure a model on tunes that it was not trained on, and what it writes against them."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Clean, Corpora, FieldsOf, Given, Json, Model, Picture, takes, with_fields
from abclm.cli.pieces import evaluate as evaluate_pieces
from abclm.cli.pieces import is_of_pieces, refuse_other
from abclm.cli.training.tunes import read_tunes
from abclm.errors import ConfigError
from abclm.generation.options import GenerationOptions
from abclm.generation.pieces.options import PieceWriting
from abclm.system.files import write_bytes
from abclm.system.quiet import quiet_imports
from abclm.system.words import counted

if TYPE_CHECKING:
    from rich.table import Table

    from abclm.evaluation.comparison import Comparison
    from abclm.evaluation.figures import Evaluation
    from abclm.evaluation.quality import Quality

_DEFAULTS = GenerationOptions()
_FIELDS = ("temperature", "bar_redraws", "constrained")
_SHARES = ("valid", "strict", "in_key", "ends_on_tonic", "in_form", "copied")
_WIDTH = 120
_DIVERSITY = ("distinct_bars", "distinct_openings", "nearest_overlap")

EXAMPLES = (
    "abclm evaluate my_tunes.abc --model session",
    "abclm evaluate my_tunes.abc --generate 20 --json",
)


@with_fields
def command(
    *,
    corpora: Corpora,
    model: Model = "session",
    clean: Clean = False,
    tunes: Annotated[
        list[str] | None,
        takes(
            "FILE",
            "Tunes to compare with CORPUS, or MIDI pieces; may be given several times.",
            "--against",
            "--tunes",
            unset="none",
        ),
    ] = None,
    counted: Annotated[
        list[str] | None,
        takes(
            "CORPUS",
            "MIDI pieces that a model of pieces was trained on: count models of them are measured beside it.",
            "--count",
            unset="none",
        ),
    ] = None,
    generate: Annotated[
        int | None, takes("N", "Number of tunes to write and compare with CORPUS. [1 or more]", unset="off")
    ] = None,
    given: Annotated[Given, FieldsOf(_DEFAULTS, only=_FIELDS, note="Needs --generate.")],
    pieces: Annotated[Given, FieldsOf(PieceWriting(), only=("past",))],
    seed: Annotated[int, takes("N", "Random seed of generated tunes and of intervals. [0 or more]")] = 0,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Measure how many bits a character and a tune take: the fewer, the better the model predicts them. A model of MIDI
    pieces is measured on MIDI files, in nats and bits of a token or a frame."""
    from abclm.corpora.corpus import read_corpora
    from abclm.language_model import load

    has_pieces = is_of_pieces(model)
    if has_pieces:
        refuse_other(
            {name: given[name] for name in given if name != "temperature"}, _DEFAULTS, f"the model {model}"
        )
        if clean:
            raise ConfigError("--clean is for tunes; leave it out")
    if tunes and generate is not None:
        raise ConfigError("--against gives the tunes that --generate would write; give one of the two")
    if generate is not None and generate < 1:
        raise ConfigError(f"--generate is a number of tunes from 1; received {generate}")
    if generate is None and any(value != getattr(_DEFAULTS, name) for name, value in given.items()):
        raise ConfigError(
            "--unconstrained, --temperature and --bar-redraws are for tunes that the model writes; give --generate, too"
        )
    if seed < 0:
        raise ConfigError(f"--seed is an integer from 0; received {seed}")
    if picture is not None and picture.suffix.lower() != ".png":
        raise ConfigError(f"--picture names the .png file to write; received {str(picture)!r}")
    if has_pieces:
        evaluate_pieces(
            model, corpora, tunes or [], counted or [], generate, given["temperature"],
            PieceWriting(**pieces).past or 0.0, seed, picture, as_json,
        )  # fmt: skip
        return
    if pieces["past"]:
        raise ConfigError(f"--past is for models of MIDI pieces, {model} is of tunes; leave it out")
    if counted:
        raise ConfigError(f"--count is for models of MIDI pieces, {model} is of tunes; leave it out")
    doing("reading tunes")
    lm = load(model)
    corpus = read_tunes(corpora, clean)
    others = list(read_corpora(tunes)) if tunes else []

    from abclm.evaluation.bits import evaluate_both
    from abclm.evaluation.comparison import compare
    from abclm.evaluation.quality import judge

    doing("measuring the model")
    with quiet_imports():
        evaluation, network = evaluate_both(lm, corpus, normalize=False)
    if generate is not None:
        tries: dict[str, Any] = {} if given["constrained"] else {"attempts": 1}
        asked = GenerationOptions(n=generate, seed=seed, **given, **tries)
        others = lm.generate(asked, progress=lambda done, total: doing("writing tunes", done, total))
    qualities: dict[str, Quality] = {}
    comparison = None
    if others:
        doing("comparing tunes")
        size = min(len(others), len(corpus))
        for name, some in (("generated", others), ("real", list(corpus))):
            qualities[name] = judge(some, lm.novelty_index, diversity_of=size, seed=seed)
        comparison = compare(others, corpus, seed=seed)
    if picture is not None:
        from abclm.evaluation.picture import draw_comparison, draw_evaluation

        drawn = (
            draw_comparison(others, corpus.tunes, comparison) if comparison else draw_evaluation(evaluation)
        )
        write_bytes(picture, drawn)
    if as_json:
        figures = {"model": model, **_prediction(evaluation, seed)}
        if network:
            figures["network"] = _prediction(network, seed)
        figures |= {name: quality.to_dict() for name, quality in qualities.items()}
        if comparison:
            figures["overlaps"] = _overlaps([tune.title for tune in others], qualities["generated"])
            figures["comparison"] = comparison.to_dict()
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    tables = [_prediction_table(evaluation, network, seed)]
    if comparison:
        tables += [_quality_table(qualities), _structure_table(qualities), _comparison_table(comparison)]
    _print(tables)


def _prediction(evaluation: "Evaluation", seed: int) -> dict[str, Any]:
    intervals = {name: list(ends) for name, ends in evaluation.intervals(seed=seed).items()}
    return {**evaluation.to_dict(), "intervals": intervals}


def _overlaps(titles: list[str], quality: "Quality") -> list[dict[str, Any]]:
    """What each generated tune has in common with training tunes."""
    return [
        {
            "title": title,
            "share": each.share,
            "nearest": each.title,
            "run": each.run,
            "run_in": each.run_title,
            "copied": each.is_copy(),
        }
        for title, each in zip(titles, quality.overlaps, strict=False)
    ]


def _prediction_table(evaluation: "Evaluation", network: "Evaluation | None", seed: int) -> "Table":
    intervals = evaluation.intervals(seed=seed)
    table = _table("held-out tunes", "figure", "95 % interval")
    for name, label, digits in (
        ("bits_per_character", "bits per character", 4),
        ("header_bits_per_character", "  of the header", 4),
        ("body_bits_per_character", "  of the body", 4),
        ("bits_per_tune", "bits per tune", 1),
        ("perplexity", "perplexity", 3),
        ("accuracy", "accuracy", 4),
    ):
        low, high = intervals[name]
        table.add_row(
            label, f"{getattr(evaluation, name):.{digits}f}", f"{low:.{digits}f} to {high:.{digits}f}"
        )
        if network and name == "bits_per_tune":
            table.add_row("  of what the model is told", f"{evaluation.told_bits_per_tune:.1f}", "")
            low, high = network.intervals(seed=seed)[name]
            table.add_row(
                "  by the network alone", f"{network.bits_per_tune:.1f}", f"{low:.1f} to {high:.1f}"
            )
    table.add_row("tunes", f"{evaluation.tunes:,}", "")
    table.add_row("characters", f"{evaluation.characters:,}", "")
    return table


def _quality_table(qualities: "dict[str, Quality]") -> "Table":
    table = _table("share of the tunes", *qualities)
    for name in _SHARES:
        cells = []
        for quality in qualities.values():
            share = getattr(quality, name)
            if share is not None:
                low, high = share.interval
                cells.append(f"{share.share:.3f} ({low:.3f} to {high:.3f})")
        if cells:
            table.add_row(name.replace("_", " "), *cells)
    first = next(iter(qualities.values()))
    for name in _DIVERSITY:
        label = f"{name.replace('_', ' ')}, {counted(first.diversity_of, 'tune')}"
        table.add_row(label, *(f"{getattr(quality, name):.3f}" for quality in qualities.values()))
    if first.median_overlap is None:
        typer.echo("abclm: the model has no index of its training tunes, so copies are not known", err=True)
    else:
        overlaps = (f"{quality.median_overlap:.3f}" for quality in qualities.values())
        table.add_row("median overlap with training tunes", *overlaps)
        runs = (counted(quality.longest_run or 0, "bar") for quality in qualities.values())
        table.add_row("longest run in common", *runs)
    table.add_row("tunes", *(f"{quality.tunes:,}" for quality in qualities.values()))
    return table


def _structure_table(qualities: "dict[str, Quality]") -> "Table":
    table = _table("structure", *qualities)
    for name in dict.fromkeys(name for quality in qualities.values() for name in quality.structure):
        means = (quality.structure.get(name) for quality in qualities.values())
        cells = (
            f"{each.mean:.3f} ({each.interval[0]:.3f} to {each.interval[1]:.3f})" if each else ""
            for each in means
        )
        table.add_row(name.replace("_", " "), *cells)
    return table


def _comparison_table(comparison: "Comparison") -> "Table":
    table = _table("generated against real", "distance", "by chance", "in units", "generated", "real")
    for name, each in comparison.distances.items():
        numbers = (each.distance, each.chance, each.in_units, each.mean, each.other_mean)
        table.add_row(
            name.replace("_", " "), *(f"{number:.{4 if number < 0.1 else 3}f}" for number in numbers)
        )
    table.add_row("mean", f"{comparison.mean_distance:.4f}")
    for label, found, chance in (
        ("Fréchet distance", comparison.frechet, comparison.frechet_chance),
        ("  with structure", comparison.structure_frechet, comparison.structure_frechet_chance),
    ):
        table.add_row(label, f"{found:.3f}", f"{chance:.3f}")
    return table


def _table(title: str, *columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _print(tables: "list[Table]") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)  # a file holds whole rows
    for table in tables:
        console.print(table)
