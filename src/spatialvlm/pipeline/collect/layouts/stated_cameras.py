"""stated_cameras: cameras and poses as files of others state them -> Camera, gravity."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

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

        Raises Refused for what is no camera, and where the two sizes have not the same shape: nobody knows how the
        picture was cropped.
        """
        height, width = shape
        numbers = (self.fx, self.fy, self.cx, self.cy)
        if not (min(numbers[:2]) > 0 and np.isfinite(numbers).all()):
            raise Refused(
                "camera_invalid",
                f"camera of {owner}: got fx {self.fx:g}, fy {self.fy:g}, cx {self.cx:g}, cy {self.cy:g}, expected "
                "pixels, focal lengths above 0",
            )
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


def camera_of_matrix(value: object, width: int | None = None, height: int | None = None) -> StatedCamera:
    """Take a camera from nine numbers by rows, or from three rows; one that `camera` refuses where they are none."""
    rows = value if isinstance(value, list) else []
    flat = [number for row in rows for number in (row if isinstance(row, list) else [row])]
    if len(flat) != 9 or not all(isinstance(number, int | float) for number in flat):
        flat = [math.nan] * 9
    fx, _, cx, _, fy, cy = map(float, flat[:6])
    return StatedCamera(fx, fy, cx, cy, width, height)


def pose_of(
    rotation: Float64[np.ndarray, "3 3"], place_m: Float64[np.ndarray, " 3"], *, inverse: bool = False
) -> Float64[np.ndarray, "4 4"] | None:
    """Make world_from_camera of a rotation and a place, or of its inverse; None where they are no rigid motion."""
    if not (np.isfinite(rotation).all() and np.isfinite(place_m).all()):
        return None
    if not (np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-2) and np.linalg.det(rotation) > 0):
        return None
    pose = np.eye(4)
    pose[:3, :3] = rotation.T if inverse else rotation
    pose[:3, 3] = -rotation.T @ place_m if inverse else place_m
    return pose


def pose_from_quaternion(
    place_m: Float64[np.ndarray, " 3"], quaternion_xyzw: Float64[np.ndarray, " 4"]
) -> Float64[np.ndarray, "4 4"] | None:
    """Make world_from_camera of a place and a rotation (x, y, z, w) of any length but 0; None where it is none."""
    length = float(np.linalg.norm(quaternion_xyzw))
    if not (np.isfinite(place_m).all() and 1e-6 < length < np.inf):
        return None
    return pose_of(Rotation.from_quat(quaternion_xyzw).as_matrix(), place_m)


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
