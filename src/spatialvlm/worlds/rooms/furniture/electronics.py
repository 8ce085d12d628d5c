"""Screens and what belongs to them: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top
from spatialvlm.worlds.rooms.palette import chance, choose, coat, plain, shade
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh

BLACK = plain(24, 24, 26, "satin")
KEY_M = 0.019


def _display(rng: np.random.Generator, lit: float) -> Material:
    """Return a dark screen, or one that shows a picture."""
    if not chance(rng, lit):
        return plain(14, 15, 18, "screen")
    tints = choose(rng, (("blue", "green"), ("green", "brown"), ("purple", "orange"), ("blue", "orange")))
    return Material(shade(rng, tints[0]), "screen", "picture", shade(rng, tints[1]), int(rng.integers(1 << 30)))


def _panel(width: float, height: float, thick: float, low: float, case: Material, display: Material) -> list[Piece]:
    """Return an upright screen in its case, its front at y = 0."""
    frame = meshes.box((-width / 2, 0, low), (width / 2, thick, low + height), 0.003)
    rim = 0.012
    glass = meshes.moved(meshes.sheet(width - 2 * rim, height - 2 * rim), 0, -0.0008, low + rim)
    return [(frame, case), (glass, display)]


def television(rng: np.random.Generator) -> Furniture:
    """Return a flat television on two feet or on a foot in the middle."""
    width = float(rng.uniform(0.85, 1.3))
    height, low = width * 0.575, float(rng.uniform(0.05, 0.09))
    pieces = _panel(width, height, 0.03, low, BLACK, _display(rng, 0.4))
    pieces.append((meshes.box((-width * 0.3, 0.02, low + 0.05), (width * 0.3, 0.06, low + height * 0.6), 0.01), BLACK))
    metal = choose(rng, (BLACK, plain(150, 152, 156, "metal")))
    if chance(rng, 0.5):
        for x in (-width * 0.36, width * 0.36):
            pieces.append((meshes.tube([(x, -0.09, 0.008), (x, 0.015, low + 0.01), (x, 0.12, 0.008)], 0.008, 8), metal))
    else:
        pieces.append((meshes.slab(width * 0.2, 0.11, 0, 0.012, corner=0.03), metal))
        pieces.append((meshes.box((-0.05, 0.0, 0.01), (0.05, 0.03, low + 0.02)), metal))
    return assembled("television", pieces, "black")


def monitor(rng: np.random.Generator) -> Furniture:
    """Return a computer's screen on a stand."""
    width, low = float(rng.uniform(0.5, 0.66)), float(rng.uniform(0.1, 0.15))
    case, colour = choose(
        rng,
        (
            (BLACK, "black"),
            (BLACK, "black"),
            (plain(196, 198, 202, "satin"), "silver"),
            (plain(238, 238, 236, "satin"), "white"),
        ),
    )
    pieces = _panel(width, width * 0.58, 0.025, low, case, _display(rng, 0.6))
    half = width * 0.2
    pieces.append((meshes.moved(meshes.slab(half, 0.1, 0, 0.012, corner=choose(rng, (0.01, 0.08))), 0, 0.03), case))
    neck = meshes.box((-0.025, 0.035, 0.01), (0.025, 0.055, low + width * 0.25), 0.004)
    pieces += painted([neck, meshes.box((-0.05, 0.02, low + width * 0.16), (0.05, 0.045, low + width * 0.34))], case)
    return assembled("monitor", pieces, colour)


def _keys(half_x: float, half_y: float, z: float, columns: int, rows: int, tall: float = 0.004) -> Mesh:
    """Make rows of keys, the front row with a space bar."""
    x, y = 2 * half_x / columns, 2 * half_y / rows
    first, last = columns // 3, columns - columns // 3
    cells = [
        (-half_x + i * x, -half_y + j * y, -half_x + (i + 1) * x, -half_y + (j + 1) * y)
        for j in range(rows)
        for i in range(columns)
        if j or not first <= i < last
    ]
    cells.append((-half_x + first * x, -half_y, -half_x + last * x, -half_y + y))
    table, gap = np.array(cells), 0.0015
    low = np.column_stack([table[:, :2] + gap, np.full(len(cells), z)])
    high = np.column_stack([table[:, 2:] - gap, np.full(len(cells), z + tall)])
    return meshes.boxes(low, high)


def keyboard(rng: np.random.Generator) -> Furniture:
    """Return a keyboard, with a block of digits or without."""
    case, keys, colour = choose(
        rng,
        (
            (plain(28, 28, 30, "satin"), plain(52, 52, 56), "black"),
            (plain(206, 208, 210, "satin"), plain(246, 246, 244), "white"),
            (plain(150, 152, 156, "satin"), plain(50, 50, 54), "grey"),
        ),
    )
    wide = chance(rng, 0.6)
    half_x, half_y = (0.215 if wide else 0.148), 0.064
    pieces: list[Piece] = [(meshes.slab(half_x + 0.01, half_y + 0.01, 0, 0.014, corner=0.01, edge=0.003), case)]
    if wide:
        split = half_x - 4 * KEY_M - 0.012
        main = meshes.moved(_keys((split + half_x) / 2, half_y, 0.013, 15, 5, 0.006), (split - half_x) / 2)
        pad = meshes.moved(_keys(2 * KEY_M, half_y, 0.013, 4, 5, 0.006), half_x - 2 * KEY_M)
        pieces.append((meshes.joined([main, pad]), keys))
    else:
        pieces.append((_keys(half_x, half_y, 0.013, 15, 5, 0.006), keys))
    return assembled("keyboard", pieces, colour)


def computer_mouse(rng: np.random.Generator) -> Furniture:
    """Return a mouse with two buttons and a wheel."""
    paint = coat(rng, "black black white grey red blue", "satin")
    half_x, half_y, tall = 0.031, 0.055, 0.037
    levels = [(0.0, 0.9), (0.15, 1.0), (0.45, 0.97), (0.7, 0.84), (0.88, 0.6), (0.97, 0.32)]
    sections = [(half_x * f, half_y * f, half_x * f * 0.93, tall * h) for h, f in levels]
    body = meshes.stack([(0, 0, 0, 0), *sections, (0, 0, 0, tall)], 4)
    wheel = meshes.turned(meshes.cylinder(0.009, -0.003, 0.003, bevel=0.001), "y", np.pi / 2)
    seam = [(0.0, -half_y * f - 0.0002, tall * h) for h, f in [*levels[2:], (0.99, 0.16)]]
    line = meshes.tube(seam, 0.0008, 6)
    pieces: list[Piece] = [
        (body, paint.material),
        (meshes.moved(wheel, 0, -0.026, tall * 0.8), plain(70, 70, 74)),
        (line, plain(60, 60, 62)),
    ]
    return assembled("computer mouse", pieces, paint.colour)


def laptop(rng: np.random.Generator) -> Furniture:
    """Return an open laptop."""
    case, keys, colour = choose(
        rng,
        (
            (plain(192, 194, 198, "satin"), plain(36, 36, 40), "silver"),
            (plain(192, 194, 198, "satin"), plain(36, 36, 40), "silver"),
            (plain(120, 122, 126, "satin"), plain(30, 30, 32), "grey"),
            (plain(34, 34, 36, "satin"), plain(62, 62, 66), "black"),
        ),
    )
    half_x = float(rng.uniform(0.15, 0.18))
    half_y, deep = half_x * 0.68, 0.016
    base = meshes.slab(half_x, half_y, 0, deep, corner=0.012, edge=0.004)
    field = meshes.moved(_keys(half_x * 0.88, half_y * 0.46, deep, 14, 5, 0.0018), 0, half_y * 0.32)
    pad = meshes.slab(half_x * 0.3, half_y * 0.28, deep, deep + 0.0006, corner=0.006, edge=0.0003)
    lid: list[Piece] = _panel(2 * half_x, 2 * half_y, 0.006, 0.0, case, _display(rng, 0.75))
    bezel = meshes.moved(meshes.sheet(2 * half_x - 0.008, 2 * half_y - 0.008), 0, -0.0004, 0.004)
    lean = -float(rng.uniform(0.15, 0.45))
    pieces: list[Piece] = [
        (base, case),
        (field, keys),
        (meshes.moved(pad, 0, -half_y * 0.56), plain(150, 152, 156, "satin")),
    ]
    for shape, material in [*lid, (bezel, BLACK)]:
        pieces.append((meshes.moved(meshes.turned(shape, "x", lean), 0, half_y - 0.004, deep - 0.004), material))
    return assembled("laptop", pieces, colour, ("open",))


def phone(rng: np.random.Generator) -> Furniture:
    """Return a smartphone that lies on its back."""
    case = coat(rng, "black black white silver blue red pink", "satin")
    body = meshes.slab(0.037, 0.076, 0, 0.008, corner=0.01, edge=0.002)
    face = meshes.turned(meshes.sheet(0.068, 0.146), "x", -np.pi / 2)
    pieces: list[Piece] = [(body, case.material), (meshes.moved(face, 0, -0.073, 0.0083), _display(rng, 0.4))]
    return assembled("phone", pieces, case.colour)


def remote_control(rng: np.random.Generator) -> Furniture:
    """Return a remote control with rows of buttons."""
    case = coat(rng, "black black black grey white", "satin")
    tall = 0.018
    body = meshes.slab(0.023, 0.088, 0, tall, corner=0.012, edge=0.006)
    cells = np.array([(x, y) for y in np.linspace(-0.065, 0.035, 8) for x in (-0.012, 0.0, 0.012)])
    low = np.column_stack([cells - (0.0038, 0.0042), np.full(len(cells), tall - 0.001)])
    high = np.column_stack([cells + (0.0038, 0.0042), np.full(len(cells), tall + 0.0015)])
    ring = meshes.moved(meshes.cylinder(0.013, tall - 0.001, tall + 0.0015), 0, 0.055)
    spot = meshes.moved(meshes.cylinder(0.004, tall - 0.001, tall + 0.003), 0.012, 0.078)
    light = plain(196, 196, 198) if case.colour == "black" else plain(60, 60, 64)
    pieces: list[Piece] = [
        (body, case.material),
        (meshes.joined([meshes.boxes(low, high), ring]), light),
        (spot, plain(200, 40, 40)),
    ]
    return assembled("remote control", pieces, case.colour)


def printer(rng: np.random.Generator) -> Furniture:
    """Return a printer with paper in its feeder and on its tray."""
    case = coat(rng, "white white grey black", "satin")
    half_x, half_y, tall = float(rng.uniform(0.2, 0.23)), float(rng.uniform(0.15, 0.18)), float(rng.uniform(0.15, 0.2))
    dark = plain(52, 54, 58, "satin")
    body = meshes.slab(half_x, half_y, 0.012, tall, corner=0.02, edge=0.012)
    foot = meshes.box((-half_x + 0.03, -half_y + 0.03, 0), (half_x - 0.03, half_y - 0.03, 0.013), 0)
    slot = meshes.box((-half_x + 0.06, -half_y - 0.001, 0.05), (half_x - 0.06, -half_y + 0.02, tall * 0.55), 0.002)
    tray = meshes.box((-half_x + 0.07, -half_y - 0.1, 0.042), (half_x - 0.07, -half_y + 0.01, 0.05), 0.002)
    paper = meshes.box((-0.1, -half_y - 0.08, 0.05), (0.1, -half_y + 0.01, 0.056), 0)
    rest = meshes.turned(meshes.box((-0.12, 0, 0), (0.12, 0.006, 0.16), 0.002), "x", -0.35)
    feed = meshes.turned(meshes.box((-0.105, -0.004, 0.02), (0.105, 0, 0.2), 0), "x", -0.35)
    panel = meshes.box(
        (half_x - 0.09, -half_y + 0.03, tall - 0.001), (half_x - 0.02, -half_y + 0.1, tall + 0.002), 0.001
    )
    pieces: list[Piece] = [
        (body, case.material),
        (foot, dark),
        (slot, dark),
        (tray, dark),
        (paper, plain(246, 246, 244)),
        (meshes.moved(rest, 0, half_y - 0.06, tall - 0.02), case.material),
        (meshes.moved(feed, 0, half_y - 0.06, tall - 0.02), plain(246, 246, 244)),
        (panel, dark),
    ]
    return assembled("printer", pieces, case.colour)


def speaker(rng: np.random.Generator) -> Furniture:
    """Return a loudspeaker with two cones."""
    case = choose(rng, (coat(rng, "black black white", "satin"), coat(rng, "brown", "satin", "wood")))
    half, deep, tall = float(rng.uniform(0.07, 0.1)), float(rng.uniform(0.08, 0.11)), float(rng.uniform(0.22, 0.32))
    pieces: list[Piece] = [(meshes.box((-half, -deep, 0), (half, deep, tall), 0.005), case.material)]
    for radius, z in ((half * 0.78, tall * 0.34), (half * 0.45, tall * 0.76)):
        rim = meshes.lathe(
            [(radius * 0.86, -0.01), (radius, -0.01), (radius, 0.005), (radius * 0.88, 0.007), (radius * 0.86, -0.01)]
        )
        cone = meshes.lathe(
            [
                (0, -0.004),
                (radius * 0.87, -0.004),
                (radius * 0.87, 0.004),
                (radius * 0.35, 0.0005),
                (radius * 0.25, 0.003),
                (0, 0.005),
            ]
        )
        pieces += [
            (meshes.moved(meshes.turned(rim, "x", np.pi / 2), 0, -deep, z), plain(120, 122, 126, "metal")),
            (meshes.moved(meshes.turned(cone, "x", np.pi / 2), 0, -deep, z), plain(40, 40, 44)),
        ]
    return assembled("speaker", pieces, case.colour, (), [top(half - 0.006, deep - 0.006, tall)])
