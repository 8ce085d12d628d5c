"""What a robot works at and with: benches, blocks, a gripper and its arm: chance enters, furniture leaves."""

import math

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, at_corners, painted, top
from spatialvlm.worlds.rooms.furniture.tables import MARGIN_M
from spatialvlm.worlds.rooms.palette import BRIGHT, chance, choose, coat, plain, wood
from spatialvlm.worlds.rooms.room import Furniture, Material

FLANGE_M = 0.021
"""Radius of where a gripper ends and an arm begins."""
DARK, BARE = plain(44, 44, 48, "satin"), plain(176, 178, 182, "metal")
MACHINE = "black black grey white white silver red blue orange yellow"


def workbench(rng: np.random.Generator) -> Furniture:
    """Return a bench of a laboratory or workshop: a board on a frame of square tube, often with a shelf below."""
    half_x, half_y, height = float(rng.uniform(0.45, 0.8)), float(rng.uniform(0.3, 0.4)), float(rng.uniform(0.72, 0.9))
    wooden = chance(rng, 0.3)
    board = wood(rng) if wooden else coat(rng, "white grey grey black", "satin")
    low = height - float(rng.uniform(0.02, 0.05))
    frame = coat(rng, "black grey white silver", "satin").material
    leg = meshes.box((-0.022, -0.022, 0), (0.022, 0.022, low), 0.003)
    rails = [
        meshes.box((-half_x + 0.05, y - 0.015, 0.2), (half_x - 0.05, y + 0.015, 0.24))
        for y in (0.05 - half_y, half_y - 0.05)
    ]
    pieces: list[Piece] = [(meshes.slab(half_x, half_y, low, height, corner=0.006), board.material)]
    pieces += painted([*at_corners(leg, half_x - 0.05, half_y - 0.05), *rails], frame)
    if chance(rng, 0.5):
        pieces.append((meshes.box((-half_x + 0.06, -half_y + 0.04, 0.24), (half_x - 0.06, half_y - 0.04, 0.26)), frame))
    tops = [top(half_x - MARGIN_M, half_y - MARGIN_M, height)]
    return assembled("workbench", pieces, board.colour, ("wooden",) if wooden else (), tops)


def cube(rng: np.random.Generator) -> Furniture:
    """Return a cube of 2 to 6 cm, painted or of bare wood."""
    half = float(rng.uniform(0.01, 0.03))
    return _brick(rng, "cube", (half, half, half))


def block(rng: np.random.Generator) -> Furniture:
    """Return a building block that is longer than wide, painted or of bare wood."""
    half_y = float(rng.uniform(0.011, 0.022))
    return _brick(rng, "block", (half_y * float(rng.uniform(1.6, 2.8)), half_y, half_y * float(rng.uniform(0.6, 1.1))))


def _brick(rng: np.random.Generator, category: str, half: tuple[float, float, float]) -> Furniture:
    wooden = chance(rng, 0.12)
    paint = wood(rng, "light middle") if wooden else coat(rng, BRIGHT + " red green blue yellow white black", "satin")
    shape = meshes.box((-half[0], -half[1], 0), (half[0], half[1], 2 * half[2]), 0.0015)
    words = ("wooden",) if wooden else ()
    return assembled(category, [(meshes.finer(shape, 4.0), paint.material)], paint.colour, words)


def small_box(rng: np.random.Generator) -> Furniture:
    """Return a packet of tea, screws or the like: of cardboard, or printed in front and behind."""
    half_x, half_y, tall = (
        float(rng.uniform(0.03, 0.06)),
        float(rng.uniform(0.02, 0.04)),
        float(rng.uniform(0.04, 0.11)),
    )
    printed = chance(rng, 0.7)
    paint = coat(rng, "red blue yellow green orange white purple turquoise" if printed else "brown", "satin")
    pieces: list[Piece] = [(meshes.box((-half_x, -half_y, 0), (half_x, half_y, tall), 0.0015), paint.material)]
    if printed:
        ink = (246, 240, 226) if paint.colour not in ("yellow", "white") else (170, 40, 36)
        label = Material(paint.material.rgb, "satin", "label", ink, int(rng.integers(1 << 30)))
        sheet = meshes.moved(meshes.sheet(2 * half_x - 0.006, tall * 0.7), 0, -half_y - 0.0004, tall * 0.15)
        pieces += painted([sheet, meshes.turned(sheet, "z", np.pi)], label)
    tops = [top(half_x - 0.004, half_y - 0.004, tall)]
    return assembled("box", pieces, paint.colour, () if printed else ("cardboard",), tops)


def gripper(rng: np.random.Generator) -> Furniture:
    """Return a parallel-jaw gripper that points down: a palm, two fingers that open along x, the wrist's flange."""
    paint = coat(rng, MACHINE, "satin")
    inner, thick = float(rng.uniform(0.018, 0.046)), float(rng.uniform(0.009, 0.016))
    reach, wide = float(rng.uniform(0.05, 0.1)), float(rng.uniform(0.008, 0.014))
    half_x, half_y = inner + thick + float(rng.uniform(0.0, 0.03)), float(rng.uniform(0.024, 0.038))
    tall = float(rng.uniform(0.045, 0.08))
    high = reach + tall
    if chance(rng, 0.6):
        palm = meshes.slab(half_x, half_y, reach, high, corner=0.012, edge=0.006)
    else:
        foot = (half_x, half_y * 0.8, 0.01)
        body = (half_y * 1.25, half_y * 1.25, half_y)
        palm = meshes.stack(
            [
                (0, 0, 0, reach),
                (*foot, reach),
                (*foot, reach + 0.02),
                (*body, reach + 0.035),
                (*body, high),
                (0, 0, 0, high),
            ]
        )
    flange = meshes.cylinder(FLANGE_M, high - 0.002, high + 0.018, bevel=0.001)
    finger = meshes.box((inner, -wide, 0), (inner + thick, wide, reach + 0.002), 0.002)
    knuckle = meshes.box(
        (inner + 0.003, -wide - 0.004, reach * 0.5), (inner + thick + 0.004, wide + 0.004, reach + 0.004), 0.002
    )
    pad = meshes.box((inner - 0.002, -wide * 0.9, 0.002), (inner + 0.001, wide * 0.9, 0.022), 0.0)
    both = [meshes.turned(shape, "z", turn) for shape in (finger, knuckle) for turn in (0, np.pi)]
    pads = [meshes.turned(pad, "z", turn) for turn in (0, np.pi)]
    of_fingers = choose(rng, (paint.material, DARK, BARE))
    pieces = [(palm, paint.material), *painted(both, of_fingers), *painted(pads, DARK), (flange, BARE)]
    return assembled("gripper", pieces, paint.colour, ("robot",))


def robot_arm(rng: np.random.Generator) -> Furniture:
    """Return the end of an arm, to be put on a gripper: an upright wrist, a joint, a forearm that leans to x.

    The middle of its foot is the wrist's axis.
    """
    paint = coat(rng, "white white grey black silver orange blue yellow", "satin")
    radius, wrist = float(rng.uniform(0.024, 0.034)), float(rng.uniform(0.1, 0.18))
    lean, length = float(rng.uniform(0.0, 1.0)), float(rng.uniform(0.5, 0.65))
    joint = meshes.turned(meshes.cylinder(radius * 1.15, -radius * 1.3, radius * 1.3, bevel=0.006), "x", np.pi / 2)
    along = (math.sin(lean), 0.0, math.cos(lean))
    steps = np.linspace(0.0, length, 9)
    rods = [  # short pieces, so that each keeps to a small box
        meshes.tube(
            [tuple(a * along[k] + (wrist if k == 2 else 0.0) for k in range(3)) for a in ends], radius * 0.95, 16
        )
        for ends in zip(steps[:-1], steps[1:] + 0.002)
    ]
    neck = meshes.cylinder(FLANGE_M - 0.001, 0, wrist, bevel=0.001)
    pieces: list[Piece] = [(neck, choose(rng, (paint.material, BARE, DARK))), (meshes.moved(joint, z=wrist), DARK)]
    return assembled("robot arm", [*pieces, *painted(rods, paint.material)], paint.colour)
