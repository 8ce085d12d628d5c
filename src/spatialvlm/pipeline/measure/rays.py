"""The rays from the camera to the centres of objects: how long they are, and what errors do along and across them.

Depth's drift moves things along their rays: it changes how far they are in full, and hardly in which direction.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Float64

from spatialvlm.pipeline.measure.modes import Mode
from spatialvlm.pipeline.measure.objects import Index, Objects, PerObject, PerPair, dot

APART = 0.354
"""How far a centre goes, of the extent, where the drifts at opposite faces are 1 sigma each and nothing of them shared:
sqrt(2) / 4. They share some, so this is the most."""


class Rays:
    """The ways from the camera to the centres of n objects, in the world's axes."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.way = objects.centre - objects.setting.viewer
        self.away: PerObject = np.sqrt(dot(self.way, self.way))

    @cached_property
    def direction(self) -> Float64[np.ndarray, "3 n"]:
        """Unit vectors along them."""
        return self.way / np.maximum(self.away, 1e-9)

    @cached_property
    def error(self) -> PerObject:
        """1 sigma of the distance that is each object's own."""
        return np.sqrt(dot(self.direction**2, self.objects.centre_error**2))

    @cached_property
    def nearest(self) -> PerObject:
        """How far the nearest point of each box is."""
        viewer = self.objects.setting.viewer
        beside = np.maximum(np.maximum(self.objects.low - viewer, viewer - self.objects.high), 0.0)
        return np.sqrt(dot(beside, beside))

    def pull(self, by: Objects | Mode) -> PerObject:
        """Say how far the drift of depth, or a mode, moves each centre away per unit."""
        # What stands on the plane is kept there, but how far its place is drifts in full.
        return self.away if isinstance(by, Objects) else dot(self.direction, self.moved(by))

    def moved(self, mode: Mode) -> Float64[np.ndarray, "3 n"]:
        """Say how far a mode moves the centres as the camera has them, which may move itself."""
        return mode.pull - mode.field(self.objects.setting.viewer, np.arange(len(self.away)))

    def across(self, which: Index, side: Float64[np.ndarray, "3 p"]) -> PerPair:
        """Compute the variance of some centres along unit vectors across their rays, of what is each one's own."""
        objects, local = self.objects, self.objects.setting.local[which]
        own = dot(side**2, objects.centre_error[:, which] ** 2)
        faces = APART * dot(np.abs(side), objects.extent[:, which])
        # A bottom that is kept on the plane does not drift along its ray: the centre leaves it by half of that.
        kept = np.where(objects.standing[which], objects.setting.viewer[2, which] / 2, 0.0) * side[2]
        return own + local**2 * (faces**2 + kept**2)
