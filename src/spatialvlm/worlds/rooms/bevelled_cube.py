"""A cube with cut edges, as `meshes.boxes` stretches it: nothing enters, tables of its corners and faces leave."""

import itertools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

Corner = tuple[tuple[int, ...], int]
"""A point where three cuts begin: the cube's corner (signs), and the axis of the side on which the point lies."""


class Cube(NamedTuple):
    """96 points, doubled at every edge, and 44 faces. The six sides come first: 24 points, 12 faces.

    A point is `signs` * (half size - cut * `pulled`); its texture is laid on along `axes`.
    """

    signs: Float64[np.ndarray, "96 3"]
    pulled: Float64[np.ndarray, "96 3"]
    axes: Int64[np.ndarray, "96"]
    faces: Int64[np.ndarray, "44 3"]


SIDES = 24, 12


def _polygons() -> list[tuple[list[Corner], int]]:
    """List sides, cut edges, cut corners: the points around each, and the axis to lay a texture on along."""
    corners = list(itertools.product((-1, 1), repeat=3))
    sides, edges = [], []
    for axis in range(3):
        p, q = (axis + 1) % 3, (axis + 2) % 3
        for side in (-1, 1):
            ring = [corner for corner in corners if corner[axis] == side]
            ring.sort(key=lambda corner: math.atan2(corner[q], corner[p]))
            sides.append(([(corner, axis) for corner in ring], axis))
        for a, b in itertools.product((-1, 1), repeat=2):
            low, high = (corner for corner in corners if corner[p] == a and corner[q] == b)
            edges.append(([(low, p), (high, p), (high, q), (low, q)], p))
    return sides + edges + [([(corner, axis) for axis in range(3)], 2) for corner in corners]


def bevelled_cube() -> Cube:
    """Make the tables, every face counter-clockwise from outside."""
    signs, pulled, axes, faces = [], [], [], []
    for polygon, axis in _polygons():
        points = np.array([[s if i == up else 0.8 * s for i, s in enumerate(sign)] for sign, up in polygon])
        outward = np.cross(points[1] - points[0], points[2] - points[0]) @ points.mean(0) > 0
        order = [len(signs) + i for i in (range(len(polygon)) if outward else reversed(range(len(polygon))))]
        faces += [(order[0], second, third) for second, third in itertools.pairwise(order[1:])]
        signs += [sign for sign, _ in polygon]
        pulled += [[i != up for i in range(3)] for _, up in polygon]
        axes += [axis] * len(polygon)
    return Cube(np.array(signs, float), np.array(pulled, float), np.array(axes), np.array(faces))
