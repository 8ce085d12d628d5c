"""camera: where the camera is and where it looks."""

from typing import Any

import numpy as np

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)


class CameraArguments(ToolArguments):
    """Takes nothing."""


def run(desk: Desk, given: CameraArguments) -> dict[str, Any]:
    """Tell how high the camera is above the support plane, how far it looks down, and how wide it sees."""
    scene = desk.known
    width, focal = scene.camera.width, scene.camera.image_from_camera[0, 0]
    return {
        "height": told(desk.ask("camera_height")),
        "pitch": told(desk.ask("camera_pitch")),
        "horizontal_field_of_view_deg": round(float(np.degrees(2 * np.arctan(width / 2 / focal))), 2),
        "support_plane": scene.support.surface or "unknown",
        "scale": scene.scale_provenance,
    }
