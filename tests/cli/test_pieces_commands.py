"""Train and generate with models of MIDI pieces: what they write, what they say, and how they fail."""

import json

import pytest

from abclm.cli import run
from abclm.errors import ModelError
from abclm.language_model import LanguageModel
from abclm.midi.file import MidiNote
from abclm.piece import Piece

SMALL = ("--tokens", "notes", "--architecture", "hopkins-rnn", "--sequence-length", "4")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a dozen small pieces and a broken file among them, and a model of them."""
    home = tmp_path_factory.mktemp("home")
    for start in range(48, 60):
        pitches = [start + each for each in (0, 4, 7, 12, 7, 4) * 3]
        notes = [
            MidiNote(96 * place, 96 * place + 96, pitch, 80, 0, 0) for place, pitch in enumerate(pitches)
        ]
        Piece.of_notes([*notes, MidiNote(0, 96, start + 4, 80, 0, 0)], 96).save(home / f"from-{start}.mid")
    (home / "broken.mid").write_bytes(b"MThd no more")
    assert (
        run(
            [
                "train",
                str(home),
                "--out",
                str(home / "m"),
                "--epochs",
                "1",
                "--learning-rate",
                "0.001",
                *SMALL,
            ]
        )
        == 0
    )
    return home


@pytest.fixture
def call(capsys):
    """Run a command; gives exit code, output and errors."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def is_one_line(errors):
    return errors.startswith("abclm: error: ") and errors.count("\n") == 1


def test_training_says_what_was_left_out_and_what_count_models_come_to(home, call, tmp_path):
    code, out, errors = call(
        "train", home, "--out", tmp_path / "m", "--steps", 2, *SMALL, "--threshold", 4, "--split", "random", "--json"
    )  # fmt: skip
    assert code == 0
    assert f"left out {home / 'broken.mid'}: the MIDI file is cut off" in errors
    assert "12 pieces" in errors
    assert "rare notes and chords" in errors
    assert "count models on the same split, bits/token: 1-gram" in errors
    figures = json.loads(out.splitlines()[-1])
    assert list(figures["count_models_bits_per_token"]) == ["1", "2", "3", "4", "5"]
    assert figures["validation_bits_per_character"] > 0


def test_a_model_of_pieces_goes_on_from_a_piece_in_each_format(home, call, tmp_path):
    code, out, errors = call(
        "generate", "--model", home / "m", "--like", home / "from-50.mid", "--events", 20, "--seed", 1, "--top-k", 3,
        "--out", tmp_path, "--format", "mid,wav,svg,html", "--json",
    )  # fmt: skip
    assert (code, errors.count("wrote")) == (0, 1)
    assert {path.suffix for path in tmp_path.iterdir()} == {".mid", ".wav", ".svg", ".html"}
    (written,) = json.loads(out)["pieces"]
    assert written["tokens"] == 20
    lm, piece = LanguageModel.load(home / "m"), Piece.load(written["files"][0])
    assert len(lm.tokenizer.read(piece)) == 20


def test_a_network_that_predicts_every_token_reads_pieces_too(home, call, tmp_path):
    code, _, errors = call(
        "train", home, "--out", tmp_path / "m", "--steps", 1, "--tokens", "events", "--steps-per-quarter", 4,
        "--units", 4, "--embedding-dimension", 3, "--sequence-length", 20, "--split", "last",
    )  # fmt: skip
    assert (code, "161 different tokens" in errors) == (0, True)
    assert LanguageModel.load(tmp_path / "m").tokenizer.kind == "events"


def test_frames_are_trained_on_and_written_like_any_other_tokens(home, call, tmp_path):
    code, out, errors = call(
        "train", home, "--out", tmp_path / "m", "--steps", 2, "--tokens", "rolls", "--architecture", "vae",
        "--sequence-length", 4, "--network", "loss=classes", "--network", "hidden=8", "--json",
    )  # fmt: skip
    assert (code, "bits/frame" in errors) == (0, True)
    assert json.loads(out)["validation_accuracy"] >= 0
    lm = LanguageModel.load(tmp_path / "m")
    assert (lm.config.loss, lm.config.hidden, lm.config.window, lm.tokenizer.values) == (
        "classes",
        8,
        4,
        "velocity",
    )
    code, out, _ = call(
        "generate", "--model", tmp_path / "m", "--like", home / "from-50.mid", "--events", 9, "--seed", 1,
        "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert (code, json.loads(out)["pieces"][0]["tokens"]) == (0, 9 * 128)


def test_a_model_of_pieces_is_measured_and_what_it_writes_compared(home, call, tmp_path):
    arguments = ("evaluate", home / "from-50.mid", "--model", home / "m")
    code, out, _ = call(*arguments, "--count", home, "--against", home / "from-51.mid", "--json")
    figures = json.loads(out)
    assert (code, figures["unit"], figures["units"]) == (0, "token", 19)
    assert list(figures["counts_nats"]) == [f"{order}-gram" for order in range(1, 6)]
    assert figures["comparison"]["distances"]["pitch"]["in_units"] == pytest.approx(1)
    code, out, _ = call(*arguments, "--generate", 1, "--seed", 2)
    assert code == 0
    assert "accuracy" in out
    assert "mean  " in out
    code, out, _ = call(*arguments, "--past", 0.9, "--json")
    assert (code, json.loads(out)["nats"] < figures["nats"]) == (0, True)  # the piece goes round in circles
    for given, said in (
        (("--past", 1), "past is a number from 0 to below 1"),
        (("--bar-redraws", 3), "does not have --bar-redraws"),
        (("--clean",), "--clean is for tunes"),
        (("--picture", tmp_path / "x.png"), "a LatentModel has the architecture vae"),
    ):
        code, _, errors = call(*arguments, *given)
        assert (code != 0, said in errors) == (True, True)


def test_a_model_goes_on_from_passages_of_its_training_pieces(home, call, tmp_path):
    lm = LanguageModel.load(home / "m")
    passages = lm.metadata["training"]["openings"]
    whole = [
        lm.tokenizer.encode(lm.tokenizer.read(Piece.load(path))).tolist() for path in home.glob("*-*.mid")
    ]
    assert 0 < len(passages) < 12  # of those not held out
    assert all(passage in whole for passage in passages)
    code, _, _ = call(
        "generate", "--model", home / "m", "--like", "training", "--events", 3, "--out", tmp_path, "--seed", 1
    )
    assert code == 0
    pieces = lm.generate_pieces(n=8, events=1, temperature=0.01, like="training", seed=1)
    assert len({note.pitch for piece in pieces for note in piece.notes()}) > 1
    for broken in ([], [["x"]], [[10_000]], 3):
        lm.metadata["training"]["openings"] = broken
        with pytest.raises(ModelError, match="passage"):
            lm.generate_pieces(like="training")


def test_a_model_of_pieces_goes_on_with_others(home, call, tmp_path):
    code, out, errors = call(
        "fine-tune", home, "--model", home / "m", "--out", tmp_path / "m", "--epochs", 1, "--validation", 0.2, "--json",
        "--old", home / "from-50.mid",
    )  # fmt: skip
    assert (code, "2 pieces held out of yours" in errors, "bits per token before" in errors) == (
        0,
        True,
        True,
    )
    assert json.loads(out)["before"]["held_out"]["tunes"] == 2
    tuned, before = LanguageModel.load(tmp_path / "m"), LanguageModel.load(home / "m")
    assert tuned.tokenizer == before.tokenizer
    assert "went_on_from" in tuned.metadata["training"]
    code, _, errors = call("fine-tune", home, "--model", home / "m", "--out", tmp_path / "n", "--raw")
    assert (code, "--clean and --raw are for tunes" in errors) == (2, True)


@pytest.mark.slow
def test_architectures_of_pieces_are_swept(home, call, tmp_path):
    code, out, errors = call(
        "sweep", home, "--out", tmp_path / "s", "--tokens", "notes", "--vary", "architecture=hopkins-rnn,lstm-256",
        "--set", "sequence_length=3", "--set", "architecture=hopkins-rnn", "--steps", 1, "--json",
    )  # fmt: skip
    assert (code, "count models on the same split" in errors) == (0, True)
    results = [json.loads(line) for line in out.splitlines()]
    assert [each["value"] for each in results] == ["hopkins-rnn", "lstm-256"]
    assert [each["is_baseline"] for each in results] == [True, False]
    assert all(0 <= each["accuracy"] <= 1 for each in results)
    assert (tmp_path / "s" / "architecture.png").exists()
    code, _, errors = call("sweep", home, "--out", tmp_path / "t", "--vary", "architecture=grus")
    assert (code, "did you mean gru" in errors) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--architecture", "conv1d-2lstm"), "did you mean conv1d-2lstm-256"),
        (("--architecture", "rocco-0"), "rocco-0 is for MIDI pieces; add --tokens notes"),
        ((*SMALL, "--layers", 3), "hopkins-rnn does not have --layers"),
        (("--tokens", "noets"), "did you mean notes"),
        (("--tokens", "rolls", "--units", 4), "tokens of rolls don't go together"),
        ((*SMALL, "--network", "loss=mse"), "'loss' is no setting"),
        ((*SMALL, "--network", "inputs=whole"), "inputs is one of scaled, one-hot, embedding"),
        ((*SMALL, "--network", "ahead"), "--network takes NAME=VALUE; received 'ahead'"),
        ((*SMALL, "--network", "ahead=many"), "--network ahead is an integer from 1 to 64; received 'many'"),
        (("--tokens", "notes", "--units", 4, "--split", "random"), "take split piece or last"),
        ((*SMALL, "--meter", "3/4"), "no piece"),
        ((*SMALL, "--instrument", "fiddle"), "no piece"),
    ],
)
def test_what_can_not_be_trained_is_one_line(arguments, said, home, call, tmp_path):
    code, _, errors = call("train", home, "--out", tmp_path / "m", "--steps", 1, *arguments)
    assert code != 0
    assert said in errors
    assert is_one_line(errors.splitlines()[-1] + "\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "add --out DIR"),
        (("--out", "o", "--title", "x"), "does not have --title"),
        (("--out", "o", "--format", "pdf"), "--format takes mid, wav, mp3, svg, png, html"),
        (("--out", "o", "--like", "missing.mid"), "--like missing.mid: No such file"),
        (("--out", "o", "--like", "tune.abc"), "--like tune.abc: no MIDI file: it starts with b'X:1"),
        (("--out", "o", "--like", "empty.mid"), "--like empty.mid: no MIDI file"),
    ],
)
def test_what_a_model_of_pieces_can_not_write_is_one_line(arguments, said, home, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tune.abc").write_text("X:1\nK:D\nd2|\n", encoding="utf-8")
    (tmp_path / "empty.mid").write_bytes(b"")
    code, _, errors = call("generate", "--model", home / "m", *arguments)
    assert code != 0
    assert said in errors
    assert is_one_line(errors)


def test_a_model_of_tunes_has_no_events(call):
    code, _, errors = call("generate", "--model", "small", "--events", 3)
    assert (code != 0, "a model of tunes does not have --events" in errors) == (True, True)


def test_a_piece_goes_by_its_own_past_where_asked_for(home, call, tmp_path):
    like = ("generate", "--model", home / "m", "--like", home / "from-50.mid", "--events", 40, "--seed", 1)
    lm = LanguageModel.load(home / "m")
    own = set(lm.tokenizer.read(Piece.load(home / "from-50.mid")))
    shares = []
    for past in (0, 0.9):
        code, _, _ = call(*like, "--past", past, "--out", tmp_path / str(past))
        assert code == 0
        tokens = lm.tokenizer.read(Piece.load(next((tmp_path / str(past)).iterdir())))
        shares.append(sum(token in own for token in tokens) / len(tokens))
    assert shares[1] > shares[0]


def test_chords_are_for_tunes(home, call, tmp_path):
    code, _, errors = call("generate", "--model", home / "m", "--add-chords", "--out", tmp_path)
    assert (code, is_one_line(errors)) == (2, True)
    assert "--add-chords is for tunes" in errors


def test_defaults_of_pieces_are_said_and_give_way_to_what_is_given(home, call, tmp_path):
    arguments = (
        "train",
        home,
        "--tokens",
        "notes",
        "--sequence-length",
        20,
        "--batch-size",
        32,
        "--steps",
        1,
    )
    code, _, errors = call(*arguments, "--units", 8, "--out", tmp_path / "m")
    assert code == 0
    assert "defaults here: --embedding-dimension 128 --learning-rate 0.003 --schedule cosine" in errors
    assert "--units" not in errors
    lm = LanguageModel.load(tmp_path / "m")
    assert (lm.config.units, lm.config.embedding_dimension) == (8, 128)
    config = lm.metadata["training"]["config"]
    # 32 is the default of tunes, and was given.
    assert (config["batch_size"], config["sequence_length"], config["learning_rate"]) == (32, 20, 0.003)


def test_each_network_of_a_sweep_is_trained_as_its_paper_says(home, call, tmp_path):
    code, _, _ = call(
        "sweep", home, "--out", tmp_path / "s", "--tokens", "notes", "--vary", "architecture=hopkins-rnn,lstm-256",
        "--steps", 1, "--set", "sequence_length=4", "--set", "clip_norm=2",
    )  # fmt: skip
    assert code == 0
    found = {}
    for name in ("hopkins-rnn", "lstm-256"):
        settings = json.loads((tmp_path / "s" / f"architecture={name}" / "result.json").read_text())[
            "settings"
        ]
        config = settings["config"]
        found[name] = (config["learning_rate"], config["batch_size"], config["transposition"])
        assert (config["clip_norm"], config["steps"], settings["model"]["window"]) == (2, 1, 4)
    assert found == {"hopkins-rnn": (0.01, 128, 0), "lstm-256": (0.001, 128, 0)}
