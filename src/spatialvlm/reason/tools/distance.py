"""distance: how far two things are from each other, or a thing from the camera."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spatialvlm.reason.desk import CAMERA, Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)
KINDS = {"centers": "distance", "gap": "gap", "horizontal": "horizontal_distance", "vertical": "vertical_distance"}


class DistanceArguments(ToolArguments):
    """Takes two names and which distance."""

    a: Annotated[str, Field(description="What one thing is called.")]
    b: Annotated[str, Field(description="What the other thing is called, or 'camera'.")]
    of: Annotated[
        Literal["centers", "gap", "horizontal", "vertical"],
        Field(description="Between their centers, the free space between them, or the part that is level or upright."),
    ]


def run(desk: Desk, given: DistanceArguments) -> dict[str, Any]:
    """Measure the distance between two things, or between a thing and the camera, in metres with its 1-sigma error."""
    if given.b.lower() in CAMERA:
        return told(desk.ask("camera_distance", given.a))
    return told(desk.ask(KINDS[given.of], given.a, given.b))
