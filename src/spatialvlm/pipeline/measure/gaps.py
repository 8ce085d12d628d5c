"""The distance of the nearest visible surfaces of each pair of objects, from their points.

A coarse subset and a short descent bound each gap; only points within that bound of the other's box can be nearest, so
the result is exact. All pairs take each step together.
"""

import math

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from spatialvlm.pipeline.measure.lengths import Objects, PerPair, combined
from spatialvlm.records import Scene

COARSE = 32
SINGLE_POINT = 2.0  # a nearest point has the error of one point, a face that of a percentile of many

Index = Int[np.ndarray, " p"]
Clouds = Float32[np.ndarray, "p 3 m"]
"""Points by axis. Clouds with fewer points repeat them."""


def gaps(scene: Scene, objects: Objects, a: Index, b: Index) -> tuple[PerPair, PerPair]:
    """The gap of each pair and its error without scale. Stray points were removed in the lift."""
    if not len(a):
        return np.zeros(0), np.zeros(0)
    clouds = _clouds(scene)
    low, high = clouds.min(axis=2), clouds.max(axis=2)
    first, second = clouds[a], clouds[b]
    reach, towards = _bound(clouds, first, second, a, b)
    near_a = _within(first, low[b], high[b], reach)
    near_b = _within(second, low[a], high[a], reach)
    along_a = np.einsum("pi,pim->pm", towards, first)
    along_b = np.einsum("pi,pim->pm", towards, second)
    # No way between the two is longer along `towards` than `reach`.
    foremost_a = np.where(near_a, along_a, -np.inf).max(axis=1)[:, None]
    foremost_b = np.where(near_b, along_b, np.inf).min(axis=1)[:, None]
    near_a &= along_a >= foremost_b - reach[:, None]
    near_b &= along_b <= foremost_a + reach[:, None]
    ends = np.empty((len(a), 2, 3))
    for row in range(len(a)):
        one, other = first[row][:, near_a[row]], second[row][:, near_b[row]]
        apart = one[:, :, None] - other[:, None]
        squares = apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2
        i, j = divmod(int(squares.argmin()), other.shape[1])
        ends[row, 0], ends[row, 1] = one[:, i], other[:, j]
    return _measured(scene, objects, a, b, ends)


def _clouds(scene: Scene) -> Float32[np.ndarray, "n 3 m"]:
    """The points of all objects, as many for each; what is repeated is no nearer."""
    sizes = [len(o.points_in_world) for o in scene.objects]
    most = max(*sizes, COARSE)
    whole = [np.resize(o.points_in_world, (most, 3)) for o in scene.objects]
    return np.ascontiguousarray(np.stack(whole).transpose(0, 2, 1))


def _bound(
    clouds: Float32[np.ndarray, "n 3 m"], first: Clouds, second: Clouds, a: Index, b: Index
) -> tuple[Float32[np.ndarray, " p"], Float32[np.ndarray, "p 3"]]:
    """A close bound of the gap, and the unit vector between the points that gave it.

    From the nearest of a few points to the nearest of the other cloud, back, and again.
    """
    count = len(clouds)
    few = clouds[:, :, :COARSE].transpose(0, 2, 1).reshape(-1, 3)
    few = few - few.mean(axis=0)
    norms = (few**2).sum(axis=1)
    squares = (norms[:, None] + norms - 2.0 * few @ few.T).reshape(count, COARSE, count, COARSE)
    starts = squares[a, :, b].reshape(len(a), -1).argmin(axis=1) // COARSE
    rows = np.arange(len(a))
    point = first[rows, :, starts]
    start = point
    for cloud in (second, first, second):
        apart = cloud - point[:, :, None]
        nearest = np.einsum("pim,pim->pm", apart, apart).argmin(axis=1)
        start, point = point, cloud[rows, :, nearest]
    way = point - start
    length = np.sqrt((way**2).sum(axis=1))
    return length * np.float32(1.0 + 1e-5) + np.float32(1e-6), way / np.maximum(length, np.float32(1e-9))[:, None]


def _within(
    points: Clouds, low: Float32[np.ndarray, "p 3"], high: Float32[np.ndarray, "p 3"], reach: Float32[np.ndarray, " p"]
) -> Bool[np.ndarray, "p m"]:
    """The points no further than `reach` from a box; never none, for those that gave the bound are within it."""
    outside = points - np.clip(points, low[:, :, None], high[:, :, None])
    return np.einsum("pim,pim->pm", outside, outside) <= (reach * reach)[:, None]


def _measured(
    scene: Scene, objects: Objects, a: Index, b: Index, ends: Float64[np.ndarray, "p 2 3"]
) -> tuple[PerPair, PerPair]:
    """Length and error from the two nearest points of each pair.

    Samples lie up to half a step beside the nearest points, on either surface, which lengthens the way between them.
    """
    apart = ends[:, 0] - ends[:, 1]
    length = np.sqrt((apart**2).sum(axis=1))
    direction = apart / np.maximum(length, 1e-6)[:, None]
    face = np.maximum(objects.low_error, objects.high_error) ** 2
    variance = (direction**2 * (face[a] + face[b])).sum(axis=1)
    spacing = np.array([_spacing(o.points_in_world) for o in scene.objects])
    step = (spacing[a] + spacing[b]) / 2
    sideways = step**2 / (8.0 * np.maximum(np.maximum(length, step), 1e-9))
    viewer = scene.world_from_camera[:3, 3]
    pull_a, pull_b = ((direction * (ends[:, side] - viewer)).sum(axis=1) for side in (0, 1))
    drift = scene.errors.local * combined(pull_a, pull_b, objects.together[a, b])
    error = np.sqrt(SINGLE_POINT**2 * variance + sideways**2 + (0.05 * step) ** 2 + drift**2)
    return np.maximum(length - sideways, 0.0), error


def _spacing(points: Float32[np.ndarray, "m 3"]) -> float:
    """About how far apart the points of a surface are."""
    x, y, z = (points.max(axis=0) - points.min(axis=0)).tolist()
    return math.sqrt((x * y + y * z + z * x) / (2 * len(points)))
