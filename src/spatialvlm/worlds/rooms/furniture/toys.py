"""Toys: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted
from spatialvlm.worlds.rooms.palette import BRIGHT, MIXED, chance, coat, plain, shade
from spatialvlm.worlds.rooms.room import Furniture, Material

GLASS = plain(40, 48, 58, "glossy")


def _gore(radius: float, start: float, stop: float) -> meshes.Mesh:
    """Return a slice of a ball's skin between two longitudes."""
    rise = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, 15)[:, None]
    turn = np.linspace(start, stop, 6)[None]
    return meshes.grid(
        radius
        * np.stack(np.broadcast_arrays(np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)), -1)
    )


def ball(rng: np.random.Generator) -> Furniture:
    """Return a ball: of one colour, of six slices, or a basketball."""
    radius = float(rng.uniform(0.05, 0.12))
    if chance(rng, 0.35):
        names = (
            ["white", "red", "white", "blue", "white", "yellow"]
            if chance(rng, 0.5)
            else ["red", "yellow", "green", "blue", "orange", "purple"]
        )
        slices: list[Piece] = [
            (
                meshes.turned(_gore(radius, i * np.pi / 3, (i + 1) * np.pi / 3), "x", 0.6),
                Material(shade(rng, name), "satin"),
            )
            for i, name in enumerate(names)
        ]
        return assembled("ball", slices, MIXED, ("striped",))
    if chance(rng, 0.35):
        line = meshes.lathe([(1.004, -0.012), (1.004, 0.012), (0.98, 0.012), (0.98, -0.012), (1.004, -0.012)], 40)
        turns = [line, meshes.turned(line, "x", np.pi / 2), meshes.turned(line, "y", np.pi / 2)]
        ring = meshes.scaled(meshes.joined(turns), 0.12, 0.12, 0.12)
        skin: list[Piece] = [
            (meshes.ellipsoid(0.12, 0.12, 0.12, 18, 32), Material((204, 96, 40))),
            (meshes.turned(ring, "x", 0.5), plain(30, 26, 24)),
        ]
        return assembled("ball", skin, "orange")
    paint = coat(rng, BRIGHT + " white", "satin")
    return assembled("ball", [(meshes.ellipsoid(radius, radius, radius, 16, 32), paint.material)], paint.colour)


def _lump(size: float, at: meshes.Point, half: meshes.Point, axis: str = "y", tilt_rad: float = 0.0) -> meshes.Mesh:
    """Return an ellipsoid at a place, tilted about an axis through its middle; in units of `size`."""
    x, y, z = (size * value for value in half)
    return meshes.moved(
        meshes.turned(meshes.ellipsoid(x, y, z, 9, 16), axis, tilt_rad), *(size * value for value in at)
    )


def _block(size: float, at: meshes.Point, half: meshes.Point) -> meshes.Mesh:
    """Return a box about a place, in units of `size`."""
    low, high = (np.array([[p + side * q for p, q in zip(at, half)]]) * size for side in (-1, 1))
    return meshes.boxes(low, high, 0.012 * size)


def teddy_bear(rng: np.random.Generator) -> Furniture:
    """Return a bear that sits."""
    fur = coat(rng, "brown brown brown beige beige white grey pink", "matte")
    red, green, blue = fur.material.rgb
    pale = plain(min(red + 50, 255), min(green + 46, 255), min(blue + 40, 255))
    dark = plain(26, 22, 22, "glossy")
    size = float(rng.uniform(0.1, 0.15))

    body, head = _lump(size, (0, 0, 0.8), (0.68, 0.6, 0.82)), _lump(size, (0, -0.05, 1.95), (0.58, 0.52, 0.52))
    limbs, light = (
        [body, head],
        [_lump(size, (0, -0.5, 1.82), (0.24, 0.2, 0.19)), _lump(size, (0, -0.42, 0.85), (0.42, 0.26, 0.5))],
    )
    for side in (-1, 1):
        limbs += [
            _lump(size, (side * 0.43, 0.02, 2.4), (0.2, 0.13, 0.2)),
            _lump(size, (side * 0.72, -0.18, 1.08), (0.2, 0.22, 0.5), "y", -side * 0.5),
        ]
        limbs.append(
            meshes.moved(
                meshes.turned(meshes.ellipsoid(0.26 * size, 0.62 * size, 0.25 * size, 9, 16), "z", side * 0.4),
                side * 0.52 * size,
                -0.6 * size,
                0.26 * size,
            )
        )
        light += [
            _lump(size, (side * 0.43, -0.07, 2.4), (0.12, 0.08, 0.12)),
            _lump(size, (side * 0.76, -1.12, 0.28), (0.19, 0.09, 0.2)),
        ]
    marks = [_lump(size, (side * 0.21, -0.5, 2.07), (0.065, 0.05, 0.07)) for side in (-1, 1)]
    marks.append(_lump(size, (0, -0.68, 1.9), (0.09, 0.06, 0.06)))
    pieces = [*painted(limbs, fur.material), *painted(light, pale), *painted(marks, dark)]
    if chance(rng, 0.4):
        bow = coat(rng, "red blue green", "satin").material
        knots = [_lump(size, (side * 0.16, -0.5, 1.46), (0.17, 0.06, 0.12)) for side in (-1, 1)]
        pieces += painted([*knots, _lump(size, (0, -0.53, 1.46), (0.07, 0.06, 0.08))], bow)
    return assembled("teddy bear", pieces, fur.colour)


def _wheels(x: float, y: float, radius: float, wide: float) -> tuple[list[meshes.Mesh], list[meshes.Mesh]]:
    """Make four tyres and their hubs, axles along x."""
    tyre = meshes.turned(meshes.cylinder(radius, -wide / 2, wide / 2, bevel=wide * 0.2), "y", np.pi / 2)
    hub = meshes.turned(
        meshes.cylinder(radius * 0.55, -wide / 2 - 0.001, wide / 2 + 0.001, bevel=0.001), "y", np.pi / 2
    )
    places = [(i * x, j * y) for i in (-1, 1) for j in (-1, 1)]
    return [meshes.moved(tyre, *place, radius) for place in places], [
        meshes.moved(hub, *place, radius) for place in places
    ]


def _rolling(long: float, low: float) -> list[Piece]:
    """Make wheels and head lamps of a toy of that length whose body begins at `low`."""
    half_x, half_y = long * 0.21, long / 2
    tyres, hubs = _wheels(half_x * 0.88, half_y * 0.6, long * 0.1, long * 0.08)
    lamp = meshes.moved(meshes.ellipsoid(long * 0.03, long * 0.02, long * 0.03, 6, 10), 0, -half_y, low + long * 0.075)
    lamps = [meshes.moved(lamp, side * half_x * 0.62) for side in (-1, 1)]
    pale = plain(226, 226, 228)
    return [*painted(tyres, plain(30, 30, 32)), *painted(hubs, pale), *painted(lamps, plain(250, 240, 190))]


def toy_car(rng: np.random.Generator) -> Furniture:
    """Return a toy car; its nose is at -y."""
    paint = coat(rng, BRIGHT, "glossy")
    long = float(rng.uniform(0.11, 0.2))
    half_x, half_y, low = long * 0.21, long / 2, long * 0.07
    roof, waist = low + long * 0.28, low + long * 0.13
    body = meshes.slab(half_x, half_y, low, low + long * 0.15, corner=long * 0.07, edge=long * 0.035)
    cap = meshes.slab(half_x * 0.76, half_y * 0.42, roof - long * 0.02, roof, corner=long * 0.05, edge=long * 0.008)
    wide, slim = (half_x * 0.92, half_y * 0.62, long * 0.04), (half_x * 0.74, half_y * 0.4, long * 0.05)
    panes = meshes.stack([(0, 0, 0, waist), (*wide, waist), (*slim, roof - 0.004), (0, 0, 0, roof - 0.004)])
    pieces = painted([body, meshes.moved(cap, 0, half_y * 0.08)], paint.material)
    pieces.append((meshes.moved(panes, 0, half_y * 0.08), GLASS))
    return assembled("toy car", [*pieces, *_rolling(long, low)], paint.colour)


def toy_truck(rng: np.random.Generator) -> Furniture:
    """Return a toy truck with an open load bed, often of another colour; its nose is at -y."""
    paint = coat(rng, BRIGHT, "glossy")
    long = float(rng.uniform(0.14, 0.24))
    half_x, half_y, low = long * 0.21, long / 2, long * 0.07
    base = meshes.slab(half_x * 0.9, half_y, low, low + long * 0.07, corner=long * 0.03)
    roof = low + long * 0.33
    cab = meshes.slab(half_x, half_y * 0.32, low + long * 0.04, roof, corner=long * 0.04, edge=long * 0.025)
    pane = meshes.box((-half_x * 1.01, -half_y * 0.98, 0), (half_x * 1.01, -half_y * 0.66, long * 0.1), 0.003)
    floor, rim = long * 0.02, long * 0.2
    outer, inner = (half_x * 1.05, half_y * 0.62, 0.004), (half_x * 0.97, half_y * 0.58, 0.004)
    sides = [(half_x * 0.9, half_y * 0.56, 0.004, 0), (*outer, rim), (*inner, rim)]
    load = meshes.stack([(0, 0, 0, 0), *sides, (half_x * 0.84, half_y * 0.52, 0.004, floor), (0, 0, 0, floor)])
    pieces = painted([base, meshes.moved(cab, 0, -half_y * 0.64)], paint.material)
    pieces.append((meshes.moved(pane, z=low + long * 0.18), GLASS))
    pieces.append((meshes.moved(load, 0, half_y * 0.36, low + long * 0.075), coat(rng, BRIGHT, "glossy").material))
    return assembled("toy truck", [*pieces, *_rolling(long, low)], paint.colour)


def rubber_duck(rng: np.random.Generator) -> Furniture:
    """Return a bath duck; its bill points to -y."""
    size = float(rng.uniform(0.032, 0.05))

    skin = coat(rng, "yellow", "satin").material
    body = meshes.lathe([(0, 0), (0.5, 0), (0.8, 0.15), (0.98, 0.5), (0.9, 0.85), (0.6, 1.1), (0, 1.2)], 24)
    hull = meshes.scaled(body, size, size * 1.3, size * 0.95)
    tail = _lump(size, (0, 1.15, 1.0), (0.32, 0.5, 0.2), "x", 0.75)
    wings = [_lump(size, (side * 0.88, 0.2, 0.68), (0.2, 0.62, 0.36), "x", 0.25) for side in (-1, 1)]
    yellow = [hull, tail, *wings, _lump(size, (0, -0.55, 1.65), (0.68, 0.68, 0.66))]
    bill = [_lump(size, (0, -1.25, 1.55), (0.3, 0.36, 0.09)), _lump(size, (0, -1.2, 1.46), (0.26, 0.3, 0.07))]
    eyes = [_lump(size, (side * 0.36, -1.08, 1.85), (0.1, 0.08, 0.12)) for side in (-1, 1)]
    pieces = [
        *painted(yellow, skin),
        *painted(bill, plain(234, 120, 30, "satin")),
        *painted(eyes, plain(20, 20, 22, "glossy")),
    ]
    return assembled("rubber duck", pieces, "yellow")


def puzzle_cube(rng: np.random.Generator) -> Furniture:
    """Return a cube of coloured squares, three by three on each side."""
    half = float(rng.uniform(0.027, 0.031))
    body = meshes.box((-half, -half, 0), (half, half, 2 * half), 0.002)
    pitch, cell = 2 * half / 3, half * 0.29
    pieces: list[Piece] = [(body, plain(22, 22, 24, "satin"))]
    tints = [shade(rng, name) for name in ("white", "yellow", "red", "orange", "blue", "green")]
    order = rng.permutation(54) % 6 if chance(rng, 0.6) else np.repeat(np.arange(6), 9)
    turns = [("x", 0.0), ("x", np.pi), ("x", np.pi / 2), ("x", -np.pi / 2), ("y", np.pi / 2), ("y", -np.pi / 2)]
    cells = np.array([(i % 3 - 1, i // 3 - 1) for i in range(9)]) * pitch
    tile = meshes.box((-cell, -cell, half - 0.001), (cell, cell, half + 0.0006), 0.002)
    sides = np.repeat([meshes.turning(axis, angle) for axis, angle in turns], 9, axis=0)
    places = np.column_stack([np.tile(cells, (6, 1)), np.zeros(54)])
    places = np.einsum("kij,kj->ki", sides, places) + (0, 0, half)
    for colour, tint in enumerate(tints):
        of_it = order == colour
        pieces.append((meshes.copies(tile, sides[of_it], places[of_it]), Material(tint, "satin")))
    return assembled("puzzle cube", pieces, MIXED)


def toy_robot(rng: np.random.Generator) -> Furniture:
    """Return a robot of blocks that stands; its face is at -y."""
    paint = coat(rng, "red blue silver yellow green turquoise orange grey", "satin")
    size = float(rng.uniform(0.16, 0.24))
    dark, lamp = plain(52, 54, 60, "satin"), plain(250, 214, 70, "glossy")

    shell = [_block(size, (0, 0, 0.5), (0.2, 0.13, 0.19)), _block(size, (0, 0, 0.83), (0.15, 0.12, 0.11))]
    grey = [_block(size, (0, 0, 0.705), (0.06, 0.06, 0.025)), _block(size, (0, -0.131, 0.55), (0.13, 0.006, 0.08))]
    for side in (-1, 1):
        shell += [
            _block(size, (side * 0.25, 0, 0.46), (0.045, 0.06, 0.15)),
            _block(size, (side * 0.1, -0.03, 0.035), (0.085, 0.14, 0.035)),
        ]
        grey += [
            _block(size, (side * 0.1, 0, 0.19), (0.05, 0.055, 0.13)),
            _block(size, (side * 0.25, 0, 0.28), (0.035, 0.045, 0.035)),
            _block(size, (side * 0.165, 0, 0.83), (0.02, 0.04, 0.04)),
        ]
    eyes = [meshes.turned(meshes.cylinder(0.035 * size, 0, 0.02 * size, bevel=0.002), "x", np.pi / 2) for _ in range(2)]
    lights = [meshes.moved(eye, side * 0.065 * size, -0.118 * size, 0.86 * size) for eye, side in zip(eyes, (-1, 1))]
    rod = meshes.tube([(0, 0, 0.93 * size), (0, 0, 1.02 * size)], 0.008 * size + 0.0008, 6)
    lights.append(meshes.moved(meshes.ellipsoid(0.022 * size, 0.022 * size, 0.022 * size, 6, 10), z=1.035 * size))
    mouth = _block(size, (0, -0.121, 0.785), (0.07, 0.004, 0.014))
    pieces = [*painted(shell, paint.material), *painted([*grey, rod, mouth], dark), *painted(lights, lamp)]
    return assembled("toy robot", pieces, paint.colour)
