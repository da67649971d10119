"""Write chord symbols such as `"G7"`, `"F#m/C#"`; `text` in the state is the symbol so far, without its root."""

from abclm.notation.grammar.local import Local

_ROOTS = frozenset("ABCDEFG")
_SIGNS = frozenset("#b")

# The kinds that abc2midi knows, except `+`, which is not one of the 83 symbols.
_KINDS = (
    "", "m", "7", "m7", "maj7", "M7", "6", "m6", "aug", "aug7", "dim", "dim7", "9", "m9", "maj9", "M9", "11",
    "dim9", "sus", "sus4", "sus2", "sus9", "7sus4", "7sus9", "5",
)  # fmt: skip
_ROOT, _SIGN = "root", "sign"  # the last element, if it isn't a kind
_BASS, _BASS_ROOT, _BASS_SIGN = "/", "/root", "/sign"


def quoted_symbols(state: Local) -> set[str]:
    """The symbols that may come next in a chord symbol."""
    text = state.text
    if text in ("", _BASS):
        return set(_ROOTS)
    if text in (_BASS_ROOT, _BASS_SIGN):
        return {'"', *(_SIGNS if text == _BASS_ROOT else ())}
    kind = "" if text in (_ROOT, _SIGN) else text
    found = {each[len(kind)] for each in _KINDS if each.startswith(kind) and each != kind}
    if kind in _KINDS:
        found |= {"/", '"'}
    return found | (_SIGNS if text == _ROOT else set())


def after_quoted(state: Local, symbol: str) -> Local:
    """The state of a longer chord symbol, or of the event after it."""
    text = state.text
    if symbol == '"':
        return state._replace(lex="start", text="symbol")
    if symbol in _ROOTS:
        return state._replace(text=_ROOT if text == "" else _BASS_ROOT)
    if symbol in _SIGNS and text in (_ROOT, _BASS_ROOT):
        return state._replace(text=_SIGN if text == _ROOT else _BASS_SIGN)
    if symbol == "/":
        return state._replace(text=_BASS)
    return state._replace(text=("" if text in (_ROOT, _SIGN) else text) + symbol)
