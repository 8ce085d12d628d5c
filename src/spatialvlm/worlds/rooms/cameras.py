"""The camera of a room: a View enters, its intrinsics, its pose and its Mitsuba sensor leave."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import intrinsics
from spatialvlm.worlds.rooms.mitsuba_variant import load_mitsuba
from spatialvlm.worlds.rooms.room import View


def image_from_camera(view: View, size: tuple[int, int]) -> Float64[np.ndarray, "3 3"]:
    """Make intrinsics of a picture of that width and height: square pixels, the principal point in its middle."""
    width, height = size
    focal_px = width / 2 / math.tan(view.horizontal_fov_rad / 2)
    return intrinsics(focal_px, focal_px, width / 2, height / 2)


def room_from_camera(view: View) -> Float64[np.ndarray, "4 4"]:
    """Find the camera's pose: x right, y down, z forward."""
    heading, pitch, roll = view.heading_rad, view.pitch_rad, view.roll_rad
    level = np.array([-math.sin(heading), math.cos(heading), 0.0])
    forward = math.cos(pitch) * level - math.sin(pitch) * np.array([0.0, 0.0, 1.0])
    right = np.array([math.cos(heading), math.sin(heading), 0.0])
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = math.cos(roll) * right + math.sin(roll) * down
    pose[:3, 1] = math.cos(roll) * down - math.sin(roll) * right
    pose[:3, 2] = forward
    pose[:3, 3] = view.at
    return pose


def sensor_of(view: View, size: tuple[int, int], sampler: dict[str, Any]) -> Any:
    """Make the Mitsuba sensor. A pixel is what falls into its square, so nothing of one leaks into the next."""
    mitsuba, _ = load_mitsuba()
    pose = room_from_camera(view)
    pose[:3, :2] *= -1  # Mitsuba's x is left, its y up
    film = {
        "type": "hdrfilm",
        "width": size[0],
        "height": size[1],
        "rfilter": {"type": "box"},
        "pixel_format": "rgb",
        "component_format": "float32",
    }
    return mitsuba.load_dict(
        {
            "type": "perspective",
            "fov": math.degrees(view.horizontal_fov_rad),
            "fov_axis": "x",
            "near_clip": 0.01,
            "to_world": mitsuba.ScalarTransform4f(pose),
            "film": film,
            "sampler": sampler,
        }
    )
