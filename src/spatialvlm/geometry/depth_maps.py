"""What a depth map says about itself: how noisy it is, and what its surfaces look like without the noise.

Everything works on inverse depth (disparity, 1/m): a plane in space is an affine function of the pixel there, whatever
its slope, so that second differences and local affine fits see noise and steps but not slant.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

# The spread of a third difference (1, -3, 3, -1) over that of its terms, and the median absolute unit Gaussian.
_THIRD_DIFFERENCE_GAIN = 20.0**0.5
_MAD_OF_GAUSSIAN = 0.6745

# Strides in pixels: 1 sees independent noise, 4 also the blobs that stereo matching leaves.
_STRIDES = (1, 4)

# Relative noise is never taken to be less than this: depth is stored in millimetres or coarser.
NOISE_FLOOR = 2e-4


NO_DEPTH = (
    "no_depth: the frame has no depth map; give depth in frames.jsonl, or a model that makes it: --recipe photos, or "
    "--model depth=BACKEND:WEIGHTS"
)
"""Why a frame without depth is dropped, whichever stage meets it first."""

NOISE_ROWS = 60  # of a depth map are enough to know its noise within a percent


# glibc hands freed memory back to the system, to be faulted in again for the next array, until a block of this size has
# been freed once. That can be a quarter of the time that lifting takes.
np.empty(1 << 21)


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Inverse depth after a local affine fit: values (NaN: unsupported), noise left as a factor, slope per pixel."""

    inverse_m: Float64[np.ndarray, "h w"]
    noise_factor: Float64[np.ndarray, "h w"]
    slope: Float64[np.ndarray, "h w"]


def relative_noise(depth_m: Float32[np.ndarray, "h w"], where: Bool[np.ndarray, "h w"] | None = None) -> float:
    """Measure the 1-sigma local noise of a depth map as a fraction of depth, from its own third differences.

    Robust against steps and objects (a median), blind to slant. Returns `NOISE_FLOOR` where too little is known.
    """
    depth = depth_m if where is None else np.where(where, depth_m, np.float32(np.nan))
    return max(max(_noise_at_stride(depth, stride) for stride in _STRIDES), NOISE_FLOOR)


def _noise_at_stride(depth_m: Float32[np.ndarray, "h w"], stride: int) -> float:
    """Take the median third difference along the rows, relative to depth: neither slant nor curvature counts."""
    every = max(1, depth_m.shape[0] // NOISE_ROWS)
    rows = depth_m[::every]
    if rows.shape[1] <= 3 * stride:
        return 0.0
    first, second, third, fourth = (rows[:, k * stride : rows.shape[1] - (3 - k) * stride] for k in range(4))
    rough = np.abs(second / first - 3.0 + 3.0 * second / third - second / fourth)
    rough = rough[np.isfinite(rough)]
    if rough.size < 50:
        return 0.0
    return middle(rough) / (_MAD_OF_GAUSSIAN * _THIRD_DIFFERENCE_GAIN)


def middle(values: Float[np.ndarray, " n"]) -> float:
    """Find the upper median, several times faster than numpy's."""
    place = len(values) // 2
    return float(np.partition(values, place)[place])


def smooth_inverse(inverse_m: Float64[np.ndarray, "h w"], where: Bool[np.ndarray, "h w"], radius: int) -> Smoothed:
    """Fit inverse depth by an affine function of the pixel in each (2 radius + 1)^2 window over the pixels in `where`.

    The fit is evaluated at the window's centre, also at pixels outside `where` that have enough support around them, so
    that it extrapolates over a mask's rim and over small holes without a bias on slanted planes. `noise_factor` is the
    noise of the fitted value over that of one pixel.
    """
    v, u = np.indices(inverse_m.shape, np.float64)
    weight, value = where.astype(np.float64), np.where(where, inverse_m, 0.0)
    weight_u, weight_v = weight * u, weight * v
    s, su, sv = (_window_sum(f, radius) for f in (weight, weight_u, weight_v))
    suu, suv, svv = (_window_sum(f, radius) for f in (weight_u * u, weight_u * v, weight_v * v))
    sd, sud, svd = (_window_sum(f, radius) for f in (value, value * u, value * v))
    lonely = s < 3.0
    count = np.maximum(s, 1.0)
    mu, mv, md = su / count, sv / count, sd / count
    s_mu, s_mv = s * mu, s * mv
    # A small ridge keeps one-pixel-wide shapes solvable: their unseen slope is taken as zero.
    cuu, cuv, cvv = suu - s_mu * mu + 0.5, suv - s_mu * mv, svv - s_mv * mv + 0.5
    cud, cvd = sud - s_mu * md, svd - s_mv * md
    determinant = cuu * cvv - cuv * cuv
    du, dv = u - mu, v - mv
    slope_u, slope_v = (cvv * cud - cuv * cvd) / determinant, (cuu * cvd - cuv * cud) / determinant
    fitted = md + slope_u * du + slope_v * dv
    leverage = 1.0 / count + (cvv * du * du - 2.0 * cuv * du * dv + cuu * dv * dv) / determinant
    fitted[lonely], leverage[lonely] = np.nan, np.inf
    return Smoothed(fitted, np.sqrt(leverage), cv2.magnitude(slope_u, slope_v))


def _window_sum(values: Float64[np.ndarray, "h w"], radius: int) -> Float64[np.ndarray, "h w"]:
    size = 2 * radius + 1
    return cv2.boxFilter(values, cv2.CV_64F, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
