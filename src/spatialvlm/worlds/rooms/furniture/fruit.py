"""Fruit: chance enters, furniture leaves. What is round rests on its lowest point."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled
from spatialvlm.worlds.rooms.palette import coat, plain
from spatialvlm.worlds.rooms.room import Furniture, Mesh

STALK = plain(84, 58, 36)
LEAF = plain(62, 112, 50)


def _round(radius: float, profile: meshes.Profile) -> Mesh:
    """Turn a fruit from (radius, height) in units of its own radius."""
    return meshes.lathe([(radius * r, radius * z) for r, z in profile], 24)


def _leaf(length: float) -> Mesh:
    """Return a small leaf from the origin towards +x, bent down."""
    along = np.linspace(0, 1, 6)[:, None]
    across = np.array([-1.0, 0.0, 1.0])[None]
    wide = 0.25 * length * np.sin(np.pi * np.clip(along, 0.02, 0.98)) * across
    high = 0.25 * length * np.sin(np.pi * 0.7 * along) + 0.05 * length * np.abs(across)
    return meshes.grid(np.stack(np.broadcast_arrays(along * length, wide, high), -1))


def apple(rng: np.random.Generator) -> Furniture:
    """Return an apple with its stalk, sometimes with a leaf."""
    skin = coat(rng, "red red green yellow", "satin")
    radius = float(rng.uniform(0.034, 0.041))
    body = _round(
        radius,
        [
            (0, 0.12),
            (0.2, 0.04),
            (0.38, 0.0),
            (0.6, 0.14),
            (0.86, 0.5),
            (0.99, 0.95),
            (0.99, 1.2),
            (0.88, 1.55),
            (0.62, 1.78),
            (0.36, 1.82),
            (0.15, 1.7),
            (0, 1.6),
        ],
    )
    stalk = meshes.tube([(0, 0, radius * 1.55), (0.002, 0, radius * 1.85), (0.005, 0, radius * 2.08)], 0.0016, 6)
    pieces: list[Piece] = [(body, skin.material), (stalk, STALK)]
    if rng.random() < 0.5:
        pieces.append(
            (
                meshes.moved(
                    meshes.turned(_leaf(radius * 0.85), "z", float(rng.uniform(0, 6))), 0.003, 0, radius * 1.9
                ),
                LEAF,
            )
        )
    return assembled("apple", pieces, skin.colour)


def orange(rng: np.random.Generator) -> Furniture:
    """Return an orange."""
    skin = coat(rng, "orange", "satin")
    radius = float(rng.uniform(0.035, 0.043))
    angles = np.linspace(-np.pi / 2, 1.35, 12)
    profile = [(max(float(np.cos(a)), 0.0), 1 + float(np.sin(a))) for a in angles]
    body = _round(radius, [(0.0, 0.0), *profile[1:], (0.08, 1.95), (0, 1.93)])
    navel = meshes.moved(meshes.ellipsoid(0.004, 0.004, 0.002, 4, 8), z=radius * 1.95)
    return assembled("orange", [(body, skin.material), (navel, plain(96, 110, 52))], "orange")


def lemon(rng: np.random.Generator) -> Furniture:
    """Return a lemon that lies on its side."""
    skin = coat(rng, "yellow", "satin")
    half = float(rng.uniform(0.036, 0.043))
    ends = [
        (0, -1.25),
        (0.14, -1.2),
        (0.2, -1.08),
        (0.5, -0.9),
        (0.8, -0.5),
        (0.88, 0),
        (0.8, 0.5),
        (0.5, 0.9),
        (0.18, 1.1),
        (0.1, 1.2),
        (0, 1.22),
    ]
    body = meshes.turned(meshes.lathe([(half * 0.82 * r, half * z) for r, z in ends], 24), "y", np.pi / 2)
    return assembled("lemon", [(body, skin.material)], skin.colour)


def pear(rng: np.random.Generator) -> Furniture:
    """Return a pear with its stalk."""
    skin = coat(rng, "green green yellow", "satin")
    radius = float(rng.uniform(0.032, 0.038))
    body = _round(
        radius,
        [
            (0, 0.06),
            (0.25, 0.0),
            (0.6, 0.14),
            (0.9, 0.5),
            (1.0, 0.95),
            (0.9, 1.4),
            (0.66, 1.8),
            (0.5, 2.2),
            (0.42, 2.55),
            (0.26, 2.76),
            (0, 2.78),
        ],
    )
    stalk = meshes.tube([(0, 0, radius * 2.7), (0.002, 0, radius * 3.0), (0.006, 0, radius * 3.25)], 0.0017, 6)
    return assembled("pear", [(body, skin.material), (stalk, STALK)], skin.colour)


def banana(rng: np.random.Generator) -> Furniture:
    """Return one banana, or a bunch of three, lying on its side."""
    skin = coat(rng, "yellow", "satin")
    count = int(rng.integers(1, 4))
    reach, thick = float(rng.uniform(0.085, 0.1)), float(rng.uniform(0.016, 0.019))
    angles = np.linspace(-0.75, 0.75, 11)
    girth = thick * np.array([0.35, 0.7, 0.92, 1, 1, 1, 1, 0.95, 0.8, 0.42, 0.3])
    path = [(reach * 1.25 * float(np.sin(a)), reach * 1.25 * (1 - float(np.cos(a))), 0.0) for a in angles]
    fruit = meshes.scaled(meshes.tube(path, girth.tolist(), 6), z=0.95)
    end = meshes.moved(meshes.ellipsoid(0.006, 0.006, 0.005, 4, 8), *path[0])
    stem_at = path[-1]
    stem = meshes.tube([stem_at, (stem_at[0] + 0.008, stem_at[1] + 0.016, 0)], [0.006, 0.005], 6)
    pieces: list[Piece] = []
    for i in range(count):
        for shape, material in ((fruit, skin.material), (end, plain(70, 52, 30)), (stem, plain(168, 150, 52))):
            about = meshes.moved(shape, -stem_at[0], -stem_at[1])
            pieces.append((meshes.turned(about, "z", 0.36 * (i - (count - 1) / 2)), material))
    return assembled("banana", pieces, "yellow")


def _girth(share: np.ndarray) -> np.ndarray:
    """Return a pineapple's radius at a share of its height, the widest being 1."""
    return np.cos(-1.1 + 2.35 * share) ** 0.7


def pineapple(rng: np.random.Generator) -> Furniture:
    """Return a pineapple that stands on its foot, with its crown of leaves."""
    radius, tall = float(rng.uniform(0.05, 0.06)), float(rng.uniform(0.13, 0.17))
    shares = np.linspace(0, 1, 10)
    side = list(zip((radius * _girth(shares)).tolist(), (tall * shares).tolist()))
    body = meshes.lathe([(0, 0), *side, (0, tall)], 24)
    rows, around = np.meshgrid(np.arange(7), np.arange(10), indexing="ij")
    heights = np.linspace(0.1, 0.92, 7)[rows].ravel()
    turns = 2 * np.pi * (around + 0.5 * (rows % 2)).ravel() / 10
    out = 0.94 * radius * _girth(heights)
    places = np.column_stack([out * np.cos(turns), out * np.sin(turns), tall * heights])
    eye = meshes.ellipsoid(radius * 0.27, radius * 0.27, tall * 0.075, 4, 6)
    leaf = meshes.scaled(_leaf(0.085), 1.3, 0.75, 1.0)
    leaves = [
        meshes.turning("z", i * 2.4) @ meshes.turning("y", -(np.pi / 2 - 0.15 - 0.85 * i / 16)) for i in range(16)
    ]
    crown = meshes.copies(leaf, np.array(leaves), np.tile((0.0, 0.0, tall - 0.012), (16, 1)))
    eyes = meshes.copies(eye, np.broadcast_to(np.eye(3), (70, 3, 3)), places)
    pieces: list[Piece] = [(body, plain(150, 108, 44)), (eyes, plain(214, 166, 62)), (crown, plain(72, 122, 62))]
    return assembled("pineapple", pieces, "yellow")
