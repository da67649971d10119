"""Turn the marks at a note into elements of MusicXML: directions before it, notations and lyrics at it."""

import re
from xml.etree.ElementTree import Element, SubElement

from abclm.notation.fields import read_tempo
from abclm.notation.marks import Marks
from abclm.notation.symbols import CODA, DA_CAPO, DAL_SEGNO, FINE, SEGNO, TO_CODA
from abclm.notation.timing import Setting
from abclm.score.elements import add, write_tempo

_ORNAMENTS = {
    "trill": "trill-mark", "trill(": "trill-mark", "trill)": "wavy-line",
    "roll": "turn", "turn": "turn", "turnx": "turn",
    "invertedturn": "inverted-turn", "invertedturnx": "inverted-turn", "lowermordent": "mordent",
    "uppermordent": "inverted-mordent", "//": "tremolo", "/": "tremolo", "///": "tremolo",
}  # fmt: skip
_ARTICULATIONS = {
    "staccato": "staccato", "accent": "accent", "tenuto": "tenuto", "marcato": "strong-accent",
    "wedge": "staccatissimo", "breath": "breath-mark", "slide": "scoop", "shortphrase": "caesura",
    "mediumphrase": "caesura", "longphrase": "caesura",
}  # fmt: skip
_TECHNICAL = {
    "upbow": "up-bow", "downbow": "down-bow", "open": "open-string", "thumb": "thumb-position",
    "snap": "snap-pizzicato", "plus": "stopped", "+": "stopped", "harmonic": "harmonic",
}  # fmt: skip
FERMATAS = {"fermata": "upright", "invertedfermata": "inverted"}
_DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz", "fp", "sf"}
_WEDGES = {
    "<(": "crescendo", "crescendo(": "crescendo", ">(": "diminuendo", "diminuendo(": "diminuendo",
    "<)": "stop", "crescendo)": "stop", ">)": "stop", "diminuendo)": "stop",
}  # fmt: skip
_SIGNS = {SEGNO: "segno", CODA: "coda"}
# They stand in the score where it isn't plain where they lead, so that they are not played out. With another space than
# the usual one, music21 and others don't follow them either.
_WORDS = {DA_CAPO: "D.\u202fC.", DAL_SEGNO: "D.\u202fS.", FINE: "\u202fFine", TO_CODA: "To\u202fCoda"}
_SILENT = {"arpeggio", "beambr1", "beambr2"}
_FINGERS = re.compile(r"[0-5]")
_QUOTED = re.compile(r'"([^"]*)"')
# The place of an annotation: a sign, after `@` with an offset (ABC 2.1, section 4.19).
_PLACED = re.compile(r"((?:@(?:-?[\d.]+,-?[\d.]+)?|[\^_<>])?)\s*(.*?)\s*\Z", re.DOTALL)
_PLACES = {"^": "above", "_": "below"}


def unknown_decorations(marks: Marks) -> set[str]:
    """The decorations that no score of ours can show."""
    known = [_ORNAMENTS, _ARTICULATIONS, _TECHNICAL, FERMATAS, _DYNAMICS, _WEDGES, _SIGNS, _WORDS, _SILENT]
    return {
        name
        for name in marks.decorations
        if not any(name in each for each in known) and not _FINGERS.fullmatch(name)
    }


def write_labels(written: Element, marks: Marks, setting: Setting) -> None:
    """Write the labels of parts, the titles and the changes of tempo that stand before a note."""
    for letter, value in marks.labels:
        if letter == "P":
            add(_direction(written), "rehearsal", value)
        elif letter == "T":
            add(_direction(written), "words", value, **{"font-weight": "bold"})
        else:
            write_tempo_field(written, value, setting)


def write_tempo_field(written: Element, value: str, setting: Setting) -> None:
    """Write a `Q:` field: its words, and its tempo where it has one."""
    for words in _QUOTED.findall(value):
        add(_direction(written), "words", words, **{"font-weight": "bold"})
    if tempo := read_tempo(value, setting.unit):
        write_tempo(written, tempo)


def write_directions(written: Element, marks: Marks, is_written_out: bool) -> None:
    """Write what stands above or below a note without being part of it: words, dynamics, wedges, segno and coda.

    Args:
        written: the measure.
        marks: those of the note that comes next in it.
        is_written_out: whether D.C. and D.S. are written out, so that their signs would lead to nothing.
    """
    _write_texts(written, marks.texts)
    for name in marks.decorations:
        if name in _DYNAMICS:
            SubElement(SubElement(_direction(written, "below"), "dynamics"), name)
        elif name in _WEDGES:
            SubElement(_direction(written, "below"), "wedge", type=_WEDGES[name])
        elif name in _SIGNS and not is_written_out:
            SubElement(_direction(written), _SIGNS[name])
        elif name in _WORDS and not is_written_out:
            add(_direction(written), "words", _WORDS[name])


def write_behind(written: Element, marks: Marks, is_written_out: bool) -> None:
    """Write the words that stand behind a note at its bar line, such as `D.C.`."""
    _write_texts(written, marks.texts_after)
    for name in marks.after:
        if name in _WORDS and not is_written_out:
            add(_direction(written), "words", _WORDS[name])


def write_bar_fermata(barline: Element, marks: Marks) -> None:
    """Write a fermata on a bar line."""
    for name in marks.after:
        if name in FERMATAS:
            SubElement(barline, "fermata", type=FERMATAS[name])


def _write_texts(written: Element, texts: list[str]) -> None:
    for words in texts:
        place, text = _PLACED.match(words).groups()  # type: ignore[union-attr]
        if text:
            add(_direction(written, _PLACES.get(place[:1], "above")), "words", text)


def _direction(written: Element, placement: str = "above") -> Element:
    return SubElement(SubElement(written, "direction", placement=placement), "direction-type")


def write_notations(
    note: Element,
    ties: list[str],
    tuplet: tuple[str, str] | None,
    marks: Marks | None,
    slurs: list[tuple[str, int]],
) -> None:
    """Write ties, a tuplet, slurs and the decorations of a note; nothing where it has none."""
    decorations = marks.decorations if marks else []
    notations = Element("notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    for kind, number in slurs:
        SubElement(notations, "slur", type=kind, number=str(number))
    if tuplet:
        SubElement(notations, "tuplet", type=tuplet[0], bracket=tuplet[1])
    for group, table in (
        ("ornaments", _ORNAMENTS),
        ("technical", _TECHNICAL),
        ("articulations", _ARTICULATIONS),
    ):
        inside = Element(group)
        for name in decorations:
            if name in table:
                element = SubElement(inside, table[name])
                if table[name] == "tremolo":
                    element.text = str(len(name))
                elif name == "trill(":
                    SubElement(inside, "wavy-line", type="start")
                elif name == "trill)":
                    element.set("type", "stop")
            elif group == "technical" and _FINGERS.fullmatch(name):
                add(inside, "fingering", name)
        if len(inside):
            notations.append(inside)
    for name in decorations:
        if name in FERMATAS:
            SubElement(notations, "fermata", type=FERMATAS[name])
        elif name == "arpeggio":
            SubElement(notations, "arpeggiate")
    if len(notations):
        note.append(notations)


def write_lyrics(note: Element, marks: Marks) -> None:
    """Write the syllables of each verse."""
    for verse, syllable in sorted(marks.lyrics.items()):
        lyric = SubElement(note, "lyric", number=str(verse))
        kind = ("begin", "middle")[syllable.inner] if syllable.hyphen else ("single", "end")[syllable.inner]
        add(lyric, "syllabic", kind)
        add(lyric, "text", syllable.text)
        if syllable.held:
            SubElement(lyric, "extend")
