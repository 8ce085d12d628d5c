"""All that a room shows: a Room enters, its surfaces leave, each with whose it is and how it looks.

They are in room coordinates.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from spatialvlm.worlds.rooms.lights import Light, lights_of
from spatialvlm.worlds.rooms.meshes import joined
from spatialvlm.worlds.rooms.room import Material, Mesh, MeshPart, Room
from spatialvlm.worlds.rooms.textures import SHOWN_ONCE, linear

BACKGROUND = -1
"""The owner of what belongs to no thing: floor, walls, panes, the ceiling lamp."""
LAMP_WHITE = Material((255, 255, 255), "glow")


@dataclass(frozen=True, slots=True, eq=False)
class RoomSurface:
    """A mesh of one material. `owner` indexes `room.things`.

    What shines has a `radiance`, and its `light` says which of the room's lights it is.
    """

    owner: int
    mesh: Mesh
    material: Material
    light: Literal["panes", "ceiling", "glow"] | None = None
    radiance: Light | None = None


def surfaces_of(room: Room) -> list[RoomSurface]:
    """List the surfaces of the shell, the lights and the things; those of one thing that look alike are one."""
    lights = lights_of(room)
    found = [RoomSurface(BACKGROUND, lights.ceiling, LAMP_WHITE, "ceiling", lights.ceiling_radiance)]
    if lights.panes is not None:
        found.append(RoomSurface(BACKGROUND, lights.panes, LAMP_WHITE, "panes", lights.pane_radiance))
    found += [RoomSurface(BACKGROUND, mesh, material) for material, mesh in _alike(room.shell)]
    for owner, thing in enumerate(room.things):
        for material, mesh in _alike(thing.furniture.parts):
            placed = Mesh(thing.to_room(mesh.vertices), mesh.faces, mesh.uv, mesh.smooth)
            if material.finish == "glow":
                red, green, blue = (lights.glow * share for share in linear(material.rgb))
                found.append(RoomSurface(owner, placed, material, "glow", (red, green, blue)))
            else:
                found.append(RoomSurface(owner, placed, material))
    return found


def _alike(parts: Sequence[MeshPart]) -> Iterator[tuple[Material, Mesh]]:
    """Join parts of one material and shading as one mesh, but for textures that each mesh shows as a whole."""
    groups: dict[tuple[Material, bool, int], list[Mesh]] = defaultdict(list)
    for place, part in enumerate(parts):
        alone = place if part.material.texture in SHOWN_ONCE else -1
        groups[part.material, part.mesh.smooth, alone].append(part.mesh)
    for (material, _, _), meshes in groups.items():
        yield material, joined(meshes) if len(meshes) > 1 else meshes[0]
