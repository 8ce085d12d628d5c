"""Find the questions about a room that exact truth confirms twice: Truth -> Candidates.

The pipeline measures the room (true_lengths.py) and phrases the facts, as `build` does it. A question stays where its
error bar is small, it agrees with the truth of what is seen and with that of the whole objects, hidden parts included,
and it names no unit, which would tell the size of the answer. Lengths come with the truth of what is seen.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from choose_rooms.selection import Candidate
from choose_rooms.true_lengths import measure_room, with_truth
from spatialvlm.audit.compare import Compared
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.evaluate.rooms_benchmark.build import phrase_all
from spatialvlm.evaluate.rooms_benchmark.definition import question_of
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import load_sheet, phrase
from spatialvlm.records import QA
from spatialvlm.worlds import Truth


@dataclass(frozen=True, slots=True)
class CandidateConfig:
    """When a question is beyond dispute. Shares are of the truth, `sigmas` of the stated error."""

    worst_error_share: float = 0.05
    agree_share: float = 0.05
    agree_m: float = 0.01
    sigmas: float = 4.0


def find_candidates(known: Truth, room: int, seed: int, config: CandidateConfig) -> list[Candidate]:
    """Find the questions of a room that may be chosen; none where the room makes no scene."""
    here = measure_room(known)
    if here is None:
        return []
    sure = _beyond_dispute(here.compared, here.truth, here.plane_m, config)
    objects = here.scene.objects
    names = {thing.instance.id: thing.instance.captions[0] for thing in objects if thing.instance.captions}
    found = []
    for qa in phrase(here.scene, here.facts, seed, phrase_all()).questions:
        if KINDS[qa.kind].quantity == "elevation" and not here.plane_is_true:
            continue
        if sure[here.rows[qa.kind, qa.fact.subjects]] and not names_a_unit(qa):
            (question,) = with_truth([question_of(qa)], here)
            found.append(Candidate(room, question, tuple(names[subject] for subject in qa.fact.subjects)))
    return found


def _beyond_dispute(
    compared: Compared, truth: TrueQuantities, plane_m: float, config: CandidateConfig
) -> Bool[np.ndarray, " f"]:
    """Return which facts are right against both truths with a small error."""
    size = np.abs(compared.number)
    small = compared.error <= config.worst_error_share * size
    boxes = truth.amodal(compared.object_ids, plane_m)
    amodal = np.where(_is_gap(compared), gaps_of_boxes(boxes, compared.subjects), compared.amodal)
    near = np.maximum(config.agree_m, config.agree_share * size)
    near = np.minimum(near, 0.25 * size)  # of a small length a quarter at most
    agrees = (np.abs(compared.number - compared.visible) <= near) & (np.abs(compared.number - amodal) <= near)
    decided = (compared.outcome != 0) & compared.right & compared.right_amodal
    decided &= size >= config.sigmas * compared.error
    return np.where(compared.is_number, small & agrees, decided)


def _is_gap(compared: Compared) -> Bool[np.ndarray, " f"]:
    return np.array([kind.quantity == "gap" for kind in KINDS.values()])[compared.kind]


def gaps_of_boxes(boxes: Boxes, subjects: Int[np.ndarray, "p s"]) -> Float64[np.ndarray, " p"]:
    """Measure how far whole boxes are apart, which no surface in them can undercut: with them a seen gap is the gap."""
    a, b = subjects[:, :2].astype(np.intp).T
    apart = np.maximum(np.maximum(boxes.low[a] - boxes.high[b], boxes.low[b] - boxes.high[a]), 0.0)
    return np.linalg.norm(apart, axis=1)


def names_a_unit(qa: QA) -> bool:
    """Tell whether the question names a unit, which would give the size of the answer away."""
    question = next(mark for mark in qa.template.split("/") if mark[0] == "q" and mark[1:].isdigit())
    lines = load_sheet(qa.kind).lines["question"]
    return next(line.names_unit for line in lines if line.mark == question)
