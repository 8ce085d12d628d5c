"""The light that leaves a point of an analytic scene: sun, sky and bounce on wood, tile and paint, with rounded edges.

It never touches the geometry: rounded edges are only a way to turn the light. Colours are linear light.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.worlds.solids import textures
from spatialvlm.worlds.solids.lighting import ray_shadow
from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, Plane, Solid, Sphere, dot, levels
from spatialvlm.worlds.solids.scene import SceneDescription, Thing

SUN_RGB = np.array([0.74, 0.69, 0.62], np.float32)
SKY_RGB = np.array([0.47, 0.50, 0.55], np.float32)
ROUNDING = 0.07  # of a solid's smallest size: how far from an edge the light begins to turn
FADE_M = (5.0, 14.0)  # where a floor without end becomes the backdrop

Colours = Float32[np.ndarray, "n 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Rays of one surface with what they hit."""

    rays: Float64[np.ndarray, "n 3"]
    depth_m: Float64[np.ndarray, " n"]
    points: Float64[np.ndarray, "n 3"]
    pixel_m: Float32[np.ndarray, " n"]
    towards_viewer: Colours
    in_image: Float32[np.ndarray, "n 2"]


@dataclass(frozen=True, slots=True, eq=False)
class Studio:
    """A scene made ready for shading: `painted` holds the share of sun and sky that is hidden on planes, by surface."""

    scene: SceneDescription
    shapes: tuple[Solid | Plane, ...]
    things: tuple[Thing | None, ...]
    solids: tuple[Solid, ...]
    suns: Float64[np.ndarray, "k 3"]
    painted: dict[int, tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]]


def shade_plane(studio: Studio, place: int, plane: Plane, samples: Samples) -> Colours:
    """Floor, wall or ceiling."""
    scene, normal = studio.scene, np.array(plane.normal_in_world)
    x, y, z = samples.points.astype(np.float32).T
    upright = abs(normal[2]) < 0.5
    if plane.normal_in_world[2] > 0.5:
        slant = np.maximum(samples.towards_viewer[:, 2], 0.05)
        pattern = {"wood": textures.planks, "tile": textures.tiles, "plain": textures.plaster}[scene.style.floor]
        turn = scene.style.seed % 7 * 0.11 - 0.33
        cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
        tone = pattern(cos * x + sin * y, cos * y - sin * x, samples.pixel_m / np.sqrt(slant))
        albedo = linear(scene.style.floor_rgb) * tone[:, None] ** 2
    else:
        tone = textures.plaster(x + y, z, samples.pixel_m) * (0.93 + 0.07 * np.clip(z / 1.6, 0, 1))
        albedo = linear(scene.style.wall_rgb) * tone[:, None]
        if upright and scene.floor:
            albedo = _with_skirting(albedo, z)
    normals = np.broadcast_to(normal.astype(np.float32), albedo.shape)
    hidden_sun, hidden_sky = (_look_up(buffer, samples) for buffer in studio.painted[place])
    corner = _corner(studio, plane, samples.points)
    sun, sky = 1 - hidden_sun, (1 - 0.92 * hidden_sky) * corner
    light = _light(studio, normals, sun, sky, sky)
    if upright:  # a room has more than one window: no wall is left in the dark
        light = 0.45 * light + 0.5 * sky[:, None]
    colour = albedo * light
    if plane.normal_in_world[2] > 0.5 and not scene.walls:
        fade = np.clip((samples.depth_m - FADE_M[0]) / (FADE_M[1] - FADE_M[0]), 0, 1).astype(np.float32)
        fade = (fade * fade * (3 - 2 * fade))[:, None]
        colour = colour * (1 - fade) + fade * backdrop(scene, samples.rays)
    return colour


def _with_skirting(albedo: Colours, z: Float32[np.ndarray, " n"]) -> Colours:
    """A low white board along the foot of a wall."""
    board = linear((240, 238, 233)) * np.where(z > 0.062, 0.86, 1.0)[:, None]
    return np.where((z < 0.07)[:, None], board, albedo).astype(np.float32)


def _corner(studio: Studio, plane: Plane, points: Float64[np.ndarray, "n 3"]) -> Float32[np.ndarray, " n"]:
    """The dimming where planes meet."""
    open_sky = np.ones(len(points), np.float32)
    for other in studio.scene.planes:
        if other is not plane:
            away = (dot(points, np.array(other.normal_in_world)) - other.offset_m).astype(np.float32)
            open_sky *= 1 - 0.3 * np.exp(-np.maximum(away, 0) / 0.22)
    return open_sky


def shade_solid(studio: Studio, place: int, solid: Solid, thing: Thing, samples: Samples) -> Colours:
    """One solid of a thing."""
    flat, normals = _normals(solid, samples.points)
    albedo = np.broadcast_to(linear(thing.colour_rgb), normals.shape)
    if thing.material == "wood":
        albedo = albedo * _grain(solid, samples)[:, None] ** 2
    others = [other for other in studio.solids if other is not solid]
    lit = dot(flat, np.array(studio.scene.style.towards_light_in_world, np.float32)) > -0.2
    sun, sky = np.ones(len(flat), np.float32), np.ones(len(flat), np.float32)
    if place in studio.painted:
        top = flat[:, 2] > 0.5
        hidden = [_look_up(buffer, samples) for buffer in studio.painted[place]]
        sun, sky = np.where(top, 1 - hidden[0], sun), np.where(top, 1 - 0.92 * hidden[1], sky)
        lit &= ~top
    sun[lit] = 1 - ray_shadow(samples.points[lit], studio.suns, others)
    base = min(levels(part)[0] for part in thing.parts)
    size = max(levels(part)[1] for part in thing.parts) - base
    contact = 1 - 0.55 * np.exp(-(samples.points[:, 2] - base) / (0.16 * size + 0.01)).astype(np.float32)
    sky *= np.where(flat[:, 2] > 0.5, 1.0, 0.45 + 0.55 * contact)
    colour = albedo * _light(studio, normals, sun, sky, contact)
    return colour + _gloss(studio, normals, samples, sun, 0.35 if thing.material == "wood" else 1.0)


def _light(
    studio: Studio,
    normals: Colours,
    sun: Float32[np.ndarray, " n"],
    sky: Float32[np.ndarray, " n"],
    bounce: Float32[np.ndarray, " n"],
) -> Colours:
    """What falls on a surface, by source, given how much of each it can see."""
    towards = np.array(studio.scene.style.towards_light_in_world, np.float32)
    towards /= np.linalg.norm(towards)
    up = 0.5 + 0.5 * normals[:, 2:]
    ground = 0.5 * linear(studio.scene.style.floor_rgb) * (SUN_RGB + SKY_RGB)
    falling = np.maximum(dot(normals, towards), 0)[:, None] * sun[:, None] * SUN_RGB
    return falling + (0.25 + 0.75 * up) * sky[:, None] * SKY_RGB + (1 - up) * bounce[:, None] * ground


def _gloss(
    studio: Studio, normals: Colours, samples: Samples, sun: Float32[np.ndarray, " n"], strength: float
) -> Colours:
    """A soft highlight, and the sheen that paint has at a grazing look."""
    towards = np.array(studio.scene.style.towards_light_in_world, np.float32)
    half = samples.towards_viewer + towards / np.linalg.norm(towards)
    half /= np.sqrt(dot(half, half))[:, None]
    aligned = np.maximum(dot(normals, half), 0)
    facing = np.clip(dot(normals, samples.towards_viewer), 0, 1)
    rim = 0.10 * (1 - facing) ** 4 * (0.6 + 0.4 * normals[:, 2])
    highlight = (0.16 * aligned**48 + 0.05 * aligned**8) * sun
    return (np.float32(strength) * (highlight + rim))[:, None] * np.ones(3, np.float32)


def _normals(solid: Solid, points: Float64[np.ndarray, "n 3"]) -> tuple[Colours, Colours]:
    """The true normals, and those that turn towards the next face near an edge as if it were rounded."""
    local = points - np.array(solid.centre_in_world)
    match solid:
        case Sphere(_, radius):
            normals = (local / radius).astype(np.float32)
            return normals, normals
        case Cylinder(_, radius, height):
            radial = np.hypot(local[:, 0], local[:, 1])
            outward = np.column_stack([local[:, :2] / np.maximum(radial, 1e-9)[:, None], np.sign(local[:, 2])])
            inset = np.stack([radius - radial, height / 2 - np.abs(local[:, 2])], axis=1)
            flat, soft = _rounded(inset, ROUNDING * min(2 * radius, height))
            return _unit(outward * flat[:, [0, 0, 1]]), _unit(outward * soft[:, [0, 0, 1]])
        case Cuboid(_, size, yaw):
            cos, sin = math.cos(yaw), math.sin(yaw)
            local = _turned(local, cos, -sin)
            flat, soft = _rounded(np.array(size) / 2 - np.abs(local), ROUNDING * min(size))
            sides = np.sign(local)
            return _unit(_turned(sides * flat, cos, sin)), _unit(_turned(sides * soft, cos, sin))


def _rounded(
    inset: Float64[np.ndarray, "n k"], reach_m: float
) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """From the depth below each face: one for the face that a point is on, and a share for those within reach."""
    flat = (inset == inset.min(axis=1, keepdims=True)).astype(np.float64)
    return flat, np.maximum(flat, np.clip(1 - inset / reach_m, 0, 1) ** 2)


def _grain(solid: Solid, samples: Samples) -> Float32[np.ndarray, " n"]:
    """Wood that runs along the longest edge of a box."""
    x, y, z = (samples.points - np.array(solid.centre_in_world)).astype(np.float32).T
    if not isinstance(solid, Cuboid):
        return textures.wood(x + y, z, samples.pixel_m)
    cos, sin = np.float32(math.cos(solid.yaw_rad)), np.float32(math.sin(solid.yaw_rad))
    axes = [cos * x + sin * y, cos * y - sin * x, z]
    along = axes.pop(int(np.argmax(solid.size_m)))
    return textures.wood(axes[0] + 0.7 * axes[1], along, samples.pixel_m)


def backdrop(scene: SceneDescription, rays: Float64[np.ndarray, "n 3"]) -> Colours:
    """A paper roll of the wall's colour, lighter at the horizon."""
    upward = dot(rays, scene.world_from_camera[2, :3]) / np.sqrt(dot(rays, rays))
    tone = 1.02 - 0.35 * np.clip(np.abs(upward), 0, 1)
    return (linear(scene.style.wall_rgb) * tone[:, None]).astype(np.float32)


def _look_up(buffer: Float32[np.ndarray, "h w"], samples: Samples) -> Float32[np.ndarray, " n"]:
    """An image between its pixel centres."""
    columns, rows = (textures.fold(samples.in_image[:, axis] - np.float32(0.5)) for axis in (0, 1))
    found = cv2.remap(buffer, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.ravel()[: len(samples.in_image)]


def _turned(vectors: Float64[np.ndarray, "n 3"], cos: float, sin: float) -> Float64[np.ndarray, "n 3"]:
    """Turned about z by the angle with this cosine and sine."""
    x, y, z = vectors.T
    return np.column_stack([cos * x - sin * y, sin * x + cos * y, z])


def _unit(vectors: Float64[np.ndarray, "n 3"]) -> Colours:
    return (vectors / np.sqrt(dot(vectors, vectors))[:, None]).astype(np.float32)


def linear(rgb: tuple[int, int, int]) -> Float32[np.ndarray, " 3"]:
    """Light from sRGB, roughly enough for paint."""
    return (np.array(rgb, np.float32) / 255) ** np.float32(2.2)
