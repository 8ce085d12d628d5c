"""Facts against the truth: a scene's Facts and the TrueQuantities of its frame enter, each fact with its truth leaves.

What "right" means: a comparison that was decided (true or false, this one, this word) is right where the true
difference has the sign that it says; "about the same" is right where the true difference stays within the floor that
MeasureConfig allows for it. A length has an error: its value less the true one; a difference in a direction
("how far left") counts as negative where the truth lies the other way.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64, Int, Int8, Int16

from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.kinds import KINDS, Kind
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.records import Facts

FORMS = tuple(kind.form for kind in KINDS.values())

Numbers = Float64[np.ndarray, " f"]
Where = Bool[np.ndarray, " f"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The asked facts of one scene as columns, as in `Facts`, each with its truth.

    `visible` and `amodal` are the true lengths, or the true differences A - B of comparisons; amodal is NaN for gaps.
    `right` and `right_amodal` say whether a comparison holds; they are true for lengths.
    """

    object_ids: tuple[str, ...]
    kind: Int16[np.ndarray, " f"]
    a: Int16[np.ndarray, " f"]
    b: Int16[np.ndarray, " f"]
    outcome: Int8[np.ndarray, " f"]
    number: Numbers
    error: Numbers
    visible: Numbers
    amodal: Numbers
    right: Where
    right_amodal: Where

    @property
    def is_length(self) -> Where:
        """Which rows are lengths; the others are comparisons."""
        return np.array([form == "length" for form in FORMS])[self.kind]

    def only(self, rows: Where) -> "Compared":
        """Keep some of the rows."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        ids = columns.pop("object_ids")
        return Compared(ids, **{name: column[rows] for name, column in columns.items()})


def compare(facts: Facts, truth: TrueQuantities, plane_m: float, config: MeasureConfig) -> Compared:
    """Compare all asked facts with their truth; `plane_m` is what `truth.plane_under` says of the scene."""
    visible = truth.visible(facts.object_ids, plane_m)
    amodal = truth.amodal(facts.object_ids, plane_m)
    count = len(facts)
    numbers, verdicts = np.full((2, count), np.nan), np.ones((2, count), bool)
    places = np.argsort(facts.kind, kind="stable")
    bounds = np.searchsorted(facts.kind[places], np.arange(len(facts.kinds) + 1))
    for index, name in enumerate(facts.kinds):
        kind, rows = KINDS[name], places[bounds[index] : bounds[index + 1]]
        a, b = facts.a[rows].astype(np.int64), facts.b[rows].astype(np.int64)
        for which, boxes in enumerate((visible, amodal)):
            if kind.quantity == "gap":
                numbers[which, rows] = _gaps(truth, facts.object_ids, a, b) if which == 0 else np.nan
            elif kind.form == "length":
                numbers[which, rows] = length(boxes, kind, a, b)
            else:
                values = boxes.single(kind.quantity)
                numbers[which, rows] = values[a] - values[b]
                floor = boxes.floor(kind.quantity, a, b, config)
                verdicts[which, rows] = _holds(numbers[which, rows], kind.sign * facts.outcome[rows], floor)
    return Compared(
        facts.object_ids,
        facts.kind,
        facts.a,
        facts.b,
        facts.outcome,
        facts.number,
        facts.error,
        *numbers,
        *verdicts,
    )


def length(boxes: Boxes, kind: Kind, a: Int[np.ndarray, " p"], b: Int[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """Return the true lengths of a kind that boxes tell, in metres. A kind with a direction counts along it."""
    if kind.subjects == 1:
        return boxes.single(kind.quantity)[a]
    if kind.sign:
        values = boxes.single(kind.quantity)
        return kind.sign * (values[a] - values[b])
    return boxes.between(kind.quantity, a, b)


def _gaps(
    truth: TrueQuantities, ids: tuple[str, ...], a: Int[np.ndarray, " p"], b: Int[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    return np.array([truth.gap(ids[i], ids[j]) for i, j in zip(a.tolist(), b.tolist())], np.float64)


def _holds(
    difference: Float64[np.ndarray, " p"], said: Int[np.ndarray, " p"], floor: Float64[np.ndarray, " p"]
) -> Bool[np.ndarray, " p"]:
    """Tell whether differences are as was said: 1 greater, -1 less, 0 about the same."""
    return np.where(said == 0, np.abs(difference) < floor, difference * said > 0)
