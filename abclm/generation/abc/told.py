"""Turn what is asked of a tune into what a model with `structure` is told of it; what is not asked for is drawn."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from abclm.analysis.forms import MOST_BARS, MOST_PARTS
from abclm.models.context import Told
from abclm.models.told import Counts, ToldCounts
from abclm.notation.fields import RHYTHMS
from abclm.system.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from abclm.generation.options import GenerationOptions

_PHRASE = 4  # bars

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Telling:
    """What the tunes of a request are told.

    Attributes:
        asked: what is asked for.
        counts: of the training tunes that have nothing else than what is asked for.
        draws_form: whether a form is drawn, too.
    """

    asked: Told
    counts: ToldCounts
    draws_form: bool

    @classmethod
    def of(cls, options: GenerationOptions, metadata: Mapping[str, Any]) -> Self:
        """Work out what tunes are told.

        Args:
            options: with the header fields and the form that were asked for.
            metadata: of the model; without counts nothing is drawn.

        Raises:
            ModelError: the metadata are broken.
        """
        header, parts, bars = options.prompt.header, options.parts, options.bars
        counts = ToldCounts.in_metadata(metadata)
        keys, meter = counts.keys, header.get("M")
        if meter is not None:
            keys = {rhythm: each for rhythm, each in keys.items() if meter in RHYTHMS.get(rhythm, (meter,))}
        kept = None if options.any_form else options.kept
        begins = kept.form if kept else ()
        told_rhythm = _told_rhythm(header.get("R"), counts)
        forms = {rhythm: _forms_like(each, parts, bars, begins) for rhythm, each in counts.forms.items()}
        form = (bars,) * parts if parts and bars else ()
        if options.planned:
            form = options.planned.form
        if kept and (kept.complete or not any(forms.values())):
            form = kept.likely_form
        return cls(
            Told(told_rhythm, header.get("K"), form),
            ToldCounts(keys, {rhythm: each for rhythm, each in forms.items() if each}),
            not options.any_form and not form,
        )

    def draw(self, random: np.random.Generator) -> Told:
        """What one tune is told."""
        counts = self.counts if self.draws_form else replace(self.counts, forms={})
        return counts.draw(random, self.asked)


def _told_rhythm(asked: str | None, counts: ToldCounts) -> str | None:
    """The rhythm to tell: that there is none, where the model hardly knows the one that is asked for; a warning says so.

    Its tunes in that meter without a rhythm are the nearest that it knows.
    """
    if not asked or counts.knows(asked):
        return asked
    tunes = sum(counts.keys.get(asked, {}).values())
    _logger.warning(
        "the model learned from %s with R:%s; it writes one as it writes tunes in %s without R:",
        counted(tunes, "tune"), asked, " or ".join(RHYTHMS.get(asked, ("this meter",))),
    )  # fmt: skip
    return ""


def _forms_like(counts: Counts, parts: int | None, bars: int | None, begins: tuple[int, ...] = ()) -> Counts:
    """The forms that can be asked for: of so many equal parts or so many bars, or else of phrases of four bars.

    With parts of so many bars to begin with, those that have them and go on.
    """
    found = {}
    for name, count in counts.items():
        form = tuple(map(int, name.split()))
        if not form or len(form) > MOST_PARTS or sum(form) > MOST_BARS or min(form) < 1:
            continue
        if begins:
            fits = form[: len(begins)] == begins and len(form) > len(begins)
        elif parts is not None:
            fits = len(form) == parts and len(set(form)) == 1
        else:
            fits = sum(form) == bars if bars is not None else all(each % _PHRASE == 0 for each in form)
        if fits:
            found[name] = count
    return found
