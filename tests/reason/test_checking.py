"""Chains told by calls of tools hold, and whatever is made wrong in one is found at that very step."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.chains import CHAIN_KINDS, Chain, replay
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.records import Scene

pytest.importorskip("pydantic")
from fixtures.corrupted_calls import SORTS, corrupt
from spatialvlm.chains import chain_from_json
from spatialvlm.reason import Desk, call, chain_messages, check

Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rooms = RoomsSource(5, seed=5, size=(320, 240))
    frames = [rooms.truth(index).frame for index in range(len(rooms))]
    frames += [sample.frame for sample in sv.collect("shapes:2")]
    return [scene for scene in (sv.lift(frame).scene for frame in frames) if scene is not None]


@pytest.fixture(scope="module")
def told(scenes) -> list[tuple[Scene, Chain, Messages]]:
    found = []
    for scene in scenes:
        for one in sv.chains_of(scene, 14, seed=3):
            messages = chain_messages(one, scene)
            assert not isinstance(messages, str), messages
            found.append((scene, one, messages))
    return found


def test_every_kind_is_told_and_holds(told):
    assert {one.kind for _, one, _ in told} == set(CHAIN_KINDS)
    assert len(told) > 60
    for scene, one, messages in told:
        checked = check(messages, scene)
        assert checked.holds, (one.question, checked)
        assert checked.calls == sum(message["role"] == "assistant" for message in messages)


def test_the_answer_of_the_calls_is_that_of_the_chain(told):
    for scene, one, messages in told:
        given = json.loads(messages[-1]["tool_calls"][0]["function"]["arguments"])
        assert messages[-1]["tool_calls"][0]["function"]["name"] == "answer"
        assert replay(one, scene) == one.value
        match one.value:
            case sv.YesNo(yes):
                assert given["value"] is yes
            case sv.Length(metres):
                assert given["value"] == pytest.approx(metres, rel=0.006)
                assert given["unit"] == "m"
            case sv.Count(number):
                assert given["value"] == number
            case _:
                assert given["value"] == one.answer
        assert 0.5 < given["confidence"] <= 0.99


def test_the_lengths_are_those_of_the_steps(told):
    for _, one, messages in told:
        results = [json.loads(message["content"][0]["text"]) for message in messages if message["role"] == "tool"]
        found = [result["value"] for result in results if result["handle"].startswith("d")]
        steps = [step.number for step in one.steps if step.fact is not None and one.conclusion.rule != "chained"]
        assert found == pytest.approx(steps)


@pytest.mark.parametrize("sort", SORTS)
def test_what_is_made_wrong_is_found_at_that_step(told, sort):
    rng, tried = np.random.default_rng(1), set()
    for scene, one, messages in told:
        wrong = corrupt(messages, one, scene, sort, rng)
        if wrong is not None:
            checked = check(wrong[0], scene)
            assert checked.wrong == wrong[1], (one.question, checked)
            assert checked.why
            tried.add(one.kind)
    assert len(tried) >= (7 if sort in ("unit", "expression") else 8)


def test_rounding_is_no_fault_and_more_than_that_is_one(told):
    for scene, _, messages in told[:30]:
        for factor, holds in ((1.0, True), (1.02, False)):
            coarser = copy.deepcopy(messages)
            for message in coarser:
                if message["role"] == "tool":
                    result = json.loads(message["content"][0]["text"])
                    result |= {k: float(f"{factor * v:.3g}") for k, v in result.items() if isinstance(v, float)}
                    message["content"] = json.dumps(result)
            assert check(coarser, scene).holds is holds


# By hand: a model's own lines of reasoning.


@dataclass
class Made:
    """Calls that are really made, written as messages or as a trace."""

    desk: Desk
    question: str = "What is there?"
    calls: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)

    def __call__(self, name: str, claimed: Mapping[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        result = dict(claimed) if claimed is not None else call(self.desk, name, arguments)
        self.calls.append((name, arguments, result))
        return result

    def answer(self, value: Any, unit: str = "", abstain: bool = False) -> Messages:
        given = {"value": value, "unit": unit, "confidence": 0.9, "abstain": abstain}
        messages: Messages = [{"role": "system", "content": "Measure."}, {"role": "user", "content": self.question}]
        for number, (name, arguments, result) in enumerate([*self.calls, ("answer", given, {"answered": True})]):
            function = {"name": name, "arguments": json.dumps(arguments)}
            messages.append(
                {"role": "assistant", "content": None, "tool_calls": [{"id": f"c{number}"} | {"function": function}]}
            )
            messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(result)})
        return messages


@pytest.fixture
def made(scenes) -> Made:
    return Made(Desk(scene=scenes[0]))


def lengths_of(made: Made) -> list[str]:
    """Measure until two widths are known that differ clearly; returns their things, the wider one first."""
    known = []
    for thing in call(made.desk, "describe_objects", {})["objects"]:
        width = made.desk.known.ask("width", thing["name"]).value
        if isinstance(width, float):
            known.append((width, thing["name"]))
    known.sort()
    return [known[-1][1], known[0][1]]


def test_an_own_line_of_reasoning_may_answer_by_handle_by_number_or_by_name(made, scenes):
    wide, thin = lengths_of(made)
    made("describe_objects")
    a, b = (made("size", object=name, of="width") for name in (wide, thin))
    total = made("calculate", expression=f"{a['handle']} + {b['handle']}")
    for value, unit, holds in (
        ("r1", "", True),
        (float(f"{total['value']:.3g}"), "m", True),
        (round(100 * total["value"], 1), "cm", True),
        (1.3 * total["value"], "m", False),
        ("d1", "", False),
        (a["value"], "m", False),
        (total["value"], "cm", False),
        (total["value"], "parsecs", False),
        ("a dragon", "", False),
        ("", "", False),
        (float("nan"), "", False),
        (10**400, "m", False),
        (True, "", False),
    ):
        checked = check(made.answer(value, unit), scenes[0])
        assert (checked.holds, checked.wrong) == (holds, None if holds else 5), (value, checked)
    made("calculate", expression=f"{a['handle']} > {b['handle']}")
    made.question = "Which is wider?"
    assert check(made.answer(wide), scenes[0]).holds
    assert "asks for the other" in check(made.answer(thin), scenes[0]).why
    assert check(made.answer("yes"), scenes[0]).holds
    assert "says yes" in check(made.answer("no"), scenes[0]).why
    assert check({"messages": made.answer(True)}, scenes[0]).holds
    assert "though every step was decided" in check(made.answer("?", abstain=True), scenes[0]).why


def test_what_the_errors_do_not_decide_is_not_answered(made, scenes):
    wide, _ = lengths_of(made)
    width = made("size", object=wide, of="width")
    near = made("calculate", expression=f"d1 < {width['value'] + 0.1 * width['sigma']} m")
    assert "cannot_tell" in near
    for value in (True, False):
        checked = check(made.answer(value), scenes[0])
        assert checked.wrong == 3
        assert "the errors do not decide it" in checked.why
    assert check(made.answer("too close", abstain=True), scenes[0]).holds
    half = made("calculate", expression=f"d1 / {width['value'] / 2.49999} m")
    assert "unit" not in half
    assert "do not decide" in check(made.answer(2), scenes[0]).why
    claimed = near | {"text": "yes", "answer": {"form": "yes_no", "yes": True}}
    made.calls[1] = ("calculate", made.calls[1][1], {k: v for k, v in claimed.items() if k != "cannot_tell"})
    checked = check(made.answer(True), scenes[0])
    assert (checked.wrong, checked.call) == (2, "calculate")
    assert "leaves out cannot_tell" in checked.why


def test_errors_repeats_and_what_a_model_says_are_taken_as_they_are(made, scenes):
    wide, _ = lengths_of(made)
    made("size", claimed={"error": "size: there is no dragon"}, object="dragon", of="height")
    width = made("size", object=wide, of="width")
    made("size", claimed=width | {"repeated": "this call was made before"}, object=wide, of="width")
    assert check(made.answer("d1"), scenes[0]).holds
    said = {"handle": "s1", "value": 0.5, "unit": "m", "sigma": 0.15, "text": "50 cm"}
    made("ask_vlm", claimed=said, question="How far is it?")
    assert check(made.answer(0.5, "m"), scenes[0]).holds
    made.calls[-1] = ("ask_vlm", made.calls[-1][1], said | {"value": 0.6})
    assert check(made.answer(0.6, "m"), scenes[0]).wrong == 4
    made.calls[0] = ("size", {"object": wide, "of": "width"}, {"error": "no"})
    assert "is said to fail" in check(made.answer("d1"), scenes[0]).why
    made.calls[0] = ("size", {"object": "dragon", "of": "width"}, width)
    assert "cannot be called so" in check(made.answer("d1"), scenes[0]).why
    made.calls[0] = ("size", {"object": wide, "of": "width"}, width | {"colour": "red"})
    assert "nothing tells it" in check(made.answer("d1"), scenes[0]).why


def test_a_trace_is_checked_as_messages_are(made, scenes):
    wide, _ = lengths_of(made)
    width = made("size", object=wide, of="width")
    given = json.dumps({"value": "d1", "unit": "", "confidence": 1.0, "abstain": False})
    steps = [
        SimpleNamespace(question="How wide is it?", picture="", model="", mode="tools"),
        SimpleNamespace(name="size", arguments=json.dumps({"object": wide, "of": "width"}), result=width, error=""),
        SimpleNamespace(name="answer", arguments=given, result={"answered": True}, error=""),
    ]
    assert check(SimpleNamespace(steps=steps), scenes[0]).holds
    steps[1].result = width | {"value": 2 * width["value"]}
    assert check(SimpleNamespace(steps=steps), scenes[0]).wrong == 1


def test_an_end_is_needed_and_nothing_follows_it(made, scenes):
    wide, _ = lengths_of(made)
    made("size", object=wide, of="width")
    messages = made.answer("d1")
    assert check(messages[:-2], scenes[0]).why == "no answer was given"
    assert check([], scenes[0]).wrong == 1
    again = check([*messages, *messages[2:4]], scenes[0])
    assert (again.wrong, again.why) == (3, "follows the answer, which ends it")
    del messages[3]
    assert check(messages, scenes[0]).why == "has no result"
    messages[-2]["tool_calls"][0]["function"]["arguments"] = '{"value": 1}'
    assert "unit: Field required" in check([messages[1], *messages[3:]], scenes[0]).why


@pytest.mark.parametrize(
    "claimed", ["", "[1]", "NaN", "[" * 5000, '{"value": 1e999}', f'{{"value": {10**400}}}', "null"]
)
def test_a_result_that_is_none_is_wrong(claimed, made, scenes):
    wide, _ = lengths_of(made)
    made("size", object=wide, of="width")
    messages = made.answer("d1")
    messages[3]["content"] = claimed
    assert check(messages, scenes[0]).wrong == 1


@pytest.mark.parametrize("reasoning", [3, "text", [{"role": "assistant", "tool_calls": [{}]}], [{"role": "user"}]])
def test_what_is_no_reasoning(reasoning, scenes):
    with pytest.raises(UserError, match="expected"):
        check(reasoning, scenes[0])


def test_the_command_writes_what_holds(stored, tmp_path, run):
    out = tmp_path / "out"
    code, said, err = run("chains", stored, "--out", out, "--style", "tools", "--per-scene", 6)
    assert code == 0, err
    scenes = {scene.frame_id: scene for scene, _ in sv.read(stored).scenes(images=False)}
    rows = [json.loads(line) for line in (out / "data.jsonl").read_text().splitlines()]
    assert said.startswith(f"{len(rows)} chains about ")
    for row in rows:
        assert check(row, scenes[row["frame_id"]]).holds
        tools = {tool["function"]["name"] for tool in json.loads(row["tools"])}
        assert {one["tool_calls"][0]["function"]["name"] for one in row["messages"] if "tool_calls" in one} <= tools
        assert row["messages"][0]["content"][0] == {"type": "image"}
        assert (out / row["images"][0]).is_file()
        assert chain_from_json(row["chain"]).question == row["messages"][0]["content"][1]["text"]
    assert json.loads((out / "export.json").read_text())["style"] == "tools"
    assert run("chains", stored, "--out", out, "--style", "tools", "--think")[0] == 2
