"""What is wrong with MIDI files, or with what a model of them is given, is one line: what, where, and what to do."""

import json

import pytest

from abclm.cli import run
from abclm.midi.events import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, MidiEvent
from abclm.midi.file import PERCUSSION_CHANNEL, MidiFile, MidiNote
from abclm.models import folder as files
from abclm.piece import Piece

NOTES = ("--tokens", "notes", "--architecture", "hopkins-rnn", "--steps", "1")
FRAMES = ("--tokens", "rolls", "--architecture", "vae", "--network", "hidden=4", "--steps", "1")


def struck(channel, count=8):
    """A MIDI file of some notes on a channel."""
    events = []
    for place in range(count):
        events.append(MidiEvent(96 * place, NOTE_ON | channel, bytes([40 + place, 90])))
        events.append(MidiEvent(96 * place + 96, NOTE_OFF | channel, bytes([40 + place, 0])))
    return MidiFile(96, ((*events, MidiEvent(96 * count, META, bytes([END_OF_TRACK]))),)).to_bytes()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Folders: `good` and short, `drums` alone, `silent`, `broken` among good ones, `words`; and models of them."""
    home = tmp_path_factory.mktemp("home")
    for name in ("good", "drums", "silent", "broken", "words"):
        (home / name).mkdir()
    for start in (60, 62, 64):
        notes = [MidiNote(96 * n, 96 * n + 96, start + n, 80, 0, 0) for n in range(8)]
        for folder in ("good", "broken"):
            Piece.of_notes(notes, 96).save(home / folder / f"from-{start}.mid")
    whole = (home / "good" / "from-60.mid").read_bytes()
    for name, data in (
        ("cut", whole[:60]), ("empty", b""), ("head", whole[:14]), ("text", b"no music"), ("zeros", bytes(99)),
    ):  # fmt: skip
        (home / "broken" / f"{name}.mid").write_bytes(data)
    (home / "drums" / "drums.mid").write_bytes(struck(PERCUSSION_CHANNEL))
    (home / "silent" / "silent.mid").write_bytes(struck(0, 0))
    (home / "words" / "tune.abc").write_text("X:1\nT:Scale\nK:C\nCDEF|GABc|\n", encoding="utf-8")
    for model, given in (("notes", NOTES), ("frames", FRAMES)):
        assert run(["train", str(home / "good"), "--out", str(home / model), *given]) == 0
    return home


@pytest.fixture
def fail(home, capsys, monkeypatch, tmp_path):
    """Run a command that fails in the folder of the others; gives its error, which is one line."""
    monkeypatch.chdir(home)

    def fail(*arguments):
        out = ("--out", str(tmp_path / "out")) if arguments[0] != "evaluate" else ()
        capsys.readouterr()
        assert run([*map(str, arguments), *out]) in (1, 2)
        said = capsys.readouterr().err
        *before, line = said.splitlines()
        assert not any("error" in each or "Traceback" in each for each in before)
        assert line.startswith("abclm: error: ")
        return line.removeprefix("abclm: error: ")

    return fail


NO_MIDI = "there is no MIDI file; give a file, folder or glob that leads to one"
NO_PIECE = "there is no piece; "
DRUMS = "the MIDI file has no pitched note (it has 8 of drums); give one with a melody or chords"
SILENT = "the MIDI file has no pitched note; give one with a melody or chords"
ABC = "no MIDI file: it starts with b'X:1\\n', not b'MThd'; give a .mid file"
TUNES = "oldTunes is a corpus of tunes; give MIDI files or folders"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("words",), "words: no MIDI file is there; give a file, folder or glob that leads to one"),
        (("nowhere",), "nowhere: there is no such file or folder; check the path"),
        (("words/tune.abc",), f"words/tune.abc: {ABC}"),
        (("oldTunes",), TUNES),
        (("broken/empty.mid",), "broken/empty.mid: is empty; give a MIDI file with notes"),
        (("broken/text.mid",), "broken/text.mid: no MIDI file: it starts with b'no m', not b'MThd'; give a .mid file"),
        (("broken/zeros.mid",), "broken/zeros.mid: no MIDI file: it starts with b'\\x00\\x00\\x00\\x00', not b'MThd'; "
         "give a .mid file"),
        (("broken/cut.mid",), "broken/cut.mid: the MIDI file is cut off (60 bytes); write it again"),
        (("drums",), f"drums: {NO_PIECE}drums/drums.mid: {DRUMS}"),
        (("drums/drums.mid", "good"), f"drums/drums.mid: {DRUMS}"),
        (("silent",), f"silent: {NO_PIECE}silent/silent.mid: {SILENT}"),
    ],
)  # fmt: skip
def test_what_has_no_piece_is_said_by_every_command(given, said, fail):
    assert fail("train", *given, *NOTES) == said
    assert fail("train", *given, *FRAMES) == said
    for model in ("./notes", "./frames"):
        assert fail("fine-tune", *given, "--model", model) == said
        assert fail("evaluate", *given, "--model", model) == said
    for option in ("--against", "--count"):
        assert fail("evaluate", "good", option, given[0], "--model", "./notes") == said
    assert fail("sweep", *given, "--tokens", "notes", "--vary", "architecture=hopkins-rnn") == said


@pytest.mark.parametrize(
    ("like", "said"),
    [
        ("words/tune.abc", ABC),
        ("words", "Is a directory; give a MIDI file"),
        ("nowhere.mid", "No such file or directory; give a MIDI file"),
        ("drums/drums.mid", DRUMS),
        ("silent/silent.mid", SILENT),
        ("broken/cut.mid", "the MIDI file is cut off (60 bytes); write it again"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["./notes", "./frames"])
def test_what_can_not_be_gone_on_from_is_said(model, like, said, fail):
    assert fail("generate", "--model", model, "--like", like) == f"--like {like}: {said}"


def test_broken_files_among_many_are_left_out_and_said_by_every_command(home, capsys, tmp_path):
    given = (str(home / "broken"), str(home / "drums"))
    commands = (
        ("train", *given, "--out", str(tmp_path / "m"), *NOTES),
        ("fine-tune", *given, "--model", str(home / "notes"), "--out", str(tmp_path / "n"), "--epochs", "1"),
        ("evaluate", *given, "--model", str(home / "notes")),
        ("evaluate", str(home / "good"), "--against", *given[:1], "--model", str(home / "notes")),
        ("evaluate", str(home / "good"), "--count", *given[:1], "--model", str(home / "notes")),
    )
    for command in commands:
        capsys.readouterr()
        assert run(list(command)) == 0
        said = capsys.readouterr().err
        for name in ("cut", "empty", "head", "text", "zeros"):
            assert f"abclm: left out {home / 'broken' / name}.mid: " in said, command
        assert ("abclm: 1 more file left out" in said) == (command[1:3] == given)


@pytest.mark.parametrize("architecture", ["lstm", "gru"])
def test_windows_longer_than_all_pieces_together_are_refused_in_the_words_of_pieces(architecture, fail):
    assert fail("train", "good", "--tokens", "notes", "--architecture", architecture, "--units", "4") == (
        "the training text has 19 tokens, too few for a sequence length of 100; give more pieces, or a sequence length "
        "of up to 18"
    )


@pytest.mark.parametrize(
    "given",
    [
        ("--tokens", "notes", "--architecture", "hopkins-rnn", "--sequence-length", "99"),
        ("--tokens", "events", "--architecture", "gru", "--units", "4", "--sequence-length", "40"),
        ("--tokens", "rolls", "--architecture", "vae", "--network", "units=3", "--network", "window=99"),
        *(
            pytest.param(("--tokens", "notes", "--architecture", name), marks=pytest.mark.slow)
            for name in ("separable-2lstm-256", "rocco-2", "rocco-3b", "kankanala-gru")
        ),
    ],
)
def test_windows_longer_than_a_piece_are_filled_up(given, home, tmp_path, capsys):
    assert run(["train", str(home / "good"), *given, "--steps", "1", "--out", str(tmp_path / "m")]) == 0
    written = ("generate", "--model", str(tmp_path / "m"), "--events", "5", "--out", str(tmp_path / "out"))
    assert run([*written, "--like", str(home / "good" / "from-60.mid")]) == 0
    assert run(["evaluate", str(home / "good"), "--model", str(tmp_path / "m")]) == 0


def test_pieces_that_are_gone_on_with_are_told_of_in_their_words(home, tmp_path, capsys, caplog):
    for model, unit in (("notes", "token"), ("frames", "frame")):
        arguments = ("fine-tune", str(home / "good"), "--model", str(home / model), "--epochs", "1")
        assert run([*arguments, "--out", str(tmp_path / model)]) == 0
        said = capsys.readouterr().err
        assert f"bits/{unit}" in said
        assert "one piece is held out" in caplog.text
        assert "tune " not in said
        assert "character" not in said


def test_an_unknown_architecture_is_answered_by_the_nearest_names_or_all(fail):
    assert "'rocco-9' is unknown; did you mean rocco-" in fail(
        "train", "good", *NOTES[:2], "--architecture", "rocco-9"
    )
    said = fail("train", "good", *NOTES[:2], "--architecture", "transformer")
    assert "'transformer' is unknown; it is one of 4lstm-256, conv1d-128-2gru-256, " in said


def test_too_many_names_in_a_model_folder_are_one_line(home, tmp_path, fail):
    """No MIDI file has so many: 128 notes and 4,095 sets of pitch classes are 4,223 names."""
    model = tmp_path / "many"
    model.mkdir()
    for path in (home / "notes").iterdir():
        if path.is_file():
            (model / path.name).write_bytes(path.read_bytes())
    names = ["", *(f"C{number}" for number in range(2**16))]
    (model / files.VOCABULARY).write_text(json.dumps({"kind": "notes", "names": names}), encoding="utf-8")
    said = fail("evaluate", "good", "--model", model)
    assert said.startswith(f"{model / files.VOCABULARY}: a vocabulary of notes has up to 65,536 names")


def test_no_note_that_is_often_enough_is_one_line(fail):
    assert "no note or chord occurs as often as 99 times" in fail(
        "train", "good", *NOTES, "--threshold", "99"
    )
