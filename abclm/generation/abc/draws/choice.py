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
    from abclm.generation.decoder import Decoder


def choose(tries: Tries, index: int, request: Request, decoder: Decoder[TuneDraft]) -> Attempt:
    """Choose one of the attempts at a tune.

    Args:
        tries: all of them.
        index: of the tune, from 0.
        request: what was asked for.
        decoder: of the attempts; what falls between two of them is decided by what each has alone.
    """
    attempts = tries.good()
    if not attempts:
        return tries.least_bad(index + 1)
    if len(attempts) == 1:
        return attempts[0]
    if request.gaps is not None:
        as_it_was = request.gaps.text
        others = [each for each in attempts if each.text != as_it_was] or attempts
        return _resampled(others, request.choice(index), decoder)
    place, _ = resample([score(Tune.parse(each.text)) for each in attempts], request.choice(index))
    return attempts[place]


def _resampled(attempts: list[Attempt], number: float, decoder: Decoder[TuneDraft]) -> Attempt:
    drafts = [each.draft for each in attempts]
    place, is_far = resample([_chance(draft) for draft in drafts], number)
    if not is_far:
        place, _ = resample([_chance_alone(draft, decoder) for draft in drafts], number)
    return attempts[place]


def _chance(draft: TuneDraft) -> float:
    assert isinstance(draft, RewritingDraft)
    return draft.chance


def _chance_alone(draft: TuneDraft, decoder: Decoder[TuneDraft]) -> float:
    assert isinstance(draft, RewritingDraft)
    found = decoder.log_probabilities_alone(draft, draft.ids)
    return sum(found[place] for place in draft.counted)
