"""Turn the draws of one tune into the one that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.generation.abc.draws.rank import score
from abclm.generation.abc.given.rewriting import RewritingDraft, resample
from abclm.tune import Tune

if TYPE_CHECKING:
    from abclm.generation.abc.draft import TuneDraft
    from abclm.generation.abc.draws.tries import Attempt, Tries
    from abclm.generation.abc.request import Request


def choose(tries: Tries, index: int, request: Request) -> Attempt:
    """Choose one of the attempts at a tune.

    Args:
        tries: all of them.
        index: of the tune, from 0.
        request: what was asked for.
    """
    attempts = tries.good()
    if not attempts:
        return tries.least_bad(index + 1)
    if len(attempts) == 1:
        return attempts[0]
    if request.gaps is not None:
        as_it_was = request.gaps.text
        others = [each for each in attempts if each.text != as_it_was] or attempts
        return others[resample([_chance(each.draft) for each in others], request.choice(index))]
    return max(attempts, key=lambda each: (not each.draft.wrong_octaves, score(Tune.parse(each.text))))


def _chance(draft: TuneDraft) -> float:
    assert isinstance(draft, RewritingDraft)
    return draft.chance
