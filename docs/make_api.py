"""Write docs/api.md from the docstrings of the public names.

python docs/make_api.py
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import abclm
from abclm.system.options import options_of

PAGE = Path(__file__).resolve().parent / "api.md"
_HEAD = """\
# The Python interface

Every public name of `abclm`, from its docstring. `python docs/make_api.py` writes this page. Names that are not
listed here may change in any version.

## What a seed promises

The same seed, options, model and version of `abclm` give the same tune on the same machine: alone or in a batch of
any size, on the command line, in Python and on the web page. Another machine or another version of NumPy may round a
sum differently, and a tune then differs from some symbol on. Training promises the same for one machine, one version
of TensorFlow and one number of workers.

## What a new version may change

A new version may write other tunes for a seed: a change of the sampling or of the grammar is named in the
[changelog](../CHANGELOG.md). Until version 1.0, names of this page may change in a minor version (0.2, 0.3), and the
changelog then says what to write instead. Model folders of older versions are read; where their tunes are in an older
canonical form, a warning says so.

## What threads may share

- A loaded `LanguageModel` may be shared by any number of threads that call `generate`, `stream`, `logits`, `evaluate`
  and `bits_per_character`: they don't change it. `Tune`, `Corpus` and the configs don't change either.
- `fit` changes the model. While it runs, no other thread may use this model. `fine_tune` works on a copy.
- TensorFlow is imported by the first thread that needs it. During that, standard error leads to nowhere for the whole
  process, to keep its notes away.

"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name in sorted(each for each in abclm.__all__ if not each.startswith("__")):
        parts += [f"## `{name}`\n\n", *_entry(getattr(abclm, name), name)]
        if inspect.isclass(getattr(abclm, name)):
            for method, found in _methods(getattr(abclm, name)):
                parts += [f"### `{name}.{method}`\n\n", *_entry(found, f"{name}.{method}")]
    return "".join(parts).rstrip() + "\n"


def _methods(found: type) -> Iterator[tuple[str, Any]]:
    """The public methods that `abclm` itself defines, with what they are."""
    for name in sorted(dir(found)):
        if name.startswith("_") or issubclass(found, Exception):
            continue
        value = inspect.getattr_static(found, name)
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        home = (
            getattr(value, "__module__", None)
            or getattr(getattr(value, "fget", None), "__module__", None)
            or ""
        )
        is_documented = callable(value) or hasattr(value, "fget") or hasattr(value, "func")
        if is_documented and (home.startswith("abclm") or hasattr(value, "func")):
            yield name, value


def _entry(found: Any, name: str) -> Iterator[str]:
    if inspect.isfunction(found) or (inspect.isclass(found) and not issubclass(found, Exception)):
        yield f"```text\n{_signature(found, name)}\n```\n\n"
    said = inspect.getdoc(getattr(found, "func", found)) or ""
    # A docstring is laid out by its lines and indents.
    summary, _, rest = said.partition("\n\n")
    yield " ".join(summary.split()) + "\n\n"
    if rest.strip():
        yield f"```text\n{rest.strip()}\n```\n\n"


def _signature(found: Any, name: str) -> str:
    """One line, or for many parameters a line each; options of a config are in its own entry."""
    parameters = [
        each for each in inspect.signature(found).parameters.values() if each.name not in ("self", "cls")
    ]
    options = {
        option for config in (abclm.GenerationOptions, abclm.TrainingConfig) for option in options_of(config)
    }
    if inspect.isfunction(found) and len(
        shown := [each for each in parameters if each.name not in options]
    ) < len(parameters):
        names = [_parameter(each) for each in shown] + ["**options"]
    else:
        names = [_parameter(each) for each in parameters]
    return f"{name}({', '.join(names)})"


def _parameter(each: inspect.Parameter) -> str:
    stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
    if each.default is each.empty:
        return f"{stars}{each.name}"
    default = (
        "..."
        if type(each.default).__name__ in ("Factory", "_HAS_DEFAULT_FACTORY_CLASS")
        else repr(each.default)
    )
    return f"{stars}{each.name}={default if len(default) < 40 else '...'}"


if __name__ == "__main__":
    main()
