"""Kitchen appliances: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top
from spatialvlm.worlds.rooms.furniture.kitchenware import ear
from spatialvlm.worlds.rooms.palette import chance, choose, coat, plain
from spatialvlm.worlds.rooms.room import Furniture, Material

STEEL = plain(192, 194, 198, "metal")
DARK = plain(34, 34, 36, "satin")


def kettle(rng: np.random.Generator) -> Furniture:
    """Return an electric kettle on its base, or one for the stove with a bow above."""
    paint = coat(rng, "silver silver white black red turquoise", "glossy")
    material = STEEL if paint.colour == "silver" else paint.material
    return (_electric_kettle if chance(rng, 0.6) else _stove_kettle)(rng, material, paint.colour)


def _electric_kettle(rng: np.random.Generator, material: Material, colour: str) -> Furniture:
    radius, tall = float(rng.uniform(0.07, 0.08)), float(rng.uniform(0.19, 0.23))
    upper = radius * 0.76
    base = meshes.lathe([(0, 0), (radius + 0.006, 0), (radius + 0.004, 0.018), (0, 0.018)], 32)
    side = [(radius, 0.018), (radius * 1.02, 0.04), (upper, tall), (upper - 0.004, tall + 0.004)]
    body = meshes.lathe([(0, 0.018), *side, (0, tall + 0.004)], 32)
    dome = [(upper - 0.012, tall + 0.003), (upper * 0.7, tall + 0.016), (0.016, tall + 0.02), (0.014, tall + 0.03)]
    lid = meshes.lathe([(0, tall + 0.003), *dome, (0, tall + 0.032)], 24)
    spout = meshes.tube([(-upper * 0.85, 0, tall - 0.035), (-upper - 0.025, 0, tall - 0.002)], [0.026, 0.012], 12)
    grip = [
        (upper * 0.9, 0, tall - 0.012),
        (upper + 0.045, 0, tall - 0.012),
        (upper + 0.055, 0, tall - 0.05),
        (upper + 0.05, 0, tall * 0.45),
        (radius * 0.9, 0, tall * 0.3),
    ]
    pieces: list[Piece] = [
        (base, DARK),
        (body, material),
        (lid, DARK),
        (spout, material),
        (meshes.scaled(meshes.tube(meshes.curve(grip), 0.011, 10), y=1.3), DARK),
    ]
    return assembled("kettle", pieces, colour)


def _stove_kettle(rng: np.random.Generator, material: Material, colour: str) -> Furniture:
    radius = float(rng.uniform(0.085, 0.1))
    tall = radius * 1.35
    arc = [
        (radius * float(np.cos(a)), tall * 0.42 + tall * 0.58 * float(np.sin(a))) for a in np.linspace(-0.3, 1.25, 9)
    ]
    body = meshes.lathe([(0, 0), (radius * 0.9, 0), (radius * 0.94, 0.006), *arc, (0, arc[-1][1])], 32)
    knob = meshes.lathe(
        [
            (0, tall - 0.01),
            (0.012, tall - 0.008),
            (0.008, tall + 0.012),
            (0.016, tall + 0.018),
            (0.014, tall + 0.03),
            (0, tall + 0.032),
        ],
        16,
    )
    spout = meshes.tube(
        [(-radius * 0.8, 0, tall * 0.5), (-radius * 1.25, 0, tall * 0.8), (-radius * 1.4, 0, tall * 0.98)],
        [0.024, 0.016, 0.011],
        12,
    )
    bow = [
        (radius * 0.72 * float(np.cos(a)), 0, tall * 0.8 + radius * 0.95 * float(np.sin(a)))
        for a in np.linspace(0.0, np.pi, 11)
    ]
    pieces: list[Piece] = [(body, material), (knob, DARK), (spout, material), (meshes.tube(bow, 0.008, 10), DARK)]
    return assembled("kettle", pieces, colour)


def toaster(rng: np.random.Generator) -> Furniture:
    """Return a toaster with two slots, sometimes with toast in them."""
    paint = coat(rng, "silver silver white black red turquoise", "glossy")
    material = STEEL if paint.colour == "silver" else paint.material
    half_x, half_y, tall = (
        float(rng.uniform(0.13, 0.15)),
        float(rng.uniform(0.075, 0.09)),
        float(rng.uniform(0.18, 0.2)),
    )
    body = meshes.slab(half_x, half_y, 0.012, tall, corner=choose(rng, (0.02, 0.05)), edge=choose(rng, (0.012, 0.03)))
    foot = meshes.slab(half_x - 0.012, half_y - 0.012, 0, 0.016, corner=0.02)
    slots = [
        meshes.box((-half_x * 0.72, y - 0.013, tall - 0.01), (half_x * 0.72, y + 0.013, tall + 0.0008), 0)
        for y in (-0.03, 0.03)
    ]
    lever = meshes.box((half_x - 0.004, -0.02, tall * 0.62), (half_x + 0.018, 0.02, tall * 0.62 + 0.012), 0.004)
    dial = meshes.moved(meshes.turned(meshes.cylinder(0.014, -0.004, 0.012), "y", np.pi / 2), half_x, 0, tall * 0.3)
    pieces: list[Piece] = [
        (body, material),
        (foot, DARK),
        (meshes.joined(slots), plain(22, 20, 20)),
        (lever, DARK),
        (dial, DARK),
    ]
    if chance(rng, 0.4):
        bread = meshes.turned(
            meshes.slab(half_x * 0.66, 0.035, -0.007, 0.007, corner=0.018, edge=0.003), "x", np.pi / 2
        )
        pieces += painted([meshes.moved(bread, 0, y, tall + 0.004) for y in (-0.03, 0.03)], plain(190, 138, 78))
    return assembled("toaster", pieces, paint.colour)


def microwave(rng: np.random.Generator) -> Furniture:
    """Return a microwave oven."""
    paint = coat(rng, "silver white white black red", "satin")
    half_x, half_y, tall = float(rng.uniform(0.22, 0.26)), float(rng.uniform(0.17, 0.2)), float(rng.uniform(0.26, 0.3))
    body = meshes.box((-half_x, -half_y, 0.012), (half_x, half_y, tall), 0.008)
    split = half_x * 0.45
    door = meshes.box((-half_x + 0.006, -half_y - 0.014, 0.022), (split, -half_y + 0.002, tall - 0.01), 0.005)
    window = meshes.moved(
        meshes.sheet(split + half_x - 0.09, tall - 0.1), (split - half_x) / 2 - 0.01, -half_y - 0.0146, 0.06
    )
    grip = meshes.tube([(split - 0.02, -half_y - 0.04, 0.06), (split - 0.02, -half_y - 0.04, tall - 0.05)], 0.008, 8)
    posts = [
        meshes.box((split - 0.026, -half_y - 0.04, z), (split - 0.014, -half_y - 0.01, z + 0.012), 0)
        for z in (0.065, tall - 0.067)
    ]
    cells = np.array(
        [(x, z) for z in np.linspace(0.05, tall - 0.12, 4) for x in np.linspace(split + 0.035, half_x - 0.03, 3)]
    )
    low = np.column_stack([cells[:, 0] - 0.011, np.full(12, -half_y - 0.003), cells[:, 1] - 0.009])
    buttons = meshes.boxes(low, low + (0.022, 0.006, 0.018))
    clock = meshes.moved(meshes.sheet(half_x - split - 0.04, 0.03), (half_x + split) / 2, -half_y - 0.001, tall - 0.07)
    feet = meshes.box((-half_x + 0.03, -half_y + 0.03, 0), (half_x - 0.03, half_y - 0.03, 0.013), 0)
    grey = plain(70, 72, 76, "satin") if paint.colour != "black" else plain(120, 122, 126, "satin")
    pieces: list[Piece] = [
        (body, paint.material),
        (door, paint.material),
        (window, plain(20, 20, 22, "glossy")),
        *painted([grip, *posts], STEEL),
        (buttons, grey),
        (clock, plain(18, 40, 34, "screen")),
        (feet, DARK),
    ]
    return assembled("microwave", pieces, paint.colour, (), [top(half_x - 0.012, half_y - 0.012, tall)])


def coffee_machine(rng: np.random.Generator) -> Furniture:
    """Return a filter coffee machine with its jug."""
    paint = coat(rng, "black black silver red white", "satin")
    half_x, half_y, tall = (
        float(rng.uniform(0.09, 0.11)),
        float(rng.uniform(0.12, 0.14)),
        float(rng.uniform(0.31, 0.36)),
    )
    base = meshes.slab(half_x, half_y, 0, 0.035, corner=0.03, edge=0.006)
    tank = meshes.moved(meshes.slab(half_x, 0.05, 0.03, tall, corner=0.03, edge=0.008), 0, half_y - 0.05)
    head = meshes.slab(half_x, half_y, tall - 0.11, tall, corner=0.03, edge=0.012)
    plate = meshes.cylinder(0.06, 0.034, 0.038)
    y = -half_y + 0.08
    high = tall - 0.12
    jug = meshes.lathe(
        [(0, 0.038), (0.055, 0.038), (0.066, 0.06), (0.066, 0.1), (0.05, high - 0.02), (0.052, high), (0, high)], 28
    )
    lid = meshes.lathe([(0, high - 0.004), (0.053, high - 0.004), (0.05, high + 0.008), (0, high + 0.008)], 28)
    grip = meshes.turned(ear(0.05, 0.06, high - 0.01, 0.042, 0.007), "z", -np.pi / 2)
    button = meshes.turned(meshes.cylinder(0.01, 0, 0.006), "x", np.pi / 2)
    light = plain(200, 40, 36) if paint.colour != "red" else plain(230, 230, 230)
    pieces: list[Piece] = [
        *painted([base, tank, head], paint.material),
        *painted([meshes.moved(plate, 0, y)], plain(90, 90, 94, "metal")),
        (meshes.moved(jug, 0, y), plain(44, 26, 16, "glass")),
        *painted([meshes.moved(lid, 0, y), meshes.moved(grip, 0, y)], DARK),
        (meshes.moved(button, half_x * 0.5, -half_y, 0.017), light),
    ]
    return assembled("coffee machine", pieces, paint.colour)
