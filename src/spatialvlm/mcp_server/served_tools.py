"""The tools as the protocol lists and calls them: those of `reason`, each with the picture that it is about.

    open_picture {"path"} -> {"picture", ...}       then any tool with {"picture", ...its own arguments}

Everything is taken from the files of `reason.tools`: a new one is served without a change here. Arguments are checked
by their models, which refuse what they do not know; what is told is structured, and the same as a text of JSON.
"""

import json
import logging
import math
import secrets
from functools import partial
from typing import Annotated, Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations
from pydantic import Field, ValidationError
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from spatialvlm import __version__
from spatialvlm.errors import SpatialError, UserError
from spatialvlm.http_server import is_local
from spatialvlm.mcp_server import McpConfig
from spatialvlm.mcp_server.open_pictures import OpenPictures
from spatialvlm.models import Runtime
from spatialvlm.reason import ToolArguments, all_tools

OPEN = "open_picture"
FAULTS = (ArithmeticError, AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)
_LOG = logging.getLogger(__name__)
PICTURE = {"type": "string", "description": "The id of an open picture, as open_picture told it."}
TOLD = {
    "type": "object",
    "properties": {
        "handle": {"type": "string", "description": "What to call this result in expressions of `calculate`."},
        "value": {"description": "The number, in `unit`."},
        "unit": {"type": "string"},
        "sigma": {"type": "number", "description": "The error of the number: 1 sigma."},
        "text": {"type": "string", "description": "The result in words."},
        "cannot_tell": {"type": "string", "description": "Why nothing can be told."},
    },
}
OPENED = {
    "type": "object",
    "properties": {
        "picture": PICTURE,
        "sees": {"enum": ["scene", "vlm"], "description": "Whether there is a scene to measure, or a model to ask."},
        "tools": {"type": "array", "items": {"type": "string"}, "description": "The tools that this picture offers."},
        "objects": {"type": "integer", "description": "How many objects the scene has."},
        "remark": {"type": "string"},
    },
    "required": ["picture", "sees", "tools"],
}
INSTRUCTIONS = (
    "Measures pictures in metres, with error bars. First open_picture, then describe_objects for the names of things; "
    "measure, calculate with the handles of results, and give the answer. What can't be told is said to be so."
)


class OpenArguments(ToolArguments):
    """Takes a path."""

    path: Annotated[
        str,
        Field(description="A photo, an RGB-D folder of one frame, or a scene of a dataset as DATASET#FRAME."),
    ]


def listed(asks: bool) -> list[Tool]:
    """List all tools; those that need a model to ask only where there is one."""
    schema = OpenArguments.model_json_schema()
    properties = {
        name: {"type": "string", "description": one["description"]} for name, one in schema["properties"].items()
    }
    opening = {"type": "object", "properties": properties, "required": ["path"], "additionalProperties": False}
    about = "Open a picture by its path: an id to use in all other tools, and which of them it offers."
    found = [Tool(name=OPEN, description=about, input_schema=opening, output_schema=OPENED, annotations=_READS)]
    for name, tool in all_tools().items():
        if "vlm" in tool.needs and not asks:
            continue
        takes = tool.parameters()
        takes["properties"] = {"picture": PICTURE} | takes.get("properties", {})
        takes["required"] = ["picture", *takes.get("required", ())]
        description = tool.description
        found.append(
            Tool(name=name, description=description, input_schema=takes, output_schema=TOLD, annotations=_READS)
        )
    return found


_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


def called(pictures: OpenPictures, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool. Raises UserError for what cannot be called so."""
    known = [tool.name for tool in listed(pictures.asks)]
    if name not in known:
        raise UserError(f"tool {name!r}: there is none; expected one of {', '.join(known)}")
    if name != OPEN:
        if "picture" not in arguments:
            raise UserError(f"{name}: picture: Field required; call open_picture first, and give the id that it tells")
        return pictures.call(arguments["picture"], name, {k: v for k, v in arguments.items() if k != "picture"})
    try:
        path = OpenArguments.model_validate(arguments).path
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:4])
        raise UserError(f"{OPEN}: {told}; expected {{'path': 'desk.jpg'}}") from None
    return pictures.open(path)


def server_of(config: McpConfig, runtime: Runtime | None = None) -> Server[Any]:
    """Make the server. Raises UserError for roots, models and recipes that make no sense."""
    pictures = OpenPictures(config, runtime)

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=listed(pictures.asks))

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        work = partial(called, pictures, params.name, dict(params.arguments or {}))
        try:
            told = without_nan(await anyio.to_thread.run_sync(work))
        except SpatialError as error:
            return CallToolResult(content=[TextContent(text=str(error))], is_error=True)
        except FAULTS:  # the text of such an error is not for the client: it may name what lies on this machine
            _LOG.exception("tool %r failed", params.name)
            told = f"{params.name}: failed by a fault of the server, whose log says why; try another tool"
            return CallToolResult(content=[TextContent(text=told)], is_error=True)
        text = json.dumps(told, ensure_ascii=False, allow_nan=False)
        return CallToolResult(content=[TextContent(text=text)], structured_content=told)

    return Server(
        "spatialvlm",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def http_application(
    config: McpConfig, runtime: Runtime | None = None, *, host: str = "127.0.0.1", key: str | None = None
) -> ASGIApp:
    """Make the application that serves over streamable HTTP, at /mcp.

    On this machine alone only its own names are taken for the host, so that no page of a browser gets in; who is
    reached by others is guarded by the key.
    """
    security = None if is_local(host) else TransportSecuritySettings(enable_dns_rebinding_protection=False)
    own = "127.0.0.1" if is_local(host) else host
    server = server_of(config, runtime)
    app = server.streamable_http_app(host=own, transport_security=security, json_response=True)
    return app if key is None else _Keyed(app, key)


class _Keyed:
    """Lets only those in who send the key, as OpenAI's protocol does."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), self._key.encode()):
                told = {"error": "no API key, or a wrong one; expected the header Authorization: Bearer KEY"}
                await JSONResponse(told, 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def without_nan(value: Any) -> Any:
    """Return a JSON value where a number that is none is null."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
