"""What whole things are beyond the boxes of their visible parts: scenes' objects in, their sizes and places out."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.records import Object, Scene

BEYOND_BORDER, BEHIND_SOMETHING = 1.0, 0.5
"""How far the centre of a thing that is cut may be from where it is seen to be, as a share of its largest extent."""
LEAST_BEYOND_M = 0.25  # a sliver at the border may be of something large


def end_to_end(
    found: Sequence[Object],
    low: Float64[np.ndarray, "3 n"],
    high: Float64[np.ndarray, "3 n"],
    standing: Bool[np.ndarray, " n"],
) -> Float64[np.ndarray, "3 n"]:
    """Measure extents between the outermost points; what stands on the support plane ends there."""
    if not found:
        return high - low
    starts = np.cumsum([0, *(len(o.points_in_world) for o in found[:-1])])
    points = np.concatenate([o.points_in_world for o in found])
    least, most = (by.reduceat(points, starts).T.astype(np.float64) for by in (np.minimum, np.maximum))
    least[2] = np.where(standing, low[2], least[2])
    return np.maximum(most, high) - np.minimum(least, low)


def unseen(
    scenes: Sequence[Scene],
    found: Sequence[Object],
    edges: Float64[np.ndarray, "4 n"],
    scene: Int[np.ndarray, " n"],
    extent: Float64[np.ndarray, "3 n"],
) -> tuple[Float64[np.ndarray, "2 n"], Float64[np.ndarray, "2 n"]]:
    """Say how far centres may be from where they are seen to be: as if as much again were behind a cut.

    What the border of the picture cuts goes on beyond that border, and towards the viewer; what something nearer cuts
    may go on to any side.
    """
    width, height = np.array([(one.camera.width, one.camera.height) for one in scenes]).reshape(-1, 2)[scene].T
    truncated, occluded = (np.array([getattr(o, name) for o in found], bool) for name in ("truncated", "occluded"))
    left, right, below = edges[0] <= 1, edges[2] >= width - 1, edges[3] >= height - 1
    largest = extent.max(axis=0)
    beyond = np.maximum(BEYOND_BORDER * largest, LEAST_BEYOND_M) * truncated
    behind = BEHIND_SOMETHING * largest * occluded
    lower = [np.maximum(beyond * (left | below), behind), np.maximum(beyond, behind)]
    higher = [np.maximum(beyond * (right | below), behind), behind]
    return np.stack(lower), np.stack(higher)
