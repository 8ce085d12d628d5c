"""Scenes written down as exact solids, and the rays that measure them: the ground truth of this project's tests.

A SceneDescription enters; exact z-depth and the index of the body seen leave, at every pixel centre. World and camera
conventions are those of `spatialvlm.geometry.transforms`.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from spatialvlm.geometry import intrinsics, world_from_camera
from spatialvlm.worlds.solids.primitives import FLOOR, Cuboid, HalfSpace, Solid, Vector, corners, hit

Rgb = tuple[int, int, int]

NEAREST_FOR_BOUNDS_M = 1e-3  # a solid that comes nearer to the camera plane than this is tested against every ray


@dataclass(frozen=True, slots=True)
class Body:
    """One object: its solids (a table has five), what it is called, most telling caption first, and its colour."""

    parts: tuple[Solid, ...]
    captions: tuple[str, ...] = ("thing",)
    colour_rgb: Rgb = (200, 80, 70)


@dataclass(frozen=True, slots=True)
class SceneDescription:
    """A scene and the camera in it. The camera stands above the world's origin and looks along +y.

    `pitch_rad` tilts the view down, `roll_rad` then turns the camera clockwise about its optical axis. Beyond `far_m`
    of z-depth nothing is known. An empty scene, no floor, or a camera that looks straight down are all fine.

    Only the picture depends on the colours and on `towards_light_in_world`, which has length 1.
    """

    bodies: tuple[Body, ...] = ()
    floor: bool = True
    walls: tuple[HalfSpace, ...] = ()
    camera_height_m: float = 1.2
    pitch_rad: float = math.radians(30)
    roll_rad: float = 0.0
    horizontal_fov_rad: float = math.radians(60)
    width: int = 640
    height: int = 480
    far_m: float = 20.0
    floor_rgb: Rgb = (206, 200, 190)
    wall_rgb: Rgb = (222, 222, 216)
    towards_light_in_world: Vector = (-0.4082, -0.4082, 0.8165)

    @property
    def planes(self) -> tuple[HalfSpace, ...]:
        """The floor, where there is one, then the walls."""
        return (FLOOR, *self.walls) if self.floor else self.walls

    @property
    def image_from_camera(self) -> Float64[np.ndarray, "3 3"]:
        """Square pixels, principal point in the middle."""
        focal_px = self.width / 2 / math.tan(self.horizontal_fov_rad / 2)
        return intrinsics(focal_px, focal_px, self.width / 2, self.height / 2)

    @property
    def gravity_in_camera(self) -> Float64[np.ndarray, " 3"]:
        """The unit vector that points down."""
        level = math.cos(self.pitch_rad)
        return np.array([math.sin(self.roll_rad) * level, math.cos(self.roll_rad) * level, math.sin(self.pitch_rad)])

    @property
    def world_from_camera(self) -> Float64[np.ndarray, "4 4"]:
        """Where the camera is."""
        return world_from_camera(-self.gravity_in_camera, self.camera_height_m)


@dataclass(frozen=True, slots=True, eq=False)
class RayCast:
    """What every pixel centre sees. `depth_m` is NaN and both indices are -1 where there is nothing within `far_m`.

    `index` is the body's place in the description, -1 for floor and walls; `surface` is a place in
    `surfaces(description)`.
    """

    depth_m: Float64[np.ndarray, "h w"]
    index: Int64[np.ndarray, "h w"]
    surface: Int64[np.ndarray, "h w"]


def table(
    centre_on_floor: tuple[float, float], size_m: Vector, yaw_rad: float = 0.0, thickness_m: float = 0.03
) -> tuple[Solid, ...]:
    """Make a top and four square legs that end where the top begins; `size_m` is over all."""
    x, y = centre_on_floor
    width, length, height = size_m
    leg, legs_height = min(0.09 * min(width, length), 2 * thickness_m), height - thickness_m
    top = Cuboid((x, y, height - thickness_m / 2), (width, length, thickness_m), yaw_rad)
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    legs = []
    for side, end in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        along, across = side * (width - 1.6 * leg) / 2, end * (length - 1.6 * leg) / 2
        foot = (x + cos * along - sin * across, y + sin * along + cos * across, legs_height / 2)
        legs.append(Cuboid(foot, (leg, leg, legs_height), yaw_rad))
    return (top, *legs)


def surfaces(description: SceneDescription) -> tuple[Solid | HalfSpace, ...]:
    """List everything a ray can hit: the solids of all bodies in order, then the floor and the walls."""
    return (*(part for body in description.bodies for part in body.parts), *description.planes)


def _owners(description: SceneDescription) -> Int64[np.ndarray, " n"]:
    """Find for each of `surfaces` the index of its body, -1 for floor and walls; one more -1 at the end for nothing."""
    parts = [index for index, body in enumerate(description.bodies) for _ in body.parts]
    return np.array(parts + [-1] * (len(description.planes) + 1), dtype=np.int64)


def ray_cast(description: SceneDescription) -> RayCast:
    """Find what every pixel centre sees, exactly."""
    pose, (height, width) = description.world_from_camera, (description.height, description.width)
    matrix = description.image_from_camera
    across = (np.arange(width) + 0.5 - matrix[0, 2]) / matrix[0, 0]
    down = (np.arange(height) + 0.5 - matrix[1, 2]) / matrix[1, 1]
    directions = np.empty((height, width, 3))
    for axis, (x, y, z) in enumerate(pose[:3, :3]):
        directions[..., axis] = across * x + (down * y + z)[:, None]
    depth_m = np.full((height, width), np.inf)
    surface = np.full((height, width), -1)
    for place, shape in enumerate(surfaces(description)):
        left, top, right, bottom = _bounds(shape, pose)
        columns = slice(*np.searchsorted(across, (left, right)))
        rows = slice(*np.searchsorted(down, (top, bottom)))
        distance = hit(shape, pose[:3, 3], directions[rows, columns])
        closer = distance < depth_m[rows, columns]
        depth_m[rows, columns][closer] = distance[closer]
        surface[rows, columns][closer] = place
    known = depth_m <= description.far_m
    surface = np.where(known, surface, -1)
    return RayCast(np.where(known, depth_m, np.nan), _owners(description)[surface], surface)


def _bounds(surface: Solid | HalfSpace, pose: Float64[np.ndarray, "4 4"]) -> tuple[float, float, float, float]:
    """Bound at z = 1 in the camera every ray that can hit the surface: left, top, right, bottom."""
    everything = (-math.inf, -math.inf, math.inf, math.inf)
    if isinstance(surface, HalfSpace):
        return everything
    in_camera = (corners(surface) - pose[:3, 3]) @ pose[:3, :3]
    if in_camera[:, 2].min() < NEAREST_FOR_BOUNDS_M:
        return everything if in_camera[:, 2].max() > 0 else (math.inf, math.inf, -math.inf, -math.inf)
    at_one = in_camera[:, :2] / in_camera[:, 2:]
    slack = 1e-9  # rounding of the corners must not cost a grazing ray
    left, top = (at_one.min(axis=0) - slack).tolist()
    right, bottom = (at_one.max(axis=0) + slack).tolist()
    return left, top, right, bottom
