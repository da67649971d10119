"""Turn a tunebook's text into the texts of its tunes, without what is not ABC or was changed on the way."""

import re
from collections.abc import Iterator

from abclm.notation.problems import Finding

_BLOCK = re.compile(r"^[ \t]*%%(begin|end)([a-z]+)", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NOT_WORDS = re.compile(r'"[^"]*"|!\S+?!|\+\S+?\+|\[[^\]]*\]')
_NUMBER_LINE = re.compile(r"^(?:X:|[ \t]+X:[ \t]*\d)", re.MULTILINE)
_INDENTED_FIELD = re.compile(r"^[ \t]+(?=[A-Za-z+]:(?![|:]))", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_STRANGE_LINE = re.compile(r"\n[ \t]*(?:(?<=[ \t])[A-Za-z+]:(?![|:])|```|~~~)")  # either of these, found fast
_EMPTY_LINE = re.compile(r"\n[ \t]*(?=\n)|(?<=</s>)[ \t]*\n")
_FIELD_LINE = re.compile(r"^[A-Za-z]:", re.MULTILINE)
_KEY_LINE = re.compile(r"^K:.*\n(?=.)", re.MULTILINE)

# folk-rnn (github.com/IraKorshunova/folk-rnn) writes every note and every length as a token of its own: `c 3/2 d /2`.
_SPACED_NUMBER = re.compile(r" [\d/]")
_LENGTH_TOKEN = re.compile(r"(?:(?<=[A-Ga-gz,'])|(?<= \])) +(?=(?:\d+(?:/\d+)?|/\d*)[<>-]*(?:[\s|:)\]]|$))")
_END_TOKENS = re.compile(r"[ \t]*</?s>[ \t]*")
_FIELD_TOKENS = re.compile(r"^(?:[MLK]:\S+ +)+", re.MULTILINE)
_MODE_TOKEN = re.compile(r"^K:(?=(?:maj|min|dor|mix)$)", re.MULTILINE)


def hidden_lines(text: str) -> frozenset[int]:
    """The offsets of the lines in blocks such as `%%begintext` to `%%endtext` (ABC 2.1, section 11.4).

    A block ends at the next end of its kind. Without one, or with another beginning before it, it is no block.

    Example:
        >>> sorted(hidden_lines("X:1\\n%%beginps\\nX:2\\n%%endps\\nK:C\\n"))
        [4, 14, 18]
    """
    if "%%begin" not in text:
        return frozenset()
    hidden: set[int] = set()
    begun: dict[str, int] = {}
    for match in _BLOCK.finditer(text):
        if match[1] == "begin":
            begun[match[2]] = match.start()
        elif match[2] in begun:
            at = begun[match[2]]
            while 0 <= at <= match.start():
                hidden.add(at)
                at = text.find("\n", at) + 1 or -1
            begun = {}
    return frozenset(hidden)


def is_prose(line: str) -> bool:
    """Whether a line without bar line reads as a sentence: more than half of its letters name no note.

    Example:
        >>> is_prose("I hope you like it!"), is_prose("</pre>"), is_prose("Tc2 vdue f2 g2 ~a4")
        (True, True, False)
    """
    bare = line.strip()
    if _TAG.fullmatch(bare):
        return True
    letters = [letter for letter in _NOT_WORDS.sub("", bare) if letter.isalpha()]
    others = sum(letter not in "ABCDEFGabcdefgzxyZX" for letter in letters)
    return others >= 3 and 2 * others > len(letters)


def find_tunes(text: str) -> Iterator[tuple[int, str]]:
    """Find the tunes in a tunebook's text.

    A tune begins at its `X:` line. In a text without any, tunes are apart by empty lines, and those with a `K:` line
    and music behind it get numbers; folk-rnn publishes its data so.

    Returns:
        For each tune the number of its first line, and its text.
    """
    hidden = hidden_lines(text)
    starts = [match.start() for match in _NUMBER_LINE.finditer(text) if match.start() not in hidden]
    if not starts:
        yield from _unnumbered(text)
        return
    line, seen = 1, 0
    for at, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line += text.count("\n", seen, at)
        seen = at
        yield line, text[at:end]


def _unnumbered(text: str) -> Iterator[tuple[int, str]]:
    line, number = 1, 0
    for chunk in _EMPTY_LINE.split(text):
        tune, added = _END_TOKENS.sub("", chunk), 0
        if tune != chunk or _LENGTH_TOKEN.search(chunk):
            tune = _MODE_TOKEN.sub("K:C", _FIELD_TOKENS.sub(lambda match: match[0].replace(" ", "\n"), tune))
            if not re.search(r"^L:", tune, re.MULTILINE):
                tune, added = _with_line(tune, "L:1/8")
        if _KEY_LINE.search(tune):
            number += 1
            tune, more = _with_line(tune, f"X:{number}")
            yield line - added - more, tune
        line += chunk.count("\n") + 1


def _with_line(text: str, line: str) -> tuple[str, int]:
    """The text with a line before its first field, and how many lines stand before the text now."""
    first = _FIELD_LINE.search(text)
    at = first.start() if first else 0
    return f"{text[:at]}{line}\n{text[at:]}", 1


def begin_of(text: str) -> int:
    """The offset of the first `X:` line; -1 if there is none."""
    if text.startswith("X:"):
        return 0
    hidden = hidden_lines(text)
    starts = (match.start() for match in _NUMBER_LINE.finditer(text))
    return next((at for at in starts if at not in hidden), -1)


def mend(text: str) -> tuple[str, list[Finding]]:
    """Mend one tune, from its `X:` line on.

    Fields lose their indentation, a tune in Markdown ends where its fence does, and lengths that are tokens of their
    own are joined to their notes (`c 3` becomes `c3`).

    Returns:
        The tune, and what was mended.
    """
    found: list[Finding] = []
    if text[:1] != "X" or _STRANGE_LINE.search(text):
        hidden = hidden_lines(text)
        fence = next((match for match in _FENCE.finditer(text) if match.start() not in hidden), None)
        if fence:
            text = text[: fence.start()]
            found.append((len(text) - 1, "warning", "the tune ends here, before the back-quotes of Markdown"))
        text, count = _INDENTED_FIELD.subn("", text)
        if count:
            found.append((0, "warning", f"the tune has {count} indented fields; a field begins its line"))
    body = text.find("\nK:") + 1
    if body and _SPACED_NUMBER.search(text, body):
        joined = "\n".join(
            line if _FIELD_LINE.match(line) or line[:1] == "%" else _LENGTH_TOKEN.sub("", line)
            for line in text[body:].split("\n")
        )
        if len(joined) < len(text) - body:
            text = text[:body] + joined
            found.append((body, "warning", "lengths stand apart from their notes, and are joined to them"))
    return text, found
