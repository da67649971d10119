"""Turn the figures of other_systems.py into the tables and the curves of docs/other-systems.md; it needs no PyTorch.

    python benchmarks/paper_tables.py runs/figures.json
    python benchmarks/paper_tables.py runs/figures.json midi/ --sample 1000 --held-out 8000 \\
        --page docs/other-systems.md --curves docs/pictures/papers-piece.png

Without `--page` the tables are printed. In a page, a table stands below a comment, `<!-- builds: A, piece -->`, of one of
the papers A to D or `all`, and of a split; `ours` is a row of each. Below `<!-- builds: all, piece, longer -->` stand the
figures of `--longer`, of a second folder whose runs were given more minutes. Count models are rows, too: given the MIDI
files and the `--held-out` of other_systems.py, they are measured on the tokens that the networks were measured on. The
curves are above or below the bigram, on the tokens of `--sample`; `ours` was measured on all held-out tokens, and so is
the bigram that its curve is compared with.
"""

import argparse
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from abclm.corpora.pieces import Pieces
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.evaluation.ngram import NGramModel
from abclm.show.picture import TEXT, dress, format_png, new_figure
from abclm.system.files import write_bytes, write_text

VOORHIS_ALLEN = (
    "4lstm-256", "conv1d-2lstm-256", "lstm-256", "conv1d-128-2gru-256", "separable-2lstm-256", "conv1d-256-3lstm-128",
    "conv1d-2lstm-256-batchnorm", "time-distributed-2lstm-256",
)  # fmt: skip
HOPKINS = ("hopkins-rnn",)
ROCCO = tuple(f"rocco-{name}" for name in ("0", "1", "1b", "1c", "2", "2b", "3", "3b"))
KANKANALA = ("kankanala-lstm", "kankanala-lstm-text", "kankanala-gru")
OURS = "ours"
BUILDS = (*VOORHIS_ALLEN, *ROCCO, *KANKANALA, *HOPKINS, OURS)
PAPERS = {
    "A": ("Voorhis-Allen, May, Mokobi", VOORHIS_ALLEN),
    "B": ("Hopkins, French, Shah", HOPKINS),
    "C": ("Rocco, Rosatelli, Colangelo", ROCCO),
    "D": ("Kankanala, Paladugu, Chengalraya", KANKANALA),
}
SPLITS = ("piece", "last", "random")
HELD_OUT = 0.3
ORDERS = (1, 2, 3)
LINES = ("-", "--")
_BIGRAM = 2
_HIGHEST = 0.8  # nats from the bigram that are drawn
_TABLE = re.compile(r"(?m)^(<!-- builds: (\w+), (\w+)(, longer)? -->\n)(?:\n(?:\|.*\n)+)?")
_HEAD = "| network | parameters | minutes | epochs | nats a token | accuracy | best after | converged |"

Figures = dict[str, Any]
Counts = Mapping[int, float]


def places_measured(tokens: int, most: int, shift: float) -> slice:
    """Say which of the held-out tokens are measured, taken evenly.

    Args:
        tokens: how many are held out.
        most: how many may be measured; 0 for all.
        shift: where the first is, as a share of the distance from one to the next.
    """
    apart = max(1, -(-tokens // most)) if most else 1
    return slice(int(shift * apart), None, apart)


def count_on(
    parts: tuple[EncodedCorpus, EncodedCorpus], tokenizer: Any, mosts: Sequence[tuple[int, float]]
) -> list[Counts]:
    """Measure count models on some of the held-out tokens: nats by order, for each of `mosts`.

    Args:
        parts: what is counted, and what is held out.
        tokenizer: of both.
        mosts: how many tokens may be measured, and the shift; see `places_measured`.
    """
    found: list[dict[int, float]] = [{} for _ in mosts]
    for order in ORDERS:
        nats = -np.log(NGramModel.of_text(parts[0], order, tokenizer).shares(parts[1]))
        for each, (most, shift) in zip(found, mosts, strict=True):
            each[order] = float(nats[places_measured(len(nats), most, shift)].mean())
    return list(found)


def _minutes(run: Mapping[str, Any]) -> str:
    """What a run was given, and what it took if it ended before."""
    taken, given = run.get("seconds", 60 * run["minutes"]) / 60, run["minutes"]
    return f"{given:g}" if taken > 0.99 * given else f"{taken:.0f} of {given:g}"


def rows_of(figures: Figures, split: str, names: Iterable[str], counts: Counts) -> list[str]:
    """The rows of a table, the best first: networks that there are figures of, and count models."""
    rows = []
    for name in names:
        if run := figures["runs"].get(f"{split}/{name}"):
            said = "".join(f", without {each}" for each in run["left_out"])
            said += "".join(f", {name} {value:g}" for name, value in run.get("settings", {}).items())
            cells = (
                f"`{name}`{said}", f"{run['parameters']:,}", _minutes(run), f"{run['epochs']:.2f}",
                f"{run['nats']:.3f}", f"{run['accuracy']:.3f}", f"{run['best_after_seconds']:.0f} s",
                "yes" if run["converged"] else "no",
            )  # fmt: skip
            rows.append((run["nats"], f"| {' | '.join(cells)} |"))
            if run.get("settled"):  # what it would be with the statistics of these weights
                nats, accuracy = run["settled"]
                name = f"`{name}`{said}, statistics taken anew"
                rows.append((nats, f"| {name} | | | | {nats:.3f} | {accuracy:.3f} | | |"))
    if rows:
        rows += [(counts[order], f"| {order}-gram | | | | {counts[order]:.3f} | | | |") for order in ORDERS]
    return [row for _, row in sorted(rows)]


def table(figures: Figures, paper: str, split: str, counts: Mapping[str, Counts]) -> str:
    """Format the table of a paper, or of `all`, on a split as Markdown; empty where nothing was trained."""
    names = BUILDS if paper == "all" else (*PAPERS[paper][1], OURS)
    rows = rows_of(figures, split, names, counts[split])
    return "\n".join([_HEAD, "|---|---|---|---|---|---|---|---|", *rows, ""]) if rows else ""


def tables(figures: Figures, counts: Mapping[str, Counts] | None = None) -> str:
    """Format all tables, those of a split after one another."""
    counts = counts or recorded(figures)
    found = []
    for split in counts:
        for paper, (authors, _) in PAPERS.items():
            if rows := table(figures, paper, split, counts):
                found.append(f"{paper}: {authors}. Held out: {split}.\n\n{rows}")
    return "\n".join(found)


def recorded(figures: Figures) -> dict[str, Counts]:
    """The figures of count models on all held-out tokens, by split."""
    return {
        split: {int(order): nats for order, nats in counts.items()}
        for split, counts in figures["counts"].items()
    }


def with_tables(
    text: str, figures: Figures, counts: Mapping[str, Counts], longer: Figures | None = None
) -> str:
    """Return a page with its tables as the figures have them now; without `longer`, its table stays as it is."""

    def put(found: re.Match[str]) -> str:
        head, paper, split, is_longer = found.groups()
        if is_longer and longer is None:
            return found[0]
        chosen = longer if is_longer and longer else figures
        rows = table(chosen, paper, split, counts) if split in counts else ""
        return head + (f"\n{rows}" if rows else "")

    return _TABLE.sub(put, text)


def draw_curves(figures: Figures, split: str, sampled: Counts, whole: Counts) -> bytes:
    """Draw held-out loss against training time, a panel for each paper, as nats from the bigram on the same tokens.

    Args:
        figures: of other_systems.py.
        split: which of them.
        sampled: count models on the tokens that the papers' networks were measured on while they trained.
        whole: on all, where `ours` was measured.

    Returns:
        A PNG image of few colours, 1,440 pixels wide and 1,140 high.
    """
    figure = new_figure(12, 9.5)
    panels, lowest = figure.subplots(2, 2, sharex=True, sharey=True), 0.0
    for panel, (paper, (authors, names)) in zip(panels.flat, PAPERS.items(), strict=True):
        dress(panel, f"{paper}: {authors}", size=11)
        panel.axhline(0, color=TEXT, linewidth=1, linestyle="--")
        panel.axhline(sampled[1] - sampled[_BIGRAM], color=TEXT, linewidth=1, linestyle=":")
        for place, name in enumerate((*names, OURS)):
            if run := figures["runs"].get(f"{split}/{name}"):
                bigram = (whole if name == OURS else sampled)[_BIGRAM]
                style = {"color": f"C{place}", "linestyle": LINES[place % 2], "linewidth": 1.4}
                if name == OURS:
                    style = {"color": TEXT, "linewidth": 2.2}
                minutes = [seconds / 60 for seconds, _ in run["history"]]
                heights = [nats - bigram for _, nats in run["history"]]
                lowest = min(lowest, *heights)
                panel.plot(minutes, heights, label=name, **style)
        if len(panel.lines) > 2:
            panel.legend(frameon=False, labelcolor=TEXT, fontsize=9, loc="best", ncols=2)
    panels[0, 0].set_ylim(lowest - 0.1, _HIGHEST)
    panels[0, 0].set_xlim(left=0)
    for panel in panels[:, 0]:
        panel.set_ylabel("nats a token from the bigram", color=TEXT)
        for name, height in (("bigram", 0), ("unigram", sampled[1] - sampled[_BIGRAM])):
            across = panel.get_yaxis_transform()  # x is a share of the panel
            panel.text(1, height, name, transform=across, ha="right", va="bottom", color=TEXT, fontsize=9)
    for panel in panels[1]:
        panel.set_xlabel("minutes of training", color=TEXT)
    small = io.BytesIO()
    with Image.open(io.BytesIO(format_png(figure))) as picture:
        few = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", type=Path, help="the figures.json of other_systems.py")
    parser.add_argument("midi", nargs="*", help="the MIDI files or folders that were trained on")
    parser.add_argument("--sample", type=int, default=4000, help="that of other_systems.py")
    parser.add_argument("--held-out", type=int, default=0, help="that of other_systems.py")
    parser.add_argument("--page", type=Path, help="page to put the tables into")
    parser.add_argument("--longer", type=Path, help="the figures.json of runs with more minutes")
    parser.add_argument("--curves", type=Path, help="PNG file to draw the curves of --split into")
    parser.add_argument("--split", choices=SPLITS, default="piece")
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text(encoding="utf-8"))
    whole = recorded(figures)
    sampled, last = dict(whole), dict(whole)
    if options.midi:
        pieces = Pieces.read(*options.midi)
        tokenizer = PieceOptions().tokenizer("notes", pieces)
        for split in whole:
            training, held_out = split_pieces(pieces, tokenizer, split, HELD_OUT, 0, has_windows=True)
            assert held_out is not None
            sampled[split], last[split] = count_on(
                (training, held_out), tokenizer, ((options.sample, 0), (options.held_out, 0.5))
            )
    if options.page:
        text = options.page.read_text(encoding="utf-8")
        longer = json.loads(options.longer.read_text(encoding="utf-8")) if options.longer else None
        write_text(options.page, with_tables(text, figures, last, longer))
    else:
        print(tables(figures, last))
    if options.curves:
        split = options.split
        write_bytes(options.curves, draw_curves(figures, split, sampled[split], whole[split]))


if __name__ == "__main__":
    main()
