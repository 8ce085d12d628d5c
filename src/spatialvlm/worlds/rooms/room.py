"""The nouns of rendered rooms: Mesh Material MeshPart Furniture Top Placement Window View Room.

A Furniture is one object by itself: x right, y back (its front faces -y), z up, the origin under the middle of its
footprint at its lowest point; what hangs on a wall has its back at y = 0. A Room is in room coordinates: z up, the
floor at z = 0, the inner walls at x = 0, x = width, y = 0 and y = length. Everything in metres and radians.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int32

Rgb = tuple[int, int, int]
Finish = Literal["matte", "satin", "glossy", "metal", "glass", "screen", "glow"]
Texture = Literal[
    "plain", "wood", "planks", "weave", "tiles", "marble", "stripes", "checks", "leaf", "picture", "label", "dial"
]
Mount = Literal["floor", "top", "wall", "air"]
FloorPoint = tuple[float, float]
RoomSize = tuple[float, float, float]
"""Width (x), length (y) and height (z)."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A closed or thin surface of triangles, counter-clockwise from outside.

    `uv` is in metres along the surface (a texture's scale is real). `smooth` shades it as a curved surface.
    """

    vertices: Float64[np.ndarray, "n 3"]
    faces: Int32[np.ndarray, "m 3"]
    uv: Float32[np.ndarray, "n 2"]
    smooth: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface looks. `rgb` is sRGB, the main colour; `other_rgb` a texture's second one. `seed` varies it."""

    rgb: Rgb
    finish: Finish = "matte"
    texture: Texture = "plain"
    other_rgb: Rgb | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class MeshPart:
    """A mesh and its material. The parts of one object may touch and overlap."""

    mesh: Mesh
    material: Material


@dataclass(frozen=True, slots=True)
class Top:
    """A level rectangle of furniture where other things may stand, in its coordinates; free `room_m` above it."""

    low_xy: tuple[float, float]
    high_xy: tuple[float, float]
    z: float
    room_m: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Furniture:
    """One object: what it is called, its parts, and where others may stand on it.

    `category` is the plain noun ("mug"), `colour` the name of the colour that people would say, `words` true adjectives
    from the most telling to the least ("round", "wooden"); none of them a size.
    """

    category: str
    parts: tuple[MeshPart, ...]
    colour: str
    words: tuple[str, ...] = ()
    tops: tuple[Top, ...] = ()

    @property
    def vertices(self) -> Float64[np.ndarray, "n 3"]:
        """Those of all parts."""
        return np.concatenate([part.mesh.vertices for part in self.parts])


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Furniture in a room, turned by `yaw_rad` about the vertical (counter-clockwise from above), then moved.

    `on` is the index of the thing that it stands on, None for the floor (or the wall, or the air, for what hangs).
    """

    furniture: Furniture
    at: tuple[float, float, float]
    yaw_rad: float
    captions: tuple[str, ...]
    mount: Mount = "floor"
    on: int | None = None

    def to_room(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Move points of the furniture into room coordinates."""
        cos, sin = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        return points @ turn.T + self.at


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall as one sees it from inside: number 0 is the far one (y = length), 1 the left one, 2 the near one.

    `yaw_rad` is that of a thing with its back to the wall.
    """

    number: int
    yaw_rad: float
    length_m: float
    room_middle: FloorPoint
    reach_m: float

    def point(self, along_m: float, out_m: float) -> FloorPoint:
        """Find the point so far to the right of the wall's middle and so far into the room."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        back = self.reach_m - out_m
        return self.room_middle[0] + cos * along_m - sin * back, self.room_middle[1] + sin * along_m + cos * back


@dataclass(frozen=True, slots=True)
class Window:
    """An opening in a wall that lets daylight in: its middle, its size, and the wall's normal into the room."""

    centre: tuple[float, float, float]
    width_m: float
    height_m: float
    normal_xy: tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """The camera: its place in the room, its heading (counter-clockwise from +y), pitch (down) and roll (clockwise)."""

    at: tuple[float, float, float]
    heading_rad: float
    pitch_rad: float
    roll_rad: float
    horizontal_fov_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A furnished room and the camera in it. `shell` is what is no object: floor, walls, ceiling, skirting, door.

    `seed` decides what only the picture depends on (lights).
    """

    kind: str
    size_m: RoomSize
    shell: tuple[MeshPart, ...]
    windows: tuple[Window, ...]
    things: tuple[Placement, ...]
    view: View
    seed: int


def walls_of(size_m: RoomSize) -> tuple[Wall, Wall, Wall, Wall]:
    """List the walls of a room of that width, length and height."""
    width, length, _ = size_m
    middle = (width / 2, length / 2)
    far, left, near, right = (
        Wall(number, number * math.pi / 2, along, middle, across / 2)
        for number, (along, across) in enumerate([(width, length), (length, width)] * 2)
    )
    return far, left, near, right
