"""Albedo, the colours of surfaces without light: a G-buffer enters, the colour of each pixel leaves."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.geometry import pixel_rays
from spatialvlm.worlds.rooms.cameras import image_from_camera, room_from_camera
from spatialvlm.worlds.rooms.denoising import Picture
from spatialvlm.worlds.rooms.ray_casting import NOTHING, GBuffer, distinct
from spatialvlm.worlds.rooms.room import Material, View
from spatialvlm.worlds.rooms.room_surfaces import RoomSurface
from spatialvlm.worlds.rooms.textures import SHOWN_ONCE, bitmap, fitted, linear, linear_table

SUBPIXELS = (-0.25, 0.25)
"""A texture is looked up on a grid within the pixel, so that it does not flicker."""
DARKEST = 0.02
"""Even black paint returns so much, and light is divided by it."""


@lru_cache(maxsize=1024)
def mean_colour(material: Material) -> tuple[float, float, float]:
    """Find the shares of red, green and blue that a surface returns, over all its texture; never less than DARKEST."""
    shares = linear(material.rgb)
    if material.texture != "plain":
        shares = linear_table()[bitmap(material)[0][::3, ::3].reshape(-1, 3)].mean(axis=0)
    red, green, blue = (max(float(share), DARKEST) for share in shares)
    return red, green, blue


def plain_albedo(seen: GBuffer, surfaces: list[RoomSurface]) -> Picture:
    """Find the mean colours of what is seen; DARKEST where there is nothing."""
    return colours_of(surfaces)[seen.surface]


def colours_of(surfaces: list[RoomSurface]) -> Float32[np.ndarray, "n 3"]:
    """List the mean colours of surfaces, and behind them DARKEST for where there is nothing."""
    return np.array([*(mean_colour(surface.material) for surface in surfaces), (DARKEST,) * 3], dtype=np.float32)


def textured_albedo(seen: GBuffer, surfaces: list[RoomSurface], plain: Picture, view: View) -> Picture:
    """Find the colours of what is seen with its textures, the mean over each pixel."""
    albedo = plain.copy()
    for place in np.unique(seen.surface):
        if place != NOTHING and surfaces[place].material.texture != "plain":
            rows, columns = np.nonzero(seen.surface == place)
            albedo[rows, columns] = _texture_at(seen, surfaces[place], rows, columns, view)
    return albedo


def _texture_at(
    seen: GBuffer, surface: RoomSurface, rows: np.ndarray, columns: np.ndarray, view: View
) -> Float32[np.ndarray, "n 3"]:
    """Take the mean of the texture over pixels, each taken as a piece of the plane of the face at its centre."""
    size = seen.face.shape[1], seen.face.shape[0]
    uv_from_rays = _homographies(seen, surface, rows, columns, view)
    colours, covered = bitmap(surface.material)
    once = surface.material.texture in SHOWN_ONCE
    low, extent = fitted(surface.mesh.uv) if once else (np.zeros(2), np.array(covered))
    table = linear_table()[colours]
    total = np.zeros((len(rows), 3), dtype=np.float32)
    centre = pixel_rays(image_from_camera(view, size), rows, columns)
    step = 1.0 / image_from_camera(view, size)[0, 0]
    middle = np.einsum("nj,nj->n", uv_from_rays[:, 2], centre)
    for down in SUBPIXELS:
        for right in SUBPIXELS:
            ray = centre + (right * step, down * step, 0.0)
            found = np.einsum("nij,nj->ni", uv_from_rays, ray)
            beyond = found[:, 2] / middle < 0.3  # past the horizon of the plane
            found[beyond] = np.einsum("nij,nj->ni", uv_from_rays[beyond], centre[beyond])
            total += _looked_up(table, (found[:, :2] / found[:, 2:] - low) / extent, once=once)
    return total / len(SUBPIXELS) ** 2


def _homographies(
    seen: GBuffer, surface: RoomSurface, rows: np.ndarray, columns: np.ndarray, view: View
) -> Float64[np.ndarray, "n 3 3"]:
    """Find for each pixel the matrix that takes a camera ray to (u, v, 1) times a factor, on the plane of its face."""
    faces, which = distinct(seen.face[rows, columns], len(seen.whole.faces))
    pose = room_from_camera(view)
    corners = seen.whole.faces[faces]
    a, b, c = np.moveaxis((seen.whole.vertices[corners] - pose[:3, 3]) @ pose[:3, :3], 1, 0)
    # How much of each corner a ray holds, up to a factor that cancels.
    shares = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    values = np.concatenate([seen.whole.uv[corners], np.ones((len(faces), 3, 1))], axis=2)
    return np.einsum("nkv,nkj->nvj", values, shares)[which]


def _looked_up(table: Picture, uv: Float64[np.ndarray, "n 2"], *, once: bool) -> Float32[np.ndarray, "n 3"]:
    """Look up colours at uv from 0 to 1, between the texels; outside it repeats, or goes on as at its rim."""
    height, width = table.shape[:2]
    if not once:
        uv = uv - np.floor(uv)
    maps = np.zeros((2, -(-len(uv) // 1024), 1024), dtype=np.float32)  # OpenCV takes no long rows
    columns, rows = maps.reshape(2, -1)
    columns[: len(uv)] = uv[:, 0] * width - 0.5
    rows[: len(uv)] = (1.0 - uv[:, 1]) * height - 0.5
    rim = cv2.BORDER_REPLICATE if once else cv2.BORDER_WRAP
    return cv2.remap(table, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=rim).reshape(-1, 3)[: len(uv)]
