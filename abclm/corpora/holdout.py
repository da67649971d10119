"""Turn tunes into a choice of held-out tunes; settings of one tune stay together."""

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
    """Merge groups that are linked by relatives, under the alphabetically first of their keys.

    Only one key decides about a group, so large groups are not chosen more often than small groups.
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
    """The key that titles are compared by: letters and digits, without articles, brackets and numbers of settings.

    Example:
        >>> title_key("Devil's Dream., The"), title_key("The Devils Dream (2nd Setting)")
        ('devilsdream', 'devilsdream')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    plain = re.sub(r"\([^)]*\)|\b(?:\d+(?:st|nd|rd|th)|first|second|third) setting\b", " ", plain)
    # The canonical form shortens long titles; the comparison must not depend on this.
    return "".join(word for word in re.findall(r"[a-z0-9]+", plain) if word not in ("the", "a", "an"))[:30]


def _rank(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()
