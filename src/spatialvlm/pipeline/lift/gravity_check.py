"""Given gravity, held against the picture: a frame enters, a sentence leaves where its level surfaces say otherwise.

An accelerometer at rest reads upwards, and axes are swapped from one convention to another; then every above is a
below. True gravity must never be refused. So the picture has to be clear by itself, and has to say that what is given
explains much less of it, or that it is upside down.
"""

import math

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import Drift, angle_between, find_up, shares_at, surface_normals
from spatialvlm.pipeline.lift.up import Up
from spatialvlm.records import DepthErrors, Frame

COARSE_COLUMNS = 80  # enough to see that given gravity is right
LEVEL, SHARE = 0.08, 0.5  # of the normals that face up, and that are level or upright: then it is
CONTRADICTED_SHARE = 0.6  # of what the picture's own up explains, at most
CONTRADICTED_RAD, CONTRADICTED_SIGMAS = math.radians(15.0), 5.0  # apart, at least
INVERTED_RAD = math.radians(25.0)
INVERTED_LEVEL = 4.0  # times as much faces up as down
LIKELY_RAD = math.radians(12.0)  # a cause explains so much of a difference

CAUSES = (
    ("it is what an accelerometer at rest reads, which points up: negate it", (0, 1, 2), (-1.0, -1.0, -1.0)),
    ("its axes are those of OpenGL (y up, z backwards): negate y and z", (0, 1, 2), (1.0, -1.0, -1.0)),
    ("its y and z are swapped: swap them", (0, 2, 1), (1.0, 1.0, 1.0)),
    ("its axes are those of a level world (z up): give (x, -z, y)", (0, 2, 1), (1.0, -1.0, 1.0)),
    ("its y and z are swapped and it points up: give (-x, -z, -y)", (0, 2, 1), (-1.0, -1.0, -1.0)),
    ("its x and y are swapped, as in a picture that was turned: swap them", (1, 0, 2), (1.0, 1.0, 1.0)),
    ("the picture was turned by a quarter after it was measured: give (y, -x, z)", (1, 0, 2), (1.0, -1.0, 1.0)),
    ("the picture was turned by a quarter after it was measured: give (-y, x, z)", (1, 0, 2), (-1.0, 1.0, 1.0)),
)
"""Likely causes with their remedy, most frequent first: which axis to take for x, y and z, and with what sign."""
UNEXPLAINED = (
    "it may be of another frame, or of a camera that was moving: leave it out, and up is taken from the picture"
)


def contradiction(frame: Frame, given: Up, noise: float, errors: DepthErrors) -> str | None:
    """Say why given gravity cannot be, with the likely cause and the remedy; None where it may well be right."""
    assert frame.depth is not None
    assert frame.camera is not None
    if errors.shift > 0:
        return None
    drift, matrix = Drift(errors.local, errors.reach), frame.camera.image_from_camera
    coarse = surface_normals(frame.depth, matrix, noise, drift, COARSE_COLUMNS)
    if len(coarse.in_camera) == 0:
        return None
    level, hanging, upright = shares_at(coarse, given.in_camera)
    if level > LEVEL and level > hanging and level + hanging + upright > SHARE:
        return None
    found = find_up(surface_normals(frame.depth, matrix, noise, drift))
    if isinstance(found, str):
        return None
    apart = angle_between(found.in_camera, given.in_camera)
    if apart < max(CONTRADICTED_RAD, CONTRADICTED_SIGMAS * math.hypot(found.error_rad, given.error_rad)):
        return None
    inverted = math.pi - apart < INVERTED_RAD and found.level > max(LEVEL, INVERTED_LEVEL * found.hanging)
    if not inverted and level + hanging + upright > CONTRADICTED_SHARE * found.share:
        return None
    return (
        f"gravity_contradicts_picture: {found.share:.0%} of the surfaces in sight are level or upright if down is "
        f"{_shown(-found.in_camera)}, {math.degrees(apart):.0f} degrees from the given gravity_in_camera "
        f"{_shown(-given.in_camera)}; likely {_cause(-given.in_camera, -found.in_camera)} (expected: down in the "
        "camera's axes, x right, y down, z forward)"
    )


def _cause(given: Float64[np.ndarray, " 3"], found: Float64[np.ndarray, " 3"]) -> str:
    """Find what turns the one into the other, the first of those that fit about as well."""
    off = [angle_between(given[list(axes)] * signs, found) for _, axes, signs in CAUSES]
    if min(off) > LIKELY_RAD:
        return UNEXPLAINED
    return next(CAUSES[place][0] for place, angle in enumerate(off) if angle < min(off) + math.radians(3.0))


def _shown(vector: Float64[np.ndarray, " 3"]) -> str:
    return f"({', '.join(f'{value:.2f}' for value in vector)})"
