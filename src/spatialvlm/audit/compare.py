"""Facts against the truth: a scene's Facts and the TrueQuantities of its frame enter, each fact with its truth leaves.

What "right" means is said by the form of the kind: a comparison that was decided is right where the true difference has
the sign that it says; "about the same" is right where the true difference stays within the floor that MeasureConfig
allows for it. A length or an angle has an error: its value less the true one; a difference in a direction ("how far
left") counts as negative where the truth lies the other way.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float64, Int, Int8, Int16

from spatialvlm.answers import Region
from spatialvlm.audit.true_places import BEYOND, room_beside
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.records import Facts

IS_NUMBER = np.array([kind.form.is_number for kind in KINDS.values()], bool)
COMPARES = np.array([kind.form.compares for kind in KINDS.values()], bool)

Numbers = Float64[np.ndarray, " f"]
Where = Bool[np.ndarray, " f"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The asked facts of one scene as columns, as in `Facts`, each with its truth.

    `visible` and `amodal` are the true lengths, or the true differences A - B of comparisons; amodal is NaN for gaps.
    `right` and `right_amodal` say whether an answer holds; they are true for lengths and angles, and without a truth.
    """

    object_ids: tuple[str, ...]
    kind: Int16[np.ndarray, " f"]
    subjects: Int16[np.ndarray, "f s"]
    outcome: Int8[np.ndarray, " f"]
    number: Numbers
    error: Numbers
    visible: Numbers
    amodal: Numbers
    right: Where
    right_amodal: Where

    @property
    def is_number(self) -> Where:
        """Which rows are lengths or angles; the others are right or wrong."""
        return IS_NUMBER[self.kind]

    @property
    def once(self) -> Where:
        """Which rows are counted: what has a number, and of the two orders of a pair that is compared, the first."""
        told = ~np.isnan(self.number)
        return told & (
            ~COMPARES[self.kind] | (self.subjects[:, 0] < self.subjects[:, min(1, self.subjects.shape[1] - 1)])
        )

    def only(self, rows: Where) -> "Compared":
        """Keep some of the rows."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        ids = columns.pop("object_ids")
        return Compared(ids, **{name: column[rows] for name, column in columns.items()})


def compare(
    facts: Facts,
    truth: TrueQuantities,
    plane_m: float,
    config: MeasureConfig,
    pixels: Int[np.ndarray, "n 2"] | None = None,
) -> Compared:
    """Compare all asked facts with their truth; `plane_m` is what `truth.plane_under` says of the scene.

    `pixels` (column, row) are the points on its objects; without them there is no truth of questions about points.
    """
    seen = None if pixels is None else truth.distances_at(pixels)
    visible = replace(truth.visible(facts.object_ids, plane_m, end_to_end=config.rules == 2), point_distances=seen)
    amodal = replace(truth.amodal(facts.object_ids, plane_m), point_distances=seen)
    count = len(facts)
    numbers, verdicts = np.full((2, count), np.nan), np.ones((2, count), bool)
    places = np.argsort(facts.kind, kind="stable")
    bounds = np.searchsorted(facts.kind[places], np.arange(len(KINDS) + 1))
    for index, kind in enumerate(KINDS.values()):
        rows = places[bounds[index] : bounds[index + 1]]
        if not len(rows):
            continue
        subjects = facts.subjects[rows].astype(np.int64)
        for which, boxes in enumerate((visible, amodal)):
            if kind.quantity == "image_box":
                values = truth.overlaps(facts, subjects[:, 0])
            elif kind.form.compares or kind.form.directed:
                values = boxes.difference(kind.quantity, subjects)
            elif kind.quantity in BEYOND:
                values = _room(kind.quantity, facts, rows, boxes, truth)
            else:
                values = boxes.values(kind.quantity, subjects, facts.given[rows])
            if kind.form.directed:
                values = kind.sign * values
            numbers[which, rows] = values[:, 0]
            floor = boxes.floor(kind.quantity, subjects, config) if kind.form.compares else np.zeros(len(rows))
            verdicts[which, rows] = kind.form.holds(kind, facts.outcome[rows], values, floor) | np.isnan(values[:, 0])
    columns = (facts.kind, facts.subjects, facts.outcome, facts.number, facts.error)
    return Compared(facts.object_ids, *columns, *numbers, *verdicts)


def _room(
    quantity: str, facts: Facts, rows: Int[np.ndarray, " r"], boxes: Boxes, truth: TrueQuantities
) -> Float64[np.ndarray, "r 1"]:
    """Judge the places that some facts answer with."""
    of, camera = facts.subjects[rows, 0], truth.known.frame.camera
    assert camera is not None
    regions = [fact.answer.polygon for fact in facts.at(rows.tolist()) if isinstance(fact.answer, Region)]
    levels = np.array([truth.known.supports[facts.object_ids[place]] for place in of.tolist()])
    size = camera.width, camera.height
    return room_beside(quantity, regions, boxes.low[of], boxes.high[of], levels, size, truth.seen)[:, None]
