"""Turn a network's sizes into the names, shapes and first values of its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from abclm._version import VERSION
from abclm.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

FORMAT_VERSION = 1  # of the model folder


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a network, Embedding → LSTM layers → Dense, and how far a tune's own passages count beside it.

    Args:
        embedding_dimension: numbers that stand for a symbol at the input, 1 to 16,384.
        units: size of each LSTM layer's state, 1 to 16,384.
        layers: LSTM layers, 1 to 16.
        cache: how far to trust a passage that comes again, of 3, 4, ... symbols, each from 0 to below 1; the last is
            for all longer ones. None by default. See `abclm.models.recall`.

    Raises:
        ConfigError: a value is out of range.

    Example:
        >>> ModelConfig().parameters(vocabulary_size=83)
        5353299
    """

    embedding_dimension: int = 256
    units: int = 1024
    layers: int = 1
    cache: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        ranges = {"embedding_dimension": 16_384, "units": 16_384, "layers": 16}
        wrong = [
            f"{name} is an integer from 1 to {highest:,}, received {getattr(self, name)!r}"
            for name, highest in ranges.items()
            if type(getattr(self, name)) is not int or not 1 <= getattr(self, name) <= highest
        ]
        if not isinstance(self.cache, tuple) or not all(
            isinstance(weight, float) and 0 <= weight < 1 for weight in self.cache
        ):
            wrong.append(f"cache is a tuple of numbers from 0 to below 1, received {self.cache!r}")
        if wrong:
            raise ConfigError("; ".join(wrong))

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: no JSON object, another format version, or a key that is unknown, missing or
                out of range.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"a model's config is JSON; this is not: {error}") from None
        if not isinstance(data, dict):
            raise ConfigError("a model's config is a JSON object; received something else")
        version = data.pop("format_version", None)
        if version != FORMAT_VERSION:
            raise ConfigError(
                f"format_version is {version!r}, this abclm {VERSION} reads {FORMAT_VERSION}; update abclm"
            )
        names = {each.name for each in fields(cls)}
        data.setdefault("cache", [])  # which the first models did not have
        if data.keys() != names:
            different = ", ".join(sorted(map(repr, data.keys() ^ names)))
            raise ConfigError(
                f"unknown or missing: {different}; a config has format_version, {', '.join(sorted(names))}"
            )
        cache = data["cache"]
        return cls(**{**data, "cache": tuple(cache) if isinstance(cache, list) else cache})

    def to_json(self) -> str:
        """Return the config, with the folder's format version, as a JSON object."""
        return json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, indent=2) + "\n"

    def weight_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """Name each weight, after the Keras weight it comes from, and give its shape.

        A kernel's columns are the gates, in Keras' order: input, forget, cell, output.
        """
        inputs = self.embedding_dimension
        shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocabulary_size, inputs)}
        for layer in self.layer_names():
            shapes[f"{layer}/kernel"] = (inputs, 4 * self.units)
            shapes[f"{layer}/recurrent_kernel"] = (self.units, 4 * self.units)
            shapes[f"{layer}/bias"] = (4 * self.units,)
            inputs = self.units
        shapes["dense/kernel"] = (self.units, vocabulary_size)
        shapes["dense/bias"] = (vocabulary_size,)
        return shapes

    def layer_names(self) -> list[str]:
        """Name the LSTM layers, from input to output: `lstm`, `lstm_1`, ..."""
        return [f"lstm_{number}" if number else "lstm" for number in range(self.layers)]

    def parameters(self, vocabulary_size: int) -> int:
        """Count the weights' numbers."""
        return sum(int(np.prod(shape)) for shape in self.weight_shapes(vocabulary_size).values())

    def initial_weights(self, vocabulary_size: int, seed: int) -> dict[str, npt.NDArray[np.float32]]:
        """Draw untrained weights as Keras' layers do by default; `seed` is an integer from 0."""
        if type(seed) is not int or seed < 0:
            raise ConfigError(f"seed is an integer from 0; received {seed!r}")
        generator = np.random.default_rng(seed)
        shapes = self.weight_shapes(vocabulary_size)
        return {name: _draw(name, shape, generator) for name, shape in shapes.items()}


def _draw(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw one weight as Keras' layers do by default."""
    kind = name.rpartition("/")[2]
    if kind == "embeddings":
        return generator.uniform(-0.05, 0.05, shape).astype(np.float32)
    if kind == "kernel":  # Glorot & Bengio 2010, equation 16
        limit = np.sqrt(6 / sum(shape))
        return generator.uniform(-limit, limit, shape).astype(np.float32)
    if kind == "recurrent_kernel":  # orthogonal rows: Saxe et al. 2014
        q, r = np.linalg.qr(generator.standard_normal(shape[::-1]))
        return np.ascontiguousarray((q * np.sign(np.diag(r))).T, np.float32)
    bias = np.zeros(shape, np.float32)
    if name.startswith("lstm"):
        units = shape[0] // 4
        bias[units : 2 * units] = 1  # the forget gate starts open: Jozefowicz et al. 2015
    return bias
