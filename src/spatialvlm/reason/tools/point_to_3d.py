"""point_to_3d: where in space a point of the picture is."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from spatialvlm.errors import UserError
from spatialvlm.geometry import pixel_rays
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class PointTo3DArguments(ToolArguments):
    """Takes a point of the picture."""

    x: Annotated[float, Field(description="From the left, in thousandths of the width.", ge=0, le=1000)]
    y: Annotated[float, Field(description="From the top, in thousandths of the height.", ge=0, le=1000)]


def run(desk: Desk, given: PointTo3DArguments) -> dict[str, Any]:
    """Lift a point of the image to space: metres to the right, ahead and up, and how far it is from the camera."""
    frame, scene = desk.frame, desk.known
    if frame is None or frame.depth_m is None:
        raise UserError("point_to_3d: the depth map of the picture is not at hand")
    height, width = frame.depth_m.shape
    column, row = min(int(given.x * width / 1000), width - 1), min(int(given.y * height / 1000), height - 1)
    depth = float(frame.depth_m[row, column])
    if not (np.isfinite(depth) and depth > 0):
        raise UserError(f"point_to_3d: depth is unknown at ({given.x:g}, {given.y:g}); give a point beside it")
    ray = pixel_rays(scene.camera.image_from_camera, np.array([row]), np.array([column]))[0]
    seen = ray * depth * desk.stretched
    place = scene.world_from_camera[:3, :3] @ seen + scene.world_from_camera[:3, 3]
    away = float(np.linalg.norm(seen))
    named = {name: round(float(value), 4) for name, value in zip(("right", "ahead", "up"), place)}
    return {"metres": named, "from_camera": round(away, 4), "sigma": round(away * scene.errors.scale, 4)}
