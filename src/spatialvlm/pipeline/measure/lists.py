"""Groups of objects that are listed together, and where the comparisons of their pairs stand."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from spatialvlm.pipeline.measure.objects import Index, Objects, PerObject, groups_of
from spatialvlm.records import Scene

Rows = Int[np.ndarray, "p s"]
Sorted = Int[np.ndarray, " n"]


class PairRows:
    """The rows of ordered pairs, as `pairs_of` lists them."""

    def __init__(self, scenes: Sequence[Scene], objects: Objects) -> None:
        self.place, scene = objects.place, objects.setting.scene
        counts = np.array([len(one.objects) for one in scenes], np.int64)
        pairs = counts * (counts - 1)
        self.first = (np.cumsum(pairs) - pairs)[scene] + self.place * (counts - 1)[scene]

    def of(self, a: Index, b: Index) -> Index:
        """Find the row of each pair."""
        return self.first[a] + self.place[b] - (b > a)


class Lists:
    """Groups of three, and after them groups of four, all of one scene.

    Nothing is said yet of what comes first: these are places in an order of each scene's objects, ascending; see
    `sorted_by`. `neighbours` are the rows of the pairs of one and the next, `firsts` those of the first and each other;
    the last of either are of the groups of four alone.
    """

    def __init__(self, scenes: Sequence[Scene], objects: Objects, rows: PairRows) -> None:
        self.scene = objects.setting.scene
        threes, fours = groups_of(scenes, 3), groups_of(scenes, 4)
        self.threes = len(threes)
        self.groups = np.concatenate([np.column_stack([threes, np.full(self.threes, -1)]), fours])
        first, second, third = self.groups[:, :3].T
        self.neighbours = (rows.of(first, second), rows.of(second, third), rows.of(fours[:, 2], fours[:, 3]))
        self.firsts = (self.neighbours[0], rows.of(first, third), rows.of(fours[:, 0], fours[:, 3]))

    def sorted_by(self, keys: PerObject) -> Sorted:
        """Sort the objects of each scene: the object at each place."""
        return np.lexsort((keys, self.scene))

    def filled(self, order: Sorted) -> Rows:
        """Put the objects of an order at the places of the groups."""
        last = self.groups[self.threes :, 3]
        filled = np.full(self.groups.shape, -1)
        filled[:, :3] = order[self.groups[:, :3]]
        filled[self.threes :, 3] = order[last]
        return filled
