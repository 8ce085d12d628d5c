"""Depth above the plane -> the label of each pixel's segment: cut wherever depth breaks, then merged again.

The cut is made too often rather than too rarely, since `merging` knows how to undo it and nothing later could make it.
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.geometry import Mask
from spatialvlm.pipeline.detect.clusters.height_map import HeightMap
from spatialvlm.pipeline.detect.clusters.merging import Labels, merge

STEP = 0.012  # relative bend of inverse depth that no surface of one object makes, over one or two pixels
STEP_NOISE = 6.0
NECK_PX = 2  # segments that hang together by a neck thinner than about twice this, beyond the cut, are two
MIN_SEGMENT_PX, MIN_FIRM_PX = 30, 12
SKIRT = 2.0  # bands; lower, sensors smear one object into its neighbour
REACH_PX = 6.0  # how far pixels that were cut away may be from the segment they go back to
LOW_BAND = 0.45  # pixels near a segment belong to it down to this share of the band

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def find_segments(depth_m: Float32[np.ndarray, "h w"], heights: HeightMap, noise: float) -> Labels:
    """Label each pixel with its segment from 1 on, 0 where there is none."""
    inverse = np.nan_to_num(1.0 / depth_m, nan=0.0)
    limit = max(STEP, STEP_NOISE * noise)
    smooth = heights.above & ~_steps(inverse, 1, limit) & ~_steps(inverse, 2, limit)
    core = cv2.erode(smooth.view(np.uint8), _CROSS).view(bool)
    high = heights.height_m > SKIRT * heights.band_m
    labels = _cut(core, core & high & ~_steps(inverse, 4, 2.0 * limit))
    if not labels.any():
        return labels
    wanted = heights.above | (heights.height_m > LOW_BAND * heights.band_m)
    grown = _given_back(labels, wanted, core)
    return merge(labels, grown, heights)[grown]


def _steps(inverse: Float32[np.ndarray, "h w"], reach: int, limit: float) -> Mask:
    """Find where depth breaks: relative second differences of inverse depth over so many pixels. A slant never does."""
    broken = np.zeros(inverse.shape, bool)
    for values, out in ((inverse, broken), (inverse.T, broken.T)):
        left, middle, right = values[:, : -2 * reach], values[:, reach:-reach], values[:, 2 * reach :]
        out[:, reach:-reach] |= (left > 0) & (right > 0) & (np.abs(left + right - 2.0 * middle) > limit * middle)
    return broken


def _cut(core: Mask, firm: Mask) -> Labels:
    """Label what of `firm` holds together by more than a neck, and the parts of `core` that hold none of it."""
    thick, count = _components(cv2.erode(firm.view(np.uint8), _CROSS, iterations=NECK_PX), MIN_FIRM_PX)
    whole = cv2.connectedComponents(core.view(np.uint8), connectivity=4)[1].astype(np.int32)
    has_thick = np.zeros(int(whole.max()) + 1, bool)
    has_thick[whole[thick > 0]] = True
    thin, _ = _components((core & ~has_thick[whole]).view(np.uint8), MIN_SEGMENT_PX)
    return np.where(thin > 0, thin + count, thick).astype(np.int32)


def _components(mask: UInt8[np.ndarray, "h w"], least: int) -> tuple[Labels, int]:
    """Number the connected components of at least so many pixels from 1 on, and count them."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= least
    large[0] = False
    return (np.cumsum(large) * large).astype(np.int32)[labels.astype(np.int32)], int(np.count_nonzero(large))


def _given_back(labels: Labels, wanted: Mask, core: Mask) -> Labels:
    """Give pixels in `wanted` to the nearest segment within reach, those of the core however far it is."""
    seeds = labels > 0
    distance, nearest = cv2.distanceTransformWithLabels(
        (~seeds).view(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = nearest.astype(np.int32)
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[seeds]] = labels[seeds]
    return np.where((wanted & (distance <= REACH_PX)) | core, label_of[nearest], 0).astype(np.int32)
