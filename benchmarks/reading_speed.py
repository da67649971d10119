"""Compare the speed of reading ABC in this version of abclm and in another one.

    python benchmarks/reading_speed.py --base FOLDER [CORPUS ...] [--rounds 5] [--json]

`--base` names a folder with the other version (`git worktree add FOLDER COMMIT`). A corpus is a built-in name or a file.
By default, the corpora are O'Neill, Ryan, Aird, and the file that `ABCLM_IRISH_ABC` names.

Each version runs in a process of its own. They take turns, with 100 tunes at a time, which each version parses anew for
`notes()`, `check()` and `normalize()`. What a version does once at its start is not counted. A round's ratio divides the
user CPU seconds of this version by those of the other; below 1, this version is faster. The median of the rounds is
printed."""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WHAT = ("notes", "check", "normalize")
AT_A_TIME = 100  # tunes
READY = "ready\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help="a built-in name or a file")
    parser.add_argument("--base", default=str(ROOT), help="a folder with another version of abclm")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)  # the process of one version
    given = parser.parse_args()
    if given.read:
        read_what_is_asked()
        return
    from notation import CORPORA, read_texts

    default = CORPORA + [path for path in [os.environ.get("ABCLM_IRISH_ABC")] if path]
    texts = [text for name in given.corpora or default for text in read_texts(name)]
    found = {"tunes": len(texts)} | compare(texts, [ROOT, Path(given.base).resolve()], given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{len(texts):,} tunes, {given.rounds} rounds; seconds of this version by those of {given.base}")
    for what in WHAT:
        print(f"  {found[what]:6.3f}  {what}()")


def compare(texts: list[str], folders: list[Path], rounds: int) -> dict[str, float]:
    """The median over the rounds of the first folder's seconds by the second's."""
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(start(folder)) for folder in folders]
        for reader in readers:
            ask(reader, "all", texts)  # which fills the caches
        ratios: dict[str, list[float]] = {what: [] for what in WHAT}
        for number in range(rounds):
            for what in WHAT:
                seconds = [0.0, 0.0]
                for begin in range(0, len(texts), AT_A_TIME):
                    turns = (0, 1) if (number + begin // AT_A_TIME) % 2 else (1, 0)
                    for side in turns:
                        seconds[side] += ask(readers[side], what, texts[begin : begin + AT_A_TIME])
                ratios[what].append(seconds[0] / seconds[1])
    return {what: statistics.median(ratios[what]) for what in WHAT}


def start(folder: Path) -> "subprocess.Popen[str]":
    """A process that reads tunes with the version of abclm in a folder."""
    reader = subprocess.Popen(
        [sys.executable, __file__, "--read"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"},
    )
    assert reader.stdout is not None
    if reader.stdout.readline() != READY:
        reader.communicate()
        raise SystemExit(f"{folder} has no version of abclm that can be read with; see the error above")
    return reader


def ask(reader: "subprocess.Popen[str]", what: str, texts: list[str]) -> float:
    """The user CPU seconds that a process takes for some tunes."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    print(json.dumps([what, texts]), file=reader.stdin, flush=True)
    return float(reader.stdout.readline())


def read_what_is_asked() -> None:
    """Read the tunes of each line of standard input, and print the seconds."""
    import resource

    import abclm
    from abclm.errors import NotationError

    folder = Path(os.environ["PYTHONPATH"])
    if not Path(abclm.__file__).is_relative_to(folder):
        raise SystemExit(f"{folder} has no abclm, and {abclm.__file__} would be read")
    print(READY, end="", flush=True)
    for line in sys.stdin:
        what, texts = json.loads(line)
        begun = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        for text in texts:
            for each in WHAT if what == "all" else (what,):
                with contextlib.suppress(NotationError):
                    use(abclm.Tune.parse(text), each)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_utime - begun, flush=True)


def use(tune: Any, what: str) -> None:
    if what == "notes":
        tune.notes()
    elif what == "check":
        tune.check()
    else:
        tune.normalize()


if __name__ == "__main__":
    main()
