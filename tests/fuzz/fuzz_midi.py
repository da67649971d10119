"""Look for MIDI files that break their way into ABC: files changed at random, run by hand.

    python tests/fuzz/fuzz_midi.py --runs 200000 --first-seed 0

Any bytes at all must give a tune in which `check` finds no error and whose every pitch is one of the file, or a
ConvertError of one line, within a time that grows with their number. What it finds becomes a test.
"""

import argparse
import random
import struct
import sys
import time
from collections.abc import Iterator

MOST_SECONDS = 2.0
MOST_CHARACTERS = 300_000  # ten thousand bars of rests, and what changes in them
_TICKS = (1, 2, 7, 24, 96, 100, 120, 480, 960, 1000, 32767)
_LENGTHS = (
    0,
    1,
    1 / 48,
    1 / 12,
    1 / 8,
    1 / 7,
    1 / 5,
    1 / 4,
    1 / 3,
    2 / 5,
    1 / 2,
    2 / 3,
    3 / 4,
    1,
    3 / 2,
    2,
    4,
    50,
)
_META = (0x00, 0x01, 0x03, 0x20, 0x2F, 0x51, 0x54, 0x58, 0x59, 0x7F)


def look_at(data: bytes) -> bool:
    """Do with a file all that leads to ABC, and make sure of what must hold; whether there was a tune."""
    import music21  # noqa: F401 (loading it takes most of a second, which is not the file's)

    from abclm.errors import ConvertError
    from abclm.midi.file import MidiFile
    from abclm.midi.to_tune import midi_to_tune
    from abclm.notation.check import check

    begun = time.process_time()
    try:
        midi = MidiFile.parse(data)
        assert MidiFile.parse(midi.to_bytes()).notes == midi.notes, "what is written is not what was read"
        tune = midi_to_tune(midi, title="fuzz")
    except ConvertError as error:
        if "\n" in str(error):
            raise AssertionError("its error has more than one line") from error
        return False
    finally:
        assert time.process_time() - begun < MOST_SECONDS, "it takes too long"
    errors = [problem.message for problem in check(tune) if problem.severity == "error"]
    assert not errors, errors[:3]
    notes = tune.notes()
    assert notes
    assert {note.pitch for note in notes} <= {note.pitch for note in midi.pitched_notes}
    assert len(tune.text) < MOST_CHARACTERS + 100 * len(data)
    return True


def mutated(numbers: random.Random, inserted: bytes = b"") -> bytes:
    """A file of random events, most times changed in a few places.

    Args:
        numbers: what is random of it.
        inserted: bytes to put in somewhere.
    """
    ticks = numbers.choice(_TICKS)
    tracks = [b"".join(_events(numbers, ticks)) for _ in range(numbers.choice((1, 1, 2, 3)))]
    data = bytearray(b"MThd" + struct.pack(">IHHH", 6, int(len(tracks) > 1), len(tracks), ticks))
    for track in tracks:
        data += b"MTrk" + struct.pack(">I", len(track)) + track
    for _ in range(numbers.choice((0, 0, 0, 1, 1, 2, 5, 20))):
        at = numbers.randrange(len(data))
        match numbers.randrange(4):
            case 0:
                data[at] = numbers.randrange(256)
            case 1:
                data[at] ^= 1 << numbers.randrange(8)
            case 2:
                del data[at : at + numbers.randrange(1, 5)]
            case 3:
                data[at:at] = numbers.randbytes(numbers.randrange(1, 5))
    if inserted:
        at = numbers.randrange(len(data) + 1)
        data[at:at] = inserted
    if numbers.random() < 0.05:
        chunk = b"data" + struct.pack("<I", len(data)) + bytes(data)
        return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"RMID" + chunk
    return bytes(data)


def _events(numbers: random.Random, ticks: int) -> Iterator[bytes]:
    lengths = numbers.choices(_LENGTHS, k=numbers.randrange(1, 5))
    shake = numbers.choice((0, 0, 0, ticks // 60, ticks // 10))
    center, channel = numbers.randrange(128), numbers.choice((0, 0, 0, 1, 9))
    for _ in range(numbers.randrange(60)):
        kind = numbers.random()
        if kind < 0.1:
            yield from _meta(numbers, ticks)
            continue
        pitches = [min(127, max(0, center + numbers.randrange(-9, 10))) for _ in range(1 + (kind > 0.85))]
        wait = numbers.choice((0, 0, 0, 0, numbers.choice(lengths)))
        for index, pitch in enumerate(pitches):
            delta = 0 if index else round(wait * ticks) + numbers.randrange(shake + 1)
            yield _number(delta) + bytes([0x90 | channel, pitch, numbers.randrange(128)])
        for index, pitch in enumerate(pitches):
            delta = 0 if index else round(numbers.choice(lengths) * ticks)
            yield _number(delta) + bytes([0x80 | channel, pitch, 0])
    if numbers.random() < 0.8:
        yield b"\0\xff\x2f\0"


def _meta(numbers: random.Random, ticks: int) -> Iterator[bytes]:
    match numbers.randrange(5):
        case 0:
            content = bytes(
                [0x58, 4, numbers.choice((1, 2, 3, 4, 5, 6, 12, 255)), numbers.randrange(8), 24, 8]
            )
        case 1:
            content = bytes([0x59, 2, numbers.randrange(-8, 9) & 0xFF, numbers.randrange(3)])
        case 2:
            content = bytes([0x51, 3]) + numbers.randbytes(3)
        case 3:
            name = numbers.choice((b"Reel", b"K:\nX:1", b"\xff\0%%", b"T|:", b"a jig"))
            content = bytes([0x03, len(name)]) + name
        case _:
            content = bytes([numbers.choice(_META), 1, 0])
    wait = numbers.choice((0, 0, ticks, 3 * ticks + 1, numbers.randrange(1 << 28)))
    yield _number(wait if numbers.random() < 0.3 else 0) + b"\xff" + content


def _number(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--first-seed", type=int, default=0)
    asked = parser.parse_args()
    tunes, begun = 0, time.perf_counter()
    for seed in range(asked.first_seed, asked.first_seed + asked.runs):
        try:
            tunes += look_at(mutated(random.Random(seed)))
        except Exception as error:
            sys.exit(f"seed {seed}: {type(error).__name__}: {error}")
    print(
        f"{asked.runs:,} files, {tunes:,} of them tunes, {time.perf_counter() - begun:.0f} s; no fault found"
    )


if __name__ == "__main__":
    main()
