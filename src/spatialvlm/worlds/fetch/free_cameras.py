"""Where the pictures are taken from: cameras around the table, and what MuJoCo's numbers mean in our conventions."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64

LOOKED_AT_M = (1.31, 0.75, 0.50)
CAMERAS = {"near": (0.85, 140.0, -25.0), "external": (1.05, 215.0, -40.0)}
"""Distance (m), azimuth and elevation (degrees) of the line of sight, before each seed moves them a little."""
JITTER = (0.04, 6.0, 3.0)


def free_camera(mujoco: Any, name: str, seed: int) -> Any:
    """Return MuJoCo's free camera of a name, as an episode of this seed has it."""
    generator = np.random.default_rng([seed, *name.encode()])
    camera = mujoco.MjvCamera()
    camera.type = mujoco.mjtCamera.mjCAMERA_FREE
    camera.lookat[:] = LOOKED_AT_M
    moved = np.array(CAMERAS[name]) + generator.uniform(-1, 1, 3) * JITTER
    camera.distance, camera.azimuth, camera.elevation = moved.tolist()
    return camera


def intrinsics(model: Any, width: int, height: int) -> Float64[np.ndarray, "3 3"]:
    """Return the intrinsic matrix of free cameras: square pixels, the vertical field of view of the model."""
    focal = height / 2 / math.tan(math.radians(float(model.vis.global_.fovy)) / 2)
    return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])


def sim_from_camera(scene: Any) -> Float64[np.ndarray, "4 4"]:
    """Return the pose (x right, y down, z forward) in the simulator's world of the camera that a scene is drawn from.

    MuJoCo holds two cameras, of two eyes; between them is the one that draws.
    """
    eyes = scene.camera
    forward = np.mean([np.asarray(eye.forward, np.float64) for eye in eyes], axis=0)
    up = np.mean([np.asarray(eye.up, np.float64) for eye in eyes], axis=0)
    forward, up = forward / np.linalg.norm(forward), up / np.linalg.norm(up)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([np.cross(forward, up), -up, forward], axis=1)
    pose[:3, 3] = np.mean([np.asarray(eye.pos, np.float64) for eye in eyes], axis=0)
    return pose
