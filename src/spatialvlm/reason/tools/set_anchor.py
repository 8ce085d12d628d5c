"""set_anchor: a length that is known fixes the scale."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spatialvlm.errors import UserError
from spatialvlm.pipeline.lift import Anchor
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class SetAnchorArguments(ToolArguments):
    """Takes a length in metres and what has it."""

    of: Annotated[Literal["height", "width", "camera_height"], Field(description="Which length is known.")]
    object: Annotated[str, Field(description="What the thing is called; 'camera' for camera_height.")]
    metres: Annotated[float, Field(description="The known length in metres.")]


def run(desk: Desk, given: SetAnchorArguments) -> dict[str, Any]:
    """Fix the scale of the scene by a known length. All handles so far are forgotten: measure again."""
    names = () if given.of == "camera_height" else (desk.known[given.object].instance.captions[0],)
    before = desk.known
    factor = desk.anchor(Anchor(given.of, given.metres, names))
    if desk.known.scale_provenance == before.scale_provenance:
        raise UserError("set_anchor: changed nothing, since that length is not seen whole here; give another one")
    return {"lengths_changed_by": round(factor, 4), "scale": desk.known.scale_provenance}
