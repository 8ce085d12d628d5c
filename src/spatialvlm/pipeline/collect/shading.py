"""The picture of an analytic scene: a soft sun, a sky, rounded edges and contact shadows on wood, tile and paint.

A description and its ray cast enter, an sRGB image leaves. It is deterministic, and it never touches the geometry: the
rounded edges are only a way to turn the light.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from spatialvlm.pipeline.collect import textures
from spatialvlm.pipeline.collect.analytic import (
    Cuboid,
    Cylinder,
    Plane,
    RayCast,
    SceneDescription,
    Solid,
    Sphere,
    Thing,
    cast_rays,
    dot,
    rotate,
    surfaces,
)
from spatialvlm.pipeline.collect.lighting import above, paint_shadow, ray_shadow, sky_directions, sun_directions

SUN_RGB = np.array([0.74, 0.69, 0.62], np.float32)
SKY_RGB = np.array([0.47, 0.50, 0.55], np.float32)
SUN_RADIUS_RAD = 0.09
PAINTED_SUNS, PAINTED_SKIES, RAY_SUNS, RAY_SKIES = 48, 64, 10, 12
SUPERSAMPLE = 3  # a side, at the pixels where something changes
CONTRAST = 16  # of 255, between neighbours: more is supersampled
ROUNDING = 0.07  # of a solid's smallest size: how far from an edge the light begins to turn
FADE_M = (5.0, 14.0)  # where a floor without end becomes the backdrop

Colours = Float32[np.ndarray, "n 3"]


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Rays of one surface with what they hit."""

    rays: Float64[np.ndarray, "n 3"]
    depth_m: Float64[np.ndarray, " n"]
    points: Float64[np.ndarray, "n 3"]
    pixel_m: Float32[np.ndarray, " n"]
    towards_viewer: Colours
    in_image: Float32[np.ndarray, "n 2"]


@dataclass(frozen=True, slots=True, eq=False)
class _Studio:
    """A scene made ready for shading: `painted` holds the share of sun and sky that is hidden on planes, by surface."""

    scene: SceneDescription
    shapes: tuple[Solid | Plane, ...]
    things: tuple[Thing | None, ...]
    solids: tuple[Solid, ...]
    suns: Float64[np.ndarray, "k 3"]
    painted: dict[int, tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]]


def render(description: SceneDescription, cast: RayCast) -> UInt8[np.ndarray, "h w 3"]:
    """The picture in sRGB. Pixels at edges are the mean of 3x3 rays, the others of one."""
    studio = _set_up(description, cast)
    height, width = cast.surface.shape
    rows, columns = np.divmod(np.arange(height * width), width)
    centres = np.stack([columns + 0.5, rows + 0.5], axis=1)
    linear = _shade(studio, centres, cast.depth_m.ravel(), cast.surface.ravel()).reshape(height, width, 3)
    edges = np.flatnonzero(_edges(_encode(linear), cast.surface))
    steps = (np.arange(SUPERSAMPLE) + 0.5) / SUPERSAMPLE - 0.5
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    finer = (centres[edges, None] + offsets).reshape(-1, 2)
    depth_m, _, surface = cast_rays(description, _rays(description, finer))
    fine = _shade(studio, finer, depth_m, surface).reshape(len(edges), SUPERSAMPLE**2, 3)
    linear.reshape(-1, 3)[edges] = np.minimum(fine, 1.0).mean(axis=1)
    return _encode(linear)


def _set_up(scene: SceneDescription, cast: RayCast) -> _Studio:
    shapes = surfaces(scene)
    things = [thing for thing in scene.things for _ in thing.parts]
    solids = tuple(part for thing in scene.things for part in thing.parts)
    towards = scene.style.towards_light_in_world
    suns = sun_directions(towards, PAINTED_SUNS, SUN_RADIUS_RAD)
    painted = {}
    for place in np.unique(cast.surface[cast.surface >= 0]).tolist():
        shape = shapes[place]
        if isinstance(shape, Plane):
            plane, over = shape, list(solids)
        elif isinstance(shape, Cuboid) and len(things[place].parts) > 1 and shape is things[place].parts[0]:
            level = shape.centre_in_world[2] + shape.size_m[2] / 2
            plane, over = Plane((0.0, 0.0, 1.0), level), above(solids, level)
        else:
            continue
        skies = sky_directions(plane.normal_in_world, PAINTED_SKIES)
        hidden_sky = paint_shadow(scene, plane, skies, over)
        # Few directions leave outlines: hardly any at contacts with a floor, more on a wall, far from what casts them.
        hidden_sky = cv2.GaussianBlur(hidden_sky, (0, 0), scene.width / (400 if plane.normal_in_world[2] > 0.5 else 40))
        painted[place] = (paint_shadow(scene, plane, suns, over), hidden_sky)
    rest = [None] * (len(shapes) - len(things))
    few = sun_directions(towards, RAY_SUNS, SUN_RADIUS_RAD)
    return _Studio(scene, shapes, (*things, *rest), solids, few, painted)


def _shade(
    studio: _Studio,
    in_image: Float64[np.ndarray, "n 2"],
    depth_m: Float64[np.ndarray, " n"],
    surface: Int64[np.ndarray, " n"],
) -> Colours:
    """Linear colour at positions in the image, given what is seen there."""
    rays = _rays(studio.scene, in_image)
    colour = np.empty((len(rays), 3), np.float32)
    order = np.argsort(surface, kind="stable")
    places, starts = np.unique(surface[order], return_index=True)
    for place, rows in zip(places.tolist(), np.split(order, starts)[1:], strict=True):
        if place < 0:
            colour[rows] = _backdrop(studio.scene, rays[rows])
            continue
        samples = _samples(studio.scene, rays[rows], depth_m[rows], in_image[rows])
        shape, thing = studio.shapes[place], studio.things[place]
        if isinstance(shape, Plane):
            colour[rows] = _shade_plane(studio, place, shape, samples)
        elif thing is not None:
            colour[rows] = _shade_solid(studio, place, shape, thing, samples)
    return colour


def _samples(
    scene: SceneDescription,
    rays: Float64[np.ndarray, "n 3"],
    depth_m: Float64[np.ndarray, " n"],
    in_image: Float64[np.ndarray, "n 2"],
) -> _Samples:
    pose = scene.world_from_camera
    to_surface = rotate(pose[:3, :3], rays * depth_m[:, None])
    distance = np.sqrt(dot(to_surface, to_surface))[:, None]
    pixel_m = (depth_m / scene.image_from_camera[0, 0]).astype(np.float32)
    viewer = (-to_surface / distance).astype(np.float32)
    return _Samples(rays, depth_m, to_surface + pose[:3, 3], pixel_m, viewer, in_image.astype(np.float32))


def _shade_plane(studio: _Studio, place: int, plane: Plane, samples: _Samples) -> Colours:
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
        albedo = _linear(scene.style.floor_rgb) * tone[:, None] ** 2
    else:
        tone = textures.plaster(x + y, z, samples.pixel_m) * (0.93 + 0.07 * np.clip(z / 1.6, 0, 1))
        albedo = _linear(scene.style.wall_rgb) * tone[:, None]
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
        colour = colour * (1 - fade) + fade * _backdrop(scene, samples.rays)
    return colour


def _with_skirting(albedo: Colours, z: Float32[np.ndarray, " n"]) -> Colours:
    """A low white board along the foot of a wall."""
    board = _linear((240, 238, 233)) * np.where(z > 0.062, 0.86, 1.0)[:, None]
    return np.where((z < 0.07)[:, None], board, albedo).astype(np.float32)


def _corner(studio: _Studio, plane: Plane, points: Float64[np.ndarray, "n 3"]) -> Float32[np.ndarray, " n"]:
    """The dimming where planes meet."""
    open_sky = np.ones(len(points), np.float32)
    for other in studio.scene.planes:
        if other is not plane:
            away = (dot(points, np.array(other.normal_in_world)) - other.offset_m).astype(np.float32)
            open_sky *= 1 - 0.3 * np.exp(-np.maximum(away, 0) / 0.22)
    return open_sky


def _shade_solid(studio: _Studio, place: int, solid: Solid, thing: Thing, samples: _Samples) -> Colours:
    """One solid of a thing."""
    flat, normals = _normals(solid, samples.points)
    albedo = np.broadcast_to(_linear(thing.colour_rgb), normals.shape)
    if thing.material == "wood":
        albedo = albedo * _grain(solid, samples)[:, None] ** 2
    others = [other for other in studio.solids if other is not solid]
    lit = flat @ np.array(studio.scene.style.towards_light_in_world, np.float32) > -0.2
    sun, sky = np.ones(len(flat), np.float32), np.ones(len(flat), np.float32)
    if place in studio.painted:
        top = flat[:, 2] > 0.5
        hidden = [_look_up(buffer, samples) for buffer in studio.painted[place]]
        sun, sky = np.where(top, 1 - hidden[0], sun), np.where(top, 1 - 0.92 * hidden[1], sky)
        lit &= ~top
    sun[lit] = 1 - ray_shadow(samples.points[lit], studio.suns, others)
    base = min(_bottom(part) for part in thing.parts)
    size = max(part_top - base for part_top in map(_top, thing.parts))
    contact = 1 - 0.55 * np.exp(-(samples.points[:, 2] - base) / (0.16 * size + 0.01)).astype(np.float32)
    sky *= np.where(flat[:, 2] > 0.5, 1.0, 0.45 + 0.55 * contact)
    colour = albedo * _light(studio, normals, sun, sky, contact)
    return colour + _gloss(studio, normals, samples, sun, 0.35 if thing.material == "wood" else 1.0)


def _light(
    studio: _Studio,
    normals: Colours,
    sun: Float32[np.ndarray, " n"],
    sky: Float32[np.ndarray, " n"],
    bounce: Float32[np.ndarray, " n"],
) -> Colours:
    """What falls on a surface, by source, given how much of each it can see."""
    towards = np.array(studio.scene.style.towards_light_in_world, np.float32)
    towards /= np.linalg.norm(towards)
    up = 0.5 + 0.5 * normals[:, 2:]
    ground = 0.5 * _linear(studio.scene.style.floor_rgb) * (SUN_RGB + SKY_RGB)
    falling = np.maximum(dot(normals, towards), 0)[:, None] * sun[:, None] * SUN_RGB
    return falling + (0.25 + 0.75 * up) * sky[:, None] * SKY_RGB + (1 - up) * bounce[:, None] * ground


def _gloss(
    studio: _Studio, normals: Colours, samples: _Samples, sun: Float32[np.ndarray, " n"], strength: float
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
            turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
            local = local @ turn
            flat, soft = _rounded(np.array(size) / 2 - np.abs(local), ROUNDING * min(size))
            return _unit((np.sign(local) * flat) @ turn.T), _unit((np.sign(local) * soft) @ turn.T)


def _rounded(
    inset: Float64[np.ndarray, "n k"], reach_m: float
) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """From the depth below each face: one for the face that a point is on, and a share for those within reach."""
    flat = (inset == inset.min(axis=1, keepdims=True)).astype(np.float64)
    return flat, np.maximum(flat, np.clip(1 - inset / reach_m, 0, 1) ** 2)


def _grain(solid: Solid, samples: _Samples) -> Float32[np.ndarray, " n"]:
    """Wood that runs along the longest edge of a box."""
    x, y, z = (samples.points - np.array(solid.centre_in_world)).astype(np.float32).T
    if not isinstance(solid, Cuboid):
        return textures.wood(x + y, z, samples.pixel_m)
    cos, sin = np.float32(math.cos(solid.yaw_rad)), np.float32(math.sin(solid.yaw_rad))
    axes = [cos * x + sin * y, cos * y - sin * x, z]
    along = axes.pop(int(np.argmax(solid.size_m)))
    return textures.wood(axes[0] + 0.7 * axes[1], along, samples.pixel_m)


def _backdrop(scene: SceneDescription, rays: Float64[np.ndarray, "n 3"]) -> Colours:
    """A paper roll of the wall's colour, lighter at the horizon."""
    upward = dot(rays, scene.world_from_camera[2, :3]) / np.sqrt(dot(rays, rays))
    tone = 1.02 - 0.35 * np.clip(np.abs(upward), 0, 1)
    return (_linear(scene.style.wall_rgb) * tone[:, None]).astype(np.float32)


def _look_up(buffer: Float32[np.ndarray, "h w"], samples: _Samples) -> Float32[np.ndarray, " n"]:
    """An image between its pixel centres."""
    columns, rows = (textures.fold(samples.in_image[:, axis] - np.float32(0.5)) for axis in (0, 1))
    found = cv2.remap(buffer, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.ravel()[: len(samples.in_image)]


def _edges(image: UInt8[np.ndarray, "h w 3"], surface: Int64[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Pixels that differ from a neighbour."""
    square = np.ones((3, 3), np.uint8)
    change = (cv2.dilate(image, square).astype(np.int16) - cv2.erode(image, square)).max(axis=2) > CONTRAST
    places = surface.astype(np.float32)
    return change | (cv2.dilate(places, square) != cv2.erode(places, square))


def _rays(scene: SceneDescription, in_image: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 3"]:
    matrix = scene.image_from_camera
    return np.column_stack([(in_image - matrix[:2, 2]) / matrix[[0, 1], [0, 1]], np.ones(len(in_image))])


def _top(solid: Solid) -> float:
    return 2 * solid.centre_in_world[2] - _bottom(solid)


def _bottom(solid: Solid) -> float:
    match solid:
        case Sphere(centre, radius):
            return centre[2] - radius
        case Cylinder(centre, _, height):
            return centre[2] - height / 2
        case Cuboid(centre, size, _):
            return centre[2] - size[2] / 2


def _unit(vectors: Float64[np.ndarray, "n 3"]) -> Colours:
    return (vectors / np.sqrt(dot(vectors, vectors))[:, None]).astype(np.float32)


def _linear(rgb: tuple[int, int, int]) -> Float32[np.ndarray, " 3"]:
    """Light from sRGB, roughly enough for paint."""
    return (np.array(rgb, np.float32) / 255) ** np.float32(2.2)


_SRGB = np.round(255 * np.linspace(0, 1, 1 << 14) ** (1 / 2.2)).astype(np.uint8)


def _encode(linear: Float32[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """sRGB, the inverse of `_linear`."""
    return _SRGB[(np.clip(linear, 0, 1) * (len(_SRGB) - 1)).astype(np.int32)]
