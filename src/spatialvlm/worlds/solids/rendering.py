"""The picture of an analytic scene. A description and its ray cast enter, an sRGB image leaves; it is deterministic.

Every pixel is shaded once, and those at which something changes are shaded again by 3x3 rays.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from spatialvlm.worlds.solids.lighting import above, paint_shadow, sky_directions, sun_directions
from spatialvlm.worlds.solids.primitives import Cuboid, Plane, dot, rotate
from spatialvlm.worlds.solids.scene import RayCast, SceneDescription, cast_rays, surfaces
from spatialvlm.worlds.solids.shading import Colours, Samples, Studio, backdrop, shade_plane, shade_solid

SUN_RADIUS_RAD = 0.09
PAINTED_SUNS, PAINTED_SKIES, RAY_SUNS = 48, 64, 10
SUPERSAMPLE = 3  # a side, at the pixels where something changes
CONTRAST = 16  # of 255, between neighbours: more is supersampled


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


def _set_up(scene: SceneDescription, cast: RayCast) -> Studio:
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
    return Studio(scene, shapes, (*things, *rest), solids, few, painted)


def _shade(
    studio: Studio,
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
            colour[rows] = backdrop(studio.scene, rays[rows])
            continue
        samples = _samples(studio.scene, rays[rows], depth_m[rows], in_image[rows])
        shape, thing = studio.shapes[place], studio.things[place]
        if isinstance(shape, Plane):
            colour[rows] = shade_plane(studio, place, shape, samples)
        elif thing is not None:
            colour[rows] = shade_solid(studio, place, shape, thing, samples)
    return colour


def _samples(
    scene: SceneDescription,
    rays: Float64[np.ndarray, "n 3"],
    depth_m: Float64[np.ndarray, " n"],
    in_image: Float64[np.ndarray, "n 2"],
) -> Samples:
    pose = scene.world_from_camera
    to_surface = rotate(pose[:3, :3], rays * depth_m[:, None])
    distance = np.sqrt(dot(to_surface, to_surface))[:, None]
    pixel_m = (depth_m / scene.image_from_camera[0, 0]).astype(np.float32)
    viewer = (-to_surface / distance).astype(np.float32)
    return Samples(rays, depth_m, to_surface + pose[:3, 3], pixel_m, viewer, in_image.astype(np.float32))


def _edges(image: UInt8[np.ndarray, "h w 3"], surface: Int64[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Pixels that differ from a neighbour."""
    square = np.ones((3, 3), np.uint8)
    change = (cv2.dilate(image, square).astype(np.int16) - cv2.erode(image, square)).max(axis=2) > CONTRAST
    places = surface.astype(np.float32)
    return change | (cv2.dilate(places, square) != cv2.erode(places, square))


def _rays(scene: SceneDescription, in_image: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 3"]:
    matrix = scene.image_from_camera
    return np.column_stack([(in_image - matrix[:2, 2]) / matrix[[0, 1], [0, 1]], np.ones(len(in_image))])


_SRGB = np.round(255 * np.linspace(0, 1, 1 << 14) ** (1 / 2.2)).astype(np.uint8)


def _encode(linear: Float32[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """sRGB, the inverse of `shading.linear`."""
    return _SRGB[(np.clip(linear, 0, 1) * (len(_SRGB) - 1)).astype(np.int32)]
