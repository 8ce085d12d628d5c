"""The questions that may be asked of a room because exact truth confirms them twice: RoomsSource -> Candidates.

The pipeline lifts, measures and phrases the room's exact depth and masks, as `build` does it. A question stays where
its error bar is small, it agrees with the truth of what is seen and with that of the whole objects, hidden parts
included, and it names no unit, which would tell the size of the answer.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from spatialvlm.audit.compare import Compared, compare
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.benchmark.definition import asked_of
from spatialvlm.benchmark.selection import Candidate
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.rooms.truth import Truth
from spatialvlm.pipeline.lift import LiftConfig, load_lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig
from spatialvlm.pipeline.phrase.templates import load_sheet
from spatialvlm.records import QA, Frame, Scene

EVERYTHING = 20_000
"""More questions than any image has: all that can be asked, each once."""


@dataclass(frozen=True, slots=True)
class CandidateConfig:
    """When a question is beyond dispute. Shares are of the truth, `sigmas` of the stated error."""

    worst_error_share: float = 0.05
    agree_share: float = 0.05
    agree_m: float = 0.01
    sigmas: float = 4.0


def phrase_all() -> PhraseConfig:
    """How the benchmark asks: all there is, nothing "about the same"."""
    return PhraseConfig(questions_per_image=EVERYTHING, similar_share=0.0)


def candidates_of(known: Truth, room: int, seed: int, config: CandidateConfig) -> list[Candidate]:
    """The questions of a room that may be chosen; none where the room makes no scene."""
    frame = known.frame
    lifted = load_lift(LiftConfig())([frame], [frame.instances or ()])[0]
    scene = lifted.scene
    if scene is None:
        return []
    truth = TrueQuantities(known)
    plane_m, plane_is_true = _plane(scene, frame, truth)
    facts = measure(scene, MeasureConfig())
    compared = compare(facts, truth, plane_m, MeasureConfig())
    sure = _beyond_dispute(compared, truth, plane_m, config)
    names = {thing.instance.id: thing.instance.captions[0] for thing in scene.objects if thing.instance.captions}
    rows = {key: row for row, key in enumerate(_keys(compared))}
    found = []
    for qa in Phrase(phrase_all())(scene, facts, seed).questions:
        if KINDS[qa.kind].quantity == "elevation" and not plane_is_true:
            continue
        if sure[rows[qa.kind, qa.fact.subjects]] and not _names_a_unit(qa):
            found.append(Candidate(room, asked_of(qa), tuple(names[subject] for subject in qa.fact.subjects)))
    return found


def _plane(scene: Scene, frame: Frame, truth: TrueQuantities) -> tuple[float, bool]:
    """How high the plane of the scene is above the floor, and whether it is what the scene calls it."""
    plane_m, found = truth.plane_under(scene, frame)
    surface = scene.support.surface
    return plane_m, found and surface is not None and (surface == "floor") == (plane_m == 0.0)


def _keys(compared: Compared) -> list[tuple[str, tuple[str, ...]]]:
    ids, kinds = compared.object_ids, tuple(KINDS)
    pairs = zip(compared.kind.tolist(), compared.a.tolist(), compared.b.tolist())
    return [(kinds[kind], (ids[a],) if b < 0 else (ids[a], ids[b])) for kind, a, b in pairs]


def _beyond_dispute(
    compared: Compared, truth: TrueQuantities, plane_m: float, config: CandidateConfig
) -> Bool[np.ndarray, " f"]:
    """Which facts are right against both truths with a small error."""
    size = np.abs(compared.number)
    small = compared.error <= config.worst_error_share * size
    amodal = np.where(_is_gap(compared), _gaps_of_boxes(compared, truth, plane_m), compared.amodal)
    near = np.maximum(config.agree_m, config.agree_share * size)
    near = np.minimum(near, 0.25 * size)  # of a small length a quarter at most
    agrees = (np.abs(compared.number - compared.visible) <= near) & (np.abs(compared.number - amodal) <= near)
    decided = (compared.outcome != 0) & compared.right & compared.right_amodal
    decided &= size >= config.sigmas * compared.error
    return np.where(compared.is_length, small & agrees, decided)


def _is_gap(compared: Compared) -> Bool[np.ndarray, " f"]:
    return np.array([kind.quantity == "gap" for kind in KINDS.values()])[compared.kind]


def _gaps_of_boxes(compared: Compared, truth: TrueQuantities, plane_m: float) -> np.ndarray:
    """The distances of the whole boxes, which no surface in them can undercut: with them a seen gap is the gap."""
    boxes = truth.amodal(compared.object_ids, plane_m)
    a, b = compared.a.astype(np.intp), compared.b.astype(np.intp)
    apart = np.maximum(np.maximum(boxes.low[a] - boxes.high[b], boxes.low[b] - boxes.high[a]), 0.0)
    return np.linalg.norm(apart, axis=1)


def _names_a_unit(qa: QA) -> bool:
    question = next(mark for mark in qa.template.split("/") if mark[0] == "q" and mark[1:].isdigit())
    lines = load_sheet(qa.kind).lines["question"]
    return next(line.names_unit for line in lines if line.mark == question)
