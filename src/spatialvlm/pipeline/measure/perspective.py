"""Where C is for somebody who stands at A and faces B: bearings on the ground, and the sectors they fall in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.pipeline.measure.balance import balance
from spatialvlm.pipeline.measure.column import WHOLE, Column, Quantity, Table, Where
from spatialvlm.pipeline.measure.lengths import error_of_centres, place_floor
from spatialvlm.pipeline.measure.objects import Index, Objects, PerPair, dot

LEAST_SECTOR_RAD = math.radians(5.0)
LEAST_HOUR_RAD = math.radians(4.0)
"""A bearing so near the border of its sector, or of its hour, is too close to call."""
STEP_AWAY = 5.0
"""Whom you face, and what you are asked for, are this many times the floor of places away."""


@dataclass(frozen=True, slots=True, eq=False)
class _Turns:
    """The bearing of C from A, facing B, in radians, positive to the right, of each row of A, B and C.

    `least` is the angle that the floor of places is seen at. `start` has refused the rows where nobody can stand and
    face, which have no bearing; `asked` lists the others.
    """

    start: Column
    asked: Index
    bearing: PerPair
    least: PerPair


def _turns(table: Table) -> _Turns:
    objects, rows = table.objects, table.roles
    start = Column(rows, np.zeros(len(rows)), np.zeros(len(rows)))
    start.refuse("gravity_unknown", ~objects.setting.upright[start.first])
    start.refuse_cut(objects)
    asked = np.flatnonzero(start.code == 0)
    a, b, c = rows[asked].T
    at_a, at_b, at_c = (np.take(objects.centre[:2], at, axis=1) for at in (a, b, c))
    to_b, to_c = at_b - at_a, at_c - at_a
    bearing = np.arctan2(to_b[1] * to_c[0] - to_b[0] * to_c[1], dot(to_b, to_c))
    of_b, of_c = -_turning(to_b), _turning(to_c)
    start.number[asked] = bearing
    start.error[asked] = error_of_centres(objects, (a, b, c), (-of_b - of_c, of_b, of_c))

    floor = place_floor(objects, table.config)
    floor = np.maximum(np.maximum(floor[a], floor[b]), floor[c])
    nearer = np.sqrt(np.minimum(dot(to_b, to_b), dot(to_c, to_c)))
    near = (nearer < STEP_AWAY * floor) | _overlap(objects, a, b) | _overlap(objects, a, c)
    kept = ~near
    start.refuse("too_near", _at(asked[near], len(rows)))
    return _Turns(start, asked[kept], bearing[kept], (floor / np.maximum(nearer, 1e-9))[kept])


def _at(rows: Index, count: int) -> Bool[np.ndarray, " r"]:
    where = np.zeros(count, bool)
    where[rows] = True
    return where


def _turning(way: Float64[np.ndarray, "2 p"]) -> Float64[np.ndarray, "2 p"]:
    """Say how the direction of a way on the ground turns to the right as its end moves."""
    square = np.maximum(dot(way, way), 1e-12)
    return np.stack([way[1] / square, -way[0] / square])


def _overlap(objects: Objects, a: Index, b: Index) -> Where:
    """Tell where the extents of two overlap on the ground."""
    meets = np.ones(len(a), bool)
    for low, high in zip(objects.low[:2], objects.high[:2]):
        meets &= (low[a] <= high[b]) & (low[b] <= high[a])
    return meets


def _sector(table: Table, sectors: int, start_rad: float, least_rad: float, outcomes: Sequence[int]) -> Column:
    """Find in which of the equal sectors each bearing falls, the first of which begins at `start_rad`."""
    turns, width = table.shared(_turns), 2.0 * math.pi / sectors
    column = Column(turns.start.subjects, turns.start.number, turns.start.error)
    column.code = turns.start.code.copy()
    place = np.mod(turns.bearing - start_rad, 2.0 * math.pi) / width
    whole = np.floor(place)
    inside = (0.5 - np.abs(place - whole - 0.5)) * width
    column.outcome[turns.asked] = np.array(outcomes, np.int8)[whole.astype(np.int64) % sectors]
    margin = np.maximum(table.config.margin_sigmas * column.error[turns.asked], np.maximum(turns.least, least_rad))
    column.refuse("too_close_to_call", _at(turns.asked[inside <= margin], len(column.code)))
    balance(column, table, outcomes)
    return column


def _quantity(
    name: str, computed: str, sectors: int, start_deg: float, least_rad: float = LEAST_SECTOR_RAD
) -> Quantity:
    outcomes = tuple(range(sectors)) if sectors < 12 else (12, *range(1, 12))
    column = partial(
        _sector, sectors=sectors, start_rad=math.radians(start_deg), least_rad=least_rad, outcomes=outcomes
    )
    return Quantity(name, computed, column, ("gravity_unknown", *WHOLE, "too_near", "too_close_to_call", "outweighed"))


_BEARING = "bearing of C's box centre on the ground from A's, where B's is straight ahead"

QUANTITIES = (
    _quantity("perspective_side", f"{_BEARING}: to the left, or to the right", 2, -180.0),
    _quantity("perspective_facing", f"{_BEARING}: within 90° of that in front, else behind", 2, -90.0),
    _quantity("perspective_quadrant", f"{_BEARING}: the quarter between front, right, back and left", 4, -90.0),
    _quantity("perspective_hour", f"{_BEARING}, which is 12 o'clock: the nearest hour", 12, -15.0, LEAST_HOUR_RAD),
)
