"""Mode `geometry`: no language model; a question that a grammar reads is measured and computed, else it says so.

Enters: a desk with a scene, and a question. Leaves: the end, with the answer, or why there is none. A question in a
wording of ours is asked of the scene by its kind; composed ones follow `geometry_rules`.
"""

import re
import time

from spatialvlm.answers import CannotTell, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate import known_question
from spatialvlm.kinds import KINDS
from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.geometry_rules import follow
from spatialvlm.reason.geometry_steps import CannotMeasure, GeometrySteps, Result
from spatialvlm.reason.question_tags import TaggedQuestion, names_in, tag
from spatialvlm.reason.talk import evidence_of
from spatialvlm.reason.trace import CallStep, EndStep, QuestionStep, Reason, Trace

_MEASURES = re.compile(
    r"\bhow (?:much|many|far)\b|\bby what\b|^how (?:tall|wide|long|high)\b"
    r"|\bwhat (?:is|are|do|does|'s) the (?:total|combined|sum|mean|average|difference|distance|height|width|length)\b"
)
_DECIDES = re.compile(
    r"(?:^|[.:,;?!-] ?)(?:and |so |then )?(?:is|are|does|do|did|can|could|would|will|has|have|was|were|am i)\b"
    r"(?! [^?]*\bwhich\b)"
)
_CHOOSES = re.compile(r"\bwh(?:ich|ose|o)\b|\bor\b|\bwhat is (?:closest|nearest|farthest|larger|longer)")
UNREAD = (
    "the grammar of mode geometry cannot read this; ask for lengths, comparisons, sums, ratios, orders, what fits or "
    "what is nearest, of things by their names, or give --llm URL#MODEL"
)


def reason_by_geometry(desk: Desk, question: str, *, trace: Trace | None = None) -> EndStep:
    """Answer a question by measuring alone. Raises UserError where there is no scene, or pydantic is missing."""
    trace, began = trace or Trace(), time.monotonic()
    scene = desk.known
    trace.add(QuestionStep(question, scene.frame_id, "grammar", "geometry"))
    steps: GeometrySteps | None = None

    def end(reason: Reason, text: str, result: Result | None = None) -> EndStep:
        handle = result.handle if result is not None else None
        entry = desk.book.entries.get(handle) if handle is not None else None
        value = None
        if entry is not None:
            value = entry.answer.yes if isinstance(entry.answer, YesNo) else entry.value
        if result is not None and result.said:
            value = result.said
        number = entry is not None and value == entry.value and value is not None
        step = EndStep(
            reason,
            text,
            value=value if value is not None or entry is None else entry.text,
            unit=entry.unit if entry is not None and number else "",
            sigma=entry.sigma if entry is not None and number else None,
            evidence=evidence_of(desk, handle) if handle is not None else evidence_of(desk),
            calls=steps.calls if steps is not None else 1,
            seconds=round(time.monotonic() - began, 3),
        )
        trace.add(step)
        return step

    try:
        tagged = tag(question, names_in(scene))
        single = _asked_of_scene(desk, question, tagged, trace)
        if single is not None:
            entry = desk.book[single]
            if isinstance(entry.answer, CannotTell):
                return end("abstained", entry.text)
            return end("answered", entry.text, Result(single))
        steps = GeometrySteps(desk, tagged.things, trace)
        result = follow(steps, tagged.text)
        if result is not None and not _answers(desk, question, result):
            result = None
    except CannotMeasure as error:
        return end("abstained", str(error))
    except UserError as error:
        return end("no_answer", str(error))
    if result is None:
        return end("no_answer", UNREAD)
    return end("answered", result.said or desk.book[result.handle].text, result)


def _answers(desk: Desk, question: str, result: Result) -> bool:
    """Tell whether a result is of the form that a question asks for, as far as its words tell: a length is no yes."""
    opening = question.strip().lower()
    decided = isinstance(desk.book[result.handle].answer, YesNo | CannotTell) and not result.said
    if _MEASURES.search(opening):
        return not decided and not result.said
    if _DECIDES.search(opening) and not _CHOOSES.search(opening):
        return decided
    return not (_CHOOSES.search(opening) and decided and not _DECIDES.search(opening))


def _asked_of_scene(desk: Desk, question: str, tagged: TaggedQuestion, trace: Trace) -> str | None:
    """Ask the scene a question that is in a wording of ours; returns the handle, None for another question."""
    known = known_question(question)
    if known is None or KINDS[known.kind].given or len(known.names) != len(tagged.things):
        return None
    try:
        entry = desk.ask(known.kind, *known.names)
    except UserError:
        return None
    trace.add(CallStep(known.kind, str(list(known.names)), told(entry)))
    return entry.handle
