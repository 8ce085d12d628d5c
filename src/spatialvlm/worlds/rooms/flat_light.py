"""A quick picture of a room for training: a G-buffer enters, its surfaces' colours in simple light leave as sRGB.

No light is traced: windows, lamp and sky shine on what faces them, through whatever stands between. Textures, exposure
and film are those of the rendered pictures. Hundreds of times as fast as to trace light.
"""

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.worlds.rooms.albedo import textured_albedo
from spatialvlm.worlds.rooms.denoising import Picture
from spatialvlm.worlds.rooms.ray_casting import GBuffer, normals_of, points_in_room
from spatialvlm.worlds.rooms.room import Room
from spatialvlm.worlds.rooms.room_surfaces import RoomSurface
from spatialvlm.worlds.rooms.tone_mapping import exposure, film, to_bytes

NEAREST_M2 = 0.3
"""Added to squared distances to a light, which has an extent."""


def flat_picture(
    room: Room, surfaces: list[RoomSurface], plain: Float32[np.ndarray, "n 3"], seen: GBuffer
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw what is seen of a room. `plain` are the mean colours of its surfaces, and of nothing, which is the last.

    The room's seed decides how strongly each light shines, so it looks the same from everywhere.
    """
    shines = np.array([*(surface.light is not None for surface in surfaces), True])[seen.surface]
    colours = plain[seen.surface]
    albedo = textured_albedo(seen, surfaces, colours, room.view)
    light = _light(room, seen)
    glow = np.float32(2.5) * light.mean(axis=(0, 1)) * colours / colours.max(axis=-1, keepdims=True)
    radiance = np.where(shines[..., None], glow, light * albedo)
    return to_bytes(film(radiance * exposure(light * colours, light, ~shines)))


def _light(room: Room, seen: GBuffer) -> Picture:
    """Find the light that falls on what is seen: from all sides, more from above, and from the lamp and windows."""
    rng = np.random.default_rng([room.seed, 29])
    normals, points = normals_of(seen, np.array(room.view.at)), points_in_room(seen, room.view).astype(np.float32)
    light = np.float32(rng.uniform(0.25, 0.6)) + np.float32(rng.uniform(0.0, 0.25)) * normals[..., 2:]
    width, length, height = room.size_m
    lights = [((width / 2, length / 2, height - 0.1), float(rng.uniform(0.5, 4.0)))]
    lights += [(window.centre, float(rng.uniform(0.5, 6.0))) for window in room.windows]
    picture = np.repeat(light, 3, axis=-1)
    for place, strength in lights:
        warmth = rng.uniform(0.75, 1.1)
        towards = np.asarray(place, np.float32) - points
        squared = np.einsum("hwk,hwk->hw", towards, towards)
        facing = np.maximum(np.einsum("hwk,hwk->hw", towards, normals) / np.sqrt(squared + 1e-6), 0.0)
        falls = np.float32(strength) * facing / (squared + np.float32(NEAREST_M2))
        picture = picture + falls[..., None] * np.array([1.0, (1.0 + warmth) / 2, warmth], np.float32)
    return picture.astype(np.float32)
