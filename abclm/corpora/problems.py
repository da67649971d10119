"""Turn the tunes left out of a corpus into reasons that can be counted."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["unreadable", "not canonical", "not strict", "duplicate", "not asked for"]

_PLACE = re.compile(r"\bline \d+(?::\d+|, column \d+)?: ")
# The parts that differ between tunes: received values in quotes; numbers and fractions; the meters C and C|.
_VALUE = re.compile(r"(?<!\w)(?:'.*?'|\".*?\")(?!\w)|[-+]?\d+(?:/\d+)?|\bC\b\|?")
_STRICTNESS = "abc2midi on the canonical tune: "
# The number of tracks, and repeats, would separate complaints of the same kind.
_ABC2MIDI = re.compile(rf"^{_STRICTNESS}(?:line \d+(?:, column \d+)?: )?(?:Track \d+ )?| in repeat(?=$| \()")
_MORE = re.compile(r" \(and \d+ more\)$")


@dataclass(frozen=True)
class CorpusProblem:
    """The reason why a tune or a file was left out of a corpus.

    Attributes:
        place: the file, and the line or the tune in it.
        kind: `unreadable`, `not canonical`, `not strict` or `duplicate`; of pieces also
            `not asked for`.
        message: description of the problem.
    """

    place: str
    kind: Kind
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def reason(self) -> str:
        """The message without the parts that differ between tunes, so that equal reasons can be counted."""
        if self.kind == "duplicate":
            return "has the same tune body as another"
        return without_particulars(_ABC2MIDI.sub("", self.message))


def not_strict(place: str, said: Sequence[str]) -> CorpusProblem:
    """Make the problem of a tune with complaints of `abc2midi`.

    Args:
        place: place of the tune.
        said: the complaints, at least one; the first is quoted.
    """
    more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    return CorpusProblem(place, "not strict", f"{_STRICTNESS}{said[0]}{more}")


def without_particulars(message: str) -> str:
    """Remove places, numbers, received values and advice from a message.

    Example:
        >>> without_particulars("line 7:3: 'H' is no key; give one such as G, Em, Ador")
        '… is no key'
    """
    message = _MORE.sub("", _PLACE.sub("", message)).split(";")[0]
    return _VALUE.sub("…", message)


def count_values(values: Iterable[str | None]) -> dict[str, int]:
    """Count values, None as `none`, the most frequent first."""
    return dict(Counter(value or "none" for value in values).most_common())


def count_reasons(problems: Iterable[CorpusProblem]) -> dict[str, dict[str, int]]:
    """Count problems by kind, then by reason, the most frequent first.

    Example:
        >>> count_reasons([CorpusProblem("a.abc, X:1", "not canonical", "'H' is no key")])
        {'not canonical': {'… is no key': 1}}
    """
    reasons: dict[str, list[str]] = {}
    for problem in problems:
        reasons.setdefault(problem.kind, []).append(problem.reason)
    by_count = sorted(reasons.items(), key=lambda item: -len(item[1]))
    return {kind: count_values(found) for kind, found in by_count}
