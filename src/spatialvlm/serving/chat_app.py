"""The URLs: /v1/chat/completions, /v1/models, /health -> answers of one model, in OpenAI's form."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer
from openai.types import Model as ListedModel
from openai.types.chat import ChatCompletion

import spatialvlm
from spatialvlm.errors import SpatialError
from spatialvlm.models import Vlm, VlmReply
from spatialvlm.serving.answer_queue import AnswerQueue, AnswerSettings
from spatialvlm.serving.api_errors import DECLARED, ApiError, handle_errors
from spatialvlm.serving.chat_input import ask_of
from spatialvlm.serving.chat_reply import ChatAnswers
from spatialvlm.serving.chat_request import LARGEST_SEED, ChatRequest
from spatialvlm.serving.door import CHAT_PATH, Door
from spatialvlm.serving.serve_config import ServeConfig

LOG = logging.getLogger("uvicorn.error")
CLIENT_GONE = 499
"""The status that nobody hears: the client went before the answer was there."""


def application(
    vlm: Vlm, config: ServeConfig, *, key: str | None = None, name: str | None = None, at_once: int = 8
) -> Door:
    """Make the web application. `name` is what the model is called, beside its own name; `key` what it is asked by."""
    queue = AnswerQueue(vlm, at_once)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        queue.close()

    title = f"SpatialVLM: {name or vlm.name}"
    app = _Api(title=title, version=spatialvlm.__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    handle_errors(app)
    served = ServedModel(vlm, config, queue, name or vlm.name)
    keyed = [Depends(HTTPBearer(auto_error=False))] if key else []  # for OpenAPI; the door checks it
    chat: Any = {"model": ChatCompletion, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    app.add_api_route(
        CHAT_PATH,
        served.complete,
        methods=["POST"],
        response_class=Response,
        responses={200: chat, **DECLARED},
        dependencies=keyed,
    )
    some: dict[int | str, dict[str, Any]] = {status: DECLARED[status] for status in (401, 404)}
    app.add_api_route("/v1/models", served.list_models, responses=some, dependencies=keyed)
    app.add_api_route("/v1/models/{model:path}", served.tell_model, responses=some, dependencies=keyed)
    app.add_api_route("/health", served.health)
    return Door(app, config, key)


class _Api(FastAPI):
    """An application whose description does not promise the status 422, which it never sends."""

    def openapi(self) -> dict[str, Any]:
        """Describe the application as OpenAPI does."""
        told = super().openapi()
        for methods in told["paths"].values():
            for operation in methods.values():
                operation["responses"].pop("422", None)
        return told


class ServedModel:
    """What the URLs answer, of one model."""

    def __init__(self, vlm: Vlm, config: ServeConfig, queue: AnswerQueue, name: str) -> None:
        self._config, self._queue, self._name = config, queue, name
        self._names = {name, vlm.name}
        self._version = vlm.version if "://" not in vlm.version else "elsewhere"
        self._since = int(time.time())

    async def complete(self, asked: ChatRequest, request: Request) -> Response:
        """Answer a chat, one time or several, whole or as a stream."""
        self._check_name(asked.model)
        replies = await self._replies(asked, request)
        if replies is None:
            return Response(status_code=CLIENT_GONE)
        answers = ChatAnswers.ending_at(asked.stops, asked.model, self._version, replies)
        if not asked.stream:
            return Response(answers.completion(), media_type="application/json")
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return StreamingResponse(
            _each(answers.events(usage)), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )

    async def list_models(self) -> dict[str, Any]:
        """List the one model."""
        return {"object": "list", "data": [self._listed()]}

    async def tell_model(self, model: str) -> dict[str, Any]:
        """Tell of a model by its name."""
        self._check_name(model)
        return self._listed()

    async def health(self) -> dict[str, Any]:
        """Say that the server runs, and how many requests wait for their answers."""
        return {"status": "ok", "waiting": len(self._queue)}

    def _listed(self) -> dict[str, Any]:
        told = {"id": self._name, "object": "model", "created": self._since, "owned_by": "spatialvlm"}
        return ListedModel.model_validate(told).model_dump()

    def _check_name(self, model: str) -> None:
        if model not in self._names:
            raise ApiError(404, f"model {model[:80]!r}: is not served; use {self._name!r}", "model", "model_not_found")

    async def _replies(self, asked: ChatRequest, request: Request) -> list[VlmReply] | None:
        """Answer in time; None where the client has gone, which is then forgotten. Raises ApiError after the time."""
        answer, gone = asyncio.ensure_future(self._answer(asked)), asyncio.ensure_future(_until_gone(request))
        try:
            done, _ = await asyncio.wait(
                {answer, gone}, timeout=self._config.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if answer in done:
                fault = answer.exception()
                if fault is not None and not isinstance(fault, ApiError | SpatialError):
                    LOG.error("the model failed", exc_info=fault)
                    raise ApiError(500, "the model failed; the server's own log says why")
                return answer.result()
        finally:
            answer.cancel()
            gone.cancel()
        if gone in done:
            return None
        raise ApiError(504, f"no answer within {self._config.timeout_s:g} s; ask for fewer tokens, or later")

    async def _answer(self, asked: ChatRequest) -> list[VlmReply]:
        ask = await asyncio.to_thread(ask_of, asked.messages, self._config)
        temperature = asked.drawn_at
        seed = secrets.randbelow(LARGEST_SEED) if asked.seed is None else asked.seed & LARGEST_SEED
        settings = AnswerSettings(seed if temperature else 0, asked.longest, temperature)
        return await self._queue.replies(ask, asked.n or 1, settings)


async def _until_gone(request: Request) -> None:
    """Wait until the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _each(events: Iterable[str]) -> AsyncIterator[str]:
    for event in events:
        yield event
