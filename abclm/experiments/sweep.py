"""Turn settings to compare into trained models, a table and pictures: one setting is varied at a time."""

import csv
import io
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from abclm.corpora.corpus import Corpus
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.windows import windows_per_epoch
from abclm.errors import ConfigError
from abclm.models.architecture import Architecture, find_architecture
from abclm.models.folder import TRAINING_STATE
from abclm.models.lstm.config import ModelConfig
from abclm.models.model import Model
from abclm.system.files import write_bytes, write_text
from abclm.tokenizers.characters import CharacterTokenizer
from abclm.tokenizers.pieces import PieceTokenizer
from abclm.tokenizers.tokenizer import Tokenizer
from abclm.training.checkpoint import read_checkpoint
from abclm.training.config import TrainingConfig
from abclm.training.progress import Progress
from abclm.training.run import train

PAPER: dict[str, list[Any]] = {
    "optimizer": ["adam", "rmsprop", "adagrad", "sgd"],
    "units": [256, 512, 1024],
    "learning_rate": [1e-4, 1e-3, 1e-2],
    "sequence_length": [50, 100, 200, 400],
    "batch_size": [4, 8, 16, 32],
}
"""What the paper compares, with values around those it chose (its Figures 5 to 9)."""

_RESULT = "result.json"
_ARCHITECTURE = "architecture"
_TRAINING_FIELDS = [each.name for each in fields(TrainingConfig)]
# Blue, green, orange, red, purple, grey: told apart by those who see colours otherwise, too.
_COLOURS = ["#0072b2", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#666666"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one setting.

    Attributes:
        name: of the setting that was varied.
        value: it had.
        is_baseline: whether that is the value it has while others are varied.
        parameters: of the network.
        steps: done.
        characters: read in all steps.
        seconds: the run took, measuring included, from where it was last taken up.
        loss: mean nats per character of the last steps, on the training tunes.
        bits_per_character: on the held-out tunes, by the best weights; None where there are none.
        bits_per_tune: likewise.
        curve: steps and mean losses of the last steps before them.
        accuracy: on the held-out tunes: the share of characters or tokens that the network held for the likeliest.
    """

    name: str
    value: Any
    is_baseline: bool
    parameters: int
    steps: int
    characters: int
    seconds: float
    loss: float
    bits_per_character: float | None
    bits_per_tune: float | None
    curve: tuple[tuple[int, float], ...]
    accuracy: float | None = None


def sweep(
    corpus: Corpus | EncodedCorpus,
    validation: Corpus | EncodedCorpus | None,
    variations: Mapping[str, Sequence[Any]],
    folder: str | os.PathLike[str],
    *,
    model: Architecture | None = None,
    config: TrainingConfig | None = None,
    tokenizer: Tokenizer[Any] | None = None,
    normalize: bool = True,
    progress: Callable[[str, Progress], object] | None = None,
) -> list[Result]:
    """Train a model for each value of each setting, all others as in the baseline, and compare them.

    What is done already stands in the folder and is not done again; a run that was stopped goes on where it was.

    Args:
        corpus: tunes to learn from.
        validation: tunes to measure on, none of them in `corpus`.
        variations: values to try, by field of the network's config or of `TrainingConfig`; and `architecture`, names of
            architectures, each with its own sizes, and its optimizer, learning rate and batches.
        folder: where the runs are kept; gets `sweep.csv`, and a picture for each setting.
        model: the baseline's network; by default the paper's, of MIDI pieces a smaller one.
        config: the baseline's training; by default `TrainingConfig.for_model`.
        tokenizer: what an encoded corpus was encoded with; by default the 83 symbols of tunes.
        normalize: bring the tunes to the canonical form first; False says that they have it.
        progress: called with the name of the run after each step and each epoch.

    Returns:
        The results, setting by setting, in the order of `variations`.

    Raises:
        ConfigError: a setting is unknown or a value out of range, all of them named before anything is trained;
            or the folder holds runs of other tunes or another baseline.
        KeyboardInterrupt: the sweep was stopped; called again, it goes on.
    """
    tokenizer, out = tokenizer or CharacterTokenizer.default(), Path(folder)
    of_pieces = isinstance(tokenizer, PieceTokenizer)
    model = model or ModelConfig(**ModelConfig.sizes(of_pieces))
    config = config or TrainingConfig.for_model(model, of_pieces)
    runs = _runs(variations, model, config, of_pieces)
    encoded = [
        each if each is None or isinstance(each, EncodedCorpus)
        else EncodedCorpus.encode(each.normalize() if normalize else each, CharacterTokenizer.default(), indexed=False)
        for each in (corpus, validation)
    ]  # fmt: skip
    training, held_out = encoded
    assert training is not None
    results = []
    for name, value, run_model, run_config in runs:
        is_baseline = (run_model, run_config) == (model, config)
        run_name = "baseline" if is_baseline else f"{name}={value}"
        says = partial(progress, run_name) if progress else lambda _: None
        figures = _run(out / run_name, run_model, run_config, tokenizer, training, held_out, says)
        results.append(Result(name=name, value=value, is_baseline=is_baseline, **figures))
        write_text(out / "sweep.csv", format_results(results))
        of_this = [result for result in results if result.name == name]
        if len(of_this) == len(variations[name]):
            write_bytes(out / f"{name}.png", draw_results(of_this))
    return results


def format_results(results: Sequence[Result]) -> str:
    """Format results as comma-separated values, without the curves."""
    table = io.StringIO()
    names = [each.name for each in fields(Result) if each.name != "curve"]
    writer = csv.DictWriter(table, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(asdict(result) for result in results)
    return table.getvalue()


def draw_results(results: Sequence[Result]) -> bytes:
    """Draw the training loss of one setting's values over the steps, and the held-out figures beside it.

    Returns:
        A PNG image, 1,200 pixels wide and 540 high.
    """
    # Loading it takes longer than all the rest, and only this needs it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), dpi=120, layout="constrained", facecolor="white")
    curves, bars = figure.subplots(1, 2, width_ratios=[2, 1])
    figure.suptitle(results[0].name.replace("_", " "), x=0.01, ha="left")
    for place, result in enumerate(results):
        colour = _COLOURS[place % len(_COLOURS)]
        steps = [step for step, _ in result.curve]
        losses = [loss / math.log(2) for _, loss in result.curve]
        label = f"{result.value}" + (" (baseline)" if result.is_baseline else "")
        curves.plot(steps, losses, color=colour, linewidth=2 if result.is_baseline else 1.2, label=label)
        held_out = result.bits_per_character
        if held_out is not None:
            bars.barh(place, held_out, color=colour, height=0.6)
            bars.annotate(f" {held_out:.3f}", (held_out, place), va="center")
    curves.set_xlabel("steps")
    curves.set_ylabel("training loss, bits per character")
    curves.legend(frameon=False)
    bars.set_yticks(range(len(results)), [str(result.value) for result in results])
    bars.invert_yaxis()
    bars.set_xlabel("held out, bits per character")
    bars.margins(x=0.25)
    for panel in (curves, bars):
        panel.spines[["top", "right"]].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def parse_value(name: str, text: str, model: type[Architecture] = ModelConfig) -> Any:
    """Read a value of a field of an architecture or of `TrainingConfig` from text; an architecture is its name.

    Raises:
        ConfigError: there is no such field, or the text is no value of its kind.
    """
    if name == _ARCHITECTURE:
        return find_architecture(text).name
    found = [each for each in (*fields(model), *fields(TrainingConfig)) if each.name == name]
    if not found:
        raise _unknown(name, model)
    kind = str(found[0].type)
    if "None" in kind and text == "none":
        return None
    try:
        if kind.startswith("bool"):
            return {"true": True, "false": False}[text]
        return int(text) if kind.startswith("int") else float(text) if kind.startswith("float") else text
    except (ValueError, KeyError):
        raise ConfigError(f"{name}={text}: not of the kind {kind.replace(' | ', ' or ')}") from None


def with_settings(
    model: Architecture, config: TrainingConfig, settings: Mapping[str, Any], of_pieces: bool = False
) -> tuple[Architecture, TrainingConfig]:
    """Change settings, each where it belongs; another architecture comes with its own sizes, and is trained as it should.

    The sequence length is also the window of a network that reads one.

    Args:
        model: the network.
        config: its training; of what is not the model's own recipe, another architecture takes it over.
        settings: values by field, and `architecture`, a name.
        of_pieces: whether these are models of MIDI pieces, not of tunes.

    Raises:
        ConfigError: there is no such setting, or a value is out of range.
    """
    settings = dict(settings)
    if (name := settings.pop(_ARCHITECTURE, model.name)) != model.name:
        usual = asdict(TrainingConfig.for_model(model, of_pieces))
        asked = {each: value for each, value in asdict(config).items() if value != usual[each]}
        kind = find_architecture(name)
        model, config = kind(**kind.sizes(of_pieces)), TrainingConfig.for_model(kind, of_pieces, **asked)
        if "sequence_length" in asked:
            settings.setdefault("sequence_length", config.sequence_length)
    of_model = [each.name for each in fields(model)]
    if unknown := settings.keys() - {*of_model, *_TRAINING_FIELDS}:
        raise _unknown(min(unknown), type(model))
    if "sequence_length" in settings and "window" in of_model:
        settings.setdefault("window", settings["sequence_length"])
    training = {name: value for name, value in settings.items() if name in _TRAINING_FIELDS}
    sizes = {name: value for name, value in settings.items() if name in of_model}
    return replace(model, **sizes), replace(config, **training)


def _unknown(name: str, model: type[Architecture]) -> ConfigError:
    known = [_ARCHITECTURE, *(each.name for each in fields(model)), *_TRAINING_FIELDS]
    return ConfigError(
        f"{name!r} is no setting; there are {', '.join(get_close_matches(name, known) or known)}"
    )


def _runs(
    variations: Mapping[str, Sequence[Any]], model: Architecture, config: TrainingConfig, of_pieces: bool
) -> list[tuple[str, Any, Architecture, TrainingConfig]]:
    """Name, value and settings of each run."""
    runs, wrong = [], []
    if not variations:
        raise ConfigError("there is nothing to compare; give the values of a setting")
    for name, values in variations.items():
        if len(set(values)) < len(values) or not values:
            wrong.append(f"{name} has no values, or one twice: {list(values)}")
        for value in values:
            try:
                runs.append((name, value, *with_settings(model, config, {name: value}, of_pieces)))
            except ConfigError as error:
                wrong.append(str(error))
    if wrong:
        raise ConfigError("; ".join(wrong))
    return runs


def _run(
    folder: Path,
    model: Architecture,
    config: TrainingConfig,
    tokenizer: Tokenizer[Any],
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    progress: Callable[[Progress], object],
) -> dict[str, Any]:
    """Train one model, or find it done; its figures."""
    settings = {
        "model": {_ARCHITECTURE: model.name, **asdict(model)},
        "config": asdict(config),
        "tunes": [None if each is None else each.fingerprint for each in (corpus, validation)],
    }
    settings = json.loads(json.dumps(settings))
    if (folder / _RESULT).exists():
        found = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
        if found.pop("settings") != settings:
            raise ConfigError(
                f"{folder} holds a run of other tunes or another baseline; give another folder, or delete it"
            )
        return {**found, "curve": tuple(map(tuple, found["curve"]))}
    start = time.monotonic()
    lm = Model.create(model, tokenizer, config.seed)
    train(
        lm, corpus, validation, config,
        normalize=False, folder=folder, resume=True, progress=progress,
    )  # fmt: skip
    checkpoint = read_checkpoint(folder)
    assert checkpoint is not None
    state, held_out = checkpoint.state, lm.metadata["training"].get("held_out", {})
    if model.window_length is None:
        windows, length = windows_per_epoch(len(corpus.text), config.sequence_length), config.sequence_length
    else:  # of a network that predicts what follows a window
        windows, length = corpus.characters, model.tokens_ahead
    figures = {
        "parameters": model.parameters(len(lm.tokenizer)),
        "steps": state["step"],
        "characters": state["step"] * min(config.batch_size, windows) * length,
        "seconds": round(time.monotonic() - start, 1),
        "loss": state["curve"][-1][1],
        "bits_per_character": held_out.get("bits_per_character"),
        "bits_per_tune": held_out.get("bits_per_tune"),
        "accuracy": held_out.get("accuracy"),
        "curve": state["curve"],
    }
    write_text(folder / _RESULT, json.dumps({**figures, "settings": settings}) + "\n")
    shutil.rmtree(folder / TRAINING_STATE)  # four times the model, and no longer needed
    return {**figures, "curve": tuple(map(tuple, state["curve"]))}
