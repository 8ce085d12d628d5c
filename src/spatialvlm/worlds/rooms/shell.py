"""The empty room: its size and a generator enter; floor, walls, ceiling, a door and windows leave.

What a wall carries is built facing -y with its back at y = 0, as furniture is, and then moved there. A window is an
opening with a frame; its `Window` is the pane, at the outer end of the opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.worlds.rooms.collision_boxes import CollisionBoxes
from spatialvlm.worlds.rooms.meshes import boxes, grid, joined, mesh, moved, tube, turned
from spatialvlm.worlds.rooms.room import (
    Finish,
    Material,
    Mesh,
    MeshPart,
    Rgb,
    RoomSize,
    Texture,
    Wall,
    Window,
    walls_of,
)

SKIRTING_M = 0.014
REVEAL_M = 0.14  # how deep a window sits in its wall
_DOOR_M = (0.86, 2.03)
_BEFORE_DOOR_M = 0.75

Corners = tuple[float, float, float]

_WALLS: tuple[Rgb, ...] = (
    (238, 235, 228), (232, 228, 218), (226, 226, 224), (222, 212, 196), (205, 215, 220), (206, 214, 200),
    (228, 214, 206), (214, 205, 214), (240, 232, 205),
)  # fmt: skip
_ACCENTS: tuple[Rgb, ...] = ((110, 132, 146), (150, 160, 136), (186, 132, 108), (92, 104, 112), (196, 164, 110))
_WOODS: tuple[Rgb, ...] = ((176, 132, 88), (150, 106, 68), (200, 164, 122), (120, 84, 56), (188, 170, 148))
_CARPETS: tuple[Rgb, ...] = ((168, 162, 152), (140, 146, 152), (186, 172, 150), (128, 120, 112))
_TILES: tuple[Rgb, ...] = ((214, 210, 202), (186, 180, 172), (150, 148, 146), (222, 206, 184))
_CURTAINS: tuple[Rgb, ...] = ((226, 220, 208), (150, 164, 172), (178, 150, 120), (120, 136, 120), (196, 190, 186))


@dataclass(frozen=True, slots=True, eq=False)
class Shell:
    """The parts that are no objects, the windows, and what furniture may not reach into."""

    parts: tuple[MeshPart, ...]
    windows: tuple[Window, ...]
    blocked: CollisionBoxes


@dataclass(frozen=True, slots=True)
class _Opening:
    """A window in its wall: from left to right as seen from inside, measured from the wall's middle; low and high."""

    left: float
    right: float
    low: float
    high: float


def build_shell(
    size_m: RoomSize, rng: np.random.Generator, *, floor: Texture, window_walls: Sequence[int], door_wall: int
) -> Shell:
    """Make an empty room with a window in each of some walls and a door in one; `floor` is planks, tiles or weave."""
    openings = {number: _opening(walls_of(size_m)[number], size_m[2], rng) for number in window_walls}
    paint = _choose(rng, _WALLS)
    accent = _choose(rng, _ACCENTS) if rng.random() < 0.3 else paint
    accent_wall = int(rng.integers(4))
    trim = Material((240, 239, 235), "satin")
    hung = bool(rng.random() < 0.55)
    curtain = Material(_choose(rng, _CURTAINS), "matte", "weave", seed=int(rng.integers(1000)))
    parts, windows, blocked = [*_floor_and_ceiling(size_m, rng, floor)], [], []
    for wall in walls_of(size_m):
        material = Material(accent if wall.number == accent_wall else paint)
        opening = openings.get(wall.number)
        parts.append(_fixed([_wall_mesh(wall, size_m[2], opening)], wall, material))
        door = _door_place(wall, rng) if wall.number == door_wall else None
        parts.append(_fixed(_skirting(wall, door), wall, trim))
        if door is not None:
            parts += _door(wall, door, rng)
            blocked.append(_boxes(wall, (door - 0.5, -_BEFORE_DOOR_M, 0.0), (door + 0.5, 0.0, _DOOR_M[1] + 0.1)))
        if opening is not None:
            parts.append(_fixed(_window_frame(opening), wall, trim))
            windows.append(_window(wall, opening))
            reach = -0.13 if hung else -0.07
            side = 0.5 if hung else 0.06
            sill = (opening.left - 0.06, reach, opening.low - 0.08), (opening.right + 0.06, 0.0, opening.high + 0.1)
            blocked.append(_boxes(wall, *sill))
            if hung:
                drop = 0.03 if rng.random() < 0.7 else opening.low - 0.12
                parts += _curtains(wall, opening, drop, size_m[2], curtain, rng)
                for low, high in ((opening.left - side, opening.left), (opening.right, opening.right + side)):
                    blocked.append(_boxes(wall, (low, -0.15, drop), (high, 0.0, size_m[2])))
    return Shell(tuple(parts), tuple(windows), sum(blocked, CollisionBoxes.none()))


def _choose(rng: np.random.Generator, colours: Sequence[Rgb]) -> Rgb:
    red, green, blue = colours[int(rng.integers(len(colours)))]
    shift = int(rng.integers(-6, 7))
    return tuple(int(np.clip(value + shift, 0, 255)) for value in (red, green, blue))  # pyright: ignore


def _opening(wall: Wall, height_m: float, rng: np.random.Generator) -> _Opening:
    width = min(rng.uniform(1.0, 2.1), wall.length_m - 1.6)
    spare = (wall.length_m - width) / 2 - 0.6
    middle = rng.uniform(-spare, spare) if spare > 0 else 0.0
    low = rng.uniform(0.86, 1.0)
    return _Opening(middle - width / 2, middle + width / 2, low, min(low + rng.uniform(1.05, 1.3), height_m - 0.25))


def _door_place(wall: Wall, rng: np.random.Generator) -> float:
    """Draw where the door's middle is along its wall: near a corner."""
    return float((wall.length_m / 2 - rng.uniform(0.6, 0.8)) * rng.choice([-1, 1]))


def _fixed(meshes: Sequence[Mesh], wall: Wall, material: Material) -> MeshPart:
    """Move what is built in a wall's own coordinates into the room."""
    return MeshPart(moved(turned(joined(meshes), "z", wall.yaw_rad), *wall.point(0.0, 0.0)), material)


def _boxes(wall: Wall, low: Corners, high: Corners) -> CollisionBoxes:
    return CollisionBoxes.between(np.array([low]), np.array([high])).moved((*wall.point(0.0, 0.0), 0.0), wall.yaw_rad)


def _panel(left: float, right: float, low: float, high: float) -> Mesh:
    """Make an upright rectangle at y = 0 that faces -y, its texture as if the wall were one."""
    corners = np.array([[left, low], [right, low], [right, high], [left, high]])
    return mesh(np.insert(corners, 1, 0.0, axis=1), np.array([[0, 1, 2], [0, 2, 3]]), corners)


def _wall_mesh(wall: Wall, height_m: float, hole: _Opening | None) -> Mesh:
    left, right = -wall.length_m / 2, wall.length_m / 2
    if hole is None:
        return _panel(left, right, 0.0, height_m)
    return joined(
        [
            _panel(left, hole.left, 0.0, height_m),
            _panel(hole.right, right, 0.0, height_m),
            _panel(hole.left, hole.right, 0.0, hole.low),
            _panel(hole.left, hole.right, hole.high, height_m),
        ]
    )


def _floor_and_ceiling(size_m: RoomSize, rng: np.random.Generator, texture: Texture) -> tuple[MeshPart, MeshPart]:
    width, length, height = size_m
    corners = np.array([[0, 0], [width, 0], [width, length], [0, length]], float)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    along = corners if rng.random() < 0.5 else np.ascontiguousarray(corners[:, ::-1])
    colours = {"planks": _WOODS, "tiles": _TILES}.get(texture, _CARPETS)
    finish: Finish = "matte" if texture == "weave" else "satin"
    ground = Material(_choose(rng, colours), finish, texture, seed=int(rng.integers(1000)))
    floor = mesh(np.insert(corners, 2, 0.0, axis=1), faces, along)
    ceiling = mesh(np.insert(corners, 2, height, axis=1), np.ascontiguousarray(faces[:, ::-1]), corners)
    return MeshPart(floor, ground), MeshPart(ceiling, Material((244, 243, 240)))


def _boards(*corners: tuple[Corners, Corners]) -> Mesh:
    lows, highs = zip(*corners)
    return boxes(np.array(lows, float), np.array(highs, float), 0.004)


def _skirting(wall: Wall, door: float | None) -> list[Mesh]:
    half = wall.length_m / 2
    ends = [(-half, half)] if door is None else [(-half, door - 0.5), (door + 0.5, half)]
    return [_boards(((a, -SKIRTING_M, 0.0), (b, 0.0, 0.08))) for a, b in ends if b - a > 0.02]


def _door(wall: Wall, at: float, rng: np.random.Generator) -> list[MeshPart]:
    half, high = _DOOR_M[0] / 2, _DOOR_M[1]
    frame = _boards(
        ((at - half - 0.07, -0.025, 0.0), (at - half, 0.0, high + 0.07)),
        ((at + half, -0.025, 0.0), (at + half + 0.07, 0.0, high + 0.07)),
        ((at - half, -0.025, high), (at + half, 0.0, high + 0.07)),
    )
    leaf = _boards(((at - half, -0.008, 0.005), (at + half, 0.0, high)))
    fields = _boards(
        ((at - half + 0.13, -0.016, 0.2), (at + half - 0.13, -0.006, 0.85)),
        ((at - half + 0.13, -0.016, 1.08), (at + half - 0.13, -0.006, high - 0.14)),
    )
    side = at + (half - 0.06) * float(rng.choice([-1, 1]))
    reach = side - 0.11 * float(np.sign(side - at))
    handle = tube([(side, -0.008, 1.0), (side, -0.05, 1.0), (reach, -0.05, 1.0)], 0.009)
    wooden = rng.random() < 0.35
    wood = Material(_choose(rng, _WOODS), "satin", "wood", seed=int(rng.integers(1000)))
    paint = wood if wooden else Material((238, 237, 232), "satin")
    return [_fixed([frame, leaf, fields], wall, paint), _fixed([handle], wall, Material((170, 170, 168), "metal"))]


def _window_frame(hole: _Opening) -> list[Mesh]:
    """Make the lining of the opening, a frame around the pane with one or two bars, and a sill."""
    left, right, low, high = hole.left, hole.right, hole.low, hole.high
    bars = [left + (right - left) * share for share in ((0.5,) if right - left < 1.5 else (1 / 3, 2 / 3))]
    inner, outer = REVEAL_M - 0.06, REVEAL_M
    return [
        _boards(
            ((left - 0.01, 0.0, low), (left + 0.012, outer, high)),
            ((right - 0.012, 0.0, low), (right + 0.01, outer, high)),
            ((left - 0.01, 0.0, high - 0.012), (right + 0.01, outer, high + 0.01)),
            ((left - 0.05, -0.05, low - 0.03), (right + 0.05, outer, low + 0.005)),
            ((left, inner, low), (left + 0.055, outer, high)),
            ((right - 0.055, inner, low), (right, outer, high)),
            ((left + 0.055, inner, high - 0.055), (right - 0.055, outer, high)),
            ((left + 0.055, inner, low), (right - 0.055, outer, low + 0.055)),
            *(((x - 0.03, inner, low + 0.05), (x + 0.03, outer, high - 0.05)) for x in bars),
        )
    ]


def _window(wall: Wall, hole: _Opening) -> Window:
    x, y = wall.point((hole.left + hole.right) / 2, -REVEAL_M)
    inward = np.subtract(wall.point(0.0, 1.0), wall.point(0.0, 0.0))
    size = (hole.right - hole.left, hole.high - hole.low)
    return Window((x, y, (hole.low + hole.high) / 2), *size, (float(inward[0]), float(inward[1])))


def _curtains(
    wall: Wall, hole: _Opening, low: float, height_m: float, cloth: Material, rng: np.random.Generator
) -> list[MeshPart]:
    """Make a pleated curtain on each side of a window, on a rod."""
    top = min(hole.high + 0.12, height_m - 0.06)
    limit = wall.length_m / 2 - 0.05
    ends = max(hole.left - 0.35, -limit), min(hole.right + 0.35, limit)
    meshes = []
    for left, right in ((ends[0], hole.left + 0.04), (hole.right - 0.04, ends[1])):
        x = np.linspace(left, right, 49)
        phase, pleats = rng.uniform(0, 6.28), (right - left) / 0.085
        wave = np.sin(np.linspace(0, 2 * np.pi * pleats, 49) + phase)
        rows = [np.stack([x, -0.09 + amount * wave, np.full(49, z)], -1) for z, amount in ((low, 0.03), (top, 0.018))]
        meshes.append(grid(np.array(rows)))
    rod = tube([(ends[0] - 0.08, -0.09, top + 0.005), (ends[1] + 0.08, -0.09, top + 0.005)], 0.012)
    return [_fixed(meshes, wall, cloth), _fixed([rod], wall, Material((70, 66, 62), "metal"))]
