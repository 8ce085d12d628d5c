"""Drawing a room: a Room and a size enter, its picture and its G-buffer leave.

The picture takes `spp` samples a pixel of the light that comes straight from the lights, a quarter as many paths for
each cell of pixels of the light that has bounced, and cleans both. Depth and things are those at the pixel centres.
"""

import numpy as np
from jaxtyping import UInt8

from spatialvlm.worlds.rooms.albedo import plain_albedo, textured_albedo
from spatialvlm.worlds.rooms.denoising import Cells, Guide, Picture, at_edges, edges_of, smooth, without_sparks
from spatialvlm.worlds.rooms.indirect_light import bounced_light
from spatialvlm.worlds.rooms.mitsuba_scene import load_scene
from spatialvlm.worlds.rooms.path_tracing import CELL_PX, all_light, direct_light
from spatialvlm.worlds.rooms.ray_casting import NOTHING, GBuffer, cast, normals_of, points_in_room
from spatialvlm.worlds.rooms.room import Room, View
from spatialvlm.worlds.rooms.room_surfaces import RoomSurface, surfaces_of
from spatialvlm.worlds.rooms.tone_mapping import exposure, film, to_bytes


def trace(room: Room, size: tuple[int, int]) -> GBuffer:
    """Find depth and things without the picture; `size` is width and height."""
    return cast(surfaces_of(room), room.view, size)


def render(room: Room, size: tuple[int, int], spp: int) -> tuple[UInt8[np.ndarray, "h w 3"], GBuffer]:
    """Draw the sRGB picture of a room, with what is at its pixel centres.

    The same bits for the same room, size, spp and variant of Mitsuba.
    """
    surfaces = surfaces_of(room)
    seen = cast(surfaces, room.view, size)
    scene = load_scene(surfaces)
    direct = direct_light(scene, room.view, size, spp, seed=(2 * room.seed) << 12)
    everything = all_light(scene, room.view, size, spp, seed=(2 * room.seed + 1) << 12)
    return _develop(room, surfaces, seen, direct, everything), seen


def _develop(
    room: Room, surfaces: list[RoomSurface], seen: GBuffer, direct: Picture, everything: Cells
) -> UInt8[np.ndarray, "h w 3"]:
    """Clean the light, put the surfaces' colours back, expose."""
    radiance = np.array([*(surface.radiance or (0, 0, 0) for surface in surfaces), (0, 0, 0)], dtype=np.float32)
    shines = np.array([*(surface.light is not None for surface in surfaces), True])[seen.surface]
    plain = plain_albedo(seen, surfaces)
    guide = _guide(seen, room.view)
    falls = np.where(shines[..., None], np.float32(0.0), direct / plain)
    bounced = bounced_light(everything, falls * plain, plain, guide, shines, CELL_PX)
    light = smooth(without_sparks(falls) + bounced, guide)
    clean = np.where(shines[..., None], radiance[seen.surface], light * plain)
    noisy = np.where(shines[..., None], direct, direct + bounced * plain)
    texture = textured_albedo(seen, surfaces, plain, room.view) / plain
    lift = float(np.random.default_rng([room.seed, 23]).uniform(0.88, 1.12))
    exposed = np.float32(lift) * exposure(clean, light, ~shines)
    edges = edges_of(guide, plain, seen.surface)
    return to_bytes(at_edges(film(clean * texture * exposed), clean, noisy, edges))


def _guide(seen: GBuffer, view: View) -> Guide:
    eye = np.array(view.at)
    depth = np.where(seen.face == NOTHING, np.float32(100.0), np.maximum(seen.depth_m, np.float32(1e-3)))
    return Guide(normals_of(seen, eye), (points_in_room(seen, view) - eye).astype(np.float32), depth)
