"""Train a GAN on piano rolls, and compare what it writes with what networks that predict frames write.

    python benchmarks/frame_samples.py MIDI [--seconds 200] [--only NAME ...] [--picture samples.png]

A GAN has no likelihood, so that it can't stand in the table of next_frame.py; what is written can be compared. Frames
are those of next_frame.py, and so are the networks beside the GAN: each is trained for the same processor time, then
writes as many segments of 32 frames as the held-out pieces have. A network of single frames writes 128 from silence on,
of which the last 32 are taken. The GAN is one with a gradient penalty (Gulrajani et al. 2017), as MuseGAN has (Dong et
al. 2018), of convolutions over time with the keys as channels.

Told from real is the accuracy of a classifier on segments that it was not trained on (two-sample test; Lopez-Paz and
Oquab 2017): 0.5 where it can't tell what was written from held-out segments, 1 where it always can. Nearest is the
median number of keys in which a segment differs from the training segment that is most like it: far below that of
held-out segments, it would be a copy. It needs PyTorch.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from next_frame import KEYS, NETWORKS, PAST, Autoencoder, frames_of, train
from torch import nn
from torch.nn import functional

from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.show.picture import TEXT, format_png, new_figure
from abclm.system.files import write_bytes

SEGMENT, BATCH, WIDTH, NOISE = 32, 64, 256, 64
CRITIC_STEPS, PENALTY = 5, 10.0
WRITTEN = 128  # frames from silence on
GAN = "GAN"
NAMES = (GAN, "Conv1D over 16 frames", "GRU over 32 frames", "vae", "vae after")


class Generator(nn.Module):
    """Noise `(batch, NOISE)` to the probabilities of keys, `(batch, SEGMENT, KEYS)`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(NOISE, WIDTH * (SEGMENT // 8))
        layers: list[nn.Module] = [nn.BatchNorm1d(WIDTH), nn.ReLU()]
        for _ in range(2):
            layers += [nn.ConvTranspose1d(WIDTH, WIDTH, 4, 2, 1), nn.BatchNorm1d(WIDTH), nn.ReLU()]
        self.rest = nn.Sequential(*layers, nn.ConvTranspose1d(WIDTH, KEYS, 4, 2, 1), nn.Sigmoid())

    def forward(self, noise):
        """See the class."""
        return self.rest(self.first(noise).view(len(noise), WIDTH, -1)).transpose(1, 2)


class Critic(nn.Module):
    """Segments `(batch, SEGMENT, KEYS)` to a score each; also the classifier of the two-sample test."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs in (KEYS, WIDTH, WIDTH):
            layers += [nn.Conv1d(inputs, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(WIDTH * (SEGMENT // 8), 1))

    def forward(self, segments):
        """See the class."""
        return self.layers(segments.transpose(1, 2))[:, 0]


def segments_of(pieces, apart: int) -> np.ndarray:
    """Cut pieces into segments, one beginning each `apart` frames: uint8 `(segments, SEGMENT, KEYS)`."""
    found = [
        frames[begin : begin + SEGMENT]
        for frames in pieces
        for begin in range(PAST, len(frames) - SEGMENT + 1, apart)
    ]
    return np.stack(found)


def train_gan(real: np.ndarray, seconds: float) -> Generator:
    """Train a GAN for some processor seconds; gives the generator."""
    generator, critic = Generator(), Critic()
    makers = [torch.optim.Adam(each.parameters(), 2e-4, betas=(0.5, 0.9)) for each in (generator, critic)]
    random, start = np.random.default_rng(0), time.process_time()
    while time.process_time() - start < seconds:
        for _ in range(CRITIC_STEPS):
            theirs = torch.as_tensor(real[random.integers(len(real), size=BATCH)], dtype=torch.float32)
            with torch.no_grad():
                made = generator(torch.randn(BATCH, NOISE))
            share = torch.rand(BATCH, 1, 1)
            between = (share * theirs + (1 - share) * made).requires_grad_()
            (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
            penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
            _change(makers[1], critic(made).mean() - critic(theirs).mean() + PENALTY * penalty)
        _change(makers[0], -critic(generator(torch.randn(BATCH, NOISE))).mean())
    return generator.eval()


def _change(optimizer, loss) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def write(network, count: int) -> np.ndarray:
    """Write segments, uint8 `(count, SEGMENT, KEYS)`."""
    if isinstance(network, Generator):
        return (network(torch.randn(count, NOISE)) > 0.5).numpy().astype(np.uint8)
    past = torch.zeros(count, PAST, KEYS)
    written = []
    for _ in range(WRITTEN):
        if isinstance(network, Autoencoder):
            latent = network.decoder[0].in_features
            logits = network.decoder(torch.randn(count, latent))
            if network.skip is not None:
                logits = logits + network.skip(past[:, -1])
        else:
            logits = network(past)
        # An autoencoder of single frames sounds what is likelier than not, as `abclm generate` does.
        is_alone = isinstance(network, Autoencoder) and network.skip is None
        limits = torch.full_like(logits, 0.5) if is_alone else torch.rand_like(logits)
        frame = (torch.sigmoid(logits) > limits).float()
        past = torch.cat([past[:, 1:], frame[:, None]], 1)
        written.append(frame)
    return torch.stack(written[-SEGMENT:], 1).numpy().astype(np.uint8)


def told_from(real: np.ndarray, made: np.ndarray, seeds: int = 3) -> float:
    """How often a classifier is right, on halves of both that it was not trained on; the mean of some."""
    right = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        halves = [np.array_split(random.permutation(each), 2) for each in (real, made)]
        (train_x, train_y), (test_x, test_y) = (
            (
                torch.as_tensor(np.concatenate([half[part] for half in halves]), dtype=torch.float32),
                torch.cat(
                    [torch.full((len(half[part]),), float(label)) for label, half in enumerate(halves)]
                ),
            )
            for part in (0, 1)
        )
        classifier = Critic(dropout=0.3)
        optimizer = torch.optim.Adam(classifier.parameters(), 3e-4)
        for _ in range(8):
            for places in np.array_split(random.permutation(len(train_x)), max(1, len(train_x) // BATCH)):
                loss = functional.binary_cross_entropy_with_logits(
                    classifier(train_x[places]), train_y[places]
                )
                _change(optimizer, loss)
        with torch.no_grad():
            right.append(float(((classifier.eval()(test_x) > 0) == (test_y > 0.5)).float().mean()))
    return float(np.mean(right))


def nearest(segments: np.ndarray, training: np.ndarray) -> float:
    """The median number of keys in which a segment differs from the training segment that is most like it."""
    flat, theirs = (
        torch.as_tensor(each.reshape(len(each), -1), dtype=torch.float32) for each in (segments, training)
    )
    sizes = theirs.sum(1)
    found = [
        float((row.sum() + sizes - 2 * (theirs @ row)).min()) for row in flat[:: max(1, len(flat) // 300)]
    ]
    return float(np.median(found))


def described(segments: np.ndarray) -> list[str]:
    """Keys a frame, share of silent frames, and frames a note."""
    sounds = segments.astype(bool)
    struck = sounds[:, 1:] & ~sounds[:, :-1]
    notes = sounds[:, 0].sum() + struck.sum()
    return [
        f"{sounds.sum(2).mean():.2f}",
        f"{(sounds.sum(2) == 0).mean():.3f}",
        f"{sounds.sum() / max(1, notes):.2f}",
    ]


def draw(rows: dict[str, np.ndarray], path: Path) -> None:
    """Draw four segments of each as piano rolls."""
    figure = new_figure(10, 1.5 * len(rows))
    panels = figure.subplots(len(rows), 4, sharex=True, sharey=True, squeeze=False)
    for line, (name, segments) in zip(panels, rows.items(), strict=True):
        for panel, segment in zip(line, segments[:: max(1, len(segments) // 4)], strict=False):
            panel.imshow(
                segment.T[21:109], origin="lower", aspect="auto", cmap="Greys", interpolation="nearest"
            )
            panel.set_xticks([])
            panel.set_yticks([])
        line[0].set_title(name, color=TEXT, fontsize=10, loc="left")
    write_bytes(path, format_png(figure))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("midi", nargs="+", help="MIDI files or folders")
    parser.add_argument("--seconds", type=float, default=200, help="processor time for each network")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--picture", type=Path, help="PNG file to draw four segments of each into")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pieces = Pieces.read(*options.midi)
    tokenizer = PieceOptions().tokenizer("rolls", pieces)
    training, held_out = map(frames_of, split_pieces(pieces, tokenizer, "piece", 0.3, 0, has_windows=True))
    real, known, all_known = (
        segments_of(held_out, SEGMENT), segments_of(training, SEGMENT), segments_of(training, 4)
    )  # fmt: skip
    rows = {"held-out pieces": real}
    shares, random = known.mean((0, 1)), np.random.default_rng(0)

    def report(name: str, segments: np.ndarray) -> None:
        told = "" if segments is real else f"{told_from(real, segments):.3f}"
        cells = [name, told, *described(segments), f"{nearest(segments, all_known):.0f}"]
        print(f"| {' | '.join(cells)} |", flush=True)

    print("| segments | told from real | keys a frame | silent frames | frames a note | nearest |")
    print("|---|---|---|---|---|---|")
    report("held-out pieces", real)
    count = min(len(real), len(known))
    told = told_from(real, random.permutation(known)[:count])
    print(f"| training pieces | {told:.3f} | {' | '.join(described(known))} | |", flush=True)
    report("keys by how often they sound", (random.random(real.shape) < shares).astype(np.uint8))
    for name in options.only:
        torch.manual_seed(0)
        if name == GAN:
            network = train_gan(all_known, options.seconds)
        else:
            network = NETWORKS[name]()
            train(network, training, options.seconds)
        torch.manual_seed(1)
        rows[name] = write(network, len(real))
        report(name, rows[name])
    if options.picture:
        draw(rows, options.picture)


if __name__ == "__main__":
    main()
