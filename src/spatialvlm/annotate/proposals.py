"""Propose one question about an image, out of those that the pipeline would ask.

Enters: a scene with questions about it, from a dataset or made here from a frame that has depth and annotations.
Leaves: a QuestionProposal, or why there is none. The choice depends on the seed and the frame's id alone: the family
first, half and half, then any question of it, as SpatialVLM's benchmark was made (arXiv 2401.12168, section 4.1 and
appendix A.1). Questions whose answer is "about the same" are not proposed: none of their options would be right.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.annotate.decisions import PipelineQuestion
from spatialvlm.answers import SAME, Choice, Length, YesNo
from spatialvlm.kinds import RELATION_WORDS as WORDS
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import QA, Frame, Sample, Scene


@dataclass(frozen=True, slots=True)
class QuestionProposal:
    """A question that is proposed: its form, the options that it leaves, and the objects that it is about, in words."""

    proposed: PipelineQuestion
    form: str
    options: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class QuestionProposer:
    """Proposes one question about a scene; built once, since it loads the wordings."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._stages = tail(seed=seed)

    def propose(self, frame: Frame) -> tuple[Scene | None, QuestionProposal | str]:
        """Lift a frame and choose the question that is proposed about it, or why none is."""
        if frame.depth_m is None:
            return None, "it has no depth map"
        if frame.instances is None:
            return None, "nobody annotated its objects"
        (sample,) = run_stages(self._stages, [Sample(frame=frame)])
        if sample.scene is None:
            return None, sample.drops[-1].reason
        return sample.scene, self.choose(sample.scene, sample.questions)

    def choose(self, scene: Scene, questions: Sequence[QA]) -> QuestionProposal | str:
        """Choose one of the questions about a scene, or why none is proposed."""
        able = [(qa.family, found) for qa in questions if (found := proposal_from_question(qa)) is not None]
        if not able:
            return "nothing could be asked about it that the geometry decides"
        rng = _generator(self.seed, scene.frame_id)
        family = "quantitative" if rng.random() < 0.5 else "qualitative"
        pool = [found for its, found in able if its == family] or [found for _, found in able]
        return pool[int(rng.integers(len(pool)))]


def proposal_from_question(qa: QA) -> QuestionProposal | None:
    """Propose a question with its options and the pipeline's value; None where that is not among them."""
    options: tuple[str, ...] = ()
    match qa.value:
        case YesNo(yes):
            form, value = "yes_no", "yes" if yes else "no"
        case Length(metres):
            form, value = "length", metres
        case Choice() as choice if choice.chosen != SAME:
            form, options = "choice", tuple(WORDS.get(option, option) for option in choice.options)
            value = options[choice.right]
        case _:
            return None
    proposed = PipelineQuestion(qa.question, qa.kind, qa.answer, value)
    return QuestionProposal(proposed, form, options, qa.fact.subjects)


def _generator(seed: int, frame_id: str) -> np.random.Generator:
    """Make a stream of its own for every frame and seed, apart from those that words are drawn from."""
    digest = hashlib.sha256(b"annotate\0" + frame_id.encode("utf-8", "surrogatepass")).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])
