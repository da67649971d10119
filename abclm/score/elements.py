"""Turn keys, meters, tempos and chord symbols into elements of MusicXML."""

import re
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from abclm.notation.fields import Meter
from abclm.notation.keys import LETTERS, Key

# Characters that XML 1.0 can't contain, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEATS = {"whole": 1, "half": 2, "quarter": 4, "eighth": 8, "16th": 16}
_MODES = {"": "major", "m": "minor", "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian",
          "loc": "locrian"}  # fmt: skip
_CHORD = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-G])([#b]?))?")
_KINDS = {"": "major", "m": "minor", "min": "minor", "7": "dominant", "maj7": "major-seventh",
          "m7": "minor-seventh", "dim": "diminished", "aug": "augmented", "+": "augmented", "6": "major-sixth",
          "m6": "minor-sixth", "9": "dominant-ninth", "sus": "suspended-fourth", "sus4": "suspended-fourth",
          "sus2": "suspended-second", "dim7": "diminished-seventh"}  # fmt: skip


def clean(text: str) -> str:
    """Remove the characters that XML can't contain."""
    return _NOT_XML.sub("", text)


def write_tempo(written: Element, tempo: str) -> None:
    """Write beats a minute, of a plain or a dotted note; players get quarter notes a minute of any length."""
    length, _, beats = tempo.partition("=")
    direction = SubElement(written, "direction", placement="above")
    kind = SubElement(direction, "direction-type")
    values = {
        Fraction(3 if dots else 2, 2 * part): (name, dots) for name, part in _BEATS.items() for dots in (0, 1)
    }
    if Fraction(length) in values:
        name, dots = values[Fraction(length)]
        metronome = SubElement(kind, "metronome")
        add(metronome, "beat-unit", name)
        for _dot in range(dots):
            SubElement(metronome, "beat-unit-dot")
        add(metronome, "per-minute", beats)
    else:
        add(kind, "words", tempo)
    SubElement(direction, "sound", tempo=f"{float(4 * Fraction(length) * int(beats)):g}")


def write_key(written: Element, key: Key) -> None:
    """Write a key: its number of sharps and its mode, or its signs one by one."""
    if key.regular:
        add(written, "fifths", key.sharps)
        add(written, "mode", _MODES[key.mode])
        return
    for letter, alter in zip(LETTERS, key.signature, strict=True):
        if alter:
            add(written, "key-step", letter)
            add(written, "key-alter", alter)


def write_time(attributes: Element, meter: Meter) -> None:
    """Write a meter; one that is free is not shown."""
    if meter.bar_length is None:
        SubElement(SubElement(attributes, "time", {"print-object": "no"}), "senza-misura")
        return
    time = SubElement(attributes, "time")
    beats, unit = meter.text.split("/") if "/" in meter.text else ("4", "4")
    if meter.text == "C":
        time.set("symbol", "common")
    elif meter.text == "C|":
        time.set("symbol", "cut")
        beats, unit = "2", "2"
    add(time, "beats", beats)
    add(time, "beat-type", unit)


def write_chord_symbol(written: Element, symbol: str) -> None:
    """Write a chord symbol such as `G7/B`."""
    found = _CHORD.fullmatch(symbol)
    if found is None:
        return
    root, sign, kind, bass, bass_sign = found.groups()
    harmony = SubElement(written, "harmony")
    _write_step(SubElement(harmony, "root"), "root", root, sign)
    add(harmony, "kind", _KINDS.get(kind, "other")).set("text", kind)
    if bass:
        _write_step(SubElement(harmony, "bass"), "bass", bass, bass_sign)


def _write_step(written: Element, name: str, letter: str, sign: str) -> None:
    add(written, f"{name}-step", letter)
    if sign:
        add(written, f"{name}-alter", 1 if sign == "#" else -1)


def add(parent: Element, tag: str, content: object, **attributes: str) -> Element:
    """Add an element that holds text."""
    element = SubElement(parent, tag, attributes)
    element.text = clean(str(content))
    return element
