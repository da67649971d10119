"""Leave out symbols that the grammar allows, since canonical tunes have them somewhere, but that no tune should get.

- A line break stands between bars.
- `|]` ends the tune, and a form is not ended by `||`.
- A chord has each note once.
- With counted bars, variant endings begin with one of a part's last two bars, and double bars and repeats stand after
  multiples of four bars.

Something is always left.
"""

import re

from abclm.notation.grammar import bars
from abclm.notation.grammar.form import Form, Place
from abclm.notation.grammar.local import Local, at_form_end
from abclm.notation.grammar.tables import NOTE_LETTERS, OCTAVES, bar_ticks

_PHRASE, _LONGEST_ENDING = 4, 2  # bars
_AFTER_EVENT = ("note", "length", "done", "tied")


def tidy_symbols(state: Local, allowed: frozenset[str]) -> frozenset[str]:
    """The allowed symbols without those that are left out wherever the state stands in a form."""
    if state.lex in _AFTER_EVENT or (state.lex == "start" and state.text == "ending"):
        return allowed - {"\n"}
    if state.lex == "chord":
        return allowed & _chord_symbols(state.text, allowed)
    if state.lex == "bar" and state.text == "|" and not state.fresh:
        if "]" in allowed and not bars.may_end(bars.double(state)):
            return allowed - {"]"}
        if "]" in allowed and (at_form_end(state) or (state.final and state.form == "part")):
            return allowed - {"|"}
    return allowed


def _chord_symbols(inner: str, allowed: frozenset[str]) -> frozenset[str]:
    """The symbols after which the notes of a chord can still be different."""
    notes = re.findall("[A-Ga-g][,']*", inner)
    left = {symbol for symbol in allowed if symbol not in NOTE_LETTERS or _free(symbol, notes)}
    if inner[-1] not in "^=_":
        *others, note = notes
        mark = "," if note[0].isupper() else "'"
        if not _free(note + mark, others):
            left.discard(mark)
        if note in others:
            left &= {mark}
    return frozenset(left)


def _free(note: str, others: list[str]) -> bool:
    """Whether a note, or one with more octave marks, is none of the others."""
    mark = "," if note[0].isupper() else "'"
    return any(note + mark * more not in others for more in range(OCTAVES + 2 - len(note)))


def in_form(state: Local, place: Place, form: Form, allowed: frozenset[str]) -> frozenset[str]:
    """The symbols that are left where bars are counted, as here: in a part's last bars, and after multiples of four."""
    if "1" in allowed and state.lex in ("bracket", "bar"):
        left = place.bars_left - (state.lex == "bar" and state.filled == bar_ticks(state.meter))
        if left > _LONGEST_ENDING or not (state.fresh or state.lex == "bar"):
            allowed -= {"1"}
    if state.form != "whole" or not form.bars or form.bars % _PHRASE:
        return allowed
    before = form.bars - place.bars_left  # bars that are complete
    if state.lex in _AFTER_EVENT:  # the event may be the last of its bar, and the repeat's
        return allowed if (before + 1) % _PHRASE == 0 else allowed - {":"} or allowed
    # A section ends where its pick-up began; what is left of that bar is the next one's.
    bar = before + (not state.fresh or state.filled > 0)
    if bar % _PHRASE == 0 and state.filled in (max(state.phase, 0), bar_ticks(state.meter)):
        return allowed
    if state.lex == "start" and state.fresh:
        return allowed - {"|"}  # which would open a repeat
    if state.lex == "bar" and state.text == "|" and not state.fresh:
        return allowed - {"|", "]", ":"} or allowed
    return allowed
