"""Turn tunes into what `abc2midi` complains of in each; a tune is strict where it complains of nothing."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from abclm.errors import ConvertError
from abclm.midi.abc2midi import abc_to_midi, played_notes, run_abc2midi
from abclm.notation.tune import Tune

_PLAYABLE = "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|]\n"
# A thread does little but wait for its abc2midi.
_MOST_THREADS = 8


def complaints(
    tunes: Sequence[str | Tune], *, threads: int | None = None, program: str | Path | None = None
) -> list[tuple[str, ...]]:
    """Ask `abc2midi` about each of many tunes.

    Args:
        tunes: canonical tunes; `R:` is left out (see `run_abc2midi`).
        threads: how many to ask about at a time; else as many as there are processors, 2 to 8.
        program: the `abc2midi` to run; else it is looked for (see `find_abc_program`).

    Returns:
        For each tune its errors, then its warnings, remarks on assumed repeats aside; or the one reason why
        it was not played. Nothing for a strict tune.

    Raises:
        ConvertError: there is no `abc2midi` that can play at all.

    Example:
        >>> head = "X:1\\nM:4/4\\nL:1/4\\nK:G\\n"
        >>> [len(said) for said in complaints([head + "GABc|defg|]\\n", head + "GABc|de|defg|]\\n"])]
        [0, 1]
    """
    if not tunes:
        return []
    # Where the program itself does not work, that is no complaint of a tune.
    abc_to_midi(_PLAYABLE, program=program)
    threads = threads or min(_MOST_THREADS, max(2, os.cpu_count() or 1))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(partial(_complaints, program=program), tunes))


def _complaints(tune: str | Tune, program: str | Path | None) -> tuple[str, ...]:
    try:
        result = run_abc2midi(tune, program=program)
        if not result.messages and not (result.midi and played_notes(result.midi)):
            return ("no note is played",)
    except ConvertError as error:
        return (str(error),)
    return result.messages
