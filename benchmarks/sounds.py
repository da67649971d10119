"""Make a page with a piece of each of several models: its piano roll, a player, and the figures of the model.

    python benchmarks/sounds.py m1 m2 --out sounds.html [--events 100] [--seed 1] [--like piece.mid]
    abclm sweep midi/ --tokens notes --vary architecture=rocco-1b,rocco-2 --out runs && python benchmarks/sounds.py runs

An argument is a model folder, or a folder with model folders anywhere in it, such as that of a sweep. The page needs
nothing else; the browser makes the sound.
"""

import argparse
import math
from pathlib import Path

import abclm
from abclm.errors import AbclmError
from abclm.generation.pieces.options import PieceWriting
from abclm.generation.pieces.write import write_pieces
from abclm.models.folder import CONFIG
from abclm.system.files import write_text
from abclm.tokenizers.pieces import PieceTokenizer
from abclm.views.piece_page import format_pieces_page


def model_folders(given: list[Path]) -> list[Path]:
    """The model folders among these and in them, each once, sorted."""
    found = {path.parent for folder in given for path in folder.rglob(CONFIG)}
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("sounds.html"))
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--past", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--like", type=Path, help="MIDI file to go on from")
    options = parser.parse_args()
    like = abclm.Piece.load(options.like) if options.like else None
    pieces = []
    for folder in model_folders(options.models):
        try:
            lm = abclm.load(folder)
        except AbclmError as error:
            print(f"left out {folder}: {error}")
            continue
        if not isinstance(lm.tokenizer, PieceTokenizer):
            print(f"left out {folder}: it writes tunes")
            continue
        writing = PieceWriting(events=options.events, seed=options.seed, past=options.past)
        written = next(write_pieces(lm, writing, like)).piece
        if not written.notes():
            print(f"left out {folder}: what it wrote has no note")
            continue
        count = sum(each.size for each in lm.weights.values())
        made = {"Model": lm.config.describe(), "Parameters": f"{count:,}", "Seed": str(options.seed)}
        bits = lm.history[-1].get("validation_bits_per_character") if lm.history else None
        made |= {} if bits is None else {"Held out": f"{bits * math.log(2):.3f} nats a token or frame"}
        made |= {"Like": options.like.name} if options.like else {}
        pieces.append((abclm.Piece(folder.name, written.midi), made))
        print(f"{folder}: {len(written.notes()):,} notes", flush=True)
    if not pieces:
        raise SystemExit("there is no model that wrote a piece; give folders of models of MIDI pieces")
    write_text(options.out, format_pieces_page("What the models write", pieces))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
