"""Disparity, inverse depth right up to an unknown unit and constant, to a depth that has the right order and no more.

A network trained with the scale- and shift-invariant loss of MiDaS (https://arxiv.org/abs/1907.01341, section 5) gives
d = a / z + b, a > 0, and nothing in it tells a or b.
"""

import numpy as np
from jaxtyping import Float32

from spatialvlm.pipeline.estimate.depth.resample import inverse

FAR_PERCENTILE = 1.0
FAR = 0.4
"""The inverse depth that the far end of an image gets, as a share of the image's median inverse depth."""

SHIFT_ERROR = 0.53
"""How wrong the constant is, 1 sigma, as a share of the median inverse depth.

In truth the far end of an image has r times its median inverse depth, and the constant that is then missing is
(1 - FAR) r / (1 - r) - FAR medians. r is 0 under open sky, and in 18 frames of sensor depth (tables, desks, rooms) it
was between 0.13 and 0.78, 0.45 on average; the constants of these frames have a root mean square of 0.53.
"""


def from_disparity(disparity: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Invert disparity to depth in the unknown unit in which median inverse depth is 1; NaN where it is not finite.

    The constant is chosen so that the far end of the image, the 1st percentile of disparity, gets 0.4 of the median
    inverse depth: what lies beyond gets the same depth of 2.5. A flat map has depth 1 everywhere.
    """
    finite = disparity[np.isfinite(disparity)]
    if not finite.size:
        return np.full_like(disparity, np.nan)
    far = np.percentile(finite, FAR_PERCENTILE)
    nearer = finite[finite > far]
    if not nearer.size:
        return np.where(np.isfinite(disparity), np.float32(1), np.float32(np.nan))
    middle = np.median(finite)
    # Where most of the image is sky its median is the far end, and what is left of the image sets the unit.
    middle = middle if middle > far else np.median(nearer)
    scaled = FAR + (1 - FAR) * (disparity - far) / (middle - far)
    return inverse(np.maximum(scaled, FAR).astype(np.float32))
