"""Scenes written down as exact solids, and the rays that measure them: the ground truth of this project's tests.

A SceneDescription enters; exact z-depth and the index of the object seen leave, at every pixel centre (`ray_cast`) or
along any ray (`cast_rays`). World and camera conventions are those of `spatialvlm.geometry.transforms`.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64

from spatialvlm.geometry import intrinsics, world_from_camera
from spatialvlm.worlds.solids.primitives import FLOOR, Cuboid, Plane, Solid, Vector, corners, hit, rotate

NEAREST_FOR_BOUNDS_M = 1e-3  # a solid that comes nearer to the camera plane than this is tested against every ray


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: its solids (a table has five), what it is called, most telling caption first, and how it looks."""

    parts: tuple[Solid, ...]
    captions: tuple[str, ...] = ("thing",)
    colour_rgb: tuple[int, int, int] = (200, 80, 70)
    material: Literal["paint", "wood"] = "paint"


@dataclass(frozen=True, slots=True)
class Style:
    """What only the picture depends on. `towards_light_in_world` need not be a unit vector."""

    floor: Literal["wood", "tile", "plain"] = "plain"
    floor_rgb: tuple[int, int, int] = (206, 200, 190)
    wall_rgb: tuple[int, int, int] = (222, 222, 216)
    towards_light_in_world: Vector = (-0.5, -0.45, 1.0)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SceneDescription:
    """A scene and the camera in it. The camera stands above the world's origin and looks along +y.

    `pitch_rad` tilts the view down, `roll_rad` then turns the camera clockwise about its optical axis. Beyond `far_m`
    of z-depth nothing is known. An empty scene, no floor, or a camera that looks straight down are all fine.
    """

    things: tuple[Thing, ...] = ()
    floor: bool = True
    walls: tuple[Plane, ...] = ()
    camera_height_m: float = 1.2
    pitch_rad: float = math.radians(30)
    roll_rad: float = 0.0
    horizontal_fov_rad: float = math.radians(60)
    width: int = 640
    height: int = 480
    far_m: float = 20.0
    style: Style = Style()

    @property
    def planes(self) -> tuple[Plane, ...]:
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

    `index` is the thing's place in the description, -1 for floor and walls. `surface` tells solids and planes apart: a
    place in `surfaces(description)`.
    """

    depth_m: Float64[np.ndarray, "h w"]
    index: Int64[np.ndarray, "h w"]
    surface: Int64[np.ndarray, "h w"]
    world_from_camera: Float64[np.ndarray, "4 4"]


def table(
    centre_on_floor: tuple[float, float], size_m: Vector, yaw_rad: float = 0.0, thickness_m: float = 0.03
) -> tuple[Solid, ...]:
    """A top and four square legs that end where the top begins; `size_m` is over all."""
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


def surfaces(description: SceneDescription) -> tuple[Solid | Plane, ...]:
    """Everything a ray can hit: the solids of all things in order, then the floor and the walls."""
    return (*(part for thing in description.things for part in thing.parts), *description.planes)


def owners(description: SceneDescription) -> Int64[np.ndarray, " n"]:
    """For each of `surfaces` the index of its thing, -1 for the floor and walls; one more -1 at the end for nothing."""
    parts = [index for index, thing in enumerate(description.things) for _ in thing.parts]
    return np.array(parts + [-1] * (len(description.planes) + 1), dtype=np.int64)


def cast_rays(
    description: SceneDescription, rays_in_camera: Float64[np.ndarray, "n 3"]
) -> tuple[Float64[np.ndarray, " n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Depth, thing and surface along rays with z = 1, so that the multiple of a ray is its z-depth."""
    pose = description.world_from_camera
    directions = rotate(pose[:3, :3], rays_in_camera)
    depth_m = np.full(len(rays_in_camera), np.inf)
    surface = np.full(len(rays_in_camera), -1)
    across, down = rays_in_camera[:, 0], rays_in_camera[:, 1]
    for place, shape in enumerate(surfaces(description)):
        left, top, right, bottom = _bounds(shape, pose)
        near = np.flatnonzero((across >= left) & (across <= right) & (down >= top) & (down <= bottom))
        distance = hit(shape, pose[:3, 3], directions[near])
        closer = distance < depth_m[near]
        depth_m[near[closer]], surface[near[closer]] = distance[closer], place
    return _finish(description, depth_m, surface)


def ray_cast(description: SceneDescription) -> RayCast:
    """What every pixel centre sees, exactly."""
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
    depth, index, flat = _finish(description, depth_m.ravel(), surface.ravel())
    shape = (height, width)
    return RayCast(depth.reshape(shape), index.reshape(shape), flat.reshape(shape), pose)


def _finish(
    description: SceneDescription, depth_m: Float64[np.ndarray, " n"], surface: Int64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Forget what is too far to be known, and look up whose the surfaces are."""
    known = depth_m <= description.far_m
    surface = np.where(known, surface, -1)
    return np.where(known, depth_m, np.nan), owners(description)[surface], surface


def _bounds(surface: Solid | Plane, pose: Float64[np.ndarray, "4 4"]) -> tuple[float, float, float, float]:
    """A rectangle at z = 1 in the camera that holds every ray which can hit the surface: left, top, right, bottom."""
    everything = (-math.inf, -math.inf, math.inf, math.inf)
    if isinstance(surface, Plane):
        return everything
    in_camera = (corners(surface) - pose[:3, 3]) @ pose[:3, :3]
    if in_camera[:, 2].min() < NEAREST_FOR_BOUNDS_M:
        return everything if in_camera[:, 2].max() > 0 else (math.inf, math.inf, -math.inf, -math.inf)
    at_one = in_camera[:, :2] / in_camera[:, 2:]
    slack = 1e-9  # rounding of the corners must not cost a grazing ray
    left, top = (at_one.min(axis=0) - slack).tolist()
    right, bottom = (at_one.max(axis=0) + slack).tolist()
    return left, top, right, bottom
