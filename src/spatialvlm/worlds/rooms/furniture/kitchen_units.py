"""What stands along a kitchen's wall: chance enters, furniture leaves. About 0.6 m deep, the worktops 0.9 m high."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import HANDLES, Piece, assembled, fronts, painted, top
from spatialvlm.worlds.rooms.palette import Coat, chance, choose, coat, plain, wood
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh, Top

HALF_DEPTH_M, WORKTOP_M = 0.3, 0.9
BLACK_GLASS = plain(22, 22, 24, "glossy")


def _worktop(rng: np.random.Generator) -> Coat:
    """Draw wood, stone or laminate."""
    if chance(rng, 0.4):
        return wood(rng)
    return coat(rng, "white grey black beige", "glossy", choose(rng, ("marble", "plain")))


def _sink(half_x: float, x: float, low: float) -> tuple[list[Mesh], list[Mesh], list[Top]]:
    """Return a worktop with an opening about x: its boards, basin and tap, and the tops that remain."""
    wide, front_y, back_y = 0.25, -0.2, 0.16
    boards = [
        meshes.box((-half_x, -HALF_DEPTH_M - 0.015, low), (x - wide, HALF_DEPTH_M, WORKTOP_M)),
        meshes.box((x + wide, -HALF_DEPTH_M - 0.015, low), (half_x, HALF_DEPTH_M, WORKTOP_M)),
        meshes.box((x - wide, -HALF_DEPTH_M - 0.015, low), (x + wide, front_y, WORKTOP_M)),
        meshes.box((x - wide, back_y, low), (x + wide, HALF_DEPTH_M, WORKTOP_M)),
    ]
    half_y, z = (back_y - front_y) / 2, WORKTOP_M
    sections = [
        (0, 0, 0, z - 0.2),
        (wide - 0.03, half_y - 0.03, 0.05, z - 0.2),
        (wide - 0.001, half_y - 0.001, 0.04, z - 0.18),
        (wide + 0.012, half_y + 0.012, 0.03, z + 0.0005),
        (wide + 0.01, half_y + 0.01, 0.03, z + 0.003),
        (wide - 0.015, half_y - 0.015, 0.04, z + 0.002),
        (wide - 0.025, half_y - 0.025, 0.05, z - 0.18),
        (wide - 0.06, half_y - 0.06, 0.04, z - 0.19),
        (0, 0, 0, z - 0.19),
    ]
    basin = meshes.moved(meshes.stack(sections), x, (front_y + back_y) / 2)
    bend = [(0.0, -0.09 + 0.09 * float(np.cos(a)), 0.2 + 0.09 * float(np.sin(a))) for a in np.linspace(0, 2.8, 8)]
    tap = meshes.moved(meshes.tube([(0, 0, 0), *bend], 0.012, 10), x, back_y + 0.05, z)
    lever = meshes.moved(meshes.tube([(0, 0, 0.04), (0.07, 0, 0.07)], 0.007, 8), x, back_y + 0.05, z)
    foot = meshes.moved(meshes.cylinder(0.025, 0, 0.06), x, back_y + 0.05, z)
    tops = [
        top((right - left) / 2, HALF_DEPTH_M - 0.015, WORKTOP_M, x=(left + right) / 2, y=-0.005)
        for left, right in ((-half_x + 0.01, x - wide - 0.03), (x + wide + 0.03, half_x - 0.01))
    ]
    return boards, [basin, tap, lever, foot], [each for each in tops if each.high_xy[0] - each.low_xy[0] > 0.2]


def counter(rng: np.random.Generator) -> Furniture:
    """Return a kitchen counter with drawers over doors, often with a sink."""
    paint = coat(rng, "white white white grey green blue beige black", "satin") if chance(rng, 0.7) else wood(rng)
    board = _worktop(rng)
    columns = choose(rng, (2, 3, 3, 4))
    half_x = columns * float(rng.uniform(0.22, 0.28))
    low, face = WORKTOP_M - float(rng.uniform(0.03, 0.04)), -HALF_DEPTH_M
    body = meshes.box((-half_x, face + 0.02, 0.1), (half_x, HALF_DEPTH_M - 0.001, low), 0.001)
    plinth = meshes.box((-half_x, face + 0.07, 0), (half_x, HALF_DEPTH_M - 0.02, 0.1), 0)
    pieces: list[Piece] = [(body, paint.material), (plinth, plain(44, 42, 42))]
    if columns > 2 and chance(rng, 0.55):
        boards, metal, tops = _sink(half_x, choose(rng, (-1, 1)) * (half_x - 0.5), low)
        pieces += [*painted(boards, board.material), *painted(metal, plain(194, 196, 200, "metal"))]
        body_top = meshes.box((-half_x, face + 0.02, 0.1), (half_x, HALF_DEPTH_M - 0.001, low - 0.18), 0.001)
        rails = [
            meshes.box((x - 0.01, face + 0.02, low - 0.2), (x + 0.01, HALF_DEPTH_M - 0.001, low), 0)
            for x in (0.01 - half_x, half_x - 0.01)
        ]
        pieces[0] = (body_top, paint.material)
        pieces += painted(rails, paint.material)
    else:
        slab = meshes.box((-half_x, face - 0.015, low), (half_x, HALF_DEPTH_M, WORKTOP_M), 0.004)
        pieces.append((slab, board.material))
        tops = [top(half_x - 0.01, HALF_DEPTH_M - 0.012, WORKTOP_M, y=-0.005)]
    style, split = choose(rng, HANDLES), low - 0.16
    for shapes, handles in (
        fronts(style, (-half_x, split), (half_x, low - 0.004), face, columns=columns),
        fronts(style, (-half_x, 0.104), (half_x, split), face, columns=columns, doors=True),
    ):
        pieces += [*painted(shapes, paint.material), (meshes.joined(handles), plain(186, 188, 192, "metal"))]
    return assembled("counter", pieces, paint.colour, (), tops)


def stove(rng: np.random.Generator) -> Furniture:
    """Return a cooker: an oven with a window and knobs, and a hob of glass with four rings."""
    paint = coat(rng, "white silver silver black red", "satin")
    face = -HALF_DEPTH_M + 0.02
    knob_coat = plain(36, 36, 38, "satin") if paint.colour != "black" else plain(200, 200, 202, "metal")
    body = meshes.box((-0.299, face, 0.04), (0.299, HALF_DEPTH_M, WORKTOP_M - 0.012))
    door = meshes.box((-0.292, face - 0.025, 0.2), (0.292, face, 0.74), 0.006)
    drawer = meshes.box((-0.292, face - 0.02, 0.06), (0.292, face, 0.19), 0.005)
    window = meshes.slab(0.2, 0.13, 0, 0.003, corner=0.03, edge=0.001)
    window = meshes.moved(meshes.turned(window, "x", np.pi / 2), 0, face - 0.0245, 0.46)
    bars = [meshes.tube([(-0.23, face - 0.06, z), (0.23, face - 0.06, z)], 0.011, 8) for z in (0.69,)]
    bars += [meshes.box((x - 0.01, face - 0.062, 0.682), (x + 0.01, face - 0.02, 0.698), 0) for x in (-0.2, 0.2)]
    knob = meshes.turned(
        meshes.lathe([(0, 0), (0.024, 0), (0.021, 0.02), (0.018, 0.024), (0, 0.024)], 16), "x", np.pi / 2
    )
    knobs = [meshes.moved(knob, x, face + 0.001, 0.82) for x in np.linspace(-0.22, 0.22, 5).tolist()]
    hob = meshes.box((-0.3, face - 0.01, WORKTOP_M - 0.012), (0.3, HALF_DEPTH_M, WORKTOP_M), 0.003)
    rings = [
        meshes.moved(
            meshes.lathe([(r - 0.006, 0), (r, 0), (r, 0.0006), (r - 0.006, 0.0006), (r - 0.006, 0)]),
            x,
            y,
            WORKTOP_M - 0.0001,
        )
        for x, y, r in ((-0.14, -0.12, 0.1), (0.14, -0.12, 0.08), (-0.14, 0.14, 0.08), (0.14, 0.14, 0.1))
    ]
    foot = meshes.box((-0.27, face + 0.04, 0), (0.27, HALF_DEPTH_M - 0.03, 0.04), 0)
    pieces: list[Piece] = [
        *painted([body, door, drawer], paint.material),
        (window, BLACK_GLASS),
        *painted(bars, plain(190, 192, 196, "metal")),
        (meshes.joined(knobs), knob_coat),
        (hob, BLACK_GLASS),
        (meshes.joined(rings), plain(150, 150, 152)),
        (foot, plain(40, 40, 42)),
    ]
    return assembled("stove", pieces, paint.colour, (), [top(0.27, 0.26, WORKTOP_M + 0.0005, y=0.01)])


def fridge(rng: np.random.Generator) -> Furniture:
    """Return a refrigerator with two doors one above the other or side by side, sometimes rounded."""
    paint = coat(rng, "white white silver silver black red turquoise", "satin")
    half_x, half_y, height = (
        float(rng.uniform(0.29, 0.36)),
        float(rng.uniform(0.3, 0.33)),
        float(rng.uniform(1.45, 1.85)),
    )
    soft = choose(rng, (0.006, 0.006, 0.03))
    gap = plain(40, 40, 42)
    metal = plain(192, 194, 198, "metal")
    body = meshes.box((-half_x, -half_y + 0.07, 0.03), (half_x, half_y, height), soft / 2)
    pieces: list[Piece] = [
        (body, paint.material),
        (meshes.box((-half_x + 0.03, -half_y + 0.08, 0), (half_x - 0.03, half_y - 0.03, 0.03), 0), gap),
    ]
    pieces.append(
        (meshes.box((-half_x + 0.006, -half_y + 0.058, 0.05), (half_x - 0.006, -half_y + 0.071, height - 0.02), 0), gap)
    )
    if half_x > 0.33 and chance(rng, 0.5):
        leaves = [(-half_x, -0.003, 0.045, height, -0.03), (0.003, half_x, 0.045, height, 0.03)]
    else:
        split = height * choose(rng, (0.36, 0.68))
        leaves = [
            (-half_x, half_x, 0.045, split - 0.003, half_x - 0.05),
            (-half_x, half_x, split + 0.003, height, half_x - 0.05),
        ]
    for x0, x1, z0, z1, grip in leaves:
        pieces.append((meshes.box((x0, -half_y, z0), (x1, -half_y + 0.06, z1), soft), paint.material))
        low, high = (
            (z0 + 0.3, z1 - 0.3) if z1 - z0 > 1.2 else ((z1 - 0.36, z1 - 0.08) if z0 < 0.1 else (z0 + 0.08, z0 + 0.36))
        )
        pieces.append((meshes.tube([(grip, -half_y - 0.035, low), (grip, -half_y - 0.035, high)], 0.01, 8), metal))
        posts = [
            meshes.box((grip - 0.008, -half_y - 0.035, z - 0.008), (grip + 0.008, -half_y + 0.005, z + 0.008), 0)
            for z in (low + 0.02, high - 0.02)
        ]
        pieces.append((meshes.joined(posts), metal))
    return assembled("fridge", pieces, paint.colour, (), [top(half_x - 0.02, half_y - 0.06, height, y=0.03)])


def washing_machine(rng: np.random.Generator) -> Furniture:
    """Return a front loader with a round door."""
    paint = coat(rng, "white white white silver grey", "satin")
    height, face = 0.85, -0.28
    body = meshes.box((-0.3, face, 0.015), (0.3, 0.3, height), 0.012)
    rim = meshes.lathe([(0.13, -0.02), (0.2, -0.02), (0.195, 0.025), (0.16, 0.04), (0.13, 0.02), (0.13, -0.02)], 36)
    glass = meshes.lathe([(0, 0), (0.14, 0), (0.14, 0.015), (0.08, 0.03), (0, 0.036)], 36)
    door = [meshes.moved(meshes.turned(shape, "x", np.pi / 2), 0, face, 0.42) for shape in (rim, glass)]
    dial = meshes.turned(meshes.lathe([(0, 0), (0.03, 0), (0.027, 0.02), (0, 0.022)], 20), "x", np.pi / 2)
    tray = meshes.box((-0.27, face - 0.006, 0.735), (-0.09, face + 0.01, 0.82), 0.004)
    panel = meshes.box((0.09, face - 0.002, 0.755), (0.26, face + 0.01, 0.805), 0.001)
    feet = meshes.box((-0.26, face + 0.04, 0), (0.26, 0.26, 0.015), 0)
    grey = plain(168, 170, 174, "metal")
    pieces: list[Piece] = [
        (body, paint.material),
        (door[0], grey),
        (door[1], plain(40, 46, 54, "glossy")),
        (tray, paint.material),
        (panel, Material((26, 30, 36), "screen")),
        (meshes.moved(dial, 0, face, 0.78), grey),
        (feet, plain(40, 40, 42)),
    ]
    return assembled("washing machine", pieces, paint.colour, (), [top(0.28, 0.26, height, y=0.0)])
