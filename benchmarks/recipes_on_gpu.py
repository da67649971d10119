"""Train recipes in PyTorch, several at once on one GPU, and print their figures: `recipes.py` at full size.

    python benchmarks/recipes_on_gpu.py --corpus irish.abc --split split.json --out FOLDER
                                        --runs paper:120:3 keys:80 recurrent:200:3 [--keep recurrent:200] [--test]
    python benchmarks/recipes_on_gpu.py --training train.abc --validation validation.abc --out FOLDER --runs session:160

A run is a recipe of `protocol.py`, the maximum number of epochs, and the number of seeds. It does the same as
`abclm.training` (the same initial weights, windows, optimizer and schedule) in PyTorch, so that a GPU trains the
network of 1,024 units in minutes; `recipes.py` on two cores takes an hour. Weights, optimizer and evaluation are
float32; in training, the recurrence and its gradients are float16. After each epoch, or with `--every` after several,
the model is evaluated on the held-out tunes, and the best weights count. The last column is with a cache
(`abclm.models.recall`).

`results.jsonl` gets a line for each run. Runs named by `--keep` write a model folder for the first seed. With
`--test`, the best weights of each run are also evaluated on the test tunes of the split; these figures are only
written to the file, to be read after all decisions. `--told FOLDER` prints the table of a folder, including these
figures.

`abclm corpus split oneills1850 ryansMammoth airdsAirs --relatives-together --out FOLDER` writes the tunes of the
shipped models. PyTorch is not a dependency: install it yourself. `--device cpu` is for tests."""

import argparse
import json
import math
import multiprocessing
import platform
import queue
import statistics
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from protocol import RECIPES, read_split, same_size
from torch.nn import functional

from abclm import CharacterTokenizer, LanguageModel, ModelConfig, TrainingConfig
from abclm.analysis.forms import count_forms, share_on_tonic
from abclm.analysis.novelty import NoveltyIndex
from abclm.corpora.corpus import Corpus
from abclm.datasets.encoded import EncodedCorpus
from abclm.datasets.epochs import HIGHEST, LOWEST, Feed, encode_in_key
from abclm.evaluation.figures import EncodedTunes, Evaluation
from abclm.models.recall import WEIGHTS, mix

TOKENIZER = CharacterTokenizer.default()
LOSS_SCALE = 2.0**12
EPSILON = 1e-7  # Adam's, as Keras has it
TUNES_AT_ONCE = 256
TUNES_FOR_FORMS = 300  # as `abclm.training` has it


class Job(NamedTuple):
    """A run to do."""

    recipe: str
    epochs: int
    seed: int

    @property
    def name(self) -> str:
        """As it is asked for."""
        return f"{self.recipe}:{self.epochs}"


class Tunes(NamedTuple):
    """What all runs train on and are measured on."""

    training: EncodedCorpus
    in_keys: dict[tuple[int, int], Any]
    validation: EncodedTunes
    test: EncodedTunes | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", help="the tunes, one file, with --split")
    parser.add_argument("--split", type=Path, help="JSON with the places of the tunes")
    parser.add_argument("--training", help="or tunes to train on")
    parser.add_argument("--validation", help="and tunes that are held out")
    parser.add_argument("--test", action="store_true", help="measure the test tunes of the split, too")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--told", type=Path, metavar="FOLDER", help="print what is there")
    parser.add_argument("--runs", nargs="+", default=[], metavar="RECIPE:PASSES[:SEEDS]")
    parser.add_argument("--keep", nargs="*", default=[], metavar="RECIPE:PASSES")
    parser.add_argument("--units", type=int, default=ModelConfig().units)
    parser.add_argument("--embedding-dimension", type=int, default=ModelConfig().embedding_dimension)
    parser.add_argument("--threads", type=int, default=4, help="runs at the same time")
    parser.add_argument("--every", type=int, default=1, help="passes between two measurements")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no other run after that")
    options = parser.parse_args()
    if options.told:
        lines = (options.told / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return print_table([json.loads(line) for line in lines])
    if not options.out or not options.runs or not (options.split or options.training):
        parser.error("give --out, --runs, and either --corpus and --split or --training and --validation")
    if options.test and not options.split:
        parser.error("--test measures the test tunes of a split; give --corpus and --split")

    jobs = [job for text in options.runs for job in parse_runs(text)]
    tunes = read_tunes(options, with_keys=any(RECIPES[job.recipe].get("transposition") for job in jobs))
    device = torch.device(options.device)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    print(
        f"{platform.python_version()}, PyTorch {torch.__version__}, {device_name(device)}; "
        f"{tunes.training.tunes} tunes, {tunes.training.characters:,} characters; {len(tunes.validation.ids)} held out",
        flush=True,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    results: list[dict[str, Any]] = []
    start = time.monotonic()
    threads = [
        threading.Thread(target=work, args=(waiting, tunes, device, options, results, start))
        for _ in range(options.threads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print_table([{name: value for name, value in result.items() if name != "test"} for result in results])


def parse_runs(text: str) -> Iterator[Job]:
    recipe, epochs, *seeds = text.split(":")
    if recipe not in RECIPES:
        raise SystemExit(f"{recipe!r} is no recipe; there are {', '.join(RECIPES)}")
    if "strict" in RECIPES[recipe]:
        raise SystemExit(f"{recipe} trains on other tunes than the others; recipes.py has it")
    for seed in range(int(seeds[0]) if seeds else 1):
        yield Job(recipe, int(epochs), seed)


def read_tunes(options: argparse.Namespace, with_keys: bool) -> Tunes:
    if options.split:
        parts = read_split(options.corpus, options.split)
    else:
        files = {"train": options.training, "validation": options.validation}
        parts = {part: Corpus.read(path).normalize() for part, path in files.items()}
    training = parts["train"]
    in_keys: dict[tuple[int, int], Any] = {}
    if with_keys:  # before there are threads
        with multiprocessing.get_context("fork").Pool() as pool:
            semitones = range(LOWEST, HIGHEST + 1)
            encoded = pool.map(partial(in_all_keys, semitones=semitones), training.tunes, chunksize=16)
        for place, ids in enumerate(encoded):
            in_keys |= {(place, by): each for by, each in zip(semitones, ids, strict=True)}
    return Tunes(
        EncodedCorpus.encode(training, TOKENIZER),
        in_keys,
        EncodedTunes(TOKENIZER, parts["validation"].tunes),
        EncodedTunes(TOKENIZER, parts["test"].tunes) if options.test else None,
    )


def in_all_keys(tune: Any, semitones: range) -> list[Any]:
    return [encode_in_key(tune, by, TOKENIZER) for by in semitones]


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def work(
    waiting: queue.SimpleQueue[Job],
    tunes: Tunes,
    device: torch.device,
    options: argparse.Namespace,
    results: list[dict[str, Any]],
    start: float,
) -> None:
    """Do one run after another, in a thread of its own; on a GPU in a stream of its own."""
    stream = torch.cuda.Stream(device) if device.type == "cuda" else None
    with torch.cuda.stream(stream):
        while time.monotonic() - start < options.seconds:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                result = run(job, tunes, device, options)
            except Exception:  # the other runs go on
                traceback.print_exc()
                continue
            results.append(result)
            with (options.out / "results.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
            print(
                f"{time.monotonic() - start:4.0f} s: {job.name} seed {job.seed}: best of pass {result['best']} of "
                f"{result['passes']}, {result['bits_per_tune']:.1f} bits per tune, training "
                f"{result['training']:.3f}, {result['milliseconds']:.1f} ms a step",
                flush=True,
            )


def run(job: Job, tunes: Tunes, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    """Train one model; its figures."""
    settings = {**RECIPES[job.recipe], "epochs": job.epochs, "seed": job.seed}
    layers = settings.pop("layers", 1)
    config = TrainingConfig(**settings)
    model = (
        same_size(options.units, layers)
        if layers > 1
        else ModelConfig(units=options.units, embedding_dimension=options.embedding_dimension)
    )
    lm = LanguageModel.create(model, seed=job.seed)
    network = Network(lm, device, job.seed)
    trainer = Trainer(network, config)
    feed = Feed(
        tunes.training, TOKENIZER, sequence_length=config.sequence_length, batch_size=config.batch_size,
        seed=config.seed, whole_tunes=config.whole_tunes, transposition=config.transposition, in_keys=tunes.in_keys,
    )  # fmt: skip
    total_steps = config.total_steps(feed.steps_per_epoch)
    history: list[dict[str, Any]] = []
    best: dict[str, Any] = {}
    seconds = 0.0
    for epoch in range(job.epochs):
        start = time.monotonic()
        loss = trainer.run_epoch(*feed.epoch(epoch), feed, total_steps)
        seconds += time.monotonic() - start
        if (epoch + 1) % options.every and epoch + 1 < job.epochs:
            continue
        with trainer.averaged():
            nats = measure(network, tunes.validation)
            if not best or nats < best["nats"]:
                best = {"nats": nats, "epoch": epoch + 1, "weights": network.copy(), "training": loss}
        characters = sum(len(ids) - 1 for ids in tunes.validation.ids)
        history.append(
            {
                "epoch": epoch + 1,
                "steps": trainer.step,
                "bits_per_character": loss / math.log(2),
                "validation_bits_per_character": nats / math.log(2) / characters,
                "validation_bits_per_tune": nats / math.log(2) / len(tunes.validation.ids),
            }
        )
        if config.patience and epoch + 1 - best["epoch"] >= config.patience:
            break
    network.load(best["weights"])
    figures = evaluate(network, tunes.validation)
    cached = evaluate(network, tunes.validation, WEIGHTS)
    result = {
        "recipe": job.recipe,
        "most_passes": job.epochs,
        "seed": job.seed,
        "layers": model.layers,
        "units": model.units,
        "parameters": model.parameters(len(TOKENIZER)),
        "best": best["epoch"],
        "passes": history[-1]["epoch"],
        "training": best["training"] / math.log(2),
        "bits_per_character": figures.bits_per_character,
        "bits_per_tune": figures.bits_per_tune,
        "bits_per_tune_with_cache": cached.bits_per_tune,
        "milliseconds": 1000 * seconds / trainer.step,
        "curve": [round(each["validation_bits_per_tune"], 2) for each in history],
    }
    if tunes.test is not None:
        test, cached_test = evaluate(network, tunes.test), evaluate(network, tunes.test, WEIGHTS)
        result["test"] = {
            "bits_per_character": test.bits_per_character,
            "bits_per_tune": test.bits_per_tune,
            "bits_per_tune_with_cache": cached_test.bits_per_tune,
        }
    if job.name in options.keep and job.seed == 0:
        keep(lm, network, config, history, figures, tunes, device, options.out / job.name.replace(":", "-"))
    return result


def print_table(results: list[dict[str, Any]]) -> None:
    """Print a row for each recipe: means over its seeds, and of bits per tune the lowest and the highest."""
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for result in results:
        rows.setdefault((result["recipe"], result["most_passes"]), []).append(result)
    print("recipe | passes | best | seeds | training | bits/character | bits/tune | with the cache | tunes")
    for (recipe, passes), of_this in rows.items():
        best = statistics.mean(result["best"] for result in of_this)
        training = statistics.mean(result["training"] for result in of_this)
        print(
            f"{recipe} | {passes} | {best:.0f} | {len(of_this)} | {training:.2f} | {figures_of(of_this)} | validation"
        )
        if all("test" in result for result in of_this):
            print(f"{recipe} | {passes} | | | | {figures_of([result['test'] for result in of_this])} | test")


def figures_of(found: list[dict[str, float]]) -> str:
    per_character, bits, cached = (
        [each[name] for each in found]
        for name in ("bits_per_character", "bits_per_tune", "bits_per_tune_with_cache")
    )
    spread = f" ({min(bits):.1f} to {max(bits):.1f})" if len(bits) > 1 else ""
    return (
        f"{statistics.mean(per_character):.4f} | {statistics.mean(bits):.1f}{spread} | "
        f"{statistics.mean(cached):.1f}"
    )


class Network(torch.nn.Module):
    """The network of a model, with its weights under their names and in Keras' shapes.

    Args:
        lm: the model.
        device: where it is run.
        seed: of dropout.
    """

    def __init__(self, lm: LanguageModel, device: torch.device, seed: int) -> None:
        super().__init__()
        self.config, self.device = lm.config, device
        self.weights = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.tensor(weight)) for name, weight in lm.weights.items()}
        ).to(device)
        self.random = torch.Generator(device).manual_seed(seed)

    def logits(self, ids: torch.Tensor, dropout: TrainingConfig | None = None) -> torch.Tensor:
        """Logits from a zero state, float32 (batch, time, vocabulary); with dropout while training."""
        rates = dropout or TrainingConfig()
        kind = torch.float16 if dropout and self.device.type == "cuda" else torch.float32
        states = functional.embedding(ids, self.weights["embedding/embeddings"])  # (batch, time, features)
        ones = torch.ones_like(states[:, :1])
        states = states * self.drop(ones, rates.embedding_dropout)  # one mask a sequence
        for name in self.config.layer_names():
            recurrent = self.drop(self.weights[f"{name}/recurrent_kernel"], rates.recurrent_dropout)
            bias = self.weights[f"{name}/bias"]
            parts = (self.weights[f"{name}/kernel"].T, recurrent.T, bias, torch.zeros_like(bias))
            parts = [part.to(kind).contiguous() for part in parts]
            zero = torch.zeros(1, len(ids), self.config.units, dtype=kind, device=self.device)
            states, _, _ = torch.lstm(
                states.to(kind), (zero, zero), parts, True, 1, 0.0, dropout is not None, False, True
            )  # gates in the order i, f, c, o, as Keras has them
            states = self.drop(states.float(), rates.output_dropout)
        return states @ self.weights["dense/kernel"] + self.weights["dense/bias"]

    def drop(self, values: torch.Tensor, rate: float) -> torch.Tensor:
        """Zero a share of the values and scale up the rest."""
        if not rate:
            return values
        kept = torch.rand(values.shape, generator=self.random, device=self.device) >= rate
        return values * kept / (1 - rate)

    def copy(self) -> dict[str, torch.Tensor]:
        """The weights as they are now."""
        return {name: weight.detach().clone() for name, weight in self.weights.items()}

    @torch.no_grad()
    def load(self, weights: dict[str, torch.Tensor]) -> None:
        """Take other weights."""
        for name, weight in self.weights.items():
            weight.copy_(weights[name])


class Trainer:
    """A network, and the optimizer that changes it as `abclm.training` does."""

    def __init__(self, network: Network, config: TrainingConfig) -> None:
        self.network, self.config, self.step = network, config, 0
        named = dict(network.weights.items())
        biases = [weight for name, weight in named.items() if name.endswith("bias")]
        others = [weight for name, weight in named.items() if not name.endswith("bias")]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": others, "weight_decay": config.weight_decay},
                {"params": biases, "weight_decay": 0.0},
            ],
            fused=network.device.type == "cuda",
        )
        self.average = network.copy() if config.averaging else {}

    def run_epoch(self, text: Any, starts: Any, feed: Feed, total_steps: int) -> float:
        """Do an epoch's steps; the mean loss, in nats per character."""
        device, length = self.network.device, self.config.sequence_length
        characters = torch.tensor(np.asarray(text)).to(device)
        places = torch.tensor(starts[:]).to(device)[:, None] + torch.arange(length + 1, device=device)
        total = torch.zeros((), device=device)
        for batch in range(feed.steps_per_epoch):
            windows = characters[places[batch * feed.windows : (batch + 1) * feed.windows]].long()
            total += self._step(windows, self.config.learning_rate_at(self.step, total_steps))
            self.step += 1
        loss = float(total) / feed.steps_per_epoch
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss became {loss} by step {self.step}")
        return loss

    def _step(self, windows: torch.Tensor, learning_rate: float) -> torch.Tensor:
        config = self.config
        logits = self.network.logits(windows[:, :-1], config).flatten(0, 1)
        targets = windows[:, 1:].flatten()
        objective = functional.cross_entropy(logits, targets, label_smoothing=config.label_smoothing)
        with torch.no_grad():
            loss = functional.cross_entropy(logits, targets) if config.label_smoothing else objective.detach()
        weights = list(self.network.weights.values())
        (objective * LOSS_SCALE).backward()
        with torch.no_grad():
            torch._foreach_mul_([weight.grad for weight in weights], 1 / LOSS_SCALE)
        if config.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(weights, config.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
            # Keras adds it to the root of the second moment before that is corrected for its beginning at 0.
            group["eps"] = EPSILON / math.sqrt(1 - group["betas"][1] ** (self.step + 1))
        self.optimizer.step()
        self.optimizer.zero_grad()
        for name, average in self.average.items():
            average.lerp_(self.network.weights[name].detach(), 1 - config.averaging)
        return loss

    def averaged(self) -> Any:
        """Give the network the averages of its weights for a while, where they are kept."""
        return Swapped(self.network, self.average)


class Swapped:
    """Other weights for a while; none leave it as it is."""

    def __init__(self, network: Network, weights: dict[str, torch.Tensor]) -> None:
        self._network, self._weights = network, weights

    def __enter__(self) -> None:
        if self._weights:
            self._own = self._network.copy()
            self._network.load(self._weights)

    def __exit__(self, *_: object) -> None:
        if self._weights:
            self._network.load(self._own)


@torch.no_grad()
def padded_logits(network: Network, tunes: EncodedTunes) -> Iterator[tuple[list[int], Any, Any, Any]]:
    """Places of some tunes; their logits (tunes, time, vocabulary), targets (tunes, time), and which of those count."""
    order = sorted(range(len(tunes.ids)), key=lambda place: len(tunes.ids[place]))
    for first in range(0, len(order), TUNES_AT_ONCE):
        places = order[first : first + TUNES_AT_ONCE]
        lengths = torch.tensor([len(tunes.ids[place]) - 1 for place in places], device=network.device)
        padded = np.zeros((len(places), int(lengths.max()) + 1), np.uint8)
        for row, place in zip(padded, places, strict=True):
            row[: len(tunes.ids[place])] = tunes.ids[place]
        ids = torch.tensor(padded).to(network.device).long()
        counted = torch.arange(ids.shape[1] - 1, device=network.device) < lengths[:, None]
        yield places, network.logits(ids[:, :-1]), ids[:, 1:], counted


def measure(network: Network, tunes: EncodedTunes) -> float:
    """What the tunes cost, each by itself from a zero state: nats in all."""
    nats = 0.0
    for _, logits, targets, counted in padded_logits(network, tunes):
        costs = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        nats += float((costs.double() * counted.flatten()).sum())
    return nats


def evaluate(network: Network, tunes: EncodedTunes, cache: tuple[float, ...] = ()) -> Evaluation:
    """The same with all figures, as `abclm.evaluation` has them."""
    count = len(tunes.ids)
    header_nats, nats, correct = [0.0] * count, [0.0] * count, [0] * count
    recalled = tunes.recalled(cache)
    for places, logits, _, _ in padded_logits(network, tunes):
        for place, padded in zip(places, logits.cpu().numpy(), strict=True):
            ids, (likely, weights) = tunes.ids[place], recalled[place]
            scores = padded[: len(ids) - 1].astype(np.float64)
            mix(scores, likely, weights)
            scores -= scores.max(axis=1, keepdims=True)
            costs = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), ids[1:]]
            header_nats[place] = float(costs[: tunes.header_characters[place]].sum())
            nats[place] = float(costs.sum())
            correct[place] = int((scores.argmax(axis=1) == ids[1:]).sum())
    return Evaluation.of(tunes.costs(header_nats, nats, correct))


def keep(
    lm: LanguageModel,
    network: Network,
    config: TrainingConfig,
    history: list[dict[str, Any]],
    figures: Evaluation,
    tunes: Tunes,
    device: torch.device,
    folder: Path,
) -> None:
    """Save a model with what its metadata should say, float16."""
    corpus = tunes.training.source
    assert corpus is not None
    some = corpus.tunes[:: -(-len(corpus) // TUNES_FOR_FORMS)]
    lm.weights = {name: weight.cpu().numpy() for name, weight in network.copy().items()}
    lm.history = type(lm.history)(history)
    lm.novelty_index = NoveltyIndex.create(corpus.tunes)
    lm.metadata["training"] = {
        "config": asdict(config),
        "corpus": {
            "name": tunes.training.name,
            "tunes": tunes.training.tunes,
            "characters": tunes.training.characters,
            "checksum": tunes.training.checksum,
        },
        "held_out": figures.to_dict(),
        "forms": count_forms(some),
        "tonic_endings": share_on_tonic(some),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
            "device": device_name(device),
        },
    }
    lm.save(folder, dtype="float16")


if __name__ == "__main__":
    main()
