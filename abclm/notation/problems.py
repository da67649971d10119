"""What is wrong in a tune, and where."""

from typing import NamedTuple

MOST_PROBLEMS = 1000  # told of one tune; text that is no music at all has one at every character

Finding = tuple[int, str, str]
"""`(offset, severity, message)`: a problem whose offset is not yet a line and a column."""


class Problem(NamedTuple):
    """Something wrong in a tune, with its place.

    Attributes:
        line: in the text that was parsed, counted from 1.
        column: in that line, counted from 1.
        severity: `error` (it can't be played as written) or `warning`.
        message: what is wrong.
    """

    line: int
    column: int
    severity: str
    message: str
