"""Points in the image against a polygon -> which are inside; the points of one answer -> its score.

Points are (x, y), as shares of width and height, x to the right, y down. A point with NaN is nowhere. An answer without
points scores 0.

Sources. First point in a polygon: RoboSpatial, arXiv 2411.16537, and
https://github.com/chanhee-luke/RoboSpatial-Eval at 3af8ceb, evaluation.py. Any point: a reading of the same benchmark
by others, more lenient with every point that is said, and reported for comparison alone.
"""

import numpy as np
from jaxtyping import Bool, Float64

Points = Float64[np.ndarray, "n 2"]
Inside = Bool[np.ndarray, " n"]

EDGE = 1e-9  # of the width or height: nearer to an edge is on it


def in_polygon(points: Points, corners: Float64[np.ndarray, "c 2"]) -> Inside:
    """Return whether points are in the polygon. Its edges and corners belong to it, from whichever side.

    Where it crosses itself, the parts that are gone round twice are outside (even-odd rule). Fewer than three corners
    enclose nothing: what is left is the edge.
    """
    if len(corners) == 0:
        return np.zeros(len(points), np.bool_)
    points = np.where(np.isfinite(points), points, np.nan)
    starts, ends = corners, np.roll(corners, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    (start_x, start_y), (end_x, end_y) = starts.T, ends.T
    # An edge holds one of its ends, so that a ray through a corner crosses one of the two edges that meet there.
    spans = (start_y > y) != (end_y > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = start_x + (y - start_y) * (end_x - start_x) / (end_y - start_y)
    odd = np.count_nonzero(spans & (x < crossing), axis=1) % 2 == 1
    return odd | _on_edges(points, starts, ends)


def first_point(inside: Inside) -> float:
    """Score 1 where the first point of an answer is inside, else 0."""
    return float(inside[0]) if len(inside) else 0.0


def any_point(inside: Inside) -> float:
    """Score 1 where any point of an answer is inside, else 0."""
    return float(np.any(inside))


def _on_edges(points: Points, starts: Float64[np.ndarray, "c 2"], ends: Float64[np.ndarray, "c 2"]) -> Inside:
    along = ends - starts
    squared = np.sum(along**2, axis=1)
    offset = points[:, None] - starts
    share = np.sum(offset * along, axis=2) / np.where(squared == 0, 1.0, squared)
    nearest = starts + np.clip(share, 0.0, 1.0)[:, :, None] * along
    return np.any(np.hypot(*np.moveaxis(points[:, None] - nearest, 2, 0)) <= EDGE, axis=1)
