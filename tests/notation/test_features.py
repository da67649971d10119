"""One tiny tune a feature of the notation, with what it means written by hand; abc2midi is the second opinion.

A file in features/ opens with comments: what it shows, then

    % notes: C4:1 F#4+A4:1/2 z:2    what is heard, in order: pitches and length in quarter notes; z is silence
    % normalised: C4:1              what the canonical tune sounds like, where normalising mends something
    % problem: 6:5 warning ...      what `check` finds
    % header: T:Title | K:D         the canonical header behind X:1, where it is another than the tune's
    % canonical: CDEF|]             the canonical body, where it is another than the tune's; \\n is a new line
    % refused: ...                  why the tune can't be normalised
    % abc2midi: differs, ...        that abc2midi plays other notes, and why
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

from abclm.errors import NotationError
from abclm.midi.abc2midi import played_notes, run_abc2midi
from abclm.tune import Tune

FOLDER = Path(__file__).parent / "features"
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# A MIDI file counts in 1/480 quarter notes, rounded down.
TOLERANCE = Fraction(2, 480)

Notes = list[tuple[Fraction, int, Fraction]]


@dataclass
class Feature:
    text: str
    marks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def tune(self) -> Tune:
        return Tune.parse(self.text)

    def notes(self, *names: str) -> Notes:
        """The notes under the first of some names that the file has, with their onsets."""
        lines = next(self.marks[name] for name in names if name in self.marks)
        notes, onset = [], Fraction(0)
        for token in " ".join(lines).split():
            names, _, length = token.rpartition(":")
            lengths = []
            for name in names.split("+"):
                pitch, _, own = name.partition(":")
                lengths.append(Fraction(own or length))
                if pitch != "z":
                    notes.append((onset, midi_number(pitch), lengths[-1]))
            onset += min(lengths)
        return sorted(notes)

    @property
    def canonical(self) -> str:
        """The canonical text, byte for byte."""
        header = self.marks.get("header")
        lines = header[0].split(" | ") if header else re.findall(r"^[TMLK]:.*", self.header, re.MULTILINE)
        body = self.marks.get("canonical", [self.tune.body.rstrip("\n")])[0].replace("\\n", "\n")
        return "\n".join(["X:1", *lines, body, "", ""])

    @property
    def header(self) -> str:
        return self.text[: self.tune.body_start]


def midi_number(name: str) -> int:
    """The MIDI number of a pitch such as C4, F#5 or Bb3."""
    return LETTERS[name[0]] + name.count("#") - name.count("b") + 12 * (int(name[-1]) + 1)


def read(path: Path) -> Feature:
    comments, tune = re.fullmatch(
        r"((?:%[^\n]*\n)*)(.*)", path.read_text(encoding="utf-8"), re.DOTALL
    ).groups()
    feature = Feature(tune)
    for name, value in re.findall(r"^% (\w+): (.*)$", comments, re.MULTILINE):
        feature.marks.setdefault(name, []).append(value)
    return feature


FEATURES = {path.stem: read(path) for path in sorted(FOLDER.glob("*.abc"))}
CANONICAL = {name: feature for name, feature in FEATURES.items() if "refused" not in feature.marks}


def heard(tune: Tune) -> Notes:
    return [(note.onset, note.pitch, note.duration) for note in tune.notes()]


def second_opinion(text: str) -> Notes:
    result = run_abc2midi(text, melody_only=True)
    notes = played_notes(result.midi) if result.midi else []
    return sorted((onset, pitch, duration) for onset, duration, pitch in notes)


def alike(one: Notes, other: Notes) -> bool:
    return [pitch for _, pitch, _ in one] == [pitch for _, pitch, _ in other] and all(
        abs(a[0] - b[0]) <= TOLERANCE and abs(a[2] - b[2]) <= TOLERANCE
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("name", FEATURES)
def test_the_tune_has_the_notes_written_by_hand(name):
    assert heard(FEATURES[name].tune) == FEATURES[name].notes("notes")


@pytest.mark.parametrize("name", FEATURES)
def test_check_finds_the_problems_and_no_other(name):
    found = [f"{p.line}:{p.column} {p.severity} {p.message}" for p in FEATURES[name].tune.check()]
    assert found == FEATURES[name].marks.get("problem", [])


@pytest.mark.parametrize("name", CANONICAL)
def test_the_canonical_tune_is_the_one_written_by_hand(name):
    assert FEATURES[name].tune.normalize().text == FEATURES[name].canonical


@pytest.mark.parametrize("name", CANONICAL)
def test_the_canonical_tune_has_the_same_notes_and_stays_as_it_is(name):
    canonical = FEATURES[name].tune.normalize()
    assert heard(canonical) == FEATURES[name].notes("normalised", "notes")
    assert canonical.normalize().text == canonical.text


@pytest.mark.parametrize("name", sorted(FEATURES.keys() - CANONICAL.keys()))
def test_what_has_no_canonical_form_is_refused_with_the_reason(name):
    with pytest.raises(NotationError) as refusal:
        FEATURES[name].tune.normalize()
    assert FEATURES[name].marks["refused"][0] in str(refusal.value)


@pytest.mark.parametrize("name", FEATURES)
def test_abc2midi_plays_the_same_or_it_is_said_that_it_does_not(name):
    same = alike(second_opinion(FEATURES[name].text), heard(FEATURES[name].tune))
    assert same == ("abc2midi" not in FEATURES[name].marks)


@pytest.mark.parametrize("name", CANONICAL)
def test_abc2midi_plays_the_canonical_tune_without_an_error(name):
    canonical = FEATURES[name].tune.normalize()
    assert alike(second_opinion(canonical.text), heard(canonical))
    assert not run_abc2midi(canonical).errors


def test_every_feature_says_what_it_shows():
    for path in FOLDER.glob("*.abc"):
        sentence = path.read_text(encoding="utf-8").split("\n")[0]
        assert sentence.startswith("% "), path.name
        assert sentence.endswith("."), path.name
