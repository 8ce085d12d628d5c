"""Picks and orders of several objects: each is decided where the comparisons that it needs are.

The subjects stand as they are right: an anchor first, then from the one that comes first to the one that comes last.
The right one of a pick must beat each of the others, in an order each must come before the next.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from spatialvlm.pipeline.measure import distances, viewer
from spatialvlm.pipeline.measure.column import Column, Quantity, Table
from spatialvlm.pipeline.measure.comparisons import SCALE_THAT_COUNTS
from spatialvlm.pipeline.measure.objects import Index, PerObject, PerPair
from spatialvlm.pipeline.measure.reasons import CODES


def listed(
    table: Table,
    comparison: Column,
    values: PerObject,
    sign: int,
    *,
    ranked: bool = False,
) -> Column:
    """Sort groups of three and of four by sign * value, ascending, and look up whether that is decided.

    `comparison` has the differences of all ordered pairs. The number is that of the one that is closest.
    """
    lists = table.lists
    order = lists.sorted_by(sign * values)
    row = table.pair_rows.of(order[comparison.subjects[:, 0]], order[comparison.subjects[:, 1]])
    number, error, code = np.abs(comparison.number[row]), comparison.error[row], comparison.code[row]
    similar = (code == 0) & (comparison.outcome[row] == 0)  # about the same decides nothing here
    code[similar] = CODES["too_close_to_call"]
    doubt = error / np.maximum(number, 1e-12)
    first, second, last = lists.neighbours if ranked else lists.firsts
    closest, found = np.where(doubt[second] > doubt[first], second, first), code[first]
    found = np.where(found == 0, code[second], found)
    fours = slice(lists.threes, None)
    closest[fours] = np.where(doubt[last] > doubt[closest[fours]], last, closest[fours])
    found[fours] = np.where(found[fours] == 0, code[last], found[fours])
    column = Column(lists.filled(order), number[closest], error[closest])
    column.code = found
    return column


def _from_anchor(table: Table, sign: int) -> Column:
    """Pick the one whose way from the anchor is the longest (sign 1) or the shortest (sign -1)."""
    ways, objects, config = table.ways, table.objects, table.config
    fans = ways.fans[:, ::-1] if sign > 0 else ways.fans
    subjects = np.column_stack([ways.near[fans[:, 0]], ways.far[fans]])
    column = Column(subjects, np.zeros(len(fans)), np.zeros(len(fans)))
    column.refuse("truncated", column.any_of(objects.truncated))
    column.refuse("occluded", column.any_of(objects.occluded))
    whole = np.flatnonzero(column.code == 0)  # what is refused anyway needs no error
    best, second, third = fans[whole].T
    (ahead, error), (more, more_error) = (_ahead(table, best, other, sign) for other in (second, third))
    closer = more * error < ahead * more_error
    column.number[whole], column.error[whole] = np.where(closer, more, ahead), np.where(closer, more_error, error)
    metric, away = objects.setting.metric[subjects[whole, 0]], table.rays.away[subjects[whole]].max(axis=1)
    floor = np.maximum(config.place_floor_m * metric, config.place_floor_share * away)
    sigmas, gap = config.margin_sigmas, sign * ways.gap
    close, against = np.zeros((2, len(fans)), bool)
    close[whole] = (ahead <= np.maximum(sigmas * error, floor)) | (more <= np.maximum(sigmas * more_error, floor))
    against[whole] = gap[best] < np.maximum(gap[second], gap[third])
    column.refuse("too_close_to_call", close)
    column.refuse("witnesses_disagree", against)
    return column


def _ahead(table: Table, one: Index, other: Index, sign: int) -> tuple[PerPair, PerPair]:
    """Say how much longer, or shorter, one way is than another, and the error of that."""
    ways, setting = table.ways, table.objects.setting
    ahead = sign * (ways.length[one] - ways.length[other])
    scale = np.minimum(setting.scale[ways.near[one]], SCALE_THAT_COUNTS)
    return ahead, np.sqrt(ways.variance(one, other) + (scale * ahead) ** 2)


def _listed(
    table: Table, quantity: str, values: Callable[[Table], PerObject], sign: int, *, ranked: bool = False
) -> Column:
    return listed(table, table.compared(quantity), values(table), sign, ranked=ranked)


_CUT = ("truncated", "occluded")
_FROM_ANCHOR = (*_CUT, "too_close_to_call", "witnesses_disagree")
_REASONS = {one.name: one.difference_reasons for one in (*distances.QUANTITIES, *viewer.QUANTITIES)}
_FAR = partial(_listed, quantity="camera_distance", values=lambda table: table.rays.away)
_HIGH = partial(_listed, quantity="height", values=lambda table: table.objects.end_to_end[2])
_WIDE = partial(_listed, quantity="width", values=lambda table: table.objects.end_to_end[0])
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
        "width_pick",
        "the x extents of the boxes; the widest is wider than every other beyond the margin",
        partial(_WIDE, sign=-1),
        _REASONS["width"],
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
