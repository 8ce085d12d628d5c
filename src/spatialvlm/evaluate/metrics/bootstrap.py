"""Bootstrap the mean of rows: rows in, the mean with its 95 % interval out, by the percentile bootstrap.

Rows are drawn again with replacement, as many as there are, RESAMPLES times; the interval holds the middle 95 % of the
figures of these draws. Rows of one cluster (questions about one picture) are drawn together, as they are no independent
evidence. Where A is compared with B, both answered the same rows, and the difference is drawn row by row.

The seed is fixed: the same rows have the same interval, in any order, to the last bit.

What it can't do: a single cluster, and rows that all have one value, get an interval of no width. Twenty right answers
of twenty are no proof that the next is right.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; clusters: Davison and Hinkley,
Bootstrap Methods and their Application, 1997, section 3.8.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

Values = Float64[np.ndarray, " n"]
Clusters = Sequence[Hashable]

RESAMPLES = 2000
SEED = 0
TAILS = (0.025, 0.975)
MANY = 500  # sorts of clusters; beyond that it is no faster to count them
CELLS = 2**18  # draws at a time: 2 MB of places, which stay in the cache


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, the ends of its 95 % interval, and the number of rows behind it."""

    value: float
    low: float
    high: float
    rows: int


def mean_interval(values: Values, clusters: Clusters | None = None, seed: int = SEED) -> Interval | None:
    """Bootstrap the mean of values; None of none. `clusters` names the cluster of each row. Values are finite."""
    if len(values) == 0:
        return None
    order = np.argsort(values, kind="stable")
    sums, sizes = values[order], np.ones(len(values))
    if clusters is not None:
        place = _places(clusters)[order]
        sums, sizes = np.bincount(place, weights=sums), np.bincount(place).astype(np.float64)
        order = np.lexsort((sums, sizes))
        sums, sizes = sums[order], sizes[order]
    value = float(sums.sum() / sizes.sum())
    return _interval(value, _means(sums, sizes, np.random.default_rng(seed)), len(values))


def difference_interval(
    ours: Values, theirs: Values, clusters: Clusters | None = None, seed: int = SEED
) -> Interval | None:
    """Bootstrap the mean of ours - theirs over the same rows; None of none. Where 0 is outside, the two differ."""
    return mean_interval(ours - theirs, clusters, seed)


def _means(
    sums: Float64[np.ndarray, " c"], sizes: Float64[np.ndarray, " c"], generator: np.random.Generator
) -> Float64[np.ndarray, " draws"]:
    """Compute the mean over rows of each draw of clusters, given the sum and the number of the rows of each cluster.

    Clusters alike in both are drawn as one sort, by how many of them a draw has: the same distribution, much faster.
    """
    sorts, counts = np.unique(np.stack([sizes, sums]), axis=1, return_counts=True)
    if len(counts) > MANY:
        return _means_of_many(sums, sizes, generator)
    drawn = generator.multinomial(len(sums), counts / len(sums), RESAMPLES)
    return drawn @ sorts[1] / (drawn @ sorts[0])


def _means_of_many(
    sums: Float64[np.ndarray, " c"], sizes: Float64[np.ndarray, " c"], generator: np.random.Generator
) -> Float64[np.ndarray, " draws"]:
    count = len(sums)
    alike = bool(np.all(sizes == sizes[0]))
    step = max(1, CELLS // count)
    found = []
    for start in range(0, RESAMPLES, step):
        drawn = generator.integers(0, count, (min(step, RESAMPLES - start), count))
        total = count * sizes[0] if alike else sizes.take(drawn).sum(axis=1)
        found.append(sums.take(drawn).sum(axis=1) / total)
    return np.concatenate(found)


def _interval(value: float, figures: Float64[np.ndarray, " draws"], rows: int) -> Interval:
    low, high = np.quantile(figures, TAILS).tolist()
    return Interval(value, low, high, rows)


def _places(clusters: Clusters) -> Int[np.ndarray, " n"]:
    """Number the cluster of each row, from 0."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    return np.array([numbers[name] for name in clusters], np.int64)
