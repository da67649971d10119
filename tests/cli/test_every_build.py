"""Every network of the papers trains by the command, goes on where it was, and writes MIDI and sound that play."""

import wave

import pytest

from abclm.cli import run
from abclm.cli.training.run import RunDisplay
from abclm.language_model import LanguageModel
from abclm.midi.file import MidiNote
from abclm.models.architecture import ARCHITECTURES, find_architecture
from abclm.models.layered.config import LayeredConfig
from abclm.models.vae.config import LOSSES
from abclm.piece import Piece
from abclm.training.checkpoint import read_checkpoint

LAYERED = [name for name in ARCHITECTURES.names() if issubclass(find_architecture(name), LayeredConfig)]
FRAMES = ("--tokens", "rolls", "--architecture", "vae", "--network", "hidden=8")
BUILDS = {
    **{name: ("--tokens", "notes", "--architecture", name, "--sequence-length", "6") for name in LAYERED},
    "hopkins-rnn, lowest notes, several ahead": (
        "--tokens", "lowest", "--architecture", "hopkins-rnn", "--network", "ahead=4",
    ),
    "rocco-1, both ways": (
        "--tokens", "notes", "--architecture", "rocco-1", "--sequence-length", "6", "--network", "bidirectional=true",
    ),
    "rocco-3b, ReLU": (
        "--tokens", "notes", "--architecture", "rocco-3b", "--sequence-length", "6", "--network", "attention=relu",
    ),
    **{f"vae, {loss}": (*FRAMES, "--network", f"loss={loss}") for loss in LOSSES},
    "vae, recurrent": (*FRAMES, "--network", "units=4", "--sequence-length", "4"),
    "vae, after": (*FRAMES, "--network", "after=true"),
}  # fmt: skip
FAST = ("hopkins-rnn", "vae, binary")


@pytest.fixture(scope="module")
def midi(tmp_path_factory):
    """A folder of four small pieces."""
    folder = tmp_path_factory.mktemp("midi")
    for start in (56, 58, 60, 62):
        pitches = [start + each for each in (0, 4, 7, 12, 7, 4) * 3]
        notes = [MidiNote(96 * n, 96 * n + 96, pitch, 80, 0, 0) for n, pitch in enumerate(pitches)]
        Piece.of_notes(notes, 96).save(folder / f"from-{start}.mid")
    return folder


@pytest.mark.parametrize(
    "build", [each if each in FAST else pytest.param(each, marks=pytest.mark.slow) for each in BUILDS]
)
def test_a_build_trains_goes_on_and_writes_what_plays(build, midi, tmp_path, monkeypatch):
    model, out = str(tmp_path / "m"), tmp_path / "out"
    command = [
        "train",
        str(midi),
        "--out",
        model,
        *BUILDS[build],
        "--batch-size",
        "8",
        "--validation",
        "0.25",
    ]
    command += ["--steps", "2"]

    def stop(display, progress):
        display.steps = progress.step
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunDisplay, "__call__", stop)
        assert run(command) == 130
    begun = read_checkpoint(tmp_path / "m").state["step"]
    assert run([*command, "--resume"]) == 0
    lm = LanguageModel.load(model)
    assert (begun, lm.history[-1]["steps"]) == (1, 2)
    assert lm.metadata["training"]["held_out"]["bits_per_character"] > 0
    piece = str(midi / "from-60.mid")
    written = [
        "generate",
        "--model",
        model,
        "--like",
        piece,
        "--events",
        "24",
        "--seed",
        "1",
        "--out",
        str(out),
    ]
    assert run([*written, "--format", "mid,wav"]) == 0
    assert Piece.load(out / "piece-1.mid").notes()
    with wave.open(str(out / "piece-1.wav")) as sound:
        heard = sound.readframes(sound.getnframes())
    assert len(set(heard)) > 2  # not silent
