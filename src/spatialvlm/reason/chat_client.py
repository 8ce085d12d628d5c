"""A language model behind a server that speaks OpenAI's protocol: messages and tools enter, a reply leaves.

client = ChatClient("http://localhost:8000/v1#Qwen/Qwen3-8B")
reply = client.reply([{"role": "user", "content": "Hello"}], [], seconds=30)
reply.text, reply.calls
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialvlm.errors import ContextError, UserError
from spatialvlm.models import ChatServer, count_of, split_thinking

Message = dict[str, Any]
LETTERS_A_TOKEN = 4
"""Of English; for servers that do not count."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A tool that a model wants called; `arguments` as it wrote them, which may be no JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ClientReply:
    """What a model said: its words without its thinking, the calls that it wants, and what it took in tokens.

    `refusal` says why it would not, where it would not.
    """

    text: str
    calls: tuple[ToolRequest, ...] = ()
    refusal: str = ""
    read: int = 0
    written: int = 0

    @property
    def message(self) -> Message:
        """The reply as a later request repeats it; arguments that are no JSON are left out, which servers choke on."""
        calls = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": _valid(one.arguments)}}
            for one in self.calls
        ]
        said: Message = {"role": "assistant", "content": self.text}
        return said | ({"tool_calls": calls} if calls else {})


class ChatClient:
    """See the module. `address` is URL#MODEL; a request and its tries last at most as long as its caller says.

    The likeliest reply is asked for, of servers that let one ask for it.
    """

    def __init__(self, address: str, *, pause_s: float = 1.0) -> None:
        self._server = ChatServer(address, timeout_s=math.inf, pause_s=pause_s)
        self.name, self.base = self._server.name, self._server.base
        self._extra: dict[str, Any] = {"temperature": 0}

    def reply(self, messages: Sequence[Message], tools: Sequence[Message] = (), *, seconds: float) -> ClientReply:
        """Ask for the next message. Raises what `ChatServer.post` does."""
        fields: dict[str, Any] = {"messages": list(messages)} | ({"tools": list(tools)} if tools else {})
        try:
            told = self._server.post(fields | self._extra, seconds)
        except ContextError:
            raise
        except UserError as error:
            if not self._extra or "temperature" not in str(error):  # some models take no other than their own
                raise
            self._extra = {}
            told = self._server.post(fields, seconds)
        return self._read(told, fields)

    def _read(self, told: Mapping[str, Any], fields: Mapping[str, Any]) -> ClientReply:
        choice = told["choices"][0]
        message = choice["message"]
        said, refusal, wanted = message.get("content") or "", message.get("refusal") or "", message.get("tool_calls")
        if not isinstance(said, str) or not isinstance(refusal, str) or not isinstance(wanted or [], list):
            raise self._server.in_another_form(told)
        if choice.get("finish_reason") == "content_filter" and not refusal:
            refusal = said or "the server's filter held the reply back"
        calls = []
        for place, one in enumerate(wanted or []):
            function = one.get("function") if isinstance(one, dict) else None
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise self._server.in_another_form(told)
            arguments = function.get("arguments") or "{}"
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            calls.append(ToolRequest(str(one.get("id") or f"call_{place}"), function["name"], text))
        read = count_of(told, "prompt_tokens") or len(json.dumps(fields)) // LETTERS_A_TOKEN
        written = count_of(told, "completion_tokens") or len(json.dumps(message)) // LETTERS_A_TOKEN
        spoken = split_thinking(said).answer.strip()
        return ClientReply(spoken, tuple(calls), refusal.strip(), read, written)


def _valid(arguments: str) -> str:
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"
