"""Labels on the terrain -> the masks of things: completed where their footprint vouches for it, and plausible ones only."""

from dataclasses import dataclass

import cv2
import numpy as np

from spatialvlm.pipeline.detect.joins import STANDS, Labels
from spatialvlm.pipeline.detect.terrain import Mask, Terrain, inside_hull

MIN_AREA = 150 / (640 * 480)  # of the image
MAX_AREA = 0.4
MIN_HEIGHT_M = 0.015
MIN_ACROSS_M = 0.015
SLIVER = 0.03  # of the image's side: what the border leaves no more than this of
MIN_BANDS = 2.0  # a thing is at least so high: what is less may be a bent table
UNSTANDING_AREA = 3.0  # what shows no foot must be so many times larger
BENEATH_PX, HIDDEN = (4, 8, 12), 0.4  # where to look for what hides it, and on what share of the columns
CLOSING = 0.15  # of a thing's smaller side: gaps up to this in its outline are bridged
MOST_CLOSING_PX = 25
VOUCHED = 0.6  # of a gap's known pixels stand within the footprint's hull: the inside of a bowl, not what is behind


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A mask, and its size: height above the plane, the longer and the shorter side of its footprint in metres.

    `stands`: its lowest points are just above the plane. `cut`: it touches the image border.
    """

    mask: Mask
    height_m: float
    long_m: float
    short_m: float
    stands: bool
    cut: bool


def find_things(labels: Labels, terrain: Terrain) -> list[Thing]:
    """The plausible things among the labels, in their order."""
    return [
        thing
        for label in np.unique(labels[labels > 0]).tolist()
        if (thing := _measured(_completed(labels == label, terrain), terrain))
    ]


def _completed(mask: Mask, terrain: Terrain) -> Mask:
    """The mask with holes of unknown depth filled, and gaps that lie within its own footprint."""
    margin = MOST_CLOSING_PX
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    window = np.s_[max(0, top - margin) : top + height + margin, max(0, left - margin) : left + width + margin]
    part = mask[window]
    size = min(MOST_CLOSING_PX, 2 * round(CLOSING * min(width, height) / 2) + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(np.pad(part, margin).view(np.uint8), cv2.MORPH_CLOSE, kernel)
    closed = closed[margin:-margin, margin:-margin]
    enclosed, bridged = _filled(part.view(np.uint8)), _filled(closed)
    x_m, y_m = terrain.x_m[window], terrain.y_m[window]
    known = np.isfinite(x_m)
    within = inside_hull(x_m, y_m, x_m[part & known], y_m[part & known])
    _, gaps = cv2.connectedComponents((bridged & ~part).view(np.uint8), connectivity=4)
    count = int(gaps.max()) + 1
    sizes, knowns = np.bincount(gaps.ravel(), minlength=count), np.bincount(gaps[known], minlength=count)
    vouched = np.bincount(gaps[within & known], minlength=count) > VOUCHED * np.maximum(knowns, 1)
    vouched &= knowns > 0.3 * sizes
    vouched[0] = False
    out = mask.copy()
    out[window] |= vouched[gaps] | (enclosed & ~known)
    return out


def _filled(mask: np.ndarray) -> Mask:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(out, contours, -1, (1,), cv2.FILLED)
    return out.view(bool)


def _measured(mask: Mask, terrain: Terrain) -> Thing | None:
    """The thing under the mask, or None where it is too small, too large, a sliver, or stands on nothing."""
    area = int(np.count_nonzero(mask))
    if not MIN_AREA * mask.size <= area <= MAX_AREA * mask.size or _is_sliver(mask):
        return None
    known = mask & np.isfinite(terrain.height_m)
    heights = terrain.height_m[known]
    lowest, highest = np.percentile(heights, (3, 98)).tolist()
    long_m, short_m = _sides(terrain.x_m[known], terrain.y_m[known])
    band_m = float(np.median(terrain.band_m[known]))
    if highest < max(MIN_HEIGHT_M, MIN_BANDS * band_m) or long_m < MIN_ACROSS_M or long_m > terrain.extent_m:
        return None
    stands = lowest < STANDS * band_m
    if not stands and (area < UNSTANDING_AREA * MIN_AREA * mask.size or _nothing_beneath(mask, terrain)):
        return None
    cut = mask[[0, -1]].any() or mask[:, [0, -1]].any()
    return Thing(mask, highest, long_m, short_m, stands, bool(cut))


def _is_sliver(mask: Mask) -> bool:
    """Whether the image border leaves next to nothing of it."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    at_side = left == 0 or left + width == mask.shape[1]
    at_end = top == 0 or top + height == mask.shape[0]
    return (at_side and width < SLIVER * mask.shape[1]) or (at_end and height < SLIVER * mask.shape[0])


def _sides(x_m: np.ndarray, y_m: np.ndarray) -> tuple[float, float]:
    """The sides of the smallest rectangle around the footprint, longer first; the outermost points do not count."""
    every = max(1, len(x_m) // 3000)
    points = np.stack([x_m[::every], y_m[::every]], axis=1)
    low, high = np.percentile(points, (2, 98), axis=0)
    points = points[((points >= low) & (points <= high)).all(axis=1)].astype(np.float32)
    if len(points) < 3:
        return 0.0, 0.0
    sides = cv2.minAreaRect(points)[1]
    return max(sides), min(sides)


def _nothing_beneath(mask: Mask, terrain: Terrain) -> bool:
    """Whether there is no other thing below most of the lower outline, which could hide what it stands on."""
    height = mask.shape[0]
    columns = np.flatnonzero(mask.any(axis=0))
    lowest = height - 1 - mask[::-1, columns].argmax(axis=0)
    hidden = lowest == height - 1
    for below in BENEATH_PX:
        hidden |= terrain.above[np.minimum(lowest + below, height - 1), columns]
    return bool(np.count_nonzero(hidden) < HIDDEN * len(columns))
