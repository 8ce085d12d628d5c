"""Placing furniture in an empty room: furniture and where it should go enter; it is placed there, or not where it
would meet what stands already or leave the room.

A thing's frame is that of its furniture: x to its right, y to its back. What stands in relation to it is said in that
frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int64

from spatialvlm.worlds.rooms.collision_boxes import CollisionBoxes, collision_boxes
from spatialvlm.worlds.rooms.furniture import CATEGORIES
from spatialvlm.worlds.rooms.room import FloorPoint, Furniture, Mount, Placement, Top

EDGE_M = 0.02  # nothing comes nearer to a wall: the skirting is there
APART_M = 0.004  # things beside each other keep this far apart
_INSET_M = 0.008  # what stands on a top keeps this far from its edge
_OVERHANG_M = 0.12  # what is wider than its foot may reach this far beyond the top
_FOOT_M = 0.012  # the lowest slice of a thing: what it stands with

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """What placing knows of furniture: its collision boxes, its extent and that of its foot, in its own coordinates."""

    boxes: CollisionBoxes
    low: Float64[np.ndarray, "3"]
    high: Float64[np.ndarray, "3"]
    foot_low: Float64[np.ndarray, "2"]
    foot_high: Float64[np.ndarray, "2"]

    @property
    def width(self) -> float:
        """From left to right."""
        return float(self.high[0] - self.low[0])

    @property
    def depth(self) -> float:
        """From front to back."""
        return float(self.high[1] - self.low[1])

    @property
    def height(self) -> float:
        """From the lowest to the highest point."""
        return float(self.high[2] - self.low[2])


def _extent_of(furniture: Furniture) -> Extent:
    boxes, points = collision_boxes(furniture), furniture.vertices
    low, high = points.min(0), points.max(0)
    foot = points[points[:, 2] < low[2] + _FOOT_M, :2]
    return Extent(boxes, low, high, foot.min(0), foot.max(0))


@dataclass(slots=True, eq=False)
class Arrangement:
    """A room being furnished. `blocked` is what nothing may reach into: a door's way, a window.

    `taken` holds the boxes of all things, `owners` whose each is.
    """

    kind: str
    size_m: tuple[float, float, float]
    rng: np.random.Generator
    blocked: CollisionBoxes
    things: list[Placement] = field(default_factory=list)
    taken: CollisionBoxes = field(default_factory=CollisionBoxes.none)
    owners: Int64[np.ndarray, " n"] = field(default_factory=lambda: np.zeros(0, np.int64))
    _extents: dict[Furniture, Extent] = field(default_factory=dict)

    def make(self, category: str) -> Furniture:
        """Make new furniture of a category."""
        return CATEGORIES[category].make(self.rng)

    def make_any(self, mount: Mount, max_extent_m: float) -> Furniture | None:
        """Make new furniture of any category for this room that is held so; None where it is larger than that."""
        suited = [
            name for name, category in CATEGORIES.items() if category.mount == mount and self.kind in category.rooms
        ]
        if not suited:
            return None
        furniture = self.make(self.pick(suited))
        extent = self.extent(furniture)
        return furniture if max(extent.width, extent.depth, extent.height) <= max_extent_m else None

    def extent(self, furniture: Furniture) -> Extent:
        """Say what placing knows of furniture."""
        if furniture not in self._extents:
            self._extents[furniture] = _extent_of(furniture)
        return self._extents[furniture]

    def extent_at(self, index: int) -> Extent:
        """Say it of a thing."""
        return self.extent(self.things[index].furniture)

    def chance(self, share: float) -> bool:
        """Return True in that share of the cases."""
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        """Draw any number of a range."""
        return float(self.rng.uniform(low, high))

    def pick(self, categories: Sequence[str]) -> str:
        """Draw one of several names."""
        return categories[int(self.rng.integers(len(categories)))]

    def point(self, index: int, x: float, y: float) -> FloorPoint:
        """Find a point of a thing's frame, in the room."""
        there = self.things[index].to_room(np.array([[x, y, 0.0]]))[0]
        return float(there[0]), float(there[1])

    def put(
        self,
        furniture: Furniture,
        at: FloorPoint,
        yaw_rad: float,
        *,
        on: int | None = None,
        mount: Mount = "floor",
        z: float = 0.0,
        within: int | None = None,
    ) -> int | None:
        """Place furniture with its origin at `at`, `z` above the floor, where it keeps clear of things but `within`.

        Returns its index, or None where it can't be.
        """
        boxes = self.extent(furniture).boxes.moved((*at, z), yaw_rad)
        if not self._is_free(boxes, edge_m=0.0 if mount == "wall" else EDGE_M, within=within):
            return None
        self.taken = self.taken + boxes
        self.owners = np.append(self.owners, np.full(len(boxes), len(self.things)))
        self.things.append(Placement(furniture, (*at, z), yaw_rad, (), mount, on))
        return len(self.things) - 1

    def _is_free(self, boxes: CollisionBoxes, edge_m: float, within: int | None = None) -> bool:
        low, high = boxes.bounds
        if (low[:2] < edge_m).any() or (high[:2] > np.array(self.size_m[:2]) - edge_m).any():
            return False
        if high[2] > self.size_m[2] - 0.02:
            return False
        middle, reach = (low + high) / 2, (high - low) / 2
        wide = boxes.grown(APART_M)
        for others in (self.taken, self.blocked):
            cells = np.hypot(*others.half_xy.T) + APART_M
            near = (np.abs(others.centre_xy - middle[:2]) < reach[:2] + cells[:, None]).all(-1)
            near &= (others.low_z < high[2]) & (others.high_z > low[2])
            if others is self.taken and within is not None:
                near &= self.owners != within
            if near.any() and wide.meets(others[near]):
                return False
        return True

    def is_open_above(self, furniture: Furniture, at: FloorPoint, yaw_rad: float) -> bool:
        """Say whether nothing is over a place on the floor up to eye height: not under a table, not in a shelf."""
        low, high = self.extent(furniture).low, self.extent(furniture).high
        column = CollisionBoxes.between(low[None], np.array([[high[0], high[1], 1.5]]))
        return self._is_free(column.moved((*at, 0.0), yaw_rad), edge_m=EDGE_M)

    def put_first_free(self, furniture: Furniture, spots: Sequence[tuple[FloorPoint, float]]) -> int | None:
        """Stand furniture on the floor at the first (point, yaw) of several that is free."""
        for at, yaw_rad in spots:
            index = self.put(furniture, at, yaw_rad)
            if index is not None:
                return index
        return None

    def put_on(
        self,
        furniture: Furniture,
        support: int,
        top: Top,
        *,
        across: Span = (-1.0, 1.0),
        back: Span = (-1.0, 1.0),
        turn_rad: float = 0.0,
        mount: Mount = "top",
        tries: int = 6,
    ) -> int | None:
        """Stand furniture on a top of a thing, turned from that thing's own yaw by `turn_rad`.

        `across` and `back` say where: -1 is the left (front) end of the top, 1 the right (back) end. Its foot stays on
        the top; what is all above the top is clear of its support (of a tray's rim, a shelf's sides). Returns its
        index, or None where no place was found in so many tries.
        """
        extent, parent = self.extent(furniture), self.things[support]
        if extent.height > top.room_m - 0.003:
            return None
        low, high = self._spots_on(extent, top, turn_rad)
        if (low > high).any():
            return None
        full_low, full_high = _turned(extent.low[:2], extent.high[:2], turn_rad)
        for _ in range(tries):
            share = (np.array([self.between(*across), self.between(*back)]) + 1) / 2
            spot = low + share * (high - low)
            inside = (spot + full_low >= top.low_xy).all() and (spot + full_high <= top.high_xy).all()
            at = self.point(support, *spot)
            yaw_rad, z = parent.yaw_rad + turn_rad, parent.at[2] + top.z
            index = self.put(furniture, at, yaw_rad, on=support, mount=mount, z=z, within=support if inside else None)
            if index is not None:
                return index
        return None

    def _spots_on(self, extent: Extent, top: Top, turn_rad: float) -> tuple[np.ndarray, np.ndarray]:
        """Find from where to where furniture's origin may be on a top, in the support's frame; low above high: nowhere.

        Its foot stays on the top, and what is wider may reach over the edge a little; not where the top has a roof.
        """
        foot_low, foot_high = _turned(extent.foot_low, extent.foot_high, turn_rad)
        full_low, full_high = _turned(extent.low[:2], extent.high[:2], turn_rad)
        over = _OVERHANG_M if top.room_m > 2.0 else 0.0
        low, high = np.array(top.low_xy), np.array(top.high_xy)
        return (
            np.maximum(low + _INSET_M - foot_low, low - over - full_low),
            np.minimum(high - _INSET_M - foot_high, high + over - full_high),
        )


def _turned(low: np.ndarray, high: np.ndarray, yaw_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Find the extent of a rectangle turned about the origin."""
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return turned.min(0), turned.max(0)
