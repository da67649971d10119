"""Write tunes of each rhythm, and print their structure beside that of real tunes of the rhythm.

    python benchmarks/structure.py [--model FOLDER|NAME] [-n 200] [--seed 0] [--rhythms reel jig ...]
                                   [--parts 2 --bars 8] [--temperature X] [--best-of N]
                                   [--real FILE.abc ...] [--out FOLDER]

The real tunes are the 415 held-out tunes of O'Neill, Ryan and Aird, or those of `--real`. The tunes that are written go
into `--out`, a file for each rhythm, so that they can be read and heard. What the figures mean stands in
`docs/evaluation.md`. The last lines are the means over the rhythms, and the two Fréchet distances."""

import argparse
from pathlib import Path
from statistics import fmean

from protocol import split

import abclm
from abclm.analysis.structure import FIGURES
from abclm.evaluation.comparison import compare
from abclm.evaluation.quality import Mean, judge
from abclm.tune import Tune

RHYTHMS = ("reel", "jig", "hornpipe", "slip jig")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("-n", type=int, default=200, help="tunes of each rhythm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rhythms", nargs="+", default=RHYTHMS)
    parser.add_argument("--parts", type=int)
    parser.add_argument("--bars", type=int)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--best-of", type=int)
    parser.add_argument("--real", nargs="+", type=Path, help="files of canonical tunes")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    lm = abclm.load(options.model)
    held_out = (
        [tune for path in options.real for tune in abclm.read_tunebook(path).tunes]
        if options.real
        else split()[1]
    )
    asked = {
        name: value
        for name in ("parts", "bars", "temperature", "best_of")
        if (value := getattr(options, name)) is not None
    }
    ours: list[Tune] = []
    theirs: list[Tune] = []
    rows: dict[str, list[tuple[float, float]]] = {each.name: [] for each in FIGURES}
    for rhythm in options.rhythms:
        real = [tune for tune in held_out if tune.rhythm == rhythm]
        written = list(lm.generate(rhythm=rhythm, n=options.n, seed=options.seed, **asked))
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            book = "".join(f"{tune.text.rstrip()}\n\n" for tune in written)
            (options.out / f"{rhythm.replace(' ', '-')}.abc").write_text(book, encoding="utf-8")
        found = [judge(tunes, lm.novelty_index, ask_abc2midi=False) for tunes in (written, real)]
        print(f"{rhythm}: {len(written)} written, {len(real)} real")
        for name, pairs in rows.items():
            one, two = (quality.structure.get(name) for quality in found)
            print(f"  {name:20} {shown(one)} | {shown(two)}", flush=True)
            if one and two:
                pairs.append((one.mean, two.mean))
        if found[0].copied:
            print(f"  {'copied':20} {found[0].copied.share:.3f}")
        ours += written
        theirs += real
    print(f"over {', '.join(options.rhythms)}")
    for name, pairs in rows.items():
        if pairs:
            print(f"  {name:20} {fmean(one for one, _ in pairs):.3f} | {fmean(two for _, two in pairs):.3f}")
    found = compare(ours, theirs)
    print(f"Fréchet distance {found.frechet:.2f} ({found.frechet_chance:.2f} by chance)")
    print(f"  with structure {found.structure_frechet:.2f} ({found.structure_frechet_chance:.2f} by chance)")


def shown(mean: Mean | None) -> str:
    return f"{mean.mean:.3f} ({mean.interval[0]:.3f} to {mean.interval[1]:.3f})" if mean else " " * 22


if __name__ == "__main__":
    main()
