"""Turn a tune into its incipit: the staff of its first bars, as an index of tunes shows it."""

import re

from abclm.errors import AbclmError
from abclm.notation.tune import Tune
from abclm.score.svg import Staves, engrave_tune

_BARS = 2
_WIDTH = 1200  # in the engraver's unit; half of a book's page
# What is not for the first bars alone: titles, parts, tempo, words.
_LEFT_OUT = re.compile(r"(?m)^[PQTWw]:.*\n")


def engrave_incipit(tune: Tune, *, seed: int = 1) -> Staves | None:
    """Engrave the first two bars of a tune, and a pick-up before them.

    Args:
        tune: any tune.
        seed: seed for identifiers; scores on one HTML page need different seeds.

    Returns:
        The staff; None where these bars can't be engraved by themselves.
    """
    head = _LEFT_OUT.sub("", tune.text[: tune.body_start])
    try:
        return engrave_tune(Tune.parse(f"{head}{tune.opening(_BARS)}|\n"), seed=seed, width=_WIDTH)
    except AbclmError:
        return None
