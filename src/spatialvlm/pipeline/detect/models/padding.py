"""Padding for images so long and narrow that an image processor would shrink their short side to nothing."""

import numpy as np
from jaxtyping import UInt8

MAX_ASPECT = 4
"""Longer images are padded to this aspect ratio; a processor that makes the long side 1000 pixels then leaves 250."""


def pad_to_aspect(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "H W 3"]:
    """Pad a long image with black below it or on its right, so that pixels keep their coordinates."""
    height, width = image.shape[:2]
    least = -(-max(height, width) // MAX_ASPECT)
    if min(height, width) >= least:
        return image
    return np.pad(image, np.array([[0, max(0, least - height)], [0, max(0, least - width)], [0, 0]]))
