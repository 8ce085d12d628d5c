"""What a quantity comes to over all its subjects: a Column, and what it takes to make one.

A Quantity names its columns, says in words how it is computed, and lists the reasons for which it refuses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
from jaxtyping import Bool, Int, Int8

from spatialvlm.answers import BoundingBox, Region
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.measure.between_objects import Ways
from spatialvlm.pipeline.measure.lists import Lists, PairRows
from spatialvlm.pipeline.measure.objects import Index, Objects, PerPair, groups_of, pairs_of
from spatialvlm.pipeline.measure.rays import Rays
from spatialvlm.pipeline.measure.reasons import CODES
from spatialvlm.records import Scene

Where = Bool[np.ndarray, " p"]
Rows = Int[np.ndarray, "p s"]
Made = TypeVar("Made")

WHOLE = ("truncated", "occluded")
IN_METRES = ("relative_scale", "too_small", "too_uncertain")
LENGTH = ("relative_scale", *WHOLE, "too_small", "too_uncertain")
"""The reasons for which any length is refused."""


_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: what is multiplied by it spreads evenly


class Column:
    """One quantity over rows of subjects (padded with -1): number, 1 sigma, outcome, and why a row is refused.

    `given` is the length that the question gives. `once` marks the rows whose refusals count: one of the two orders of
    a pair. `of` is the scene of a row that has no subjects.
    """

    def __init__(
        self,
        subjects: Rows,
        number: PerPair,
        error: PerPair,
        *,
        outcome: Int8[np.ndarray, " p"] | None = None,
        given: PerPair | None = None,
        once: Where | None = None,
        of: Index | None = None,
    ) -> None:
        self.subjects, self.number, self.error, self.given, self.of = subjects, number, error, given, of
        self.once = np.ones(len(number), bool) if once is None else once
        self.code: Int8[np.ndarray, " p"] = np.zeros(len(number), np.int8)
        self.outcome: Int8[np.ndarray, " p"] = np.zeros(len(number), np.int8) if outcome is None else outcome

    @property
    def first(self) -> Index:
        """The first subject of each row."""
        return self.subjects[:, 0]

    def scenes(self, objects: Objects) -> Index:
        """Find the scene of each row."""
        return objects.setting.scene[self.first] if self.of is None else self.of

    def refuse(self, reason: str, where: Where) -> None:
        """Refuse the rows in `where` that no earlier reason has refused."""
        np.putmask(self.code, (self.code == 0) & where, CODES[reason])

    def any_of(self, flags: Bool[np.ndarray, " n"]) -> Where:
        """Tell where a flag is set of any subject of a row."""
        found = np.zeros(len(self.subjects), bool)
        for subject in self.subjects.T:
            found |= flags[subject] & (subject >= 0)
        return found

    def refuse_cut(self, objects: Objects) -> None:
        """Refuse the rows of which some object is not in sight as a whole."""
        self.refuse("truncated", self.any_of(objects.truncated))
        self.refuse("occluded", self.any_of(objects.occluded))


class Table:
    """The objects of some scenes, and the rows that quantities are about: objects, pairs and groups of one scene each.

    `compared` makes the column of differences of a quantity, over all ordered pairs.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        objects: Objects,
        config: MeasureConfig,
        compared: Callable[[str], Column],
    ) -> None:
        self.scenes, self.objects, self.config, self.compared = scenes, objects, config, compared
        self._made: dict[Callable[[Table], Any], Any] = {}

    def shared(self, make: "Callable[[Table], Made]") -> Made:
        """Make something that several quantities are measured from, once."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @cached_property
    def singles(self) -> Rows:
        """Every object, one a row."""
        return np.arange(len(self.objects.place))[:, None]

    @cached_property
    def rays(self) -> Rays:
        """The rays from the camera to the objects."""
        return Rays(self.objects)

    @cached_property
    def pairs(self) -> tuple[Index, Index]:
        """The unordered pairs."""
        return pairs_of(self.scenes, ordered=False)

    def pair_of(self, a: Int[np.ndarray, "..."], b: Int[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
        """Find the row of `pairs` that two objects of one scene are, in either order."""
        return self._before[np.minimum(a, b)] + np.maximum(a, b)

    @cached_property
    def _before(self) -> Index:
        """How many pairs come before those of an object with later ones, less the number of the next object."""
        scene, place = self.objects.setting.scene, self.objects.place
        later = np.bincount(scene)[scene] - 1 - place if len(scene) else place
        return np.cumsum(later) - later - np.arange(1, len(later) + 1)

    @cached_property
    def triples(self) -> Rows:
        """Groups of three objects."""
        return groups_of(self.scenes, 3)

    @cached_property
    def pair_rows(self) -> PairRows:
        """Where each ordered pair stands in what `compared` makes."""
        return PairRows(self.scenes, self.objects)

    @cached_property
    def lists(self) -> Lists:
        """Groups of three and of four objects."""
        return Lists(self.scenes, self.objects, self.pair_rows)

    @cached_property
    def ways(self) -> Ways:
        """The ways from each object to the others."""
        return Ways(self.scenes, self.objects, self.pair_rows)

    @cached_property
    def roles(self) -> Rows:
        """Groups of three objects with each of them in the first place, in turn; the others by their marks."""
        first, second, third = self.triples[:, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]].reshape(-1, 3).T
        turned = self._marks[second] > self._marks[third]
        return np.stack([first, np.where(turned, third, second), np.where(turned, second, third)], axis=1)

    @cached_property
    def _marks(self) -> Int[np.ndarray, " n"]:
        """A number of 32 bits for each object, which its id and its frame decide, and 0 at the end for no object."""
        ids = [f"{scene.frame_id}/{o.instance.id}" for scene in self.scenes for o in scene.objects]
        return np.array([*(crc32(one.encode()) for one in ids), 0], np.int64)

    def marks_of(self, rows: Rows) -> Index:
        """Draw a number of 32 bits for rows of subjects, which their ids and their frame decide.

        It is the same for two subjects in either order; of three the first one has a role of its own.
        """
        marks = self._marks[rows].astype(np.uint64)
        total = marks.sum(axis=1)
        if rows.shape[1] == 3:
            total += marks[:, 0] * _SPREAD
        return ((total * _SPREAD) >> np.uint64(32)).astype(np.int64)


ColumnOf = Callable[[Table], Column]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is measured: its name in kinds, how it is computed, its column with the reasons that refuse it.

    `difference_reasons` are those of its differences, where kinds compare it; `Table.compared` makes them. `in_image`
    finds the place in the image that a row is, by the first subject's place in its scene and the number.
    """

    name: str
    computed: str
    column: ColumnOf | None = None
    reasons: tuple[str, ...] = ()
    difference_reasons: tuple[str, ...] = ()
    in_image: Callable[[Scene, int, float], Region | BoundingBox] | None = None


def finish_length(column: Column, objects: Objects, config: MeasureConfig) -> None:
    """Refuse lengths: metres need a metric scene, centres and sizes an uncut object, a number a small error."""
    column.refuse("relative_scale", ~objects.by_scene.metric[column.scenes(objects)])
    column.refuse_cut(objects)
    column.refuse("too_small", column.number < config.min_length_m)
    column.refuse("too_uncertain", column.error > config.max_relative_error * column.number)


def with_scale(column: Column, objects: Objects) -> PerPair:
    """Add the error of scale to that of a length, in full."""
    return np.hypot(column.error, objects.by_scene.scale[column.scenes(objects)] * column.number)
