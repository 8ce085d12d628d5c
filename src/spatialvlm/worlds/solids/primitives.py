"""Boxes, upright cylinders, balls and half-spaces, and where rays meet them, in closed form and float64.

Each solid is convex, so a ray enters and leaves it once. World: z up.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A box. `size_m` is along its own axes, which are the world's turned by `yaw_rad` about z."""

    centre_in_world: Vector
    size_m: Vector
    yaw_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Cylinder:
    """An upright cylinder."""

    centre_in_world: Vector
    radius_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Sphere:
    """A ball."""

    centre_in_world: Vector
    radius_m: float


Solid = Cuboid | Cylinder | Sphere


@dataclass(frozen=True, slots=True)
class HalfSpace:
    """All points p with normal . p <= offset_m, seen from outside: a floor, a wall. The normal has length 1."""

    normal_in_world: Vector
    offset_m: float


FLOOR = HalfSpace((0.0, 0.0, 1.0), 0.0)


def entry_exit(
    solid: Solid, origin: Float64[np.ndarray, "*#n 3"], directions: Float64[np.ndarray, "*#n 3"]
) -> tuple[Float64[np.ndarray, "*n"], Float64[np.ndarray, "*n"]]:
    """Find where rays enter and leave a solid, in multiples of `directions`; entry > exit where they miss it."""
    start = origin - np.array(solid.centre_in_world)
    match solid:
        case Sphere(_, radius):
            return _quadratic(start, directions, radius)
        case Cylinder(_, radius, height):
            enter, leave = _quadratic(start[..., :2], directions[..., :2], radius)
            below, above = _slab(start[..., 2], directions[..., 2], height / 2)
            return np.maximum(enter, below), np.minimum(leave, above)
        case Cuboid(_, size, yaw):
            cos, sin = math.cos(yaw), math.sin(yaw)
            enter, leave = _slab(start[..., 2], directions[..., 2], size[2] / 2)
            for axis, (x, y) in enumerate(((cos, sin), (-sin, cos))):
                axis_in_world = np.array([x, y])
                local_start, local = dot(start[..., :2], axis_in_world), dot(directions[..., :2], axis_in_world)
                first, last = _slab(local_start, local, size[axis] / 2)
                enter, leave = np.maximum(enter, first), np.minimum(leave, last)
            return enter, leave


def hit(
    surface: Solid | HalfSpace, origin: Float64[np.ndarray, " 3"], directions: Float64[np.ndarray, "*n 3"]
) -> Float64[np.ndarray, "*n"]:
    """Find the least positive multiple of `directions` that lies on the surface, as seen; infinity where none does."""
    if isinstance(surface, HalfSpace):
        normal = np.array(surface.normal_in_world)
        approach = -dot(directions, normal)
        away = float(normal @ origin) - surface.offset_m
        seen = (approach > 0) & (away > 0)
        return np.where(seen, away / np.where(seen, approach, 1.0), np.inf)
    enter, leave = entry_exit(surface, origin, directions)
    nearest = np.where(enter > 0, enter, leave)  # from inside a solid its inner side is seen
    return np.where((enter <= leave) & (nearest > 0), nearest, np.inf)


def corners(solid: Solid) -> Float64[np.ndarray, "8 3"]:
    """Find the corners in the world of a box around the solid; of a cuboid its own."""
    match solid:
        case Sphere(centre, radius):
            half, yaw = np.full(3, radius), 0.0
        case Cylinder(centre, radius, height):
            half, yaw = np.array([radius, radius, height / 2]), 0.0
        case Cuboid(centre, size, yaw):
            half = np.array(size) / 2
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    cos, sin = math.cos(yaw), math.sin(yaw)
    return (signs * half) @ np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) + np.array(centre)


def levels(solid: Solid) -> tuple[float, float]:
    """Find the heights of a solid's lowest and highest points."""
    match solid:
        case Sphere(centre, radius):
            half = radius
        case Cylinder(centre, _, height):
            half = height / 2
        case Cuboid(centre, size, _):
            half = size[2] / 2
    return centre[2] - half, centre[2] + half


def dot(one: Float[np.ndarray, "*#n k"], other: Float[np.ndarray, "*#n k"]) -> Float[np.ndarray, "*n"]:
    """Take inner products along a last axis that is short, which `np.sum` is slow at."""
    total = one[..., 0] * other[..., 0]
    for axis in range(1, one.shape[-1]):
        total = total + one[..., axis] * other[..., axis]
    return np.asarray(total)


def _slab(
    start: Float64[np.ndarray, "*#n"], direction: Float64[np.ndarray, "*#n"], half: float
) -> tuple[Float64[np.ndarray, "*n"], Float64[np.ndarray, "*n"]]:
    """Find where rays are between -half and half along one axis."""
    safe = np.where(direction == 0, 1e-200, direction)
    one, other = (-half - start) / safe, (half - start) / safe
    return np.minimum(one, other), np.maximum(one, other)


def _quadratic(
    start: Float64[np.ndarray, "*#n k"], direction: Float64[np.ndarray, "*#n k"], radius: float
) -> tuple[Float64[np.ndarray, "*n"], Float64[np.ndarray, "*n"]]:
    """Find where rays are within `radius` of zero; entry > exit where they never are."""
    a = np.maximum(dot(direction, direction), 1e-200)
    towards = -dot(start, direction)
    # The nearest point's own distance, and not b^2 - ac, which cancels for small balls far away.
    nearest = start + (towards / a)[..., None] * direction
    inside = radius * radius - dot(nearest, nearest)
    half_chord = np.sqrt(np.maximum(inside, 0.0) / a)
    missed = inside < 0
    enter = np.where(missed, np.inf, towards / a - half_chord)
    return enter, np.where(missed, -np.inf, towards / a + half_chord)
