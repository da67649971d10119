"""Compare networks that predict the next frame of a piano roll, and find what an autoencoder of frames lacks.

    python benchmarks/next_frame.py MIDI [--seconds 40] [--only NAME ...]

Frames are binary, four a quarter note, of whole pieces; 30 % of the pieces are held out (seed 0). Each network gets the
same processor time. What is printed are nats a frame of 128 keys, held out: exact for networks that predict the next
frame, keys independent of each other, and a bound for autoencoders, with its two parts. The autoencoder `vae` is that of
`abclm/models/vae` without a recurrent network; `vae after` is the same with a decoder, and `vae after, own prior` also
with an expected point, that read the frame before. It needs PyTorch.
"""

import argparse
import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.evaluation.pieces import count_keys

KEYS, PAST, BATCH = 128, 32, 128


def frames_of(corpus) -> list[np.ndarray]:
    """The frames of each piece, with `PAST` silent ones before them, `(PAST + frames, keys)`."""
    found = []
    for begin, end in zip(corpus.begins, corpus.ends, strict=True):
        text = np.asarray(corpus.text[np.arange(begin, end - 1)])
        found.append(np.concatenate([np.zeros((PAST, KEYS), np.uint8), text.reshape(-1, KEYS)]))
    return found


class Linear(nn.Module):
    """Each key from the frame before."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(KEYS, KEYS)

    def forward(self, past):
        """Logits of the next frame, `(batch, keys)`, after frames `(batch, PAST, keys)`."""
        return self.output(past[:, -1])


class Conv(nn.Module):
    """Two convolutions over the last 16 frames, from which the frame before is also led past them."""

    def __init__(self, filters: int = 128) -> None:
        super().__init__()
        self.first = nn.Conv1d(KEYS, filters, 4, stride=2)
        self.second = nn.Conv1d(filters, filters, 4, stride=2)
        self.output, self.skip = nn.LazyLinear(KEYS), nn.Linear(KEYS, KEYS, bias=False)

    def forward(self, past):
        """Logits of the next frame, `(batch, keys)`, after frames `(batch, PAST, keys)`."""
        values = functional.relu(self.first(past[:, -16:].transpose(1, 2)))
        values = functional.relu(self.second(values)).flatten(1)
        return self.output(values) + self.skip(past[:, -1])


class Recurrent(nn.Module):
    """A GRU over the last `PAST` frames, past which the frame before is also led."""

    def __init__(self, units: int = 128) -> None:
        super().__init__()
        self.gru = nn.GRU(KEYS, units, batch_first=True)
        self.output, self.skip = nn.Linear(units, KEYS), nn.Linear(KEYS, KEYS, bias=False)

    def forward(self, past):
        """Logits of the next frame, `(batch, keys)`, after frames `(batch, PAST, keys)`."""
        return self.output(self.gru(past)[0][:, -1]) + self.skip(past[:, -1])

    def costs(self, past, frames):
        """What all frames after the first cost, each predicted from those before it, `(batch,)`, on average."""
        logits = self.output(self.gru(past)[0]) + self.skip(past)
        wanted = torch.cat([past[:, 1:], frames[:, None]], 1)
        return _costs(logits, wanted).mean(1)


class Autoencoder(nn.Module):
    """A variational autoencoder of one frame.

    Args:
        latent: dimensions.
        reads: whether the decoder reads the frame before, too.
        expects: whether the expected point depends on it, too.
        weight: of the divergence in training; what is measured has weight 1.
    """

    def __init__(self, latent: int = 16, reads: bool = False, expects: bool = False, weight: float = 1.0):
        super().__init__()
        self.weight = weight
        self.encoder = nn.Sequential(nn.Linear(KEYS, 256), nn.ReLU(), nn.Linear(256, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, KEYS))
        self.skip = nn.Linear(KEYS, KEYS, bias=False) if reads else None
        self.prior = (
            nn.Sequential(nn.Linear(KEYS, 256), nn.ReLU(), nn.Linear(256, 2 * latent)) if expects else None
        )

    def parts(self, past, frames):
        """What frames cost: the reconstruction and the divergence, each `(batch,)`."""
        mean, spread = self.encoder(frames).chunk(2, -1)
        logits = self.decoder(mean + torch.exp(spread / 2) * torch.randn_like(mean))
        if self.skip is not None:
            logits = logits + self.skip(past[:, -1])
        wanted, width = torch.zeros_like(mean), torch.zeros_like(mean)
        if self.prior is not None:
            wanted, width = self.prior(past[:, -1]).chunk(2, -1)
        divergence = (width - spread + (torch.exp(spread) + (mean - wanted) ** 2) * torch.exp(-width) - 1) / 2
        return _costs(logits, frames), divergence.sum(-1)


def _costs(logits, frames):
    return functional.binary_cross_entropy_with_logits(logits, frames, reduction="none").sum(-1)


NETWORKS = {
    "linear on the frame before": Linear,
    "Conv1D over 16 frames": Conv,
    "GRU over 32 frames": Recurrent,
    "vae": Autoencoder,
    "vae, 64 dimensions": lambda: Autoencoder(64),
    "vae, divergence weighs 0.3": lambda: Autoencoder(weight=0.3),
    "vae after": lambda: Autoencoder(reads=True),
    "vae after, own prior": lambda: Autoencoder(reads=True, expects=True),
}


def batches(pieces, places, size):
    """Give pasts `(batch, PAST, keys)` and frames `(batch, keys)` of some places, each a piece and a frame."""
    for begin in range(0, len(places), size):
        rows = [pieces[piece][at - PAST : at + 1] for piece, at in places[begin : begin + size]]
        both = torch.as_tensor(np.stack(rows), dtype=torch.float32)
        yield both[:, :-1], both[:, -1]


def costs_of(network, past, frames):
    """What frames cost: all, and of an autoencoder its two parts."""
    if isinstance(network, Autoencoder):
        return torch.stack(network.parts(past, frames))
    return _costs(network(past), frames)[None]


def train(network, pieces, seconds: float) -> float:
    """Train for some processor seconds; gives how many epochs it were."""
    places = _places(pieces)
    for past, frames in batches(pieces, places[:1], 1):
        costs_of(network, past, frames)  # so that lazy layers know their size
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    random, done, steps = np.random.default_rng(0), 0.0, 0
    size = BATCH // 8 if isinstance(network, Recurrent) else BATCH  # of all its frames each is predicted
    while done < seconds:
        order = random.permutation(len(places))
        start = time.process_time()
        for past, frames in batches(pieces, places[order], size):
            if isinstance(network, Recurrent):  # which learns from all frames that it reads
                costs = network.costs(past, frames).mean()[None]
            else:
                costs = costs_of(network, past, frames).mean(1)
            loss = costs[0] + (network.weight * costs[1] if len(costs) > 1 else 0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
            if done + time.process_time() - start >= seconds:
                break
        done += time.process_time() - start
    return steps * size / len(places)


def _places(pieces) -> np.ndarray:
    return np.array([(piece, at) for piece, frames in enumerate(pieces) for at in range(PAST, len(frames))])


@torch.no_grad()
def measure(network, pieces, most: int) -> list[float]:
    """Nats a frame, on so many frames taken evenly: in all, and of an autoencoder the two parts."""
    places = _places(pieces)
    places = places[:: max(1, math.ceil(len(places) / most))]
    totals, count = 0, 0
    for past, frames in batches(pieces, places, 512):
        costs = costs_of(network, past, frames).double()
        totals, count = totals + costs.sum(1), count + len(frames)
    found = (totals / count).tolist()
    return [sum(found), *(found if len(found) > 1 else ())]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("midi", nargs="+", help="MIDI files or folders")
    parser.add_argument("--seconds", type=float, default=40, help="processor time for each network")
    parser.add_argument("--frames", type=int, default=20_000, help="held-out frames that are measured")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=NETWORKS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pieces = Pieces.read(*options.midi)
    tokenizer = PieceOptions().tokenizer("rolls", pieces)
    training, held_out = split_pieces(pieces, tokenizer, "piece", 0.3, 0, has_windows=True)
    print("| network | epochs | nats a frame | reconstruction | divergence |\n|---|---|---|---|---|")
    for name, nats in count_keys(training, held_out).items():
        print(f"| counts of {name} | | {nats:.3f} | | |")
    theirs, others = frames_of(training), frames_of(held_out)
    for name in options.only:
        torch.manual_seed(0)
        network = NETWORKS[name]()
        epochs = train(network, theirs, options.seconds)
        found = [f"{nats:.3f}" for nats in measure(network, others, options.frames)]
        print(f"| {name} | {epochs:.1f} | {' | '.join([*found, '', ''][:3])} |", flush=True)


if __name__ == "__main__":
    main()
