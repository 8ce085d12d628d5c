"""The nouns of rendered rooms: Mesh Material Part Model Top Placed Window View Room.

A Model is one object by itself: x right, y back (its front faces -y), z up, the origin under the middle of its
footprint at its lowest point; what hangs on a wall has its back at y = 0. A Room is in room coordinates: z up, the
floor at z = 0, the inner walls at x = 0, x = width, y = 0 and y = length. Everything in metres and radians.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int32

Rgb = tuple[int, int, int]
Finish = Literal["matte", "satin", "glossy", "metal", "glass", "screen", "glow"]
Texture = Literal[
    "plain", "wood", "planks", "weave", "tiles", "marble", "stripes", "checks", "leaf", "picture", "label", "dial"
]
Mount = Literal["floor", "top", "wall"]


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
class Part:
    """A mesh and its material. Parts of one model may touch and overlap."""

    mesh: Mesh
    material: Material


@dataclass(frozen=True, slots=True)
class Top:
    """A level rectangle of a model where other things may stand, in the model's coordinates; free `room_m` above it."""

    low_xy: tuple[float, float]
    high_xy: tuple[float, float]
    z: float
    room_m: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One object: what it is called, its parts, and where others may stand on it.

    `category` is the plain noun ("mug"), `colour` the name of the colour that people would say, `words` true adjectives
    from the most telling to the least ("round", "wooden"); none of them a size.
    """

    category: str
    parts: tuple[Part, ...]
    colour: str
    words: tuple[str, ...] = ()
    tops: tuple[Top, ...] = ()

    @property
    def vertices(self) -> Float64[np.ndarray, "n 3"]:
        """Those of all parts."""
        return np.concatenate([part.mesh.vertices for part in self.parts])


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A model in a room, turned by `yaw_rad` about the vertical (counter-clockwise from above), then moved.

    `on` is the index of the thing that it stands on, None for the floor (or the wall, for what hangs).
    """

    model: Model
    at: tuple[float, float, float]
    yaw_rad: float
    captions: tuple[str, ...]
    mount: Mount = "floor"
    on: int | None = None

    def to_room(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Points of the model in room coordinates."""
        cos, sin = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        return points @ turn.T + self.at


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
    size_m: tuple[float, float, float]
    shell: tuple[Part, ...]
    windows: tuple[Window, ...]
    things: tuple[Placed, ...]
    view: View
    seed: int
