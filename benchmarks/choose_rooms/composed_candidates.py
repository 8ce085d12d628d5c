"""Find the composed questions about a room that exact truth confirms twice: Truth -> Composed.

Every kind is phrased on its own, so that one more kind changes nothing of the others. A question stays where what the
pipeline says agrees with the truth of what is seen and with that of the whole objects, hidden parts included, by 4
sigma. Lengths and angles come with what is true of what is seen. That something cannot be told is asked of what hides
a good part of its size.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from choose_rooms.candidates import CandidateConfig, gaps_of_boxes, names_a_unit
from choose_rooms.true_lengths import MeasuredRoom, measure_room
from spatialvlm.answers import Angle, Answer, BoundingBox, Length, Region
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.evaluate.rooms_benchmark.build import EVERYTHING
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig
from spatialvlm.records import QA, Fact
from spatialvlm.worlds import Truth

SEEDS = 3
"""So many times each kind is phrased: other facts about the same things, listed and worded otherwise."""
MOST_OF_A_KIND = 12
"""Of more questions of a kind about a room some are left out, evenly; rooms with much in them would decide all."""
HIDDEN_SHARE = 0.15
ANGLE_RAD = math.radians(2.0)
DIGITS, CORNER_DIGITS = 5, 4

Key = tuple[str, tuple[str, ...], frozenset[str], float | None]


@dataclass(frozen=True, slots=True)
class Composed:
    """A question that may be chosen, with its true value."""

    room: int
    qa: QA

    @property
    def key(self) -> Key:
        """What is asked, in whatever words and order."""
        return key_of(self.qa.fact)


class _WholeBoxes(TrueQuantities):
    """Truth that takes the gaps of whole boxes for those of whole objects."""

    def amodal(self, ids: tuple[str, ...], plane_m: float) -> Boxes:
        """Box the whole objects."""
        boxes = super().amodal(ids, plane_m)

        def gaps(subjects: Int[np.ndarray, "p s"]) -> Float64[np.ndarray, " p"]:
            return gaps_of_boxes(boxes, subjects)

        return replace(boxes, gaps=gaps)


def key_of(fact: Fact) -> Key:
    """Say what a fact is about, whichever way its listed subjects stand."""
    named = KINDS[fact.kind].subjects
    return fact.kind, fact.subjects[:named], frozenset(fact.subjects[named:]), fact.given


def find_composed(known: Truth, room: int, seed: int, kinds: Sequence[str]) -> list[Composed]:
    """Find the questions of some kinds about a room that may be chosen; none where the room makes no scene."""
    here = measure_room(known, kinds, _WholeBoxes)
    if here is None:
        return []
    rows = {key_of(fact): row for row, fact in enumerate(here.facts)}
    sure = _beyond_dispute(here, CandidateConfig())
    found: dict[Key, Composed] = {}
    for qa in _phrased(here, seed, kinds):
        key = key_of(qa.fact)
        if key not in found and sure[rows[key]] and not _tells_too_much(qa):
            value = _true_value(qa, float(here.compared.visible[rows[key]]))
            found[key] = Composed(room, replace(qa, value=value))
    by_kind = [[one for one in found.values() if one.qa.kind == kind] for kind in kinds]
    return [one for some in by_kind for one in some[:: max(1, math.ceil(len(some) / MOST_OF_A_KIND))]]


def _phrased(here: MeasuredRoom, seed: int, kinds: Sequence[str]) -> Iterator[QA]:
    for kind in kinds:
        if KINDS[kind].quantity == "top" and not here.plane_is_true:
            continue
        asks = Phrase(PhraseConfig(questions_per_image=EVERYTHING, kinds=(kind,), balance="none"))
        page = asks.prepare(here.scene, here.facts)
        for time in range(SEEDS):
            yield from asks.ask(page, seed + time)


def _tells_too_much(qa: QA) -> bool:
    return KINDS[qa.kind].family == "quantitative" and names_a_unit(qa)


def _true_value(qa: QA, visible: float) -> Answer:
    match qa.value:
        case Length():
            return Length(float(f"{visible:.{DIGITS}g}"))
        case Angle():
            return Angle(float(f"{visible:.{DIGITS}g}"))
        case Region(polygon):
            return Region(tuple((round(x, CORNER_DIGITS), round(y, CORNER_DIGITS)) for x, y in polygon))
        case BoundingBox() as box:
            return BoundingBox(*(round(side, CORNER_DIGITS) for side in box.corners))
    return qa.value


def _beyond_dispute(here: MeasuredRoom, config: CandidateConfig) -> Bool[np.ndarray, " f"]:
    """Tell which facts are right against both truths with a small error."""
    compared = here.compared
    kinds = list(KINDS.values())
    forms = np.array([kind.form.name for kind in kinds])[compared.kind]
    in_rad = np.array([kind.form.error_unit == "rad" for kind in kinds])[compared.kind]
    size = np.abs(compared.number)
    near = np.minimum(np.maximum(config.agree_m, config.agree_share * size), 0.25 * size)
    small = compared.error <= config.worst_error_share * size
    near, small = np.where(in_rad, ANGLE_RAD, near), np.where(in_rad, compared.error <= ANGLE_RAD, small)
    off = [np.abs(compared.number - truth) for truth in (compared.visible, compared.amodal)]
    told = small & (off[0] <= near) & (off[1] <= near)
    untold = (forms == "length_if_told") & (compared.outcome != 0)
    hidden = np.abs(compared.visible - compared.amodal) >= HIDDEN_SHARE * compared.amodal
    decided = compared.right & compared.right_amodal
    in_image = np.array([kind.form.in_image for kind in kinds])[compared.kind]
    decided &= np.where(in_rad, small, (size >= config.sigmas * compared.error) | in_image)
    return np.where(untold, hidden, np.where(compared.is_number, told, decided))
