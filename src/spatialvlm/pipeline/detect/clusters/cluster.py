"""Segments on a height map -> the masks of plausible objects, completed where their own footprint vouches for it."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from scipy.ndimage import find_objects

from spatialvlm.geometry import Mask, without_specks
from spatialvlm.pipeline.detect.clusters.height_map import HeightMap, hull_depth
from spatialvlm.pipeline.detect.clusters.merging import Labels

MIN_AREA = 180 / (640 * 480)  # of the image
MAX_AREA = 0.4
SPECK = 0.04  # of its largest part; what is smaller does not belong
MIN_HEIGHT_M = 0.015
MIN_ACROSS_M = 0.015
SLIVER = 0.03  # of the image's side: what the border leaves no more than this of
MIN_BANDS = 2.0  # an object is at least so high: what is less may be a bent table
FOOT_BANDS, UNDERSIDE = 1.5, 0.6  # a foot is so near to the plane, or so low on the object (a ball from above)
UNSTANDING_AREA = 3.0  # what shows no foot must be so many times larger
BENEATH_PX, HIDDEN = (4, 8, 12), 0.4  # where to look for what hides it, and on what share of the columns
WALL_WIDTH, WALL_SHARE = 0.25, 0.8  # of the region's side it is wide, and at its rim: a wall
CLOSING = 0.15  # of a cluster's smaller side: gaps up to this in its outline are bridged
MAX_CLOSING_PX = 25
MAX_FEET = 2500  # enough pixels of a cluster to measure it
KNOWN = 0.3  # of a gap's pixels at least have depth
VOUCHED = 0.6  # of a gap's known pixels stand within the footprint's hull: the inside of a bowl, not what is behind


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """A mask, and its size: height above the plane, the longer and the shorter side of its footprint in metres.

    `stands`: its lowest points are just above the plane. `cut`: it touches the image border.
    """

    mask: Mask
    height_m: float
    long_m: float
    short_m: float
    stands: bool
    cut: bool


def find_clusters(labels: Labels, heights: HeightMap) -> list[Cluster]:
    """Find the plausible objects among the labels, in their order."""
    counts = np.bincount(labels.ravel())
    found = []
    for label, window in enumerate(find_objects(labels), start=1):
        if window is None or not MIN_AREA * labels.size <= counts[label]:
            continue
        mask = np.zeros(labels.shape, bool)
        rows, columns = (slice(max(0, side.start - MAX_CLOSING_PX), side.stop + MAX_CLOSING_PX) for side in window)
        part = without_specks(labels[rows, columns] == label, SPECK)
        mask[rows, columns] = _completed(part, heights, (rows, columns))
        cluster = _measured(mask, heights)
        if cluster is not None:
            found.append(cluster)
    return found


def _completed(part: Mask, heights: HeightMap, window: tuple[slice, slice]) -> Mask:
    """Fill holes of unknown depth in the mask in a window, and gaps that lie within its own footprint."""
    _, _, width, height = cv2.boundingRect(part.view(np.uint8))
    size = min(MAX_CLOSING_PX, 2 * round(CLOSING * min(width, height) / 2) + 1)
    kernel = np.ones((size, size), np.uint8)
    closed = cv2.morphologyEx(np.pad(part, size).view(np.uint8), cv2.MORPH_CLOSE, kernel)[size:-size, size:-size]
    enclosed, bridged = _filled(part.view(np.uint8)), _filled(np.ascontiguousarray(closed))
    x_m, y_m = heights.x_m[window], heights.y_m[window]
    known = np.isfinite(x_m)
    out = part | (enclosed & ~known)
    count, gaps, stats, _ = cv2.connectedComponentsWithStats((bridged & ~out).view(np.uint8), connectivity=4)
    gaps = gaps.astype(np.int32)
    if count == 1:
        return out
    seen = np.flatnonzero(part & known)
    seen = seen[:: max(1, len(seen) // MAX_FEET)]
    within = hull_depth(x_m, y_m, np.stack([x_m.ravel()[seen], y_m.ravel()[seen]], axis=1)) > 0
    knowns = np.bincount(gaps[known], minlength=count)
    vouched = np.bincount(gaps[within & known], minlength=count) > VOUCHED * np.maximum(knowns, 1)
    vouched &= knowns > KNOWN * stats[:, cv2.CC_STAT_AREA]
    vouched[0] = False
    return out | vouched[gaps]


def _filled(mask: UInt8[np.ndarray, "h w"]) -> Mask:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(out, contours, -1, (1,), cv2.FILLED)
    return out.view(bool)


def _measured(mask: Mask, heights: HeightMap) -> Cluster | None:
    """Measure what is under the mask; None where it is too small, too large, a sliver, a wall, or stands on nothing."""
    pixels = np.flatnonzero(mask)
    if not MIN_AREA * mask.size <= len(pixels) <= MAX_AREA * mask.size or _is_sliver(mask):
        return None
    sample = pixels[:: max(1, len(pixels) // MAX_FEET)]
    sample = sample[np.isfinite(heights.height_m.ravel()[sample])]
    lowest, highest = np.percentile(heights.height_m.ravel()[sample], (3, 98)).tolist()
    long_m, short_m = _sides(heights.x_m.ravel()[sample], heights.y_m.ravel()[sample])
    band_m = float(np.median(heights.band_m.ravel()[sample]))
    if highest < max(MIN_HEIGHT_M, MIN_BANDS * band_m) or not MIN_ACROSS_M <= long_m <= heights.extent_m:
        return None
    if long_m > WALL_WIDTH * heights.extent_m and heights.rim.ravel()[sample].mean() > WALL_SHARE:
        return None
    stands = lowest < max(FOOT_BANDS * band_m, UNDERSIDE * highest)
    too_small = len(pixels) < UNSTANDING_AREA * MIN_AREA * mask.size
    if not stands and (too_small or _nothing_beneath(mask, heights)):
        return None
    cut = mask[[0, -1]].any() or mask[:, [0, -1]].any()
    return Cluster(mask, highest, long_m, short_m, stands, bool(cut))


def _is_sliver(mask: Mask) -> bool:
    """Tell whether the image border leaves next to nothing of it."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    at_side = left == 0 or left + width == mask.shape[1]
    at_end = top == 0 or top + height == mask.shape[0]
    return (at_side and width < SLIVER * mask.shape[1]) or (at_end and height < SLIVER * mask.shape[0])


def _sides(x_m: Float32[np.ndarray, " n"], y_m: Float32[np.ndarray, " n"]) -> tuple[float, float]:
    """Measure the smallest rectangle around the footprint, longer side first; the outermost points do not count."""
    points = np.stack([x_m, y_m], axis=1)
    low, high = np.percentile(points, (2, 98), axis=0)
    points = points[((points >= low) & (points <= high)).all(axis=1)].astype(np.float32)
    if len(points) < 3:
        return 0.0, 0.0
    sides = cv2.minAreaRect(points)[1]
    return max(sides), min(sides)


def _nothing_beneath(mask: Mask, heights: HeightMap) -> bool:
    """Tell whether nothing else is below most of the lower outline, which could hide what it stands on."""
    height = mask.shape[0]
    columns = np.flatnonzero(mask.any(axis=0))
    lowest = height - 1 - mask[::-1, columns].argmax(axis=0)
    hidden = lowest == height - 1
    for below in BENEATH_PX:
        hidden |= heights.above[np.minimum(lowest + below, height - 1), columns]
    return bool(np.count_nonzero(hidden) < HIDDEN * len(columns))
