"""Reasoning in a dialogue over real HTTP: what is a question, what an answer, and all that goes wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from fixtures.models.scripted_llm import Body, Fault, Line, says, scripted_llm
from spatialvlm.errors import ModelError, UserError

pytest.importorskip("pydantic")
from spatialvlm.reason import ChatClient, Desk, EndStep, Limits, Trace, read_trace
from spatialvlm.reason.dialogue import INSTRUCTIONS, REMINDER, Turn, parse_turn, reason_by_dialogue
from spatialvlm.reason.trace import CallStep
from spatialvlm.records import Frame

FRAME = Frame.of(np.zeros((48, 64, 3), np.uint8), id="cans")
SEEN = {"blue": "0.4 m", "orange": "48 cm", "silver": "About 41 centimeters."}


def friend(question: str) -> str:
    return next((far for name, far in SEEN.items() if name in question), "I see three cans.")


Talked = Callable[..., tuple[EndStep, Trace, list[Body]]]


@pytest.fixture
def talk(tmp_path) -> Talked:
    def by(
        script: Sequence[Line], limits: Limits | None = None, question: str = "Is it a triangle?", vlm: Any = friend
    ) -> tuple[EndStep, Trace, list[Body]]:
        trace = Trace(tmp_path / "steps.jsonl")
        with scripted_llm(script) as llm:
            client = ChatClient(llm.address, pause_s=0.001)
            end = reason_by_dialogue(Desk(FRAME, None, vlm), question, client, limits=limits, trace=trace)
        assert trace.steps[-1] is end
        assert read_trace(tmp_path / "steps.jsonl") == trace.steps
        assert end.text
        return end, trace, llm.asked

    return by


def test_the_task_of_three_cans(talk):
    script = [
        says("Three edges, so three questions.\nAsk: How far is the blue can from the orange one?"),
        says("Ask: How far is the orange can from the silver one?\nAsk: And the silver can from me?"),
        says("0.48 m - 0.4 m = 0.08 m, less than 0.1 m.\nAnswer: Yes, roughly."),
    ]
    end, trace, asked = talk(script)
    assert (end.reason, end.value, end.text) == ("answered", True, "Yes, roughly.")
    assert (end.turns, end.calls) == (3, 3)
    assert [line["handle"] for line in end.evidence] == ["s1", "s2", "s3"]
    first, second = (body["messages"][-1]["content"] for body in asked[1:])
    assert first == "Friend: 0.4 m"
    assert second == "Friend: 48 cm\nFriend: About 41 centimeters."
    assert asked[0]["messages"][-1]["content"] == "Puzzle: Is it a triangle?"
    assert "tools" not in asked[0]
    assert [step.name for step in trace.steps if isinstance(step, CallStep)] == ["ask_vlm"] * 3


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("Ask: how far?", Turn(("how far?",))),
        ("hm\n  Ask: a?\nso\nAsk: b?", Turn(("a?", "b?"))),
        ("Answer: yes", Turn((), "yes")),
        ("thoughts\nAnswer: 3 m", Turn((), "3 m")),
        ("Answer: one\nAnswer: two", Turn((), "one")),
        ("Ask: a?\nAnswer: yes", Turn(("a?",))),
        ("Ask: a?\nFriend: 1 m\nAsk: b?\nAnswer: yes", Turn(("a?",))),
        ("Friend: 1 m\nAnswer: yes", Turn()),
        ("Ask:", Turn()),
        ("Answer:   ", Turn()),
        ("I would ask: how far?", Turn()),
        ("The answer: yes", Turn()),
        ("ask: a?", Turn()),
        ("", Turn()),
    ],
)
def test_turns_are_read_strictly(text, turn):
    assert parse_turn(text) == turn


def test_every_example_of_the_instructions_is_in_its_own_form():
    examples = INSTRUCTIONS.split("Puzzle: ")[1:]
    assert len(examples) == 3
    for example in examples:
        assert parse_turn(example.split("\nFriend:")[0]).asks
        assert parse_turn(example.strip().splitlines()[-1]).answer


def test_replies_that_it_invents_are_not_kept(talk):
    end, _, asked = talk([says("Ask: blue?\nFriend: 9 m\nAnswer: no"), says("Answer: yes")])
    assert end.value is True
    assert [message["content"] for message in asked[1]["messages"][2:]] == ["Ask: blue?", "Friend: 0.4 m"]


@pytest.mark.parametrize(
    ("question", "text", "value", "unit"),
    [
        ("How far is the can from the cup?", "About 48 cm.", 0.48, "m"),
        ("Which can is nearest?", "The blue one.", "The blue one.", ""),
        ("How many cans are there?", "3", 3.0, ""),
    ],
)
def test_values_of_answers(talk, question, text, value, unit):
    end, *_ = talk([says(f"Answer: {text}")], question=question)
    assert (end.reason, end.value, end.unit, end.text) == ("answered", value, unit, text)


def test_it_may_say_that_nothing_can_be_told(talk):
    end, *_ = talk([says("Answer: it can't be told, because the can is hidden.")])
    assert (end.reason, end.value) == ("abstained", None)


def test_neither_is_reminded_once(talk):
    end, _, asked = talk([says("Let me think.")])
    assert (end.reason, end.text) == ("no_answer", "Let me think.")
    assert len(asked) == 2
    assert asked[1]["messages"][-1]["content"] == REMINDER
    end, *_ = talk([says(""), says("Answer: yes")])
    assert end.reason == "answered"


def test_limits_and_repeats(talk):
    heard: list[str] = []

    def counted(question: str) -> str:
        heard.append(question)
        return "1 m"

    end, trace, _ = talk([says("Ask: blue?")], Limits(turns=4), vlm=counted)
    assert (end.reason, end.calls) == ("turns", 4)
    assert heard == ["blue?"], "the same question is answered from the trace"
    assert sum(step.repeated for step in trace.steps if isinstance(step, CallStep)) == 3
    end, *_ = talk([says("Ask: a?\n" * 9)], Limits(calls=5))
    assert (end.reason, end.calls) == ("calls", 5)


def test_a_friend_who_fails(talk):
    def broken(_: str) -> str:
        raise ModelError("out of memory")

    end, _, asked = talk([says("Ask: a?"), says("Ask: b?"), says("Ask: c?"), says("Answer: yes")], vlm=broken)
    assert end.reason == "failed"
    assert "out of memory" in end.text
    assert asked[1]["messages"][-1]["content"] == "Friend: I can't answer that."
    end, *_ = talk([says("Ask: a?"), says("Answer: yes")], vlm=lambda _: "")
    assert end.reason == "answered"


def test_servers_that_fail(talk):
    end, *_ = talk([says("Ask: a?"), Fault(500)])
    assert end.reason == "failed"
    end, *_ = talk([Fault(400, "prompt exceeds the context window")])
    assert end.reason == "context"


def test_nobody_sees():
    with pytest.raises(UserError, match="nobody sees"):
        reason_by_dialogue(Desk(FRAME), "Why?", ChatClient("http://127.0.0.1:9/v1#m"))
