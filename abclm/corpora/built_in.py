"""Turn the name of a built-in corpus into its data card and the files that hold its tunes."""

import json
from dataclasses import asdict, dataclass
from importlib import resources, util
from pathlib import Path
from typing import Any, Literal

from abclm.errors import CorpusError


@dataclass(frozen=True, kw_only=True)
class Card:
    """The machine-readable part of a data card.

    Attributes:
        name: what `Corpus.load` takes.
        title: what it is called in print.
        kept_in: the package that brings the files: `music21`, or `abclm` itself.
        source: where the tunes come from.
        transcribers: who wrote them out as ABC, as the files name them.
        terms: what the files say of how they may be used.
        non_commercial: whether those terms forbid commercial use.
        files: how many there are.
        tunes: how many `X:` lines they have.
        characters: of all files, decoded.
        sha256: of the contents of all files, one after another in the order of their names.
    """

    name: str
    title: str
    kept_in: Literal["music21", "abclm"]
    source: str
    transcribers: tuple[str, ...]
    terms: str
    non_commercial: bool
    files: int
    tunes: int
    characters: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """The card as it stands in cards.json."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The card as written for people, in Markdown."""
        return (folder() / f"{self.name}.md").read_text(encoding="utf-8")


def cards() -> tuple[Card, ...]:
    """The cards of all built-in corpora, whether their files are installed or not.

    Example:
        >>> [card.name for card in cards()]
        ['oneills1850', 'ryansMammoth', 'airdsAirs', 'essenFolksong', 'oldTunes']
    """
    entries = json.loads((folder() / "cards.json").read_text(encoding="utf-8"))
    return tuple(Card(**{**entry, "transcribers": tuple(entry["transcribers"])}) for entry in entries)


def find_card(name: str) -> Card:
    """The card of a built-in corpus.

    Raises:
        CorpusError: there is none of that name.
    """
    known = {card.name: card for card in cards()}
    if name not in known:
        raise CorpusError(f"there is no built-in corpus {name!r}; built in are {', '.join(known)}")
    return known[name]


def find_files(card: Card) -> list[Path]:
    """The ABC files of a built-in corpus, in the order of their names.

    music21 is found but not imported: that would take seconds.

    Raises:
        CorpusError: the package that brings them is not installed, or came without them.
    """
    if card.kept_in == "abclm":
        return [folder() / f"{card.name}.abc"]
    spec = util.find_spec(card.kept_in)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise CorpusError(
            f"the corpus {card.name} comes with {card.kept_in}, which is not installed; "
            f"pip install {card.kept_in}"
        )
    home = Path(places[0]) / "corpus" / card.name
    files = sorted(home.glob("*.abc"), key=lambda file: file.name)
    if not files:
        raise CorpusError(
            f"{home}: holds no .abc files; this {card.kept_in} came without its corpora, "
            f"so install it again with pip install --force-reinstall {card.kept_in}"
        )
    return files


def folder() -> Path:
    """Where the cards and our own tunebook lie."""
    beside = Path(__file__).resolve().parents[2] / "corpora"  # in a checkout
    return beside if (beside / "cards.json").exists() else Path(str(resources.files("abclm.corpora.data")))
