"""The distance of the nearest visible surfaces of each pair of objects, from their points.

A short descent from either side bounds each gap. Only points within that bound of the other's box, and of its foremost
point on the way, can be nearest; so few are left that all of them are compared, and the result is exact. Where several
points are equally near it is the first ones, whatever the bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int

from spatialvlm.pipeline.measure.objects import Index, Objects, PerPair, combined, dot, together

POINTS_TOGETHER = 1 << 15  # as many fit into the processor's cache

Vectors = Float32[np.ndarray, "p 3"]


def gaps(objects: Objects, a: Index, b: Index) -> tuple[PerPair, PerPair]:
    """Measure the gap of each pair and its error without scale. Stray points were removed in the lift."""
    if not len(a):
        return np.zeros(0), np.zeros(0)
    clouds = _clouds(objects)
    step = max(1, POINTS_TOGETHER // clouds.most)
    near = [_near(clouds, a[k : k + step], b[k : k + step]) for k in range(0, len(a), step)]
    sides = (_joined([pair[side] for pair in near]) for side in (0, 1))
    return _measured(objects, clouds, a, b, *_closest(clouds, *sides))


@dataclass(frozen=True, slots=True, eq=False)
class _Clouds:
    """The points of n objects by axis, `most` for each: those of smaller clouds are repeated.

    `centred` is about the first object of each scene, and its fourth row the squared lengths: so the nearest point to q
    is the least of (-2q, 1) times it. `extent` bounds its coordinates; `middle` is that of each box therein.
    """

    most: int
    sizes: Int[np.ndarray, " n"]
    by_axis: Float32[np.ndarray, "n 3 m"]
    low: Float32[np.ndarray, "n 3"]
    high: Float32[np.ndarray, "n 3"]
    centred: Float32[np.ndarray, "n 4 m"]
    middle: Float32[np.ndarray, "n 3"]
    extent: Float32[np.ndarray, " n"]


def _clouds(objects: Objects) -> _Clouds:
    sizes = np.array([len(points) for points in objects.points_in_world])
    most = int(sizes.max())
    by_axis = np.empty((len(sizes), 3, most), np.float32)
    for cloud, points in zip(by_axis, objects.points_in_world):
        for start in range(0, most, len(points)):
            part = cloud[:, start : start + len(points)]
            part[:] = points.T[:, : part.shape[1]]
    low, high = by_axis.min(axis=2), by_axis.max(axis=2)
    origin = objects.centre.T.astype(np.float32)[_first_of_scene(objects)]
    centred = np.empty((len(sizes), 4, most), np.float32)
    np.subtract(by_axis, origin[:, :, None], out=centred[:, :3])
    np.einsum("nkm,nkm->nm", centred[:, :3], centred[:, :3], out=centred[:, 3])
    extent = np.maximum(np.abs(low - origin), np.abs(high - origin)).max(axis=1)
    return _Clouds(most, sizes, by_axis, low, high, centred, (low + high) / 2 - origin, extent)


def _first_of_scene(objects: Objects) -> Int[np.ndarray, " n"]:
    """Find the number of the first object of each one's scene."""
    return np.arange(len(objects.place)) - objects.place


@dataclass(frozen=True, slots=True, eq=False)
class _Some:
    """Some points of one object of each pair: their `index` into `by_axis` (of x), pair by pair, and their number."""

    index: Int[np.ndarray, " e"]
    number: Int[np.ndarray, " p"]


def _near(clouds: _Clouds, a: Index, b: Index) -> tuple[_Some, _Some]:
    """Find the points of a, and of b, that can be nearest; never none: those that gave the bound are among them."""
    first, second = clouds.centred[a], clouds.centred[b]
    reach, towards = _bound(clouds, first, second, a, b)
    along_a, along_b = (_times(cloud[:, :3], towards) for cloud in (first, second))
    # No way between the two is longer along `towards` than `reach`.
    ahead = np.flatnonzero(along_a >= (along_b.min(axis=1) - reach)[:, None])
    behind = np.flatnonzero(along_b <= (along_a.max(axis=1) + reach)[:, None])
    return _within(clouds, ahead, a, b, reach), _within(clouds, behind, b, a, reach)


def _times(clouds: Float32[np.ndarray, "p k m"], vectors: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p m"]:
    return (vectors[:, None] @ clouds)[:, 0]


def _bound(
    clouds: _Clouds, first: Float32[np.ndarray, "p 4 m"], second: Float32[np.ndarray, "p 4 m"], a: Index, b: Index
) -> tuple[Float32[np.ndarray, " p"], Vectors]:
    """Find a close bound of the gap, with room for rounding, and the unit vector between the points that gave it.

    From the middle of either to the nearest point of the other, and from there to the nearest of the first.
    """
    from_b = _nearest(first, clouds.middle[b])
    from_a = _nearest(second, clouds.middle[a])
    ways = np.stack([_nearest(second, from_b) - from_b, from_a - _nearest(first, from_a)])
    lengths = np.sqrt((ways**2).sum(axis=2))
    better = lengths.argmin(axis=0)
    rows = np.arange(len(a))
    length, way = lengths[better, rows], ways[better, rows]
    rounding = np.float32(1e-6) * (1 + clouds.extent[a] + clouds.extent[b])
    return length * np.float32(1.0 + 1e-5) + rounding, way / np.maximum(length, np.float32(1e-9))[:, None]


def _nearest(cloud: Float32[np.ndarray, "p 4 m"], to: Vectors) -> Vectors:
    """Find the point of each cloud that is nearest to a point, or nearly."""
    query = np.empty((len(to), 4), np.float32)
    query[:, :3], query[:, 3] = -2.0 * to, 1.0
    return cloud[np.arange(len(to)), :3, _times(cloud, query).argmin(axis=1)]


def _within(
    clouds: _Clouds, cells: Int[np.ndarray, " e"], own: Index, other: Index, reach: Float32[np.ndarray, " p"]
) -> _Some:
    """Keep points at `cells` of a table of pairs by points that are no further than `reach` from the other's box."""
    row, point = np.divmod(cells, clouds.most)
    index, box = own[row] * (3 * clouds.most) + point, other[row]
    flat, square = clouds.by_axis.reshape(-1), np.zeros(len(row), np.float32)
    for axis in range(3):
        value = flat[index + axis * clouds.most]
        outside = np.maximum(clouds.low[:, axis][box] - value, value - clouds.high[:, axis][box])
        square += np.maximum(outside, 0.0) ** 2
    kept = (square <= (reach * reach)[row]) & (point < clouds.sizes[own][row])
    return _Some(index[kept], np.bincount(row[kept], minlength=len(own)))


def _joined(parts: Sequence[_Some]) -> _Some:
    return _Some(np.concatenate([part.index for part in parts]), np.concatenate([part.number for part in parts]))


def _closest(clouds: _Clouds, ones: _Some, others: _Some) -> tuple[Index, Index]:
    """Find the index of the two nearest points of each pair; of equally near ones the first."""
    nearest, flat = np.empty((2, len(ones.number)), np.int64), clouds.by_axis.reshape(-1)
    starts = [np.cumsum(some.number) - some.number for some in (ones, others)]
    for rows in _alike(ones.number, others.number):
        one, other = _padded(ones, starts[0], rows), _padded(others, starts[1], rows)
        square = np.zeros((len(rows), one.shape[1], other.shape[1]), np.float32)
        for axis in range(3):
            apart = flat[one + axis * clouds.most][:, :, None] - flat[other + axis * clouds.most][:, None]
            square += apart * apart
        i, j = np.divmod(square.reshape(len(rows), -1).argmin(axis=1), other.shape[1])
        every = np.arange(len(rows))
        nearest[:, rows] = one[every, i], other[every, j]
    return nearest[0], nearest[1]


def _alike(ones: Index, others: Index) -> Iterator[Int[np.ndarray, " r"]]:
    """Yield pairs in groups of about as many points on either side (powers of four), not too many to be compared."""
    powers = np.ceil(np.log2(np.stack([ones, others])) / 2).astype(np.int64)
    keys = powers[0] * 32 + powers[1]
    order = np.argsort(keys, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        step = max(1, POINTS_TOGETHER >> int(2 * powers[:, group[0]].sum()))
        for start in range(0, len(group), step):
            yield group[start : start + step]


def _padded(some: _Some, starts: Index, rows: Int[np.ndarray, " r"]) -> Int[np.ndarray, "r w"]:
    """Take the points of some pairs as a table, the last one repeated."""
    number = some.number[rows]
    return some.index[starts[rows, None] + np.minimum(np.arange(number.max()), number[:, None] - 1)]


def _measured(
    objects: Objects, clouds: _Clouds, a: Index, b: Index, nearest_a: Index, nearest_b: Index
) -> tuple[PerPair, PerPair]:
    """Compute length and error from the two nearest points of each pair.

    Samples lie up to half a step beside the nearest points, on either surface, which lengthens the way between them.
    """
    ends_a, ends_b = (_points(clouds, index) for index in (nearest_a, nearest_b))
    apart = ends_a - ends_b
    length = np.sqrt(dot(apart, apart))
    direction = apart / np.maximum(length, 1e-6)
    # Of each the face counts that is turned to the other.
    low, high = objects.low_error**2 + objects.low_hidden_m**2, objects.high_error**2 + objects.high_hidden_m**2
    ahead = direction > 0
    faces = np.where(ahead, low[:, a] + high[:, b], high[:, a] + low[:, b])
    variance = dot(direction**2, faces)
    spacing = _spacing(clouds)
    step = (spacing[a] + spacing[b]) / 2
    sideways = step**2 / (8.0 * np.maximum(np.maximum(length, step), 1e-9))
    viewer = objects.setting.viewer[:, a]
    pull_a, pull_b = dot(direction, ends_a - viewer), dot(direction, ends_b - viewer)
    drift = objects.setting.local[a] * combined(pull_a, pull_b, together(objects, a, b))
    total = variance + sideways**2 + (0.05 * step) ** 2 + drift**2
    for mode in objects.modes:
        total += (mode.sigma[a] * dot(direction, mode.field(ends_a, a) - mode.field(ends_b, b))) ** 2
    return np.maximum(length - sideways, 0.0), np.sqrt(total)


def _points(clouds: _Clouds, index: Index) -> Float64[np.ndarray, "3 p"]:
    return clouds.by_axis.reshape(-1)[index + clouds.most * np.arange(3)[:, None]].astype(np.float64)


def _spacing(clouds: _Clouds) -> Float64[np.ndarray, " n"]:
    """Estimate how far apart the points of each surface are."""
    x, y, z = (clouds.high - clouds.low).T.astype(np.float64)
    return np.sqrt((x * y + y * z + z * x) / (2 * clouds.sizes))
