"""Answers of one word or phrase: what decides stands first, which a small model learns much sooner."""

from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import spoken
from spatialvlm.records import QA
from spatialvlm.train.label_noise import length_in


def short_answer(qa: QA) -> str:
    """Return what a question asks and no more: "Yes.", "The red mug.", "Behind.", "0.36 m"; else its answer."""
    match qa.value:
        case YesNo(yes):
            return "Yes." if yes else "No."
        case Choice() as choice:
            said = spoken(choice.chosen, KINDS[qa.kind])
            return f"{said[:1].upper()}{said[1:]}."
        case Length():
            return length_in(qa.answer) or qa.answer
        case _:
            return qa.answer
