"""size: how tall or wide a thing is, or how high it is above what things stand on."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class SizeArguments(ToolArguments):
    """Takes the name of a thing and which length of it."""

    object: Annotated[str, Field(description="What the thing is called.")]
    of: Annotated[
        Literal["height", "width", "elevation"],
        Field(description="Height, width as the viewer sees it, or how high its bottom is above the support plane."),
    ]


def run(desk: Desk, given: SizeArguments) -> dict[str, Any]:
    """Measure the height, the width or the elevation of a thing in metres, with its 1-sigma error."""
    return told(desk.ask(given.of, given.object))
