"""The grammar of canonical tunes, which looks up its rules by state."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from abclm.notation.grammar import barlines, fields, finish, groups, notes, quoted, start
from abclm.notation.grammar.form import Form, Place
from abclm.notation.grammar.local import Local
from abclm.notation.grammar.tables import METERS, UNIT_NOTE_LENGTHS
from abclm.notation.grammar.tidy import in_form, tidy_symbols

_MOST_STATES = 100_000  # kept; then they are computed again
# Without a form: the greatest length of the way to the end of the tune, and its greatest increase by one symbol.
_LONGEST_FINISH = 160
_DETOUR = 60

# Element in progress -> the symbols that may come next, and the state after one of them.
_RULES: dict[str, tuple[Callable[[Local], Iterable[str]], Callable[[Local, str], Local]]] = {
    "start": (start.start_symbols, start.after_start),
    "forced": (start.forced_symbols, start.after_forced),
    "signs": (notes.sign_symbols, notes.after_sign),
    "note": (notes.note_symbols, notes.after_note),
    "length": (notes.length_symbols, notes.after_length),
    "done": (notes.done_symbols, notes.after_done),
    "tied": (notes.tied_symbols, notes.after_tied),
    "broken": (notes.broken_symbols, notes.after_broken),
    "tuplet": (groups.tuplet_symbols, groups.after_tuplet),
    "bracket": (groups.bracket_symbols, groups.after_bracket),
    "chord": (groups.inside_chord, groups.after_chord),
    "quoted": (quoted.quoted_symbols, quoted.after_quoted),
    "field": (fields.inline_symbols, fields.after_inline),
    "bar": (barlines.bar_symbols, barlines.after_bar),
    "end": (lambda state: "", lambda state, symbol: state),
}


class _Node:
    """A local state, and the results computed for it so far."""

    __slots__ = ("after", "allowed", "lex", "local", "tidy", "to_end")

    def __init__(self, local: Local) -> None:
        self.local = local
        self.lex = local.lex
        self.allowed: frozenset[str] | None = None
        self.tidy: frozenset[str] | None = None
        self.after: dict[str, tuple[_Node, str]] = {}  # by symbol, with the step in the form
        self.to_end = ""


class _Memo:
    """The local states after the header, each stored once; they are the same in every grammar."""

    def __init__(self) -> None:
        self.nodes: dict[Local, _Node] = {}
        self.sets: dict[frozenset[str], frozenset[str]] = {}  # each once; there are few

    def node(self, local: Local) -> _Node:
        """The node of a local state; if there are too many nodes, all others are removed."""
        found = self.nodes.get(local)
        if found is None:
            if len(self.nodes) >= _MOST_STATES:
                for node in self.nodes.values():
                    node.after.clear()  # the nodes in use would keep all others
                self.nodes.clear()
            found = self.nodes[local] = _Node(local)
        return found


_memo = _Memo()


class State(NamedTuple):
    """A place in a tune: it determines which symbols may come next, and counts the requested form."""

    node: _Node
    place: Place
    note: str = ""  # the last, for a tie

    @property
    def local(self) -> Local:
        """The part that determines which symbols may come next, without the form."""
        return self.node.local

    @property
    def lex(self) -> str:
        """The element in progress; `header` before the music, `end` after it."""
        return self.node.lex


class Grammar:
    """The grammar of canonical tunes, from `X:1` to the empty line at the end.

    Args:
        given: required values of header fields (letters of `TRMLK`). The other values are free, but must fit the
            given values. A given field stands in the header; `R` may be missing otherwise, and `T` too unless a
            title is needed.
        title_needed: whether a tune must have a title.
        fits: whether a meter and a unit note length may be combined; by default, all may.
        parts, bars, sections: the form; see `Form`. With none, any form is allowed. Inside a form, meter and unit
            note length don't change. The bars must have room for eight notes; `fits` must ensure this.
        chord_symbols: whether chord symbols such as `"G7"` may stand before notes, chords and rests.

    Example:
        >>> grammar = Grammar({"K": "G", "M": "6/8"})
        >>> state = grammar.follow("X:1\\nR:jig\\nM:6/8\\nL:1/8\\nK:G\\nGAB c2")
        >>> "|" in grammar.allowed(state), "d" in grammar.allowed(state), "3" in grammar.allowed(state)
        (True, True, False)
    """

    def __init__(
        self,
        given: dict[str, str] | None = None,
        fits: Callable[[str, str], bool] | None = None,
        title_needed: bool = False,
        parts: int | None = None,
        bars: int | None = None,
        sections: tuple[int, ...] = (),
        chord_symbols: bool = False,
    ) -> None:
        given = dict(given or {})
        needed = {*given, *("TMLK" if title_needed else "MLK")}
        self._header = fields.Header(given, needed, fits or (lambda meter, unit: True))
        self.form = Form(parts, bars, sections)
        self._chord_symbols = chord_symbols
        self._in_header: dict[Local, frozenset[str]] = {}  # except in titles

    def start(self) -> State:
        """The state before the first symbol."""
        place = self.form.start()
        return State(_Node(self.form.seen(Local(chord_symbols=self._chord_symbols), place)), place)

    def after_header(self, meter: str, unit: str) -> State:
        """The state where the music begins, after a header without more than these values.

        Raises:
            ValueError: a tune whose header is free can't have them.
        """
        if meter not in METERS or unit not in UNIT_NOTE_LENGTHS:
            raise ValueError(f"no tune has meter {meter} and unit note length {unit}")
        place = self.form.start()
        local = Local(lex="start", text="line", meter=meter, unit=unit, chord_symbols=self._chord_symbols)
        return State(_memo.node(self.form.seen(local, place)), place)

    def allowed(self, state: State) -> frozenset[str]:
        """The symbols that may come next; empty only after the end of the tune."""
        node = state.node
        found = node.allowed
        if found is None:
            if node.lex == "header":
                return self._allowed_in_header(node.local)
            symbols = frozenset(_RULES[node.lex][0](node.local))
            found = node.allowed = _memo.sets.setdefault(symbols, symbols)
        return found

    def tidy(self, state: State) -> frozenset[str]:
        """The allowed symbols without those that a tune should not get; see `abclm.notation.grammar.tidy`."""
        node = state.node
        if node.lex == "header":
            return self.allowed(state)
        if node.tidy is None:
            symbols = tidy_symbols(node.local, self.allowed(state))
            node.tidy = _memo.sets.setdefault(symbols, symbols)
        place = state.place
        return in_form(node.local, place, self.form, node.tidy) if place.bars_left else node.tidy

    def _allowed_in_header(self, local: Local) -> frozenset[str]:
        if local.text[:2] == "T:":  # every title has its own states, which rarely occur again
            return frozenset(self._header.symbols(local))
        found = self._in_header.get(local)
        if found is None:
            symbols = frozenset(self._header.symbols(local))
            found = self._in_header[local] = _memo.sets.setdefault(symbols, symbols)
        return found

    def advance(self, state: State, symbol: str) -> State:
        """The state after an allowed symbol.

        Raises:
            ValueError: the symbol is not allowed here.
        """
        node, place, note = state
        found = node.after.get(symbol)
        if found is None:
            if symbol not in self.allowed(state):
                raise ValueError(f"{symbol!r} may not come next")
            in_header = node.lex == "header"
            after = (
                self._header.after(node.local, symbol)
                if in_header
                else _RULES[node.lex][1](node.local, symbol)
            )
            local, step = (after._replace(step="") if after.step else after), after.step
            found = (_Node(local) if local.lex == "header" else _memo.node(local)), step
            if not in_header:
                node.after[symbol] = found
        node, step = found
        if node.lex == "note":
            note = note + symbol if symbol in ",'" else symbol
        if step == "t":
            if node.local.tie[0] != "[":
                node = _memo.node(node.local._replace(tie=note))
        elif step and place.parts_left:
            place = self.form.follow(place, step, node.local.phase)
            node = _memo.node(self.form.seen(node.local, place))
        return tuple.__new__(State, (node, place, note))  # several times as fast as a call of `State`

    def follow(self, text: str, state: State | None = None) -> State:
        """The state after a text; ValueError if the text can't stand in a tune."""
        state = self.start() if state is None else state
        for symbol in text:
            state = self.advance(state, symbol)
        return state

    def longest_finish(self, state: State) -> int:
        """The most characters of `finish`, after any next symbol."""
        return _LONGEST_FINISH + self.form.longest_rest(state.local, state.place)[0]

    def detour(self, state: State) -> int:
        """The most characters by which the way to the end can get longer with one more symbol.

        In the header, this assumes that every allowed meter and unit note length leaves enough room.
        """
        return _DETOUR + (self.form.longest_rest(state.local, state.place)[1] if state.lex != "header" else 0)

    def finish(self, state: State) -> str:
        """A short way from a state to the end of the tune: it fills bars with single notes and closes repeats."""
        text = ""
        while state.lex != "end":
            symbol = state.node.to_end
            if not symbol:
                symbol = finish.next_to_end(state.local, self.allowed(state), self._header)
                if state.lex != "header":
                    state.node.to_end = symbol
            text += symbol
            state = self.advance(state, symbol)
        return text
