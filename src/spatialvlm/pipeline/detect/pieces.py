"""The terrain above the plane -> one mask per thing: cut at depth steps, joined where the footprints are one.

What touches in the image but is apart in depth is cut; what an occluder, a specular hole or its own rim has cut is
joined again, because its pieces stand on the same spot of the plane.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

from spatialvlm.pipeline.detect.terrain import Terrain

STEP = 0.012  # relative bend of inverse depth that no surface of one thing makes, over one or two pixels
STEP_NOISE = 6.0
MIN_PIECE_PX = 30
REACH_PX = 5.0  # how far pixels that were cut away may be from the piece they go back to
LOW_BAND = 0.45  # pixels near a piece belong to it down to this share of the band
CELL_M = 0.004
NEAR_M = 0.006  # footprints this near touch
SAME_SHARE = 0.3  # of the smaller footprint lies in the larger one's neighbourhood: one thing

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

Labels = Int32[np.ndarray, "h w"]


def find_pieces(depth_m: Float32[np.ndarray, "h w"], terrain: Terrain, noise: float) -> Labels:
    """The label of each pixel's thing from 1, 0 where there is none."""
    smooth = terrain.above & ~_steps(depth_m, max(STEP, STEP_NOISE * noise))
    core = cv2.erode(smooth.view(np.uint8), _CROSS)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= MIN_PIECE_PX
    large[0] = False
    labels = (np.cumsum(large) * large).astype(np.int32)[labels]
    if not large.any():
        return labels
    joined = _joined(labels, terrain)
    wanted = terrain.above | (terrain.height_m > LOW_BAND * terrain.band_m)
    return _given_back(joined, wanted)


def _steps(depth_m: Float32[np.ndarray, "h w"], limit: float) -> Bool[np.ndarray, "h w"]:
    """Where depth breaks: second differences of inverse depth over one and two pixels. A slant alone never does."""
    inverse = np.nan_to_num(1.0 / depth_m, nan=0.0)
    broken = np.zeros(depth_m.shape, bool)
    for reach in (1, 2):
        for turn in (False, True):
            values, out = (inverse.T, broken.T) if turn else (inverse, broken)
            left, middle, right = values[:, : -2 * reach], values[:, reach:-reach], values[:, 2 * reach :]
            known = (left > 0) & (right > 0)
            out[:, reach:-reach] |= known & (np.abs(left + right - 2.0 * middle) > limit * middle)
    return broken


def _joined(labels: Labels, terrain: Terrain) -> Labels:
    """Pieces whose footprints lie in each other become one."""
    prints = [_footprint(labels == label, terrain) for label in range(1, int(labels.max()) + 1)]
    parent = list(range(len(prints)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    for i, one in enumerate(prints):
        for j in range(i):
            if _share(one, prints[j]) > SAME_SHARE:
                parent[root(i)] = root(j)
    roots = np.array([0, *(root(i) + 1 for i in range(len(prints)))], np.int32)
    return roots[labels]


@dataclass(frozen=True, slots=True, eq=False)
class _Footprint:
    """Cells of the plane: the grid position of the lower corner, the cells, and with their neighbourhood."""

    x: int
    y: int
    cells: np.ndarray
    near: np.ndarray
    count: int


def _footprint(where: Bool[np.ndarray, "h w"], terrain: Terrain) -> _Footprint:
    columns = np.floor(terrain.x_m[where] / CELL_M).astype(np.int32)
    rows = np.floor(terrain.y_m[where] / CELL_M).astype(np.int32)
    margin = 2
    x, y = int(columns.min()) - margin, int(rows.min()) - margin
    cells = np.zeros((int(rows.max()) - y + 1 + margin, int(columns.max()) - x + 1 + margin), np.uint8)
    cells[rows - y, columns - x] = 1
    cells = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    near = cv2.dilate(cells, np.ones((3, 3), np.uint8))
    return _Footprint(x, y, cells, near, int(np.count_nonzero(cells)))


def _share(a: _Footprint, b: _Footprint) -> float:
    """How much of the smaller footprint lies in the neighbourhood of the other."""
    small, large = (a, b) if a.count <= b.count else (b, a)
    left, top = max(small.x, large.x), max(small.y, large.y)
    right = min(small.x + small.cells.shape[1], large.x + large.cells.shape[1])
    bottom = min(small.y + small.cells.shape[0], large.y + large.cells.shape[0])
    if left >= right or top >= bottom:
        return 0.0
    window_small = small.cells[top - small.y : bottom - small.y, left - small.x : right - small.x]
    window_large = large.near[top - large.y : bottom - large.y, left - large.x : right - large.x]
    return float(np.count_nonzero(window_small & window_large)) / small.count


def _given_back(labels: Labels, wanted: Bool[np.ndarray, "h w"]) -> Labels:
    """Pixels in `wanted` go to the nearest piece within reach."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    owners = np.zeros(int(nearest.max()) + 1, np.int32)
    seeds = labels > 0
    owners[nearest[seeds]] = labels[seeds]
    return np.where(wanted & (distance <= REACH_PX), owners[nearest], 0).astype(np.int32)
