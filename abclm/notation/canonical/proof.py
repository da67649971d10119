"""Decide whether the repeats of a canonical body may be read in more than one way, and prove that they are not."""

from abclm.errors import NotationError
from abclm.notation.canonical.writer import Writer
from abclm.notation.playing.passages import Passage
from abclm.notation.playing.playback import Playback
from abclm.notation.symbols import ENDING, PART, Timed
from abclm.notation.tune import Tune


def is_doubtful(writer: Writer) -> bool:
    """Whether the written repeats may have more than one reading."""
    playback = writer.playback
    if writer.layout.doubtful or not playback.matches or writer.jumps or PART in playback.kinds:
        return True
    return any(_is_odd(passage, playback) for passage in playback.passages)


def prove(canonical: Tune, writer: Writer) -> None:
    """Check that a tune with unmatched repeats has become a canonical tune with only one reading."""
    semitones = writer.speller.semitones
    wanted = [(onset, pitch + semitones, duration) for onset, pitch, duration in writer.playback.heard()]
    again = Writer(canonical, writer.chord_symbols, 0, writer.keep_tempo)
    same_notes = wanted == canonical.playback.heard() == again.playback.heard()
    if not same_notes or again.write() != canonical.body.rstrip("\n"):
        raise NotationError(
            "its repeats and variant endings can be read in more than one way; mark each beginning and end"
        )


def _is_odd(passage: Passage, playback: Playback) -> bool:
    """Whether a passage with repeats or endings, or one of these, has no music or several bar lines behind it."""
    body, kinds = passage.body, playback.kinds
    if passage.times == 1 and ENDING not in kinds[body.start : passage.stop]:
        return False
    bars = _bars_behind(body, playback)
    bars_of_endings = [_bars_behind(music, playback) for _, music in passage.endings]
    if -1 in (bars_of_endings or (bars,)):
        return True
    if bars == -1:  # in front of the endings
        bars = sum(map(bool, kinds[body.start + 1 : body.stop]))
    return max(bars, *bars_of_endings, 0) > 1


def _bars_behind(places: range, playback: Playback) -> int:
    """How many bar lines stand behind the last music; -1 if there is no music."""
    symbols, kinds = playback.symbols, playback.kinds
    bars = 0
    for index in reversed(places):
        if isinstance(symbols[index], Timed):
            return bars
        bars += bool(kinds[index])
    return -1
