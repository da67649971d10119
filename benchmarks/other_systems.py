"""Train the networks of the papers on piano music, and one of ours, each for the same time; write figures and tables.

    python benchmarks/other_systems.py MIDI --out runs --minutes 10 --splits piece
    python benchmarks/other_systems.py MIDI --out runs --minutes 10 --splits last random --only lstm-256 rocco-2
    python benchmarks/other_systems.py MIDI --out pitches --only ours --ours pitches=1 tokens_dropped=0.15

It needs PyTorch and no TensorFlow: see layered_torch.py. A recurrent layer's own dropout is left out and said. A run
that was stopped goes on where it was, also to a larger budget. The time that counts is that of training steps:
processor time of all threads on a processor, so that other work on the machine does not change it, and wall time on a
GPU. Every `--measure` seconds held-out tokens are measured, `--sample` of them; the best weights are measured in the
end, on others, `--held-out` of them. With `--patience` a network is done when that many seconds have brought nothing
better. The network of ours plans its learning rate over the whole budget, so it is not ended early, and begins anew for a
larger one or for other settings (`--ours`). `paper_tables.py` puts the figures into a page and draws the curves.
"""

import argparse
import json
import math
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from layered_torch import OPTIMIZERS, OurNetwork, WindowNetwork, parameters_of
from paper_tables import BUILDS, HELD_OUT, OURS, SPLITS, places_measured, tables
from torch import nn
from torch.nn import functional

from abclm.corpora.pieces import Pieces
from abclm.datasets.keys import PieceKeys
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.datasets.window_feed import windows_in_order
from abclm.evaluation.ngram import count_models
from abclm.models.architecture import find_architecture
from abclm.system.files import write_text
from abclm.training.config import TrainingConfig

SETTLING = 50  # batches


class Run:
    """One network on one split: trains for some seconds in all, and keeps its best weights in a file."""

    def __init__(self, name, split, folder, tokenizer, parts, options) -> None:
        self.name, self.split, self.options, self.tokens = name, split, options, len(tokenizer)
        self.training, self.held_out = parts
        self.is_ours = name == OURS
        self.keys = PieceKeys(tokenizer, 1.0, 0) if self.is_ours else None
        self.path = folder / split / f"{name}.pt"
        self.recipe = TrainingConfig.for_model(
            find_architecture("lstm" if self.is_ours else name), of_pieces=True
        )
        torch.manual_seed(0)
        if self.is_ours:
            self.network = OurNetwork(self.tokens, tokenizer.names, **dict(options.ours))
        else:
            self.config = find_architecture(name)()
            self.network = WindowNetwork(self.config, self.tokens)
        self.network.to(options.device)
        make = torch.optim.AdamW if self.is_ours else OPTIMIZERS[self.recipe.optimizer]
        self.optimizer = make(self.network.parameters(), lr=self.recipe.learning_rate)
        self.state = {"seconds": 0.0, "steps": 0, "epoch": 0, "batch": 0, "history": [], "best": None}
        self.clock = time.process_time if options.device == "cpu" else time.perf_counter
        found = None
        if self.path.exists():
            found = torch.load(self.path, map_location=options.device, weights_only=False)
        plan = (options.minutes, options.ours)
        if found and (not self.is_ours or (found["minutes"], found.get("ours", [])) == plan):
            self.network.load_state_dict(found["network"])
            self.optimizer.load_state_dict(found["optimizer"])
            self.state = found["state"]

    def train(self) -> dict:
        """Train to the end of the budget, and measure the best weights on all that is held out."""
        state, budget = self.state, 60 * self.options.minutes
        measured = state["seconds"]
        while state["seconds"] < budget and not self.is_done():
            for inputs, targets in self.batches(state["epoch"], state["batch"]):
                start = self.clock()
                self.step(inputs, targets)
                state["seconds"] += self.clock() - start
                state["steps"], state["batch"] = state["steps"] + 1, state["batch"] + 1
                if state["seconds"] >= budget:
                    break
                if state["seconds"] - measured >= self.options.measure:
                    self.measure()
                    measured = state["seconds"]
                    if self.is_done():
                        break
            else:
                state["epoch"], state["batch"] = state["epoch"] + 1, 0
        if not self.is_done():
            self.measure()
        self.network.load_state_dict(state["best"]["weights"])
        nats, accuracy = self.cost(self.options.held_out, shift=0.5)
        settled = self.cost(self.options.held_out, shift=0.5) if self.settle() else None
        best = state["best"]["seconds"]
        later = sum(entry[0] > best for entry in state["history"])
        return {
            "name": self.name, "split": self.split, "minutes": self.options.minutes,
            "seconds": round(state["seconds"], 3), "steps": state["steps"],
            "epochs": round(state["epoch"] + state["batch"] / max(1, self.steps_per_epoch()), 2),
            "parameters": parameters_of(self.network),
            "nats": nats, "accuracy": accuracy, "settled": settled, "best_after_seconds": round(best, 1),
            # Three measurements without a better one, of a network that has seen all pieces, say that it is done.
            "converged": later >= 3 and state["epoch"] > 0, "history": [entry[:2] for entry in state["history"]],
            "settings": dict(self.options.ours) if self.is_ours else {},
            "left_out": self.left_out(), "device": self.options.device,
        }  # fmt: skip

    def is_done(self) -> bool:
        """Whether nothing better has come for as long as one is to wait."""
        patience, best = self.options.patience, self.state["best"]
        return bool(
            patience and best and not self.is_ours and self.state["seconds"] - best["seconds"] >= patience
        )

    @torch.no_grad()
    def settle(self) -> bool:
        """Take the statistics of batch normalisation anew, over some batches; whether the network has any.

        Keras moves them by a hundredth a step, so that after few steps they are not yet those of the weights.
        """
        layers = [each for each in self.network.modules() if isinstance(each, nn.BatchNorm1d)]
        if not layers:
            return False
        for each in layers:
            each.reset_running_stats()
            each.momentum = None  # the mean over all batches
        self.network.train()
        for inputs, _ in islice(self.batches(self.state["epoch"], 0), SETTLING):
            self.network(torch.as_tensor(inputs, device=self.options.device))
        return True

    def left_out(self) -> list[str]:
        """What PyTorch does not have of the network."""
        parts = [] if self.is_ours else self.config.layers()
        return ["recurrent dropout"] if any("recurrent_dropout" in part.options for part in parts) else []

    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        if self.is_ours:
            return max(1, (len(self.training.text) - 1) // 100 // 16)
        return max(1, self.training.characters // self.recipe.batch_size)

    def batches(self, epoch: int, first: int):
        """Give an epoch's batches from the one numbered `first` on: ids, and what follows."""
        order = np.random.default_rng([0, epoch])
        if self.is_ours:  # every token of the text is a target
            text = self.keys.text(self.training, epoch).astype(np.int64)
            begin = int(order.integers(min(100, len(text) - 101)))
            starts = order.permutation(np.arange(begin, len(text) - 100, 100))
            size = min(16, len(starts))
            for place in range(size * first, len(starts) - size + 1, size):
                rows = text[starts[place : place + size, None] + np.arange(101)]
                yield rows[:, :-1], rows[:, 1:]
            return
        size = min(self.recipe.batch_size, self.training.characters)
        targets = self.training.targets
        places = order.permutation(np.arange(1, len(self.training.text)) if targets is None else targets)
        for place in range(size * first, len(places) - size + 1, size):
            yield self.windows(places[place : place + size])

    def windows(self, places):
        """Windows before some places and what follows: those of the papers' networks."""
        corpus = self.training
        before = corpus.begins[np.searchsorted(corpus.ends, places, "right")] - 1
        at = places[:, None] + np.arange(-self.config.window, 1)
        rows = corpus.text[np.maximum(at, before[:, None])].astype(np.int64)
        return rows[:, :-1], rows[:, -1]

    def step(self, inputs, targets) -> None:
        """Change the network by one batch."""
        device = self.options.device
        self.network.train()
        for group in self.optimizer.param_groups:
            if self.is_ours:
                done = min(1, self.state["seconds"] / (60 * self.options.minutes))
                group["lr"] = self.recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2
        logits = self.network(torch.as_tensor(inputs, device=device))
        wanted = torch.as_tensor(targets, device=device)
        loss = functional.cross_entropy(logits.flatten(0, -2), wanted.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        if self.is_ours:
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        if device != "cpu":
            torch.cuda.synchronize()

    def measure(self) -> None:
        """Measure the network as it is, and write down where the run stands."""
        nats, accuracy = self.cost(self.options.sample)
        state = self.state
        state["history"].append((round(state["seconds"], 1), nats, accuracy))
        if state["best"] is None or nats < state["best"]["nats"]:
            weights = {name: value.clone() for name, value in self.network.state_dict().items()}
            state["best"] = {"nats": nats, "seconds": state["seconds"], "weights": weights}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "minutes": self.options.minutes,
            "ours": self.options.ours,
            "state": state,
        }
        torch.save(whole, self.path.with_suffix(".new"))
        self.path.with_suffix(".new").replace(self.path)
        print(
            f"{self.split} {self.name}: {state['seconds']:.0f} s, {nats:.3f} nats, {accuracy:.3f}", flush=True
        )

    @torch.no_grad()
    def cost(self, most: int, shift: float = 0) -> tuple[float, float]:
        """Nats a token and accuracy on `most` of the held-out tokens, taken evenly; of ours on all, which is quick.

        Args:
            most: how many; 0 for all.
            shift: where the first is, as a share of the distance from one to the next.
        """
        self.network.eval()
        device, corpus = self.options.device, self.held_out
        nats = right = count = 0.0
        if self.is_ours:
            for ids in corpus.pieces():
                for piece in ids:
                    piece = torch.as_tensor(piece.astype(np.int64), device=device)
                    logits = self.network(piece[None, :-1])[0]
                    nats += float(functional.cross_entropy(logits, piece[1:], reduction="sum"))
                    right += float((logits.argmax(-1) == piece[1:]).sum())
                    count += len(piece) - 1
            return nats / count, right / count
        if most:
            targets = corpus.targets if corpus.targets is not None else np.arange(1, len(corpus.text))
            corpus = replace(corpus, targets=targets[places_measured(len(targets), most, shift)])
        for inputs, targets, _ in windows_in_order(corpus, self.config.window):
            wanted = torch.as_tensor(targets[:, 0].astype(np.int64), device=device)
            logits = self.network(torch.as_tensor(inputs.astype(np.int64), device=device))
            nats += float(functional.cross_entropy(logits, wanted, reduction="sum"))
            right += float((logits.argmax(-1) == wanted).sum())
            count += len(wanted)
        return nats / count, right / count


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, float(value) if "." in value else int(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("midi", nargs="*", help="MIDI files or folders")
    parser.add_argument("--out", type=Path, default=Path("other-systems"))
    parser.add_argument("--minutes", type=float, default=10, help="of training, for each network and split")
    parser.add_argument(
        "--measure", type=float, default=20, help="seconds of training between two measurements"
    )
    parser.add_argument(
        "--patience", type=float, help="seconds without a better measurement that end a run early"
    )
    parser.add_argument("--sample", type=int, default=4000, help="held-out tokens that are measured then")
    parser.add_argument(
        "--held-out", type=int, default=0, help="held-out tokens that are measured in the end; 0 for all"
    )
    parser.add_argument("--threads", type=int, help="of PyTorch, on a processor")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=["piece"])
    parser.add_argument("--only", nargs="+", choices=BUILDS, default=BUILDS)
    parser.add_argument(
        "--ours", nargs="+", type=_setting, default=[], metavar="NAME=VALUE", help="settings of OurNetwork"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    pieces = Pieces.read(*options.midi)
    tokenizer = PieceOptions().tokenizer("notes", pieces)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "figures.json"
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"counts": {}, "runs": {}}
    for split in options.splits:
        parts = split_pieces(pieces, tokenizer, split, HELD_OUT, 0, has_windows=True)
        if split not in figures["counts"]:
            figures["counts"][split] = count_models(*parts, tokenizer)
        for name in options.only:
            done = figures["runs"].get(f"{split}/{name}")
            is_other = name == OURS and done and done.get("settings", {}) != dict(options.ours)
            is_there = done and done["minutes"] >= options.minutes and not is_other
            if is_there or (name == OURS and split == "random"):
                continue  # ours predicts every token, so that none can be held out at random
            figures["runs"][f"{split}/{name}"] = Run(
                name, split, options.out, tokenizer, parts, options
            ).train()
            write_text(path, json.dumps(figures, indent=1) + "\n")
    print(tables(json.loads(json.dumps(figures))))


if __name__ == "__main__":
    main()
