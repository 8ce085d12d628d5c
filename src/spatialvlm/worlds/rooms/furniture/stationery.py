"""What lies on a desk: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, top
from spatialvlm.worlds.rooms.furniture.kitchenware import vessel
from spatialvlm.worlds.rooms.palette import BRIGHT, PALE, choose, coat, plain, shade, two_tone
from spatialvlm.worlds.rooms.room import Furniture, Material

COVERS = "red red blue blue green black white orange yellow brown grey purple turquoise pink beige"


def bound(rng: np.random.Generator, half_x: float, half_y: float, low: float, thick: float) -> tuple[list[Piece], str]:
    """Return a book that lies flat with its spine to -x: pages between two covers."""
    cover = coat(rng, COVERS, "satin")
    board = min(0.003, thick / 5)
    covers = meshes.joined(
        [
            meshes.box((-half_x, -half_y, low), (half_x, half_y, low + board), 0.0005),
            meshes.box((-half_x, -half_y, low + thick - board), (half_x, half_y, low + thick), 0.0005),
            meshes.box((-half_x - 0.001, -half_y, low), (-half_x + board, half_y, low + thick), 0.001),
        ]
    )
    pages = meshes.box(
        (-half_x + board / 2, -half_y + 0.003, low + board), (half_x - 0.004, half_y - 0.003, low + thick - board), 0
    )
    return [(covers, cover.material), (pages, plain(236, 228, 208))], cover.colour


def book(rng: np.random.Generator) -> Furniture:
    """Return a closed book that lies flat."""
    half_x, half_y = float(rng.uniform(0.065, 0.1)), float(rng.uniform(0.1, 0.14))
    thick = float(rng.uniform(0.015, 0.045))
    pieces, colour = bound(rng, half_x, half_y, 0.0, thick)
    seed = int(rng.integers(1 << 30))
    print_ = Material(
        pieces[0][1].rgb, "satin", "label", shade(rng, choose(rng, ("white", "black", "gold", "yellow"))), seed
    )
    page = meshes.turned(meshes.sheet(2 * half_x - 0.006, 2 * half_y - 0.004), "x", -np.pi / 2)
    pieces.append((meshes.moved(page, 0, -half_y + 0.002, thick + 0.0003), print_))
    return assembled("book", pieces, colour, (), [top(half_x - 0.006, half_y - 0.006, thick + 0.0003)])


def pencil_cup(rng: np.random.Generator) -> Furniture:
    """Return a cup with pens and pencils in it."""
    paint = coat(rng, "black white grey blue red turquoise silver", "satin")
    radius, tall = float(rng.uniform(0.035, 0.042)), float(rng.uniform(0.09, 0.105))
    pieces: list[Piece] = [(vessel([(radius - 0.003, 0), (radius, 0.003), (radius, tall)], 0.003), paint.material)]
    for i in range(int(rng.integers(4, 8))):
        turn, long = 2.4 * i, float(rng.uniform(0.14, 0.17))
        x, y = radius * 0.7 * float(np.cos(turn)), radius * 0.7 * float(np.sin(turn))
        foot, head = (-x * 0.6, -y * 0.6, 0.006), (x * 1.15, y * 1.15, long)
        tip = (x * 1.28, y * 1.28, long + 0.014)
        pieces.append((meshes.tube([foot, head], 0.0036, 6), coat(rng, BRIGHT + " black", "satin").material))
        pieces.append((meshes.tube([head, tip], [0.0034, 0.0008], 6), plain(222, 184, 140)))
    return assembled("pencil cup", pieces, paint.colour)


def tissue_box(rng: np.random.Generator) -> Furniture:
    """Return a box of tissues with one pulled half out."""
    paint = two_tone(rng, "blue pink green purple turquoise", PALE, choose(rng, ("stripes", "checks")), "satin")
    half_x, half_y, tall = 0.115, 0.06, float(rng.uniform(0.075, 0.1))
    body = meshes.finer(meshes.box((-half_x, -half_y, 0), (half_x, half_y, tall), 0.002), 4.0)
    hole = meshes.moved(meshes.scaled(meshes.cylinder(0.05, 0, 0.0008, bevel=0.0002), y=0.45), z=tall - 0.0004)
    turn, rise = np.linspace(0, 2 * np.pi, 25)[None, :-1], np.linspace(0, 1, 7)[:, None]
    reach = 0.012 + 0.03 * rise**1.5 * (1 + 0.4 * np.sin(5 * turn)) + 0.012 * (1 - rise)
    height = tall + 0.075 * rise * (1 + 0.22 * rise * np.sin(3 * turn + 1))
    rings = np.stack(np.broadcast_arrays(1.5 * reach * np.cos(turn), 0.6 * reach * np.sin(turn), height), -1)
    tissue = meshes.loft(np.concatenate([rings, np.broadcast_to((0, 0, tall + 0.04), (1, 24, 3))]), np.zeros(8, bool))
    pieces: list[Piece] = [(body, paint.material), (hole, plain(60, 60, 62)), (tissue, plain(250, 250, 250))]
    return assembled("tissue box", pieces, paint.colour)
