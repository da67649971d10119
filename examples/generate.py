"""Write tunes with a title, in a key, and save them to look at and to hear."""

import argparse
from pathlib import Path

import abclm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="session", help="a preset's name or a model folder")
    parser.add_argument("--title", default="The Lost Badger")
    parser.add_argument("--key", default="G")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("tunes"))
    parser.add_argument("--suffixes", default=".abc,.mid,.wav", help="what to save")
    arguments = parser.parse_args()

    lm = abclm.load(arguments.model)

    # One tune as it is written, character by character.
    for character in lm.stream(title=arguments.title, key=arguments.key, seed=arguments.seed):
        print(character, end="", flush=True)

    # Two tunes that can be played: one that can't is tried again. The first of them is the one above,
    # if that could be played.
    tunes = lm.generate(title=arguments.title, key=arguments.key, n=2, seed=arguments.seed)
    for number, tune in enumerate(tunes, 1):
        for suffix in arguments.suffixes.split(","):
            path = arguments.out / f"badger-{number}{suffix}"
            tune.save(path)
            print(path)

    # A cooler head and a fixed beginning: the likeliest of what could follow "GBd gfe".
    options = abclm.GenerationOptions(opening="|:GBd gfe", key="G", meter="6/8", temperature=0.7, top_p=0.95)
    print(lm.generate(options, rhythm="jig", seed=arguments.seed)[0])


if __name__ == "__main__":
    main()
