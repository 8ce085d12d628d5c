"""The tasks of docs/reason.md come to the answers that stand there: by the grammar, and through a language model."""

import json
import re
from pathlib import Path

import pytest

from fixtures.models.scripted_llm import Body, calls, results, scripted_llm

pytest.importorskip("pydantic")
from spatialvlm.reason import Desk, Trace, reason_about
from spatialvlm.reason.trace import CallStep
from spatialvlm.records import Frame, Scene

PAGE = (Path(__file__).parents[2] / "docs" / "reason.md").read_text(encoding="utf-8")
TASKS = re.findall(r"^\| (.+[?.]) \| (.+) \|$", PAGE.split("## Five tasks")[1].split("## ")[0], re.MULTILINE)


def test_the_page_has_five():
    assert len(TASKS) == 5


@pytest.mark.parametrize(("task", "answer"), TASKS)
def test_a_task_comes_to_its_answer_in_both_ways(frame: Frame, scene: Scene, task: str, answer: str):
    trace = Trace()
    assert reason_about(Desk(frame, scene), task, None, trace=trace).text == answer
    planned = [(step.name, json.loads(step.arguments)) for step in trace.steps if isinstance(step, CallStep)]
    *measured, last = planned
    concluded = answer if ", " in answer else None

    def conclude(body: Body) -> Body:
        value = concluded or results(body)[-1]["handle"]
        return calls(("answer", {"value": value, "unit": "", "confidence": 1.0, "abstain": False}))

    with scripted_llm([calls(*measured), calls(last), conclude]) as llm:
        told = reason_about(Desk(frame, scene), task, llm.address)
    assert told.reason == "answered"
    if isinstance(told.value, float):
        assert answer.startswith(f"{told.value:.4g} ± {told.sigma:.2g} ")
    else:
        assert told.value is True if answer == "yes" else told.value == answer
