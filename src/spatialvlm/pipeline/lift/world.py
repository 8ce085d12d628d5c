"""What things stand on, given what is known of up, and the world frame that follows.

The paper (appendix listing 3) takes the largest plane under a floor mask. A plane alone can be a wall, a ceiling or a
box, so where nothing else says which way is up it must face the camera's up, be large, and have objects standing on it;
otherwise up stays unknown and everything that needs it is withheld.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import WORLD_FROM_LEVEL_CAMERA, Plane, world_from_camera
from spatialvlm.pipeline.lift.surface import Surface
from spatialvlm.pipeline.lift.up import Provenance, Up, fused, slant_of
from spatialvlm.records import Camera, DepthErrors, SceneErrors, Support

MOST_TILT_RAD = math.radians(5.0)  # of a plane that alone says where up is
STANDING_SHARE = 0.3  # of the objects must stand on a plane that alone says where up is


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The world frame of one picture and what is known of it."""

    world_from_camera: Float64[np.ndarray, "4 4"]
    gravity: Provenance | None
    support: Support
    errors: SceneErrors

    @property
    def up(self) -> Up:
        """Up in the camera frame; only of a world where it is known."""
        assert self.gravity is not None
        return Up(self.world_from_camera[2, :3], self.errors.tilt_rad, self.gravity)


def contact_band_m(surface: Surface, focal_px: float) -> float:
    """Say how far the lowest visible points of a standing object may be above its support.

    Masks stop a few pixels and about a centimetre short of the contact line (whoever cuts at the table cuts above it),
    and noise lifts points.
    """
    return 0.012 + 3.0 * surface.depth_m / focal_px + 3.0 * surface.noise_m


def find_world(
    planes: list[Plane] | str,
    up: Up | None,
    surfaces: Sequence[Surface],
    camera: Camera,
    depth_errors: DepthErrors,
) -> World:
    """Find the world frame from the candidate planes (or the reason there are none) and up, if any is known."""
    focal_px = float(camera.image_from_camera[0, 0])
    refusal = planes if isinstance(planes, str) else "no_object_stands_on_plane"
    candidates = [] if isinstance(planes, str) else planes
    accepted = [plane for plane in candidates if things_stand_on(plane, surfaces, focal_px, depth_errors)]
    errors = SceneErrors(
        depth_errors.scale, 0.0, 0.0, local=depth_errors.local, local_reach_px=depth_errors.reach * camera.width
    )
    if up is None:
        if not accepted:
            return World(WORLD_FROM_LEVEL_CAMERA.copy(), None, Support(None, refusal), errors)
        if accepted[0].tilt_error_rad > MOST_TILT_RAD:
            return World(WORLD_FROM_LEVEL_CAMERA.copy(), None, Support(None, "up_uncertain"), errors)
        return _on_plane(accepted[0], accepted[0].up_in_camera, accepted[0].tilt_error_rad, "plane", errors)
    if not candidates:
        errors = replace(errors, tilt_rad=up.error_rad)
        return World(world_from_camera(up.in_camera, 0.0), up.provenance, Support(None, refusal), errors)
    plane = accepted[0] if accepted else candidates[0]
    # A wrong focal length turns a plane that is seen at a slant, but not what is known otherwise.
    plane_error = math.hypot(plane.tilt_error_rad, camera.focal_error * slant_of(plane.up_in_camera))
    direction, tilt_error = fused(up.in_camera, up.error_rad, plane.up_in_camera, plane_error)
    if up.provenance == "plane":  # the same depth says both: what turns the one turns the other
        tilt_error = min(up.error_rad, plane_error)
    return _on_plane(plane, direction, tilt_error, up.provenance, errors)


def things_stand_on(plane: Plane, surfaces: Sequence[Surface], focal_px: float, depth_errors: DepthErrors) -> bool:
    """Tell whether enough objects have their lowest points on the plane, rise above it, and few go through it."""
    drift_m = depth_errors.local * plane.camera_height_m  # what it lifts or lowers the things that stand there
    standing = sunk = 0
    for surface in surfaces:
        heights = np.sort(plane.height_of(surface.points_in_camera[:: 1 + len(surface.points_in_camera) // 1000]))
        tail = len(heights) // 100
        lowest, highest = heights[tail], heights[-1 - tail]
        band = contact_band_m(surface, focal_px) + 2.0 * drift_m
        standing += bool(abs(lowest) < 1.5 * band and highest > 2.0 * band)
        sunk += bool(lowest < -3.0 * band)
    return standing > 0 and standing >= STANDING_SHARE * len(surfaces) and 2 * sunk <= len(surfaces)


def _on_plane(
    plane: Plane, up: Float64[np.ndarray, " 3"], tilt_rad: float, gravity: Provenance, errors: SceneErrors
) -> World:
    errors = replace(errors, tilt_rad=tilt_rad, support_m=plane.height_error_m)
    matrix = world_from_camera(up, plane.camera_height_m / float(up @ plane.up_in_camera))
    return World(matrix, gravity, Support(plane.surface), errors)
