"""Turn tunes into a choice of held-out tunes; settings of one tune stay together.

Each tune has a key: the letters and digits of its title, or its body where it has no title, or one that too many share.
A hash of seed and key ranks the tunes, those of one key equally, and the first in that order are held out. Where a
corpus is read from makes no difference, and a few bytes a tune are enough to choose.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ranks = npt.NDArray[np.uint64]

RULE = "title-hash-1"
"""What records of a split call this rule; another one gets another name."""

_COUNTED = re.compile(r"\b(?:\d+(?:st|nd|rd|th)|first|second|third) setting\b")
_PERHAPS_COUNTED = re.compile(r" setting\b(?<=(?:st|nd|rd|th) setting)")  # found in far less time
_LONGEST = (
    30  # characters of a title's key: the canonical form cuts long titles, and keys must not depend on that
)
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789\n"
_OTHERS_TO_SPACES = bytes(code if code in _LETTERS else ord(" ") for code in range(256))


def choose(
    titles: Sequence[str],
    bodies: Sequence[str],
    count: int,
    seed: int,
    related: Iterable[tuple[int, int]] = (),
) -> set[int]:
    """Choose tunes to hold out.

    The choice of a tune depends on its title and the seed, not on the order of the other tunes, and only a little
    on their number. There are two reasons for using titles. Settings and transcriptions of one tune usually have the
    same title. And bodies change when the canonical form changes; then a model would be evaluated on tunes that it
    learned from. A tune without a title, or with a title that too many tunes share, is chosen by its body.

    Args:
        titles: title of each tune.
        bodies: body of each tune, all different.
        count: number of tunes to choose, less than the number of tunes.
        seed: a random seed.
        related: pairs of indices of tunes that must also stay together, with the relatives of relatives.

    Returns:
        The indices of the chosen tunes: `count`, or fewer if titles and relatives would otherwise be separated.
    """
    keys = keys_of("\n".join(titles), bodies)
    for place in too_common(ranks_of(keys, seed), count).tolist():
        keys[place] = body_key(bodies[place])
    ranks = _join(keys, ranks_of(keys, seed), related)
    return set(np.flatnonzero(first_ranks(ranks, count)).tolist())


def held_out_count(tunes: int, validation: float) -> int:
    """How many of so many tunes a share of them comes to: if any, at least one; and at least one is left."""
    wanted = max(1, round(validation * tunes)) if validation else 0
    return max(0, min(wanted, tunes - 1))


def ranks_of(keys: Iterable[bytes], seed: int) -> Ranks:
    """Rank tunes by their keys, uint64 `(tunes,)`: the first 8 bytes of a SHA-256."""
    head = b"%d:" % seed
    hashes = map(hashlib.sha256, [head + key for key in keys])
    return np.frombuffer(b"".join([each.digest() for each in hashes]), ">u8")[::4].astype(np.uint64)


def too_common(ranks: Ranks, count: int) -> npt.NDArray[np.intp]:
    """The places of the tunes whose rank more tunes share than are to be chosen; their bodies are to rank them."""
    different, sizes = np.unique(ranks, return_counts=True)
    return np.flatnonzero(is_among(ranks, different[sizes > max(count, 1)]))


def first_ranks(ranks: Ranks, count: int) -> npt.NDArray[np.bool_]:
    """Choose up to `count` tunes, those of one rank together, by rank; bool `(tunes,)`."""
    different, sizes = np.unique(ranks, return_counts=True)
    chosen = []
    while len(sizes):
        has_room = sizes <= count  # other groups are passed over
        different, sizes = different[has_room], sizes[has_room]
        fitting = int(np.searchsorted(np.cumsum(sizes), count, side="right"))
        chosen.append(different[:fitting])
        count -= int(sizes[:fitting].sum())
        different, sizes = different[fitting:], sizes[fitting:]
    return is_among(ranks, np.concatenate([*chosen, different]))


def is_among(values: npt.NDArray[Any], ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of the values are among some in rising order; with less memory than `numpy.isin`."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    found: npt.NDArray[np.bool_] = ordered[places] == values
    return found


def _join(keys: Sequence[bytes], ranks: Ranks, related: Iterable[tuple[int, int]]) -> Ranks:
    """Give all tunes that relatives link the rank of the first of their keys in the alphabet.

    Only one key decides about a group, so large groups are not chosen more often than small groups.
    """
    leader: dict[bytes, bytes] = {}

    def leader_of(key: bytes) -> bytes:
        while leader.setdefault(key, key) != key:
            leader[key] = key = leader[leader[key]]
        return key

    for one, other in related:
        first, second = sorted((leader_of(keys[one]), leader_of(keys[other])))
        leader[second] = first
    if not leader:
        return ranks
    rank_of = dict(zip(keys, ranks.tolist(), strict=True))
    return np.array([rank_of[leader_of(key)] for key in keys], np.uint64)


def keys_of(titles: str, bodies: Sequence[str] | Sequence[bytes]) -> list[bytes]:
    """What tunes are ranked by: the keys of their titles, a line for each, or their bodies where these are empty."""
    keys = title_keys(titles) if bodies else []
    return keys if all(keys) else [key or body_key(bodies[place]) for place, key in enumerate(keys)]


def body_key(body: str | bytes) -> bytes:
    """What a tune is ranked by that has no title of its own: its body, which no title is like."""
    return b"\n%b" % (body.encode() if isinstance(body, str) else body)


def title_key(title: str) -> str:
    """The key that titles are compared by: letters and digits, without articles, brackets and numbers of settings.

    Example:
        >>> title_key("Devil's Dream., The"), title_key("The Devils Dream (2nd Setting)")
        ('devilsdream', 'devilsdream')
    """
    return title_keys(title)[0].decode()


def title_keys(titles: str) -> list[bytes]:
    """The `title_key` of each line, all at once, as there may be millions."""
    if not titles.isascii():
        titles = unicodedata.normalize("NFKD", titles).encode("ascii", "ignore").decode()
    titles = re.sub(r"\([^)\n]*\)", ",", titles.lower().replace("'", ""))
    parts, at = [], 0
    for match in _PERHAPS_COUNTED.finditer(titles):
        begin = max(at, titles.rfind("\n", 0, match.start()) + 1)
        parts += [titles[at:begin], _COUNTED.sub(" ", titles[begin : match.end()])]
        at = match.end()
    titles = "".join([*parts, titles[at:]])
    words = b" %b " % titles.encode().translate(_OTHERS_TO_SPACES).replace(b"\n", b" \n ")
    for article in (b" the ", b" a ", b" an "):
        while article in words:  # again where one follows another
            words = words.replace(article, b" ")
    return [key[:_LONGEST] for key in words.translate(None, b" ").split(b"\n")]
