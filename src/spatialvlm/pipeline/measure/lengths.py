"""The quantities behind all facts: lengths of objects and differences and distances of pairs, each with 1 sigma.

Errors are of two sorts: those of each object's box faces, independent between objects, and those the whole scene shares
(depth scale: proportional to the length; tilt of up: mixes the horizontal into the vertical).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.geometry import invert, transform
from spatialvlm.records import Scene

PerObject = Float64[np.ndarray, " n"]
PerPair = Float64[np.ndarray, " p"]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The boxes of a scene as arrays over its n objects."""

    low: Float64[np.ndarray, "n 3"]
    high: Float64[np.ndarray, "n 3"]
    centre: Float64[np.ndarray, "n 3"]
    centre_error: Float64[np.ndarray, "n 3"]
    extent: Float64[np.ndarray, "n 3"]
    extent_error: Float64[np.ndarray, "n 3"]
    low_error: Float64[np.ndarray, "n 3"]
    high_error: Float64[np.ndarray, "n 3"]
    depth_m: PerObject
    column_px: PerObject
    truncated: Bool[np.ndarray, " n"]
    occluded: Bool[np.ndarray, " n"]
    bottom_known: Bool[np.ndarray, " n"]
    standing: Bool[np.ndarray, " n"]


def objects_of(scene: Scene) -> Objects:
    """The arrays of a scene's objects."""
    boxes = [o.box for o in scene.objects]
    low, high, low_error, high_error = (
        np.array([getattr(box, name) for box in boxes]).reshape(-1, 3)
        for name in ("low_in_world", "high_in_world", "low_error_m", "high_error_m")
    )
    centre = (low + high) / 2
    edges = np.array([o.instance.box_xyxy for o in scene.objects], np.float64).reshape(-1, 4)
    extent_error = np.sqrt(low_error**2 + high_error**2)
    return Objects(
        low=low,
        high=high,
        centre=centre,
        centre_error=extent_error / 2,
        extent=high - low,
        extent_error=extent_error,
        low_error=low_error,
        high_error=high_error,
        depth_m=transform(invert(scene.world_from_camera), centre)[:, 2],
        column_px=(edges[:, 0] + edges[:, 2]) / 2,
        truncated=np.array([o.truncated for o in scene.objects], bool),
        occluded=np.array([o.occluded for o in scene.objects], bool),
        bottom_known=np.array([o.bottom != "hidden" for o in scene.objects], bool),
        standing=np.array([o.bottom == "support" for o in scene.objects], bool),
    )


def size_of(objects: Objects) -> tuple[PerObject, PerObject]:
    """The edge of a cube of the box's volume, and its error: volume compared on a scale of metres."""
    extent = np.maximum(objects.extent, 1e-4)
    size = np.cbrt(extent.prod(axis=1))
    return size, size / 3 * np.sqrt(((objects.extent_error / extent) ** 2).sum(axis=1))


def between_centres(
    objects: Objects, a: Int[np.ndarray, " p"], b: Int[np.ndarray, " p"], axes: slice, tilt_rad: PerPair | float
) -> tuple[PerPair, PerPair]:
    """The distance of two centres over some axes, and its error without scale; tilt turns up into across and back."""
    apart = objects.centre[a, axes] - objects.centre[b, axes]
    length = np.sqrt((apart**2).sum(axis=1))
    direction = apart / np.maximum(length, 1e-9)[:, None]
    variance = objects.centre_error[a, axes] ** 2 + objects.centre_error[b, axes] ** 2
    total = np.sqrt(((objects.centre[a] - objects.centre[b]) ** 2).sum(axis=1))
    across = np.sqrt(np.maximum(total**2 - length**2, 0.0))
    return length, np.sqrt((direction**2 * variance).sum(axis=1) + (tilt_rad * across) ** 2)


def gaps(scene: Scene, objects: Objects, a: Int[np.ndarray, " p"], b: Int[np.ndarray, " p"]) -> tuple[PerPair, PerPair]:
    """The distance of the nearest visible surfaces of each pair and its error, from the objects' points.

    A coarse subset and a short descent bound each gap; only points within that bound of the other's box can be nearest.
    Stray points were removed in the lift.
    """
    clouds = [o.points_in_world.astype(np.float64) for o in scene.objects]
    coarse = np.stack([np.resize(cloud, (COARSE, 3)) for cloud in clouds])
    by_axis = [np.ascontiguousarray(cloud.T) for cloud in clouds]
    bounds = [(axes.min(axis=1)[:, None], axes.max(axis=1)[:, None]) for axes in by_axis]
    face = np.maximum(objects.low_error, objects.high_error) ** 2
    norms = (coarse**2).sum(axis=2)
    squares = norms[a][:, :, None] + norms[b][:, None] - 2.0 * coarse[a] @ coarse[b].transpose(0, 2, 1)
    starts = squares.reshape(len(a), COARSE * COARSE).argmin(axis=1) // COARSE
    length, variance = np.empty(len(a)), np.empty(len(a))
    for row, (i, j, start) in enumerate(zip(a.tolist(), b.tolist(), starts.tolist())):
        bound = _descend(by_axis[i], by_axis[j], coarse[i, start])
        near_i = _within(by_axis[i], bounds[j], bound)
        near_j = _within(by_axis[j], bounds[i], bound)
        apart = near_i[:, :, None] - near_j[:, None]
        squares = apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2
        nearest = int(squares.argmin())
        length[row] = math.sqrt(squares.flat[nearest])
        direction = apart.reshape(3, -1)[:, nearest] / max(length[row], 1e-6)
        variance[row] = direction**2 @ (face[i] + face[j])
    spacing = np.array([_spacing(axes) for axes in by_axis])
    step = (spacing[a] + spacing[b]) / 2
    # Samples lie up to half a step beside the nearest points, on either surface, which lengthens the way between them.
    sideways = step**2 / (8.0 * np.maximum(np.maximum(length, step), 1e-9))
    error = np.sqrt(SINGLE_POINT**2 * variance + sideways**2 + (0.05 * step) ** 2)
    return np.maximum(length - sideways, 0.0), error


COARSE = 48
SINGLE_POINT = 2.0  # a nearest point has the error of one point, a face that of a percentile of many


def _spacing(points: Float64[np.ndarray, "3 m"]) -> float:
    """About how far apart the points of a surface are."""
    x, y, z = points.max(axis=1) - points.min(axis=1)
    return math.sqrt((x * y + y * z + z * x) / (2 * points.shape[1]))


def _descend(
    first: Float64[np.ndarray, "3 m"], second: Float64[np.ndarray, "3 k"], point: Float64[np.ndarray, " 3"]
) -> float:
    """From a point of the first surface to the nearest of the second, back, and again: a close bound of their gap."""
    square = 0.0
    for cloud in (second, first, second):
        apart = cloud - point[:, None]
        squares = apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2
        nearest = int(squares.argmin())
        square, point = float(squares[nearest]), cloud[:, nearest]
    return math.sqrt(square) * (1.0 + 1e-9) + 1e-9


def _within(
    points: Float64[np.ndarray, "3 m"],
    bounds: tuple[Float64[np.ndarray, "3 1"], Float64[np.ndarray, "3 1"]],
    reach: float,
) -> Float64[np.ndarray, "3 k"]:
    """The points no further than `reach` from a box; never none, for the nearest coarse pair is within reach."""
    outside = np.maximum(np.maximum(bounds[0] - points, points - bounds[1]), 0.0)
    return points[:, outside[0] ** 2 + outside[1] ** 2 + outside[2] ** 2 <= reach * reach]
