"""stated_cameras: cameras and poses as files of others state them -> Camera, gravity."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.records import Camera

OPENCV_FROM_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""Turns the axes of a camera that looks along -z with y up (OpenGL, ARKit); its own inverse."""

SAME_SHAPE = 0.01  # relative difference of two aspect ratios that are one


@dataclass(frozen=True, slots=True)
class StatedCamera:
    """A pinhole camera in pixels of a picture of `width` x `height`; None where the file does not say of which size."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int | None = None
    height: int | None = None
    provenance: Literal["calibration", "exif", "model", "assumed"] = "calibration"

    def camera(self, shape: tuple[int, int], owner: str) -> Camera:
        """Make the camera of an image of `shape` (h, w), scaled from the size that it was calibrated at.

        Raises Refused where the two sizes have not the same shape: nobody knows how the picture was cropped.
        """
        height, width = shape
        if self.width is None or self.height is None or (self.width, self.height) == (width, height):
            return Camera(intrinsics(self.fx, self.fy, self.cx, self.cy), width, height, self.provenance)
        right, down = width / self.width, height / self.height
        if abs(right / down - 1.0) > SAME_SHAPE:
            raise Refused(
                "camera_size",
                f"camera of {owner}: calibrated at {self.width}x{self.height}, but the image has {width}x{height} "
                "pixels, another shape; give the camera of this picture",
            )
        matrix = intrinsics(self.fx * right, self.fy * down, self.cx * right, self.cy * down)
        return Camera(matrix, width, height, self.provenance)


def pose_from_quaternion(
    place_m: Float64[np.ndarray, " 3"], quaternion_xyzw: Float64[np.ndarray, " 4"]
) -> Float64[np.ndarray, "4 4"] | None:
    """Make world_from_camera of a place and a rotation (x, y, z, w) of any length but 0; None where it is none."""
    length = float(np.linalg.norm(quaternion_xyzw))
    if not (np.isfinite(place_m).all() and 1e-6 < length < np.inf):
        return None
    x, y, z, w = quaternion_xyzw / length
    pose = np.eye(4)
    pose[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    pose[:3, 3] = place_m
    return pose


def gravity_of(
    world_from_camera: Float64[np.ndarray, "4 4"], up_in_world: Float64[np.ndarray, " 3"]
) -> Float64[np.ndarray, " 3"] | None:
    """Find which way is down in the camera, a unit vector, from its pose; None for a pose that is none.

    The identity is none, and so is what it becomes in other axes: writers put it where nobody knows the pose.
    """
    rotation = world_from_camera[:3, :3]
    if np.abs(rotation - np.rint(rotation)).max() < 1e-9:
        return None
    if not (np.isfinite(rotation).all() and np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-2)):
        return None
    down = -(rotation.T @ up_in_world)
    return down / np.linalg.norm(down)
