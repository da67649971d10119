"""Turn the name of a built-in corpus into its data card and the files of its tunes."""

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
        name: name for `Corpus.load`.
        title: title of the printed collection.
        kept_in: the package with the files: `music21`, or `abclm` itself.
        source: source of the tunes.
        transcribers: the transcribers named in the files.
        terms: terms of use, as stated in the files.
        non_commercial: whether these terms forbid commercial use.
        files: number of files.
        tunes: number of `X:` lines in the files.
        characters: number of characters in all decoded files.
        sha256: checksum of the contents of all files, concatenated in the order of their names.
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
        """The card as in cards.json."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The card for human readers, in Markdown."""
        return (folder() / f"{self.name}.md").read_text(encoding="utf-8")


def cards() -> tuple[Card, ...]:
    """The cards of all built-in corpora, even if their files are not installed.

    Example:
        >>> [card.name for card in cards()]
        ['oneills1850', 'ryansMammoth', 'airdsAirs', 'essenFolksong', 'oldTunes']
    """
    entries = json.loads((folder() / "cards.json").read_text(encoding="utf-8"))
    return tuple(Card(**{**entry, "transcribers": tuple(entry["transcribers"])}) for entry in entries)


def find_card(name: str) -> Card:
    """The card of a built-in corpus.

    Raises:
        CorpusError: no built-in corpus has this name.
    """
    known = {card.name: card for card in cards()}
    if name not in known:
        raise CorpusError(f"there is no built-in corpus {name!r}; built in are {', '.join(known)}")
    return known[name]


def find_files(card: Card) -> list[Path]:
    """The ABC files of a built-in corpus, in the order of their names.

    This finds music21 without importing it, which would take seconds.

    Raises:
        CorpusError: the package with the files is not installed, or does not contain them.
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
    """The folder of the cards and of our own tunebook."""
    beside = Path(__file__).resolve().parents[2] / "corpora"  # in a checkout
    return beside if (beside / "cards.json").exists() else Path(str(resources.files("abclm.corpora.data")))
