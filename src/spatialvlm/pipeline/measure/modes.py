"""Errors that a whole scene shares and that move all of it in concert, beyond scale and tilt.

A mode is a field: how far a place moves per unit of the error. Only its differences count: what two things share does
not come between them. A wrong focal length stretches the picture across the optical axis. A wrong constant in inverse
depth moves everything along its ray, the farther the more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.records import Scene

Places = Float64[np.ndarray, "3 p"]
Rows = Int[np.ndarray, " p"]
PerObject = Float64[np.ndarray, " n"]

Field = Callable[[Places, Rows], Places]
"""Places in the world, and of which object each is, to how far they move per unit error."""


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """One error of n objects' scenes: 1 sigma, its field, and how it moves centres, bottoms and extents per unit.

    `turns`: it moves places across the rays that the camera sees them along, not only along them.
    """

    sigma: PerObject
    turns: bool
    field: Field
    pull: Float64[np.ndarray, "3 n"]
    low_pull: PerObject
    stretch: Float64[np.ndarray, "3 n"]


def modes_of(
    scenes: Sequence[Scene],
    counts: Sequence[int],
    low: Float64[np.ndarray, "3 n"],
    high: Float64[np.ndarray, "3 n"],
    viewer: Float64[np.ndarray, "3 n"],
    forward: Float64[np.ndarray, "3 n"],
    standing: Bool[np.ndarray, " n"],
) -> tuple[Mode, ...]:
    """List the modes that some scene has; `low` and `high` are the faces of the objects' boxes."""
    focal = np.repeat(np.array([scene.camera.focal_error for scene in scenes], np.float64), counts)
    shift = np.repeat(np.array([scene.errors.shift for scene in scenes], np.float64), counts)
    upright = np.repeat(np.array([scene.gravity is not None for scene in scenes], bool), counts)
    levelled = ~upright | np.repeat(np.array([scene.support.surface is not None for scene in scenes], bool), counts)
    turned = np.repeat(np.array([scene.gravity in (None, "plane") for scene in scenes], bool), counts)
    found = []
    for sigma, turns, field in (
        (focal, True, _focal_field(forward, viewer, levelled, turned)),
        (shift, False, _shift_field(forward, viewer, upright)),
    ):
        if sigma.any():
            every = np.arange(len(sigma))
            pull, bottom = field((low + high) / 2, every), field(low, every)[2]
            stretch = field(high, every) - field(low, every)
            found.append(Mode(sigma, turns, field, pull, np.where(standing, 0.0, bottom), stretch))
    return tuple(found)


def _focal_field(
    forward: Float64[np.ndarray, "3 n"],
    viewer: Float64[np.ndarray, "3 n"],
    levelled: Bool[np.ndarray, " n"],
    turned: Bool[np.ndarray, " n"],
) -> Field:
    """Make the field of a focal length's relative error, which shrinks or stretches what is across the optical axis.

    With the axis (0, c, -s) in the world a way (x, y, z) grows by (x, s^2 y + s c z, s c y + c^2 z). Where up comes
    from the plane in the same picture (`turned`), the plane turns along and is levelled again, which leaves
    (x, s^2 y + 2 s c z, c^2 z), with z counted from the plane (`levelled`).
    """
    along, down = forward[1], -forward[2]
    twice = np.where(turned, 2.0, 1.0)
    origin_z = np.where(levelled, 0.0, viewer[2])

    def field(places: Places, of: Rows) -> Places:
        x, y, z = places[0] - viewer[0, of], places[1] - viewer[1, of], places[2] - origin_z[of]
        c, s, k = along[of], down[of], twice[of]
        return np.stack([x, s * s * y + k * s * c * z, (2.0 - k) * s * c * y + c * c * z])

    return field


def _shift_field(
    forward: Float64[np.ndarray, "3 n"], viewer: Float64[np.ndarray, "3 n"], upright: Bool[np.ndarray, " n"]
) -> Field:
    """Make the field of a constant b in inverse depth: at depth z, places move along rays by the share -b z of the way.

    It keeps the order of depths, so it never decides what is behind what along the optical axis, which is the world's y
    where up is unknown.
    """
    keeps = np.where(upright, 1.0, 0.0)

    def field(places: Places, of: Rows) -> Places:
        away = places - viewer[:, of]
        depth = away[0] * forward[0, of] + away[1] * forward[1, of] + away[2] * forward[2, of]
        moved = depth * away
        return np.stack([moved[0], moved[1] * keeps[of], moved[2]])

    return field
