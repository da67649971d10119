"""Measure whether what a model writes after the opening of a piece is like this piece, and no copy of it.

    python benchmarks/like_pieces.py MIDI --model ours [--past 0.5] [--opening-tokens 100] [-n 20]

The pieces are those that `abclm train --split piece --validation 0.3 --seed 0` holds out: of those with
`--opening-tokens` and `--events` tokens or more, as many as asked for, drawn by `--seed`. For each, `-n` continuations
are written. The tables have the mean of the distances in pitch class and interval (see `abclm.evaluation.drift`) from the
continuations of each piece to the pieces, both without the opening, as the model's tokens tell them; and the longest run
of tokens that a continuation shares with its own piece. For the monitor, pitch classes lie on a circle, where C is near
B; in the second table all are equally far from each other. For comparison it is said of how many pieces the opening
itself is nearest to the rest of its own.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import abclm
from abclm.corpora.pieces import Pieces
from abclm.datasets.pieces import encode_pieces
from abclm.evaluation.drift import compare_pieces
from abclm.evaluation.ngram import NGramModel
from abclm.generation.pieces.options import PieceWriting
from abclm.generation.pieces.past import Past
from abclm.generation.pieces.write import write_pieces
from abclm.tokenizers.pieces import as_piece_tokenizer

PASTS = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
DISTANCES = (
    "Pitch class on the circle of semitones (Wasserstein distance, 1 is a tritone) and interval:",
    "Pitch class as a share of notes that are others (total variation) and interval:",
)


def longest_run(one: Sequence[int], other: Sequence[int]) -> int:
    """The length of the longest run of tokens that both have."""
    best, ends = 0, np.zeros(len(other) + 1, np.int64)
    theirs = np.asarray(other)
    for token in one:
        ends[1:] = np.where(theirs == token, ends[:-1] + 1, 0)
        best = max(best, int(ends.max()))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("midi", nargs="+", help="MIDI files or folders that the model was trained on")
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--pieces", type=int, default=5)
    parser.add_argument("-n", type=int, default=20, help="continuations of each piece")
    parser.add_argument("--events", type=int, default=200, help="tokens of a continuation")
    parser.add_argument("--opening-tokens", type=int, default=100)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--past", type=float, default=0.0, help="weight of the piece's own past")
    parser.add_argument("--validation", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0, help="of the pieces that are drawn")
    options = parser.parse_args()

    lm = abclm.load(options.model)
    tokenizer = as_piece_tokenizer(lm.tokenizer)
    training, held_out = Pieces.read(*options.midi).split(options.validation, 0)
    read = [(piece, tokenizer.encode(tokenizer.read(piece)).tolist()) for piece in held_out]
    read = [each for each in read if len(each[1]) >= options.opening_tokens + options.events]
    order = np.random.default_rng(options.seed).permutation(len(read))[: options.pieces]
    chosen = [read[place] for place in sorted(order)]
    long = encode_pieces(replace(held_out, pieces=tuple(piece for piece, _ in read), places=()), tokenizer)
    bigram = NGramModel.of_text(encode_pieces(training, tokenizer), 2, tokenizer).shares(long)
    cuts = np.cumsum([len(ids) + 1 for _, ids in read])[:-1]
    counted = [each[:-1] for each in np.split(bigram, cuts)]  # without the token between pieces
    print("Nats a token of the held-out pieces that are as long, by the weight of their past:")
    every = [ids for _, ids in read]
    for name, own in {"model": network_shares(lm, every), "bigram": counted}.items():
        costs = nats_with_past(own, every, PASTS, tokenizer)
        print(f"{name} " + ", ".join(f"{w:g}: {nats:.3f}" for w, nats in zip(PASTS, costs, strict=True)))
    rests = [
        abclm.Piece.of(
            tokenizer.write(tokenizer.decode(np.array(ids[options.opening_tokens :])), piece.title)
        )
        for piece, ids in chosen
    ]
    openings = [
        abclm.Piece.of(
            tokenizer.write(tokenizer.decode(np.array(ids[: options.opening_tokens])), piece.title)
        )
        for piece, ids in chosen
    ]
    table, runs = [], []
    for number, (piece, ids) in enumerate(chosen):
        writing = PieceWriting(
            n=options.n, seed=number, events=options.events, opening_tokens=options.opening_tokens,
            temperature=options.temperature, past=options.past,
        )  # fmt: skip
        written = list(write_pieces(lm, writing, piece))
        runs.append(max(longest_run(each.ids, ids) for each in written))
        table.append([_distances([each.piece for each in written], rest) for rest in rests])
    names = [piece.title for piece, _ in chosen]
    opened = [[_distances([opening], rest) for rest in rests] for opening in openings]
    for place, what in enumerate(DISTANCES):
        print(
            f"\n{what}\n\n| continuations of | {' | '.join(names)} | longest run shared | nearest to its own |"
        )
        print(f"|---|{'---|' * (len(names) + 2)}")
        nearest = [row[number][place] == min(each[place] for each in row) for number, row in enumerate(table)]
        for name, row, run, is_own in zip(names, table, runs, nearest, strict=True):
            shown = " | ".join(f"{each[place]:.3f}" for each in row)
            print(f"| {name} | {shown} | {run} | {'yes' if is_own else 'no'} |")
        best = sum(row[n][place] == min(each[place] for each in row) for n, row in enumerate(opened))
        print(
            f"\n{sum(nearest)} of {len(nearest)} are nearest to their own piece; of the openings themselves {best}; the "
            f"longest run is {max(runs)} tokens"
        )


def nats_with_past(
    own: Sequence[np.ndarray], pieces: Sequence[Sequence[int]], weights: Sequence[float], tokenizer
) -> list[float]:
    """The mean nats of a token of pieces, each read by itself, for several weights of the piece's past.

    Args:
        own: how likely each token of each piece is without it.
        pieces: their ids.
        weights: of the past.
        tokenizer: of both.
    """
    totals, count, given = np.zeros(len(weights)), 0, np.asarray(weights)
    for shares, ids in zip(own, pieces, strict=True):
        past = Past(len(tokenizer), tokenizer.start)
        for own_share, token in zip(shares, ids, strict=True):
            known = past.shares()
            share = own_share if known is None else known[token]
            totals -= np.log((1 - given) * own_share + given * share)
            past.add(token)
        count += len(ids)
    return (totals / count).tolist()


def network_shares(lm, pieces: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """How likely a network holds each token of each piece."""
    engine, found = lm.config.engine(lm.weights), []
    for ids in pieces:
        logits = engine.logits(np.array([lm.tokenizer.start, *ids[:-1]])).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        found.append(chances[np.arange(len(ids)), ids])
    return found


def _distances(written: Sequence[abclm.Piece], piece: abclm.Piece) -> tuple[float, float]:
    """The means of interval and pitch class: on the circle, and as a name, none further off than others."""
    found = compare_pieces(written, [piece], divisions=1).distances
    interval = found["interval"].distance
    shares = [np.mean([_pitch_classes(each) for each in some], axis=0) for some in (written, [piece])]
    other = float(np.abs(shares[0] - shares[1]).sum() / 2)
    classes = (found["pitch_class"].distance, other)
    return tuple((each + interval) / 2 for each in classes)


def _pitch_classes(piece: abclm.Piece) -> np.ndarray:
    """The share of the notes that each pitch class has, `(12,)`."""
    counts = np.bincount([note.pitch % 12 for note in piece.notes()], minlength=12)
    return counts / counts.sum()


if __name__ == "__main__":
    main()
