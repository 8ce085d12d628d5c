"""From quantities to facts: witnesses, margins, dead zones, refusals."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.measure.gaps import gaps
from spatialvlm.pipeline.measure.lengths import Objects, PerObject, between_centres, combined, objects_of, size_of
from spatialvlm.records import Facts, Scene

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

Number = Float64[np.ndarray, " p"]
Index = Int[np.ndarray, " p"]
Where = Bool[np.ndarray, " p"] | bool


class Column:
    """One quantity over its subjects (b is -1 for a single one): number, 1 sigma, outcome, and why a row is refused."""

    def __init__(self, a: Index, b: Index, number: Number, error: Number) -> None:
        self.a, self.b, self.number, self.error = a, b, number, error
        self.code = np.zeros(len(number), np.int8)
        self.outcome = np.zeros(len(number), np.int8)

    def refuse(self, reason: str, where: Where) -> None:
        """Refuse the rows in `where` that no earlier reason has refused."""
        self.code[(self.code == 0) & where] = _CODE[reason]


def all_facts(scene: Scene, config: MeasureConfig) -> Facts:
    """The facts of all kinds, and the refusals."""
    if not scene.objects:
        return _table(scene, {})
    objects = objects_of(scene)
    comparisons = _Comparisons(scene, objects, config).columns()
    columns = _lengths(scene, objects, config)
    places = {name: _difference(comparisons[name], scene, objects, config) for name in ("x", "y", "bottom")}
    by_kind = {}
    for kind in KINDS.values():
        if kind.form != "length":
            by_kind[kind.name] = comparisons[kind.quantity]
        else:
            by_kind[kind.name] = places[kind.quantity] if kind.sign else columns[kind.quantity]
    return _table(scene, by_kind)


class _Comparisons:
    """The six differences that comparisons are about, over all ordered pairs: decided, or refused."""

    def __init__(self, scene: Scene, objects: Objects, config: MeasureConfig) -> None:
        self.scene, self.objects, self.config = scene, objects, config
        self.a, self.b = np.nonzero(~np.eye(len(scene.objects), dtype=bool))
        viewer = scene.world_from_camera[:3, 3]
        away = np.sqrt(((objects.centre - viewer) ** 2).sum(axis=1))
        absolute = 0.0 if scene.scale == "relative" else 1.0
        self.place_floor = np.maximum(
            config.place_floor_m * absolute, config.place_floor_share * np.maximum(away[self.a], away[self.b])
        )
        self.size_floor_m = config.size_floor_m * absolute
        self.truncated = objects.truncated[self.a] | objects.truncated[self.b]
        self.occluded = objects.occluded[self.a] | objects.occluded[self.b]
        self.hidden = ~(objects.bottom_known[self.a] & objects.bottom_known[self.b])
        self.together = objects.together[self.a, self.b]

    def columns(self) -> dict[str, Column]:
        """The columns by the name of their quantity."""
        objects = self.objects
        extent, error, stretch = objects.extent, objects.extent_error, objects.stretch
        return {
            "x": self._place(objects.column_px, axis=0),
            "y": self._place(objects.depth_m, axis=1),
            "bottom": self._bottom(),
            "height": self._size(extent[:, 2], error[:, 2], stretch[:, 2], upright=True),
            "width": self._size(extent[:, 0], error[:, 0], stretch[:, 0], whole=False),
            "size": self._size(*size_of(objects), share=self.config.volume_floor_share),
        }

    def _column(self, values: PerObject, errors: PerObject, pull: PerObject, tilted: Number | float = 0.0) -> Column:
        """The differences and their errors. `pull`: how far depth's drift moves each value; see `Objects`."""
        number, errs = values[self.a] - values[self.b], self.scene.errors
        variance = errors[self.a] ** 2 + errors[self.b] ** 2
        variance += (errs.scale * number) ** 2 + (errs.tilt_rad * tilted) ** 2
        variance += (errs.local * combined(pull[self.a], pull[self.b], self.together)) ** 2
        return Column(self.a, self.b, number, np.sqrt(variance))

    def _place(self, witness: PerObject, axis: int) -> Column:
        """Left/right and behind/front: image columns and z-depth are the second witnesses."""
        objects = self.objects
        rise = objects.centre[self.a, 2] - objects.centre[self.b, 2]
        column = self._column(objects.centre[:, axis], objects.centre_error[:, axis], objects.pull[:, axis], rise)
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
        """Above/below: the centres are the second witness (a cup beside a tall cabinet is not simply above it)."""
        objects = self.objects
        across = np.sqrt(((objects.centre[self.a, :2] - objects.centre[self.b, :2]) ** 2).sum(axis=1))
        standing = objects.standing[self.a] & objects.standing[self.b]
        tilted = np.where(standing, 0.0, across)
        column = self._column(objects.low[:, 2], objects.low_error[:, 2], objects.low_pull, tilted)
        column.refuse("gravity_unknown", self.scene.gravity is None)
        column.refuse("bottom_hidden", self.hidden)
        self._decide(column, self.place_floor)
        apart = (objects.centre[self.a, 2] - objects.centre[self.b, 2]) * column.outcome
        column.refuse("witnesses_disagree", (column.outcome != 0) & (apart < 0.5 * self.place_floor))
        return column

    def _size(
        self,
        values: PerObject,
        errors: PerObject,
        stretch: PerObject,
        *,
        upright: bool = False,
        whole: bool = True,
        share: float | None = None,
    ) -> Column:
        """Tall/short, wide/thin, big/small: only of objects that are in sight as a whole."""
        column = self._column(values, errors, stretch)
        column.refuse("gravity_unknown", upright and self.scene.gravity is None)
        column.refuse("truncated", self.truncated)
        column.refuse("occluded", self.occluded)
        column.refuse("bottom_hidden", self.hidden & (whole and self.scene.gravity is not None))
        larger = np.maximum(values[self.a], values[self.b])
        self._decide(column, np.maximum(self.size_floor_m, (share or self.config.size_floor_share) * larger))
        return column

    def _decide(self, column: Column, floor: Number) -> None:
        """Beyond the margin: the sign. Certainly within the floor: similar. Else too close to call."""
        size = np.abs(column.number)
        beyond = size > np.maximum(self.config.margin_sigmas * column.error, floor)
        similar = size + self.config.similar_sigmas * column.error < floor
        column.outcome = np.where(beyond, np.sign(column.number), 0.0).astype(np.int8)
        column.refuse("too_close_to_call", ~beyond & ~similar)

    def _nested(self, axis: int) -> Bool[np.ndarray, " p"]:
        """One object's extent lies within the other's: a cup on a table is not left of the table."""
        low, high = self.objects.low[:, axis], self.objects.high[:, axis]
        a, b = self.a, self.b
        inside = (low[a] >= low[b]) & (high[a] <= high[b])
        return inside | ((low[b] >= low[a]) & (high[b] <= high[a]))


def _lengths(scene: Scene, objects: Objects, config: MeasureConfig) -> dict[str, Column]:
    """The lengths without direction: of single objects, and of unordered pairs."""
    n = len(scene.objects)
    a, b = np.triu_indices(n, 1)
    one, none = np.arange(n), np.full(n, -1)
    tilt = scene.errors.tilt_rad
    foot = np.sqrt((objects.centre[:, :2] ** 2).sum(axis=1))
    local = scene.errors.local
    bottom_error = np.sqrt(
        objects.low_error[:, 2] ** 2 + (tilt * foot) ** 2 + scene.errors.support_m**2 + (local * objects.low_pull) ** 2
    )
    extent_error = np.hypot(objects.extent_error, local * objects.stretch)
    upright = scene.gravity is not None
    # What stands on the plane is measured from it: a tilt of up does not come between two such objects.
    apart = ~(objects.standing[a] & objects.standing[b])
    columns = {
        "distance": Column(a, b, *between_centres(scene, objects, a, b, slice(0, 3), 0.0)),
        "horizontal": Column(a, b, *between_centres(scene, objects, a, b, slice(0, 2), tilt)),
        "vertical": Column(a, b, *between_centres(scene, objects, a, b, slice(2, 3), tilt * apart)),
        "gap": Column(a, b, *gaps(scene, objects, a, b)),
        "height": Column(one, none, objects.extent[:, 2].copy(), extent_error[:, 2]),
        "width": Column(one, none, objects.extent[:, 0].copy(), extent_error[:, 0]),
        "elevation": Column(one, none, objects.low[:, 2].copy(), bottom_error),
    }
    for name, column in columns.items():
        column.refuse("gravity_unknown", not upright and KINDS_OF_LENGTH[name].needs_gravity)
        if name == "elevation":
            column.refuse("no_support_plane", scene.support.surface is None)
            column.refuse("below_support", objects.low[:, 2] < 0)
        if name in ("height", "elevation"):
            column.refuse("bottom_hidden", ~objects.bottom_known & upright)
        if name == "vertical":
            column.refuse("bottom_hidden", ~(objects.bottom_known[a] & objects.bottom_known[b]) & upright)
        column.error = np.hypot(column.error, scene.errors.scale * column.number)
        _finish(column, scene, objects, config)
    return columns


KINDS_OF_LENGTH = {kind.quantity: kind for kind in KINDS.values() if kind.form == "length" and not kind.sign}


def _difference(comparison: Column, scene: Scene, objects: Objects, config: MeasureConfig) -> Column:
    """How far left, behind, above: asked where the comparison itself is decided, in the direction that holds."""
    column = Column(comparison.a, comparison.b, np.abs(comparison.number), comparison.error)
    column.code, column.outcome = comparison.code.copy(), comparison.outcome
    column.refuse("too_small", column.outcome == 0)
    _finish(column, scene, objects, config)
    return column


def _finish(column: Column, scene: Scene, objects: Objects, config: MeasureConfig) -> None:
    """What all lengths share: metres need a metric scene, centres and sizes an uncut object, a number a small error."""
    column.refuse("relative_scale", scene.scale == "relative")
    second = np.where(column.b < 0, column.a, column.b)
    column.refuse("truncated", objects.truncated[column.a] | objects.truncated[second])
    column.refuse("occluded", objects.occluded[column.a] | objects.occluded[second])
    column.refuse("too_small", column.number < config.least_m)
    column.refuse("too_uncertain", column.error > config.worst_share * column.number)


def _table(scene: Scene, columns: Mapping[str, Column]) -> Facts:
    """Join the columns of all kinds into Facts, and count the refusals of each unordered pair once."""
    sheets: dict[tuple[int, int], _Sheet] = {}  # kinds share columns: left and right, taller and shorter
    chosen, refusals = [], {}
    for name in KIND_NAMES if columns else ():
        kind, column = KINDS[name], columns[name]
        key = id(column), kind.sign if kind.form == "length" else 0
        if key not in sheets:
            sheets[key] = _Sheet(column, key[1])
        sheet = sheets[key]
        chosen.append((sheet, sheet.outcome * np.int8(kind.sign if kind.form != "length" else 0)))
        refusals.update({(name, reason): count for reason, count in sheet.refused})

    def joined(parts: Sequence[np.ndarray], dtype: type) -> np.ndarray:
        return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)

    return Facts(
        kinds=KIND_NAMES,
        object_ids=tuple(o.instance.id for o in scene.objects),
        kind=np.repeat(np.arange(len(chosen), dtype=np.int16), [len(sheet.a) for sheet, _ in chosen]),
        a=joined([sheet.a for sheet, _ in chosen], np.int16),
        b=joined([sheet.b for sheet, _ in chosen], np.int16),
        number=joined([sheet.number for sheet, _ in chosen], np.float64),
        error=joined([sheet.error for sheet, _ in chosen], np.float64),
        outcome=joined([outcome for _, outcome in chosen], np.int8),
        in_frame="camera" if scene.gravity is None else "world",
        refusals=refusals,
    )


class _Sheet:
    """The rows of a column that are asked (only those of outcome `sign`, if it is not 0), and what was refused."""

    def __init__(self, column: Column, sign: int) -> None:
        asked = column.code == 0
        if sign:
            asked &= column.outcome == sign
        self.a, self.b, self.number, self.error, self.outcome = (
            values[asked] for values in (column.a, column.b, column.number, column.error, column.outcome)
        )
        once = column.code if not len(column.b) or column.b[0] < 0 else column.code[column.a < column.b]
        counts = np.bincount(once, minlength=len(REASONS)).tolist()
        self.refused = [(REASONS[code], count) for code, count in enumerate(counts) if code and count]
