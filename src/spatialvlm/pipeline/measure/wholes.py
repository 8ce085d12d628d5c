"""What whole things are beyond the boxes of their visible parts: scenes' objects in, their sizes and places out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.records import Object, Scene

BEYOND_BORDER, BEHIND_SOMETHING = 1.0, 0.5
"""How far the centre of a thing that is cut may be from where it is seen to be, as a share of its largest extent."""
BACK = 0.2  # of the size that is seen, 1 sigma
LEFT_OUT = 0.7  # of what the box leaves out at an end, 1 sigma
OF_PIXEL = 0.2  # 1 sigma
SIDE_OF_PIXEL = 0.5  # 1 sigma to the sides, with what the faces' own errors say of it
LEAST_BEYOND_M = 0.25  # a sliver at the border may be of something large


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """The extents of n objects between their outermost points, and 1 sigma of how far the whole reaches beyond each."""

    extent: Float64[np.ndarray, "3 n"]
    low_hidden_m: Float64[np.ndarray, "3 n"]
    high_hidden_m: Float64[np.ndarray, "3 n"]


def ends_of(
    found: Sequence[Object],
    low: Float64[np.ndarray, "3 n"],
    high: Float64[np.ndarray, "3 n"],
    face_errors: tuple[Float64[np.ndarray, "3 n"], Float64[np.ndarray, "3 n"]],
    viewer: Float64[np.ndarray, "3 n"],
    focal_px: Float64[np.ndarray, " n"],
) -> Ends:
    """Find where objects end, beyond the boxes of what is seen; what stands on the support plane ends there.

    Boxes leave ends out, masks end within a pixel, and a thing has a back, about a fifth as deep as it is large, which
    spreads behind it along the rays at its outline: to the sides and upwards as far as these lead away.
    """
    if not found:
        return Ends(high - low, np.zeros_like(low), np.zeros_like(low))
    starts = np.cumsum([0, *(len(o.points_in_world) for o in found[:-1])])
    points = np.concatenate([o.points_in_world for o in found])
    least, most = (by.reduceat(points, starts).T.astype(np.float64) for by in (np.minimum, np.maximum))
    least, most = np.minimum(least, low), np.maximum(most, high)
    standing = np.array([o.bottom == "support" for o in found], bool)
    least[2] = np.where(standing, low[2], least[2])
    way = (low + high) / 2 - viewer
    away = np.maximum(np.sqrt(way[0] ** 2 + way[1] ** 2 + way[2] ** 2), 1e-9)
    level = np.where(way[2] < 0, np.sqrt(way[0] ** 2 + way[1] ** 2) / away, 1.0)
    back = BACK * level * np.sqrt((high[0] - low[0]) * (high[2] - low[2]))
    before, beyond = np.maximum(viewer - low, 0.0) / away, np.maximum(high - viewer, 0.0) / away
    before[1:], beyond[1] = 0.0, 1.0  # what is below is known otherwise: it stands there, or has an underside
    pixel, side = (OF_PIXEL * away / focal_px) ** 2, (SIDE_OF_PIXEL * away / focal_px) ** 2
    side = side * np.array([[1.0], [1.0], [0.0]])
    low_hidden, high_hidden = (
        np.sqrt((LEFT_OUT * left_out) ** 2 + (leads * back) ** 2 + np.maximum(side - error**2, pixel))
        for left_out, leads, error in zip((low - least, most - high), (before, beyond), face_errors, strict=True)
    )
    low_hidden[2] = np.where(standing, 0.0, low_hidden[2])
    return Ends(most - least, low_hidden, high_hidden)


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
