"""Turn TF_CONFIG and the devices of a machine into those who share the work of each step.

Every worker runs the same command. Each takes its part of every batch, the gradients are added up, and
all make the same change to the same weights. The first, the *chief*, alone writes.
"""

import contextlib
import functools
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from abclm.errors import ConfigError, ModelError
from abclm.models.architecture import Architecture
from abclm.system.words import counted
from abclm.training.config import AUTO, TrainingConfig

_log = logging.getLogger(__name__)

_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


@dataclass(frozen=True)
class Workers:
    """Who trains together.

    Attributes:
        strategy: TensorFlow's, in whose scope variables are made.
        index: which of the workers this process is, from 0; 0 is the chief.
        count: how many processes there are.
        devices: how many devices each of them has a part of a batch for.
    """

    strategy: Any
    index: int = 0
    count: int = 1
    devices: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this process writes."""
        return self.index == 0

    def check(self, windows: int) -> None:
        """Refuse a batch of so many windows that leaves a worker nothing; ConfigError."""
        if windows < self.count * self.devices:
            raise ConfigError(
                f"a batch of {counted(windows, 'window')} is too small for "
                f"{counted(self.count * self.devices, 'worker')}; give a larger batch size, more tunes, or fewer workers"
            )

    def part(self, size: int) -> slice:
        """This worker's part of so many: consecutive ones, parts as equal as can be.

        Example:
            >>> [Workers(None, index, 3).part(32) for index in range(3)]
            [slice(0, 11, None), slice(11, 22, None), slice(22, 32, None)]
        """
        each, more = divmod(size, self.count)
        first = each * self.index + min(self.index, more)
        return slice(first, first + each + (self.index < more))

    def spread(self, batch: Any) -> Any:
        """Give each device of this process its part of `(batch, time)`."""
        if self.devices == 1:
            return batch
        parts = np.array_split(batch, self.devices)
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group % self.devices])
        )

    def gather(self, values: Sequence[float]) -> npt.NDArray[np.float64]:
        """Tell all workers the numbers of each: float64 `(workers, values)`, for all of them the same."""
        table = np.zeros((self.count, len(values)))
        table[self.index] = values
        if self.count == 1:
            return table
        return np.asarray(self.local(self._sum(tf.constant(table))))

    def share(self, variables: Sequence[Any]) -> None:
        """Give all workers the values that the chief's variables have."""
        if self.count > 1:
            values = [tf.cast(variable.value, tf.float32) for variable in variables]
            values = [value if self.is_chief else tf.zeros_like(value) for value in values]
            for variable, value in zip(variables, self._sum(values), strict=True):
                variable.assign(self.local(value))

    def local(self, result: Any) -> Any:
        """What `strategy.run` gave on the first device of this process."""
        return self.strategy.experimental_local_results(result)[0].numpy()

    @functools.cached_property
    def _sum(self) -> Any:
        def add(values: Any) -> Any:
            mine = tf.nest.map_structure(lambda value: value / self.devices, values)
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, mine)

        return tf.function(lambda values: self.strategy.run(add, args=(values,)))


def find_workers() -> Workers:
    """Find out who trains: the workers that TF_CONFIG names, the GPUs of this machine, or one device.

    Raises:
        ConfigError: TF_CONFIG is not what TensorFlow takes.
        ModelError: the workers can't be reached, or TensorFlow was used before them.
    """
    text = os.environ.get("TF_CONFIG", "")
    index, count = read_tf_config(text) if text else (0, 1)
    if count > 1:
        return _many(text, index, count)
    gpus = len(tf.config.list_physical_devices("GPU"))
    if gpus > 1:
        return Workers(tf.distribute.MirroredStrategy(), devices=gpus)
    return Workers(tf.distribute.get_strategy())


def settled_precision(
    config: TrainingConfig, shape: Architecture, workers: Workers, begun: str | None = None
) -> TrainingConfig:
    """Choose the precision where it is `"auto"`, and log it; refuse one that this machine lacks.

    Args:
        config: how to train.
        shape: of the network.
        workers: who train together: all have to have bfloat16.
        begun: the precision of the run to go on with, which it keeps.

    Raises:
        ConfigError: the devices can't do it, or only slower.
    """
    precision = config.precision
    if precision == AUTO:
        is_cpu = not tf.config.list_physical_devices("GPU")
        is_faster = is_cpu and shape.gains_by_bfloat16 and bool(_BFLOAT16_FLAGS & _cpu_flags())
        precision = begun or ("bfloat16" if workers.gather([float(is_faster)]).all() else "float32")
        _log.info("training with products in %s%s", precision, ", as the run was begun" if begun else "")
    try:
        check_precision(precision)
    except ConfigError as error:
        if not begun:
            raise
        raise ConfigError(f"the run was begun in {precision}; go on where it was begun ({error})") from None
    return replace(config, precision=precision)


def check_precision(precision: str) -> None:
    """Refuse what the devices of this machine can't do, or only slower; ConfigError."""
    if precision == "float32":
        return
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        if not _BFLOAT16_FLAGS & _cpu_flags():
            raise ConfigError(
                f"precision {precision} is for processors with {' or '.join(sorted(_BFLOAT16_FLAGS))}, which this one "
                "does not have, or does not tell of; leave precision at float32"
            )
        return
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    if any(each.get("compute_capability", (0, 0)) < (8, 0) for each in details):
        raise ConfigError(
            f"precision {precision} is for GPUs of compute capability 8.0 or more; this machine has "
            f"{[each.get('device_name', 'an unknown GPU') for each in details]}; "
            "leave precision at float32"
        )


def _cpu_flags() -> set[str]:
    """What the processor can do, by the kernel's names; nothing where it does not say."""
    with contextlib.suppress(OSError):
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("flags"):
                return set(line.partition(":")[2].split())
    return set()


def read_tf_config(text: str) -> tuple[int, int]:
    """Read which worker this is, and of how many, from what stands in TF_CONFIG.

    Raises:
        ConfigError: it is no such JSON.

    Example:
        >>> cluster = '{"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}'
        >>> read_tf_config('{"cluster": %s, "task": {"type": "worker", "index": 1}}' % cluster)
        (1, 2)
    """
    advice = (
        'give {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": N}}, '
        "or unset it to train on this machine alone"
    )
    try:
        data = json.loads(text)
        if not data.get("cluster"):
            return 0, 1
        places = {kind: len(hosts) for kind, hosts in data["cluster"].items()}
        kind, index = data["task"]["type"], int(data["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"TF_CONFIG: {type(error).__name__}: {error}; {advice}") from None
    if not places.keys() <= {"chief", "worker"} or not 0 <= index < places.get(kind, 0):
        raise ConfigError(f"TF_CONFIG: no {kind} {index} among {places} of chief and worker; {advice}")
    before = places.get("chief", 0) if kind == "worker" else 0
    return before + index, sum(places.values())


@functools.cache  # TensorFlow joins a cluster once in a process
def _many(tf_config: str, index: int, count: int) -> Workers:
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:  # TensorFlow was in use before
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{reason} (TF_CONFIG is set: train first thing in the process, or unset it)"
        ) from None
    except tf.errors.OpError as error:
        raise ModelError(f"{lost_worker(error)}") from None
    return Workers(strategy, index, count, strategy.num_replicas_in_sync // count)


def lost_worker(error: tf.errors.OpError) -> str:
    """What to say where another worker can't be reached."""
    lines = [line for line in error.message.splitlines() if line.strip()] or ["no reason was given"]
    # TensorFlow says first where in the graph it was, and later why.
    reason = next(
        (line for line in lines if "abort" in line.lower() or "unavailable" in line.lower()), lines[0]
    )
    return f"another worker can't be reached ({reason.strip()[:200]})"
