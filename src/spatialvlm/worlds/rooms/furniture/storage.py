"""Shelves, cabinets and chests: chance enters, furniture leaves; each open compartment is a top with its room."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import HANDLES, Piece, assembled, fronts, legs, painted, top
from spatialvlm.worlds.rooms.palette import Coat, chance, choose, coat, plain, steel, wood
from spatialvlm.worlds.rooms.room import Furniture, Top

BOARD_M = 0.02
INSET_M = 0.012


def finish(rng: np.random.Generator) -> tuple[Coat, tuple[str, ...]]:
    """Draw bare wood or paint, and the word for it."""
    if chance(rng, 0.6):
        return wood(rng), ("wooden",)
    return coat(rng, "white white white grey black green blue", "satin"), ()


def bookshelf(rng: np.random.Generator) -> Furniture:
    """Return an open shelf, with a back or without, seldom divided into squares."""
    paint, words = finish(rng)
    depth, cell = float(rng.uniform(0.28, 0.36)), float(rng.uniform(0.3, 0.38))
    columns, rows = choose(rng, ((1, 2), (1, 3), (1, 4), (1, 5), (1, 5), (2, 2), (2, 3), (2, 4), (3, 2), (2, 1)))
    wide = float(rng.uniform(0.7, 1.0)) if columns == 1 else columns * cell
    foot = choose(rng, (0.0, 0.05))
    half_x, half_y = wide / 2 + BOARD_M, depth / 2
    height = foot + rows * (cell + BOARD_M) + BOARD_M
    walls = np.linspace(-half_x, half_x - BOARD_M, columns + 1).tolist()
    shapes = [meshes.box((x, -half_y, 0), (x + BOARD_M, half_y, height)) for x in walls]
    if chance(rng, 0.6):
        back = meshes.box((-half_x + 0.004, half_y - 0.008, foot), (half_x - 0.004, half_y - 0.001, height - 0.004), 0)
        shapes.append(back)
    tops: list[Top] = []
    pitch = (2 * half_x - BOARD_M) / columns
    for row in range(rows + 1):
        low = foot + row * (cell + BOARD_M)
        shapes += [
            meshes.box((x + BOARD_M, -half_y + 0.002, low), (x + pitch, half_y - 0.009, low + BOARD_M))
            for x in walls[:-1]
        ]
        if row < rows:
            tops += [
                top((pitch - BOARD_M) / 2 - 0.005, half_y - INSET_M, low + BOARD_M, cell, x=x + (pitch + BOARD_M) / 2)
                for x in walls[:-1]
            ]
    for x in walls[:-1]:
        tops.append(top((pitch - BOARD_M) / 2 - 0.005, half_y - INSET_M, height, x=x + (pitch + BOARD_M) / 2))
    return assembled("bookshelf", painted(shapes, paint.material), paint.colour, words, tops)


def _carcass(
    rng: np.random.Generator, paint: Coat, half_x: float, half_y: float, lift: float, height: float
) -> list[Piece]:
    """Make a closed body with a board on it, on legs if lifted high enough, else on a plinth; fronts go at -half_y."""
    body = meshes.box((-half_x, -half_y + 0.02, lift), (half_x, half_y, height - BOARD_M), 0.002)
    board = meshes.box((-half_x - 0.008, -half_y - 0.006, height - BOARD_M), (half_x + 0.008, half_y, height), 0.004)
    pieces = painted([body, board], paint.material)
    if lift > 0.09:
        feet = legs(rng, half_x - 0.02, half_y - 0.02, lift, ("square", "tapered", "round"))
        return pieces + painted(feet, paint.material)
    plinth = meshes.box((-half_x + 0.02, -half_y + 0.06, 0), (half_x - 0.02, half_y - 0.02, lift), 0)
    return [*pieces, (plinth, plain(50, 46, 44))]


def _closed(
    pieces: list[Piece], paint: Coat, rng: np.random.Generator, shut: tuple[list[meshes.Mesh], list[meshes.Mesh]]
) -> list[Piece]:
    """Return the pieces with fronts and handles on them."""
    return [*pieces, *painted(shut[0], paint.material), (meshes.joined(shut[1]), steel(rng).material)]


def cabinet(rng: np.random.Generator) -> Furniture:
    """Return a closed cabinet with doors, sometimes with drawers above them, on legs or a plinth."""
    paint, words = finish(rng)
    doors = choose(rng, (2, 2, 3, 4))
    half_x, half_y = doors * float(rng.uniform(0.2, 0.25)), float(rng.uniform(0.19, 0.24))
    lift, height = choose(rng, (0.06, 0.15)), float(rng.uniform(0.72, 1.05))
    pieces = _carcass(rng, paint, half_x, half_y, lift, height)
    style, head = choose(rng, HANDLES), height - BOARD_M - 0.003
    split = head - 0.17 if chance(rng, 0.4) else head
    shut = fronts(style, (-half_x, lift + 0.004), (half_x, split), -half_y, columns=doors, doors=True)
    pieces = _closed(pieces, paint, rng, shut)
    if split < head:
        drawers = fronts(style, (-half_x, split), (half_x, head), -half_y, columns=doors)
        pieces = _closed(pieces, paint, rng, drawers)
    return assembled("cabinet", pieces, paint.colour, words, [top(half_x - 0.004, half_y - INSET_M, height)])


def dresser(rng: np.random.Generator) -> Furniture:
    """Return a chest of drawers."""
    paint, words = finish(rng)
    columns, rows = choose(rng, ((1, 4), (2, 3), (2, 4), (1, 5), (2, 3)))
    half_x, half_y = (0.4 if columns == 1 else 0.62) * float(rng.uniform(0.9, 1.1)), float(rng.uniform(0.21, 0.25))
    lift, height = choose(rng, (0.06, 0.12, 0.16)), rows * float(rng.uniform(0.19, 0.225)) + 0.12
    pieces = _carcass(rng, paint, half_x, half_y, lift, height)
    shut = fronts(
        choose(rng, HANDLES),
        (-half_x, lift + 0.004),
        (half_x, height - BOARD_M - 0.003),
        -half_y,
        columns=columns,
        rows=rows,
    )
    pieces = _closed(pieces, paint, rng, shut)
    return assembled("dresser", pieces, paint.colour, words, [top(half_x - 0.004, half_y - INSET_M, height)])


def nightstand(rng: np.random.Generator) -> Furniture:
    """Return a small chest for beside a bed: drawers, or one drawer over an open shelf."""
    paint, words = finish(rng)
    half_x, half_y = float(rng.uniform(0.2, 0.26)), float(rng.uniform(0.18, 0.21))
    height, style = float(rng.uniform(0.46, 0.6)), choose(rng, HANDLES)
    if chance(rng, 0.5):
        lift = choose(rng, (0.06, 0.14))
        pieces = _carcass(rng, paint, half_x, half_y, lift, height)
        shut = fronts(style, (-half_x, lift + 0.004), (half_x, height - BOARD_M - 0.003), -half_y, rows=2)
        tops = []
    else:
        low = height - 0.2
        pieces = painted(legs(rng, half_x, half_y, low, ("square", "tapered")), paint.material)
        shelf = meshes.box((0.015 - half_x, 0.015 - half_y, 0.14), (half_x - 0.015, half_y - 0.015, 0.158))
        body = meshes.box((-half_x, -half_y + 0.02, low), (half_x, half_y, height - BOARD_M), 0.002)
        board = meshes.box(
            (-half_x - 0.008, -half_y - 0.006, height - BOARD_M), (half_x + 0.008, half_y, height), 0.004
        )
        pieces += painted([shelf, body, board], paint.material)
        shut = fronts(style, (-half_x, low), (half_x, height - BOARD_M - 0.003), -half_y)
        tops = [top(half_x - 0.05, half_y - 0.05, 0.158, low - 0.158)]
    pieces = _closed(pieces, paint, rng, shut)
    tops.insert(0, top(half_x - 0.004, half_y - INSET_M, height))
    return assembled("nightstand", pieces, paint.colour, words, tops)


def wardrobe(rng: np.random.Generator) -> Furniture:
    """Return a tall cupboard for clothes, with doors to the floor or drawers below them."""
    paint, words = finish(rng)
    doors = choose(rng, (2, 2, 3))
    half_x, half_y = doors * float(rng.uniform(0.21, 0.26)), float(rng.uniform(0.27, 0.31))
    height, lift = float(rng.uniform(1.75, 2.05)), 0.06
    pieces = _carcass(rng, paint, half_x, half_y, lift, height)
    style, split = choose(rng, ("knob", "bar")), 0.45 if chance(rng, 0.4) else lift + 0.004
    shut = fronts(style, (-half_x, split), (half_x, height - BOARD_M - 0.003), -half_y, columns=doors, doors=True)
    pieces = _closed(pieces, paint, rng, shut)
    if split > 0.1:
        pieces = _closed(pieces, paint, rng, fronts(style, (-half_x, lift + 0.004), (half_x, split), -half_y, rows=2))
    return assembled("wardrobe", pieces, paint.colour, words, [top(half_x - 0.004, half_y - INSET_M, height)])


def tv_stand(rng: np.random.Generator) -> Furniture:
    """Return a low, wide cabinet for a television: doors at its ends, open between them, on legs."""
    paint, words = finish(rng)
    half_x, half_y = float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.19, 0.22))
    lift, height = choose(rng, (0.05, 0.12, 0.16)), float(rng.uniform(0.45, 0.56))
    split = half_x * float(rng.uniform(0.34, 0.45))
    low, high = lift + BOARD_M, height - BOARD_M
    ends = [
        meshes.box((x0, -half_y + 0.02, lift), (x1, half_y, high), 0.002)
        for x0, x1 in ((-half_x, -split), (split, half_x))
    ]
    middle = (low + high) / 2
    boards = [
        meshes.box((-split, -half_y + 0.002, lift), (split, half_y, low), 0.002),
        meshes.box((-split, -half_y + 0.02, middle - 0.008), (split, half_y, middle + 0.008), 0.002),
        meshes.box((-split, half_y - 0.008, low), (split, half_y, high), 0),
        meshes.box((-half_x - 0.008, -half_y - 0.006, high), (half_x + 0.008, half_y, height), 0.004),
    ]
    pieces = painted([*ends, *boards], paint.material)
    feet = legs(rng, half_x - 0.03, half_y - 0.02, lift, ("square", "tapered", "round"))
    pieces += painted(feet, paint.material)
    style = choose(rng, HANDLES)
    for x0, x1 in ((-half_x, -split), (split, half_x)):
        pieces = _closed(pieces, paint, rng, fronts(style, (x0, lift + 0.002), (x1, high - 0.003), -half_y, doors=True))
    shelves = [top(split - 0.01, half_y - 0.03, z, high - middle - 0.01) for z in (low, middle + 0.008)]
    tops = [top(half_x - 0.004, half_y - INSET_M, height), *shelves]
    return assembled("tv stand", pieces, paint.colour, words, tops)
