"""Which way is up: a frame enters, with its depth and what it was told; who knows it best leaves, or why nobody does.

Given gravity comes first, then what the picture shows: the direction to which most surfaces are level or upright, with
a camera model's estimate as a further witness. Where both are silent, `world` looks for a plane that things stand on,
and takes the model's word after that.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import Drift, angle_between, find_up, surface_normals
from spatialvlm.records import DepthErrors, Frame

Provenance = Literal["given", "plane", "model"]

DISAGREE_SIGMAS = 4.0
DISAGREE = "up_witnesses_disagree"


@dataclass(frozen=True, slots=True, eq=False)
class Up:
    """A unit vector in the camera frame, its 1-sigma error, and who says so."""

    in_camera: Float64[np.ndarray, " 3"]
    error_rad: float
    provenance: Provenance


def given_up(frame: Frame, error_rad: float) -> Up | None:
    """Return up as the frame was given it; `error_rad` is 1 sigma of that."""
    return None if frame.gravity_in_camera is None else Up(-frame.gravity_in_camera, error_rad, "given")


def estimated_up(frame: Frame) -> Up | None:
    """Return up as a camera model estimates it."""
    estimate = frame.gravity_estimate
    return None if estimate is None else Up(-estimate.gravity_in_camera, estimate.error_rad, "model")


def seen_up(frame: Frame, noise: float, errors: DepthErrors) -> Up | str:
    """Find up in the picture, or say why it does not show it: a reason of `find_up`, or of `fused_with`.

    An estimate decides between directions that explain as much.
    """
    assert frame.depth is not None
    assert frame.camera is not None
    if errors.shift > 0:
        return "depth_has_no_shape"
    drift = Drift(errors.local, errors.reach)
    normals = surface_normals(frame.depth, frame.camera.image_from_camera, noise, drift)
    found, estimate = find_up(normals), estimated_up(frame)
    if found == "ups_tie" and estimate is not None:
        found = find_up(normals, (estimate.in_camera, estimate.error_rad))
    if isinstance(found, str):
        return found
    error_rad = math.hypot(found.error_rad, frame.camera.focal_error * slant_of(found.in_camera))
    return fused_with(estimate, Up(found.in_camera, error_rad, "plane"))


def slant_of(up_in_camera: Float64[np.ndarray, " 3"]) -> float:
    """Say how far a direction that surfaces show turns, in radians, for each unit of relative error of focal length."""
    along = float(up_in_camera[2])
    return abs(along) * math.sqrt(max(0.0, 1.0 - along**2))


def fused_with(estimate: Up | None, found: Up) -> Up | str:
    """Fuse what the picture shows with a model's estimate, by their variances; refuse where they disagree."""
    if estimate is None:
        return found
    apart = angle_between(found.in_camera, estimate.in_camera)
    if apart > DISAGREE_SIGMAS * math.hypot(found.error_rad, estimate.error_rad):
        return DISAGREE
    return Up(*fused(found.in_camera, found.error_rad, estimate.in_camera, estimate.error_rad), found.provenance)


def fused(
    a: Float64[np.ndarray, " 3"], a_error: float, b: Float64[np.ndarray, " 3"], b_error: float
) -> tuple[Float64[np.ndarray, " 3"], float]:
    """Fuse two directions, weighted by their inverse variances, and find the error of the result."""
    weight_a, weight_b = a_error**-2, b_error**-2
    mean = weight_a * a + weight_b * b
    return mean / np.linalg.norm(mean), (weight_a + weight_b) ** -0.5
