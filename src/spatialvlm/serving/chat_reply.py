"""Answers of a model -> a chat completion, or the pieces of one, in OpenAI's form.

Each is checked by the types of OpenAI's own client. A stream is cut from answers that are there as a whole.
"""

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from spatialvlm.models import VlmReply

_WORDS = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class ChatAnswers:
    """The answers to one request, from the model called `model` of some `version`."""

    model: str
    version: str
    replies: Sequence[VlmReply]

    @classmethod
    def ending_at(cls, stops: Sequence[str], model: str, version: str, replies: Sequence[VlmReply]) -> "ChatAnswers":
        """Cut answers off before the first of some texts that ends them."""
        return cls(model, version, [_cut(reply, stops) for reply in replies])

    def completion(self) -> str:
        """Write them as JSON."""
        choices = [
            {
                "index": place,
                "message": {"role": "assistant", "content": reply.text, "refusal": None},
                "finish_reason": _reason(reply),
                "logprobs": None,
            }
            for place, reply in enumerate(self.replies)
        ]
        told = self._head("chat.completion") | {"choices": choices, "usage": self._usage()}
        return ChatCompletion.model_validate(told).model_dump_json(exclude_unset=True)

    def events(self, include_usage: bool) -> Iterator[str]:
        """Write them as server-sent events: the words of each answer in turn, then `[DONE]`."""
        head = self._head("chat.completion.chunk") | ({"usage": None} if include_usage else {})
        for place, reply in enumerate(self.replies):
            deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
            deltas += [{"content": words} for words in _WORDS.findall(reply.text)]
            for delta in deltas:
                yield _event(head | {"choices": [{"index": place, "delta": delta, "finish_reason": None}]})
            yield _event(head | {"choices": [{"index": place, "delta": {}, "finish_reason": _reason(reply)}]})
        if include_usage:
            yield _event(head | {"choices": [], "usage": self._usage()})
        yield "data: [DONE]\n\n"

    def _head(self, kind: str) -> dict[str, Any]:
        made = {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": kind, "created": int(time.time())}
        return made | {"model": self.model, "system_fingerprint": self.version}

    def _usage(self) -> dict[str, int]:
        read, written = max(reply.read for reply in self.replies), sum(reply.written for reply in self.replies)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _cut(reply: VlmReply, stops: Sequence[str]) -> VlmReply:
    ends = [place for stop in stops if (place := reply.text.find(stop)) >= 0]
    return VlmReply(reply.text[: min(ends)], reply.read, reply.written) if ends else reply


def _reason(reply: VlmReply) -> str:
    return "length" if reply.cut else "stop"


def _event(told: dict[str, Any]) -> str:
    return f"data: {ChatCompletionChunk.model_validate(told).model_dump_json(exclude_unset=True)}\n\n"
