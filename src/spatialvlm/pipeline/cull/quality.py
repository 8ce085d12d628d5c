"""How sharp a picture is: image -> a number that blur lowers, whatever the picture's size, contrast and noise.

A sharp edge loses much of its gradient when it is blurred once more, a blurred one little. Zhuo and Sim (Pattern
Recognition 44, 2011, https://doi.org/10.1016/j.patcog.2011.03.009) read the blur of an edge from the ratio of the two
gradients; here one ratio is taken over the strongest edges of the whole picture. The variance of the Laplacian, the
usual measure, differs between sharp photos more than between a sharp and a blurred one, and noise raises it.
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

LONG_SIDE_PX = 320
"""Pictures are compared at this size: blur that it does not show does no harm to models, and noise is averaged away."""

DENOISE_PX = 0.7
REBLUR_PX = 1.5
STRONGEST = 0.1
"""The share of pixels that count: a picture is sharp where its focus is, however soft the background."""

MIN_GRADIENT = 1.0
"""Grey levels per pixel. Weaker gradients are shading or noise; a ramp from black to white over a picture has 0.8."""

MIN_EDGE_PX = 16


def sharpness(image: UInt8[np.ndarray, "h w 3"]) -> float:
    """Measure the share of gradient energy, 0 to 1, that the strongest edges lose when a picture is blurred once more.

    Ordinary photos have 0.5 to 0.65. A Gaussian blur of 2 px in a picture of 640 px lowers that to 0.37 to 0.5, one of
    4 px to 0.2 to 0.33, one of 8 px to about 0.1, with noise or without. A picture without edges, as of a bare wall,
    has nothing that blur could take: 1. One shorter than 320 px is judged by its own pixels.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    scale = LONG_SIDE_PX / max(height, width)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    once = cv2.GaussianBlur(grey, (0, 0), DENOISE_PX)
    twice = cv2.GaussianBlur(once, (0, 0), REBLUR_PX)
    before, after = _gradient_energy(once), _gradient_energy(twice)
    # Edges are chosen after the second blur, where noise no longer makes any.
    edges = after >= max(MIN_GRADIENT**2, float(np.quantile(after, 1 - STRONGEST)))
    if np.count_nonzero(edges) < MIN_EDGE_PX:
        return 1.0
    kept = after[edges].sum(dtype=np.float64) / before[edges].sum(dtype=np.float64)
    return float(np.clip(1 - kept, 0, 1))


def _gradient_energy(grey: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Compute squared gradients, in squared grey levels per pixel."""
    right = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    return right * right + down * down
