"""What is cooked with: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top
from spatialvlm.worlds.rooms.furniture.kitchenware import ear, vessel
from spatialvlm.worlds.rooms.palette import chance, coat, plain, wood
from spatialvlm.worlds.rooms.room import Furniture, Mesh

STEEL = plain(192, 194, 198, "metal")
DARK = plain(34, 34, 36, "satin")


def pot(rng: np.random.Generator) -> Furniture:
    """Return a cooking pot with two ears, often with a lid."""
    paint = coat(rng, "silver silver red blue black turquoise orange green", "glossy")
    material = STEEL if paint.colour == "silver" else paint.material
    radius, tall = float(rng.uniform(0.09, 0.13)), float(rng.uniform(0.1, 0.16))
    outside = [(radius - 0.008, 0), (radius, 0.008), (radius, tall)]
    pieces: list[Piece] = [(vessel(outside, 0.004, 32), material)]
    for side in (-1, 1):
        loop = meshes.turned(ear(0.0, -0.035, 0.035, 0.032, 0.006), "x", np.pi / 2)
        pieces.append(
            (
                meshes.scaled(meshes.moved(loop, radius - 0.004, 0, tall * 0.78), x=side),
                material if chance(rng, 0.5) else DARK,
            )
        )
    if chance(rng, 0.6):
        rim = [
            (radius + 0.003, tall + 0.0015),
            (radius + 0.003, tall + 0.006),
            (radius * 0.85, tall + 0.018),
            (radius * 0.4, tall + 0.03),
        ]
        pieces.append((meshes.lathe([(0, tall + 0.0015), *rim, (0, tall + 0.032)], 32), material))
        knob = meshes.lathe(
            [
                (0, tall + 0.028),
                (0.008, tall + 0.03),
                (0.008, tall + 0.042),
                (0.02, tall + 0.048),
                (0.018, tall + 0.058),
                (0, tall + 0.06),
            ],
            16,
        )
        pieces.append((knob, DARK))
    return assembled("pot", pieces, paint.colour)


def pan(rng: np.random.Generator) -> Furniture:
    """Return a frying pan with a long handle."""
    paint = coat(rng, "black black silver red blue", "satin")
    radius, tall = float(rng.uniform(0.11, 0.145)), float(rng.uniform(0.04, 0.06))
    shell = vessel([(radius * 0.8, 0), (radius * 0.84, 0.004), (radius, tall)], 0.004, 32)
    base = meshes.lathe([(0, 0.0045), (radius * 0.78, 0.0045), (radius * 0.78, 0.0062), (0, 0.0062)], 32)
    material = STEEL if paint.colour == "silver" else paint.material
    path = [(radius * 0.95, 0, tall * 0.8), (radius + 0.05, 0, tall + 0.012), (radius + 0.19, 0, tall + 0.028)]
    grip = meshes.scaled(meshes.tube(path, [0.007, 0.009, 0.011], 10), y=1.35)
    pieces: list[Piece] = [
        (shell, material),
        (base, plain(52, 52, 54, "satin")),
        (grip, DARK if chance(rng, 0.6) else wood(rng).material),
    ]
    return assembled("pan", pieces, paint.colour)


def teapot(rng: np.random.Generator) -> Furniture:
    """Return a round teapot."""
    glaze = coat(rng, "white white blue green red turquoise brown black", "glossy")
    radius = float(rng.uniform(0.065, 0.08))
    tall = radius * 1.5
    arc = [(radius * float(np.cos(a)), tall * 0.5 + tall * 0.5 * float(np.sin(a))) for a in np.linspace(-1.1, 1.15, 12)]
    body = meshes.lathe([(0, 0), (radius * 0.55, 0), (radius * 0.55, 0.006), *arc, (0, arc[-1][1])], 32)
    z = arc[-1][1]
    lid = meshes.lathe(
        [
            (0, z - 0.002),
            (radius * 0.48, z - 0.002),
            (radius * 0.42, z + 0.008),
            (0.008, z + 0.014),
            (0.013, z + 0.024),
            (0, z + 0.032),
        ],
        20,
    )
    spout = meshes.tube(
        [
            (-radius * 0.85, 0, tall * 0.35),
            (-radius * 1.3, 0, tall * 0.55),
            (-radius * 1.5, 0, tall * 0.85),
            (-radius * 1.68, 0, tall * 0.95),
        ],
        [0.02, 0.014, 0.01, 0.009],
        12,
    )
    pieces = painted([body, lid, spout, ear(radius * 0.94, tall * 0.25, tall * 0.78, 0.036, 0.006)], glaze.material)
    return assembled("teapot", pieces, glaze.colour)


def cutting_board(rng: np.random.Generator) -> Furniture:
    """Return a board to cut on, plain or with a grip."""
    board = wood(rng, "light light middle dark")
    half_x, half_y, thick = (
        float(rng.uniform(0.16, 0.22)),
        float(rng.uniform(0.1, 0.14)),
        float(rng.uniform(0.014, 0.025)),
    )
    shapes: list[Mesh] = [meshes.slab(half_x, half_y, 0, thick, corner=0.02, edge=0.003)]
    if chance(rng, 0.5):
        grip = meshes.slab(0.06, 0.025, 0.0, thick, corner=0.02, edge=0.003)
        shapes.append(meshes.moved(grip, half_x + 0.045))
    furniture = assembled(
        "cutting board",
        painted(shapes, board.material),
        board.colour,
        ("wooden",),
        [top(half_x - 0.008, half_y - 0.008, thick)],
    )
    return furniture


def tray(rng: np.random.Generator) -> Furniture:
    """Return a flat tray with a rim and two grips."""
    paint, words = (
        (wood(rng), ("wooden",)) if chance(rng, 0.5) else (coat(rng, "white black red blue silver", "satin"), ())
    )
    half_x, half_y, rim = (
        float(rng.uniform(0.18, 0.24)),
        float(rng.uniform(0.13, 0.16)),
        float(rng.uniform(0.025, 0.04)),
    )
    sections = [
        (0, 0, 0, 0),
        (half_x - 0.012, half_y - 0.012, 0.03, 0),
        (half_x, half_y, 0.04, rim),
        (half_x - 0.006, half_y - 0.006, 0.035, rim),
        (half_x - 0.018, half_y - 0.018, 0.026, 0.006),
        (0, 0, 0, 0.006),
    ]
    shapes = [meshes.stack(sections)]
    for side in (-1, 1):
        loop = [
            (
                side * (half_x - 0.006 + 0.004 * float(np.sin(a))),
                0.06 * float(np.cos(a)),
                rim - 0.006 + 0.032 * float(np.sin(a)),
            )
            for a in np.linspace(0, np.pi, 9)
        ]
        shapes.append(meshes.tube(loop, 0.005, 8))
    return assembled(
        "tray", painted(shapes, paint.material), paint.colour, words, [top(half_x - 0.03, half_y - 0.03, 0.006)]
    )
