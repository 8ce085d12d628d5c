"""The ways between the centres of all ordered pairs, and how much longer one is than another from the same object."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from spatialvlm.pipeline.measure.lists import PairRows
from spatialvlm.pipeline.measure.objects import Index, Objects, PerPair, dot, fans_of, pairs_of, together
from spatialvlm.records import Scene


class Ways:
    """From `near` to `far`: how long, and how errors lengthen them at either end.

    `far_pull` and `near_pull` are per unit of depth's drift there, `moved` per unit of each mode. `gap` is that between
    the boxes. `fans` are groups of three rows from one object, the shortest first.
    """

    def __init__(self, scenes: Sequence[Scene], objects: Objects, rows: PairRows) -> None:
        self.objects, self.rows = objects, rows
        near, far = self.near, self.far = pairs_of(scenes, ordered=True)
        way = objects.centre[:, far] - objects.centre[:, near]
        self.length: PerPair = np.sqrt(dot(way, way))
        self.direction = way / np.maximum(self.length, 1e-9)
        self.own = dot(self.direction**2, objects.centre_error[:, far] ** 2)
        self.far_pull = dot(self.direction, objects.pull[:, far])
        self.near_pull = dot(self.direction, objects.pull[:, near])
        self.moved = [dot(self.direction, mode.pull[:, far] - mode.pull[:, near]) for mode in objects.modes]
        self.shared = together(objects, near, far)
        low, high = objects.low, objects.high
        beside = np.maximum(np.maximum(low[:, near] - high[:, far], low[:, far] - high[:, near]), 0.0)
        self.gap: PerPair = np.sqrt(dot(beside, beside))
        self.fans: Int[np.ndarray, "g 3"] = np.lexsort((self.length, near))[fans_of(scenes, 3)]

    def variance(self, one: Index, other: Index) -> PerPair:
        """Compute the variance of how much longer one way is than another from the same object, without scale."""
        objects, anchor = self.objects, self.near[one]
        turned = self.direction[:, one] - self.direction[:, other]
        total = self.own[one] + self.own[other] + dot(turned**2, objects.centre_error[:, anchor] ** 2)
        # The anchor's own error counts as far as the two ways differ; of the drift neighbours share some.
        out, back, near = self.far_pull[one], -self.far_pull[other], self.near_pull[other] - self.near_pull[one]
        shared = self.shared[self.rows.of(self.far[one], self.far[other])]
        drift = out**2 + back**2 + near**2
        drift += 2.0 * (shared * out * back + near * (self.shared[one] * out + self.shared[other] * back))
        total += objects.setting.local[anchor] ** 2 * np.maximum(drift, 0.0)
        for mode, moved in zip(objects.modes, self.moved):
            total += (mode.sigma[anchor] * (moved[one] - moved[other])) ** 2
        return total
