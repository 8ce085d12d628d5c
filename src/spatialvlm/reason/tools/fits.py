"""fits: whether something of a width passes between two things."""

from typing import Annotated, Any

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class FitsArguments(ToolArguments):
    """Takes a width, or what has it, and two names."""

    what: Annotated[str, Field(description="What is to fit: a length as '60 cm', or the name of a thing in view.")]
    a: Annotated[str, Field(description="What one thing is called.")]
    b: Annotated[str, Field(description="What the other thing is called.")]


def run(desk: Desk, given: FitsArguments) -> dict[str, Any]:
    """Tell whether something fits into the gap between two things: a length, or a thing by its width."""
    gap = desk.ask("gap", given.a, given.b)
    if gap.value is None:
        return told(gap)
    width = given.what
    if not width[:1].isdigit():
        thing = desk.ask("width", width)
        if thing.value is None:
            return told(thing)
        width = thing.handle
    return told(desk.book.computed(f"{width} < {gap.handle}")) | {"gap": told(gap)}
