"""What is true of three things and more: counts within a radius, between, fitting, passing, and perspectives.

As `truth`, it shares nothing with the pipeline: distances and angles are found from the sides of triangles and by
turning the world, rows of subjects enter, and one value a row leaves.
"""

import numpy as np
from jaxtyping import Float64, Int

Vectors = Float64[np.ndarray, "n 3"]
Numbers = Float64[np.ndarray, " p"]
Subjects = Int[np.ndarray, "p s"]

ALL_OF_IT = 0.05, 3 / 8
"""How far inwards of either end, and at most how far aside, is between two, as shares of their distance."""


def within(centre: Vectors, subjects: Subjects, radius: Numbers) -> Numbers:
    """Count those listed whose centres are within the radius of the first one's."""
    away = np.linalg.norm(centre[subjects[:, 1:]] - centre[subjects[:, :1]], axis=2)
    return ((away <= radius[:, None]) & (subjects[:, 1:] >= 0)).sum(axis=1).astype(np.float64)


def between(centre: Vectors, subjects: Subjects, axes: int) -> Numbers:
    """Return by how much A is between B and C in metres, over the first few axes; negative where it is not."""
    a, b, c = (centre[subjects[:, place], :axes] for place in range(3))
    to_b, to_c, whole = (np.linalg.norm(one - other, axis=1) for one, other in ((a, b), (a, c), (b, c)))
    whole = np.maximum(whole, 1e-9)
    from_b = (to_b**2 - to_c**2 + whole**2) / (2 * whole)
    aside = np.sqrt(np.maximum(to_b**2 - from_b**2, 0.0))
    least, most = ALL_OF_IT
    return np.min([from_b - least * whole, (1 - least) * whole - from_b, most * whole - aside], axis=0)


def fits(low: Vectors, high: Vectors, subjects: Subjects, gap: Numbers) -> Numbers:
    """Return what a gap has to spare for the longer side of A on the ground, or lacks for the shorter; else 0."""
    sides = np.sort((high - low)[subjects[:, 0], :2], axis=1)
    return np.where(gap > sides[:, 1], gap - sides[:, 1], np.minimum(gap - sides[:, 0], 0.0))


def perspective(quantity: str, centre: Vectors, subjects: Subjects) -> Numbers:
    """Find what C is for who stands at A and faces B: a side, a half or a quarter of the turn, or the bearing itself.

    The world is turned until B is straight ahead. Bearings are positive to the right.
    """
    ground = centre[:, 0] + 1j * centre[:, 1]
    a, b, c = (ground[subjects[:, place]] for place in range(3))
    turned = (c - a) * 1j * np.conj(b - a)
    right, behind = turned.real > 0, turned.imag < 0
    match quantity:
        case "perspective_side":
            return right.astype(np.float64)
        case "perspective_facing":
            return behind.astype(np.float64)
        case "perspective_quadrant":
            return np.where(behind, np.where(right, 2.0, 3.0), right)
    return -np.angle(turned / 1j)
