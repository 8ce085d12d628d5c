"""Whether depth is exact: a mask and depth without noise enter, whether the one ends where the other breaks leaves.

A renderer or a simulator casts one ray through each pixel: its depth has no noise, and its masks end at the very pixel
after which depth breaks or bends. No sensor, model or annotator does both, so what is allowed for them is not wanted.
"""

import numpy as np
from jaxtyping import Bool, Float32

from spatialvlm.geometry import tight_box
from spatialvlm.pipeline.lift.occlusion import ACROSS, DOWN, Neighbours, outline_places

BREAK = 0.004  # of inverse depth, as a second difference: several times the most noise that counts as none
AGREES = 0.7  # of the places where depth breaks near the outline
ENOUGH = 8  # such places
BELOW = 3  # the side of an outline
LEAST_PLACES = 3  # at which something is touched
LEVEL_M = 0.001
_LOOKS = np.arange(-3, 5)  # pixels beyond the outline
_AT_OUTLINE = 2  # of the five pairs of neighbours that have two more on either side


def ends_at_breaks(mask: Bool[np.ndarray, "h w"], depth_m: Float32[np.ndarray, "h w"]) -> bool:
    """Tell whether depth breaks right behind a mask's last pixels, not before or after them.

    A break between two pixels bends inverse depth at both; a slant bends it nowhere. Where nothing is hit it is 0.
    """
    if not mask.any():
        return False
    rows, columns, side = outline_places(mask, tight_box(mask).astype(np.float64))
    row, column = rows + _LOOKS[:, None] * DOWN[side], columns + _LOOKS[:, None] * ACROSS[side]
    height, width = mask.shape
    whole = ((row >= 0) & (row < height) & (column >= 0) & (column < width)).all(axis=0)
    inverse = np.nan_to_num(1.0 / depth_m[row[:, whole], column[:, whole]].astype(np.float64))
    bends = np.abs(inverse[:-2] - 2.0 * inverse[1:-1] + inverse[2:])
    breaks = bends[:-1] + bends[1:]
    told = breaks.max(axis=0, initial=0.0) > 2.0 * BREAK * inverse[3]
    agree = np.count_nonzero(breaks.argmax(axis=0)[told] == _AT_OUTLINE)
    return bool(np.count_nonzero(told) >= ENOUGH and agree > AGREES * np.count_nonzero(told))


def contact_height(mask: Bool[np.ndarray, "h w"], near: Neighbours, band_m: float) -> float | None:
    """Find the height of the level surface that a thing touches: what is seen right below its lowest pixels.

    None where that is not level, or further than `band_m` below them.
    """
    rows, columns, side = outline_places(mask, tight_box(mask).astype(np.float64))
    lower = (side == BELOW) & (rows + 1 < len(mask))
    rows, columns = rows[lower], columns[lower]
    own, other = (near.heights(at, columns, near.depth_m[at, columns].astype(np.float64)) for at in (rows, rows + 1))
    known = np.isfinite(own) & np.isfinite(other)
    if np.count_nonzero(known) < LEAST_PLACES:
        return None
    own, other = own[known], other[known]
    lowest = own <= np.partition(own, LEAST_PLACES - 1)[LEAST_PLACES - 1] + LEVEL_M
    level = float(np.median(other[lowest]))
    if np.median(np.abs(other[lowest] - level)) > LEVEL_M or not -LEVEL_M < own.min() - level < band_m:
        return None
    return level
