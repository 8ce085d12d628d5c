"""The lengths of the paper that have no direction: of single objects, and of the unordered pairs."""

from collections.abc import Sequence

import numpy as np

from spatialvlm.pipeline.measure.balance import balance
from spatialvlm.pipeline.measure.column import (
    IN_METRES,
    LENGTH,
    WHOLE,
    Column,
    Quantity,
    Table,
    Where,
    finish_length,
    with_scale,
)
from spatialvlm.pipeline.measure.gaps import gaps
from spatialvlm.pipeline.measure.lengths import between_centres, bottom_error, extent_errors
from spatialvlm.pipeline.measure.objects import PerPair
from spatialvlm.pipeline.measure.reasons import CODES
from spatialvlm.records import Scene


def _pairs(table: Table, axes: slice, tilted: bool, flat: bool = False) -> Column:
    """Measure between centres; `tilted`: a tilt of up comes in, unless it is `flat` and both stand on the plane."""
    objects, (a, b) = table.objects, table.pairs
    tilt_rad = objects.setting.tilt_rad[a] if tilted else 0.0
    if flat:  # what stands on the plane is measured from it: a tilt of up does not come between two such objects
        tilt_rad = tilt_rad * ~(objects.standing[a] & objects.standing[b])
    return Column(np.stack([a, b], axis=1), *between_centres(objects, a, b, axes, tilt_rad))


def _finished(column: Column, table: Table) -> Column:
    column.error = with_scale(column, table.objects)
    finish_length(column, table.objects, table.config)
    return column


def _distance(table: Table) -> Column:
    return _finished(_pairs(table, slice(0, 3), tilted=False), table)


def _horizontal(table: Table) -> Column:
    column = _pairs(table, slice(0, 2), tilted=True)
    column.refuse("gravity_unknown", ~table.objects.setting.upright[column.first])
    return _finished(column, table)


def _vertical(table: Table) -> Column:
    column, objects = _pairs(table, slice(2, 3), tilted=True, flat=True), table.objects
    column.refuse("gravity_unknown", ~objects.setting.upright[column.first])
    column.refuse("bottom_hidden", column.any_of(~objects.bottom_known))
    return _finished(column, table)


def gaps_of_pairs(table: Table) -> tuple[PerPair, PerPair]:
    """Measure the gap of each pair, and its error without scale."""
    return gaps(table.objects, *table.pairs)


def _gap(table: Table) -> Column:
    a, b = table.pairs
    column = Column(np.stack([a, b], axis=1), *table.shared(gaps_of_pairs))
    column.refuse("gravity_unknown", ~table.objects.setting.upright[a])
    return _finished(column, table)


def _extent(table: Table, axis: int) -> Column:
    objects = table.objects
    column = Column(table.singles, objects.end_to_end[axis], extent_errors(objects)[axis])
    column.refuse("gravity_unknown", ~objects.setting.upright)
    if axis == 2:
        column.refuse("bottom_hidden", ~objects.bottom_known)
    return _finished(column, table)


def _elevation(table: Table) -> Column:
    objects = table.objects
    column = Column(table.singles, objects.low[2], bottom_error(objects))
    column.refuse("gravity_unknown", ~objects.setting.upright)
    column.refuse("no_support_plane", ~objects.setting.on_plane)
    column.refuse("below_support", objects.low[2] < 0)
    column.refuse("bottom_hidden", ~objects.bottom_known)
    return _finished(column, table)


def _elevation_if_told(table: Table) -> Column:
    """Measure from a plane with a name: a mug on a desk has a supporting surface that is not the one below it all."""
    column, setting = _elevation(table), table.objects.setting
    nameless = np.array([scene.support.surface == "surface" for scene in table.scenes], bool)
    column.code[nameless[setting.scene]] = CODES["no_support_plane"]
    return _half_told(_if_told(column, ("bottom_hidden",), _cut_below(table.scenes)), table)


def _cut_below(scenes: Sequence[Scene]) -> Where:
    """Tell which objects the lower border of the picture cuts: of others a foot may be in sight all the same."""
    return np.array(
        [o.truncated and o.instance.box_xyxy[3] >= scene.camera.height - 1 for scene in scenes for o in scene.objects],
        bool,
    )


def _if_told(column: Column, reasons: Sequence[str], shown: Where | bool = True) -> Column:
    """Keep what is refused for a reason that the picture shows; `outcome` counts the reasons."""
    column.number = column.number.copy()
    for number, reason in enumerate(reasons, 1):
        untold = (column.code == CODES[reason]) & shown
        column.code[untold], column.outcome[untold], column.number[untold] = 0, number, np.nan
    return column


def _half_told(column: Column, table: Table) -> Column:
    """Leave as many that can be told as those that can't: of pairs nearly all have a part out of sight."""
    outcome = column.outcome
    column.outcome = np.minimum(outcome, 1)
    balance(column, table, (0, 1))
    column.outcome = outcome
    return column


_PLACES = ("too_close_to_call", "truncated", "occluded", "nested", "witnesses_disagree")
_SIZES = ("truncated", "occluded", "bottom_hidden", "too_close_to_call")

QUANTITIES = (
    Quantity(
        "x",
        "x of the box centres, the viewer's right; the objects' columns in the image are the second witness",
        difference_reasons=_PLACES,
    ),
    Quantity(
        "y",
        "y of the box centres, the viewer's heading; z-depth along the optical axis is the second witness",
        difference_reasons=_PLACES,
    ),
    Quantity(
        "bottom",
        "height of the box bottoms; the height of the box centres is the second witness",
        difference_reasons=("gravity_unknown", "bottom_hidden", "too_close_to_call", "witnesses_disagree"),
    ),
    Quantity("size", "cube root of the product of the extents from end to end", difference_reasons=_SIZES),
    Quantity(
        "height",
        "z extent from end to end, bottom to top",
        lambda table: _extent(table, 2),
        ("gravity_unknown", "bottom_hidden", *LENGTH),
        ("gravity_unknown", *_SIZES),
    ),
    Quantity(
        "width",
        "x extent from end to end, as the viewer sees it",
        lambda table: _extent(table, 0),
        ("gravity_unknown", *LENGTH),
        ("truncated", "occluded", "too_close_to_call"),
    ),
    Quantity("distance", "distance between the box centres", _distance, LENGTH),
    Quantity("gap", "distance between the nearest visible surfaces", _gap, ("gravity_unknown", *LENGTH)),
    Quantity(
        "elevation",
        "height of the box bottom above the support plane, which the question names",
        _elevation,
        ("gravity_unknown", "no_support_plane", "below_support", "bottom_hidden", *LENGTH),
    ),
    Quantity(
        "vertical", "height difference of the box centres", _vertical, ("gravity_unknown", "bottom_hidden", *LENGTH)
    ),
    Quantity("horizontal", "distance of the box centres along the ground", _horizontal, ("gravity_unknown", *LENGTH)),
    Quantity(
        "height_if_told",
        "z extent from end to end, or the reason in sight for which it is refused",
        lambda table: _if_told(_extent(table, 2), ("truncated", "occluded", "bottom_hidden")),
        ("gravity_unknown", *IN_METRES),
    ),
    Quantity(
        "width_if_told",
        "x extent from end to end, or the reason in sight for which it is refused",
        lambda table: _if_told(_extent(table, 0), WHOLE),
        ("gravity_unknown", *IN_METRES),
    ),
    Quantity(
        "distance_if_told",
        "distance between the box centres, or the reason in sight for which it is refused",
        lambda table: _half_told(_if_told(_distance(table), WHOLE), table),
        (*IN_METRES, "outweighed"),
    ),
    Quantity(
        "elevation_if_told",
        "height of the box bottom above the floor or the table top, which the question names, or that the lower border "
        "of the image cuts the bottom off",
        _elevation_if_told,
        ("gravity_unknown", "no_support_plane", "below_support", "bottom_hidden", *LENGTH, "outweighed"),
    ),
)
