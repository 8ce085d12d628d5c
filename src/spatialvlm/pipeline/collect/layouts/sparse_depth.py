"""sparse_depth: depth that a laser measured here and there -> what its nearest hit says of each pixel."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64

SPARSE = 0.5  # of the pixels around which something is known, themselves known: fewer, and it is sparse
REACH_PX = 4.0  # the scan lines of a 64-line laser lie 5 to 6 pixels apart in KITTI's pictures


def nearest_hits(known: Bool[np.ndarray, "h w"]) -> tuple[Int64[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Find the nearest known pixel of each, by its place in the flattened map, and which have one within reach.

    At least one pixel is known.
    """
    away_px, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(labels, np.int64)
    place = np.zeros(int(labels.max()) + 1, np.int64)
    place[labels[known]] = np.flatnonzero(known)
    return place[labels], away_px <= REACH_PX


def without_gaps(depth_m: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Give each unknown pixel of a sparse map the depth of the nearest known one within reach; a dense one is kept."""
    known = np.isfinite(depth_m)
    if not known.any():
        return depth_m
    place, near = nearest_hits(known)
    if np.count_nonzero(known) >= SPARSE * np.count_nonzero(near):
        return depth_m
    return np.where(near, depth_m.ravel()[place], np.float32(np.nan))
