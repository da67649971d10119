"""Write the folder of a web page that writes tunes in the browser, without a server of its own.

npm install onnxruntime-web@1.30.0
python examples/browser/make.py --out site
python -m http.server --directory site
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import abclm
from abclm.errors import AbclmError, ModelError
from abclm.models.context import COLUMNS, MODE_IDS, RHYTHM_IDS, TONIC_IDS
from abclm.models.recall import SHORTEST, WEIGHTS
from abclm.models.told import Counts, ToldCounts
from abclm.notation.fields import RHYTHMS
from abclm.notation.grammar import METERS, UNIT_NOTE_LENGTHS

HERE = Path(__file__).resolve().parent
PAGE = ("index.html", "page.js", "writer.js", "context.js", "bars.js")
VERSION = "1.30.0"
"""Of onnxruntime-web: the one that was tried. Others may give a step other bits, and so a seed another tune."""

RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
PHRASE = 4  # bars


def facts_of(lm: abclm.LanguageModel) -> dict[str, Any]:
    """What the page has to know of a model beside its step.

    Raises:
        ModelError: the model is not one that the page can write with.
    """
    counts = ToldCounts.in_metadata(lm.metadata)
    if not lm.config.columns or not counts.keys:
        raise ModelError(
            "the page writes with models that have structure and know what they were told in training, such as session; "
            f"this is {lm.config.describe()}, without that"
        )
    options = abclm.GenerationOptions()
    rhythms = [rhythm for rhythm in counts.keys if counts.knows(rhythm)]
    return {
        "abclm": abclm.__version__,
        "symbols": list(lm.tokenizer.symbols),
        "columns": list(COLUMNS),
        "passages": {"shortest": SHORTEST, "longest": SHORTEST + len(WEIGHTS) - 1},
        "told": {"rhythms": RHYTHM_IDS, "tonics": TONIC_IDS, "modes": MODE_IDS},
        "meters": {rhythm: list(RHYTHMS.get(rhythm, METERS)) for rhythm in rhythms},
        "unit_note_lengths": list(UNIT_NOTE_LENGTHS),
        "keys": {rhythm: {key: n for key, n in counts.keys[rhythm].items() if key} for rhythm in rhythms},
        "forms": {rhythm: of_phrases(counts.forms[rhythm]) for rhythm in rhythms},
        "temperature": options.temperature,
        "max_length": options.max_length,
    }


def of_phrases(forms: Counts) -> Counts:
    """Those forms whose parts are phrases of four bars, as far as there are such."""
    return {form: n for form, n in forms.items() if all(int(bars) % PHRASE == 0 for bars in form.split())}


def check_runtime(package: Path) -> None:
    """Refuse a folder that is not onnxruntime-web, and name another version; ModelError."""
    for name in ("package.json", *(f"dist/{name}" for name in RUNTIME)):
        if not (package / name).is_file():
            raise ModelError(
                f"{package} has no {name}; give --runtime the folder that `npm install onnxruntime-web@{VERSION}` makes, "
                "node_modules/onnxruntime-web"
            )
    found = json.loads((package / "package.json").read_text(encoding="utf-8")).get("version")
    if found != VERSION:
        print(f"onnxruntime-web is {found}; the page was tried with {VERSION}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session", help="name of a preset, or a model folder")
    parser.add_argument(
        "--runtime", type=Path, default=Path("node_modules/onnxruntime-web"), help="folder of onnxruntime-web"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("site"), help="folder to write; files in it are replaced"
    )
    given = parser.parse_args()
    try:
        lm = abclm.load(given.model)
        facts = facts_of(lm)
        check_runtime(given.runtime)
        (given.out / "ort").mkdir(parents=True, exist_ok=True)
        lm.export(given.out / "model.onnx")
        (given.out / "model.json").write_text(json.dumps(facts), encoding="utf-8")
        for path in (*(HERE / name for name in PAGE), *(given.runtime / "dist" / name for name in RUNTIME)):
            shutil.copy(path, given.out / "ort" if path.name in RUNTIME else given.out)
    except (AbclmError, OSError) as error:
        print(f"make.py: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in given.out.rglob("*") if path.is_file())
    print(f"{given.out}: {size / 1e6:.1f} MB; python -m http.server --directory {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
