"""Chains as conversations in which tools are called: a Chain and its scene -> OpenAI's messages, ready to learn from.

    user: the question          assistant: calls size         tool: {"handle": "d1", "value": 0.48, ...}
    ...                         assistant: calls calculate    tool: {"handle": "r1", "text": "yes", ...}
                                assistant: calls answer

Every length is measured by a call, everything that is worked out is an expression of `calculate`, and so is what the
conclusion rests on. Results are those of the tools themselves, called on the scene. The last message is the answer.
"""

import json
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from spatialvlm.answers import CannotTell, Choice, Count, Length, Order, YesNo
from spatialvlm.chains import Chain, ChainsWritten, Combine, Step, replay, write_chains
from spatialvlm.dataset import Dataset, chat_turns, to_json
from spatialvlm.errors import UserError
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import all_tools, call
from spatialvlm.records import Scene

DISTANCES = {"distance": "centers", "gap": "gap", "horizontal_distance": "horizontal"}
SIZES = ("height", "width", "elevation")
DIGITS = 3
WITHIN = 0.1
"""The confidence of a length is how likely it is right within this share of it."""
SUREST = 0.99
Message = dict[str, Any]


class _CannotCall(Exception):
    """Says why a chain cannot be told by tools."""


def chain_messages(chain: Chain, scene: Scene) -> list[Message] | str:
    """Tell a chain by calls, or say why it cannot be: a thing has no name of its own, or a tool does not decide."""
    if isinstance(replay(chain, scene), CannotTell):
        return "not_decided"
    try:
        return _Telling(chain, scene).messages
    except _CannotCall as why:
        return str(why)


def write_chain_calls(
    dataset: Dataset | Path | str,
    out: Path | str,
    *,
    per_scene: int = 8,
    seed: int = 0,
    report: Callable[[int], object] = lambda _: None,
) -> ChainsWritten:
    """Write chains as `write_chains` does, told by calls; each line has the tools under `tools`, as a text of JSON."""
    offered = to_json([tool.schema() for tool in all_tools().values() if tool.needs <= {"scene"}])
    return write_chains(
        dataset, out, per_scene=per_scene, seed=seed, told=chain_messages, beside={"tools": offered}, report=report
    )


class _Telling:
    """Calls the tools that a chain takes, one after another."""

    def __init__(self, chain: Chain, scene: Scene) -> None:
        self._chain, self._scene, self._desk = chain, scene, Desk(scene=scene)
        self.messages: list[Message] = chat_turns([(chain.question, "")])[:1]
        self._sigmas = math.inf
        terms: list[str] = []
        for step in chain.steps:
            terms.append(self._measured(step) if step.combine is None else self._combined(step.combine, terms))
        self._concluded(terms)
        self._answered(terms)

    def _call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        told = call(self._desk, name, arguments)
        if "cannot_tell" in told:
            raise _CannotCall("not_decided")
        asked = self._asked(name, arguments)
        content = [{"type": "text", "text": _text(told)}]
        self.messages += [asked, {"role": "tool", "tool_call_id": asked["tool_calls"][0]["id"], "content": content}]
        return told

    def _asked(self, name: str, arguments: Mapping[str, Any]) -> Message:
        number = 1 + sum(message["role"] == "assistant" for message in self.messages)
        function = {"name": name, "arguments": _text(arguments)}
        made = {"id": f"call_{number}", "type": "function", "function": function}
        return {"role": "assistant", "content": [], "tool_calls": [made]}

    def _measured(self, step: Step) -> str:
        """Measure what a step does, and return its handle."""
        assert step.fact is not None
        kind, names = step.fact.kind, [self._name(id_) for id_ in step.fact.subjects]
        if kind in SIZES:
            told = self._call("size", {"object": names[0], "of": kind})
        elif kind in DISTANCES:
            told = self._call("distance", {"a": names[0], "b": names[1], "of": DISTANCES[kind]})
        else:  # of what is to the left only the sign counts
            told = self._call("relation", {"a": names[0], "b": names[1], "relation": "left"})
        return str(told["handle"])

    def _name(self, id_: str) -> str:
        """Return the name of an object, by which tools find it."""
        name = self._chain.names[id_]
        try:
            found = self._scene[name].instance.id
        except UserError:
            found = None
        if found != id_:
            raise _CannotCall("no_name")
        return name

    def _combined(self, combine: Combine, terms: list[str]) -> str:
        of = [terms[step - 1] for step in combine.of]
        match combine.op:
            case "given":
                return _length(combine.factor)
            case "times":
                expression = f"{combine.factor:g} * {of[0]}"
            case "sum":
                expression = " + ".join(of)
            case "difference":
                expression = f"{of[0]} - {of[1]}"
            case "ratio":
                expression = f"{of[0]} / {of[1]}"
        return str(self._call("calculate", {"expression": expression})["handle"])

    def _compared(self, expression: str) -> bool:
        told = self._call("calculate", {"expression": expression})
        self._sigmas = min(self._sigmas, told["sigmas"])
        return bool(told["text"] == "yes")

    def _concluded(self, terms: list[str]) -> None:
        """Compare what the conclusion rests on: each comparison is put so that its result is told by the tool."""
        conclusion = self._chain.conclusion
        of = [terms[step - 1] for step in conclusion.of]
        numbers = [self._chain.steps[step - 1].number for step in conclusion.of]
        match conclusion.rule:
            case "greater":
                self._compared(f"{of[0]} > {of[1]}")
            case "any_less":
                any(self._compared(f"{one} < {other}") for one, other in zip(of[::2], of[1::2]))
            case "greatest" | "least" as rule:
                best = numbers.index(max(numbers) if rule == "greatest" else min(numbers))
                sign = ">" if rule == "greatest" else "<"
                for place, other in enumerate(of):
                    if place != best:
                        self._compared(f"{of[best]} {sign} {other}")
            case "ascending" | "descending" as rule:
                ranked = [of[place] for place in sorted(range(len(of)), key=numbers.__getitem__)]
                ranked = ranked if rule == "ascending" else ranked[::-1]
                for before, after in pairwise(ranked):
                    self._compared(f"{before} {'<' if rule == 'ascending' else '>'} {after}")
            case "whole":
                assert isinstance(self._chain.value, Count)
                self._compared(f"{of[0]} > {self._chain.value.number - 0.5:g}")
                self._compared(f"{of[0]} < {self._chain.value.number + 0.5:g}")
            case "chained" | "amount":
                pass  # relations say it already, or the length itself is the answer

    def _answered(self, terms: list[str]) -> None:
        unit, confidence = "", min(SUREST, _within(self._sigmas, sides=1))
        match self._chain.value:
            case YesNo(value):
                pass
            case Choice() as choice:
                value = choice.chosen
            case Order(items):
                value = ", ".join(items)
            case Count(value):
                pass
            case Length():
                entry = self._desk.book[terms[self._chain.conclusion.of[0] - 1]]
                assert entry.value is not None
                value, unit = float(f"{entry.value:.{DIGITS}g}"), "m"
                confidence = min(SUREST, _within(WITHIN * entry.value / max(entry.sigma or 0.0, 1e-9), sides=2))
            case other:
                raise _CannotCall(f"no_answer_of_{type(other).__name__.lower()}")
        arguments = {"value": value, "unit": unit, "confidence": round(confidence, 2), "abstain": False}
        self.messages.append(self._asked("answer", arguments))


def _within(sigmas: float, sides: int) -> float:
    """Compute how likely a normal error is below so many sigmas, on one side or both."""
    both = math.erf(min(sigmas, 40.0) / math.sqrt(2.0))
    return both if sides == 2 else 0.5 + both / 2.0


def _length(metres: float) -> str:
    """Write a length for the calculator."""
    return f"{metres:g} m" if metres >= 1.0 else f"{100.0 * metres:.6g} cm"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
