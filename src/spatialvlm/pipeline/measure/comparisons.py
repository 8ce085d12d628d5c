"""The differences that comparisons are about: witnesses, margins, dead zones; and the lengths along them."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool

from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.measure.column import Column, finish_length
from spatialvlm.pipeline.measure.lengths import place_floor, size_of, size_stretch
from spatialvlm.pipeline.measure.modes import Mode
from spatialvlm.pipeline.measure.objects import Index, Objects, PerObject, PerPair, combined, dot, together
from spatialvlm.pipeline.measure.rays import Rays

SCALE_THAT_COUNTS = 0.1
"""The most that an error of scale counts in what decides a comparison, and, across the optical axis, one of the focal
length, which is one of scale there. Of a length both always count in full."""

Where = Bool[np.ndarray, " p"]


class Comparisons:
    """The differences that comparisons are about, over all ordered pairs: decided, or refused."""

    def __init__(self, objects: Objects, a: Index, b: Index, config: MeasureConfig) -> None:
        self.objects, self.a, self.b, self.config = objects, a, b, config
        self.pairs, self.once = np.stack([a, b], axis=1), a < b
        setting = objects.setting
        self.rays = Rays(objects)
        floor = place_floor(objects, config)
        self.place_floor = np.maximum(floor[a], floor[b])
        self.size_floor_m = config.size_floor_m * setting.metric[a]
        self.upright = setting.upright[a]
        self.truncated = objects.truncated[a] | objects.truncated[b]
        self.occluded = objects.occluded[a] | objects.occluded[b]
        self.hidden = ~(objects.bottom_known[a] & objects.bottom_known[b])
        self.together = together(objects, a, b)
        # An error of scale turns no difference round: it counts for the floors alone, which are in metres.
        self.scale = np.minimum(setting.scale[a], SCALE_THAT_COUNTS)
        self.tilt_rad, self.local = setting.tilt_rad[a], setting.local[a]

    def column(self, quantity: str) -> Column:
        """Make the column of one of them."""
        objects, extent, error = self.objects, self.objects.end_to_end, self.objects.extent_error
        match quantity:
            case "x":
                return self._place(objects.middle_px[0], axis=0)
            case "y":
                return self._place(objects.depth_m, axis=1)
            case "bottom":
                return self._bottom()
            case "camera_distance":
                return self._camera_distance()
            case "height":
                return self._size(extent[2], error[2], lambda by: by.stretch[2], upright=True)
            case "width":
                return self._size(extent[0], error[0], lambda by: by.stretch[0], whole=False, across=True)
            case _:
                share = self.config.volume_floor_share
                return self._size(*size_of(objects), lambda by: size_stretch(objects, by.stretch), share=share)

    def _column(
        self,
        values: PerObject,
        errors: PerObject,
        pull: Callable[[Objects | Mode], PerObject],
        tilted: PerPair | float,
        *,
        across: bool = False,
    ) -> Column:
        """Make the differences and their errors. `pull`: how far depth's drift, or a mode, moves each value.

        `across`: the values lie across the optical axis.
        """
        a, b = self.a, self.b
        number = values[a] - values[b]
        variance = errors[a] ** 2 + errors[b] ** 2
        variance += (self.scale * number) ** 2 + (self.tilt_rad * tilted) ** 2
        drift = pull(self.objects)
        variance += (self.local * combined(drift[a], drift[b], self.together)) ** 2
        for mode in self.objects.modes:
            moved = pull(mode)
            variance += (_that_counts(mode, across=across)[a] * (moved[a] - moved[b])) ** 2
        return Column(self.pairs, number, np.sqrt(variance), once=self.once)

    def _place(self, witness: PerObject, axis: int) -> Column:
        """Compare left/right and behind/front: image columns and z-depth are the second witnesses."""
        objects = self.objects
        rise = objects.centre[2, self.a] - objects.centre[2, self.b]
        column = self._column(
            objects.centre[axis], objects.centre_error[axis], lambda by: by.pull[axis], rise, across=axis == 0
        )
        hidden = objects.low_hidden_m[axis] ** 2 + objects.high_hidden_m[axis] ** 2
        self._decide(column, self.place_floor, np.sqrt(hidden[self.a] + hidden[self.b]) / 2)
        level = column.outcome == 0  # to be level with something, one must be in sight as a whole
        column.refuse("truncated", level & self.truncated)
        column.refuse("occluded", level & self.occluded)
        unseen = np.where(
            column.outcome > 0,
            np.hypot(objects.back_by[axis, self.a], objects.on_by[axis, self.b]),
            np.hypot(objects.on_by[axis, self.a], objects.back_by[axis, self.b]),
        )
        turns = (column.outcome != 0) & (np.abs(column.number) < unseen)
        column.refuse("truncated", turns & self.truncated)
        column.refuse("occluded", turns)
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

    def _camera_distance(self) -> Column:
        """Compare how far away two are: the nearest points of their boxes are second witness."""
        rays = self.rays
        column = self._column(rays.away, rays.error, rays.pull, 0.0)
        column.refuse("truncated", self.truncated)
        column.refuse("occluded", self.occluded)
        self._decide(column, self.place_floor)
        apart = (rays.nearest[self.a] - rays.nearest[self.b]) * column.outcome
        column.refuse("witnesses_disagree", (column.outcome != 0) & (apart <= 0.0))
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
        across: bool = False,
    ) -> Column:
        """Compare tall/short, wide/thin, big/small: only of objects that are in sight as a whole."""
        column = self._column(values, errors, stretch, 0.0, across=across)
        if upright:
            column.refuse("gravity_unknown", ~self.upright)
        column.refuse("truncated", self.truncated)
        column.refuse("occluded", self.occluded)
        if whole:
            column.refuse("bottom_hidden", self.hidden & self.upright)
        larger = np.maximum(values[self.a], values[self.b])
        self._decide(column, np.maximum(self.size_floor_m, (share or self.config.size_floor_share) * larger))
        return column

    def _decide(self, column: Column, floor: PerPair, hidden_m: PerPair | float = 0.0) -> None:
        """Decide by the sign beyond the margin; certainly within the floor is similar, all else too close to call.

        Two that are level must stay so by 1 sigma of where the middles of the whole things may be.
        """
        size = np.abs(column.number)
        beyond = size > np.maximum(self.config.margin_sigmas * column.error, floor)
        similar = size + np.maximum(self.config.similar_sigmas * column.error, hidden_m) < floor
        column.outcome = np.where(beyond, np.sign(column.number), 0.0).astype(np.int8)
        column.refuse("too_close_to_call", ~beyond & ~similar)

    def _nested(self, axis: int) -> Where:
        """Tell where one object's extent lies within the other's: a cup on a table is not left of the table."""
        low, high = self.objects.low[axis], self.objects.high[axis]
        low_a, low_b, high_a, high_b = low[self.a], low[self.b], high[self.a], high[self.b]
        return ((low_a >= low_b) & (high_a <= high_b)) | ((low_b >= low_a) & (high_b <= high_a))


def _that_counts(mode: Mode, *, across: bool) -> PerObject:
    return np.minimum(mode.sigma, SCALE_THAT_COUNTS) if across and mode.turns else mode.sigma


def difference_of(comparison: Column, objects: Objects, config: MeasureConfig, *, across: bool = False) -> Column:
    """Find how far left, behind, above: asked where the comparison itself is decided, in the direction that holds.

    `across`: it is one across the optical axis, how far left.
    """
    scale = objects.setting.scale[comparison.first]
    square = np.maximum(scale**2 - SCALE_THAT_COUNTS**2, 0.0)
    for mode in objects.modes:
        square += (mode.sigma**2 - _that_counts(mode, across=across) ** 2)[comparison.first]
    left_out = np.sqrt(square) * comparison.number
    error = np.where(left_out == 0.0, comparison.error, np.hypot(comparison.error, left_out))
    column = Column(comparison.subjects, np.abs(comparison.number), error, once=comparison.once)
    column.code, column.outcome = comparison.code.copy(), comparison.outcome
    column.refuse("too_small", column.outcome == 0)
    finish_length(column, objects, config)
    return column
