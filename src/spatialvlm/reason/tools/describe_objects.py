"""describe_objects: the things in the picture by their names."""

from typing import Any

from spatialvlm.pipeline.phrase import object_names
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class DescribeObjectsArguments(ToolArguments):
    """Takes nothing."""


def run(desk: Desk, given: DescribeObjectsArguments) -> dict[str, Any]:
    """List the objects that were found in the picture, with the names to call them by in other tools."""
    names = object_names(desk.known)
    listed = [
        {
            "name": names[thing.instance.id],
            "also": [caption for caption in thing.instance.captions if caption != names[thing.instance.id]][:3],
            "seen_whole": not (thing.truncated or thing.occluded),
        }
        for thing in desk.known.objects
        if thing.instance.id in names
    ]
    return {"objects": listed, "without_a_name": len(desk.known.objects) - len(listed)}
