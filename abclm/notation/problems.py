"""The problems of a tune, with their places."""

from typing import NamedTuple

MOST_PROBLEMS = 1000  # per tune; text that is not music has a problem at every character

FURTHER = "the line holds a further field, {!r}, which is passed over; write each field on its own line"

LOSS = "loss"
"""The severity of a finding that is counted: its message is the name of what is left out or changed."""

Finding = tuple[int, str, str]
"""`(offset, severity, message)`: a problem whose offset is not yet a line and a column."""


class Problem(NamedTuple):
    """A problem in a tune, with its place.

    Attributes:
        line: in the text that was parsed, counted from 1.
        column: in that line, counted from 1.
        severity: `error` (it can't be played as written) or `warning`.
        message: description of the problem.
    """

    line: int
    column: int
    severity: str
    message: str
