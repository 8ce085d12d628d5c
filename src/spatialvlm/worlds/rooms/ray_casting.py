"""What the camera sees: surfaces, a View and a size enter, a G-buffer leaves: the triangle at the centre of
each pixel and its depth.

Mitsuba finds the triangle; the rest is computed from the triangle in double precision, so depth is exact and is the
same whether or not a picture is drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from spatialvlm.geometry import pixel_rays
from spatialvlm.worlds.rooms.cameras import image_from_camera, room_from_camera, sensor_of
from spatialvlm.worlds.rooms.meshes import joined
from spatialvlm.worlds.rooms.mitsuba_variant import load_mitsuba, to_buffer
from spatialvlm.worlds.rooms.room import Mesh, View
from spatialvlm.worlds.rooms.room_surfaces import BACKGROUND, RoomSurface

NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    """What is at the pixel centres: the surface and the face of `whole`, NOTHING where none is hit.

    `depth_m` is z-depth, NaN where nothing is hit; `thing` the place in `room.things`, -1 for what is none.
    """

    whole: Mesh
    surface: Int32[np.ndarray, "h w"]
    face: Int64[np.ndarray, "h w"]
    depth_m: Float32[np.ndarray, "h w"]
    thing: Int32[np.ndarray, "h w"]


class SurfaceCaster:
    """Surfaces made ready once, to be looked at from any number of views."""

    def __init__(self, surfaces: list[RoomSurface]) -> None:
        self.whole = joined([surface.mesh for surface in surfaces])
        counts = [len(surface.mesh.faces) for surface in surfaces]
        self._of_face = np.repeat(np.arange(len(surfaces), dtype=np.int32), counts)
        self._owners = np.array([surface.owner for surface in surfaces], dtype=np.int32)
        self._every = np.arange(len(self.whole.faces))
        self._normals = face_normals(self.whole, self._every)
        self._fronts = _shining(self.whole, self.whole.faces, self._every)

    def cast(self, view: View, size: tuple[int, int]) -> GBuffer:
        """Find what is at the pixel centres, front or back side."""
        whole, face = self.whole, _hits(self._fronts, view, size)
        if (face == NOTHING).any():  # an area light shines to its front only: ask again where backs are turned to us
            backs = np.flatnonzero(
                np.einsum("ij,ij->i", self._normals, whole.vertices[whole.faces[:, 0]] - view.at) > 0
            )
            turned = _shining(whole, whole.faces[backs, ::-1], backs)
            face = np.where(face == NOTHING, _hits(turned, view, size), face)
        surface = np.where(face == NOTHING, NOTHING, self._of_face[face]).astype(np.int32)
        thing = np.where(face == NOTHING, BACKGROUND, self._owners[surface]).astype(np.int32)
        return GBuffer(whole, surface, face, _depth(whole, face, view, size), thing)


def cast(surfaces: list[RoomSurface], view: View, size: tuple[int, int]) -> GBuffer:
    """Find what is at the pixel centres, front or back side."""
    return SurfaceCaster(surfaces).cast(view, size)


def _shining(whole: Mesh, faces: np.ndarray, numbers: np.ndarray) -> Any:
    """Make a Mitsuba scene of some faces, each of which shines with its own number.

    Mitsuba could name the shape and the point as well, but takes thirty times as long over it in its scalar variant.
    """
    mitsuba, _ = load_mitsuba()
    properties = mitsuba.Properties()
    properties["bsdf"] = mitsuba.load_dict({"type": "diffuse"})
    properties["face_normals"] = True
    number = {"type": "mesh_attribute", "name": "face_number"}
    properties["emitter"] = mitsuba.load_dict({"type": "area", "radiance": number})
    shape = mitsuba.Mesh("", len(whole.vertices), len(faces), props=properties)
    buffers = mitsuba.traverse(shape)
    buffers["vertex_positions"] = to_buffer(whole.vertices, np.float32)
    buffers["faces"] = to_buffer(faces, np.uint32)
    buffers.update()
    shape.add_attribute("face_number", 1, to_buffer(numbers + 1, np.float32))
    return mitsuba.load_dict({"type": "scene", "shape": shape}, parallel=False, optimize=False)


def _hits(scene: Any, view: View, size: tuple[int, int]) -> Int64[np.ndarray, "h w"]:
    """Find the number of the face at each pixel centre, or NOTHING."""
    return np.rint(_first_light(scene, view, size)[..., 0]).astype(np.int64) - 1


def _first_light(scene: Any, view: View, size: tuple[int, int]) -> Float32[np.ndarray, "h w 3"]:
    mitsuba, _ = load_mitsuba()
    # One sample without jitter goes through the pixel's centre; other samplers put it anywhere in the pixel.
    sensor = sensor_of(view, size, {"type": "stratified", "sample_count": 1, "jitter": False})
    integrator = mitsuba.load_dict({"type": "path", "max_depth": 1})
    return np.array(mitsuba.render(scene, sensor=sensor, integrator=integrator, spp=1, seed=0), dtype=np.float32)


def _depth(whole: Mesh, face: np.ndarray, view: View, size: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Find where the pixels' rays meet the planes of their faces, held within the faces' own depths."""
    hit = face != NOTHING
    rows, columns = np.nonzero(hit)
    faces, which = distinct(face[rows, columns], len(whole.faces))
    pose = room_from_camera(view)
    corners = (whole.vertices[whole.faces[faces]] - pose[:3, 3]) @ pose[:3, :3]
    normals = face_normals(whole, faces) @ pose[:3, :3]
    offsets = np.einsum("ij,ij->i", normals, corners[:, 0])
    along = np.einsum("ij,ij->i", normals[which], pixel_rays(image_from_camera(view, size), rows, columns))
    nearest, farthest = np.maximum(corners[..., 2].min(axis=1), 0.0), corners[..., 2].max(axis=1)
    flat = np.abs(along) < 1e-9  # seen edge on
    z = np.where(flat, nearest[which], offsets[which] / np.where(flat, 1.0, along))
    depth = np.full(face.shape, np.nan, dtype=np.float32)
    depth[rows, columns] = np.clip(z, nearest[which], farthest[which])
    return depth


def distinct(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """List the values, below `count`, that occur, and for each value its place among them."""
    occurs = np.zeros(count, dtype=bool)
    occurs[values] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[values]


def face_normals(whole: Mesh, faces: np.ndarray) -> Float64[np.ndarray, "n 3"]:
    """Find unit normals of some faces, to their fronts."""
    corners = whole.vertices[whole.faces[faces]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-18)


def normals_of(seen: GBuffer, towards: Float64[np.ndarray, " 3"]) -> Float32[np.ndarray, "h w 3"]:
    """Find unit normals of the faces, on the side of the point `towards`; 0 where there is nothing."""
    hit = seen.face != NOTHING
    faces, which = distinct(seen.face[hit], len(seen.whole.faces))
    normals = face_normals(seen.whole, faces)
    away = np.einsum("ij,ij->i", normals, towards - seen.whole.vertices[seen.whole.faces[faces, 0]]) < 0
    normals[away] *= -1
    found = np.zeros((*seen.face.shape, 3), dtype=np.float32)
    found[hit] = normals[which]
    return found


def points_in_room(seen: GBuffer, view: View) -> Float64[np.ndarray, "h w 3"]:
    """Find the points that are seen; 100 m away where there is nothing."""
    height, width = seen.face.shape
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    pose = room_from_camera(view)
    depth = np.nan_to_num(seen.depth_m.astype(np.float64), nan=100.0)
    in_camera = pixel_rays(image_from_camera(view, (width, height)), rows, columns) * depth[..., None]
    return in_camera @ pose[:3, :3].T + pose[:3, 3]
