"""The picture of a scene of solids, flat-shaded: a description and its ray cast enter, an sRGB image leaves.

Every surface has one colour, darker the more it turns from the light (Lambert). There are no shadows.
"""

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from spatialvlm.geometry import transform, unproject
from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, HalfSpace, Solid, Sphere
from spatialvlm.worlds.solids.scene import RayCast, SceneDescription, surfaces

BACKGROUND_RGB = (226, 232, 238)
AMBIENT, DIFFUSE = 0.7, 0.4


def draw(description: SceneDescription, cast: RayCast) -> UInt8[np.ndarray, "h w 3"]:
    """Shade what every pixel centre sees; pixels at outlines are blurred, so that these look smooth."""
    colours = [body.colour_rgb for body in description.bodies for _ in body.parts]
    colours += [description.floor_rgb] * description.floor + [description.wall_rgb] * len(description.walls)
    light, known = np.array(description.towards_light_in_world), cast.surface >= 0
    points = transform(description.world_from_camera, unproject(cast.depth_m, description.image_from_camera))
    seen, lit = cast.surface[known], np.empty((len(points), 3), np.uint8)
    for place, (surface, rgb) in enumerate(zip(surfaces(description), colours, strict=True)):
        mask = seen == place
        lambert = np.maximum(_normals(surface, points[mask]) @ light, 0)
        lit[mask] = np.minimum(np.outer(AMBIENT + DIFFUSE * lambert, rgb), 255)
    image = np.full((*known.shape, 3), BACKGROUND_RGB, np.uint8)
    image[known] = lit
    near, places = np.ones((3, 3), np.uint8), cast.surface.astype(np.float32)
    outlines = cv2.dilate(places, near) != cv2.erode(places, near)
    image[outlines] = cv2.GaussianBlur(image, (3, 3), 0)[outlines]
    return image


def _normals(surface: Solid | HalfSpace, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    """Find the unit normals at points of a surface."""
    match surface:
        case HalfSpace(normal, _):
            return np.broadcast_to(np.array(normal), points.shape)
        case Sphere(centre, radius):
            return (points - centre) / radius
        case Cylinder(centre, radius, height):
            local = points - centre
            on_end = height / 2 - np.abs(local[:, 2]) < radius - np.hypot(local[:, 0], local[:, 1])
            return np.where(on_end[:, None], np.sign(local) * (0, 0, 1), local * (1, 1, 0) / radius)
        case Cuboid(centre, size, yaw):
            axes = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
            local = (points - centre) @ axes.T
            face = np.argmin(np.array(size) / 2 - np.abs(local), axis=1)
            return np.sign(np.take_along_axis(local, face[:, None], axis=1)) * axes[face]
