"""Turn a language model into its card: facts for the command line, and the `README.md` of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abclm._version import VERSION
from abclm.models.architecture import Architecture

README = "README.md"
MARK = "<!-- written by abclm at each save; delete this line to keep a text of your own -->"


def model_facts(config: Architecture, symbols: int, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a model, by name; the metadata may be anything that JSON can hold."""
    training = _part(metadata, "training")
    corpus, settings = _part(training, "corpus"), _part(training, "config")
    measured = _part(_part(metadata, "stored_as"), "held_out") or _part(training, "held_out")
    corpora = metadata.get("corpora")
    terms = [
        f"{each.get('title', each.get('name'))}: {each['terms']}"
        for each in (corpora if isinstance(corpora, list) else ())
        if isinstance(each, Mapping) and "terms" in each
    ]
    facts: dict[str, Any] = {
        "name": metadata.get("name") or "none",
        "architecture": config.name,
        "network": config.describe(),
        "parameters": config.parameters(symbols),
        "symbols": symbols,
        "training_corpus": corpus.get("name", "unknown"),
        "training_tunes": corpus.get("tunes", 0),
        "training_steps": training.get("steps", 0),
        "epochs": settings.get("epochs", 0),
        "held_out_tunes": measured.get("tunes", 0),
        "bits_per_character": measured.get("bits_per_character"),
        "bits_per_tune": measured.get("bits_per_tune"),
        "abclm_version": metadata.get("abclm_version", "unknown"),
        "licence": metadata.get("licence", "not stated; the trainer of the model decides"),
        "terms_of_the_tunes": terms or ["not stated"],
    }
    return facts


def model_card(config: Architecture, symbols: int, metadata: Mapping[str, Any]) -> str:
    """The card as Markdown with the header that hubs read."""
    facts = model_facts(config, symbols, metadata)
    licence = metadata.get("licence")
    head = ["---", *([f"license: {str(licence).lower()}"] if licence else []), "library_name: abclm", "tags:",
            "- music", "- abc-notation", "---"]  # fmt: skip
    rows = [
        f"| {name.replace('_', ' ')} | {_cell(value)} |"
        for name, value in facts.items()
        if value not in (None, 0)
    ]
    name = facts["name"] if facts["name"] != "none" else "A language model of ABC tunes"
    return "\n".join(
        [
            *head, "", MARK, "", f"# {name}", "",
            f"A language model of folk tunes in ABC notation, saved by abclm {VERSION}.", "",
            "| | |", "|---|---|", *rows, "",
            "```python", "import abclm", "", 'lm = abclm.load("FOLDER")', "print(lm.generate(seed=1)[0])", "```", "",
        ]
    )  # fmt: skip


def _cell(value: object) -> str:
    said = f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else value
    return (
        ("; ".join(map(str, said)) if isinstance(said, list) else str(said))
        .replace("|", "\\|")
        .replace("\n", " ")
    )


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}
