"""A line of reasoning that called tools, and its scene -> the first step that is wrong, or that all hold.

    checked = check(messages, scene)
    checked.holds                       or: checked.wrong, checked.call, checked.why

Whose it is does not matter: a chain's, a model's own, a trace. Every call is made again on a desk of its own, so that
nothing is believed but the scene: a result that differs beyond its rounding is wrong, and so is an expression that does
not give what was claimed. What a vision-language model said is taken as said. The answer must follow from the results
(see `following`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.following import why_not, written
from spatialvlm.reason.tools import call
from spatialvlm.records import Frame, Scene

ANSWER = "answer"
COARSEST = 0.05
"""No number is rounded by more than this share of it."""
_NEEDED = ("handle", "value", "unit", "answer", "cannot_tell")


@dataclass(frozen=True, slots=True)
class Checked:
    """How many calls there are, and the first that is wrong, from 1: its tool, and why. None: all hold."""

    calls: int
    wrong: int | None = None
    call: str = ""
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether every step holds."""
        return self.wrong is None


@dataclass(frozen=True, slots=True)
class _Made:
    """A call as it was made, and what is claimed to be its result: a text, an object, or nothing."""

    name: str
    arguments: Any
    claimed: Any


def check(reasoning: Any, scene: Scene, *, frame: Frame | None = None, vlm_error: float = 0.3) -> Checked:
    """Make every call of a line of reasoning again on its scene.

    `reasoning` is a list of OpenAI's messages, a mapping that has them under "messages", or a trace whose steps have
    `name`, `arguments` and `result`. Tools that need the depth map take `frame`. Raises UserError for anything else.
    """
    question, made = _read(reasoning)
    desk = Desk(frame, scene, vlm_error=vlm_error)
    known: dict[tuple[str, str], Any] = {}
    failed = False
    for place, one in enumerate(made, 1):
        if one.name == ANSWER:
            why = _fault_of_answer(one, desk, question, failed)
        else:
            why, error = _fault_of_call(one, desk, known)
            failed = failed or error
        if why:
            return Checked(len(made), place, one.name, why)
        if one.name == ANSWER and place < len(made):
            return Checked(len(made), place + 1, made[place].name, "follows the answer, which ends it")
    if not made or made[-1].name != ANSWER:
        return Checked(len(made), len(made) + 1, ANSWER, "no answer was given")
    return Checked(len(made))


def _fault_of_call(made: _Made, desk: Desk, known: dict[tuple[str, str], Any]) -> tuple[str, bool]:
    """Say what is wrong with a call, or nothing; and whether it failed as it was said to."""
    claimed = _parsed(made.claimed)
    says_error = not isinstance(claimed, Mapping) or "error" in claimed
    about = made.name, json.dumps(_plain(_parsed(made.arguments)), sort_keys=True, default=str)
    desk.vlm = (lambda question: str(claimed.get("text", ""))) if isinstance(claimed, Mapping) else None
    if isinstance(claimed, Mapping) and "repeated" in claimed and about in known:
        told = known[about]
        claimed = {name: value for name, value in claimed.items() if name != "repeated"}
    else:
        book = desk.book
        try:
            told = call(desk, made.name, made.arguments)
        except UserError as error:
            return ("" if says_error and made.claimed is not None else f"cannot be called so: {error}"), True
        if desk.book is not book:
            known.clear()
        known[about] = told
    if made.claimed is None:
        return "has no result", False
    if says_error:
        return f"is said to fail; it tells {_shown(told)}", False
    return _difference(claimed, told), False


def _difference(claimed: Any, told: Any, name: str = "") -> str:
    """Say where what is claimed differs from what is told, beyond its rounding; nothing where it does not."""
    if isinstance(told, Mapping) and isinstance(claimed, Mapping):
        absent = [one for one in _NEEDED if one in told and one not in claimed]
        if absent:
            return f"leaves out {absent[0]}, which is {_shown(told[absent[0]])}"
        extra = next((one for one in claimed if one not in told), None)
        if extra is not None:
            return f"{extra} is said to be {_shown(claimed[extra])}; nothing tells it"
        faults = (_difference(claimed[one], told[one], str(one)) for one in claimed)
        return next((fault for fault in faults if fault), "")
    if isinstance(told, list | tuple) and isinstance(claimed, list) and len(told) == len(claimed):
        faults = (_difference(one, other, name) for one, other in zip(claimed, told))
        return next((fault for fault in faults if fault), "")
    alike = _same_number(claimed, told) if _is_number(told) and _is_number(claimed) else claimed == told
    return "" if alike else f"{name or 'the result'} is said to be {_shown(claimed)}; it is {_shown(told)}"


def _same_number(claimed: Any, told: Any) -> bool:
    number, half = written(claimed)
    if isinstance(told, int):
        return number == told
    return abs(number - told) <= min(half, COARSEST * abs(told)) + 1e-9 * max(1.0, abs(told))


def _fault_of_answer(made: _Made, desk: Desk, question: str, failed: bool) -> str:
    try:
        call(desk, ANSWER, _plain(_parsed(made.arguments)))
    except UserError as error:
        return f"cannot be called so: {error}"
    return why_not(_parsed(made.arguments), desk, question, failed)


def _read(reasoning: Any) -> tuple[str, list[_Made]]:
    """Read the question and the calls."""
    steps = getattr(reasoning, "steps", None)
    if steps is not None:
        asked = next((str(step.question) for step in steps if hasattr(step, "question")), "")
        return asked, [_made_of(step) for step in steps if hasattr(step, "arguments")]
    messages = reasoning.get("messages") if isinstance(reasoning, Mapping) else reasoning
    if not isinstance(messages, Iterable) or isinstance(messages, str | bytes):
        raise UserError(f"reasoning: got {type(reasoning).__name__}, expected a list of messages, or a trace")
    try:
        messages = list(messages)
        asked = next((_text_of(one["content"]) for one in messages if one["role"] == "user"), "")
        return asked, list(_calls(messages))
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"reasoning: {error!r}; expected messages as OpenAI's chat completions have them") from None


def _made_of(step: Any) -> _Made:
    error = getattr(step, "error", "")
    result = {"error": error} if error else step.result
    return _Made(step.name, step.arguments, dict(result) if result is not None else None)


def _calls(messages: list[Mapping[str, Any]]) -> Iterator[_Made]:
    """Yield the calls of messages in order, each with the result that answers it: by its id, the next one first."""
    for place, message in enumerate(messages):
        for wanted in message.get("tool_calls") or () if message["role"] == "assistant" else ():
            answers = (one for one in messages[place + 1 :] if one["role"] == "tool")
            result = next((one for one in answers if one.get("tool_call_id") == wanted["id"]), None)
            function = wanted["function"]
            yield _Made(
                function["name"], function["arguments"], None if result is None else _text_of(result["content"])
            )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or ())


def _parsed(value: Any) -> Any:
    """Read JSON, its numbers as they are written; what is none stays as it is."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return value


def _plain(value: Any) -> Any:
    """Return JSON with numbers as the tools take them."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
