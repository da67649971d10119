"""Compare the four ways in which a tune is heard: notes(), the MIDI file, the score and the canonical form.

    python benchmarks/heard.py [CORPUS ...] [--tunes N] [--show N]

A corpus is a built-in name or a file. By default, the corpora are O'Neill, Ryan, Aird, and the file that
`ABCLM_IRISH_ABC` names. Printed by corpus, of the tunes with a canonical form:

- midi: `notes(ornaments=True)` is what stands in the MIDI file, before swing;
- score: `notes()` is what music21 reads in our MusicXML, with its repeats expanded and without grace notes. It can't do
  so for some forms, which it refuses or plays otherwise (see `tests/score/heard.txt`);
- normalized: `notes()` is the same before and after `normalize`.

The same is printed of the strict tunes alone: those in which `abc2midi` finds neither error nor warning. `--tunes` takes
N tunes of each corpus, evenly spaced; `--show` prints the first N tunes of each that differ. Reading all tunes with
music21 takes about ten minutes."""

import argparse
import os
import sys
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

from abclm import Tune
from abclm.corpora.built_in import find_card, find_files
from abclm.errors import ConvertError, NotationError
from abclm.midi.abc2midi import abc_to_midi, played_notes, run_abc2midi
from abclm.midi.heard_text import heard_text
from abclm.notation.tunebook import decode, split_tunebook

CORPORA = ["oneills1850", "ryansMammoth", "airdsAirs"]
# A MIDI file counts in 1/480 quarter notes, rounded down; a duration is the difference of two such numbers.
TOLERANCE = Fraction(2, 480)
FINEST = 64 * 63  # of the onsets that music21 gives as floating-point numbers

Notes = list[tuple[Fraction, int, Fraction]]  # onset, pitch, length, in quarter notes
Struck = tuple[
    Fraction, int, Fraction, str
]  # the same of one note, and how it is tied: start, stop, continue


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help="a built-in name or a file")
    parser.add_argument("--tunes", type=int, metavar="N", help="take N tunes of each corpus")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N tunes that differ")
    options = parser.parse_args()
    default = CORPORA + [path for path in [os.environ.get("ABCLM_IRISH_ABC")] if path]
    for name in options.corpora or default:
        texts = read_texts(name)
        if options.tunes:
            texts = texts[:: max(len(texts) // options.tunes, 1)][: options.tunes]
        measure(name, texts, options.show)


def read_texts(name: str) -> list[str]:
    """The texts of a corpus's tunes."""
    paths = [Path(name)] if Path(name).is_file() else find_files(find_card(name))
    return [text for path in paths for text in split_tunebook(decode(path.read_bytes()))]


def measure(name: str, texts: list[str], show: int) -> None:
    """Print the shares of a corpus, and some tunes that differ."""
    counts: Counter[str] = Counter()
    for text in texts:
        try:
            tune = Tune.parse(text)
            canonical = tune.normalize()
        except NotationError:
            counts["no canonical form"] += 1
            continue
        notes = notes_of(tune)
        same = {
            "midi": is_near(notes_of(tune, ornaments=True), in_midi(tune)),
            "score": notes == in_score(tune),
            "normalized": notes == notes_of(canonical),
        }
        strict = not run_abc2midi(canonical).messages
        for kind in ("all", "strict") if strict else ("all",):
            counts[kind] += 1
            counts.update(f"{kind} {way}" for way, is_same in same.items() if is_same)
            counts[f"{kind} alike"] += all(same.values())
        if not all(same.values()) and counts["shown"] < show:
            counts["shown"] += 1
            different = ", ".join(way for way, is_same in same.items() if not is_same)
            print(
                f"{tune.title} ({'strict' if strict else 'not strict'}) differs: {different}\n{canonical.body}",
                flush=True,
            )
    print(f"{Path(name).name}: {len(texts)} tunes, {counts['no canonical form']} without a canonical form")
    for kind in ("all", "strict"):
        shares = (
            f"{way} {counts[f'{kind} {way}'] / max(counts[kind], 1):.2%}"
            for way in ("midi", "score", "normalized", "alike")
        )
        print(f"  {kind} ({counts[kind]}): " + ", ".join(shares), flush=True)


def notes_of(tune: Tune, ornaments: bool = False) -> Notes:
    return sorted((note.onset, note.pitch, note.duration) for note in tune.notes(ornaments=ornaments))


def in_midi(tune: Tune) -> Notes:
    """The notes in the MIDI file; none if there is no file."""
    try:
        midi = abc_to_midi(heard_text(tune))
    except ConvertError as error:
        print(f"{tune.title}: {error}"[:150], file=sys.stderr)
        return []
    return sorted((onset, pitch, length) for onset, length, pitch in played_notes(midi))


def in_score(tune: Tune) -> Notes:
    """The notes that music21 reads in our MusicXML; none if it can't."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            part = tune.to_music21().parts[0]
            measures = [take_notes(measure, place) for place, measure in enumerate(part["Measure"])]
            expanded = part.expandRepeats().getElementsByClass("Measure")
            order = [int(measure.notesAndRests[0].groups[0]) for measure in expanded]
        except Exception as error:  # whatever music21 raises
            print(f"{tune.title}: {type(error).__name__}: {error}"[:150], file=sys.stderr)
            return []
    struck, begin = [], Fraction(0)
    for place in order:
        notes, length = measures[place]
        struck += [(begin + onset, *note) for onset, *note in notes]
        begin += length
    return joined(struck)


def take_notes(measure: Any, place: int) -> tuple[list[Struck], Fraction]:
    """Take the notes out of a measure, and mark its place: expanding repeats copies all that is in it.

    Words are taken out, too: music21 plays "D.C." out, which we write out or, where it isn't plain, only show.

    Returns:
        The notes, and the length of the measure.
    """
    from music21.note import Rest

    notes = [
        (exact(event.offset), note.pitch.midi, exact(event.quarterLength), note.tie.type if note.tie else "")
        for event in measure.notes
        if "ChordSymbol" not in event.classes and not event.duration.isGrace
        for note in (event.notes if event.isChord else [event])
    ]
    length = exact(measure.highestTime)
    measure.remove([*measure.notesAndRests, *measure.getElementsByClass("RepeatExpression")])
    rest = Rest(quarterLength=length)
    rest.groups.append(str(place))
    measure.insert(0, rest)
    return notes, length


def joined(struck: list[Struck]) -> Notes:
    """Join tied notes; music21 joins none of two chords of which only some notes are tied."""
    found: Notes = []
    held: dict[tuple[Fraction, int], list[int]] = {}  # end and pitch -> the places of the notes
    for begin, pitch, length, tie in struck:
        before = held.get((begin, pitch), [])
        if tie in ("stop", "continue") and before:
            place = before.pop()
            found[place] = found[place][0], pitch, found[place][2] + length
        else:
            place = len(found)
            found.append((begin, pitch, length))
        if tie in ("start", "continue"):
            held.setdefault((begin + length, pitch), []).append(place)
    return sorted(found)


def exact(time: float | Fraction) -> Fraction:
    return Fraction(time).limit_denominator(FINEST)


def is_near(one: Notes, other: Notes) -> bool:
    return len(one) == len(other) and all(
        a[1] == b[1] and abs(a[0] - b[0]) <= TOLERANCE and abs(a[2] - b[2]) <= TOLERANCE
        for a, b in zip(one, other, strict=True)
    )


if __name__ == "__main__":
    main()
