"""Measure a room beside what is true there: Truth -> MeasuredRoom; questions -> questions with their true lengths.

The pipeline lifts and measures the room's exact depth and masks, as `build` does it, and the audit compares every fact
with the truth. A length that is true of what is seen comes from the exact surfaces alone (audit/truth.py); of the scene
only one thing enters there, on which of the true levels its plane lies, because heights count from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from spatialvlm.audit.compare import Compared, compare
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.errors import ContractError
from spatialvlm.evaluate.rooms_benchmark.build import LIFTED, MEASURED
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkQuestion, QuestionKey
from spatialvlm.geometry import points_on_objects
from spatialvlm.kinds import KINDS, MIXES
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import measured as pipeline_measured
from spatialvlm.records import Facts, Frame, Scene
from spatialvlm.worlds import Truth

DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRoom:
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
    rows: dict[QuestionKey, int]


def measure_room(
    known: Truth, kinds: Sequence[str] = MIXES["paper"], true: Callable[[Truth], TrueQuantities] = TrueQuantities
) -> MeasuredRoom | None:
    """Measure everything of a room, beside its truth; None where the room makes no scene."""
    frame = known.frame
    sample = pipeline_measured(frame, LIFTED, MEASURED, PhraseConfig(kinds=tuple(kinds)))
    scene, facts = sample.scene, sample.facts
    if scene is None or facts is None:
        return None
    truth = true(known)
    plane_m, plane_is_true = _plane(scene, frame, truth)
    compared = compare(facts, truth, plane_m, MEASURED, points_on_objects([scene]).pixels)
    rows = {key: row for row, key in enumerate(_keys(compared))}
    return MeasuredRoom(scene, facts, truth, plane_m, plane_is_true, compared, rows)


def with_truth(questions: Sequence[BenchmarkQuestion], room: MeasuredRoom | None) -> tuple[BenchmarkQuestion, ...]:
    """Give lengths what is true of the visible surfaces; comparisons stay as they are.

    Raises ContractError where the room does not have that question.
    """
    return tuple(_with_truth(question, room) for question in questions)


def _with_truth(question: BenchmarkQuestion, room: MeasuredRoom | None) -> BenchmarkQuestion:
    if KINDS[question.kind].family != "quantitative":
        return question
    row = None if room is None else room.rows.get(question.key)
    if room is None or row is None:
        raise ContractError(
            f"benchmark question {question.kind} of {' and '.join(question.subjects)}: nothing is measured for it in "
            "its room; expected a question that was made of this room by this version"
        )
    return replace(question, visible_m=float(f"{room.compared.visible[row]:.{DIGITS}g}"))


def _plane(scene: Scene, frame: Frame, truth: TrueQuantities) -> tuple[float, bool]:
    """Find how high the plane of the scene is above the floor, and whether it is what the scene calls it."""
    plane_m, found = truth.plane_under(scene, frame)
    surface = scene.support.surface
    return plane_m, found and surface is not None and (surface == "floor") == (plane_m == 0.0)


def _keys(compared: Compared) -> list[QuestionKey]:
    ids, kinds = compared.object_ids, tuple(KINDS)
    rows = zip(compared.kind.tolist(), compared.subjects.tolist())
    return [(kinds[kind], tuple(ids[place] for place in places if place >= 0)) for kind, places in rows]
