"""One line of reasoning against its limits: turns of a language model and calls of tools, each traced and counted."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialvlm.errors import ContextError, ModelError, UserError
from spatialvlm.reason.chat_client import ChatClient, ClientReply, Message
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.trace import CallStep, EndStep, QuestionStep, Reason, RemarkStep, RequestStep, Trace

FAULTS_IN_A_ROW = 3
SHORTEST_REQUEST_S = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """What a line of reasoning may take: turns, calls of tools, tokens read and written, seconds in all and a request.

    A call that runs is not broken off: `seconds` are looked at before and after it.
    """

    turns: int = 12
    calls: int = 40
    seconds: float = 120.0
    tokens: int = 50_000
    request_seconds: float = 60.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise UserError(f"{name} {getattr(self, name)!r}: expected more than 0")


class Talk:
    """See the module. What returns an EndStep has put it into the trace: there is nothing to say after it."""

    def __init__(
        self, desk: Desk, question: str, mode: str, client: ChatClient, limits: Limits | None, trace: Trace | None
    ) -> None:
        self.desk, self.limits, self.trace = desk, limits or Limits(), trace or Trace()
        self._client, self._started = client, time.monotonic()
        self._turns = self._calls = self._tokens = self._faults = 0
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        picture = desk.frame.id if desk.frame is not None else desk.scene.frame_id if desk.scene is not None else ""
        self.trace.add(QuestionStep(question, picture, client.name, mode))

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def reply(self, messages: Sequence[Message], tools: Sequence[Message] = ()) -> ClientReply | EndStep:
        """Ask the language model for its next message, as far as the limits let it."""
        limits, left = self.limits, self.limits.seconds - self._seconds
        if self._turns >= limits.turns:
            return self.end("turns", f"no answer within {limits.turns} turns")
        if self._tokens >= limits.tokens:
            return self.end("tokens", f"no answer within {limits.tokens:,} tokens")
        if left < SHORTEST_REQUEST_S:
            return self.end("time", f"no answer within {limits.seconds:g} s")
        began = self._seconds
        self._turns += 1
        try:
            reply = self._client.reply(messages, tools, seconds=min(left, limits.request_seconds))
        except ContextError as error:
            return self.end("context", str(error))
        except (UserError, ModelError) as error:
            late = self._seconds + SHORTEST_REQUEST_S >= limits.seconds
            return self.end("time" if late else "failed", str(error))
        self._tokens += reply.read + reply.written
        took = round(self._seconds - began, 3)
        self.trace.add(RequestStep(reply.text, len(reply.calls), reply.read, reply.written, took))
        return self.end("refused", reply.refusal) if reply.refusal else reply

    def call(self, name: str, arguments: str) -> dict[str, Any] | EndStep:
        """Call a tool; one that was called before with the same arguments answers the same. An error is a result."""
        from spatialvlm.reason.tools import call

        if self._calls >= self.limits.calls:
            return self.end("calls", f"no answer within {self.limits.calls} calls")
        if self._seconds >= self.limits.seconds:
            return self.end("time", f"no answer within {self.limits.seconds:g} s")
        self._calls += 1
        key, book = (name, _in_one_form(arguments)), self.desk.book
        repeated = key in self._known
        if not repeated:
            try:
                self._known[key] = call(self.desk, name, arguments)
            except (UserError, ModelError, RecursionError) as error:
                self._known[key] = {"error": str(error)}
        result = self._known[key]
        if self.desk.book is not book:  # the scale was fixed: what was known before holds no longer
            self._known.clear()
        error = str(result.get("error", ""))
        self.trace.add(CallStep(name, arguments, None if error else result, error, repeated))
        return result | ({"repeated": "this call was made before; this is its result"} if repeated else {})

    def count_faults(self, results: Sequence[Mapping[str, Any]]) -> EndStep | None:
        """Count a turn of whose calls none succeeded; several in a row end it."""
        errors = [str(one["error"]) for one in results if "error" in one]
        self._faults = self._faults + 1 if len(errors) == len(results) else 0
        if self._faults < FAULTS_IN_A_ROW:
            return None
        return self.end("failed", f"calls failed in {self._faults} turns in a row, lastly: {errors[-1]}")

    def remark(self, text: str) -> Message:
        """Tell the language model something; returns the message."""
        self.trace.add(RemarkStep(text))
        return {"role": "user", "content": text}

    def end(self, reason: Reason, text: str, **told: Any) -> EndStep:
        """End it, with what was told and what it took."""
        told = {"evidence": evidence_of(self.desk), **told}
        told |= {"turns": self._turns, "calls": self._calls, "tokens": self._tokens}
        step = EndStep(reason, text, **told, seconds=round(self._seconds, 3))
        self.trace.add(step)
        return step


def evidence_of(desk: Desk, handle: str | None = None) -> list[dict[str, Any]]:
    """List the lines of the workbook that an entry rests on, itself the last; all of them without one."""
    entries = desk.book.entries
    found, todo = set(), [handle] if handle is not None else [*entries]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += [word for word in re.findall(r"[A-Za-z_]\w*", entries[one].expression or "") if word in entries]
    return [entry.to_json() for entry in entries.values() if entry.handle in found]


def _in_one_form(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
