"""Turn two sets of tunes into distances: one for each statistic, and one for all statistics together."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abclm.analysis.statistics import STATISTICS, Statistic, features, measure
from abclm.analysis.structure import structure_features
from abclm.errors import ConfigError
from abclm.tune import Tune

Floats = npt.NDArray[np.float64]

_CHANCE = 0.95


@dataclass(frozen=True)
class Distance:
    """The distance of two sets of tunes in one statistic.

    Attributes:
        distance: Wasserstein distance as a share of the statistic's range, 0 to 1; of values on a circle, such as
            degrees, as a share of half of it.
        in_units: the same in the statistic's unit.
        chance: the 95th percentile of the distance for random divisions of all tunes into two such sets; a distance
            that is not larger is not significant.
        mean: the mean of the statistic in the first set, in its unit.
        other_mean: the mean in the second set.
    """

    distance: float
    in_units: float
    chance: float
    mean: float
    other_mean: float


@dataclass(frozen=True)
class Comparison:
    """The distances of two sets of tunes.

    Attributes:
        tunes: number of tunes of the first set with two or more notes; only these are measured.
        others: the same for the second set.
        distances: distances by the names of `abclm.analysis.statistics.STATISTICS`.
        frechet: the Fréchet distance over the features of all statistics together.
        frechet_chance: like `Distance.chance`, for the Fréchet distance.
        structure_frechet: the Fréchet distance over these features and those of the structure
            (`abclm.analysis.structure.FEATURES`).
        structure_frechet_chance: like `Distance.chance`, for this distance.
    """

    tunes: int
    others: int
    distances: dict[str, Distance]
    frechet: float
    frechet_chance: float
    structure_frechet: float
    structure_frechet_chance: float

    @property
    def mean_distance(self) -> float:
        """The mean of the distances of all statistics, 0 to 1; one number to detect drift."""
        return float(np.mean([each.distance for each in self.distances.values()]))

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return {**asdict(self), "mean_distance": self.mean_distance}


def compare(
    tunes: Iterable[Tune], others: Iterable[Tune], *, divisions: int = 200, seed: int = 0
) -> Comparison:
    r"""Measure the distances of two sets of tunes, such as generated and real tunes, or tunes of two months.

    In every statistic, each tune has the same weight, independent of its number of notes.

    Args:
        tunes: one set.
        others: the other set; the distances are symmetric.
        divisions: number of random divisions for `chance`.
        seed: random seed for the divisions.

    Raises:
        ConfigError: a set has no tune of two notes or more.

    Example:
        >>> from abclm.tune import Tune
        >>> low = Tune.parse("X:1\nL:1/4\nK:C\nCDEF|GFED|]\n")
        >>> high = Tune.parse("X:1\nL:1/4\nK:C\ncdef|gfed|]\n")
        >>> found = compare([low], [high])
        >>> found.distances["pitch"].in_units, found.distances["pitch"].distance
        (12.0, 0.25)
        >>> found.distances["interval"].distance
        0.0
    """
    sets = [
        [(found, structure_features(tune)) for tune in given if (found := measure(tune))]
        for given in (tunes, others)
    ]
    first, second = map(len, sets)
    if not first or not second:
        which = "first" if not first else "second"
        raise ConfigError(f"the {which} of the two sets has no tune of two notes or more; give others")
    both = [found for found, _ in sets[0] + sets[1]]
    weights, distances = distances_between(both, first, STATISTICS, divisions, seed)
    points = np.stack([features(found) for found in both])  # (tunes, features)
    with_structure = np.hstack([points, [structured for _, structured in sets[0] + sets[1]]])
    frechet = [
        np.array([frechet_distance(each[row > 0], each[row < 0]) for row in weights])
        for each in (points, with_structure)
    ]
    numbers = [number for row in frechet for number in (float(row[0]), _usual(row[1:]))]
    return Comparison(first, second, distances, *numbers)


def distances_between(
    both: list[dict[str, Floats]], first: int, statistics: Sequence[Statistic], divisions: int, seed: int
) -> tuple[Floats, dict[str, Distance]]:
    """Measure two sets of tunes or pieces, in each statistic.

    Args:
        both: the values of each tune's statistics, of one set and then of the other.
        first: how many the first set has.
        statistics: what was measured.
        divisions: number of random divisions for `chance`.
        seed: random seed for the divisions.

    Returns:
        What each tune adds to the difference of the sets' means, `(1 + divisions, tunes)`: row 0 for the two given sets,
        the others for divisions at random; and the distances by name.
    """
    generator = np.random.default_rng(seed)
    weights = np.zeros((1 + divisions, len(both)))
    for row in weights:
        row[:first], row[first:] = 1 / first, -1 / (len(both) - first)
    for row in weights[1:]:
        generator.shuffle(row)
    distances = {}
    for each in statistics:
        values, table = _histograms([found[each.name] for found in both])
        in_units = _distances(weights @ table, values, each.period)  # (1 + divisions,)
        scaled = in_units / (each.period / 2 or each.high - each.low)
        means = [float((table[part] @ values).mean()) for part in (slice(first), slice(first, None))]
        distances[each.name] = Distance(float(scaled[0]), float(in_units[0]), _usual(scaled[1:]), *means)
    return weights, distances


def frechet_distance(points: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """The squared Fréchet distance between the normal distributions that fit two sets of points.

    |m - n|² + tr(C + D - 2 (C D)^½), with the means m and n and the covariances C and D. D. C. Dowson and
    B. V. Landau, "The Fréchet distance between multivariate normal distributions", Journal of Multivariate
    Analysis 12 (1982), 450-455. With fewer points, it is larger by chance.

    Args:
        points: (n, features), at least one.
        others: (m, features), at least one.

    Returns:
        0 or more, in squared units of the features.

    Example:
        >>> frechet_distance([[0.0, 0.0], [2.0, 0.0]], [[3.0, 4.0], [5.0, 4.0]])
        25.0
    """
    one, two = np.asarray(points, np.float64), np.asarray(others, np.float64)
    root = _root(np.atleast_2d(np.cov(one, rowvar=False, bias=True)))
    cov_two = np.atleast_2d(np.cov(two, rowvar=False, bias=True))
    # C D has the eigenvalues of C^½ D C^½, which is symmetric.
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_two @ root), 0)).sum()
    spread = np.trace(root @ root) + np.trace(cov_two) - 2 * cross
    return float(max(0.0, ((one.mean(axis=0) - two.mean(axis=0)) ** 2).sum() + spread))


def _root(matrix: Floats) -> Floats:
    """The square root of a symmetric matrix without negative eigenvalues."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    root: Floats = (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T
    return root


def _histograms(rows: list[Floats]) -> tuple[Floats, Floats]:
    """The different values of all rows (values,), and their shares in each row (rows, values)."""
    values, places = np.unique(np.concatenate(rows), return_inverse=True)
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    table = np.zeros((len(rows), len(values)))
    np.add.at(table, (owners, places), 1.0)
    return values, table / table.sum(axis=1, keepdims=True)


def _distances(differences: Floats, points: Floats, period: float = 0.0) -> Floats:
    """Wasserstein-1 (earth mover's) distances (rows,) for differences of shares (rows, points) at ascending points.

    Each is the area between two cumulative distributions. S. S. Vallender, "Calculation of the Wasserstein distance
    between probability distributions on the line", Theory of Probability & Its Applications 18 (1974), 784-786. On a
    circle, whose length is `period`, some share may go over the end: the one with which the area is least. J. Rabin,
    J. Delon and Y. Gousseau, "Transportation distances on the circle", Journal of Mathematical Imaging and Vision 41
    (2011), 147-167.
    """
    cumulative = np.cumsum(differences, axis=1)
    if not period:
        on_a_line: Floats = np.abs(cumulative[:, :-1]) @ np.diff(points)
        return on_a_line
    gaps = np.diff(points, append=points[0] + period)
    # The area changes its slope where the share is one of the cumulative differences, so it is least at one of them.
    areas = np.abs(cumulative[:, :, None] - cumulative[:, None, :]) * gaps[:, None]  # (rows, points, shares)
    least: Floats = areas.sum(axis=1).min(axis=1)
    return least


def _usual(values: Floats) -> float:
    return float(np.quantile(values, _CHANCE)) if len(values) else 0.0
