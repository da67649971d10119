"""Join notes, bar lines and fields into canonical text, with the spaces and newlines between them."""

from abclm.errors import NotationError
from abclm.notation.symbols import BOTH, DOUBLE, END, SINGLE, START

_MOST_PIECES = 1_000_000  # of a canonical text
_BEHIND = frozenset(["|", "||", "|]", ":|", "::", "|:", "\n", " ", ""])  # not allowed after the last note


class Layout:
    """A canonical body in progress; a bar line is written when the next symbol is known.

    Attributes:
        doubtful: whether adjacent bar lines have no unique meaning.
        space, newline: whether a space or a newline was read since the last note.
    """

    def __init__(self) -> None:
        self.doubtful = False
        self.space = self.newline = False
        self._out: list[str] = []
        self._closing = ""  # the bar line that is not yet written
        self._opening = False  # whether a repeat begins there
        self._in_empty = False  # whether a repeat or an ending without a note has begun
        self._after_field = self._barred = False
        self._glued = False  # to the text before, which no space may follow
        self._after_event = False  # whether the text ends with an event, and nothing is pending but spaces

    @property
    def is_empty(self) -> bool:
        """Whether the body is still empty."""
        return not self._out

    def event(self, text: str) -> None:
        """Write a note, a chord or a rest."""
        if self._after_event and not self.space and not self.newline:
            self._out.append(text)
            return
        self._put(text)
        self._in_empty = False
        self._after_event = True

    def behind(self, text: str) -> None:
        """Write a sign between two notes, with no space on either side."""
        self._out.append(text)
        self._glued = True
        self._after_event = False

    def before(self, text: str) -> None:
        """Write a text that belongs above the next note."""
        self._put(text)
        self._glued = True

    def field(self, text: str) -> None:
        """Write an inline field."""
        at_bar = not self._out or bool(self._closing) or self._opening
        barred = at_bar or (self._after_field and self._barred)
        self._put(text)  # with the bar line between this field and a field before it
        self._barred = barred
        self._glued = self._after_field = True

    def _put(self, text: str) -> None:
        """Write a part of a bar's music, after the bar line, space or newline before it."""
        out = self._out
        if self._closing or self._opening or not out:
            self._write_bar_line()
        if self.newline:
            out.append("\n")
        elif self.space and not self._glued and out:
            out.append(" ")
        self.space = self.newline = self._glued = self._after_field = self._after_event = False
        out.append(text)
        if len(out) > _MOST_PIECES:
            raise NotationError("the tune is too long when its rests and parts are written out; divide it")

    def bar_line(self, kind: str, text: str) -> None:
        """Read a bar line, which is written later."""
        self._after_event = False
        if self._opening or self._in_empty or (kind in (END, BOTH) and self._closing):
            self.doubtful = True
        if kind in (END, BOTH):
            self._closing = ":|"
        elif self._closing != ":|" and kind == DOUBLE:
            self._closing = "|]" if text == "|]" else "||"
        elif kind == SINGLE:
            self._closing = self._closing or "|"
        self._opening = self._opening or kind in (START, BOTH)

    def _write_bar_line(self) -> None:
        """Write the pending bar lines, and a newline among them.

        A repeat that begins with the tune needs no mark. Every later repeat is marked; if it begins a line, the mark
        stands at the beginning of this line.
        """
        closing, opening = self._closing, self._opening
        self._closing, self._opening = "", False
        if not self._out:
            self.newline = False
            return
        if self._after_field and self._barred and closing == "|":
            closing = ""  # the bar line stands before the field
        if not opening:
            self._out.append(closing)
        elif self.newline:
            self._out += [closing or ("" if self._after_field else "||"), "\n", "|:"]
            self.newline = False
        else:
            self._out.append("::" if closing == ":|" else "|:")
        self._glued = True
        self._in_empty = opening

    def ending(self, passes: tuple[int, ...]) -> None:
        """Write a variant ending, after its bar line if it has one."""
        text = ",".join(map(str, passes))
        if self._closing in ("|", ":|") and not self._opening and not self.newline and self._out:
            self._out.append(f"{self._closing}{text}")
            self._closing = ""
            self.space = self._after_field = False
        else:
            self.space = False
            self._put(f"[{text}")
        self._glued = self._in_empty = True

    def end(self) -> str:
        """End the body with a closing bar line after the last note, and return it."""
        repeated = self._closing == ":|"
        while self._out[-1] in _BEHIND or self._out[-1].startswith(("[K:", "[M:", "[L:", "[Q:", '"')):
            repeated = self._out.pop() in (":|", "::") or repeated
        self._out.append(":|" if repeated else "|]")
        return "".join(self._out)
