"""Train the networks of the papers on piano music, and one of ours, each for the same time; write figures and tables.

    python benchmarks/other_systems.py MIDI --out runs --minutes 10 --splits piece
    python benchmarks/other_systems.py MIDI --out runs --minutes 10 --splits last random --only lstm-256 rocco-2
    python benchmarks/other_systems.py --tables runs/figures.json

It needs PyTorch and no TensorFlow: the layers of `abclm/models/layered` are made in PyTorch here, drawn as Keras draws
them. A recurrent layer's own dropout, which cuDNN does not have, is left out and said. A run that was stopped goes on
where it was, also to a larger budget. The time that counts is that of training steps: processor time of all threads on
a processor, so that other work on the machine does not change it, and wall time on a GPU. Every `--measure` seconds
held-out tokens are measured, `--sample` of them; the best weights are measured in the end, on others, `--held-out` of
them. The network of ours plans its learning rate over the whole budget, so it begins anew for a larger one.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from abclm.corpora.pieces import Pieces
from abclm.datasets.keys import PieceKeys
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.datasets.window_feed import windows_in_order
from abclm.evaluation.ngram import count_models
from abclm.models.architecture import find_architecture
from abclm.system.files import write_text

VOORHIS_ALLEN = (
    "4lstm-256", "conv1d-2lstm-256", "lstm-256", "conv1d-128-2gru-256", "separable-2lstm-256", "conv1d-256-3lstm-128",
    "conv1d-2lstm-256-batchnorm", "time-distributed-2lstm-256",
)  # fmt: skip
ROCCO = tuple(f"rocco-{name}" for name in ("0", "1", "1b", "1c", "2", "2b", "3", "3b"))
KANKANALA = ("kankanala-lstm", "kankanala-lstm-text", "kankanala-gru")
BUILDS = (*VOORHIS_ALLEN, *ROCCO, *KANKANALA, "hopkins-rnn", "ours")
OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "adamax": torch.optim.Adamax}
SPLITS = ("piece", "last", "random")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: what its paper says, Keras' defaults elsewhere."""

    optimizer: str = "adam"
    rate: float = 1e-3
    batch: int = 128


def recipe_of(name: str) -> Recipe:
    if name in KANKANALA:
        return Recipe("adamax")
    if name == "hopkins-rnn":
        return Recipe(rate=0.01)
    return Recipe("rmsprop" if name in ROCCO[:6] else "adam")


class Layer(nn.Module):
    """One `Part` of a layered network in PyTorch, on `(batch, time, features)` or `(batch, features)`."""

    def __init__(self, part, features: int, time: int) -> None:
        super().__init__()
        kind, options = part.kind, part.options
        self.kind, self.options = kind, options
        self.activation = options.get("activation")
        self.features, self.time = features, time
        if kind in ("LSTM", "GRU", "SimpleRNN"):
            units, ways = options["units"], 1 + part.is_bidirectional
            cell = {"LSTM": nn.LSTM, "GRU": nn.GRU, "SimpleRNN": nn.RNN}[kind]
            self.layer = cell(features, units, batch_first=True, bidirectional=ways == 2)
            self.features, self.units = ways * units, units
            self.time = time if options["return_sequences"] else 0
            for name, weight in self.layer.named_parameters():
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(weight)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(weight)
                else:
                    nn.init.zeros_(weight)
                    if kind == "LSTM" and name.startswith("bias_ih"):
                        weight.data[units : 2 * units] = 1  # of the forget gate
                    # Keras' GRU has two biases, as PyTorch's; its other layers have one.
                    weight.requires_grad_(kind == "GRU" or name.startswith("bias_ih"))
        elif kind == "Dense":
            self.layer = nn.Linear(features, options["units"])
            self.features = options["units"]
        elif kind in ("Conv1D", "SeparableConv1D"):
            filters, width = options["filters"], options["kernel_size"]
            self.layer = nn.Conv1d(features, filters, width, padding="same")
            if kind == "SeparableConv1D":
                deep = nn.Conv1d(features, features, width, padding="same", groups=features, bias=False)
                self.layer = nn.Sequential(deep, nn.Conv1d(features, filters, 1))
            self.features = filters
        elif kind == "BatchNormalization":
            self.layer = nn.BatchNorm1d(features, eps=1e-3, momentum=0.01)
        elif kind == "Dropout":
            self.layer = nn.Dropout(options["rate"])
        elif kind == "Flatten":
            self.features, self.time = features * time, 0
        elif kind == "SelfAttention":
            self.query, self.key = nn.Linear(features, 32, bias=False), nn.Linear(features, 32)
            self.layer = nn.Linear(32, 1)
        elif kind != "ReLU":
            raise ValueError(f"no layer {kind} in PyTorch here; add it")
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Conv1d):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, values):
        """What the layer gives."""
        if self.kind in ("LSTM", "GRU", "SimpleRNN"):
            found, _ = self.layer(values)
            if self.time:
                return found
            # The last state of each way: of that which reads backwards, the one at the first place.
            return torch.cat([found[:, -1, : self.units], found[:, 0, self.units :]], 1)
        if self.kind == "Flatten":
            return values.flatten(1)
        if self.kind == "ReLU":
            return functional.relu(values)
        if self.kind == "SelfAttention":
            scores = self.layer(torch.tanh(self.query(values)[:, :, None] + self.key(values)[:, None]))[
                ..., 0
            ]
            scores = functional.relu(scores) if self.activation == "relu" else scores.softmax(-1)
            return scores.softmax(-1) @ values
        across = self.kind in ("Conv1D", "SeparableConv1D") or (
            self.kind == "BatchNormalization" and values.ndim == 3
        )
        found = self.layer(values.transpose(1, 2)).transpose(1, 2) if across else self.layer(values)
        return functional.relu(found) if self.activation == "relu" else found


class WindowNetwork(nn.Module):
    """A layered network: ids `(batch, window)` in, logits `(batch, tokens)` of the next out."""

    def __init__(self, config, tokens: int) -> None:
        super().__init__()
        self.config, self.tokens = config, tokens
        features, time = (tokens if config.inputs == "one-hot" else 1), config.window
        layers = []
        for part in config.layers():
            layers.append(Layer(part, features, time))
            features, time = layers[-1].features, layers[-1].time
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(features, config.tokens_ahead * tokens)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, ids):
        """Logits of the next token."""
        if self.config.inputs == "one-hot":
            values = functional.one_hot(ids, self.tokens).float()
        else:
            values = (ids.float() / self.tokens)[..., None]
        return self.output(self.layers(values))[:, : self.tokens]


class OurNetwork(nn.Module):
    """Embedding, LSTM, dense, with dropout between them: ids `(batch, time)` in, logits `(batch, time, tokens)` out."""

    def __init__(self, tokens: int, embedding: int = 128, units: int = 256) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, embedding)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.lstm = nn.LSTM(embedding, units, batch_first=True)
        self.output = nn.Linear(units, tokens)
        self.before, self.after = nn.Dropout1d(0.2), nn.Dropout(0.4)
        nn.init.orthogonal_(self.lstm.weight_hh_l0)

    def forward(self, ids):
        """Logits of what follows each token."""
        # Whole features of a sequence are dropped, the same at each token.
        values = self.before(self.embedding(ids).transpose(1, 2)).transpose(1, 2)
        return self.output(self.after(self.lstm(values)[0]))


def parameters_of(network: nn.Module) -> int:
    """Count parameters as Keras does: with the statistics of batch normalisation."""
    statistics = [each for name, each in network.named_buffers() if name.endswith(("mean", "var"))]
    trained = [each for each in network.parameters() if each.requires_grad]
    return sum(each.numel() for each in (*trained, *statistics))


class Run:
    """One network on one split: trains for some seconds in all, and keeps its best weights in a file."""

    def __init__(self, name, split, folder, tokenizer, parts, options) -> None:
        self.name, self.split, self.options, self.tokens = name, split, options, len(tokenizer)
        self.training, self.held_out = parts
        self.is_ours = name == "ours"
        self.keys = PieceKeys(tokenizer, 1.0, 0) if self.is_ours else None
        self.path, self.recipe = folder / split / f"{name}.pt", recipe_of(name)
        torch.manual_seed(0)
        if self.is_ours:
            self.network = OurNetwork(self.tokens)
        else:
            self.config = find_architecture(name)()
            self.network = WindowNetwork(self.config, self.tokens)
        self.network.to(options.device)
        make = torch.optim.AdamW if self.is_ours else OPTIMIZERS[self.recipe.optimizer]
        self.optimizer = make(self.network.parameters(), lr=3e-3 if self.is_ours else self.recipe.rate)
        self.state = {"seconds": 0.0, "steps": 0, "epoch": 0, "batch": 0, "history": [], "best": None}
        self.clock = time.process_time if options.device == "cpu" else time.perf_counter
        found = None
        if self.path.exists():
            found = torch.load(self.path, map_location=options.device, weights_only=False)
        if found and (not self.is_ours or found["minutes"] == options.minutes):
            self.network.load_state_dict(found["network"])
            self.optimizer.load_state_dict(found["optimizer"])
            self.state = found["state"]

    def train(self) -> dict:
        """Train to the end of the budget, and measure the best weights on all that is held out."""
        state, budget = self.state, 60 * self.options.minutes
        measured = state["seconds"]
        while state["seconds"] < budget:
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
            else:
                state["epoch"], state["batch"] = state["epoch"] + 1, 0
        self.measure()
        self.network.load_state_dict(state["best"]["weights"])
        nats, accuracy = self.cost(self.options.held_out, shift=0.5)
        best = state["best"]["seconds"]
        later = sum(entry[0] > best for entry in state["history"])
        return {
            "name": self.name, "split": self.split, "minutes": self.options.minutes, "steps": state["steps"],
            "epochs": round(state["epoch"] + state["batch"] / max(1, self.steps_per_epoch()), 2),
            "parameters": parameters_of(self.network),
            "nats": nats, "accuracy": accuracy, "best_after_seconds": round(best, 1),
            # Three measurements without a better one, of a network that has seen all pieces, say that it is done.
            "converged": later >= 3 and state["epoch"] > 0, "history": [entry[:2] for entry in state["history"]],
            "left_out": self.left_out(), "device": self.options.device,
        }  # fmt: skip

    def left_out(self) -> list[str]:
        """What PyTorch does not have of the network."""
        parts = [] if self.is_ours else self.config.layers()
        return ["recurrent dropout"] if any("recurrent_dropout" in part.options for part in parts) else []

    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        if self.is_ours:
            return max(1, (len(self.training.text) - 1) // 100 // 16)
        return max(1, self.training.characters // self.recipe.batch)

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
        size = min(self.recipe.batch, self.training.characters)
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
                group["lr"] = 3e-3 * (1 + math.cos(math.pi * done)) / 2
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
            apart = max(1, -(-len(targets) // most))
            corpus = replace(corpus, targets=targets[int(shift * apart) :: apart])
        for inputs, targets, _ in windows_in_order(corpus, self.config.window):
            wanted = torch.as_tensor(targets[:, 0].astype(np.int64), device=device)
            logits = self.network(torch.as_tensor(inputs.astype(np.int64), device=device))
            nats += float(functional.cross_entropy(logits, wanted, reduction="sum"))
            right += float((logits.argmax(-1) == wanted).sum())
            count += len(wanted)
        return nats / count, right / count


def tables(figures: dict) -> str:
    """Format figures as Markdown, a table for each split."""
    lines = []
    for split, counts in figures["counts"].items():
        rows = [each for each in figures["runs"].values() if each["split"] == split]
        lines += [f"Held out: {split}. Count models, nats a token: "]
        lines[-1] += ", ".join(f"{order}-gram {nats:.3f}" for order, nats in counts.items()) + "."
        lines += ["", "| network | parameters | minutes | epochs | nats a token | accuracy | converged |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for row in sorted(rows, key=lambda row: row["nats"]):
            said = "yes" if row["converged"] else "no"
            lines.append(
                f"| `{row['name']}` | {row['parameters']:,} | {row['minutes']:g} | {row['epochs']:g} | "
                f"{row['nats']:.3f} | {row['accuracy']:.3f} | {said} |"
            )
        lines.append("")
    return "\n".join(lines)


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
    parser.add_argument("--sample", type=int, default=4000, help="held-out tokens that are measured then")
    parser.add_argument(
        "--held-out", type=int, default=0, help="held-out tokens that are measured in the end; 0 for all"
    )
    parser.add_argument("--threads", type=int, help="of PyTorch, on a processor")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=["piece"])
    parser.add_argument("--only", nargs="+", choices=BUILDS, default=BUILDS)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tables", type=Path, help="print the tables of these figures and end")
    options = parser.parse_args()
    if options.tables:
        print(tables(json.loads(options.tables.read_text(encoding="utf-8"))))
        return
    if options.threads:
        torch.set_num_threads(options.threads)
    pieces = Pieces.read(*options.midi)
    tokenizer = PieceOptions().tokenizer("notes", pieces)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "figures.json"
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"counts": {}, "runs": {}}
    for split in options.splits:
        parts = split_pieces(pieces, tokenizer, split, 0.3, 0, has_windows=True)
        if split not in figures["counts"]:
            figures["counts"][split] = count_models(*parts, tokenizer)
        for name in options.only:
            done = figures["runs"].get(f"{split}/{name}")
            if (done and done["minutes"] >= options.minutes) or (name == "ours" and split == "random"):
                continue  # ours predicts every token, so that none can be held out at random
            figures["runs"][f"{split}/{name}"] = Run(
                name, split, options.out, tokenizer, parts, options
            ).train()
            write_text(path, json.dumps(figures, indent=1) + "\n")
    print(tables(json.loads(json.dumps(figures))))


if __name__ == "__main__":
    main()
