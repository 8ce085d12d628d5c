"""Reasoning by tools over real HTTP: a scripted model that plans well, and all that models and servers do wrong."""

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fixtures.models.scripted_llm import DRIPS, HANGS_UP, SILENT, Body, Fault, Line, calls, results, says, scripted_llm
from spatialvlm.errors import ModelError, UserError

pytest.importorskip("pydantic")
from spatialvlm.reason import ChatClient, Desk, EndStep, Limits, Trace, read_trace
from spatialvlm.reason.tool_calling import REMINDER, reason_by_tools
from spatialvlm.reason.trace import CallStep, QuestionStep, RemarkStep, RequestStep
from spatialvlm.records import DepthErrors, DepthSource, Scene

HURRIED = Limits(seconds=0.25, request_seconds=0.2)
LIST = ("describe_objects", {})
DONE = calls(("answer", {"value": True, "unit": "", "confidence": 0.9, "abstain": False}))


def final(value: Any, unit: str = "", abstain: bool = False) -> Body:
    return calls(("answer", {"value": value, "unit": unit, "confidence": 0.9, "abstain": abstain}))


def compute(expression: str) -> Body:
    return calls(("calculate", {"expression": expression}))


Reason = Callable[..., tuple[EndStep, Trace, list[Body]]]


@pytest.fixture
def reason(frame, scene, tmp_path) -> Reason:
    """Reason by a script; the trace on disk is that in memory, and ends with the end."""

    def by(script: Sequence[Line], limits: Limits | None = None, **served: Any) -> tuple[EndStep, Trace, list[Body]]:
        trace = Trace(tmp_path / "steps.jsonl")
        with scripted_llm(script, **served) as llm:
            client = ChatClient(llm.address, pause_s=0.001)
            end = reason_by_tools(Desk(frame, scene), "How far?", client, limits=limits, trace=trace)
        assert trace.steps[-1] is end
        assert isinstance(trace.steps[0], QuestionStep)
        assert sum(isinstance(step, EndStep) for step in trace.steps) == 1
        assert read_trace(tmp_path / "steps.jsonl") == trace.steps
        assert end.text
        return end, trace, llm.asked

    return by


def test_the_answer_is_what_the_calculator_says(reason, scene):
    one, other = (thing.instance.captions[0] for thing in scene.objects[:2])
    far = {"a": one, "b": other, "of": "centers"}
    size = {"object": one, "of": "height"}
    end, trace, asked = reason(
        [calls(("distance", far), ("size", size)), compute("d1 / 2 + d2"), final("r1", unit="inches")]
    )
    expected = scene.distance(one, other).value / 2 + scene.height(one).value
    assert (end.reason, end.unit) == ("answered", "m")
    assert end.value == pytest.approx(expected, rel=1e-12)
    assert end.sigma is not None
    assert end.sigma > 0
    assert [line["handle"] for line in end.evidence] == ["d1", "d2", "r1"]
    assert (end.turns, end.calls, end.tokens) == (3, 4, 60)
    assert [type(step) for step in trace.steps[1:5]] == [RequestStep, CallStep, CallStep, RequestStep]
    assert len(results(asked[1])) == 2, "parallel calls are answered together"
    ids = [message["tool_call_id"] for message in asked[1]["messages"] if message["role"] == "tool"]
    assert ids == ["id0", "id1"]
    assert all(tool["function"]["strict"] for tool in asked[0]["tools"])
    assert "ask_vlm" not in {tool["function"]["name"] for tool in asked[0]["tools"]}, "nobody sees"


def test_evidence_is_what_the_answer_rests_on(reason, scene):
    one, other = (thing.instance.captions[0] for thing in scene.objects[:2])
    heights = calls(*(("size", {"object": name, "of": "height"}) for name in (one, other)))
    end, *_ = reason([heights, compute("2 * d2"), final("r1")])
    assert [line["handle"] for line in end.evidence] == ["d2", "r1"]


@pytest.mark.parametrize(
    ("value", "unit", "said"), [(1.5, "m", "1.5 m"), (True, "", "yes"), ("the mug", "", "the mug"), (3, "", "3")]
)
def test_answers_of_every_kind(reason, value, unit, said):
    end, *_ = reason([final(value, unit)])
    assert (end.reason, end.value, end.text, end.unit) == ("answered", value, said, unit)


def test_a_handle_that_was_never_given_is_no_answer(reason):
    end, _, asked = reason([final("r1"), compute("2 m"), final("r1")])
    assert results(asked[1]) == [{"error": "handle 'r1': unknown; known are none yet"}]
    assert (end.reason, end.turns) == ("failed", 5)


def test_abstaining(reason):
    end, *_ = reason([final("the can is hidden", abstain=True)])
    assert (end.reason, end.text, end.value) == ("abstained", "the can is hidden", None)


def test_what_the_error_bar_leaves_open_is_no_answer(reason, scene):
    name = scene.objects[0].instance.captions[0]
    metres = scene.camera_distance(name).value
    far = calls(("distance", {"a": name, "b": "camera", "of": "centers"}))
    end, *_ = reason([far, compute(f"d1 < {metres:.6f} m"), final("r1")])
    assert end.reason == "abstained"
    assert "can't be told" in end.text


def test_a_call_that_fails_may_be_made_again(reason):
    script = [
        calls(("distance", "{not json"), ("fly", {})),
        calls(("calculate", {"expression": "1 m + 2"})),
        calls(("calculate", {"expression": "1 m + 2 m", "more": 1}), LIST),
        compute("1 m + 2 m"),
        final("r1"),
    ]
    end, trace, asked = reason(script)
    assert end.value == 3.0
    errors = [one["error"] for one in results(asked[-1]) if "error" in one]
    for error, expected in zip(errors, ("arguments are no JSON", "there is none", "cannot add", "more"), strict=True):
        assert expected in error
    repeated = asked[1]["messages"][2]["tool_calls"][0]["function"]
    assert repeated["arguments"] == "{}", "servers choke on what is no JSON"
    assert next(step.arguments for step in trace.steps if isinstance(step, CallStep)) == "{not json"


def test_three_turns_of_faults_end_it(reason):
    end, _, asked = reason([calls(("fly", {})), calls(("distance", "[]")), calls(("fly", {"to": 1})), DONE])
    assert end.reason == "failed"
    assert "3 turns in a row" in end.text
    assert len(asked) == 3


def test_an_endless_loop_ends_by_its_limits(reason):
    end, trace, _ = reason([calls(LIST)], Limits(turns=5))
    assert (end.reason, end.turns, end.calls) == ("turns", 5, 5)
    made = [step for step in trace.steps if isinstance(step, CallStep)]
    assert [step.repeated for step in made] == [False, True, True, True, True]
    assert all(step.result == made[0].result for step in made)
    end, *_ = reason([calls(*[LIST] * 9)], Limits(calls=20))
    assert (end.reason, end.calls) == ("calls", 20)
    end, *_ = reason([calls(LIST)], Limits(tokens=1000), tokens=200)
    assert (end.reason, end.tokens) == ("tokens", 1200)


def test_tokens_are_guessed_where_a_server_does_not_count(reason):
    end, *_ = reason([calls(LIST)], Limits(tokens=2000), tokens=0)
    assert end.reason == "tokens"


def test_after_the_scale_was_fixed_calls_are_made_anew(frame):
    guessed = replace(frame, depth_source=DepthSource("model", DepthErrors(0.3)))
    desk, trace = Desk.of_frame(guessed), Trace()
    name = desk.known.objects[0].instance.captions[0]
    height = ("size", {"object": name, "of": "height"})
    metres = 1.2 * Desk.of_frame(frame).known.height(name).value
    anchor = ("set_anchor", {"of": "height", "object": name, "metres": metres})
    with scripted_llm([calls(height), calls(anchor), calls(height), final("d1")]) as llm:
        end = reason_by_tools(desk, "How tall?", ChatClient(llm.address), trace=trace)
    assert end.value == desk.known.height(name).value
    assert end.value == pytest.approx(metres, rel=0.1)
    assert not any(step.repeated for step in trace.steps if isinstance(step, CallStep))


@pytest.mark.parametrize("text", ["", None, "It is 1.5 m, I am sure."])
def test_prose_is_no_answer(reason, text):
    end, trace, asked = reason([says(text)])
    assert end.reason == "no_answer"
    assert end.value is None
    assert len(asked) == 2
    assert asked[1]["messages"][-1] == {"role": "user", "content": REMINDER}
    assert [step.text for step in trace.steps if isinstance(step, RemarkStep)] == [REMINDER]
    if text:
        assert end.text == text
    end, *_ = reason([says(text), DONE])
    assert (end.reason, end.value) == ("answered", True)


def test_thinking_is_no_prose_and_a_repeated_reminder_is_allowed_after_calls(reason):
    script = [says("<think>hm</think>"), calls(LIST), says("so"), DONE]
    end, _, asked = reason(script)
    assert end.reason == "answered"
    assert len(asked) == 4
    assert "hm" not in str(asked[1]["messages"])


def test_refusals(reason):
    end, *_ = reason([says(None, refusal="I won't measure people.")])
    assert (end.reason, end.text) == ("refused", "I won't measure people.")
    end, *_ = reason([says("")], finish="content_filter")
    assert end.reason == "refused"


def test_what_passes_is_tried_again(reason):
    busy = Fault(429, headers={"Retry-After": "0"})
    end, _, asked = reason([busy, Fault(503), HANGS_UP, DONE])
    assert end.reason == "answered"
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("fault", "reason_", "said"),
    [
        (Fault(500), "failed", "status 500.*out of luck.*tried 6 times"),
        (HANGS_UP, "failed", "cannot be reached"),
        (Fault(401), "failed", "OPENAI_API_KEY"),
        (Fault(400, '{"error": {"code": "context_length_exceeded"}}'), "context", "shorten"),
        (Fault(400, "This model's maximum context length is 4096 tokens"), "context", "4096"),
        (Fault(200, "<html>"), "failed", "expected a chat completion"),
        (Fault(200, '{"choices": [{"message": {"tool_calls": [3]}}]}'), "failed", "expected a chat completion"),
        (Fault(200, '{"choices": [{"message": {"tool_calls": "x"}}]}'), "failed", "expected a chat completion"),
        (Fault(200, "[" * 100_000), "failed", "expected a chat completion"),
    ],
)
def test_faults_that_stay_are_told(reason, fault, reason_, said):
    end, *_ = reason([calls(LIST), fault])
    assert end.reason == reason_
    assert re.search(said, end.text)
    assert (end.calls, end.turns) == (1, 2)


@pytest.mark.parametrize(
    "fault", [SILENT, DRIPS, Fault(500, act="falls silent"), Fault(429, headers={"Retry-After": "30"})]
)
def test_time_runs_out(reason, fault):
    began = time.monotonic()
    end, *_ = reason([fault], HURRIED)
    assert end.reason in ("time", "failed")
    assert time.monotonic() - began < 1.5


def test_all_the_time_in_small_pieces(reason):
    def slowly(_: Body) -> Body:
        time.sleep(0.06)
        return calls(LIST)

    end, *_ = reason([slowly], Limits(turns=100, seconds=0.3))
    assert end.reason == "time"
    assert end.seconds < 1


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"content": 3},
        {"content": [{"type": "text", "text": "hm"}]},
        {"content": "", "tool_calls": {}},
        {"content": "", "tool_calls": [{"function": None}]},
        {"content": "", "tool_calls": [{"function": {"name": 3}}]},
        {"content": "", "tool_calls": [{"function": {"name": "", "arguments": None}}]},
        {"content": "", "tool_calls": [{"id": 7, "function": {"name": "calculate", "arguments": {"expression": 1}}}]},
        {"refusal": 3},
        calls(("answer", '{"value": NaN, "unit": "", "confidence": 1, "abstain": false}')),
        calls(("answer", '{"value": 1' + "0" * 400 + ', "unit": "", "confidence": 1, "abstain": false}')),
        calls(("answer", '{"value": "\\ud800", "unit": "\\u0000", "confidence": NaN, "abstain": false}')),
        calls(("calculate", "[" * 10_000)),
        calls(("calculate", {"expression": "\ud800"})),
    ],
)
def test_odd_messages_end_in_words(reason, message):
    end, *_ = reason([message], Limits(turns=4))
    assert not end.done


def test_temperature_is_left_out_where_it_is_refused(reason):
    wrong = Fault(400, '{"error": {"message": "Unsupported value: temperature does not support 0"}}')
    end, _, asked = reason([wrong, DONE])
    assert end.reason == "answered"
    assert ["temperature" in body for body in asked] == [True, False]


def test_addresses_and_limits_that_make_no_sense():
    with pytest.raises(UserError, match="expected URL#MODEL"):
        ChatClient("localhost")
    with pytest.raises(UserError, match="turns 0: expected more than 0"):
        Limits(turns=0)


def test_nobody_there_is_told_at_once():
    trace = Trace()
    end = reason_by_tools(Desk(), "Why?", ChatClient("http://127.0.0.1:9/v1#m", pause_s=0.001), trace=trace)
    assert end.reason == "failed"
    assert "start the server" in end.text


def test_a_model_that_sees_and_fails_is_told(frame):
    def broken(_: str) -> str:
        raise ModelError("out of memory")

    ask = calls(("ask_vlm", {"question": "What is there?"}))
    with scripted_llm([ask, final("nobody sees", abstain=True)]) as llm:
        trace = Trace()
        end = reason_by_tools(Desk(frame, None, broken), "What?", ChatClient(llm.address), trace=trace)
        assert results(llm.asked[1]) == [{"error": "out of memory"}]
    assert end.reason == "abstained"


def exact_centers(scene: Scene) -> dict[str, np.ndarray]:
    return {
        thing.instance.captions[0]: (thing.box.low_in_world + thing.box.high_in_world) / 2 for thing in scene.objects
    }


def test_a_perfect_planner_says_of_triangles_what_is_true(reason, scene):
    centers = {name: place for name, place in exact_centers(scene).items() if scene.width(name).value}
    assert len(centers) > 3
    decided = set()
    for names in itertools.combinations(centers, 3):
        edges = [
            float(np.linalg.norm(centers[one] - centers[other])) for one, other in itertools.combinations(names, 2)
        ]
        measures = [
            ("distance", {"a": one, "b": other, "of": "centers"}) for one, other in itertools.combinations(names, 2)
        ]
        for most in (10, 50):
            script = [calls(*measures), compute(f"max(d1, d2, d3) - min(d1, d2, d3) < {most} cm"), final("r1")]
            end, *_ = reason(script)
            assert end.reason == "answered"
            assert end.value is (max(edges) - min(edges) < most / 100)
            decided.add(end.value)
    assert decided == {True, False}


def test_a_perfect_planner_says_what_fits(reason, scene):
    names = [thing.instance.captions[0] for thing in scene.objects]
    decided = set()
    for one, other in itertools.islice(itertools.combinations(names, 2), 8):
        gap = scene.gap(one, other).value
        for width in (0.5, 1.5):
            if gap:
                what = f"{100 * gap * width:.4f} cm"
                end, *_ = reason([calls(("fits", {"what": what, "a": one, "b": other})), final("r1")])
                assert end.reason == "answered"
                assert end.value is (width < 1)
                decided.add(end.value)
    assert decided == {True, False}
