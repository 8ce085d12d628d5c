"""free_space: where there is a free place beside a thing."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NAME, NEEDS = "free_space", ("scene",)


class FreePlaceArguments(ToolArguments):
    """Takes the name of a thing and a side."""

    object: Annotated[str, Field(description="What the thing is called.")]
    side: Annotated[Literal["left", "right", "front", "behind"], Field(description="On which side, for the viewer.")]


def run(desk: Desk, given: FreePlaceArguments) -> dict[str, Any]:
    """Find a free place beside a thing, on what it stands on: a polygon of points in the image."""
    return told(desk.ask(f"free_{given.side}", given.object))
