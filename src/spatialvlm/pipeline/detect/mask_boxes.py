"""Images, boxes and masks: the box around a mask, and a mask without its specks."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

BoxXyxy = Float32[np.ndarray, " 4"]
Image = UInt8[np.ndarray, "h w 3"]
Mask = Bool[np.ndarray, "h w"]


def tight_box(mask: Mask) -> BoxXyxy:
    """Find the smallest box around a mask, xyxy; zeros around an empty one."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([left, top, left + width, top + height], np.float32)


def without_specks(mask: Mask, share: float = 0.1, connectivity: int = 8) -> Mask:
    """Keep the largest connected component of a mask, and those of at least this share of its pixels.

    There may be several, since an object seen behind a table leg has two.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return (areas >= share * max(1, int(areas.max())))[labels.astype(np.intp)]
