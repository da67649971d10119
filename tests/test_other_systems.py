"""The scripts that docs/other-systems.md tells of run, on tiny settings, and say what they should."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

import abclm
from abclm.cli import run
from abclm.datasets.pieces import PieceOptions, split_pieces
from abclm.evaluation.ngram import NGramModel
from abclm.midi.file import MidiNote
from abclm.models.architecture import ARCHITECTURES, find_architecture
from abclm.models.layered.config import LayeredConfig
from abclm.models.vae.config import VALUES, VAEConfig
from abclm.piece import Piece
from abclm.tokenizers.rolls import RollTokenizer

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
LAYERED = [name for name in ARCHITECTURES.names() if issubclass(find_architecture(name), LayeredConfig)]


@pytest.fixture
def small_pieces(tmp_path):
    """A folder of small MIDI files."""
    folder = tmp_path / "midi"
    folder.mkdir()
    for start in range(50, 58):
        pitches = [start + each for each in (0, 4, 7, 12, 7, 4) * 8]
        notes = [MidiNote(96 * n, 96 * n + 96, pitch, 80, 0, 0) for n, pitch in enumerate(pitches)]
        Piece.of_notes(notes, 96, title=f"from {start}").save(folder / f"from-{start}.mid")
    return folder


def test_what_goes_on_from_a_piece_is_compared_with_it_and_with_others(benchmark, small_pieces, tmp_path):
    pieces = abclm.Pieces.read(small_pieces)
    tokenizer = PieceOptions().tokenizer("notes", pieces)
    config = abclm.ModelConfig(embedding_dimension=4, units=8)
    abclm.LanguageModel.create(config, tokenizer, seed=1).save(tmp_path / "m")
    said = benchmark(
        "like_pieces.py", small_pieces, "--model", "m", "--pieces", 2, "-n", 2, "--events", 20,
        "--opening-tokens", 20, "--past", 0.9,
    )  # fmt: skip
    costs = [float(each) for each in re.findall(r"0(?:\.\d)?: ([\d.]+)", said)]
    assert costs[-1] < costs[0]
    assert said.count("| longest run shared | nearest to its own |") == 2
    assert re.findall(r"(\d) of 2 are nearest to their own piece; of the openings themselves 2", said)


def test_a_page_has_a_piece_of_each_model(benchmark, small_pieces, tmp_path):
    small_model = tmp_path / "tunes"
    abclm.LanguageModel.create(abclm.ModelConfig(embedding_dimension=4, units=4), seed=1).save(small_model)
    given = ("--tokens", "notes", "--vary", "architecture=hopkins-rnn,lstm-256", "--steps", "1")
    assert run(["sweep", str(small_pieces), *given, "--out", "runs"]) == 0
    for loss, values in VALUES.items():
        frames = abclm.LatentModel.create(
            VAEConfig(latent=2, hidden=4, loss=loss), RollTokenizer(values=values), seed=1
        )
        frames.save(tmp_path / "runs" / f"vae-{loss}")
    said = benchmark("sounds.py", "runs", small_model, "--events", 12, "--out", "sounds.html")
    assert said.count(": 12 notes") == 2
    assert "runs/vae-classes: " in said
    assert f"left out {small_model}: it writes tunes" in said
    page = Path("sounds.html").read_text(encoding="utf-8")
    assert page.count("<article") == page.count('<svg role="img"') == 5
    for name in ("architecture=hopkins-rnn", "architecture=lstm-256", "vae-binary", "vae-mse", "vae-classes"):
        assert name in page


def test_networks_of_the_papers_are_trained_for_the_same_time_and_go_on(benchmark, small_pieces, tmp_path):
    pytest.importorskip("torch")
    given = (
        "--out", "runs", "--threads", 1, "--sample", 20, "--held-out", 30,
        "--only", "hopkins-rnn", "kankanala-gru", "ours",
    )  # fmt: skip
    said = benchmark("other_systems.py", small_pieces, *given, "--minutes", 0.002)
    assert re.search(r"(?m)^\| `hopkins-rnn` \| [\d,]+ \| 0\.002 \| [\d.]+ \| ", said)
    again = benchmark("other_systems.py", small_pieces, *given, "--minutes", 0.004)
    figures = json.loads((tmp_path / "runs" / "figures.json").read_text())
    assert {run["minutes"] for run in figures["runs"].values()} == {0.004}
    settled = {name: run["settled"] for name, run in figures["runs"].items()}
    assert settled.pop("piece/kankanala-gru")[0] > 0  # which has batch normalisation, of few steps
    assert settled == {"piece/hopkins-rnn": None, "piece/ours": None}
    assert "hopkins-rnn: " in again
    assert "| `ours` |" in benchmark("paper_tables.py", "runs/figures.json")
    # With 0.01 seconds of patience, the first measurement that is not better ends a run; ours is not ended.
    patient = (
        "--ours", "pitches=1", "tokens_dropped=0.5", "weights_dropped=0.5", "units=8",
        "--minutes", 0.1, "--measure", 0.05, "--patience", 0.01, "--only", "hopkins-rnn", "ours",
    )  # fmt: skip
    benchmark("other_systems.py", small_pieces, *given[:-4], *patient)
    figures = json.loads((tmp_path / "runs" / "figures.json").read_text())
    runs = {name: figures["runs"][f"piece/{name}"] for name in ("hopkins-rnn", "ours")}
    assert {run["minutes"] for run in runs.values()} == {0.1}
    taken, best = runs["hopkins-rnn"]["seconds"], runs["hopkins-rnn"]["best_after_seconds"]
    assert taken < 6
    assert taken > best
    assert runs["ours"]["seconds"] >= 6
    assert runs["ours"]["settings"] == {
        "pitches": 1,
        "tokens_dropped": 0.5,
        "weights_dropped": 0.5,
        "units": 8,
    }
    assert "| `ours`, pitches 1, tokens_dropped 0.5, " in benchmark("paper_tables.py", "runs/figures.json")
    # Figures of other settings are not taken for what was asked for.
    said = benchmark("other_systems.py", small_pieces, *given[:-4], "--minutes", 0.002, "--only", "ours")
    assert "| `ours` |" in said


def test_networks_of_ours_are_told_what_names_consist_of(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.syspath_prepend(BENCHMARKS)
    layered = importlib.import_module("layered_torch")
    names = ["", "C4", "B-5", "0.4.7", "rest"]
    places = [each.nonzero().flatten().tolist() for each in layered.pitch_features(names)]
    assert places == [[23], [0, 16], [10, 17], [0, 4, 7, 22], [23]]
    torch.manual_seed(0)
    network = layered.OurNetwork(5, names, pitches=1, tokens_dropped=0.5, weights_dropped=0.5).eval()
    ids = torch.tensor([[1, 2, 3, 4]])
    assert torch.equal(network(ids), network(ids))  # nothing is dropped but in training
    network.train()
    assert not torch.equal(network(ids), network(ids))


@pytest.mark.parametrize("name", LAYERED)
def test_a_network_of_the_benchmark_has_the_parameters_that_keras_counts(name, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(BENCHMARKS)
    layered = importlib.import_module("layered_torch")
    config = find_architecture(name)(window=6)
    assert layered.parameters_of(layered.WindowNetwork(config, 9)) == config.parameters(9)


def figures_of(*runs):
    """Figures as other_systems.py writes them, of networks and what their best weights cost."""
    return {
        "counts": {"piece": {str(order): 5.0 + order / 100 for order in range(1, 6)}},
        "runs": {
            f"piece/{name}": {
                "name": name, "split": "piece", "minutes": 2.0, "epochs": 0.5, "parameters": 1234, "nats": nats,
                "accuracy": 0.125, "best_after_seconds": 61.6, "converged": name == "ours",
                "history": [[20.1, nats + 1], [40.2, nats]],
                "left_out": ["recurrent dropout"] if name == "rocco-0" else [],
                "settled": [nats - 0.4, 0.25] if name == "rocco-1" else None,
            } for name, nats in runs
        },
    }  # fmt: skip


def test_figures_are_put_into_a_page_with_their_curves(benchmark, tmp_path):
    figures = figures_of(("rocco-0", 5.025), ("rocco-1", 5.5), ("lstm-256", 5.6), ("ours", 4.25))
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    page = "# A\n\n<!-- builds: C, piece -->\n\nWords.\n\n<!-- builds: B, last -->\n\n<!-- builds: all, piece -->\n"
    (tmp_path / "page.md").write_text(page)
    said = [
        benchmark("paper_tables.py", "figures.json", "--page", "page.md", "--curves", "curves.png")
        for _ in range(2)  # the second time in the place of the first
    ]
    assert said == ["", ""]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "page.md").read_text()
    first, words, rest = text.partition(
        "\nWords.\n\n<!-- builds: B, last -->\n\n<!-- builds: all, piece -->\n"
    )
    assert words
    assert first.splitlines()[6:] == [
        "| `ours` | 1,234 | 2 | 0.50 | 4.250 | 0.125 | 62 s | yes |",
        "| 1-gram | | | | 5.010 | | | |",
        "| 2-gram | | | | 5.020 | | | |",
        "| `rocco-0`, without recurrent dropout | 1,234 | 2 | 0.50 | 5.025 | 0.125 | 62 s | no |",
        "| 3-gram | | | | 5.030 | | | |",
        "| `rocco-1`, statistics taken anew | | | | 5.100 | 0.250 | | |",
        "| `rocco-1` | 1,234 | 2 | 0.50 | 5.500 | 0.125 | 62 s | no |",
    ]
    assert rest.count("\n") == 3 + 5 + 3
    assert "`lstm-256`" in benchmark("paper_tables.py", "figures.json")


def test_runs_of_more_minutes_have_a_table_of_their_own(benchmark, tmp_path):
    (tmp_path / "figures.json").write_text(json.dumps(figures_of(("ours", 4.25), ("lstm-256", 5.6))))
    longer = figures_of(("ours", 4.125), ("lstm-256", 5.5))
    longer["runs"]["piece/ours"] |= {"minutes": 120.0, "seconds": 7200}
    longer["runs"]["piece/lstm-256"] |= {"minutes": 120.0, "seconds": 1800}
    (tmp_path / "longer.json").write_text(json.dumps(longer))
    (tmp_path / "page.md").write_text("<!-- builds: all, piece, longer -->\n\n<!-- builds: all, piece -->\n")
    for given in ((), ("--longer", "longer.json"), ()):  # without, the table stays as it is
        benchmark("paper_tables.py", "figures.json", "--page", "page.md", *given)
    first, _, second = (tmp_path / "page.md").read_text().partition("<!-- builds: all, piece -->")
    assert "| `ours` | 1,234 | 120 | 0.50 | 4.125 |" in first
    assert "| `lstm-256` | 1,234 | 30 of 120 | 0.50 | 5.500 |" in first
    assert "| `ours` | 1,234 | 2 | 0.50 | 4.250 |" in second
    assert "5.500" not in second


def test_count_models_are_measured_on_the_tokens_that_networks_were_measured_on(
    benchmark, small_pieces, tmp_path
):
    (tmp_path / "figures.json").write_text(json.dumps(figures_of(("ours", 1.0))))
    found = {
        most: re.search(
            r"(?m)^\| 2-gram \| +\| +\| +\| ([\d.]+)",
            benchmark("paper_tables.py", "figures.json", small_pieces, "--held-out", most),
        )[1]
        for most in (0, 5)
    }
    training, held_out = split_pieces(
        pieces := abclm.Pieces.read(small_pieces),
        tokenizer := PieceOptions().tokenizer("notes", pieces),
        "piece", 0.3, 0, has_windows=True,
    )  # fmt: skip
    shares = NGramModel.of_text(training, 2, tokenizer).shares(held_out)
    apart = -(-len(shares) // 5)
    assert found == {
        0: f"{-np.log(shares).mean():.3f}",
        5: f"{-np.log(shares[apart // 2 :: apart]).mean():.3f}",
    }


def test_networks_that_predict_the_next_frame_are_compared(benchmark, small_pieces):
    pytest.importorskip("torch")
    given = (
        "--seconds",
        0.05,
        "--frames",
        50,
        "--only",
        "Conv1D over 16 frames",
        "GRU over 32 frames",
        "vae after",
    )
    said = benchmark("next_frame.py", small_pieces, *given)
    assert float(re.search(r"(?m)^\| counts of keys \| \| ([\d.]+) ", said)[1]) > 0
    assert re.search(r"(?m)^\| Conv1D over 16 frames \| [\d.]+ \| [\d.]+ \| ", said)
    parts = re.search(r"(?m)^\| vae after \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", said)
    total, reconstruction, divergence = map(float, parts.groups())
    assert total == pytest.approx(reconstruction + divergence, abs=0.01)


def test_what_a_gan_and_other_networks_write_is_compared_with_held_out_frames(
    benchmark, small_pieces, tmp_path
):
    pytest.importorskip("torch")
    names = ("GAN", "Conv1D over 16 frames", "vae", "vae after")
    picture = tmp_path / "samples.png"
    said = benchmark(
        "frame_samples.py", small_pieces, "--seconds", 0.05, "--only", *names, "--picture", picture
    )
    rows = dict(re.findall(r"(?m)^\| ([^|]+) \| ([\d.]*) \| [\d.]+ \| [\d.]+ \| [\d.]+ \| \d* ?\|$", said))
    assert [*rows] == ["held-out pieces", "training pieces", "keys by how often they sound", *names]
    assert all(0 <= float(told) <= 1 for told in [*rows.values()][1:])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_two_samples_are_told_apart_only_where_they_differ(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(BENCHMARKS)
    script = importlib.import_module("frame_samples")
    random = np.random.default_rng(0)
    one, other, third = (
        (random.random((256, script.SEGMENT, script.KEYS)) < share).astype(np.uint8)
        for share in (0.05, 0.05, 0.2)
    )
    assert script.told_from(one, other, seeds=1) < 0.65
    assert script.told_from(one, third, seeds=1) > 0.95
    assert script.nearest(one[:2], one) == 0
    assert script.nearest(third[:2], one) > 100


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adamax"])
def test_an_optimizer_of_the_benchmark_changes_weights_as_keras_does(name, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    keras = pytest.importorskip("keras")
    monkeypatch.syspath_prepend(BENCHMARKS)
    layered = importlib.import_module("layered_torch")
    gradients = np.float32([[1e-6, 1e-4, 1e-2, 1.0], [2e-6, -3e-4, 1e-2, 0.1], [1e-5, 1e-4, -1e-2, 0.5]])
    weight = torch.nn.Parameter(torch.zeros(4))
    optimizer = layered.OPTIMIZERS[name]([weight], lr=0.01)
    variable, theirs = (
        keras.Variable(np.zeros(4, np.float32)),
        keras.optimizers.get({"class_name": name, "config": {}}),
    )
    theirs.learning_rate = 0.01
    for gradient in gradients:
        weight.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        theirs.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    # Of Adam's root, PyTorch corrects the bias before epsilon is added: where gradients are small, they differ.
    first = 2 if name == "adam" else 0
    np.testing.assert_allclose(weight.detach().numpy()[first:], np.asarray(variable)[first:], rtol=2e-3)
