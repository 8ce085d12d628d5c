"""How much of the sun and the sky reaches each point of an analytic scene.

Level surfaces and walls, where shadows are looked at, are painted: for each of many directions of the light the outline
of every solid is projected onto the plane and filled in the image, so that the mean is a true soft shadow. Other
surfaces send a few rays.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int32

from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, Plane, Solid, Sphere, corners, entry_exit, levels
from spatialvlm.worlds.solids.scene import SceneDescription

NEAREST_M = 0.02  # what lies nearer to the camera plane than this is cut off before it is painted
SUBPIXEL_BITS = 4
OUTLINE_POINTS = 28


def sun_directions(
    towards: Sequence[float], count: int, radius_rad: float, turn_rad: float = 0.0
) -> Float64[np.ndarray, "n 3"]:
    """Unit vectors spread evenly over a round light of this angular radius."""
    axis = np.array(towards) / np.linalg.norm(towards)
    spread = np.tan(radius_rad) * _spiral(count, turn_rad) @ _across(axis)
    directions = axis + spread
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def sky_directions(normal: Sequence[float], count: int) -> Float64[np.ndarray, "n 3"]:
    """Unit vectors over the half space on the side of a surface, denser where they count more (cosine)."""
    axis = np.array(normal)
    flat = 0.97 * _spiral(count)  # grazing ones would throw endless shadows
    return flat @ _across(axis) + np.sqrt(1 - np.sum(flat**2, axis=1, keepdims=True)) * axis


def paint_shadow(
    description: SceneDescription,
    plane: Plane,
    directions: Float64[np.ndarray, "n 3"],
    solids: Sequence[Solid],
) -> Float32[np.ndarray, "h w"]:
    """The share of the directions in which solids cover the plane, at each pixel as if the plane lay open to view."""
    total = np.zeros((description.height, description.width), np.float32)
    normal = np.array(plane.normal_in_world)
    facing = directions[directions @ normal > 0.05]
    if not len(facing) or not solids:
        return total
    pose = description.world_from_camera
    shadows = []
    for solid in solids:
        outline = _outline(solid, facing)
        drop = (outline @ normal - plane.offset_m) / (facing @ normal)[:, None]
        shadow = (outline - drop[..., None] * facing[:, None] - pose[:3, 3]) @ pose[:3, :3]
        shadows.append(_polygons(description, shadow, pose[:3, :3].T @ normal))
    mask = np.empty(total.shape, np.uint8)
    for polygons in zip(*shadows, strict=True):
        mask[:] = 0
        for polygon in polygons:
            if polygon is not None:
                cv2.fillConvexPoly(mask, polygon, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.accumulate(mask, total)
    return total / np.float32(255 * len(facing))


def above(solids: Sequence[Solid], level_m: float) -> list[Solid]:
    """What of the solids is above a level: boxes and cylinders are cut, a ball counts if its centre is above."""
    kept: list[Solid] = []
    for solid in solids:
        bottom, top = levels(solid)
        if top <= level_m + 1e-9:
            continue
        bottom = max(bottom, level_m)
        centre = (*solid.centre_in_world[:2], (bottom + top) / 2)
        match solid:
            case Sphere(own_centre, _):
                kept += [solid] if own_centre[2] > level_m else []
            case Cylinder():
                kept.append(replace(solid, centre_in_world=centre, height_m=top - bottom))
            case Cuboid(_, size, _):
                kept.append(replace(solid, centre_in_world=centre, size_m=(*size[:2], top - bottom)))
    return kept


def ray_shadow(
    points: Float64[np.ndarray, "n 3"], directions: Float64[np.ndarray, "k 3"], solids: Sequence[Solid]
) -> Float32[np.ndarray, " n"]:
    """The share of the directions in which a solid stands in the way of each point."""
    if not len(points):
        return np.zeros(0, np.float32)
    covered = np.zeros((len(directions), len(points)), dtype=bool)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = float(np.linalg.norm(points.max(axis=0) - middle))
    for solid in solids:
        for place in np.flatnonzero(_may_cover(middle, reach, directions, solid)):
            enter, leave = entry_exit(solid, points, directions[place])
            covered[place] |= (enter < leave) & (leave > 0)
    return covered.mean(axis=0, dtype=np.float32)


def _may_cover(
    middle: Float64[np.ndarray, " 3"], reach: float, directions: Float64[np.ndarray, "k 3"], solid: Solid
) -> Bool[np.ndarray, " k"]:
    """False where the ball around a solid is clear of all rays from the ball around the points."""
    offset = np.array(solid.centre_in_world) - middle
    along = directions @ offset
    match solid:
        case Sphere(_, radius):
            size = radius
        case Cylinder(_, radius, height):
            size = math.hypot(radius, height / 2)
        case Cuboid(_, edges, _):
            size = math.hypot(*edges) / 2
    aside_squared = float(offset @ offset) - along * along
    return (along > -(reach + size)) & (aside_squared < (reach + size) ** 2)


def _outline(solid: Solid, directions: Float64[np.ndarray, "k 3"]) -> Float64[np.ndarray, "k m 3"]:
    """Points whose hull, seen along each direction, is the solid's outline."""
    angles = np.arange(OUTLINE_POINTS) * (2 * math.pi / OUTLINE_POINTS)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    match solid:
        case Sphere(centre, radius):
            return np.array(centre) + radius * (circle @ _across(directions))
        case Cylinder(centre, radius, height):
            rim = np.column_stack([radius * circle, np.full(OUTLINE_POINTS, height / 2)])
            points = np.concatenate([rim, rim * [1, 1, -1]]) + np.array(centre)
        case Cuboid():
            points = corners(solid)
    return np.broadcast_to(points, (len(directions), *points.shape))


def _polygons(
    description: SceneDescription, shadow_in_camera: Float64[np.ndarray, "k m 3"], normal: Float64[np.ndarray, " 3"]
) -> list[Int32[np.ndarray, "corners 1 2"] | None]:
    """The hull in the image of each shadow's points, as OpenCV fills it; None where the image has nothing of it."""
    polygons = []
    in_front = shadow_in_camera[..., 2].min(axis=1) >= NEAREST_M
    for points, is_whole in zip(shadow_in_camera, in_front.tolist(), strict=True):
        seen = points if is_whole else _cut(points, normal)
        if len(seen) < 3:
            polygons.append(None)
            continue
        in_image = seen @ description.image_from_camera.T
        pixels = in_image[:, :2] / in_image[:, 2:] - 0.5  # OpenCV counts from pixel centres
        fixed = np.clip(pixels * (1 << SUBPIXEL_BITS), -(2**27), 2**27).astype(np.int32)
        left, top, width, height = cv2.boundingRect(fixed)
        is_out = left + width < 0 or top + height < 0
        is_out |= left > description.width << SUBPIXEL_BITS or top > description.height << SUBPIXEL_BITS
        polygons.append(None if is_out else cv2.convexHull(fixed))
    return polygons


def _cut(points: Float64[np.ndarray, "n 3"], normal: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "m 3"]:
    """The hull of points on a plane, in order, without what lies nearer than NEAREST_M."""
    flat = (points @ _across(normal).T).astype(np.float32)
    hull = points[np.ravel(cv2.convexHull(flat, returnPoints=False)).astype(np.intp)]
    kept = []
    for one, other in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        if one[2] >= NEAREST_M:
            kept.append(one)
        if (one[2] >= NEAREST_M) != (other[2] >= NEAREST_M):
            kept.append(one + (other - one) * ((NEAREST_M - one[2]) / (other[2] - one[2])))
    return np.array(kept).reshape(-1, 3)


def _across(axes: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 2 3"]:
    """For each axis two unit vectors square to it and to each other."""
    helper = np.eye(3)[np.argmin(np.abs(axes), axis=-1)]
    first = np.cross(axes, helper)
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    return np.stack([first, np.cross(axes, first)], axis=-2)


def _spiral(count: int, turn_rad: float = 0.0) -> Float[np.ndarray, "n 2"]:
    """Points spread evenly over the unit disc (Vogel's sunflower)."""
    place = np.arange(count) + 0.5
    angle = place * (math.pi * (3 - math.sqrt(5))) + turn_rad
    return np.sqrt(place / count)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
