"""Masks: as arrays and as COCO run lengths, the box around one, and one without its specks."""

import warnings
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from pycocotools import mask as coco

from spatialvlm.records import Rle

Image = UInt8[np.ndarray, "h w 3"]
Mask = Bool[np.ndarray, "h w"]
BoxXyxy = Float32[np.ndarray, " 4"]


def encode_mask(mask: Mask | Rle) -> Rle:
    """Give a mask as run lengths; an Rle is returned as it is."""
    if isinstance(mask, Rle):
        return mask
    by_column = np.asarray(cv2.transpose(mask.view(np.uint8)), np.uint8)  # ten times as fast as numpy
    rle = cast(dict[str, Any], coco.encode(by_column.T))
    return Rle(mask.shape[0], mask.shape[1], rle["counts"])


def decode_mask(mask: Mask | Rle) -> Mask:
    """Give a mask as an array; an array is returned as it is."""
    if not isinstance(mask, Rle):
        return mask
    rle: Any = {"size": [mask.height, mask.width], "counts": mask.counts}
    with warnings.catch_warnings():
        # pycocotools up to 2.0.11 builds the array in a way that numpy 2 finds old
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(np.ndarray, coco.decode(rle)).astype(bool)


def tight_box(mask: Mask) -> BoxXyxy:
    """Find the smallest box around a mask, xyxy; zeros around an empty one."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([left, top, left + width, top + height], np.float32)


def edge_distance(mask: Mask) -> Float32[np.ndarray, "h w"]:
    """Give every pixel of a mask its distance from the nearest one outside, in pixels; 0 outside it.

    What lies beyond the array is outside too.
    """
    padded = np.pad(mask, 1).view(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def without_specks(mask: Mask, share: float = 0.1, connectivity: int = 8) -> Mask:
    """Keep the largest connected component of a mask, and those of at least this share of its pixels.

    There may be several, since an object seen behind a table leg has two.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return (areas >= share * max(1, int(areas.max())))[labels.astype(np.intp)]
