"""Turn a language model into what a notebook shows of it: its size, what it learned from, how well it predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from abclm.show.html import facts
from abclm.system.words import counted

if TYPE_CHECKING:
    from abclm.models.model import Model


def model_html(lm: Model) -> str:
    """Summarise a model in a small table; its metadata may be anything that JSON can hold."""
    return f"<div>{facts(_rows(lm))}</div>"


def _rows(lm: Model) -> Iterator[tuple[str, object]]:
    config, symbols = lm.config, len(lm.tokenizer)
    name = lm.metadata.get("name")
    yield "Language model", name if isinstance(name, str) else "without a name"
    yield "Network", config.describe()
    yield "Parameters", config.parameters(symbols)
    yield "Symbols", symbols
    training = _part(lm.metadata, "training")
    corpus = _part(training, "corpus")
    if corpus:
        yield "Learned from", f"{_tunes(corpus)} of {corpus.get('name')}"
    else:
        yield "Learned from", "nothing yet"
    # Of the weights as they are stored, where that was measured.
    measured = _part(_part(lm.metadata, "stored_as"), "held_out") or _part(training, "held_out")
    bits = measured.get("bits_per_character")
    if isinstance(bits, int | float):
        yield "Held out", f"{bits:.3f} bits per character on {_tunes(measured)}"
    index = lm.novelty_index
    yield (
        "Knows copies of",
        "nothing: it has no index" if index is None else counted(len(index), "training tune"),
    )


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _tunes(data: Mapping[str, Any]) -> str:
    value = data.get("tunes")
    return counted(value, "tune") if isinstance(value, int) else "some tunes"
