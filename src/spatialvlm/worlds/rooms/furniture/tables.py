"""Tables and desks: chance enters, furniture with its top to stand things on leaves."""

import itertools

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import HANDLES, Piece, assembled, front, handle, legs, painted, top
from spatialvlm.worlds.rooms.palette import Coat, chance, choose, coat, steel, wood
from spatialvlm.worlds.rooms.room import Furniture

MARGIN_M = 0.01
"""Tops end this far from a board's edge, where it is rounded."""


def _finish(rng: np.random.Generator) -> tuple[Coat, tuple[str, ...]]:
    """Return the coat of a table's board, and the word for it."""
    if chance(rng, 0.65):
        return wood(rng), ("wooden",)
    return coat(rng, "white white black grey", "satin"), ()


def _undercarriage(rng: np.random.Generator, board: Coat) -> Coat:
    """Return what its legs are made of."""
    return board if chance(rng, 0.6) else coat(rng, "black white black", "satin")


def _pedestal(radius: float, height: float) -> meshes.Mesh:
    """Return a turned column on a round foot."""
    foot = 0.62 * radius
    return meshes.lathe(
        [
            (0, 0),
            (foot, 0),
            (foot, 0.015),
            (foot * 0.5, 0.035),
            (0.045, 0.09),
            (0.035, 0.2),
            (0.045, height * 0.6),
            (0.05, height - 0.06),
            (0.16, height),
            (0, height),
        ]
    )


def _trestle(half_x: float, half_y: float, height: float) -> list[meshes.Mesh]:
    """Return two frames and a beam between them."""
    shapes = [meshes.box((-half_x + 0.12, -0.02, 0.2), (half_x - 0.12, 0.02, 0.27))]
    for x in (-half_x + 0.15, half_x - 0.15):
        shapes += [
            meshes.box((x - 0.035, -half_y + 0.06, 0), (x + 0.035, half_y - 0.06, 0.06), 0.006),
            meshes.box((x - 0.03, -0.06, 0.06), (x + 0.03, 0.06, height - 0.05), 0.006),
            meshes.box((x - 0.035, -half_y + 0.08, height - 0.05), (x + 0.035, half_y - 0.08, height), 0.006),
        ]
    return shapes


def _round_table(rng: np.random.Generator, category: str, radius: float, height: float) -> Furniture:
    board, words = _finish(rng)
    thick = float(rng.uniform(0.018, 0.035))
    low = height - thick
    pieces: list[Piece] = [(meshes.disc(radius, low, height), board.material)]
    under = _undercarriage(rng, board)
    if chance(rng, 0.5):
        pieces.append((_pedestal(radius, low), under.material))
    else:
        reach = radius * 0.72
        pieces += painted(legs(rng, reach, reach, low, ("tapered", "round", "splayed")), under.material)
    half = (radius - MARGIN_M) * 0.7
    return assembled(category, pieces, board.colour, ("round", *words), [top(half, half, height)])


def _apron(half_x: float, half_y: float, low: float, high: float) -> list[meshes.Mesh]:
    """Return the frame below a board."""
    return [meshes.box((-half_x, y - 0.01, low), (half_x, y + 0.01, high)) for y in (-half_y, half_y)] + [
        meshes.box((x - 0.01, -half_y, low), (x + 0.01, half_y, high)) for x in (-half_x, half_x)
    ]


def table(rng: np.random.Generator) -> Furniture:
    """Return a dining table: round on a column or legs, or rectangular on legs or trestles."""
    height = float(rng.uniform(0.72, 0.76))
    if chance(rng, 0.3):
        return _round_table(rng, "table", float(rng.uniform(0.4, 0.62)), height)
    half_x, half_y = float(rng.uniform(0.55, 0.95)), float(rng.uniform(0.38, 0.48))
    board, words = _finish(rng)
    under = _undercarriage(rng, board)
    thick = float(rng.uniform(0.022, 0.045))
    low = height - thick
    corner = choose(rng, (0.006, 0.03, 0.08))
    pieces: list[Piece] = [(meshes.slab(half_x, half_y, low, height, corner=corner), board.material)]
    if chance(rng, 0.25):
        pieces += painted(_trestle(half_x, half_y, low), under.material)
    else:
        inset = float(rng.uniform(0.02, 0.08))
        pieces += painted(legs(rng, half_x - inset, half_y - inset, low), under.material)
        if chance(rng, 0.6):
            pieces += painted(_apron(half_x - inset - 0.03, half_y - inset - 0.03, low - 0.07, low), under.material)
    margin = MARGIN_M + 0.25 * corner
    tops = [top(half_x - margin, half_y - margin, height)]
    return assembled("table", pieces, board.colour, ("rectangular", *words), tops)


def coffee_table(rng: np.random.Generator) -> Furniture:
    """Return a low table for a sofa: round, on legs with a shelf, or a bent board."""
    height = float(rng.uniform(0.36, 0.46))
    if chance(rng, 0.35):
        return _round_table(rng, "coffee table", float(rng.uniform(0.3, 0.45)), height)
    half_x, half_y = float(rng.uniform(0.42, 0.62)), float(rng.uniform(0.25, 0.33))
    board, words = _finish(rng)
    thick = float(rng.uniform(0.02, 0.04))
    low = height - thick
    corner = choose(rng, (0.006, 0.04))
    pieces: list[Piece] = [(meshes.slab(half_x, half_y, low, height, corner=corner), board.material)]
    margin = MARGIN_M + 0.25 * corner
    tops = [top(half_x - margin, half_y - margin, height)]
    if chance(rng, 0.35):
        sides = [
            meshes.box((x - thick / 2, -half_y, 0), (x + thick / 2, half_y, low))
            for x in (thick / 2 - half_x, half_x - thick / 2)
        ]
        pieces += painted(sides, board.material)
        under = board
    else:
        under = _undercarriage(rng, board)
        pieces += painted(legs(rng, half_x - 0.02, half_y - 0.02, low, ("square", "tapered", "round")), under.material)
    if chance(rng, 0.5):
        pieces.append(
            (meshes.box((-half_x + 0.04, -half_y + 0.04, 0.12), (half_x - 0.04, half_y - 0.04, 0.14)), board.material)
        )
        tops.append(top(half_x - 0.1, half_y - 0.08, 0.14, low - 0.14))
    return assembled("coffee table", pieces, board.colour, words, tops)


def side_table(rng: np.random.Generator) -> Furniture:
    """Return a small table for beside a sofa."""
    height = float(rng.uniform(0.45, 0.6))
    if chance(rng, 0.6):
        return _round_table(rng, "side table", float(rng.uniform(0.19, 0.26)), height)
    half = float(rng.uniform(0.19, 0.25))
    board, words = _finish(rng)
    under = _undercarriage(rng, board)
    low = height - 0.022
    pieces: list[Piece] = [(meshes.slab(half, half, low, height, corner=0.012), board.material)]
    pieces += painted(legs(rng, half - 0.01, half - 0.01, low, ("square", "tapered", "round")), under.material)
    tops = [top(half - MARGIN_M, half - MARGIN_M, height)]
    if chance(rng, 0.5):
        pieces.append(
            (meshes.box((0.025 - half, 0.025 - half, 0.14), (half - 0.025, half - 0.025, 0.157)), board.material)
        )
        tops.append(top(half - 0.06, half - 0.06, 0.157, low - 0.157))
    return assembled("side table", pieces, board.colour, ("square", *words), tops)


def _drawers(
    rng: np.random.Generator, x: float, half_y: float, height: float
) -> tuple[list[meshes.Mesh], list[meshes.Mesh]]:
    """Return a block of drawers 0.4 m wide under a desk, about x, and its handles."""
    style = choose(rng, HANDLES)
    face = -half_y + 0.03
    shapes = [meshes.box((x - 0.2, face, 0.04), (x + 0.2, half_y - 0.02, height), 0.002)]
    levels = np.linspace(0.06, height - 0.005, 4)
    knobs = []
    for low, high in itertools.pairwise(levels):
        shapes.append(front((x - 0.195, face - 0.018, float(low)), (x + 0.195, face, float(high))))
        knobs.append(handle(style, x, face - 0.018, float(low + high) / 2, 0.14))
    return shapes, knobs


def _loops(half_x: float, half_y: float, low: float) -> list[meshes.Mesh]:
    """Return two frames of square tube under a desk's ends."""
    y, bar = half_y - 0.04, 0.018
    shapes = []
    for x in (0.08 - half_x, half_x - 0.08):
        for y0, y1, z0, z1 in ((-y, y, 0, 0.035), (-y, y, low - 0.035, low), (-y, -y, 0.03, low), (y, y, 0.03, low)):
            shapes.append(meshes.box((x - 0.02, y0 - bar, z0), (x + 0.02, y1 + bar, z1)))
    return shapes


def _panels(half_x: float, half_y: float, low: float, ends: tuple[int, ...]) -> list[meshes.Mesh]:
    """Return a panel under each end named (-1 left, 1 right), and one between them at the back."""
    shapes = [meshes.box((-half_x + 0.02, half_y - 0.06, 0.3), (half_x - 0.02, half_y - 0.042, low))]
    for end in ends:
        x = end * (half_x - 0.0125)
        shapes.append(meshes.box((x - 0.0125, -half_y + 0.02, 0), (x + 0.0125, half_y - 0.02, low)))
    return shapes


def desk(rng: np.random.Generator) -> Furniture:
    """Return a writing desk on legs, frames or panels, often with a block of drawers."""
    height = float(rng.uniform(0.72, 0.76))
    half_x, half_y = float(rng.uniform(0.55, 0.8)), float(rng.uniform(0.28, 0.38))
    board, words = _finish(rng)
    low = height - float(rng.uniform(0.02, 0.035))
    pieces: list[Piece] = [(meshes.slab(half_x, half_y, low, height, corner=0.01), board.material)]
    side = choose(rng, (-1, 1))
    match choose(rng, ("legs", "panels", "drawers", "drawers", "frame")):
        case "legs":
            pieces += painted(legs(rng, half_x - 0.03, half_y - 0.03, low), _undercarriage(rng, board).material)
        case "frame":
            pieces += painted(_loops(half_x, half_y, low), coat(rng, "black white silver", "satin").material)
        case "panels":
            pieces += painted(_panels(half_x, half_y, low, (-1, 1)), board.material)
        case _:
            x = side * (half_x - 0.2)
            blocks, handles = _drawers(rng, x, half_y, low)
            foot = meshes.box((x - 0.18, -half_y + 0.06, 0), (x + 0.18, half_y - 0.04, 0.04), 0)
            pieces += painted([*_panels(half_x, half_y, low, (-side,)), *blocks], board.material)
            pieces += painted([meshes.joined(handles), foot], steel(rng).material)
    return assembled("desk", pieces, board.colour, words, [top(half_x - MARGIN_M, half_y - MARGIN_M, height)])
