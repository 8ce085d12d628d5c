"""Score answers to our own questions: a QA, which stands alone, and what somebody said -> a Score.

score(qa, "about 1.2 m").value
"""

from collections.abc import Sequence
from dataclasses import replace

from spatialvlm.answers import SAME, Angle, Answer, Choice, YesNo
from spatialvlm.evaluate.items import AnswerReading, Relation
from spatialvlm.evaluate.scoring import parse_answer, score_parsed
from spatialvlm.kinds import KINDS, Kind
from spatialvlm.records import QA, Score


def score(qa: QA, text: str) -> Score:
    """Score an answer to a question, in whichever way it was asked.

    The value is in [0, 1]: whether it is right, or for counts and areas how near. What cannot be read is 0.
    """
    return score_answer(text, qa.value, reading_of(qa.value, qa.kind, qa.names, qa.unit, qa.asked_as))


def score_answer(text: str, truth: Answer, reading: AnswerReading) -> Score:
    """Score an answer against the one that is right."""
    return score_parsed(parse_answer(text, truth, reading), truth, reading.rule)


def reading_of(
    value: Answer, kind: str, names: Sequence[str], unit: str | None, asked_as: str = "open"
) -> AnswerReading:
    """Find how answers to one of our own questions are read; of a kind that is not ours without its relation."""
    row = KINDS.get(kind)
    reading = AnswerReading(unit=unit, lettered=asked_as == "choice", names=tuple(names))
    if row is None:
        return reading
    if not row.opposite:
        return replace(reading, restated=isinstance(value, YesNo) and _asks_yes_no(row))
    return replace(reading, relation=_relation(value, row, tuple(names)))


def _relation(value: Answer, kind: Kind, names: tuple[str, ...]) -> Relation | None:
    """Find what a question compares; None where what it asks for is not that, as "is it more than 60 cm?"."""
    words = (kind.word, kind.opposite)
    match value:
        case Angle():
            return ("", "", *words)
        case YesNo() if len(names) == 2 and _asks_yes_no(kind):
            return (names[0], names[1], *words)
        case Choice(options) if len(names) == 2 and {*options} <= {"yes", "no", SAME, *names, *words}:
            return (names[0], names[1], *words)
    return None


def _asks_yes_no(kind: Kind) -> bool:
    return isinstance(kind.answer(("A", "B"), 1.0, 1), YesNo)
