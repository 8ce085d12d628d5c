"""Tools of a line of reasoning: a file each, with what it takes and what it does; here they are listed and called.

    tools = offered(desk)                                   those whose needs the desk meets
    tools["distance"].schema()                              for function calling, strict
    call(desk, "distance", {"a": "mug", "b": "bowl", "of": "centers"})

A file is called as its tool, or has its `NAME`. It has `NEEDS`, some of "scene" and "vlm"; a pydantic model of its
arguments, all required; and `run`, which takes them, and whose docstring is what a language model reads of it. What a
tool tells is a JSON object without NaN.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints

from spatialvlm.errors import UserError
from spatialvlm.reason.desk import Desk

try:
    from pydantic import BaseModel, ValidationError
except ImportError:
    raise UserError("tools need pydantic; pip install 'spatialvlm[reason]'") from None


class ToolArguments(BaseModel, extra="forbid", strict=True):
    """What a tool takes; another argument is refused, and none is converted."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool by its name: what it needs, what it takes, and what it does."""

    name: str
    needs: frozenset[str]
    arguments: type[ToolArguments]
    run: Callable[[Desk, Any], dict[str, Any]]

    @property
    def description(self) -> str:
        """What a language model is told of it."""
        return " ".join((self.run.__doc__ or "").split())

    def parameters(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments: all required, no others allowed."""
        return _without_titles(self.arguments.model_json_schema())

    def schema(self) -> dict[str, Any]:
        """Return the function as OpenAI's protocol lists it, strict."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters(), "strict": True}
        return {"type": "function", "function": function}


@cache
def all_tools() -> dict[str, Tool]:
    """List all tools by their names: the files of this package."""
    found = {}
    for module in iter_modules(__path__):
        file = import_module(f"{__name__}.{module.name}")
        arguments = get_type_hints(file.run)["given"]
        name = getattr(file, "NAME", module.name)
        found[name] = Tool(name, frozenset(file.NEEDS), arguments, file.run)
    return found


def offered(desk: Desk) -> dict[str, Tool]:
    """List the tools whose needs a desk meets."""
    has = {name for name, thing in (("scene", desk.scene), ("vlm", desk.vlm)) if thing is not None}
    return {name: tool for name, tool in all_tools().items() if tool.needs <= has}


def call(desk: Desk, name: str, arguments: Mapping[str, Any] | str) -> dict[str, Any]:
    """Call a tool with arguments, a mapping or its JSON. Raises UserError for what cannot be called so."""
    tools = offered(desk)
    if name not in tools:
        raise UserError(f"tool {name!r}: there is none; expected one of {', '.join(tools)}")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            raise UserError(f"{name}: arguments are no JSON; expected {_example(tools[name])}") from None
    try:
        given = tools[name].arguments.model_validate(arguments)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:4])
        raise UserError(f"{name}: {told}; expected {_example(tools[name])}") from None
    return tools[name].run(desk, given)


def _example(tool: Tool) -> str:
    fields = tool.parameters().get("properties", {})
    told = {name: one.get("enum", [one.get("type", "value")])[0] for name, one in fields.items()}
    return json.dumps(told)


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: _without_titles(value) for name, value in schema.items() if name not in ("title", "default")}
    return [_without_titles(one) for one in schema] if isinstance(schema, list) else schema
