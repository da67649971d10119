"""The grammar of canonical tunes: its rules, looked up by state."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from abclm.notation.grammar import barlines, fields, finish, groups, notes, quoted, start
from abclm.notation.grammar.form import Form, Place
from abclm.notation.grammar.local import Local

_MOST_STATES = 100_000  # kept; then they are worked out anew
# Where any form will do: the way from any place to the end of the tune, and by how much one symbol makes it longer.
_LONGEST_FINISH = 160
_DETOUR = 60

# What is being written -> the symbols that may come next, and the state after one of them.
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
    """A local place, and what has been worked out of it so far."""

    __slots__ = ("after", "allowed", "lex", "local", "to_end")

    def __init__(self, local: Local) -> None:
        self.local = local
        self.lex = local.lex
        self.allowed: frozenset[str] | None = None
        self.after: dict[str, tuple[_Node, str]] = {}  # by symbol; and the step that it is in the form
        self.to_end = ""


class _Memo:
    """Places behind the header, each once; they are the same in every grammar."""

    def __init__(self) -> None:
        self.nodes: dict[Local, _Node] = {}
        self.sets: dict[frozenset[str], frozenset[str]] = {}  # each once; there are few

    def node(self, local: Local) -> _Node:
        """The node of a place; all others are forgotten where there are too many."""
        found = self.nodes.get(local)
        if found is None:
            if len(self.nodes) >= _MOST_STATES:
                for node in self.nodes.values():
                    node.after.clear()  # the places that are still in use would keep all others
                self.nodes.clear()
            found = self.nodes[local] = _Node(local)
        return found


_memo = _Memo()


class State(NamedTuple):
    """A place in a tune: what decides which symbols may come next, and where in the form that was asked for it is."""

    node: _Node
    place: Place
    note: str = ""  # the last, for a tie

    @property
    def local(self) -> Local:
        """What decides which symbols may come next, the form aside."""
        return self.node.local

    @property
    def lex(self) -> str:
        """What is being written; `header` before the music, `end` behind it."""
        return self.node.lex


class Grammar:
    """The grammar of canonical tunes, `X:1` first, the closing empty line last.

    Args:
        given: values that header fields have to have (letters of `TRMLK`); those not given are free, but go with
            those that are. A field that is given stands in the header; of the others `R` may be missing, and `T`
            unless a title is needed.
        title_needed: whether a tune has to have a title.
        fits: whether a meter and a unit note length may stand together; by default any may.
        parts, bars: the form; see `Form`. Any will do where neither is given. Inside a form the meter and the unit
            note length don't change. The bars have to hold eight notes; `fits` has to see to it.
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
        chord_symbols: bool = False,
    ) -> None:
        given = dict(given or {})
        needed = {*given, *("TMLK" if title_needed else "MLK")}
        self._header = fields.Header(given, needed, fits or (lambda meter, unit: True))
        self.form = Form(parts, bars)
        self._chord_symbols = chord_symbols
        self._in_header: dict[Local, frozenset[str]] = {}  # but in titles

    def start(self) -> State:
        """The state before the first symbol."""
        place = self.form.start()
        return State(_Node(self.form.seen(Local(chord_symbols=self._chord_symbols), place)), place)

    def allowed(self, state: State) -> frozenset[str]:
        """The symbols that may come next; none only after the end of the tune."""
        node = state.node
        found = node.allowed
        if found is None:
            if node.lex == "header":
                return self._allowed_in_header(node.local)
            symbols = frozenset(_RULES[node.lex][0](node.local))
            found = node.allowed = _memo.sets.setdefault(symbols, symbols)
        return found

    def _allowed_in_header(self, local: Local) -> frozenset[str]:
        if local.text[:2] == "T:":  # a state for each title: they are seldom met again
            return frozenset(self._header.symbols(local))
        found = self._in_header.get(local)
        if found is None:
            symbols = frozenset(self._header.symbols(local))
            found = self._in_header[local] = _memo.sets.setdefault(symbols, symbols)
        return found

    def advance(self, state: State, symbol: str) -> State:
        """The state after a symbol that is allowed.

        Raises:
            ValueError: the symbol is not allowed there.
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
            local, step = after._replace(step=""), after.step
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
        return State(node, place, note)

    def follow(self, text: str, state: State | None = None) -> State:
        """The state after a text; ValueError where it is none that a tune can have."""
        state = self.start() if state is None else state
        for symbol in text:
            state = self.advance(state, symbol)
        return state

    def longest_finish(self, state: State) -> int:
        """How many characters `finish` takes at most, wherever the next symbol leads."""
        return _LONGEST_FINISH + self.form.longest_rest(state.local, state.place)[0]

    def detour(self, state: State) -> int:
        """How many characters longer than from here the way to the end may be behind one symbol more.

        In the header this takes for granted that every meter and unit note length that fits leaves room enough.
        """
        return _DETOUR + (self.form.longest_rest(state.local, state.place)[1] if state.lex != "header" else 0)

    def finish(self, state: State) -> str:
        """A short way from a state to the end of the tune: bars are filled with single notes, repeats closed."""
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
