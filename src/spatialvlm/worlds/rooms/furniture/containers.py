"""Boxes, baskets and bins: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top
from spatialvlm.worlds.rooms.furniture.kitchenware import vessel
from spatialvlm.worlds.rooms.palette import BRIGHT, PALE, chance, choose, coat, plain, two_tone
from spatialvlm.worlds.rooms.room import Furniture, Material

DARK = plain(40, 40, 42, "satin")


def box(rng: np.random.Generator) -> Furniture:
    """Return a box: of cardboard with tape, with open flaps, with a lid, or a present with a ribbon."""
    half_x, half_y = float(rng.uniform(0.09, 0.22)), float(rng.uniform(0.07, 0.15))
    tall = float(rng.uniform(0.45, 0.8)) * (half_x + half_y)
    return choose(rng, (_taped, _taped, _open, _lidded, _present))(rng, half_x, half_y, tall)


def _board(rng: np.random.Generator) -> Material:
    return Material((176, 132, 86), seed=int(rng.integers(1 << 30)))


def _taped(rng: np.random.Generator, half_x: float, half_y: float, tall: float) -> Furniture:
    thin = 0.0004
    low = np.array([[-half_x - thin, -0.024, tall * 0.72], [-half_x - thin, -0.024, tall - 0.001]])
    high = np.array([[half_x + thin, 0.024, tall], [half_x + thin, 0.024, tall + thin]])
    pieces: list[Piece] = [
        (meshes.box((-half_x, -half_y, 0), (half_x, half_y, tall), 0.003), _board(rng)),
        (meshes.boxes(low, high), plain(222, 198, 152, "glossy")),
    ]
    if chance(rng, 0.5):
        label = Material((246, 244, 238), "matte", "label", (40, 40, 44), int(rng.integers(1 << 30)))
        pieces.append(
            (meshes.moved(meshes.sheet(half_x * 0.8, tall * 0.4), half_x * 0.3, -half_y - 0.0004, tall * 0.3), label)
        )
    return assembled("box", pieces, "brown", ("cardboard",), [top(half_x - 0.006, half_y - 0.006, tall + thin)])


def _open(rng: np.random.Generator, half_x: float, half_y: float, tall: float) -> Furniture:
    board, wall = _board(rng), 0.004
    sections = [
        (0, 0, 0, 0),
        (half_x, half_y, 0.002, 0),
        (half_x, half_y, 0.002, tall),
        (half_x - wall, half_y - wall, 0.002, tall),
        (half_x - wall, half_y - wall, 0.002, wall),
        (0, 0, 0, wall),
    ]
    shapes = [meshes.stack(sections, 1)]
    long, angle = half_y * 0.8, float(rng.uniform(0.7, 1.2))
    for turn, half, reach in (
        (0, half_x, half_y),
        (np.pi / 2, half_y, half_x),
        (np.pi, half_x, half_y),
        (-np.pi / 2, half_y, half_x),
    ):
        flap = meshes.turned(meshes.box((-half + 0.002, -long, -wall), (half - 0.002, 0, 0), 0), "x", -angle + 0.2)
        shapes.append(meshes.turned(meshes.moved(flap, 0, -reach + wall, tall), "z", turn))
    return assembled("box", painted(shapes, board), "brown", ("open", "cardboard"))


def _lidded(rng: np.random.Generator, half_x: float, half_y: float, tall: float) -> Furniture:
    paint = coat(rng, "white grey blue pink green black beige", "matte")
    sections = [
        (0, 0, 0, 0),
        (half_x - 0.012, half_y - 0.012, 0.012, 0),
        (half_x - 0.006, half_y - 0.006, 0.012, tall - 0.01),
        (0, 0, 0, tall - 0.01),
    ]
    lid = meshes.slab(half_x, half_y, tall - 0.045, tall, corner=0.014, edge=0.006)
    label = meshes.moved(meshes.sheet(0.06, 0.03), 0, -half_y + 0.0045, tall * 0.45)
    pieces: list[Piece] = [
        (meshes.stack(sections), paint.material),
        (lid, paint.material),
        (label, plain(248, 246, 240)),
    ]
    return assembled("box", pieces, paint.colour, ("lidded",), [top(half_x - 0.012, half_y - 0.012, tall)])


def _present(rng: np.random.Generator, half_x: float, half_y: float, tall: float) -> Furniture:
    striped = chance(rng, 0.4)
    paper = two_tone(rng, BRIGHT, PALE, "stripes", "satin") if striped else coat(rng, BRIGHT, "satin")
    ribbon = coat(rng, "gold white red", "satin").material
    body = meshes.finer(meshes.box((-half_x, -half_y, 0), (half_x, half_y, tall), 0.002), 3.0)
    thin, wide = 0.001, 0.016
    low = np.array([[-half_x - thin, -wide, 0], [-wide, -half_y - thin, 0]])
    high = np.array([[half_x + thin, wide, tall + thin], [wide, half_y + thin, tall + thin]])
    turn = np.linspace(0, 2 * np.pi, 10)
    loop = [(0.03 - 0.03 * float(np.cos(a)), 0.0, 0.02 * float(np.sin(a)) + 0.014) for a in turn[:-1]]
    bow = meshes.scaled(meshes.tube(loop, 0.004, 6), y=3.0)
    bows = [meshes.moved(meshes.turned(bow, "z", angle), 0, 0, tall + 0.006) for angle in (0.3, 0.3 + np.pi)]
    pieces: list[Piece] = [(body, paper.material), (meshes.boxes(low, high), ribbon), *painted(bows, ribbon)]
    return assembled("box", pieces, paper.colour, ("wrapped", *(("striped",) if striped else ())))


def _coils(reach: float, tall: float) -> meshes.Mesh:
    """Return a round basket of coiled cane, widening upward."""
    count = round(tall / 0.018)
    rise = np.linspace(0.004, tall, 2 * count + 1)
    lean = reach * (0.78 + 0.22 * (rise / tall) ** 0.7) - 0.0035 * (np.arange(2 * count + 1) % 2 == 0)
    return vessel([(reach * 0.7, 0), *zip(lean.tolist(), rise.tolist())], 0.012, 28)


def basket(rng: np.random.Generator) -> Furniture:
    """Return a woven basket: round with a bow, or with two grips, or square."""
    cane = coat(rng, "brown brown beige beige beige white grey", "matte", "weave")
    tall = float(rng.uniform(0.14, 0.32))
    style = choose(rng, ("bow", "grips", "square"))
    if style == "square":
        half_x, half_y = float(rng.uniform(0.14, 0.2)), float(rng.uniform(0.11, 0.14))
        sections = [
            (0, 0, 0, 0),
            (half_x * 0.9, half_y * 0.9, 0.02, 0),
            (half_x, half_y, 0.03, tall),
            (half_x - 0.012, half_y - 0.012, 0.025, tall),
            (half_x * 0.9 - 0.012, half_y * 0.9 - 0.012, 0.02, 0.012),
            (0, 0, 0, 0.012),
        ]
        shapes, reach = [meshes.stack(sections)], half_x
    else:
        reach = float(rng.uniform(0.12, 0.19))
        shapes = [_coils(reach, tall)]
    rim = [
        (reach + 0.012 * float(np.cos(a)) - 0.006, tall + 0.01 * float(np.sin(a))) for a in np.linspace(0, 2 * np.pi, 7)
    ]
    if style != "square":
        shapes.append(meshes.lathe(rim, 32))
    if style == "bow":
        arc = [
            ((reach - 0.006) * float(np.cos(a)), 0, tall + reach * 1.05 * float(np.sin(a)))
            for a in np.linspace(0, np.pi, 13)
        ]
        shapes.append(meshes.tube(arc, 0.009, 8))
    else:
        for side in (-1, 1):
            arc = [
                (side * (reach - 0.004), 0.055 * float(np.cos(a)), tall - 0.008 + 0.05 * float(np.sin(a)))
                for a in np.linspace(0, np.pi, 9)
            ]
            shapes.append(meshes.tube(arc, 0.008, 8))
    words = ("woven", "square" if style == "square" else "round")
    return assembled("basket", painted(shapes, cane.material), cane.colour, words)


def bin_(rng: np.random.Generator) -> Furniture:
    """Return a waste bin: an open one, a pedal bin with its lid, or one with a swing lid."""
    return choose(rng, (_open_bin, _open_bin, _pedal_bin, _swing_bin))(rng)


def _open_bin(rng: np.random.Generator) -> Furniture:
    paint = coat(rng, "black grey white blue red green turquoise", "satin")
    radius, tall = float(rng.uniform(0.11, 0.14)), float(rng.uniform(0.25, 0.32))
    foot, rim = radius * 0.75, radius * 1.02
    outside = [(foot, 0), (foot + 0.002, 0.004), (radius * 0.97, tall - 0.02), (rim, tall - 0.02), (rim, tall)]
    pieces: list[Piece] = [(vessel(outside, 0.004, 32), paint.material)]
    if chance(rng, 0.5):
        scrap = meshes.ellipsoid(radius * 0.4, radius * 0.36, radius * 0.34, 5, 7)
        places = ((0.2, 0.3), (-0.35, 0.0), (0.25, -0.35))
        paper = meshes.joined([meshes.moved(scrap, radius * x, radius * y, tall * 0.82) for x, y in places])
        pieces.append((paper, plain(244, 244, 240)))
    return assembled("bin", pieces, paint.colour)


def _pedal_bin(rng: np.random.Generator) -> Furniture:
    paint = coat(rng, "silver silver white black red", "metal")
    radius, tall = float(rng.uniform(0.1, 0.14)), float(rng.uniform(0.3, 0.55))
    low, wide = tall * 0.885, radius + 0.003
    lid = meshes.lathe([(0, low), (wide, low), (wide, tall * 0.92), (radius * 0.8, tall * 0.98), (0, tall)], 28)
    foot = meshes.cylinder(radius * 1.02, 0, 0.022)
    pedal = meshes.box((-0.03, -radius - 0.045, 0.008), (0.03, -radius + 0.01, 0.02), 0.003)
    pieces = painted([meshes.cylinder(radius, 0.02, tall * 0.88), lid], paint.material)
    return assembled("bin", [*pieces, *painted([foot, pedal], DARK)], paint.colour, ("round",))


def _swing_bin(rng: np.random.Generator) -> Furniture:
    paint = coat(rng, "white grey black beige green", "satin")
    half, tall = float(rng.uniform(0.12, 0.15)), float(rng.uniform(0.42, 0.56))
    half_y, rim = half * 0.85, tall * 0.77
    foot = (half * 0.78, half_y * 0.78, 0.03, 0)
    body = meshes.stack([(0, 0, 0, 0), foot, (half, half_y, 0.04, rim + 0.005), (0, 0, 0, rim + 0.005)])
    edge, head = (half * 1.04, half_y * 1.04, 0.04, rim), (half * 0.6, half_y * 0.65, 0.06, tall * 0.99)
    lid = meshes.stack([(0, 0, 0, rim), edge, (*edge[:3], tall * 0.84), head, (0, 0, 0, tall)])
    flap = meshes.turned(meshes.slab(half * 0.62, half * 0.34, 0, 0.006, corner=0.02), "x", 0.72)
    cover = DARK if chance(rng, 0.5) else paint.material
    pieces = [(body, paint.material), (lid, cover), (meshes.moved(flap, 0, -half * 0.7, tall * 0.9), paint.material)]
    return assembled("bin", pieces, paint.colour)
