"""A server that speaks OpenAI's protocol: the fields of a request enter, what POST {base}/chat/completions says leaves.

What may pass (no connection, no answer in time, 429, 5xx) is tried again, after pauses that double and are never
shorter than the server asks for. The key, where a server wants one, is read from OPENAI_API_KEY.
https://platform.openai.com/docs/api-reference/chat/create
"""

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from spatialvlm.errors import ContextError, ModelError, SpatialError, UserError

TRIES = 6
LONGEST_PAUSE_S = 60.0
EXCERPT = 300
"""Characters of a server's answer that a message quotes."""
MOST_BYTES = 64 * 2**20
"""Of a reply, which is text."""
_TOO_LONG = ("context_length_exceeded", "context length", "context window", "context size", "maximum context", "n_ctx")


class ChatServer:
    """See the module. `name` is the model's, `base` the address without it; `timeout_s` is that of a single try.

    Raises UserError for an address that is no URL#MODEL, or has a password in it.
    """

    def __init__(self, address: str, *, timeout_s: float = 120.0, pause_s: float = 1.0) -> None:
        base, _, self.name = address.partition("#")
        url = urllib.parse.urlsplit(base)
        if url.scheme not in ("http", "https") or not url.hostname or not self.name:
            raise UserError(
                f"server {address!r}: expected URL#MODEL, as in openai:http://localhost:8000/v1#Qwen/Qwen3-VL-2B-Instruct"
            )
        if url.username or url.password:
            raise UserError(
                f"server {url.hostname!r}: has a password in its URL; put a key into OPENAI_API_KEY instead"
            )
        self.base = base.rstrip("/")
        self.url = f"{self.base}/chat/completions"
        self._timeout_s, self._pause_s = timeout_s, pause_s

    def post(self, fields: Mapping[str, Any], seconds: float = math.inf) -> dict[str, Any]:
        """Send a request, again as long as that may help and `seconds` last; the reply has a first choice's message.

        Raises ContextError where the messages are too long, UserError for another refusal or a server that cannot be
        reached, ModelError for one that keeps failing or answers in another form.
        """
        reply = self._tried(json.dumps({"model": self.name, **fields}).encode(), time.monotonic() + seconds)
        try:
            told = json.loads(reply)
            if isinstance(told["choices"][0]["message"], dict):
                return told
        except (ValueError, LookupError, TypeError, RecursionError):
            pass
        raise self.in_another_form(reply)

    def in_another_form(self, reply: bytes | Mapping[str, Any]) -> ModelError:
        """Return what to say of a reply that is no chat completion."""
        shown = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        return ModelError(f"{self.url}: expected a chat completion, got: {_excerpt(shown)}")

    def _tried(self, body: bytes, end: float) -> bytes:
        pause_s, tried = self._pause_s, 0
        while True:
            wait_s, tried = pause_s, tried + 1
            timeout_s = min(self._timeout_s, max(end - time.monotonic(), 0.001))
            try:
                return self._send(body, timeout_s)
            except urllib.error.HTTPError as error:
                failure, last = self._refused(error, tried), error.code < 500 and error.code != 429
                wait_s = max(pause_s, _retry_after_s(error))
            except (OSError, http.client.HTTPException) as error:
                failure, last = self._unreachable(error, tried, timeout_s), False
            wait_s = min(wait_s, LONGEST_PAUSE_S)
            if last or tried >= TRIES or time.monotonic() + wait_s >= end:
                raise failure
            time.sleep(wait_s)
            pause_s *= 2

    def _send(self, body: bytes, timeout_s: float) -> bytes:
        """Return a reply that is whole within the time: a server that drips is as late as one that is silent."""
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url, body, headers)
        end, parts, size = time.monotonic() + timeout_s, [], 0
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:
            while part := reply.read1(2**16):
                parts.append(part)
                size += len(part)
                if time.monotonic() > end:
                    raise TimeoutError
                if size > MOST_BYTES:
                    raise ModelError(f"{self.url}: a reply of more than {MOST_BYTES >> 20} MiB is no chat completion")
            if reply.length:  # it hung up before the length that it had said
                raise http.client.IncompleteRead(b"", reply.length)
        return b"".join(parts)

    def _refused(self, error: urllib.error.HTTPError, tried: int) -> SpatialError:
        """Return what to say of a status that is no success: a ModelError where another try may help."""
        try:
            with error:
                said = error.read(EXCERPT * 4)
        except (OSError, http.client.HTTPException):  # it hung up, or fell silent, in the middle of it
            said = b""
        text = f"{self.url}: model {self.name!r} got status {error.code}: {_excerpt(said)}"
        if error.code == 429 or error.code >= 500:
            return ModelError(f"{text}; tried {tried} times")
        if error.code in (400, 413) and any(sign in said.decode(errors="replace").lower() for sign in _TOO_LONG):
            return ContextError(f"{text}; shorten what is asked")
        fixes = {401: "; put a valid key into OPENAI_API_KEY", 404: "; check the URL and the model's name"}
        return UserError(text + fixes.get(error.code, ""))

    def _unreachable(self, error: OSError | http.client.HTTPException, tried: int, timeout_s: float) -> SpatialError:
        """Return what to say where no reply came: nobody is to blame but the address when nobody listens there."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            return ModelError(f"{self.url}: no answer within {timeout_s:.3g} s; tried {tried} times")
        text = f"{self.url}: cannot be reached ({reason or type(reason).__name__}); tried {tried} times"
        return UserError(f"{text}; start the server or check the URL")


def count_of(told: Mapping[str, Any], name: str) -> int:
    """Read a count of tokens from a reply, which not all servers tell: 0 then."""
    usage = told.get("usage")
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value > 0 else 0


def _retry_after_s(error: urllib.error.HTTPError) -> float:
    """Read the pause that the server asks for, where it says it in seconds; else 0."""
    text: Any = error.headers.get("Retry-After") or ""
    return float(text) if text.isdecimal() else 0.0


def _excerpt(text: bytes) -> str:
    words = " ".join(text.decode(errors="replace").split())
    return words[:EXCERPT] or "nothing"
