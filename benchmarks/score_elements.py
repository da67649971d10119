"""Count the elements of tunes' scores as abcjs draws them and as our MusicXML has them.

    python benchmarks/score_elements.py --abcjs node_modules/abcjs/dist/abcjs-basic-min.js BOOK.abc ... [-n 30]
                                        [--pictures FOLDER] [--show]

abcjs is installed by hand (`npm install abcjs`); it runs in Chromium, by playwright. Of all books, the script takes the
tunes with the most kinds of elements, at most a third of them of one book. Printed are, of each element, how many abcjs
draws, how many our score has, and in how many tunes ours has fewer; of these tunes, what the score says that it leaves
out. `--pictures` puts pictures of both into a folder, to look at them side by side. `--show` prints every tune with a
difference."""

import argparse
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Page, sync_playwright

from abclm.errors import AbclmError
from abclm.notation.tune import Tune
from abclm.notation.tunebook import decode, split_tunebook
from abclm.score.musicxml import write_score
from abclm.score.pdf import format_png

WORDS = "words or chord symbol"
# What abcjs calls a decoration, and the element of MusicXML.
DECORATIONS = {
    "irishroll": "turn", "roll": "turn", "turn": "turn", "turnx": "turn", "invertedturn": "inverted-turn",
    "invertedturnx": "inverted-turn",
    "trill": "trill-mark", "trillh": "trill-mark", "trill(": "wavy-line", "trill)": "wavy-line",
    "mordent": "mordent", "lowermordent": "mordent", "uppermordent": "inverted-mordent",
    "pralltriller": "inverted-mordent", "staccato": "staccato", "accent": "accent", "tenuto": "tenuto",
    "marcato": "strong-accent", "umarcato": "strong-accent", "wedge": "staccatissimo", "breath": "breath-mark",
    "slide": "scoop", "upbow": "up-bow", "downbow": "down-bow", "open": "open-string", "thumb": "thumb-position",
    "snap": "snap-pizzicato", "+": "stopped", "fermata": "fermata", "invertedfermata": "fermata", "segno": "segno",
    "coda": "coda", "arpeggio": "arpeggiate", "/": "tremolo", "//": "tremolo", "///": "tremolo",
    "shortphrase": "caesura", "mediumphrase": "caesura", "longphrase": "caesura", "harmonic": "harmonic",
    "crescendo(": "wedge", "diminuendo(": "wedge", "crescendo)": "wedge", "diminuendo)": "wedge",
    **dict.fromkeys(("D.C.", "D.S.", "fine", "D.C.alfine", "D.C.alcoda", "D.S.alfine", "D.S.alcoda"), WORDS),
}  # fmt: skip
DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz"}
# What abcjs has in its list and does not draw.
UNDRAWN = {"xstem", "style=normal", "beambr1", "beambr2"}
TAGS = {
    *DECORATIONS.values(), "dynamics", "fingering", "rehearsal", "metronome", "ending",
}  # fmt: skip
DRAW = """text => {
  const skip = /^(abselem|averagepitch|staffGroup|engraver|beam|children|parent)$/;
  const tune = ABCJS.renderAbc('paper', text, { staffwidth: 740, paddingleft: 10, paddingright: 10 })[0];
  return JSON.stringify({ lines: tune.lines, meta: tune.metaText },
    (key, value) => (skip.test(key) || key.startsWith('abs') || key.startsWith('$') ? undefined : value));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("books", nargs="+", type=Path, metavar="BOOK")
    parser.add_argument("--abcjs", type=Path, required=True, metavar="FILE")
    parser.add_argument("-n", type=int, default=30, help="number of tunes")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    texts = {path: split_tunebook(decode(path.read_bytes())) for path in options.books}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 800, "height": 1200})
        page.set_content("<div id='paper'></div>")
        page.add_script_tag(path=options.abcjs)
        chosen = choose(page, texts, options.n)
        for number, (text, _) in enumerate(chosen, 1):
            if options.pictures:
                take_pictures(page, text, options.pictures, number)
        browser.close()
    report([(text, drawn, *ours(text)) for text, drawn in chosen], options.show)


def choose(page: Page, texts: dict[Path, list[str]], many: int) -> list[tuple[str, Counter[str]]]:
    """The tunes with the most kinds of elements, and what abcjs draws of each."""
    found = []
    for book in texts.values():
        best = sorted(((text, count_drawn(page, text)) for text in book), key=lambda each: -len(each[1]))
        found += best[: many if len(texts) == 1 else -(-many // 3)]
    return sorted(found, key=lambda each: -len(each[1]))[:many]


def take_pictures(page: Page, text: str, folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.evaluate(DRAW, text)
    page.locator("#paper").screenshot(path=folder / f"{number:02}-abcjs.png")
    try:
        (folder / f"{number:02}-ours.png").write_bytes(format_png(Tune.parse(text)))
    except AbclmError as error:
        print(f"{number}: {error}")


def count_drawn(page: Page, text: str) -> Counter[str]:
    """Count what abcjs draws of a tune."""
    return count_elements(json.loads(page.evaluate(DRAW, text)))


def count_elements(drawn: dict[str, Any]) -> Counter[str]:
    """Count the elements of a tune as abcjs has read it: its `lines` and its `metaText`."""
    found: Counter[str] = Counter()
    meta = drawn["meta"]
    for name in ("title", "composer", "rhythm"):
        found[name] += bool(meta.get(name))
    found["words below"] += len([line for line in _lines(meta.get("unalignedWords")) if line])
    _tempo(found, meta.get("tempo"))
    inforce: dict[tuple[int, str], object] = {}
    voices: set[tuple[int, int]] = set()
    many = max((len(line.get("staff", [])) for line in drawn["lines"]), default=0)
    for line in drawn["lines"]:
        found["subtitle"] += "subtitle" in line
        for number, staff in enumerate(line.get("staff", [])):
            for kind in ("key", "meter"):
                value = _value(staff.get(kind))
                if (number, kind) in inforce and value and inforce[number, kind] != value:
                    found[f"change of {kind}"] += 1
                inforce[number, kind] = value or inforce.get((number, kind))
            for place, voice in enumerate(staff.get("voices", [])):
                if any("pitches" in each for each in voice):
                    voices.add((number, place))
                for each in voice:
                    _element(found, each, has_bars=not number and not place and many == len(line["staff"]))
                    if each["el_type"] in ("key", "meter") and not place:
                        if inforce.get((number, each["el_type"])) != _value(each):
                            found[f"change of {each['el_type']}"] += 1
                        inforce[number, each["el_type"]] = _value(each)
    found["voice"] = len(voices)
    return +found


def _lines(words: Any) -> list[str]:
    if isinstance(words, list):
        return [
            each if isinstance(each, str) else "".join(part.get("text", "") for part in each)
            for each in words
        ]
    return str(words).split("\n") if words else []


def _value(found: dict[str, Any] | None) -> str:
    """A key or a meter as a text that is equal where they are."""
    if not found:
        return ""
    if "accidentals" in found:
        signs = [
            (each["acc"], each["note"].lower()) for each in found["accidentals"] if each["acc"] != "natural"
        ]
        return str(sorted(signs))
    return str((found.get("type"), found.get("value")))


def _tempo(found: Counter[str], tempo: dict[str, Any] | None) -> None:
    if tempo and not tempo.get("suppress"):
        found["metronome"] += "bpm" in tempo
        found[WORDS] += bool(tempo.get("preString")) + bool(tempo.get("postString"))


def _element(found: Counter[str], each: dict[str, Any], has_bars: bool) -> None:
    kind = each["el_type"]
    if kind == "part":
        found["rehearsal"] += 1
    elif kind == "tempo":
        _tempo(found, each)
    elif kind == "bar" and has_bars:
        found["repeat forward"] += each["type"] in ("bar_left_repeat", "bar_dbl_repeat")
        found["repeat backward"] += each["type"] in ("bar_right_repeat", "bar_dbl_repeat")
        if name := each.get("startEnding"):
            found["ending" if name[0].isdigit() else WORDS] += 1
    pitches = each.get("pitches", [])
    found["note"] += len(pitches)
    rest = each.get("rest", {})
    if rest.get("type") in ("rest", "whole", "multimeasure"):
        found["rest"] += int(rest.get("text") or 1) if rest["type"] == "multimeasure" else 1
    found["grace"] += len(each.get("gracenotes", []))
    found["tuplet"] += "startTriplet" in each
    found["slur"] += len({slur["label"] for at in (each, *pitches) for slur in at.get("startSlur", [])})
    found["tie"] += sum("startTie" in pitch for pitch in pitches)
    found["lyric"] += sum(bool(lyric["syllable"].strip()) for lyric in each.get("lyric", []))
    for chord in each.get("chord", []):
        found[WORDS] += bool(chord["name"].strip())
    for name in each.get("decoration", []):
        if name in DYNAMICS:
            found["dynamics"] += 1
        elif name.isdigit():
            found["fingering"] += 1
        elif name and name not in UNDRAWN:
            found[DECORATIONS.get(name, f"!{name}!")] += 1


def ours(text: str) -> tuple[Counter[str], list[str]]:
    """Count the elements of our score of a tune, and say what it leaves out."""
    try:
        score, left_out = write_score(Tune.parse(text))
    except AbclmError as error:
        return Counter(), [f"all ({error})"]
    return count_written(score), left_out


def count_written(score: str) -> Counter[str]:
    """Count the elements of MusicXML by the same names."""
    root = ElementTree.fromstring(score[score.index("<score-partwise") :])
    found: Counter[str] = Counter()
    found["title"] = len(root.findall("work/work-title"))
    found["composer"] = len(root.findall("identification/creator"))
    kinds = Counter(each.findtext("credit-type") for each in root.iter("credit"))
    found["subtitle"] = kinds["subtitle"]
    found["words below"] = sum(
        bool((each.findtext("credit-words") or "").strip()) for each in root.iter("credit")
    )
    found["words below"] -= kinds["subtitle"]
    found["rhythm"] = len(root.findall("identification/miscellaneous/miscellaneous-field[@name='rhythm']"))
    found["voice"] = len(root.findall("part"))
    found[WORDS] = len(root.findall(".//direction//words")) + len(root.findall(".//harmony"))
    for tag in TAGS - {WORDS, "ending"}:
        found[tag] += len(list(root.iter(tag)))
    first = root.find("part")
    assert first is not None
    found["ending"] = len(first.findall(".//ending[@type='start']"))
    for direction in ("forward", "backward"):
        found[f"repeat {direction}"] = len(first.findall(f".//repeat[@direction='{direction}']"))
    found["tuplet"] = len(root.findall(".//tuplet[@type='start']"))
    found["slur"] = len(root.findall(".//slur[@type='start']"))
    found["lyric"] = len(root.findall(".//lyric"))
    for part in root.iter("part"):
        found["change of key"] += len(part.findall(".//key")) - 1
        found["change of meter"] += len(part.findall(".//time")) - 1
        name = ""
        for note in part.iter("note"):
            name = note.get("id", "") if note.find("chord") is None else name
            rest, is_first = note.find("rest"), "." not in name
            if note.find("grace") is not None:
                found["grace"] += 1
            elif rest is not None:
                found["rest"] += (
                    is_first and note.get("print-object") != "no" and rest.get("measure") != "yes"
                )
            else:
                found["note"] += is_first
                found["tie"] += note.find("tie[@type='start']") is not None
                found["tie"] -= not is_first  # of the pieces of one note
    return +found


def report(rows: list[tuple[str, Counter[str], Counter[str], list[str]]], show: bool) -> None:
    """Print the sums, and where ours has fewer."""
    names = sorted(set().union(*(drawn for _, drawn, _, _ in rows)))
    print(f"{len(rows)} tunes")
    print(f"{'element':24}{'abcjs':>8}{'ours':>8}  tunes with fewer")
    for name in names:
        sums = [sum(row[column][name] for row in rows) for column in (1, 2)]
        fewer = sum(row[2][name] < row[1][name] for row in rows)
        print(f"{name:24}{sums[0]:8}{sums[1]:8}  {fewer or ''}")
    for number, (text, drawn, written, left_out) in enumerate(rows, 1):
        missing = {name: (drawn[name], written[name]) for name in names if written[name] < drawn[name]}
        more = {name: (drawn[name], written[name]) for name in names if written[name] > drawn[name]}
        if missing or (show and more):
            title = next((line[2:].strip() for line in text.split("\n") if line.startswith("T:")), "")
            print(f"{number:3} {title[:40]}: fewer {missing}" + (f", more {more}" if show else ""))
            print(f"    left out: {'; '.join(left_out) or 'nothing'}")


if __name__ == "__main__":
    main()
