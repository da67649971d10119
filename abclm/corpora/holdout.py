"""Turn tunes into the choice of those to hold out: settings of one tune stay together."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

RULE = "title-hash-1"
"""What records of a split call the rule of `choose`; another rule gets another name."""


def choose(
    titles: Sequence[str],
    bodies: Sequence[str],
    count: int,
    seed: int,
    related: Iterable[tuple[int, int]] = (),
) -> set[int]:
    """Choose tunes to hold out.

    Whether a tune is chosen depends on its title and the seed and hardly on the others: not on their order,
    nor, much, on their number. Titles are used because settings of one tune, and one tune that two people
    wrote out, mostly share it; and because bodies change whenever the canonical form does, so that tunes a
    model learned from would turn up among those it is measured on. A tune without a title, or with one that
    more tunes share than are wanted, goes by its body.

    Args:
        titles: one for each tune.
        bodies: one for each tune, all different.
        count: how many to choose, less than there are.
        seed: a random seed.
        related: pairs of places to keep together besides; so are the relatives of relatives.

    Returns:
        The places of the tunes chosen: as many as asked for, or the most below that with titles whole and
        relatives together.
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for place, title in enumerate(titles):
        groups[title_key(title)].append(place)
    for key, places in list(groups.items()):
        if not key or len(places) > count:
            del groups[key]
            groups.update({f"\n{bodies[place]}": [place] for place in places})
    chosen: set[int] = set()
    joined = _join(groups, related)
    for _, places in sorted((_rank(seed, key), places) for key, places in joined.items()):
        if len(chosen) + len(places) <= count:
            chosen.update(places)
    return chosen


def _join(groups: dict[str, list[int]], related: Iterable[tuple[int, int]]) -> dict[str, list[int]]:
    """Make one group of those that relatives link, called by the first of their keys in the alphabet.

    One key alone decides where a group goes, so that large groups are chosen no more often than small ones.
    """
    key_of = {place: key for key, places in groups.items() for place in places}
    leader = {key: key for key in groups}

    def leader_of(key: str) -> str:
        while leader[key] != key:
            leader[key] = key = leader[leader[key]]
        return key

    for one, other in related:
        first, second = sorted((leader_of(key_of[one]), leader_of(key_of[other])))
        leader[second] = first
    joined: defaultdict[str, list[int]] = defaultdict(list)
    for key, places in groups.items():
        joined[leader_of(key)] += places
    return joined


def title_key(title: str) -> str:
    """What titles are compared by: letters and digits, without articles, brackets and counts of settings.

    Example:
        >>> title_key("Devil's Dream., The"), title_key("The Devils Dream (2nd Setting)")
        ('devilsdream', 'devilsdream')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    plain = re.sub(r"\([^)]*\)|\b(?:\d+(?:st|nd|rd|th)|first|second|third) setting\b", " ", plain)
    # The canonical form cuts long titles; what is compared must not depend on that.
    return "".join(word for word in re.findall(r"[a-z0-9]+", plain) if word not in ("the", "a", "an"))[:30]


def _rank(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()
