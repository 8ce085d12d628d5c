"""Maps from a network's resolution to the image's: bilinear, and depth by way of its inverse.

Bilinear stays between its neighbours; bicubic overshoots at edges, where it would make points before and behind both
surfaces. The inverse of depth is linear across the image of a plane, so that planes stay planes.
"""

import numpy as np
from jaxtyping import Float32, Float64


def resized(values: Float32[np.ndarray, "r c"], height: int, width: int) -> Float32[np.ndarray, "h w"]:
    """Resize a map, both sizes covering the same field of view: pixel centres keep their places.

    Values are taken at points, never averaged over an area: means across an edge are depths that nothing has.
    """
    rows = (np.arange(height) + 0.5) * (values.shape[0] / height) - 0.5
    columns = (np.arange(width) + 0.5) * (values.shape[1] / width) - 0.5
    return sampled(values, rows, columns)


def sampled(
    values: Float32[np.ndarray, "r c"], rows: Float64[np.ndarray, " h"], columns: Float64[np.ndarray, " w"]
) -> Float32[np.ndarray, "h w"]:
    """Sample a map at the crossings of `rows` and `columns`, in indices of elements; beyond the border, the border."""
    above, below, part = _neighbours(rows, values.shape[0])
    left, right, share = _neighbours(columns, values.shape[1])
    wide = values[:, left] * (1 - share) + values[:, right] * share
    return wide[above] * (1 - part[:, None]) + wide[below] * part[:, None]


def _neighbours(
    places: Float64[np.ndarray, " n"], size: int
) -> tuple[np.ndarray, np.ndarray, Float32[np.ndarray, " n"]]:
    within = np.clip(places, 0, size - 1)
    low, high = np.floor(within).astype(np.intp), np.ceil(within).astype(np.intp)
    return low, high, (within - low).astype(np.float32)


def inverse(values: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Compute 1 / values: inverse depth to depth and back; NaN where a value is not positive or not finite."""
    good = np.isfinite(values) & (values > np.finfo(np.float32).tiny)
    return np.divide(1, values, out=np.full_like(values, np.nan), where=good)


def resized_depth(depth: Float32[np.ndarray, "r c"], height: int, width: int) -> Float32[np.ndarray, "h w"]:
    """Resize depth, interpolated in its inverse; NaN where it is not positive."""
    return inverse(resized(inverse(depth), height, width))
