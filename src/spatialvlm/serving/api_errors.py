"""What goes wrong -> errors as OpenAI words them: {"error": {"message", "type", "param", "code"}}."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from spatialvlm.errors import SpatialError, UserError

TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    500: "server_error",
    504: "timeout_error",
}
"""The type by the status; every other one is an invalid_request_error."""
RETRY_AFTER_S = 1
LONGEST_MESSAGE = 500


class ApiError(Exception):
    """A request that is not answered: the status, why in words, the field at fault, and a word for programs."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """An error, as OpenAI sends it."""

    error: ErrorDetail


DECLARED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "The request makes no sense, or asks for what is not offered."},
    401: {"model": ErrorBody, "description": "The key is missing or wrong."},
    404: {"model": ErrorBody, "description": "No model is called so."},
    408: {"model": ErrorBody, "description": "The body did not arrive in time."},
    413: {"model": ErrorBody, "description": "The body is too large."},
    429: {"model": ErrorBody, "description": "As many requests as are taken are waiting; Retry-After says how long."},
    500: {"model": ErrorBody, "description": "The model failed."},
    504: {"model": ErrorBody, "description": "The answer was not there in time."},
}
"""The errors of the chat completions, for the description in OpenAPI."""


def response_of(error: ApiError) -> JSONResponse:
    """Write an error as a response."""
    headers = {429: {"Retry-After": str(RETRY_AFTER_S)}, 401: {"WWW-Authenticate": "Bearer"}}.get(error.status)
    return _response(error.status, str(error), error.param, error.code, headers)


def handle_errors(app: FastAPI) -> None:
    """Have all errors of an application told as OpenAI tells them; none shows a traceback to a client."""

    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> JSONResponse:
        return response_of(error)

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        where, why = explain(error.errors())
        return _response(400, f"{where or 'body'}: {why}", where, None)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        shown, status = request.url.path[:80], error.status_code
        words = {
            400: "body: cannot be read as JSON",
            404: f"no such URL here: {shown!r}",
            405: f"{request.method} is not allowed for {shown!r}",
        }
        return _response(status, words.get(status, str(error.detail)), None, None, error.headers)

    @app.exception_handler(SpatialError)
    async def of_model(request: Request, error: SpatialError) -> JSONResponse:
        return response_of(ApiError(400 if isinstance(error, UserError) else 500, str(error)))

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        return response_of(ApiError(500, "the server failed; its own log says why"))


def explain(errors: Sequence[Any]) -> tuple[str | None, str]:
    """Say of errors of validation where the one lies that got furthest, and what it is; never what was sent."""
    deepest = max(errors, key=lambda one: len(one["loc"]))
    if deepest["type"] == "json_invalid":
        return None, f"is no JSON ({deepest.get('ctx', {}).get('error', 'damaged')})"
    # Of a field that may be one of several types the type is named too: "str", "list[...]", "image_url" twice.
    parts: list[str] = []
    for part in map(str, deepest["loc"][1:]):
        if (part.isidentifier() or part.isdigit()) and part not in ("str", *parts[-1:]):
            parts.append(part)
    why = str(deepest["msg"]).removeprefix("Value error, ")
    return ".".join(parts)[:200] or None, why


def _response(
    status: int, message: str, param: str | None, code: str | None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    text = message.encode("utf-8", "replace").decode()
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[:LONGEST_MESSAGE]}..."
    told = ErrorDetail(message=text, type=TYPES.get(status, "invalid_request_error"), param=param, code=code)
    return JSONResponse(ErrorBody(error=told).model_dump(), status, dict(headers or {}))
