"""locate: where in the picture a thing is."""

from typing import Annotated, Any

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class LocateArguments(ToolArguments):
    """Takes the name of a thing."""

    phrase: Annotated[str, Field(description="What the thing is called, as describe_objects lists it.")]


def run(desk: Desk, given: LocateArguments) -> dict[str, Any]:
    """Find where in the image a thing is: its box as left, top, right, bottom in thousandths of the image."""
    return {"name": given.phrase} | told(desk.ask("locate_box", given.phrase))
