"""What `train` and `fine-tune` share: the output folder, what is shown of a run."""

import contextlib
import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from abclm.cli.activity import doing
from abclm.cli.training.tunes import Prepared
from abclm.errors import ConfigError, ModelError
from abclm.models.folder import TRAINING_STATE
from abclm.models.presets import warn_of_preset
from abclm.system.locks import LOCK
from abclm.system.words import counted

if TYPE_CHECKING:
    from abclm.language_model import LanguageModel
    from abclm.training.progress import Progress

_SECONDS_BETWEEN_LINES = 5  # where standard error is a file


def check(out: Path, overwrite: bool, resume: bool, validation: float) -> None:
    """Find out before anything is read whether the model may and can be written.

    Raises:
        ConfigError: `out` holds a model, and neither `overwrite` nor, with a run to go on with, `resume`
            was given; or it holds something else; or `validation` is no share.
        OSError: `out` can't be written.
    """
    if resume and overwrite:
        raise ConfigError("--resume goes on with the run in --out, --overwrite begins anew; give one of them")
    if not 0 <= validation < 1:
        raise ConfigError(f"--validation is a share from 0 to below 1; received {validation}")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; give a folder")
    if out.is_dir() and any(each.name != LOCK for each in out.iterdir()):
        has_state = (out / TRAINING_STATE).is_dir()
        if not has_state and not _holds_a_model(out):
            raise ConfigError(f"--out {out} holds something that is no model; give a new or an empty folder")
        if has_state and not (overwrite or resume):
            raise ConfigError(
                f"--out {out} holds a run; give --resume to go on with it, another folder, or --overwrite"
            )
        if not has_state and resume:
            raise ConfigError(
                f"--out {out} holds a model and no {TRAINING_STATE} to go on from; leave --resume"
            )
        if not overwrite and not resume:
            raise ConfigError(f"--out {out} holds a model; give another folder, or --overwrite to replace it")
    warn_of_preset(str(out))
    above = next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())
    with tempfile.TemporaryFile(dir=above):
        pass


def say_where_it_begins(out: Path, resume: bool) -> None:
    """Say whether there is a run to go on with, where that was asked for, and soon what is chosen for it."""
    logging.getLogger("abclm.training.workers").setLevel(logging.INFO)
    if resume:
        from abclm.training.checkpoint import has_checkpoint

        found = has_checkpoint(out)
        what = f"going on with the run in {out}" if found else f"{out} holds no run yet; beginning"
        typer.echo(f"abclm: {what}", err=True)


def say_what_was_written(out: Path) -> None:
    """Say where the model is; of several workers, the first has written it."""
    from abclm.training.workers import find_workers

    if find_workers().is_chief:
        typer.echo(f"abclm: wrote the model to {out}", err=True)


def _holds_a_model(folder: Path) -> bool:
    from abclm.language_model import LanguageModel

    try:
        LanguageModel.load(folder)
    except ModelError:
        return False
    return True


@contextlib.contextmanager
def shown(out: Path, unit: str = "character") -> Iterator["RunDisplay"]:
    """Show a run on standard error while it lasts; where it is interrupted, say what is left of it.

    Args:
        out: the model folder.
        unit: what bits and speed are of.
    """
    display = RunDisplay(unit)
    try:
        with display:
            yield display
    except KeyboardInterrupt:
        kept = "no step was done and nothing written"
        if display.steps:
            kept = f"{out} holds the model; the same command with --resume goes on"
        typer.echo(f"abclm: stopped after {counted(display.steps, 'step')}; {kept}", err=True)
        raise


def figures(lm: "LanguageModel", out: Path, prepared: Prepared, start: float) -> dict[str, Any]:
    """What `--json` prints at the end of a run: the last epoch's loss, the kept weights' held-out figures.

    Args:
        lm: the model.
        out: its folder.
        prepared: what it was trained on.
        start: when training began, by `time.perf_counter`.
    """
    last, record = lm.history[-1], lm.metadata["training"]
    held_out = record.get("held_out", {})
    return {
        "model": str(out),
        "steps": last["steps"],
        "kept_steps": record["steps"],
        "epochs": last["epoch"],
        "loss": last["loss"],
        "bits_per_character": last["bits_per_character"],
        "validation_bits_per_character": held_out.get("bits_per_character"),
        "validation_bits_per_tune": held_out.get("bits_per_tune"),
        "validation_accuracy": held_out.get("accuracy"),
        "before": record.get("before", {}),
        "old_bits_per_tune": record.get("old", {}).get("bits_per_tune"),
        "characters_per_second": last["characters_per_second"],
        "tunes": record["corpus"]["tunes"],
        "validation_tunes": held_out.get("tunes", 0),
        "preparation_seconds": prepared.seconds,
        "preparation_megabytes_per_second": prepared.speed,
        "training_seconds": time.perf_counter() - start,
    }


class RunDisplay:
    """A bar and figures on a terminal; elsewhere a line every few seconds. A line for each epoch in both."""

    def __init__(self, unit: str = "character") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self.steps = 0
        self._unit = unit
        self._console = Console(stderr=True, highlight=False)
        self._bar = Bar(
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting")
        self._last_line = 0.0

    def __enter__(self) -> "RunDisplay":
        doing("preparing the first step")
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, progress: "Progress") -> None:
        """Show where the run stands."""
        doing("")
        self.steps = progress.step
        line = _line(progress, self._unit)
        self._bar.update(self._task, total=progress.total_steps, completed=progress.step, description=line)
        now = time.monotonic()
        is_due = not self._console.is_terminal and now - self._last_line >= _SECONDS_BETWEEN_LINES
        if progress.is_epoch_end or is_due:
            self._last_line = now
            head = f"epoch {progress.epoch}: " if progress.is_epoch_end else ""
            self._console.print(head + line, markup=False, soft_wrap=True)


def _line(progress: "Progress", unit: str) -> str:
    parts = [
        f"step {progress.step}/{progress.total_steps}",
        f"loss {progress.loss:.3f}",
        f"{progress.bits_per_character:.3f} bits/{unit}",
    ]
    if progress.validation:
        parts.append(f"held out {progress.validation.bits_per_character:.3f}")
        if unit != "character":  # what students report of models of notes
            parts.append(f"accuracy {progress.validation.accuracy:.3f}")
    if progress.old:
        parts.append(f"old tunes {progress.old.bits_per_character:.3f}")
    if progress.characters_per_second is not None and progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"{progress.characters_per_second:,.0f} {unit}s/s")
        parts.append(f"{minutes // 60}:{minutes % 60:02}:{seconds:02} left")
    return " · ".join(parts)
