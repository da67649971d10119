"""Say what every architecture has to give: from its sizes, the weights, the network that is trained, the sampling engine.

An architecture is one of the three parts of a model, beside the tokenizer and the decoder; it deals in token ids alone.
Each is a folder here: its config, a frozen dataclass below `Architecture`, beside it the Keras network and the engine,
which the config imports when they are asked for. `register` makes it known by its name, which stands in a model's
`config.json`.

An engine may round the weights to be faster, as it writes the same tunes with whatever it has. It has to give each text
of a batch the bits that the text has alone.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from abclm._version import VERSION
from abclm.errors import ConfigError
from abclm.system import options
from abclm.system.registry import Registry

Floats = npt.NDArray[np.float32]
Weights = Mapping[str, Floats]

FORMAT_VERSION = 2
"""Of `config.json`. Version 1 had no architecture: it is read as an LSTM of characters."""


class State(Protocol):
    """What a step of an engine leaves for the next, of each text."""

    @property
    def batch(self) -> int:
        """How many texts are written at once."""

    def column(self, place: int) -> Self:
        """Return a copy of one text's values, as a state of batch 1."""

    def put(self, place: int, column: Self) -> None:
        """Give one text the values of a state of batch 1."""

    def only(self, places: list[int]) -> Self:
        """Return a copy of some texts' values."""


class Engine(Protocol):
    """A model's weights, laid out to write with: token ids in, logits out, one step at a time.

    A text is given the same bits whatever the other texts of the batch are, and how many.
    """

    def start(self, batch: int = 1) -> Any:
        """Return the `State` that every text begins from."""

    def step(
        self,
        state: Any,
        ids: Sequence[int] | npt.NDArray[np.integer[Any]],
        places: Any = (),
    ) -> Floats:
        """Read one token a text, changing the state: scores of the next.

        Args:
            state: of the texts.
            ids: a token id for each.
            places: of each the columns of `abclm.models.context` after it, integers `(batch, columns)`, for a model with
                `structure`.

        Returns:
            Logits, float32 `(batch, tokens)`; with `structure` the gate's scores behind them, see `models.copies`.
        """

    def logits(self, ids: npt.NDArray[np.integer[Any]]) -> Floats:
        """Score what follows each token of one text, from the beginning: float32 `(time, tokens)`.

        With `structure` it takes `(time, 1 + columns)`, and gives the logarithms of the mixture.
        """


class Network(Protocol):
    """What the training loop needs of a Keras model beside what Keras gives."""

    def logits(self, ids: Any, dropout: Any = ..., product_type: Any = None) -> Any:
        """Logits for every position of ids `(batch, time)`, `(batch, time, tokens)`, from the first state.

        Args:
            ids: integers; of a model that reads a context, `(batch, time, 1 + columns)`.
            dropout: what to drop in this step, see `abclm.models.keras_network.Dropout`; by default nothing.
            product_type: what recurrent products are multiplied in, `tf.bfloat16` say; by default the type of the rest.
        """

    def named_variables(self) -> dict[str, Any]:
        """The variables under the names that they have in a model folder."""


@dataclass(frozen=True, kw_only=True)
class Architecture(ABC):
    """The sizes of a network, and what is made of them. Each architecture is a subclass, again a frozen dataclass.

    Args:
        cache: how far to trust a passage that comes again, of 3, 4, ... symbols, each from 0 to below 1; the last is
            for all longer ones. None by default. See `abclm.models.recall`.

    Attributes:
        name: what stands in `config.json`.
        token_axes: the weights that have a place for each token, and on which axis: they grow with the vocabulary.
    """

    name: ClassVar[str]
    token_axes: ClassVar[Mapping[str, int]]

    cache: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if problems := list(self.problems()):
            raise ConfigError("; ".join(problems))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values; a subclass may add its own."""
        yield from options.problems(self)
        if not isinstance(self.cache, tuple) or not all(
            isinstance(weight, float) and 0 <= weight < 1 for weight in self.cache
        ):
            yield f"cache is a tuple of numbers from 0 to below 1, received {self.cache!r}"

    @classmethod
    def sizes(cls, of_pieces: bool) -> dict[str, Any]:
        """The fields that a new model is best given where nothing else is asked for, if they are not the defaults.

        Args:
            of_pieces: whether it is a model of MIDI pieces, not of tunes.
        """
        return {}

    @classmethod
    def recipe(cls, of_pieces: bool) -> dict[str, Any]:
        """How the network is trained where nothing else is asked for: fields of `TrainingConfig`, if not its defaults.

        Args:
            of_pieces: whether it is a model of MIDI pieces, not of tunes.
        """
        return {}

    @property
    def window_length(self) -> int | None:
        """How many tokens the network reads to predict what follows; None where it predicts after each token of any text.

        A network with a window gives logits for the tokens behind it alone, `(batch, tokens_ahead, tokens)`.
        """
        return None

    @property
    def tokens_ahead(self) -> int:
        """How many tokens behind a window are predicted at once."""
        return 1

    @abstractmethod
    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape."""

    @abstractmethod
    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, Floats]:
        """Draw untrained weights as Keras' layers do by default; `seed` is an integer from 0."""

    @abstractmethod
    def engine(self, weights: Weights) -> Engine:
        """Make an engine that writes with these weights, which are copied."""

    def arithmetic(self) -> object:
        """What `engine` would work with now, where there are several ways."""
        return None

    def exact_engine(self, weights: Weights) -> Engine:
        """Make an engine that gives the logits of these weights as they are, to measure with; by default `engine`."""
        return self.engine(weights)

    def step_model(self, weights: Weights, metadata: Mapping[str, str]) -> bytes:
        """Return one step of `engine` as the content of an `.onnx` file.

        Args:
            weights: of the model.
            metadata: what to tell whoever reads it.

        Raises:
            ConfigError: the network has no such step, as it reads a window anew for each token.
        """
        raise ConfigError(f"only recurrent networks that carry a state are exported; {self.name} has none")

    def is_integer(self, name: str, shape: tuple[int, ...]) -> bool:
        """Whether `Model.save` stores this weight in 8 bits for `"int8"`, not in 16.

        Args:
            name, shape: of the weight, as `weight_shapes` gives them.
        """
        return name.endswith("kernel") and len(shape) == 2

    @abstractmethod
    def network(
        self, vocabulary_size: int, weights: Weights | None = None, precision: str = "float32"
    ) -> Any:
        """Make the Keras network, a `keras.Model` that is also a `Network`.

        Args:
            vocabulary_size: number of tokens.
            weights: named as in a model folder; without them Keras initialises the network.
            precision: `"float32"`, or `"bfloat16"`, which is for GPUs: all but the weights in bfloat16.
        """

    @property
    def gains_by_bfloat16(self) -> bool:
        """Whether training is faster with recurrent products in bfloat16 on a processor that has it; by default not."""
        return False

    @abstractmethod
    def describe(self) -> str:
        """The network in some words, for people: `an LSTM layer of 1,024 units, symbols embedded in 256`."""

    @property
    def columns(self) -> int:
        """How many columns of `abclm.models.context` the network reads beside each token; by default none."""
        return 0

    def parameters(self, vocabulary_size: int) -> int:
        """Count the weights' numbers."""
        return sum(int(np.prod(shape)) for shape in self.weight_shapes(vocabulary_size).values())

    def to_json(self) -> str:
        """Return the config, with the folder's format version and the architecture's name, as a JSON object."""
        data = {"format_version": FORMAT_VERSION, "architecture": self.name, **asdict(self)}
        data["cache"] = data.pop("cache")  # last: what a subclass adds says more
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a config of what `to_json` wrote, without version and name.

        Raises:
            ConfigError: a key is unknown, missing or out of range.
        """
        known = [each.name for each in fields(cls)]
        given = {"cache": [], **settings}  # which the first models did not have
        if different := sorted(map(repr, given.keys() ^ set(known))):
            raise ConfigError(
                f"unknown or missing: {', '.join(different)}; a config of {cls.name} has {', '.join(sorted(known))}"
            )
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})


ARCHITECTURES: Registry[Architecture] = Registry(
    "architecture",
    Architecture,
    ConfigError,
    attributes={"name": str, "token_axes": Mapping},
    known={
        "gru": "abclm.models.gru.config:GRUConfig",
        "lstm": "abclm.models.lstm.config:ModelConfig",
        "4lstm-256": "abclm.models.layered.voorhis_allen:Baseline",
        "conv1d-2lstm-256": "abclm.models.layered.voorhis_allen:Conv1DLSTM",
        "lstm-256": "abclm.models.layered.voorhis_allen:OneLSTM",
        "conv1d-128-2gru-256": "abclm.models.layered.voorhis_allen:Conv1DGRU",
        "separable-2lstm-256": "abclm.models.layered.voorhis_allen:SeparableLSTM",
        "conv1d-256-3lstm-128": "abclm.models.layered.voorhis_allen:Conv1DThreeLSTM",
        "conv1d-2lstm-256-batchnorm": "abclm.models.layered.voorhis_allen:Conv1DBatchNorm",
        "time-distributed-2lstm-256": "abclm.models.layered.voorhis_allen:TimeDistributed",
        "rocco-0": "abclm.models.layered.rocco:Rocco0",
        "rocco-1": "abclm.models.layered.rocco:Rocco1",
        "rocco-1b": "abclm.models.layered.rocco:Rocco1b",
        "rocco-1c": "abclm.models.layered.rocco:Rocco1c",
        "rocco-2": "abclm.models.layered.rocco:Rocco2",
        "rocco-2b": "abclm.models.layered.rocco:Rocco2b",
        "rocco-3": "abclm.models.layered.rocco:Rocco3",
        "rocco-3b": "abclm.models.layered.rocco:Rocco3b",
        "kankanala-lstm": "abclm.models.layered.kankanala:KankanalaLSTM",
        "kankanala-lstm-text": "abclm.models.layered.kankanala:KankanalaLSTMText",
        "kankanala-gru": "abclm.models.layered.kankanala:KankanalaGRU",
        "hopkins-rnn": "abclm.models.layered.hopkins:HopkinsRNN",
        "vae": "abclm.models.vae.config:VAEConfig",
    },
)
register = ARCHITECTURES.register
find_architecture = ARCHITECTURES.find


def read_config(text: str) -> Architecture:
    """Read what `to_json` wrote.

    Raises:
        ConfigError: no JSON object, a newer format version, an unknown architecture, or a key that is unknown, missing
            or out of range.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"a model's config is JSON; this is not: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError("a model's config is a JSON object; received something else")
    version = data.pop("format_version", None)
    if version not in (1, FORMAT_VERSION) or isinstance(version, bool):
        raise ConfigError(
            f"format_version is {version!r}, this abclm {VERSION} reads 1 and {FORMAT_VERSION}; update abclm"
        )
    name = "lstm" if version == 1 else data.pop("architecture", None)
    return find_architecture(name).from_settings(data)
