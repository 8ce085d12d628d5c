"""Whether a place that was pointed at is free, by the exact depth and masks of its frame.

As `truth`, it shares nothing with the pipeline: regions enter as they are said, pixels are looked up, and one value a
region leaves.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.geometry import Polygon, deepest_point

BEYOND = MappingProxyType(
    {"free_left": (0, False), "free_right": (0, True), "free_front": (1, False), "free_behind": (1, True)}
)
"""Quantities of room beside A: the axis of the world, and whether the greater end of A's box is the one to pass."""
FLAT_M = 0.003  # floors are exact
DOMED_M = 0.02  # a pillow lies on a seat that is not flat
RUG_M = 0.02  # who stands on a rug stands on the floor
FREE_SHARE = 0.99  # of a region's pixels, beside the one that is said
LOOKED_AT = 400  # pixels of a region

Vectors = Float64[np.ndarray, "n 3"]
Index = Int[np.ndarray, " p"]
Numbers = Float64[np.ndarray, " n"]
Seen = Callable[[Index, Index], tuple[Vectors, Numbers]]
"""Columns and rows of pixels to the places seen there, and how low the object there reaches, -inf for none."""


def room_beside(
    quantity: str,
    regions: Sequence[Polygon],
    low: Vectors,
    high: Vectors,
    levels: Numbers,
    size: tuple[int, int],
    seen: Seen,
) -> Numbers:
    """Judge regions beside boxes: 1 where the point that is said is free and on that side, and so is the rest, or -1.

    `levels` are the heights that the objects stand at, `size` is width and height of the picture. What is seen there is
    what they stand on, and not another thing that stands there: it reaches lower, or is no object.
    """
    axis, greater = BEYOND[quantity]
    found = []
    for polygon, least, most, level in zip(regions, low, high, levels, strict=True):
        said = np.array(deepest_point(polygon)) * size
        columns, rows = np.concatenate([said.astype(int)[:, None], _pixels(polygon, size)], axis=1)
        places, lowest = seen(columns, rows)
        on_side = places[:, axis] > most[axis] if greater else places[:, axis] < least[axis]
        height = 0.0 if level < RUG_M else level
        within = np.where(np.isfinite(lowest), DOMED_M, FLAT_M)
        right = (np.abs(places[:, 2] - height) < within) & (lowest < height - RUG_M) & on_side
        found.append(1.0 if right[0] and right[1:].mean() >= FREE_SHARE else -1.0)
    return np.array(found)


def _pixels(polygon: Polygon, size: tuple[int, int]) -> Int[np.ndarray, "2 p"]:
    """List pixels whose centres a polygon holds, spread evenly: a ray to the right leaves it an odd number of times."""
    corners = np.array(polygon) * size
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    step = max(1, int(np.sqrt((right - left) * (bottom - top) / LOOKED_AT)))
    columns, rows = np.meshgrid(np.arange(left, right, step), np.arange(top, bottom, step))
    x, y = columns.ravel() + 0.5, rows.ravel() + 0.5
    inside = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return np.stack([columns.ravel()[inside], rows.ravel()[inside]])
