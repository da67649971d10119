"""What holds for any text at all."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from abclm.errors import NotationError
from abclm.notation.fields import (
    CANONICAL_SYMBOLS,
    TITLE_LENGTH,
    canonical_meter,
    canonical_rhythm,
    canonical_title,
    canonical_unit_note_length,
    find_rhythm,
    transliterate,
)
from abclm.notation.keys import canonical_key, parse_key, transpose_key
from abclm.notation.pieces import NAMED_PIECE, PIECE
from abclm.notation.playing.playback import part_sequence
from abclm.notation.tunebook import (
    check_tunebook,
    decode,
    format_tunebook,
    parse_tunebook,
    split_tunebook,
)
from abclm.tune import Tune

few = settings(max_examples=300, deadline=None)

PIECES = (
    "A B c d' E, ^F _B =c ^^G __A C2 D/ E3/2 F// G/4 z z2 x Z Z2 [CEG] [C2E]3 [A-c] [Ac]- A- B2- - > < >> <<< "
    "(3 (2 (5 (3:2:2 (4::3 (9:1:4 ( ) | || |] [| |: :| :: :|: |1 :|2 [1 [2 [1,2 [3 :|] ! [K:G] [K:Dm] [K:] "
    '[K:D^g] [M:3/4] [M:C|] [M:none] [M:x] [L:1/4] [L:1/16] [P:A] [P:B] [V:1] [V:2] "G7" "^x" "Am/C" {ag} ~ '
    "!trill! +trill+ +CE+ ` y $ 1 2 . u # s & * @ C0 C9999 c'''''''' [r:x] =3DA =20"
)
LINES = "K:Em M:6/8 L:1/8 P:A P:B V:1 V:2 w:la %c %%MIDI I:x E:2 E:| T:x +:x = \\"
pieces = st.sampled_from(
    [*PIECES.split(), " ", "\n", *(f"\n{line}\n" for line in LINES.split()), *"|:1[]2-()"]
)
bodies = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="ABCdefgz|:[]12()<>-/,'^=_ \n\"!{}+", max_size=80),
    st.lists(pieces, max_size=40).map("".join),
)
headers = st.sampled_from(
    [
        "",
        "M:C|\n",
        "M:6/8\n",
        "M:3/4\nL:1/4\n",
        "L:1/16\n",
        "P:AB\n",
        "P:(AB)2A\n",
        "M:none\nP:BA\n",
        "M:x\n",
        "T:é\nR:jig\n",
    ]
)
keys = st.sampled_from(["C", "G", "Ddor", "Bb", "F#m", "HP", "D exp ^g", "A =c", "none", "Eb ^f", "", "?"])
tunes = st.builds("X:1\n{}K:{}\n{}\n".format, headers, keys, bodies)
texts = st.one_of(st.text(), tunes)


def canonical(text):
    """The tune, and its canonical form where it has one."""
    try:
        tune = Tune.parse(text)
    except NotationError:
        return None, None
    try:
        return tune, tune.normalize(chord_symbols=True)
    except NotationError:
        return tune, None


def value_or_none(function, *args):
    try:
        return function(*args)
    except NotationError as error:
        reason = str(error)
    assert reason
    assert "\n" not in reason
    return None


@few
@given(texts)
def test_any_text_is_a_tune_with_problems_or_none(text):
    tune = value_or_none(Tune.parse, text)
    if tune is None:
        return
    lines = tune.text.split("\n")
    for problem in tune.check():
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.severity in ("error", "warning")
        assert problem.message
    onsets = [note.onset for note in tune.notes()]
    assert onsets == sorted(onsets)
    assert all(note.duration > 0 and 0 <= note.pitch <= 127 for note in tune.notes())
    assert all(bar.duration > 0 for bar in tune.bars())


@few
@given(st.one_of(texts, st.text(alphabet='A-|:[]()12,<>^/x!+"{', min_size=30, max_size=60)))
def test_a_piece_of_music_is_the_same_piece_when_it_is_read_alone(text):
    found = list(NAMED_PIECE.finditer(text))
    assert [match[0] for match in found] == PIECE.findall(text)
    assert "".join(match[0] for match in found) == text
    for match in found:
        alone = NAMED_PIECE.match(match[0])
        assert (alone.lastgroup, alone[0]) == (match.lastgroup, match[0])


@few
@given(tunes)
def test_parsing_what_was_parsed_gives_the_same_tune(text):
    tune = value_or_none(Tune.parse, text)
    assert tune is None or Tune.parse(tune.text) == tune


@few
@given(tunes)
def test_normalising_a_canonical_tune_changes_nothing(text):
    _, tune = canonical(text)
    if tune:
        assert tune.normalize(chord_symbols=True) == tune
        assert set(tune.text) <= CANONICAL_SYMBOLS
        assert re.fullmatch(r"X:1\n(T:.+\n)?(R:.+\n)?(M:.+\n)?(L:.+\n)K:.+\n[^\n]+(\n[^\n]+)*\n\n", tune.text)


@few
@given(tunes)
def test_a_canonical_tune_has_the_notes_of_the_tune_unless_its_repeats_are_at_fault(text):
    tune, other = canonical(text)
    if other and other.notes() != tune.notes():
        told = [problem.message for problem in tune.check() if not problem.message.startswith("the bar is")]
        assert any("repeat" in message or "ending" in message for message in told)


@few
@given(tunes)
def test_leaving_chord_symbols_out_leaves_the_notes(text):
    _, tune = canonical(text)
    plain = value_or_none(tune.normalize) if tune else None
    if plain:
        assert plain.notes() == tune.notes()


@few
@given(tunes, st.integers(-30, 30))
def test_transposing_moves_every_note_and_back(text, semitones):
    _, tune = canonical(text)
    moved = value_or_none(tune.transpose, semitones) if tune else None
    if moved:
        assert [note.pitch - semitones for note in moved.notes()] == [note.pitch for note in tune.notes()]
        assert [note.onset for note in moved.notes()] == [note.onset for note in tune.notes()]
        back = moved.transpose(-semitones)
        assert back.notes() == tune.notes()
        assert set(moved.text) <= CANONICAL_SYMBOLS


@few
@given(
    st.one_of(
        st.text(max_size=20),
        st.from_regex(r"[A-Ga-g]?[#b]? ?[a-z]{0,4}( [\^_=]{1,2}[a-g]){0,3}", fullmatch=True),
    )
)
def test_a_key_is_read_or_refused(text):
    key = value_or_none(parse_key, text)
    if key:
        assert parse_key(key.text).text == key.text
        assert all(-2 <= alteration <= 2 for alteration in key.signature)
        assert transpose_key(transpose_key(key, 5), -5).tonic_pitch_class == key.tonic_pitch_class
    asked = value_or_none(canonical_key, text)
    assert asked is None or canonical_key(asked) == asked


@few
@given(st.one_of(st.text(max_size=20), st.from_regex(r"[0-9+() ]{1,6}/[0-9]{1,3}", fullmatch=True)))
def test_field_values_are_read_or_refused_and_canonical_ones_stay(text):
    for function in (canonical_meter, canonical_unit_note_length, canonical_rhythm):
        value = value_or_none(function, text)
        assert value is None or function(value) == value
    find_rhythm(text)


@few
@given(st.text(max_size=100))
def test_a_canonical_title_fits_and_stays(text):
    title = canonical_title(text)
    assert len(title) <= TITLE_LENGTH
    assert set(title) <= CANONICAL_SYMBOLS - {"\n"}
    assert title == title.strip() == canonical_title(title)
    assert transliterate(transliterate(text)) == transliterate(text)


@few
@given(st.text(alphabet="ABC()0129. %x", max_size=40))
def test_a_part_sequence_is_letters(text):
    sequence = part_sequence(text)
    assert len(sequence) <= 256
    assert sequence == "" or sequence.isalpha()
    assert part_sequence(sequence) == sequence


@few
@given(st.one_of(st.text(), st.lists(tunes, max_size=4).map("\n".join)))
def test_a_tunebook_is_cut_and_written_without_loss(text):
    text = text.replace("\r", "\n")
    parts = split_tunebook(text)
    assert "".join(parts) == (text[text.index(parts[0]) :] if parts else "")
    book = parse_tunebook(text)
    assert len(book.tunes) + len(book.problems) == len(parts)
    count, problems = check_tunebook(text)
    assert count == len(parts)
    assert all(problem.line <= text.count("\n") + 1 for problem in problems)
    again = parse_tunebook(format_tunebook(book.tunes))
    assert [tune.notes() for tune in again.tunes] == [tune.notes() for tune in book.tunes]
    assert [tune.reference_number for tune in again.tunes] == list(range(1, len(book.tunes) + 1))


@few
@given(st.binary())
def test_any_bytes_are_decoded(data):
    assert "\r" not in decode(data)
