"""From quantities to facts: witnesses, margins, dead zones, refusals.

Scenes in, their objects and one column per kind over all of them out; `table` makes the Facts of each scene.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int8

from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.measure.gaps import gaps
from spatialvlm.pipeline.measure.lengths import (
    between_centres,
    bottom_error,
    extent_errors,
    size_of,
    size_stretch,
)
from spatialvlm.pipeline.measure.modes import Mode
from spatialvlm.pipeline.measure.objects import (
    Index,
    Objects,
    PerObject,
    PerPair,
    combined,
    dot,
    objects_of,
    pairs_of,
    together,
)
from spatialvlm.records import Scene

REASONS = (
    "",
    "gravity_unknown",
    "relative_scale",
    "no_support_plane",
    "truncated",
    "occluded",
    "bottom_hidden",
    "nested",
    "too_close_to_call",
    "witnesses_disagree",
    "too_small",
    "too_uncertain",
    "below_support",
)
"""Why a fact is refused; docs/questions.md explains each. The first that applies is counted."""

_CODE = {reason: code for code, reason in enumerate(REASONS)}

Where = Bool[np.ndarray, " p"]

SCALE_THAT_COUNTS = 0.1
"""The most that an error of scale counts in what decides a comparison. Of a length it always counts in full."""


class Column:
    """One quantity over its subjects (b is -1 for a single one): number, 1 sigma, outcome, and why a row is refused."""

    def __init__(self, a: Index, b: Index, number: PerPair, error: PerPair) -> None:
        self.a, self.b, self.number, self.error = a, b, number, error
        self.code: Int8[np.ndarray, " p"] = np.zeros(len(number), np.int8)
        self.outcome: Int8[np.ndarray, " p"] = np.zeros(len(number), np.int8)

    def refuse(self, reason: str, where: Where) -> None:
        """Refuse the rows in `where` that no earlier reason has refused."""
        np.putmask(self.code, (self.code == 0) & where, _CODE[reason])


def columns_of(scenes: Sequence[Scene], config: MeasureConfig) -> tuple[Objects, dict[str, Column]]:
    """Gather the objects of all scenes and what is known of them by kind; kinds share columns."""
    objects = objects_of(scenes)
    comparisons = _Comparisons(objects, *pairs_of(scenes, ordered=True), config).columns()
    columns = _lengths(objects, *pairs_of(scenes, ordered=False), config)
    places = {name: _difference(comparisons[name], objects, config) for name in ("x", "y", "bottom")}
    by_kind = {}
    for kind in KINDS.values():
        if kind.form != "length":
            by_kind[kind.name] = comparisons[kind.quantity]
        else:
            by_kind[kind.name] = places[kind.quantity] if kind.sign else columns[kind.quantity]
    return objects, by_kind


class _Comparisons:
    """The six differences that comparisons are about, over all ordered pairs: decided, or refused."""

    def __init__(self, objects: Objects, a: Index, b: Index, config: MeasureConfig) -> None:
        self.objects, self.a, self.b, self.config = objects, a, b, config
        setting = objects.setting
        from_viewer = objects.centre - setting.viewer
        away = np.sqrt(dot(from_viewer, from_viewer))
        absolute = setting.metric[a].astype(np.float64)
        self.place_floor = np.maximum(
            config.place_floor_m * absolute, config.place_floor_share * np.maximum(away[a], away[b])
        )
        self.size_floor_m = config.size_floor_m * absolute
        self.upright = setting.upright[a]
        self.truncated = objects.truncated[a] | objects.truncated[b]
        self.occluded = objects.occluded[a] | objects.occluded[b]
        self.hidden = ~(objects.bottom_known[a] & objects.bottom_known[b])
        self.together = together(objects, a, b)
        # An error of scale turns no difference round: it counts for the floors alone, which are in metres.
        self.scale = np.minimum(setting.scale[a], SCALE_THAT_COUNTS)
        self.tilt_rad, self.local = setting.tilt_rad[a], setting.local[a]

    def columns(self) -> dict[str, Column]:
        """Make the columns by the name of their quantity."""
        objects = self.objects
        extent, error = objects.extent, objects.extent_error
        return {
            "x": self._place(objects.middle_px[0], axis=0),
            "y": self._place(objects.depth_m, axis=1),
            "bottom": self._bottom(),
            "height": self._size(extent[2], error[2], lambda by: by.stretch[2], upright=True),
            "width": self._size(extent[0], error[0], lambda by: by.stretch[0], whole=False),
            "size": self._size(
                *size_of(objects), lambda by: size_stretch(objects, by.stretch), share=self.config.volume_floor_share
            ),
        }

    def _column(
        self, values: PerObject, errors: PerObject, pull: Callable[[Objects | Mode], PerObject], tilted: PerPair | float
    ) -> Column:
        """Make the differences and their errors. `pull`: how far depth's drift, or a mode, moves each value."""
        a, b = self.a, self.b
        number = values[a] - values[b]
        variance = errors[a] ** 2 + errors[b] ** 2
        variance += (self.scale * number) ** 2 + (self.tilt_rad * tilted) ** 2
        drift = pull(self.objects)
        variance += (self.local * combined(drift[a], drift[b], self.together)) ** 2
        for mode in self.objects.modes:
            moved = pull(mode)
            variance += (mode.sigma[a] * (moved[a] - moved[b])) ** 2
        return Column(a, b, number, np.sqrt(variance))

    def _place(self, witness: PerObject, axis: int) -> Column:
        """Compare left/right and behind/front: image columns and z-depth are the second witnesses."""
        objects = self.objects
        rise = objects.centre[2, self.a] - objects.centre[2, self.b]
        column = self._column(objects.centre[axis], objects.centre_error[axis], lambda by: by.pull[axis], rise)
        self._decide(column, self.place_floor)
        level = column.outcome == 0  # to be level with something, one must be in sight as a whole
        column.refuse("truncated", level & self.truncated)
        column.refuse("occluded", level & self.occluded)
        apart = (witness[self.a] - witness[self.b]) * column.outcome
        least = 1.0 if axis == 0 else 0.5 * self.place_floor
        column.refuse("nested", (column.outcome != 0) & self._nested(axis))
        column.refuse("witnesses_disagree", (column.outcome != 0) & (apart < least))
        return column

    def _bottom(self) -> Column:
        """Compare above/below: the centres are second witness (a cup beside a tall cabinet is not simply above it)."""
        objects = self.objects
        way = objects.centre[:, self.a] - objects.centre[:, self.b]
        standing = objects.standing[self.a] & objects.standing[self.b]
        tilted = np.where(standing, 0.0, np.sqrt(dot(way[:2], way[:2])))
        column = self._column(objects.low[2], objects.low_error[2], lambda by: by.low_pull, tilted)
        column.refuse("gravity_unknown", ~self.upright)
        column.refuse("bottom_hidden", self.hidden)
        self._decide(column, self.place_floor)
        apart = way[2] * column.outcome
        column.refuse("witnesses_disagree", (column.outcome != 0) & (apart < 0.5 * self.place_floor))
        return column

    def _size(
        self,
        values: PerObject,
        errors: PerObject,
        stretch: Callable[[Objects | Mode], PerObject],
        *,
        upright: bool = False,
        whole: bool = True,
        share: float | None = None,
    ) -> Column:
        """Compare tall/short, wide/thin, big/small: only of objects that are in sight as a whole."""
        column = self._column(values, errors, stretch, 0.0)
        if upright:
            column.refuse("gravity_unknown", ~self.upright)
        column.refuse("truncated", self.truncated)
        column.refuse("occluded", self.occluded)
        if whole:
            column.refuse("bottom_hidden", self.hidden & self.upright)
        larger = np.maximum(values[self.a], values[self.b])
        self._decide(column, np.maximum(self.size_floor_m, (share or self.config.size_floor_share) * larger))
        return column

    def _decide(self, column: Column, floor: Float64[np.ndarray, " p"]) -> None:
        """Decide by the sign beyond the margin; certainly within the floor is similar, all else too close to call."""
        size = np.abs(column.number)
        beyond = size > np.maximum(self.config.margin_sigmas * column.error, floor)
        similar = size + self.config.similar_sigmas * column.error < floor
        column.outcome = np.where(beyond, np.sign(column.number), 0.0).astype(np.int8)
        column.refuse("too_close_to_call", ~beyond & ~similar)

    def _nested(self, axis: int) -> Where:
        """Tell where one object's extent lies within the other's: a cup on a table is not left of the table."""
        low, high = self.objects.low[axis], self.objects.high[axis]
        low_a, low_b, high_a, high_b = low[self.a], low[self.b], high[self.a], high[self.b]
        return ((low_a >= low_b) & (high_a <= high_b)) | ((low_b >= low_a) & (high_b <= high_a))


def _lengths(objects: Objects, a: Index, b: Index, config: MeasureConfig) -> dict[str, Column]:
    """Measure the lengths without direction: of single objects, and of the unordered pairs."""
    setting = objects.setting
    one = np.arange(len(objects.place))
    none = np.full(len(one), -1)
    extent_error = extent_errors(objects)
    tilt_rad = setting.tilt_rad[a]
    # What stands on the plane is measured from it: a tilt of up does not come between two such objects.
    apart = ~(objects.standing[a] & objects.standing[b])
    columns = {
        "distance": Column(a, b, *between_centres(objects, a, b, slice(0, 3), 0.0)),
        "horizontal": Column(a, b, *between_centres(objects, a, b, slice(0, 2), tilt_rad)),
        "vertical": Column(a, b, *between_centres(objects, a, b, slice(2, 3), tilt_rad * apart)),
        "gap": Column(a, b, *gaps(objects, a, b)),
        "height": Column(one, none, objects.extent[2], extent_error[2]),
        "width": Column(one, none, objects.extent[0], extent_error[0]),
        "elevation": Column(one, none, objects.low[2], bottom_error(objects)),
    }
    for name, column in columns.items():
        upright = setting.upright[column.a]
        if KINDS_OF_LENGTH[name].needs_gravity:
            column.refuse("gravity_unknown", ~upright)
        if name == "elevation":
            column.refuse("no_support_plane", ~setting.on_plane)
            column.refuse("below_support", objects.low[2] < 0)
        if name in ("height", "elevation"):
            column.refuse("bottom_hidden", ~objects.bottom_known & upright)
        if name == "vertical":
            column.refuse("bottom_hidden", ~(objects.bottom_known[a] & objects.bottom_known[b]) & upright)
        column.error = np.hypot(column.error, setting.scale[column.a] * column.number)
        _finish(column, objects, config)
    return columns


KINDS_OF_LENGTH = {kind.quantity: kind for kind in KINDS.values() if kind.form == "length" and not kind.sign}


def _difference(comparison: Column, objects: Objects, config: MeasureConfig) -> Column:
    """Find how far left, behind, above: asked where the comparison itself is decided, in the direction that holds."""
    scale = objects.setting.scale[comparison.a]
    left_out = np.sqrt(np.maximum(scale**2 - SCALE_THAT_COUNTS**2, 0.0)) * comparison.number
    error = np.where(left_out == 0.0, comparison.error, np.hypot(comparison.error, left_out))
    column = Column(comparison.a, comparison.b, np.abs(comparison.number), error)
    column.code, column.outcome = comparison.code.copy(), comparison.outcome
    column.refuse("too_small", column.outcome == 0)
    _finish(column, objects, config)
    return column


def _finish(column: Column, objects: Objects, config: MeasureConfig) -> None:
    """Refuse lengths: metres need a metric scene, centres and sizes an uncut object, a number a small error."""
    second = np.where(column.b < 0, column.a, column.b)
    column.refuse("relative_scale", ~objects.setting.metric[column.a])
    column.refuse("truncated", objects.truncated[column.a] | objects.truncated[second])
    column.refuse("occluded", objects.occluded[column.a] | objects.occluded[second])
    column.refuse("too_small", column.number < config.min_length_m)
    column.refuse("too_uncertain", column.error > config.max_relative_error * column.number)
