"""The lights of a room: a Room enters, what shines and how strongly leaves. The room's seed decides.

Radiances have no unit: the picture is exposed afterwards.
"""

from dataclasses import dataclass

import numpy as np

from spatialvlm.worlds.rooms.meshes import joined, mesh, moved
from spatialvlm.worlds.rooms.room import Mesh, Room, Window

DAY_SHARE = 0.75
PANE_OVERLAP_M = 0.01
LAMP_BELOW_M = 0.03
DISC_CORNERS = 24

Light = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """The panes (None without windows) and the ceiling lamp with their radiances, and that of a white glowing part."""

    panes: Mesh | None
    pane_radiance: Light
    ceiling: Mesh
    ceiling_radiance: Light
    glow: float


def lights_of(room: Room) -> Lights:
    """Choose day, with bright windows and a weak lamp, or evening, with warm lamps and dark windows."""
    rng = np.random.default_rng([room.seed, 19])
    by_day = bool(room.windows) and rng.random() < DAY_SHARE
    sky, warmth = rng.uniform(0.0, 1.0), rng.uniform(0.55, 0.8)
    day = (0.9 - 0.08 * sky, 0.96, 1.0 + 0.14 * sky)
    lamp = (1.0, 0.65 + 0.35 * warmth, 0.35 + 0.5 * warmth)
    strength = float(rng.uniform(9.0, 15.0))
    spread = float(rng.uniform(0.17, 0.3))
    panes = joined([_pane(window) for window in room.windows]) if room.windows else None
    width, length, height = room.size_m
    ceiling = moved(_disc(spread), width / 2, length / 2, height - LAMP_BELOW_M)
    fill = float(rng.uniform(0.25, 0.8)) * 20.0 if by_day else 45.0
    return Lights(
        panes,
        _times(day, strength) if by_day else _times((0.35, 0.48, 0.8), 0.2),
        ceiling,
        _times(lamp, fill * (0.22 / spread) ** 2),
        4.0 if by_day else 9.0,
    )


def _times(light: Light, factor: float) -> Light:
    return light[0] * factor, light[1] * factor, light[2] * factor


def _disc(radius: float) -> Mesh:
    """Make a level disc about the origin that faces down: what shines up or aside would mostly be lost."""
    angles = 2 * np.pi * np.arange(DISC_CORNERS) / DISC_CORNERS
    corners = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.zeros(DISC_CORNERS)], axis=-1)
    fan = np.stack([np.zeros(DISC_CORNERS - 2), *(np.arange(DISC_CORNERS - 2) + k for k in (2, 1))], axis=-1)
    return mesh(corners, fan, corners[:, :2])


def _pane(window: Window) -> Mesh:
    """Make an upright rectangle that faces into the room, a little larger than the opening; uv is 0 to 1, v up."""
    normal = np.array([*window.normal_xy, 0.0])
    across = np.array([-normal[1], normal[0], 0.0]) * (window.width_m / 2 + PANE_OVERLAP_M)
    up = np.array([0.0, 0.0, window.height_m / 2 + PANE_OVERLAP_M])
    uv = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    corners = np.array(window.centre) + (2 * uv[:, :1] - 1) * across + (2 * uv[:, 1:] - 1) * up
    return mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), uv)
