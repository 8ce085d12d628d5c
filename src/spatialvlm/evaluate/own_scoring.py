"""Score answers to our own questions: a QA, which stands alone, and what somebody said -> a Score.

score(qa, "about 1.2 m").value
"""

from collections.abc import Sequence

from spatialvlm.answers import Angle, Answer, Choice, YesNo
from spatialvlm.evaluate.items import AnswerReading
from spatialvlm.evaluate.scoring import parse_answer, score_parsed
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Score


def score(qa: QA, text: str, *, lettered: bool = False) -> Score:
    """Score an answer to a question; `lettered`: the question calls its options (A), (B), ... in the order of `value`.

    The value is in [0, 1]: whether it is right, or for counts and areas how near. What cannot be read is 0.
    """
    return score_answer(text, qa.value, reading_of(qa.value, qa.kind, qa.names, qa.unit, lettered=lettered))


def score_answer(text: str, truth: Answer, reading: AnswerReading) -> Score:
    """Score an answer against the one that is right."""
    return score_parsed(parse_answer(text, truth, reading), truth, reading.rule)


def reading_of(
    value: Answer, kind: str, names: Sequence[str], unit: str | None, *, lettered: bool = False
) -> AnswerReading:
    """Find how answers to one of our own questions are read; of a kind that is not ours without its relation."""
    row, relation = KINDS.get(kind), None
    if row is not None and row.opposite and isinstance(value, YesNo | Choice | Angle) and len(names) <= 2:
        first, second = (*names, "", "")[:2]
        relation = (first, second, row.word, row.opposite)
    return AnswerReading(unit=unit, lettered=lettered, relation=relation, names=tuple(names))
