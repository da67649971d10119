"""Keys: every spelling found in the wild, the accidentals they put in force, and keys some semitones away."""

import pytest

from abclm.errors import NotationError
from abclm.notation.keys import canonical_key, make_key, parse_key, steps_between, transpose_key

# Alterations of C D E F G A B.
PLAIN = (0, 0, 0, 0, 0, 0, 0)
ONE_SHARP = (0, 0, 0, 1, 0, 0, 0)
TWO_SHARPS = (1, 0, 0, 1, 0, 0, 0)
ONE_FLAT = (0, 0, 0, 0, 0, 0, -1)
TWO_FLATS = (0, 0, -1, 0, 0, 0, -1)


@pytest.mark.parametrize(
    ("written", "canonical", "signature"),
    [
        ("C", "C", PLAIN),
        ("G", "G", ONE_SHARP),
        ("G major", "G", ONE_SHARP),
        ("G Maj", "G", ONE_SHARP),
        ("Gmaj", "G", ONE_SHARP),
        ("G ionian", "G", ONE_SHARP),
        ("Gm", "Gm", TWO_FLATS),
        ("GMIN", "Gm", TWO_FLATS),
        ("G minor", "Gm", TWO_FLATS),
        ("G aeolian", "Gm", TWO_FLATS),
        ("Ador", "Ador", ONE_SHARP),
        ("A Dorian", "Ador", ONE_SHARP),
        ("EDor", "Edor", TWO_SHARPS),
        ("Amix", "Amix", TWO_SHARPS),
        ("A Mixolydian", "Amix", TWO_SHARPS),
        ("F lydian", "Flyd", PLAIN),
        ("E phr", "Ephr", PLAIN),
        ("B Locrian", "Bloc", PLAIN),
        ("Bb", "Bb", TWO_FLATS),
        ("B♭", "Bb", TWO_FLATS),
        ("F#m", "F#m", (1, 0, 0, 1, 1, 0, 0)),
        ("F# Minor", "F#m", (1, 0, 0, 1, 1, 0, 0)),
        ("C#", "C#", (1, 1, 1, 1, 1, 1, 1)),
        ("Cb", "Cb", (-1, -1, -1, -1, -1, -1, -1)),
        ("d", "D", TWO_SHARPS),
        ("HP", "Amix", TWO_SHARPS),
        ("Hp", "Amix", TWO_SHARPS),
        ("none", "C", PLAIN),
        ("", "C", PLAIN),
        ("G treble", "G", ONE_SHARP),
        ("G clef=bass", "G", ONE_SHARP),
        ("Gm octave=-1", "Gm", TWO_FLATS),
        ("D =c", "Dmix", ONE_SHARP),
        ("C ^f", "Clyd", ONE_SHARP),
        ("D exp _b", "Dm", ONE_FLAT),
        ("D exp ^g", "D", (0, 0, 0, 0, 1, 0, 0)),
        ("D ^g", "Dlyd", (1, 0, 0, 1, 1, 0, 0)),
        ("A =g ^d", "A", (1, 1, 0, 1, 0, 0, 0)),
    ],
)
def test_a_key_has_one_spelling_and_its_accidentals(written, canonical, signature):
    assert parse_key(written).text == canonical
    assert parse_key(written).signature == signature
    assert parse_key(written).regular == (parse_key(canonical).signature == signature)


@pytest.mark.parametrize("written", ["H", "Q", "Gfoo", "G#", "D#", "Fb", "Gbm", "?", "4/4", "Bn"])
def test_what_is_no_key_is_named(written):
    with pytest.raises(NotationError, match="is no key; give one such as G, Em, Ador"):
        parse_key(written)


def test_a_key_that_is_asked_for_has_nothing_behind_it():
    assert [canonical_key(text) for text in ("g", "G Major", " Em ", "hp", "A♭")] == [
        "G",
        "G",
        "Em",
        "Amix",
        "Ab",
    ]
    for text in ("", "none", "D =c", "G clef=bass", "G treble x", "4"):
        with pytest.raises(NotationError, match="is no key"):
            canonical_key(text)


@pytest.mark.parametrize(
    ("key", "semitones", "moved"),
    [
        ("G", 2, "A"),
        ("G", -5, "D"),
        ("Em", 2, "F#m"),
        ("Ador", 1, "Bbdor"),
        ("D", -1, "Db"),
        ("C", 6, "F#"),
        ("F", 1, "F#"),
        ("Bb", 12, "Bb"),
    ],
)
def test_a_key_is_moved_to_the_spelling_with_the_fewest_accidentals(key, semitones, moved):
    assert transpose_key(parse_key(key), semitones).text in (moved, {"F#": "Gb"}.get(moved))


@pytest.mark.parametrize("mode", ["", "m", "dor", "phr", "lyd", "mix", "loc"])
def test_a_key_moved_by_every_interval_has_the_right_tonic_and_few_accidentals(mode):
    for letter in "CDEFGAB":
        key = make_key(letter, mode)
        for semitones in range(-24, 25):
            moved = transpose_key(key, semitones)
            assert moved.mode == mode
            assert (moved.tonic_pitch_class - key.tonic_pitch_class - semitones) % 12 == 0
            assert abs(moved.sharps) <= 6


@pytest.mark.parametrize(
    ("key", "other", "semitones", "steps"),
    [
        ("C", "D", 2, 1),
        ("C", "C", 0, 0),
        ("C", "C", 12, 7),
        ("G", "D", -5, -3),
        ("G", "D", 7, 4),
        ("B", "C", 1, 1),
    ],
)
def test_notes_move_by_as_many_letters_as_their_key(key, other, semitones, steps):
    assert steps_between(parse_key(key), parse_key(other), semitones) == steps
