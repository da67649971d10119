"""Write tunes with a given title and key, and save them as files."""

import argparse
from pathlib import Path

import abclm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="session", help="name of a preset, or a model folder")
    parser.add_argument("--title", default="The Lost Badger")
    parser.add_argument("--key", default="G")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("tunes"))
    parser.add_argument("--suffixes", default=".abc,.mid,.wav", help="formats to save, as suffixes")
    arguments = parser.parse_args()

    lm = abclm.load(arguments.model)

    # Print one tune while the model writes it, character by character.
    for character in lm.stream(title=arguments.title, key=arguments.key, seed=arguments.seed):
        print(character, end="", flush=True)

    # Write two tunes. The first is the tune above.
    tunes = lm.generate(title=arguments.title, key=arguments.key, n=2, seed=arguments.seed)
    for number, tune in enumerate(tunes, 1):
        for suffix in arguments.suffixes.split(","):
            path = arguments.out / f"badger-{number}{suffix}"
            tune.save(path)
            print(path)

    # Continue a given opening, with a low temperature: only likely characters follow.
    options = abclm.GenerationOptions(opening="|:GBd gfe", key="G", meter="6/8", temperature=0.7, top_p=0.95)
    print(lm.generate(options, rhythm="jig", seed=arguments.seed)[0])


if __name__ == "__main__":
    main()
