"""Segments -> which of them are one object, by where they stand on the plane and how they touch.

Three rules merge a segment into a larger one, the best match only, so that a fragment between two objects cannot join
them: their footprints lie in each other (a hole or a part of itself has cut it); they touch and one of them is a mere
fragment or does not stand by itself (a handle, a rim); they are the inside and the outside of a vessel.
The two ends of what something nearer hides in the middle stay two: nobody can tell them from two objects.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8

from spatialvlm.pipeline.detect.clusters.height_map import HeightMap

SAME_SHARE = 0.35  # of the smaller footprint lies in the larger one
SAME_HULL = 0.75  # or in its convex hull
STANDS = 3.0  # bands above the plane or less: the lowest points of what stands on it
TOUCH_PX = 8  # across the cut
TOUCH_BANDS = 3.0  # nearer than so many bands to each other
FRAGMENT = 0.15  # of the larger one's pixels
TOUCH_SHARE = 0.4  # of the square root of the smaller one's pixels are such places
VESSEL_TOPS = 0.6  # the lower top over the higher one
VESSEL_WIDTHS = 0.85  # of the narrower one's width is in line with the other
VESSEL_DEPTH = 1.3  # depth of both over the larger width: a vessel is about round, and segments lack their edges
VESSEL_TOUCH = 0.3  # of the narrower one's columns meet, the inside above the outside

Labels = Int32[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """A segment: its extent in the world (2nd and 98th percentiles), its footprint and its size in the image.

    The footprint is cells of the plane from the grid position `corner` (x, y) on: those under it, those near these,
    those in its convex hull.
    """

    low_m: Float32[np.ndarray, " 3"]
    high_m: Float32[np.ndarray, " 3"]
    corner: tuple[int, int]
    cells: UInt8[np.ndarray, "r c"]
    near: UInt8[np.ndarray, "r c"]
    hull: UInt8[np.ndarray, "r c"]
    cell_count: int
    pixels: int
    columns: int
    stands: bool


def merge(cores: Labels, grown: Labels, heights: HeightMap) -> Int32[np.ndarray, " n"]:
    """Map each label from 0 on to that of its whole object; `grown` are the `cores` with all their pixels."""
    segments = _measured(cores, grown, heights)
    near, above = (counts.tolist() for counts in _contacts(grown, heights, len(segments)))
    order = sorted(range(len(segments)), key=lambda i: (-segments[i].pixels, i))
    owner = np.arange(len(segments) + 1, dtype=np.int32)
    for place, i in enumerate(order):
        larger = ((_evidence(segments[i], segments[j], near[i][j], above[i][j]), -j) for j in order[:place])
        score, best = max(larger, default=(0.0, 0))
        if score >= 1.0:
            owner[i + 1] = owner[1 - best]
    return owner


def _evidence(a: _Segment, b: _Segment, near: int, above: int) -> float:
    """Weigh the evidence that a segment is one object with a larger one; 1 is enough."""
    shares = _footprint_share(a, b) if a.cell_count <= b.cell_count else _footprint_share(b, a)
    may_touch = not (a.stands and b.stands) or a.pixels < FRAGMENT * b.pixels
    touch = near / (TOUCH_SHARE * TOUCH_PX * a.pixels**0.5) if may_touch else 0.0
    vessel = 1.0 if _is_vessel(a, b, above) else 0.0
    return float(max(shares, touch, vessel))


def _footprint_share(small: _Segment, large: _Segment) -> float:
    left, top = max(small.corner[0], large.corner[0]), max(small.corner[1], large.corner[1])
    right = min(small.corner[0] + small.cells.shape[1], large.corner[0] + large.cells.shape[1])
    bottom = min(small.corner[1] + small.cells.shape[0], large.corner[1] + large.cells.shape[0])
    if left >= right or top >= bottom:
        return 0.0

    def window(segment: _Segment) -> tuple[slice, slice]:
        x, y = segment.corner
        return np.s_[top - y : bottom - y, left - x : right - x]

    cells = small.cells[window(small)]
    near, hull = (np.count_nonzero(cells & other[window(large)]) for other in (large.near, large.hull))
    return max(near / SAME_SHARE, hull / SAME_HULL) / small.cell_count


def _is_vessel(a: _Segment, b: _Segment, meeting: int) -> bool:
    """Tell whether one is what is seen over the rim of the other: in line, about as high, about round together."""
    if meeting < VESSEL_TOUCH * TOUCH_PX * min(a.columns, b.columns):
        return False
    tops = sorted((float(a.high_m[2]), float(b.high_m[2])))
    width_a, width_b = float(a.high_m[0] - a.low_m[0]), float(b.high_m[0] - b.low_m[0])
    in_line = float(min(a.high_m[0], b.high_m[0]) - max(a.low_m[0], b.low_m[0]))
    depth = float(max(a.high_m[1], b.high_m[1]) - min(a.low_m[1], b.low_m[1]))
    return (
        tops[0] > VESSEL_TOPS * tops[1]
        and in_line > VESSEL_WIDTHS * min(width_a, width_b)
        and depth < VESSEL_DEPTH * max(width_a, width_b)
    )


def _measured(cores: Labels, grown: Labels, heights: HeightMap) -> list[_Segment]:
    """Measure the segments by label from 1 on."""
    maps = [values.ravel() for values in (heights.x_m, heights.y_m, heights.height_m)]
    band_m = heights.band_m.ravel()
    cell_m = 0.5 * float(np.median(band_m[np.flatnonzero(cores)]))
    found = []
    for core, whole in zip(_by_label(cores), _by_label(grown), strict=True):
        points = np.stack([values[core] for values in maps], axis=1)
        stands = float(np.percentile(maps[2][whole], 3)) < STANDS * float(np.median(band_m[core]))
        found.append(_segment(points, cell_m, stands, len(whole), len(np.unique(core % cores.shape[1]))))
    return found


def _by_label(labels: Labels) -> list[Int64[np.ndarray, " _"]]:
    """List the flat indices of the pixels of each label from 1 on."""
    pixels = np.flatnonzero(labels)
    values = labels.ravel()[pixels].astype(np.int16)  # sorted by radix, in linear time
    order = np.argsort(values, kind="stable")
    return np.split(pixels[order], np.flatnonzero(np.diff(values[order])) + 1)


def _segment(points: Float32[np.ndarray, "n 3"], cell_m: float, stands: bool, pixels: int, columns: int) -> _Segment:
    places = sorted({round(q * (len(points) - 1)) for q in (0.02, 0.98)})
    ends = np.partition(points, places, axis=0)[places]
    feet = np.floor(points[:, :2] / cell_m).astype(np.int32)
    margin = 3
    corner = feet.min(axis=0) - margin
    feet -= corner
    width, height = (feet.max(axis=0) + 1 + margin).tolist()
    cells = np.zeros((height, width), np.uint8)
    cells[feet[:, 1], feet[:, 0]] = 1
    cells = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    hull = np.zeros_like(cells)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(cells)), (1,))
    return _Segment(
        low_m=ends[0],
        high_m=ends[-1],
        corner=(int(corner[0]), int(corner[1])),
        cells=cells,
        near=cv2.dilate(cells, np.ones((3, 3), np.uint8)),
        hull=hull,
        cell_count=int(np.count_nonzero(cells)),
        pixels=pixels,
        columns=columns,
        stands=stands,
    )


def _contacts(
    grown: Labels, heights: HeightMap, count: int
) -> tuple[Int32[np.ndarray, "n n"], Int32[np.ndarray, "n n"]]:
    """Count pixel pairs across the cut between segments: those near in space, those one above the other."""
    near, above = np.zeros((2, count + 1, count + 1), np.int32)
    limit = np.float32(TOUCH_BANDS)
    for vertical in (False, True):
        shift = TOUCH_PX * (grown.shape[1] if vertical else 1)
        flat = grown.ravel()
        first = np.flatnonzero((flat[:-shift] != flat[shift:]) & (flat[:-shift] > 0) & (flat[shift:] > 0))
        if not vertical:
            first = first[first % grown.shape[1] < grown.shape[1] - TOUCH_PX]
        second = first + shift
        away = sum(
            np.abs(values.ravel()[first] - values.ravel()[second])
            for values in (heights.x_m, heights.y_m, heights.height_m)
        )
        one, other = flat[first], flat[second]
        if vertical:
            np.add.at(above, (one, other), 1)
        close = away < limit * heights.band_m.ravel()[first]
        np.add.at(near, (one[close], other[close]), 1)
    return (near + near.T)[1:, 1:], (above + above.T)[1:, 1:]
