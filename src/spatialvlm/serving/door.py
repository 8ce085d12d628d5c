"""Who may come in: requests -> those that hold the key, find room, and whose body is of bounded size.

Stands before the application, so that nothing is read of who has no key, and no body is kept that is too large.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spatialvlm.serving.api_errors import ApiError, response_of
from spatialvlm.serving.serve_config import MIB, ServeConfig

CHAT_PATH = "/v1/chat/completions"
OPEN_PATHS = ("/health", "/openapi.json")
DRAINED = 8
"""So many times the largest body are read and thrown away, so that who sends too much hears why."""


@dataclass(eq=False)
class Door:
    """An ASGI application around another one: see the module. `inside` counts the requests that were let in."""

    app: ASGIApp
    config: ServeConfig
    key: str | None
    inside: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say why not."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        try:
            self._check_key(Headers(scope=scope))
            if (scope["method"], scope["path"]) != ("POST", CHAT_PATH):  # no other URL reads a body
                await self.app(scope, receive, send)
                return
            if self.inside >= self.config.most_requests:
                raise ApiError(429, f"{self.inside} requests are waiting already; try again later", code="queue_full")
        except ApiError as error:
            await response_of(error)(scope, receive, send)
            return
        self.inside += 1
        try:
            await self._take_body(scope, receive, send)
        finally:
            self.inside -= 1

    def _check_key(self, headers: Headers) -> None:
        if self.key is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), self.key.encode()):
            why = "wrong API key" if given else "no API key; expected the header Authorization: Bearer KEY"
            raise ApiError(401, why, code="invalid_api_key")

    async def _take_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body whole, then hand the request on; nothing where the client has gone."""
        try:
            async with asyncio.timeout(self.config.timeout_s):
                body = await self._read(Headers(scope=scope), receive)
        except TimeoutError:
            await response_of(ApiError(408, f"the body did not arrive within {self.config.timeout_s:g} s"))(
                scope, receive, send
            )
        except ApiError as error:
            await response_of(error)(scope, receive, send)
        else:
            if body is not None:
                await self.app(scope, _once(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        largest, body, size = self.config.body_bytes, bytearray(), 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= largest:
                body += chunk
            else:
                body.clear()
            if not message.get("more_body") or size > DRAINED * largest:
                break
        if size > largest:
            raise ApiError(413, f"body: more than {largest / MIB:g} MiB; send fewer or smaller images")
        if kind != "application/json":
            raise ApiError(400, f"Content-Type: got {kind[:80]!r}, expected application/json")
        return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read, then what comes after it: that the client has gone."""
    parts: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return parts.pop() if parts else await receive()

    return next_message
