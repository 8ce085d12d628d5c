"""The terrain above the plane -> the label of each pixel's thing: cut at depth steps, joined where footprints are one.

What touches in the image but is apart in depth is cut; what an occluder, a specular hole or its own rim has cut is
joined again, because its pieces stand on the same spot of the plane.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from spatialvlm.pipeline.detect.terrain import Mask, Terrain

STEP = 0.012  # relative bend of inverse depth that no surface of one thing makes, over one or two pixels
STEP_NOISE = 6.0
NECK_PX = 2  # pieces that hang together by a neck thinner than about twice this, beyond the cut, are two
MIN_PIECE_PX, MIN_FIRM_PX = 30, 12
SKIRT = 2.0  # bands; lower, sensors smear one thing into its neighbour
REACH_PX = 6.0  # how far pixels that were cut away may be from the piece they go back to
LOW_BAND = 0.45  # pixels near a piece belong to it down to this share of the band
SAME_SHARE = 0.35  # of the smaller footprint lies in the larger one: one thing
SAME_HULL = 0.75  # or in its convex hull: the outside and the inside of a bowl

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

Labels = Int32[np.ndarray, "h w"]


def find_pieces(depth_m: Float32[np.ndarray, "h w"], terrain: Terrain, noise: float) -> Labels:
    """The label of each pixel's thing from 1, 0 where there is none."""
    inverse = np.nan_to_num(1.0 / depth_m, nan=0.0)
    limit = max(STEP, STEP_NOISE * noise)
    smooth = terrain.above & ~_steps(inverse, 1, limit) & ~_steps(inverse, 2, limit)
    core = cv2.erode(smooth.view(np.uint8), _CROSS).view(bool)
    high = terrain.height_m > SKIRT * terrain.band_m
    labels = _cut(core, core & high & ~_steps(inverse, 4, 2.0 * limit))
    if not labels.any():
        return labels
    wanted = terrain.above | (terrain.height_m > LOW_BAND * terrain.band_m)
    return _given_back(_joined(labels, terrain), wanted, core)


def _steps(inverse: Float32[np.ndarray, "h w"], reach: int, limit: float) -> Mask:
    """Where depth breaks: relative second differences of inverse depth over so many pixels. A slant never does."""
    broken = np.zeros(inverse.shape, bool)
    for values, out in ((inverse, broken), (inverse.T, broken.T)):
        left, middle, right = values[:, : -2 * reach], values[:, reach:-reach], values[:, 2 * reach :]
        out[:, reach:-reach] |= (left > 0) & (right > 0) & (np.abs(left + right - 2.0 * middle) > limit * middle)
    return broken


def _cut(core: Mask, firm: Mask) -> Labels:
    """The pieces of `firm` that hold together by more than a neck, and the pieces of `core` that have none of these."""
    thick, count = _components(cv2.erode(firm.view(np.uint8), _CROSS, iterations=NECK_PX), MIN_FIRM_PX)
    _, whole = cv2.connectedComponents(core.view(np.uint8), connectivity=4)
    has_thick = np.zeros(int(whole.max()) + 1, bool)
    has_thick[whole[thick > 0]] = True
    thin, _ = _components((core & ~has_thick[whole]).view(np.uint8), MIN_PIECE_PX)
    return np.where(thin > 0, thin + count, thick).astype(np.int32)


def _components(mask: UInt8[np.ndarray, "h w"], least: int) -> tuple[Labels, int]:
    """Connected components of at least so many pixels, numbered from 1, and how many they are."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= least
    large[0] = False
    return (np.cumsum(large) * large).astype(np.int32)[labels], int(np.count_nonzero(large))


def _joined(labels: Labels, terrain: Terrain) -> Labels:
    """Pieces whose footprints lie in each other become one."""
    cell_m = 0.5 * float(np.median(terrain.band_m[labels > 0]))
    prints = [_footprint(labels == label, terrain, cell_m) for label in range(1, int(labels.max()) + 1)]
    order = sorted(range(len(prints)), key=lambda i: (-prints[i].count, i))
    owner = np.arange(len(prints) + 1, dtype=np.int32)
    for place, i in enumerate(order):
        # To the best one only: a fragment between two things must not join them.
        score, best = max(((_oneness(prints[i], prints[j]), -j) for j in order[:place]), default=(0.0, 0))
        if score >= 1.0:
            owner[i + 1] = owner[1 - best]
    return owner[labels]


@dataclass(frozen=True, slots=True, eq=False)
class _Footprint:
    """Cells of the plane from the grid position (x, y) on: those under the piece, those near it, those in its hull."""

    x: int
    y: int
    cells: UInt8[np.ndarray, "r c"]
    near: UInt8[np.ndarray, "r c"]
    hull: UInt8[np.ndarray, "r c"]
    count: int


def _footprint(where: Bool[np.ndarray, "h w"], terrain: Terrain, cell_m: float) -> _Footprint:
    columns = np.floor(terrain.x_m[where] / cell_m).astype(np.int32)
    rows = np.floor(terrain.y_m[where] / cell_m).astype(np.int32)
    margin = 3
    x, y = int(columns.min()) - margin, int(rows.min()) - margin
    cells = np.zeros((int(rows.max()) - y + 1 + margin, int(columns.max()) - x + 1 + margin), np.uint8)
    cells[rows - y, columns - x] = 1
    cells = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    near = cv2.dilate(cells, np.ones((3, 3), np.uint8))
    hull = np.zeros_like(cells)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.stack([columns - x, rows - y], axis=1)), (1,))
    return _Footprint(x, y, cells, near, hull, int(np.count_nonzero(cells)))


def _oneness(small: _Footprint, large: _Footprint) -> float:
    """How much of the smaller footprint lies in the larger, over what makes them one thing."""
    left, top = max(small.x, large.x), max(small.y, large.y)
    right = min(small.x + small.cells.shape[1], large.x + large.cells.shape[1])
    bottom = min(small.y + small.cells.shape[0], large.y + large.cells.shape[0])
    if left >= right or top >= bottom:
        return 0.0
    cells = small.cells[top - small.y : bottom - small.y, left - small.x : right - small.x]
    window = np.s_[top - large.y : bottom - large.y, left - large.x : right - large.x]
    near, hull = (np.count_nonzero(cells & other[window]) / small.count for other in (large.near, large.hull))
    return max(near / SAME_SHARE, hull / SAME_HULL)


def _given_back(labels: Labels, wanted: Mask, core: Mask) -> Labels:
    """Pixels in `wanted` go to the nearest piece within reach, those of the core however far it is."""
    seeds = labels > 0
    distance, nearest = cv2.distanceTransformWithLabels(
        (~seeds).view(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    owners = np.zeros(int(nearest.max()) + 1, np.int32)
    owners[nearest[seeds]] = labels[seeds]
    return np.where((wanted & (distance <= REACH_PX)) | core, owners[nearest], 0).astype(np.int32)
