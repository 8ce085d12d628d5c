"""How far an object reaches beyond its mask: an instance and its visible surface in, what its box adds out.

A mask may be of a part alone (GrabCut misses thin legs). The box in which the detector found it then says how far the
whole reaches in the picture; where its sides lie in the world is as sure as half of what they add, how deep it is as
half of the most that one adds.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import spans, tight_box
from spatialvlm.records import Instance

UNSURE = 0.5  # of what a side adds


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How far the low and high faces lie beyond those of the mask along x, y and z, and 1 sigma of that."""

    beyond_m: Float64[np.ndarray, "2 3"]
    error_m: Float64[np.ndarray, "2 3"]


def reach_of(instance: Instance, depth_m: float, focal_px: float) -> Reach | None:
    """Find how far an object reaches beyond its mask; None where the mask is of the whole.

    Columns of the picture are taken for the world's x, rows for its z, at the depth of what is seen of the object.
    """
    if spans(instance.mask, instance.box_xyxy):
        return None
    inner, outer = tight_box(instance.mask).astype(np.float64), instance.box_xyxy.astype(np.float64)
    left, top = inner[:2] - outer[:2]
    right, bottom = outer[2:] - inner[2:]
    added = np.array([[left, 0.0, bottom], [right, 0.0, top]])
    beyond_m = np.maximum(added, 0.0) * (depth_m / focal_px)
    error_m = UNSURE * beyond_m
    error_m[:, 1] = UNSURE * beyond_m.max()
    return Reach(beyond_m, error_m)
