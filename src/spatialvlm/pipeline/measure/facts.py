"""From quantities to columns: scenes in, their objects and one column per kind over all of them out.

`table` makes the Facts of each scene.
"""

from collections.abc import Sequence
from functools import cache
from types import MappingProxyType

from spatialvlm.kinds import KINDS, Kind
from spatialvlm.pipeline.measure import (
    MeasureConfig,
    arrangement,
    class_counts,
    distances,
    free_places,
    groups,
    marked_points,
    perspective,
    viewer,
)
from spatialvlm.pipeline.measure.column import LENGTH, Column, Quantity, Table
from spatialvlm.pipeline.measure.comparisons import Comparisons, difference_of
from spatialvlm.pipeline.measure.objects import Objects, objects_of, pairs_of
from spatialvlm.records import Scene

MODULES = (distances, viewer, groups, arrangement, perspective, class_counts, marked_points, free_places)
QUANTITIES = MappingProxyType({one.name: one for module in MODULES for one in module.QUANTITIES})
"""All that is measured, by the name that kinds have for it."""


def columns_of(
    scenes: Sequence[Scene], config: MeasureConfig, kinds: Sequence[str]
) -> tuple[Objects, dict[str, Column]]:
    """Gather the objects of all scenes and what is known of them by kind; kinds share columns."""
    objects = objects_of(scenes, box_only=config.rules == 1)
    compared = cache(Comparisons(objects, *pairs_of(scenes, ordered=True), config).column)
    table = Table(scenes, objects, config, compared)

    @cache
    def column(quantity: str, compares: bool, directed: bool) -> Column:
        if directed:
            return difference_of(compared(quantity), objects, config, across=quantity == "x")
        if compares:
            return compared(quantity)
        make = QUANTITIES[quantity].column
        assert make is not None, f"quantity {quantity!r} has no column of its own"
        return make(table)

    rows = [KINDS[name] for name in kinds]
    return objects, {kind.name: column(kind.quantity, kind.form.compares, kind.form.directed) for kind in rows}


def computed(kind: Kind) -> str:
    """Say how the quantity that decides a kind is computed."""
    return QUANTITIES[kind.quantity].computed


def refused(kind: Kind) -> tuple[str, ...]:
    """List the reasons for which a kind may be refused, in the order in which they are tried."""
    quantity: Quantity = QUANTITIES[kind.quantity]
    if kind.form.directed:
        return tuple(dict.fromkeys((*quantity.difference_reasons, *LENGTH)))
    return quantity.difference_reasons if kind.form.compares else quantity.reasons
