"""A picture as the model takes it: RGB of any size -> a square of normalised pixels.

As transformers prepares it without tiles: the longer side to `size`, then both to `max_image_size`, each by Lanczos.
Facts: transformers 5.23, models/idefics3/image_processing_pil_idefics3.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

LONGEST_PX = 4096


class ImageInput:
    """Prepares pictures by the settings of a checkpoint's image processor."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._longest = int(settings.get("size", {}).get("longest_edge", 1456))
        self.side = int(settings.get("max_image_size", {}).get("longest_edge", 364))
        self._filter = Image.Resampling(int(settings.get("resample", Image.Resampling.LANCZOS)))
        self._factor = float(settings.get("rescale_factor", 1 / 255))
        self._mean = np.array(settings.get("image_mean", [0.5] * 3), np.float32)
        self._std = np.array(settings.get("image_std", [0.5] * 3), np.float32)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "3 side side"]:
        """Prepare one picture."""
        picture = Image.fromarray(image)
        picture = picture.resize(first_size(*picture.size, self._longest), self._filter)
        picture = picture.resize((self.side, self.side), self._filter)
        pixels = (np.asarray(picture, np.float64) * self._factor).astype(np.float32)
        return ((pixels - self._mean) / self._std).transpose(2, 0, 1)


def first_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return (width, height) at which the longer side is `longest`, the other one an even number where it can be."""
    aspect = width / height
    if width >= height:
        width, height = longest, int(longest / aspect)
        height += height % 2
    else:
        width, height = int(longest * aspect), longest
        width += width % 2
    width, height = max(width, 1), max(height, 1)
    if max(width, height) > LONGEST_PX:
        if width >= height:
            width, height = LONGEST_PX, int(LONGEST_PX / (width / height))
        else:
            width, height = int(LONGEST_PX * (width / height)), LONGEST_PX
    return max(width, 1), max(height, 1)
