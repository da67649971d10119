"""Turn a tune's text into the text that `abc2midi` is given, and positions in the one into the other."""

import re
from dataclasses import dataclass

from abclm.midi.instruments import DEFAULT_PROGRAM

# Directives that open a file that the tune names.
_FILE_DIRECTIVE = re.compile(r"abc-include|ptstress", re.IGNORECASE)
_RHYTHM_FIELD = re.compile(r"\s*R:")
_INLINE_RHYTHM = re.compile(r"\[R:[^\]\n]*\]")
_MIDI_DIRECTIVE = re.compile(r"\s*(%%|I:)\s*MIDI")
_PROGRAM = re.compile(r"\s*(%%|I:)\s*MIDI\s+program\b")
_INLINE_PROGRAM = re.compile(r"\[I:\s*MIDI\s+program[^\]\n]*\]")
_INLINE_TEMPO = re.compile(r"\[Q:[^\]\n]*\]")
_INLINE_MIDI = re.compile(r"\[I:\s*MIDI[^\]\n]*\]")
_FIELD = re.compile(r"\s*(?:[A-Za-z+]:(?![|:])|%)")
# Chord symbols, inline fields and comments are matched to be kept; what follows them is taken out.
_DECORATION = re.compile(
    r'(?P<kept>"[^"\n]*"|\[[A-Za-z]:[^\]\n]*\]|%.*)|!(?=[^\s!|\[\]]*!)[^!]*!|\{[^}\n]*\}|[.~H-Wh-w]'
)
# A tune may name another instrument with a directive of its own, which comes later and wins.
_HEAD = ("X:1", "%%MIDI chordattack 0", f"%%MIDI program {DEFAULT_PROGRAM}")
# Accompaniment on a guitar and a bass, softer than the melody.
_ACCOMPANIMENT = ("%%MIDI chordprog 24", "%%MIDI chordvol 50", "%%MIDI bassprog 32", "%%MIDI bassvol 60")


@dataclass(frozen=True)
class Prepared:
    """Text for `abc2midi`.

    Args:
        text: the tune with `X:1`, without `R:`, without directives that open files.
        line_offset: what to add to a line number in it to get the line of the tune.
    """

    text: str
    line_offset: int


def prepare(
    text: str,
    melody_only: bool = False,
    *,
    chords: bool = False,
    tempo: str | None = None,
    instrument: int | None = None,
) -> Prepared:
    """Make the text that `abc2midi` is given.

    Args:
        text: one tune. What stands before its `X:` line is passed over; without one the text is taken whole.
        melody_only: leave out grace notes, decorations and directives for MIDI.
        chords: choose instruments for the accompaniment; the tune may choose others.
        tempo: the value of a `Q:` field to be used instead of the tune's own.
        instrument: the General MIDI program to be used instead of the tune's own.

    Example:
        >>> print(prepare("X:5\\nR:reel\\nK:G\\n~G2 {a}g.f|\\n", melody_only=True).text)
        X:1
        %%MIDI chordattack 0
        %%MIDI program 25
        %
        K:G
        G2 gf|
        <BLANKLINE>
    """
    lines = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").removeprefix("\ufeff").split("\n")
    )
    first = next((number for number, line in enumerate(lines) if line.startswith("X:")), -1)
    given = [*_HEAD, *(_ACCOMPANIMENT if chords else ())]
    if tempo is not None:
        given.append(f"Q:{tempo}")
    if instrument is not None:
        given.append(f"%%MIDI program {instrument}")
    head = len(given)
    in_body = False
    for line in lines[first + 1 :]:
        if tempo is not None:
            line = "%" if line.startswith("Q:") else _INLINE_TEMPO.sub("", line)
        if instrument is not None:
            line = "%" if _PROGRAM.match(line) else _INLINE_PROGRAM.sub("", line)
        given.append(_prepare_line(line, melody_only, in_body))
        in_body = in_body or line.startswith("K:")
    # Lines stay where they are, the replaced ones included, so one number leads back.
    return Prepared("\n".join(given).rstrip("\n") + "\n", first + 1 - head)


def _prepare_line(line: str, melody_only: bool, in_body: bool) -> str:
    if _RHYTHM_FIELD.match(line) or _FILE_DIRECTIVE.search(line):
        return "%"
    line = _INLINE_RHYTHM.sub("", line)
    if not melody_only:
        return line
    if _MIDI_DIRECTIVE.match(line) or line.startswith("U:"):
        return "%"
    if not in_body or _FIELD.match(line):
        return line
    return _DECORATION.sub(lambda found: found["kept"] or "", _INLINE_MIDI.sub("", line))
