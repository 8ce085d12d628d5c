"""What is eaten and drunk from: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, wrapped_sheet
from spatialvlm.worlds.rooms.palette import BRIGHT, CERAMIC, PALE, chance, choose, coat, plain, shade, two_tone
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh


def vessel(outside: meshes.Profile, wall: float, segments: int = 28) -> Mesh:
    """Return a hollow turned vessel: a profile of (radius, z) from the foot's rim to the lip, and a wall so thick."""
    lip, foot = outside[-1], outside[0]
    inside = [(radius - wall, z) for radius, z in reversed(outside[1:-1])]
    rim = [
        (lip[0] - wall * 0.15, lip[1] + wall * 0.4),
        (lip[0] - wall * 0.85, lip[1] + wall * 0.4),
        (lip[0] - wall, lip[1]),
    ]
    return meshes.lathe(
        [
            (0, foot[1]),
            *outside,
            *rim,
            *inside,
            (max(foot[0] - wall * 1.5, 0.001), foot[1] + wall),
            (0, foot[1] + wall),
        ],
        segments,
    )


def ear(radius: float, low: float, high: float, out: float, thick: float) -> Mesh:
    """Return a handle on the side +x of a vessel of that radius."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 9)
    middle, half = (low + high) / 2, (high - low) / 2
    path = [(radius - 0.002 + out * float(np.cos(a)) ** 0.6, 0.0, middle + half * float(np.sin(a))) for a in angles]
    return meshes.tube(path, thick, 8)


def mug(rng: np.random.Generator) -> Furniture:
    """Return a mug with a handle: straight, tapered or bellied."""
    height, radius, wall = float(rng.uniform(0.08, 0.105)), float(rng.uniform(0.038, 0.046)), 0.004
    striped = chance(rng, 0.2)
    glaze = two_tone(rng, BRIGHT, PALE, "stripes", "glossy") if striped else coat(rng, CERAMIC, "glossy")
    outside = {
        "straight": [(radius - 0.005, 0), (radius, 0.004), (radius, height)],
        "tapered": [(radius * 0.72, 0), (radius * 0.76, 0.005), (radius, height)],
        "bellied": [
            (radius * 0.7, 0),
            (radius * 0.9, height * 0.12),
            (radius * 1.04, height * 0.4),
            (radius, height * 0.7),
            (radius * 0.93, height),
        ],
    }[choose(rng, ("straight", "straight", "tapered", "bellied"))]
    pieces: list[Piece] = [(meshes.finer(vessel(outside, wall), 5.0), glaze.material)]
    plain_glaze = Material(glaze.material.rgb, "glossy")
    pieces.append((ear(radius * 0.93, height * 0.2, height * 0.82, 0.028, 0.0052), plain_glaze))
    if chance(rng, 0.4):
        drink = meshes.lathe(
            [(0, height * 0.74), (radius * 0.86, height * 0.74), (radius * 0.86, height * 0.78), (0, height * 0.78)]
        )
        pieces.append((drink, plain(58, 34, 20, "glossy")))
    return assembled("mug", pieces, glaze.colour, ("striped",) if striped else ())


def bottle(rng: np.random.Generator) -> Furniture:
    """Return a wine, water, soda or sports bottle."""
    return choose(rng, (wine_bottle, _water_bottle, _flask))(rng)


def wine_bottle(rng: np.random.Generator) -> Furniture:
    """Return a bottle of wine with a label and a capsule."""
    radius, height = float(rng.uniform(0.035, 0.039)), float(rng.uniform(0.28, 0.32))
    colour, rgb = choose(rng, (("green", (34, 64, 40)), ("green", (48, 78, 44)), ("brown", (88, 48, 22))))
    neck, shoulder, top = 0.014, height * 0.6, height - 0.012
    slope = [(radius, shoulder), (radius * 0.93, shoulder + 0.02), (radius * 0.62, shoulder + 0.045)]
    foot = [(0, 0), (radius - 0.004, 0), (radius, 0.004)]
    body = meshes.lathe([*foot, *slope, (neck, shoulder + 0.065), (neck, top), (0, top)])
    low, wide = height - 0.05, neck + 0.001
    foil = meshes.lathe([(0, low), (wide, low), (wide + 0.0005, height - 0.002), (neck, height), (0, height)], 20)
    label = wrapped_sheet(radius + 0.0006, height * 0.16, height * 0.45, 3.6, 16)
    ink = shade(rng, choose(rng, ("red", "gold", "black", "green")))
    paper = Material(shade(rng, "white"), "matte", "label", ink, int(rng.integers(1 << 30)))
    capsule = coat(rng, "red black gold", "satin").material
    pieces: list[Piece] = [(body, Material(rgb, "glass")), (foil, capsule), (label, paper)]
    return assembled("bottle", pieces, colour, ("glass",))


def _water_bottle(rng: np.random.Generator) -> Furniture:
    radius, height = float(rng.uniform(0.031, 0.042)), float(rng.uniform(0.2, 0.28))
    tint = coat(rng, "blue green turquoise red orange white", "glass")
    shoulder = height * 0.72
    ribs = [(radius - 0.0015 * (i % 2), 0.01 + (shoulder * 0.4 - 0.01) * i / 6) for i in range(7)]
    body = meshes.lathe(
        [
            (0, 0),
            (radius * 0.8, 0),
            (radius, 0.006),
            *ribs,
            (radius, shoulder),
            (radius * 0.8, shoulder + 0.03),
            (0.014, height - 0.02),
            (0.013, height - 0.016),
            (0, height - 0.016),
        ]
    )
    cap = meshes.cylinder(0.0155, height - 0.018, height)
    label = wrapped_sheet(radius + 0.0006, shoulder * 0.46, shoulder * 0.92, 6.2, 24)
    paper = Material(shade(rng, "white"), "satin", "label", tint.material.rgb, int(rng.integers(1 << 30)))
    pieces: list[Piece] = [
        (body, tint.material),
        (cap, coat(rng, "white blue red black", "satin").material),
        (label, paper),
    ]
    return assembled("bottle", pieces, tint.colour, ("plastic",))


def _flask(rng: np.random.Generator) -> Furniture:
    radius, height = float(rng.uniform(0.033, 0.038)), float(rng.uniform(0.22, 0.27))
    paint = coat(rng, "black blue red green white pink turquoise silver grey", "satin")
    body = meshes.lathe(
        [
            (0, 0),
            (radius - 0.003, 0),
            (radius, 0.003),
            (radius, height - 0.07),
            (radius * 0.9, height - 0.055),
            (radius * 0.72, height - 0.045),
            (0, height - 0.045),
        ]
    )
    cap = meshes.lathe(
        [
            (0, height - 0.045),
            (radius * 0.78, height - 0.045),
            (radius * 0.78, height - 0.004),
            (radius * 0.7, height),
            (0, height),
        ]
    )
    ring = meshes.lathe([(0, 0), (radius * 0.74, 0), (radius * 0.74, 0.004), (0, 0.004)])
    metal = Material((190, 192, 196), "metal")
    pieces: list[Piece] = [
        (body, paint.material),
        (meshes.moved(ring, z=height - 0.047), metal),
        (cap, plain(36, 36, 38, "satin")),
    ]
    return assembled("bottle", pieces, paint.colour, ("metal",) if paint.colour == "silver" else ())
