"""What furniture is put together from: pieces enter, a `Furniture` that keeps its contract leaves."""

from collections.abc import Iterable, Sequence

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.palette import choose
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh, MeshPart, Mount, Top

Piece = tuple[Mesh, Material]


def assembled(
    category: str,
    pieces: Iterable[Piece],
    colour: str,
    words: Iterable[str] = (),
    tops: Iterable[Top] = (),
    *,
    mount: Mount = "floor",
) -> Furniture:
    """Join the pieces, moved so that its origin is where it belongs. Tops move along."""
    parts = tuple(pieces)
    everything = np.concatenate([shape.vertices for shape, _ in parts])
    low, high = everything.min(0), everything.max(0)
    shift = -(low + high) / 2
    shift[2] = -low[2]
    if mount == "wall":
        shift[1] = -high[1]
    x, y, z = (float(value) for value in shift)
    return Furniture(
        category,
        tuple(MeshPart(meshes.moved(shape, x, y, z), material) for shape, material in parts),
        colour,
        tuple(words),
        tuple(
            Top((top.low_xy[0] + x, top.low_xy[1] + y), (top.high_xy[0] + x, top.high_xy[1] + y), top.z + z, top.room_m)
            for top in tops
        ),
    )


def top(half_x: float, half_y: float, z: float, room_m: float = 10.0, *, x: float = 0.0, y: float = 0.0) -> Top:
    """Make a place to stand things on, about (x, y)."""
    return Top((x - half_x, y - half_y), (x + half_x, y + half_y), z, room_m)


def painted(shapes: Iterable[Mesh], material: Material) -> list[Piece]:
    """Make each mesh a piece of its own, all of one material."""
    return [(shape, material) for shape in shapes]


def at_corners(shape: Mesh, x: float, y: float) -> list[Mesh]:
    """Put the mesh at the four corners (+-x, +-y), mirrored so that what points outward at (+x, +y) does everywhere."""
    return [
        meshes.moved(meshes.scaled(shape, side, front), side * x, front * y)
        for side, front in ((1, 1), (-1, 1), (1, -1), (-1, -1))
    ]


LEGS = ("square", "tapered", "round", "splayed")


def legs(
    rng: np.random.Generator, half_x: float, half_y: float, height: float, styles: Sequence[str] = LEGS
) -> list[Mesh]:
    """Make four legs whose feet stay within +-half_x, +-half_y; sturdier the taller."""
    thick = float(rng.uniform(0.036, 0.052) * max(height, 0.2) ** 0.5 / 0.7)
    style = choose(rng, styles)
    x, y = half_x - thick / 2, half_y - thick / 2
    if style == "square":
        leg = meshes.box((-thick / 2, -thick / 2, 0), (thick / 2, thick / 2, height), 0.003)
    elif style == "tapered":
        foot, head = thick * 0.3, thick * 0.5
        leg = meshes.stack([(0, 0, 0, 0), (foot, foot, 0.005, 0), (head, head, 0.007, height), (0, 0, 0, height)], 2)
    elif style == "round":
        leg = meshes.cylinder(thick * 0.42, 0, height)
    else:
        spread = min(0.12 * height, 0.07)
        leg = meshes.tube([(0, 0, 0), (-spread, -spread, height)], [thick * 0.3, thick * 0.5])
        low, high = leg.vertices[:, 2].min(), leg.vertices[:, 2].max()
        leg = meshes.scaled(meshes.moved(leg, z=-low), z=height / (high - low))
    return at_corners(leg if style == "square" else meshes.upright_grain(leg), x, y)


def front(low: meshes.Point, high: meshes.Point) -> Mesh:
    """Make a door's or a drawer's front, a gap smaller on each side."""
    gap = 0.0025
    return meshes.box((low[0] + gap, low[1], low[2] + gap), (high[0] - gap, high[1], high[2] - gap), 0.002)


HANDLES = ("knob", "bar", "cup")


def handle(style: str, x: float, y: float, z: float, length: float, *, upright: bool = False) -> Mesh:
    """Make a knob, a bar or a recessed cup on a front whose face is at y, about (x, z)."""
    if style == "knob":
        knob = meshes.lathe([(0, -0.002), (0.007, 0), (0.006, 0.01), (0.014, 0.016), (0.013, 0.024), (0, 0.027)], 14)
        return meshes.moved(meshes.turned(knob, "x", np.pi / 2), x, y, z)
    if style == "bar":
        half = length / 2
        rod = meshes.box((-half, -0.028, -0.005), (half, -0.018, 0.005), 0.002)
        posts = [
            meshes.box((i * half * 0.8 - 0.004, -0.02, -0.004), (i * half * 0.8 + 0.004, 0.001, 0.004), 0.0)
            for i in (-1, 1)
        ]
        shape = meshes.joined([rod, *posts])
    else:
        half = min(length / 2, 0.045)
        shape = meshes.box((-half, -0.016, -0.012), (half, 0.001, 0.012), 0.006)
    return meshes.moved(meshes.turned(shape, "y", np.pi / 2) if upright else shape, x, y, z)


def fronts(
    style: str,
    low: tuple[float, float],
    high: tuple[float, float],
    y: float,
    *,
    columns: int = 1,
    rows: int = 1,
    doors: bool = False,
) -> tuple[list[Mesh], list[Mesh]]:
    """Make drawer fronts or doors that fill (x, z) from low to high, their faces at y; and their handles."""
    xs, zs = np.linspace(low[0], high[0], columns + 1).tolist(), np.linspace(low[1], high[1], rows + 1).tolist()
    shapes, handles = [], []
    for i in range(columns):
        for j in range(rows):
            left, right, bottom, head = xs[i], xs[i + 1], zs[j], zs[j + 1]
            shapes.append(front((left, y, bottom), (right, y + 0.02, head)))
            if doors:
                inner = right - 0.045 if i % 2 == 0 else left + 0.045
                handles.append(
                    handle(style, inner, y, (bottom + head) / 2, min(0.16, (head - bottom) / 3), upright=True)
                )
            else:
                handles.append(handle(style, (left + right) / 2, y, (bottom + head) / 2, min(0.2, (right - left) / 2)))
    return shapes, handles


def round_sheet(radius: float) -> Mesh:
    """Make a thin upright circle that faces -y, about the origin; for dials."""
    turn = 2 * np.pi * np.arange(36) / 36
    rim = np.stack([radius * np.cos(turn), np.zeros(36), radius * np.sin(turn)], -1)
    faces = np.stack([np.zeros(36), np.arange(36) + 1, np.roll(np.arange(36), -1) + 1], -1)
    vertices = np.concatenate([np.zeros((1, 3)), rim])
    return meshes.mesh(vertices, faces, vertices[:, [0, 2]] + radius)


def wrapped_sheet(radius: float, low: float, high: float, angle_rad: float, segments: int = 12) -> Mesh:
    """Make a piece of an upright cylinder's skin that faces -y, `angle_rad` around; for labels."""
    angles = np.linspace(-angle_rad / 2, angle_rad / 2, segments + 1)
    ring = np.stack([radius * np.sin(angles), -radius * np.cos(angles), np.zeros_like(angles)], -1)
    return meshes.grid(np.stack([ring + (0, 0, low), ring + (0, 0, high)]))
