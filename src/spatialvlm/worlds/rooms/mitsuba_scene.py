"""A room for Mitsuba to light: surfaces enter, a scene leaves.

All surfaces of one finish are one mesh whose faces have their own colours, so that every room is a scene of the same
few shapes: the LLVM variant compiles once instead of for each room. Textures stay out: here a surface has its mean
colour, and the picture puts the texture back.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.worlds.rooms.albedo import mean_colour
from spatialvlm.worlds.rooms.mitsuba_variant import load_mitsuba, to_buffer
from spatialvlm.worlds.rooms.room_surfaces import RoomSurface

SHEEN: dict[str, dict[str, float]] = {
    "satin": {"roughness": 0.5, "specular": 0.35},
    "glossy": {"roughness": 0.33, "specular": 0.55},
    "metal": {"roughness": 0.38, "specular": 0.7, "metallic": 0.6},
    "glass": {"roughness": 0.3, "specular": 0.8},
    "screen": {"roughness": 0.36, "specular": 0.5},
}
"""Parameters of Mitsuba's principled BSDF by finish; "matte" has none.

Nothing is a mirror and nothing is transparent, so that depth is that of the first surface. Rougher than in life: a
sharp highlight is mostly noise.
"""
LIGHTS = ("panes", "ceiling", "glow")
AWAY_M = 10.0
"""Where a triangle stands in for a finish that the room has not."""
COLOUR = {"type": "mesh_attribute", "name": "face_color"}


def load_scene(surfaces: list[RoomSurface]) -> Any:
    """Make the Mitsuba scene of all surfaces: one mesh for each finish and each kind of light."""
    mitsuba, _ = load_mitsuba()
    groups: dict[str, list[RoomSurface]] = {name: [] for name in ("matte", *SHEEN, *LIGHTS)}
    for surface in surfaces:
        groups[surface.light or surface.material.finish].append(surface)
    shapes = {name: _shape(name, members) for name, members in groups.items()}
    # Without optimize=False Mitsuba merges what is alike.
    return mitsuba.load_dict({"type": "scene", **shapes}, parallel=False, optimize=False)


def _shape(name: str, members: list[RoomSurface]) -> Any:
    """Make one Mitsuba mesh with normals at its corners and a colour for each face."""
    mitsuba, _ = load_mitsuba()
    corners, normals, colours = _stand_in() if not members else _corners(members, shines=name in LIGHTS)
    properties = mitsuba.Properties()
    properties["bsdf"] = mitsuba.load_dict(_bsdf(name))
    if name in LIGHTS:
        properties["emitter"] = mitsuba.load_dict(_emitter(corners, colours))
    count = len(corners)
    made = mitsuba.Mesh("", 3 * count, count, props=properties, has_vertex_normals=True)
    buffers = mitsuba.traverse(made)
    buffers["vertex_positions"] = to_buffer(corners, np.float32)
    buffers["vertex_normals"] = to_buffer(normals, np.float32)
    buffers["faces"] = to_buffer(np.arange(3 * count), np.uint32)
    buffers.update()
    made.add_attribute("face_color", 3, to_buffer(colours, np.float32))
    return made


def _bsdf(name: str) -> dict[str, Any]:
    """Describe a finish, seen from both sides. Lights return nothing: what they send out is all."""
    if name in LIGHTS:
        return {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}}
    if name in SHEEN:
        return {"type": "twosided", "inner": {"type": "principled", "base_color": COLOUR, **SHEEN[name]}}
    return {"type": "twosided", "inner": {"type": "diffuse", "reflectance": COLOUR}}


def _emitter(corners: np.ndarray, radiances: np.ndarray) -> dict[str, Any]:
    """Make an area light of one radiance for all faces, their mean.

    It is sampled by the root of what it sends out: a weak lamp counts for much where it is near.
    """
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    mean = area @ radiances / area.sum()
    weight = math.sqrt(float(area.sum() * mean.sum()))
    radiance = {"type": "rgb", "value": [float(channel) for channel in mean]}
    return {"type": "area", "radiance": radiance, "sampling_weight": weight}


def _stand_in() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a triangle of a millimetre, far below."""
    corners = np.array([[[0.0, 0.0, 0.0], [1e-3, 0.0, 0.0], [0.0, 1e-3, 0.0]]]) - (0.0, 0.0, AWAY_M)
    return corners, np.broadcast_to([0.0, 0.0, -1.0], (1, 3, 3)), np.full((1, 3), 1e-3)


def _corners(
    members: list[RoomSurface], *, shines: bool
) -> tuple[Float64[np.ndarray, "m 3 3"], Float64[np.ndarray, "m 3 3"], Float32[np.ndarray, "m 3"]]:
    """Find the corners of all faces, the normals there, and the faces' colours or radiances."""
    corners, normals, colours = [], [], []
    for surface in members:
        mesh = surface.mesh
        at = mesh.vertices[mesh.faces]
        flat = np.cross(at[:, 1] - at[:, 0], at[:, 2] - at[:, 0])
        if mesh.smooth:
            shared = np.stack(
                [np.bincount(mesh.faces.ravel(), np.repeat(flat[:, k], 3), len(mesh.vertices)) for k in range(3)], -1
            )
            normal = shared[mesh.faces]
        else:
            normal = np.repeat(flat[:, None], 3, axis=1)
        corners.append(at)
        normals.append(normal / np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-12))
        colour = surface.radiance if shines else mean_colour(surface.material)
        colours.append(np.broadcast_to(np.asarray(colour, dtype=np.float32), (len(at), 3)))
    return np.concatenate(corners), np.concatenate(normals), np.concatenate(colours)
