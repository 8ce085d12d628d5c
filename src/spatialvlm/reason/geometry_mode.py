"""Mode `geometry`: no language model; a question that a grammar reads is measured and computed, else it says so.

Enters: a desk with a scene, and a question. Leaves: the end, with the answer, or why there is none. A question in a
wording of ours is asked of the scene by its kind; composed ones follow `geometry_rules`. Where there is no scene, who
sees the picture is asked instead: for the answer itself, or for the lengths that a rule needs.
"""

import json
import time

from spatialvlm.answers import CannotTell, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate import fact_asked_for, known_question
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.scene_answers import SceneAnswer
from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.geometry_rules import follow
from spatialvlm.reason.geometry_steps import CannotMeasure, GeometrySteps, Result
from spatialvlm.reason.question_tags import TaggedQuestion, names_in, names_said, tag
from spatialvlm.reason.talk import evidence_of
from spatialvlm.reason.tools import call
from spatialvlm.reason.trace import CallStep, EndStep, QuestionStep, Reason, Trace

UNREAD = (
    "the grammar of mode geometry cannot read this; ask for lengths, comparisons, sums, ratios, orders, what fits or "
    "what is nearest, of things by their names, or give --llm URL#MODEL"
)


def reason_by_geometry(desk: Desk, question: str, *, trace: Trace | None = None) -> EndStep:
    """Answer a question by measuring alone, or by what a model says of each length where there is no scene.

    Raises UserError where there is neither a scene nor a model that sees, or pydantic is missing.
    """
    trace, began = trace or Trace(), time.monotonic()
    frame = desk.frame if desk.vlm is not None else None
    name = frame.id if frame is not None and desk.scene is None else desk.known.frame_id
    trace.add(QuestionStep(question, name, "grammar", "geometry"))
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
        tagged = tag(question, names_said(question) if desk.scene is None else names_in(desk.scene))
        if desk.scene is None:
            single = _asked_of_model(desk, question, trace)
        else:
            single = _asked_of_scene(desk, question, tagged, trace)
        if single is not None:
            entry = desk.book[single]
            if isinstance(entry.answer, CannotTell):
                return end("abstained", entry.text)
            return end("answered", entry.text, Result(single))
        steps = GeometrySteps(desk, tagged.things, trace)
        result = follow(steps, tagged.text)
    except CannotMeasure as error:
        return end("abstained", str(error))
    except UserError as error:
        return end("no_answer", str(error))
    if result is None:
        return end("no_answer", UNREAD)
    return end("answered", result.said or desk.book[result.handle].text, result)


def _asked_of_model(desk: Desk, question: str, trace: Trace) -> str | None:
    """Ask who sees the picture a question that is in a wording of ours; returns the handle, None for another one."""
    if known_question(question) is None:
        return None
    arguments = {"question": question}
    answered = call(desk, "ask_vlm", arguments)
    trace.add(CallStep("ask_vlm", json.dumps(arguments), answered))
    return str(answered["handle"])


def _asked_of_scene(desk: Desk, question: str, tagged: TaggedQuestion, trace: Trace) -> str | None:
    """Ask the scene a question that is in a wording of ours; returns the handle, None for another question."""
    found = fact_asked_for(desk.facts, question)
    if found is not None:
        fact, names = found.fact, [found.called[one] for one in found.fact.subjects if one in found.called]
        entry = desk.book.measured(SceneAnswer(fact.answer, fact.error, found.text, fact))
        trace.add(CallStep(fact.kind, str(names), told(entry)))
        return entry.handle
    known = known_question(question)  # what is refused has no fact, but a reason
    if known is None or KINDS[known.kind].given or len(known.names) != len(tagged.things):
        return None
    try:
        entry = desk.ask(known.kind, *known.names)
    except UserError:
        return None
    trace.add(CallStep(known.kind, str(list(known.names)), told(entry)))
    return entry.handle
