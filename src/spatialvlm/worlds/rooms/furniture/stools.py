"""Office chairs, stools and benches: chance enters, a model leaves."""

import itertools

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.building import Piece, assembled, legs, painted, top
from spatialvlm.worlds.rooms.model import Mesh, Model
from spatialvlm.worlds.rooms.palette import CLOTH, chance, choose, coat, plain, wood


def _star(reach: float) -> tuple[Mesh, Mesh]:
    """Five spokes and the castors under their ends."""
    spoke = meshes.tube([(0, 0, 0.1), (reach, 0, 0.068)], [0.026, 0.016], 8)
    castor = meshes.turned(meshes.cylinder(0.028, -0.02, 0.02, bevel=0.006), "x", np.pi / 2)
    turns = np.array([meshes.turning("z", 2 * np.pi * i / 5 + np.pi / 2) for i in range(5)])
    ends = turns @ (reach, 0.0, 0.028)
    return meshes.copies(spoke, turns, np.zeros((5, 3))), meshes.copies(castor, turns, ends)


def office_chair(rng: np.random.Generator) -> Model:
    """A swivel chair on five castors, with arms or without."""
    cloth = coat(rng, "black black black grey blue red green white", "matte", choose(rng, ("weave", "plain")))
    metal = plain(46, 46, 48, "satin") if chance(rng, 0.6) else plain(190, 192, 196, "metal")
    seat_z, half = float(rng.uniform(0.44, 0.52)), float(rng.uniform(0.235, 0.26))
    star, castors = _star(float(rng.uniform(0.28, 0.31)))
    pieces: list[Piece] = [(star, metal), (castors, plain(30, 30, 32, "satin"))]
    pieces.append((meshes.cylinder(0.03, 0.06, seat_z - 0.08), metal))
    pieces.append((meshes.box((-0.1, -0.1, seat_z - 0.1), (0.1, 0.12, seat_z - 0.07)), metal))
    pieces.append((meshes.slab(half, 0.24, seat_z - 0.08, seat_z, corner=0.09, edge=0.03), cloth.material))
    tall = float(rng.uniform(0.45, 0.66))
    back = meshes.turned(
        meshes.slab(half - 0.015, tall / 2, -0.03, 0.03, corner=0.1, edge=0.025, crown=0.01), "x", np.pi / 2
    )
    back = meshes.moved(meshes.turned(meshes.moved(back, z=tall / 2), "x", -0.14), 0, 0.21, seat_z + 0.09)
    pieces.append((back, cloth.material))
    pieces.append(
        (meshes.tube([(0, 0.05, seat_z - 0.085), (0, 0.27, seat_z - 0.07), (0, 0.3, seat_z + 0.2)], 0.02, 8), metal)
    )
    if chance(rng, 0.7):
        for side in (-1, 1):
            x = side * (half + 0.025)
            path = [(side * (half - 0.04), 0.03, seat_z - 0.075), (x, 0.03, seat_z - 0.06), (x, 0.03, seat_z + 0.2)]
            pieces.append((meshes.tube(path, 0.014, 8), metal))
            pad = meshes.slab(0.035, 0.12, seat_z + 0.2, seat_z + 0.23, corner=0.03, edge=0.012)
            pieces.append((meshes.moved(pad, x, 0.01), plain(36, 36, 38)))
    return assembled("office chair", pieces, cloth.colour, (), [top(half - 0.06, 0.13, seat_z, y=-0.06)])


def _ring(radius: float, z: meshes.Real, thick: float) -> Mesh:
    """A level hoop."""
    angles = np.linspace(0, 2 * np.pi, 9)
    return meshes.lathe([(radius + thick * float(np.cos(a)), z + thick * float(np.sin(a))) for a in angles])


def _drum(rng: np.random.Generator) -> Model:
    """A padded drum to sit on."""
    cloth = coat(rng, CLOTH, "matte", "weave")
    radius, height = float(rng.uniform(0.2, 0.26)), float(rng.uniform(0.38, 0.46))
    head = [(radius, height - 0.05), (radius * 0.95, height - 0.015), (radius * 0.85, height)]
    body = meshes.lathe([(0, 0), (radius * 0.94, 0), (radius, 0.03), *head, (0, height)])
    seam = _ring(radius, height - 0.055, 0.006)
    tops = [top(radius * 0.55, radius * 0.55, height)]
    return assembled("stool", painted([body, seam], cloth.material), cloth.colour, ("round", "padded"), tops)


def stool(rng: np.random.Generator) -> Model:
    """A round stool on three or four legs, a bar stool with a hoop, or a padded drum."""
    style = choose(rng, ("legs", "legs", "bar", "drum"))
    if style == "drum":
        return _drum(rng)
    bar = style == "bar"
    height, radius = float(rng.uniform(0.64, 0.76) if bar else rng.uniform(0.43, 0.48)), float(rng.uniform(0.15, 0.18))
    wooden = chance(rng, 0.6)
    frame = wood(rng) if wooden else coat(rng, "black white red yellow blue", "satin")
    seat = frame if chance(rng, 0.7) else coat(rng, "black brown red white", "satin")
    pieces: list[Piece] = [(meshes.disc(radius, height - 0.035, height, edge=0.01), seat.material)]
    foot, head = radius * (1.15 if bar else 1.05), radius * 0.68
    leg = meshes.upright_grain(meshes.tube([(foot, 0, 0.004), (head, 0, height - 0.02)], [0.014, 0.018]))
    count = choose(rng, (3, 4, 4))
    turns = [2 * np.pi * i / count + np.pi / 4 for i in range(count)]
    pieces += painted([meshes.turned(leg, "z", turn) for turn in turns], frame.material)
    if bar or chance(rng, 0.4):
        z = 0.24 if bar else 0.16
        pieces.append((_ring(foot + (head - foot) * z / height, z, 0.008), frame.material))
    words = ("round", "wooden") if wooden and seat is frame else ("round",)
    return assembled("stool", pieces, seat.colour, words, [top(radius * 0.66, radius * 0.66, height)])


def bench(rng: np.random.Generator) -> Model:
    """A bench: a board or slats on legs or on panels."""
    paint, words = (wood(rng), ("wooden",)) if chance(rng, 0.75) else (coat(rng, "white black grey", "satin"), ())
    half_x, half_y = float(rng.uniform(0.45, 0.7)), float(rng.uniform(0.16, 0.2))
    height = float(rng.uniform(0.42, 0.47))
    low = height - 0.035
    if chance(rng, 0.4):
        edges = np.linspace(-half_y, half_y, 5).tolist()
        shapes = [
            meshes.box((-half_x, back + 0.005, low), (half_x, front - 0.005, height), 0.004)
            for back, front in itertools.pairwise(edges)
        ]
    else:
        shapes = [meshes.slab(half_x, half_y, low, height, corner=0.015)]
    if chance(rng, 0.5):
        thick, foot = 0.02, 0.0
        shapes.append(meshes.box((-half_x + 0.1, -0.015, low - 0.12), (half_x - 0.1, 0.015, low - 0.04)))
    else:
        thick, foot = 0.015, low - 0.05
        shapes += legs(rng, half_x - 0.04, half_y - 0.01, low, ("square", "tapered", "splayed"))
    for x in (0.085 - half_x, half_x - 0.085):
        shapes.append(meshes.box((x - thick, -half_y + 0.02, foot), (x + thick, half_y - 0.02, low)))
    tops = [top(half_x - 0.01, half_y - 0.012, height)]
    return assembled("bench", painted(shapes, paint.material), paint.colour, words, tops)
