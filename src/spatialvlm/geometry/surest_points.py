"""One point of each object that is surely on it: scenes in, a pixel for each object and what is seen there out.

Questions call a point by its coordinates, so it has to stay on its object when these are rounded, and nobody may take
it for a point of something else. The stored points of an object are pixels of its mask. Which of them is far from the
outline is told by the others around it: a cell of the picture is inside where all cells about it have points. That the
one chosen has the mask all around it is looked up in the mask, which need not be decoded for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, UInt8

from spatialvlm.geometry.masks import squares_within
from spatialvlm.records import Scene

MOST = 256
"""Points looked at of each object; every first few of those stored are spread out too."""
POINTS_A_CELL = 3.0
CELLS = 16
"""Cells across and down, at most."""
NEAR = 1.5
"""In cells: points so near in the picture tell whether the surface is smooth there."""
RIDGE = 1e-6
"""Keeps a plane through too few points defined."""
AROUND_PX = 2
"""How far around it the mask reaches in all directions, and as many pixels more as the image has thousands."""

PerObject = Float32[np.ndarray, " n"]
PerPoint = Float32[np.ndarray, " p"]
Counts = Int[np.ndarray, " n"]
Numbers = Int[np.ndarray, " p"]


@dataclass(frozen=True, slots=True, eq=False)
class PointsOnObjects:
    """A point of each of n objects: its pixel (column, row), and what is seen there.

    `sure`: it is well inside the outline. Where that is false the object has no such point. `doubt` is how
    wrong its depth may be for its place, 1 sigma, relative: half of how far what is around it departs from a plane at
    most, and what it changes from pixel to pixel. Both are much where the seat of a chair meets its back.
    """

    pixels: Int[np.ndarray, "n 2"]
    in_world: Float64[np.ndarray, "n 3"]
    sure: Bool[np.ndarray, " n"]
    doubt: Float64[np.ndarray, " n"]


def points_on_objects(scenes: Sequence[Scene]) -> PointsOnObjects:
    """Find a point on every object of some scenes, scene by scene, as far from its outline as any."""
    objects = [o for scene in scenes for o in scene.objects]
    if not objects:
        return PointsOnObjects(np.zeros((0, 2), np.int64), np.zeros((0, 3)), np.zeros(0, bool), np.zeros(0))
    counts = np.array([min(len(o.points_in_world), MOST) for o in objects])
    starts = np.cumsum(counts) - counts
    x, y, nearness = np.concatenate([_projected(scene) for scene in scenes], axis=1)
    left, top, right, bottom = np.array([o.instance.box_xyxy for o in objects], np.float32).T
    across, down = _cells(right - left, bottom - top, counts)
    # from here on places are in cells, of which each object has as many as its box takes
    of = np.repeat(np.arange(len(objects)), counts)
    u, v = _in_cells(x, left, right, across, counts), _in_cells(y, top, bottom, down, counts)
    depth = _depth(of, v, u, len(objects))
    candidates = np.flatnonzero(depth == np.repeat(np.maximum.reduceat(depth, starts), counts))
    chosen = _most_central(u[candidates], v[candidates], of[candidates], candidates, len(objects))
    # A pixel's centre is what was lifted, and what it projects to again but for rounding.
    pixels = np.floor(np.stack([x[chosen], y[chosen]], axis=1)).astype(np.int64)
    places = zip(objects, (chosen - starts).tolist())
    in_world = np.array([o.points_in_world[place] for o, place in places], np.float64)
    du, dv = (along - np.repeat(along[chosen], counts) for along in (u, v))
    pitch = np.maximum(right - left, 1.0) / across, np.maximum(bottom - top, 1.0) / down
    doubt = _doubt(du, dv, nearness, chosen, of, pitch)
    return PointsOnObjects(pixels, in_world, _surrounded(scenes, pixels), doubt)


def _projected(scene: Scene) -> Float32[np.ndarray, "3 p"]:
    """Project the points of a scene's objects: their pixels and inverse depth.

    Sums go term by term: so they do not depend on how many there are.
    """
    if not scene.objects:
        return np.zeros((3, 0), np.float32)
    pose = scene.world_from_camera
    matrix = scene.camera.image_from_camera @ pose[:3, :3].T
    rows = np.column_stack([matrix, -matrix @ pose[:3, 3]]).tolist()
    points = np.concatenate([o.points_in_world[:MOST] for o in scene.objects])
    x, y, z = np.ascontiguousarray(points.T)
    u, v, depth = (a * x + b * y + c * z + d for a, b, c, d in rows)
    return np.stack([u, v, np.ones_like(depth)]) / np.maximum(depth, np.float32(1e-6))


def _cells(width: PerObject, height: PerObject, counts: Counts) -> tuple[PerObject, PerObject]:
    """Cut boxes into square cells, across and down, that have a few points each where the object fills its box."""
    width, height = np.maximum(width, 1.0), np.maximum(height, 1.0)
    side = np.sqrt(POINTS_A_CELL * width * height / counts)
    across, down = (np.clip(np.rint(length / side), 1, CELLS).astype(np.float32) for length in (width, height))
    return across, down


def _in_cells(at: PerPoint, low: PerObject, high: PerObject, cells: PerObject, counts: Counts) -> PerPoint:
    scale = cells / np.maximum(high - low, 1.0)
    scaled = (at - np.repeat(low, counts)) * np.repeat(scale, counts)
    return np.clip(scaled, 0.0, np.repeat(cells - 0.01, counts))


def _depth(of: Numbers, row: PerPoint, column: PerPoint, objects: int) -> UInt8[np.ndarray, " p"]:
    """Count for each point how many cells it is from the nearest empty one; what lies beyond the box is empty."""
    pitch = CELLS + 2
    depth = np.zeros((pitch, objects * pitch), np.uint8)  # side by side: long rows are fast
    cell = (row.astype(np.intp) + 1) * depth.shape[1] + of * pitch + column.astype(np.intp) + 1
    depth.ravel()[cell] = 1
    inside = depth
    for _ in range((CELLS - 1) // 2):
        inside = cv2.erode(inside, np.ones((3, 3), np.uint8))
        depth = depth + inside
    return depth.ravel()[cell]


def _most_central(u: PerPoint, v: PerPoint, of: Numbers, rows: Numbers, objects: int) -> Int[np.ndarray, " n"]:
    """Take of each object's candidates, which stand in `rows`, the one nearest to the middle of them all."""
    count = np.bincount(of, minlength=objects)
    middle_u, middle_v = (np.bincount(of, along, objects) / count for along in (u, v))
    away = (u - middle_u[of]) ** 2 + (v - middle_v[of]) ** 2
    first = np.cumsum(count) - count
    nearest = np.flatnonzero(away == np.minimum.reduceat(away, first)[of])
    return rows[nearest[np.searchsorted(of[nearest], np.arange(objects))]]


def _doubt(
    du: PerPoint,
    dv: PerPoint,
    nearness: PerPoint,
    chosen: Counts,
    of: Numbers,
    pitch: tuple[PerObject, PerObject],
) -> Float64[np.ndarray, " n"]:
    """Fit a plane to the points about each chosen one: inverse depth is affine in the picture there.

    `du` and `dv` are in cells, of which `pitch` says how many pixels they have across and down.
    """
    near = np.flatnonzero(np.maximum(np.abs(du), np.abs(dv)) < NEAR)
    mine, du, dv = of[near], du[near].astype(np.float64), dv[near].astype(np.float64)
    relative = nearness[near].astype(np.float64) / nearness[chosen][mine] - 1.0
    first = np.searchsorted(mine, np.arange(len(chosen)))
    basis = np.stack([np.ones_like(du), du, dv])
    matrix = np.add.reduceat(basis[:, None] * basis, first, axis=2).T + RIDGE * np.eye(3)
    plane = np.linalg.solve(matrix, np.add.reduceat(basis * relative, first, axis=1).T[..., None])[..., 0].T
    left = relative - plane[0, mine] - plane[1, mine] * du - plane[2, mine] * dv
    slopes = (plane[1] / pitch[0]) ** 2 + (plane[2] / pitch[1]) ** 2
    return np.sqrt((np.maximum.reduceat(np.abs(left), first) / 2.0) ** 2 + slopes)


def _surrounded(scenes: Sequence[Scene], pixels: Int[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    found, start = np.zeros(len(pixels), bool), 0
    for scene in scenes:
        stop, longer = start + len(scene.objects), max(scene.camera.width, scene.camera.height)
        masks = [o.instance.mask for o in scene.objects]
        found[start:stop] = squares_within(masks, pixels[start:stop], AROUND_PX + longer // 1000)
        start = stop
    return found
