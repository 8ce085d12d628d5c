"""A room as the pipeline measures it beside what is true there: Truth -> Measured; Asked -> Asked with its true length.

The pipeline lifts and measures the room's exact depth and masks, as `build` does it, and the audit compares every fact
with the truth. A length that is true of what is seen comes from the exact surfaces alone (audit/truth.py); of the scene
only one thing enters there, on which of the true levels its plane lies, because heights count from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spatialvlm.audit.compare import Compared, compare
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.errors import ContractError
from spatialvlm.evaluate.rooms_benchmark.definition import Asked, Key
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.lift import LiftConfig, load_lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import Facts, Frame, Scene
from spatialvlm.worlds import Truth

DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A room's scene and facts, and the truth of them.

    `plane_m` is how high the scene's plane is above the floor; `plane_is_true` says whether it is what the scene calls
    it. `rows` tells where in `compared` a question is.
    """

    scene: Scene
    facts: Facts
    truth: TrueQuantities
    plane_m: float
    plane_is_true: bool
    compared: Compared
    rows: dict[Key, int]


def measured(known: Truth) -> Measured | None:
    """Everything that is measured of a room, with its truth; None where the room makes no scene."""
    frame = known.frame
    scene = load_lift(LiftConfig())([frame], [frame.instances or ()])[0].scene
    if scene is None:
        return None
    truth = TrueQuantities(known)
    plane_m, plane_is_true = _plane(scene, frame, truth)
    facts = measure(scene, MeasureConfig())
    compared = compare(facts, truth, plane_m, MeasureConfig())
    rows = {key: row for row, key in enumerate(_keys(compared))}
    return Measured(scene, facts, truth, plane_m, plane_is_true, compared, rows)


def with_truth(asked: Sequence[Asked], room: Measured | None) -> tuple[Asked, ...]:
    """The questions with what is true of the visible surfaces; comparisons as they are.

    Raises ContractError where the room does not have that question.
    """
    return tuple(_with_truth(question, room) for question in asked)


def _with_truth(asked: Asked, room: Measured | None) -> Asked:
    if KINDS[asked.kind].form != "length":
        return asked
    row = None if room is None else room.rows.get(asked.key)
    if room is None or row is None:
        raise ContractError(
            f"benchmark question {asked.kind} of {' and '.join(asked.subjects)}: nothing is measured for it in its "
            "room; expected a question that was made of this room by this version"
        )
    return replace(asked, visible_m=float(f"{room.compared.visible[row]:.{DIGITS}g}"))


def _plane(scene: Scene, frame: Frame, truth: TrueQuantities) -> tuple[float, bool]:
    """How high the plane of the scene is above the floor, and whether it is what the scene calls it."""
    plane_m, found = truth.plane_under(scene, frame)
    surface = scene.support.surface
    return plane_m, found and surface is not None and (surface == "floor") == (plane_m == 0.0)


def _keys(compared: Compared) -> list[Key]:
    ids, kinds = compared.object_ids, tuple(KINDS)
    pairs = zip(compared.kind.tolist(), compared.a.tolist(), compared.b.tolist())
    return [(kinds[kind], (ids[a],) if b < 0 else (ids[a], ids[b])) for kind, a, b in pairs]
