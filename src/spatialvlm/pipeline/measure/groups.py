"""Picks and orders of several objects: each is decided where the comparisons that it needs are.

The subjects stand as they are right: an anchor first, then from the one that comes first to the one that comes last.
The right one of a pick must beat each of the others, in an order each must come before the next.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Int8

from spatialvlm.pipeline.measure import distances, viewer
from spatialvlm.pipeline.measure.column import Column, Quantity, Rows, Table, Where
from spatialvlm.pipeline.measure.comparisons import SCALE_THAT_COUNTS
from spatialvlm.pipeline.measure.objects import Index, Objects, PerObject, PerPair, dot, pairs_of, together
from spatialvlm.pipeline.measure.reasons import CODES

Codes = Int8[np.ndarray, " p"]
Verdict = tuple[PerPair, PerPair, Codes]
"""A difference that an answer rests on: how large, its 1 sigma, and why it is refused."""


def _standing_for(groups: Rows, verdicts: Sequence[Verdict]) -> Column:
    """Make the column of groups that need all of some differences: the closest one of them is its number."""
    number, error, code = verdicts[0]
    for other, other_error, other_code in verdicts[1:]:
        closer = other * error < number * other_error
        number, error = np.where(closer, other, number), np.where(closer, other_error, error)
        code = np.where(code == 0, other_code, code)
    column = Column(groups, number, error, outcome=np.ones(len(groups), np.int8))
    column.code = code
    return column


def _sorted(listed: Rows, keys: PerObject) -> Rows:
    return np.take_along_axis(listed, np.argsort(keys, axis=1, kind="stable"), axis=1)


def _compared(table: Table, quantity: str, first: Index, second: Index) -> Verdict:
    """Look up a comparison. What is about the same decides nothing here."""
    comparison, row = table.compared(quantity), table.row(first, second)
    code = comparison.code[row]
    similar = (code == 0) & (comparison.outcome[row] == 0)
    code = np.where(similar, np.int8(CODES["too_close_to_call"]), code)
    return np.abs(comparison.number[row]), comparison.error[row], code


def _listed(
    table: Table, quantity: str, values: Callable[[Table], PerObject], sign: int, *, ranked: bool = False
) -> Column:
    """Sort groups of three and of four by sign * quantity, ascending, and decide."""
    columns = []
    for groups in (table.triples, table.quads):
        groups = _sorted(groups, sign * values(table)[groups])
        places = range(1, groups.shape[1])
        columns.append(
            _standing_for(
                groups,
                [_compared(table, quantity, groups[:, k - 1 if ranked else 0], groups[:, k]) for k in places],
            )
        )
    return _joined(columns, 4)


def _joined(columns: Sequence[Column], width: int) -> Column:
    padded = [np.pad(one.subjects, ((0, 0), (0, width - one.subjects.shape[1])), constant_values=-1) for one in columns]
    arrays = ([getattr(one, name) for one in columns] for name in ("number", "error", "outcome", "code"))
    number, error, outcome, code = map(np.concatenate, arrays)
    column = Column(np.concatenate(padded), number, error, outcome=outcome)
    column.code = code
    return column


class _Ways:
    """The ways between the centres of all ordered pairs, and how errors lengthen them: at the far end and at the near.

    `far_pull` and `near_pull` are per unit of drift at either end, `moved` per unit of each mode.
    """

    def __init__(self, table: Table) -> None:
        objects = self.objects = table.objects
        near, far = pairs_of(table.scenes, ordered=True)
        way = objects.centre[:, far] - objects.centre[:, near]
        self.length = np.sqrt(dot(way, way))
        self.direction = way / np.maximum(self.length, 1e-9)
        self.own = dot(self.direction**2, objects.centre_error[:, far] ** 2)
        self.far_pull = dot(self.direction, objects.pull[:, far])
        self.near_pull = dot(self.direction, objects.pull[:, near])
        self.moved = [dot(self.direction, mode.pull[:, far] - mode.pull[:, near]) for mode in objects.modes]
        self.shared = together(objects, near, far)
        self.gap = _between_boxes(objects, near, far)

    def variance(self, anchor: Index, one: Index, other: Index, apart: Index) -> PerPair:
        """Compute the variance of how much longer one way from an anchor is than another.

        The ways are given by their rows, and `apart` is the row of the way between their ends.
        """
        objects, turned = self.objects, self.direction[:, one] - self.direction[:, other]
        total = self.own[one] + self.own[other] + dot(turned**2, objects.centre_error[:, anchor] ** 2)
        # The anchor's own error counts as far as the two ways differ; of the drift neighbours share some.
        out, back, near = self.far_pull[one], -self.far_pull[other], self.near_pull[other] - self.near_pull[one]
        drift = out**2 + back**2 + near**2
        drift += 2.0 * (self.shared[apart] * out * back + near * (self.shared[one] * out + self.shared[other] * back))
        total += objects.setting.local[anchor] ** 2 * np.maximum(drift, 0.0)
        for mode, moved in zip(objects.modes, self.moved):
            total += (mode.sigma[anchor] * (moved[one] - moved[other])) ** 2
        return total


def _between_boxes(objects: Objects, a: Index, b: Index) -> PerPair:
    low, high = objects.low, objects.high
    beside = np.maximum(np.maximum(low[:, a] - high[:, b], low[:, b] - high[:, a]), 0.0)
    return np.sqrt(dot(beside, beside))


def _from_anchor(table: Table, sign: int) -> Column:
    """Pick the one whose way from the anchor is the longest (sign 1) or the shortest (sign -1)."""
    ways, objects, config = _Ways(table), table.objects, table.config
    anchor, listed = table.anchored[:, 0], table.anchored[:, 1:]
    listed = _sorted(listed, -sign * ways.length[table.row(anchor[:, None], listed)])
    best, best_way = listed[:, 0], table.row(anchor, listed[:, 0])
    groups = np.concatenate([anchor[:, None], listed], axis=1)
    cut = [_code(name, getattr(objects, name)[groups].any(axis=1)) for name in _CUT]
    scale = np.minimum(objects.setting.scale[anchor], SCALE_THAT_COUNTS)
    verdicts = []
    for other in listed[:, 1:].T:
        way = table.row(anchor, other)
        ahead = sign * (ways.length[best_way] - ways.length[way])
        variance = ways.variance(anchor, best_way, way, table.row(best, other))
        error = np.sqrt(variance + (scale * ahead) ** 2)
        away = np.maximum(table.rays.away[anchor], np.maximum(table.rays.away[best], table.rays.away[other]))
        floor = np.maximum(config.place_floor_m * objects.setting.metric[anchor], config.place_floor_share * away)
        close = _code("too_close_to_call", ahead <= np.maximum(config.margin_sigmas * error, floor))
        against = _code("witnesses_disagree", sign * (ways.gap[best_way] - ways.gap[way]) < 0.0)
        code = np.zeros(len(anchor), np.int8)
        for reason in (*cut, close, against):
            code = np.where(code == 0, reason, code)
        verdicts.append((ahead, error, code))
    return _standing_for(groups, verdicts)


def _code(reason: str, where: Where) -> Codes:
    return where * np.int8(CODES[reason])


_CUT = ("truncated", "occluded")
_FROM_ANCHOR = (*_CUT, "too_close_to_call", "witnesses_disagree")
_REASONS = {one.name: one.difference_reasons for one in (*distances.QUANTITIES, *viewer.QUANTITIES)}
_FAR = partial(_listed, quantity="camera_distance", values=lambda table: table.rays.away)
_HIGH = partial(_listed, quantity="height", values=lambda table: table.objects.extent[2])
_DEEP = partial(_listed, quantity="y", values=lambda table: table.objects.centre[1])

QUANTITIES = (
    Quantity(
        "least_camera_distance",
        "the distances from the camera to the box centres; the nearest is less far than every other beyond the margin",
        partial(_FAR, sign=1),
        _REASONS["camera_distance"],
    ),
    Quantity(
        "greatest_camera_distance",
        "the distances from the camera to the box centres; the farthest is farther than every other beyond the margin",
        partial(_FAR, sign=-1),
        _REASONS["camera_distance"],
    ),
    Quantity(
        "height_pick",
        "the z extents of the boxes; the tallest is taller than every other beyond the margin",
        partial(_HIGH, sign=-1),
        _REASONS["height"],
    ),
    Quantity(
        "camera_distance_order",
        "the distances from the camera to the box centres, each less than the next beyond the margin",
        partial(_FAR, sign=1, ranked=True),
        _REASONS["camera_distance"],
    ),
    Quantity(
        "y_order",
        "y of the box centres, the viewer's heading, each less than the next beyond the margin",
        partial(_DEEP, sign=1, ranked=True),
        _REASONS["y"],
    ),
    Quantity(
        "height_order",
        "the z extents of the boxes, each more than the next beyond the margin",
        partial(_HIGH, sign=-1, ranked=True),
        _REASONS["height"],
    ),
    Quantity(
        "nearest",
        "the distances from the box centre of A to the others'; the gaps between the boxes are the second witness",
        partial(_from_anchor, sign=-1),
        _FROM_ANCHOR,
    ),
    Quantity(
        "farthest",
        "the distances from the box centre of A to the others'; the gaps between the boxes are the second witness",
        partial(_from_anchor, sign=1),
        _FROM_ANCHOR,
    ),
)
