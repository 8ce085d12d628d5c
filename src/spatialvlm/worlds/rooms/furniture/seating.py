"""Things to sit on: chance enters, furniture leaves. Their fronts face -y."""

import itertools

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, legs, painted, top
from spatialvlm.worlds.rooms.palette import CLOTH, Coat, chance, choose, coat, plain, wood
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh


def _leaning(shape: Mesh, y: float, z: float, lean_rad: float) -> Mesh:
    """Return what stands upright at y = 0, z = 0, leaning back about (y, z)."""
    return meshes.moved(meshes.turned(shape, "x", -lean_rad), 0, y, z)


def _back(rng: np.random.Generator, half: float, tall: float, style: str) -> list[Mesh]:
    """Return a chair's back, upright from z = 0, its front at y = 0."""
    if style == "panel":
        return [meshes.turned(meshes.slab(half, tall / 2, -0.02, 0.0, corner=0.05, edge=0.006), "x", np.pi / 2)]
    posts = [meshes.box((x - 0.017, 0, 0), (x + 0.017, 0.03, tall), 0.005) for x in (0.017 - half, half - 0.017)]
    if style == "ladder":
        levels = np.linspace(0.14, tall - 0.035, 4)
        return posts + [
            meshes.box((-half + 0.02, 0.006, z - 0.025), (half - 0.02, 0.022, z + 0.025), 0.004)
            for z in map(float, levels)
        ]
    bars = [
        meshes.box((-half + 0.02, 0.004, z - 0.03), (half - 0.02, 0.026, z + 0.03), 0.005) for z in (0.1, tall - 0.03)
    ]
    slats = [
        meshes.box((x - 0.013, 0.009, 0.12), (x + 0.013, 0.021, tall - 0.05), 0.003)
        for x in map(float, np.linspace(-half + 0.07, half - 0.07, 4))
    ]
    return posts + bars + slats


def _wooden_chair(rng: np.random.Generator) -> Furniture:
    seat_z = float(rng.uniform(0.43, 0.47))
    half_x, half_y = float(rng.uniform(0.2, 0.235)), float(rng.uniform(0.2, 0.225))
    frame, words = (
        (wood(rng), ("wooden",)) if chance(rng, 0.7) else (coat(rng, "white black red blue green", "satin"), ())
    )
    style = choose(rng, ("ladder", "slats", "panel"))
    pieces: list[Piece] = painted(
        legs(rng, half_x, half_y, seat_z - 0.03, ("square", "tapered", "round")), frame.material
    )
    pieces.append((meshes.slab(half_x, half_y, seat_z - 0.032, seat_z, corner=0.03, edge=0.008), frame.material))
    tall = float(rng.uniform(0.38, 0.5))
    back = _back(rng, half_x - 0.005, tall, style)
    if style == "panel":
        back = [meshes.moved(shape, 0, 0, tall / 2 + 0.06) for shape in back]
        back += [
            meshes.box((x - 0.015, 0.018, 0), (x + 0.015, 0.035, tall), 0.004) for x in (-half_x * 0.6, half_x * 0.6)
        ]
    pieces += painted([_leaning(shape, half_y - 0.035, seat_z - 0.01, 0.12) for shape in back], frame.material)
    if chance(rng, 0.4):
        cloth = coat(rng, CLOTH, "matte", "weave")
        pieces.append(
            (meshes.slab(half_x - 0.02, half_y - 0.03, seat_z, seat_z + 0.03, corner=0.05, edge=0.014), cloth.material)
        )
        seat_z += 0.03
    return assembled("chair", pieces, frame.colour, words, [top(half_x - 0.05, half_y - 0.07, seat_z)])


def _shell(half: float, tall: float) -> Mesh:
    """Return a bent plastic seat and back in one piece, 8 mm thick; the seat at z = 0."""
    way = np.array(
        [
            (-0.21, -0.03),
            (-0.195, -0.005),
            (-0.14, 0.006),
            (-0.03, 0.0),
            (0.09, 0.004),
            (0.15, 0.03),
            (0.185, 0.09),
            (0.205, 0.2),
            (0.225, tall * 0.8),
            (0.24, tall),
        ]
    )
    wide = half * np.array([0.86, 0.95, 1.0, 1.02, 1.0, 0.98, 0.96, 0.93, 0.88, 0.7])
    across = np.linspace(-1, 1, 11)
    curl = np.array([0.0, 0.008, 0.02, 0.03, 0.035, 0.05, 0.06, 0.05, 0.04, 0.02])[:, None] * np.abs(across) ** 3
    up = np.clip((way[:, 1] - 0.02) / 0.08, 0, 1)[:, None]
    face = np.stack([wide[:, None] * across, way[:, :1] - curl * up, way[:, 1:] + curl * (1 - up)], -1)
    slope = np.gradient(way, axis=0)
    out = np.stack([np.zeros(len(way)), slope[:, 1], -slope[:, 0]], -1)
    behind = face + 0.008 * (out / np.linalg.norm(out, axis=-1, keepdims=True))[:, None]
    rings = np.concatenate([face, behind[:, ::-1]], axis=1)
    ends = [np.broadcast_to(ring.mean(0), ring.shape)[None] for ring in (rings[0], rings[-1])]
    edges = np.zeros(len(rings) + 2, bool)
    edges[[1, -2]] = True
    return meshes.loft(np.concatenate([ends[0], rings, ends[1]]), edges)


def _shell_chair(rng: np.random.Generator) -> Furniture:
    seat_z, half = float(rng.uniform(0.43, 0.46)), float(rng.uniform(0.21, 0.24))
    shell = coat(rng, "white black red yellow turquoise blue grey green", "satin")
    under = wood(rng, "light middle").material if chance(rng, 0.6) else plain(40, 40, 42, "satin")
    pieces: list[Piece] = [(meshes.moved(_shell(half, float(rng.uniform(0.36, 0.42))), z=seat_z), shell.material)]
    pieces += painted(legs(rng, 0.2, 0.2, seat_z - 0.005, ("splayed",)), under)
    return assembled("chair", pieces, shell.colour, ("plastic",))


def _padded_chair(rng: np.random.Generator) -> Furniture:
    seat_z, half = float(rng.uniform(0.45, 0.48)), float(rng.uniform(0.21, 0.24))
    cloth = coat(rng, CLOTH, "matte", "weave")
    under = wood(rng).material if chance(rng, 0.7) else plain(38, 38, 40, "satin")
    pieces: list[Piece] = painted(legs(rng, half - 0.01, 0.2, seat_z - 0.07, ("tapered", "round", "splayed")), under)
    pieces.append((meshes.slab(half, 0.22, seat_z - 0.08, seat_z, corner=0.06, edge=0.03), cloth.material))
    tall = float(rng.uniform(0.36, 0.48))
    back = meshes.turned(meshes.slab(half, tall / 2, -0.05, 0.0, corner=0.07, edge=0.022), "x", np.pi / 2)
    pieces.append((_leaning(meshes.moved(back, z=tall / 2), 0.17, seat_z - 0.03, 0.14), cloth.material))
    return assembled("chair", pieces, cloth.colour, ("padded",), [top(half - 0.06, 0.12, seat_z, y=-0.05)])


def chair(rng: np.random.Generator) -> Furniture:
    """Return a dining chair: of wood with a ladder, slat or panel back, a plastic shell, or padded."""
    return choose(rng, (_wooden_chair, _wooden_chair, _shell_chair, _padded_chair))(rng)


def _upholstery(rng: np.random.Generator) -> tuple[Coat, tuple[str, ...]]:
    """Return a sofa's cloth or leather, and the word for it."""
    if chance(rng, 0.25):
        return coat(rng, "brown black white red beige", "satin"), ("leather",)
    return coat(rng, CLOTH, "matte", "weave"), ()


def _couch(rng: np.random.Generator, seats: int, seat_width: float) -> tuple[list[Piece], Coat, tuple[str, ...], list]:
    """Return an armchair or sofa of so many seats: pieces, cloth, words, tops."""
    cloth, words = _upholstery(rng)
    feet: Material = wood(rng).material if chance(rng, 0.7) else plain(40, 40, 42, "metal")
    half_y, seat_z = float(rng.uniform(0.42, 0.47)), float(rng.uniform(0.4, 0.45))
    arm, arm_z = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.54, 0.63))
    back_z = float(rng.uniform(0.74, 0.88))
    lift = choose(rng, (0.05, 0.09, 0.14))
    inner = seats * seat_width / 2
    half_x = inner + arm
    soft = choose(rng, (0.02, 0.04, 0.06))
    pieces: list[Piece] = painted(
        legs(rng, half_x - 0.05, half_y - 0.05, lift + 0.01, ("square", "round", "tapered")), feet
    )
    pieces.append(
        (meshes.slab(half_x - 0.01, half_y - 0.01, lift, seat_z - 0.13, corner=0.03, edge=0.015), cloth.material)
    )
    for side in (-1, 1):
        shape = meshes.slab(arm / 2, half_y, lift, arm_z, corner=soft, edge=soft)
        pieces.append((meshes.moved(shape, side * (half_x - arm / 2)), cloth.material))
    rear = meshes.slab(inner + 0.005, 0.08, lift, back_z - 0.05, corner=0.03, edge=0.03)
    pieces.append((meshes.moved(rear, 0, half_y - 0.08), cloth.material))
    for i in range(seats):
        x = (i - (seats - 1) / 2) * seat_width
        seat = meshes.slab(
            seat_width / 2 - 0.002, half_y - 0.085, seat_z - 0.14, seat_z, corner=0.05, edge=0.04, crown=0.008
        )
        pieces.append((meshes.moved(seat, x, -0.085), cloth.material))
        tall = back_z - seat_z + 0.03
        rest = meshes.turned(
            meshes.slab(seat_width / 2 - 0.004, tall / 2, -0.09, 0.08, corner=0.07, edge=0.06, crown=0.02),
            "x",
            np.pi / 2,
        )
        pieces.append((_leaning(meshes.moved(rest, x, 0, tall / 2), half_y - 0.27, seat_z - 0.02, 0.2), cloth.material))
    depth = half_y - 0.21
    return pieces, cloth, words, [top(inner - 0.03, depth, seat_z + 0.008, y=-half_y + 0.04 + depth)]


def armchair(rng: np.random.Generator) -> Furniture:
    """Return a soft chair with arms."""
    pieces, cloth, words, tops = _couch(rng, 1, float(rng.uniform(0.52, 0.62)))
    return assembled("armchair", pieces, cloth.colour, words, tops)


def sofa(rng: np.random.Generator) -> Furniture:
    """Return a sofa of two or three seats."""
    pieces, cloth, words, tops = _couch(rng, choose(rng, (2, 2, 3)), float(rng.uniform(0.58, 0.72)))
    return assembled("sofa", pieces, cloth.colour, words, tops)


def _star(reach: float) -> tuple[Mesh, Mesh]:
    """Make five spokes and the castors under their ends."""
    spoke = meshes.tube([(0, 0, 0.1), (reach, 0, 0.068)], [0.026, 0.016], 8)
    castor = meshes.turned(meshes.cylinder(0.028, -0.02, 0.02, bevel=0.006), "x", np.pi / 2)
    turns = np.array([meshes.turning("z", 2 * np.pi * i / 5 + np.pi / 2) for i in range(5)])
    ends = turns @ (reach, 0.0, 0.028)
    return meshes.copies(spoke, turns, np.zeros((5, 3))), meshes.copies(castor, turns, ends)


def office_chair(rng: np.random.Generator) -> Furniture:
    """Return a swivel chair on five castors, with arms or without."""
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
    """Return a level hoop."""
    angles = np.linspace(0, 2 * np.pi, 9)
    return meshes.lathe([(radius + thick * float(np.cos(a)), z + thick * float(np.sin(a))) for a in angles])


def _drum(rng: np.random.Generator) -> Furniture:
    """Return a padded drum to sit on."""
    cloth = coat(rng, CLOTH, "matte", "weave")
    radius, height = float(rng.uniform(0.2, 0.26)), float(rng.uniform(0.38, 0.46))
    head = [(radius, height - 0.05), (radius * 0.95, height - 0.015), (radius * 0.85, height)]
    body = meshes.lathe([(0, 0), (radius * 0.94, 0), (radius, 0.03), *head, (0, height)])
    seam = _ring(radius, height - 0.055, 0.006)
    tops = [top(radius * 0.55, radius * 0.55, height)]
    return assembled("stool", painted([body, seam], cloth.material), cloth.colour, ("round", "padded"), tops)


def stool(rng: np.random.Generator) -> Furniture:
    """Return a round stool on three or four legs, a bar stool with a hoop, or a padded drum."""
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


def bench(rng: np.random.Generator) -> Furniture:
    """Return a bench: a board or slats on legs or on panels."""
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
