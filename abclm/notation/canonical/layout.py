"""Put notes, bar lines and fields one after another into canonical text, with the spaces and newlines between them."""

from abclm.errors import NotationError
from abclm.notation.symbols import BOTH, DOUBLE, END, SINGLE, START

_MOST_PIECES = 1_000_000  # of a canonical text
_BEHIND = frozenset(
    ["|", "||", "|]", ":|", "::", "|:", "\n", " ", ""]
)  # what may not stand behind the last note


class Layout:
    """A canonical body that is being written; a bar line is written once it is known what follows it.

    Attributes:
        doubtful: whether bar lines meet that have no one meaning together.
        space, newline: whether a space or a newline was read since the last note.
    """

    def __init__(self) -> None:
        self.doubtful = False
        self.space = self.newline = False
        self._out: list[str] = []
        self._closing = ""  # the bar line taken up and not yet written
        self._opening = False  # whether a repeat begins there
        self._in_empty = False  # whether a repeat or an ending has begun that has no note yet
        self._after_field = self._barred = False
        self._glued = False  # to what stands before, which no space may follow

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written so far."""
        return not self._out

    def event(self, text: str) -> None:
        """Write a note, a chord or a rest."""
        self._put(text)
        self._in_empty = False

    def behind(self, text: str) -> None:
        """Write a sign between two notes, with no space on either side."""
        self._out.append(text)
        self._glued = True

    def before(self, text: str) -> None:
        """Write what stands above the next note."""
        self._put(text)
        self._glued = True

    def field(self, text: str) -> None:
        """Write an inline field."""
        at_bar = not self._out or bool(self._closing) or self._opening
        barred = at_bar or (self._after_field and self._barred)
        self._put(text)  # with the bar line that stands between this field and one before it
        self._barred = barred
        self._glued = self._after_field = True

    def _put(self, text: str) -> None:
        """Write what belongs to the music of a bar, with the bar line, space or newline that stands before it."""
        out = self._out
        if self._closing or self._opening or not out:
            self._write_bar_line()
        if self.newline:
            out.append("\n")
        elif self.space and not self._glued and out:
            out.append(" ")
        self.space = self.newline = self._glued = self._after_field = False
        out.append(text)
        if len(out) > _MOST_PIECES:
            raise NotationError("the tune is too long when its rests and parts are written out; divide it")

    def bar_line(self, kind: str, text: str) -> None:
        """Take a bar line up."""
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
        """Write the bar lines taken up, and the newline that stands among them.

        A repeat that begins with the tune needs no mark; every later one is marked, at the beginning of its line
        where it begins a line.
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
        """Write a variant ending, behind its bar line where there is one."""
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
        """Leave nothing but a closing bar line behind the last note; return the body."""
        repeated = self._closing == ":|"
        while self._out[-1] in _BEHIND or self._out[-1].startswith(("[K:", "[M:", "[L:", '"')):
            repeated = self._out.pop() in (":|", "::") or repeated
        self._out.append(":|" if repeated else "|]")
        return "".join(self._out)
