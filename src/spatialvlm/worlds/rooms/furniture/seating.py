"""Things to sit on: chance enters, a model leaves. Their fronts face -y."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.building import Piece, assembled, legs, painted, top
from spatialvlm.worlds.rooms.model import Material, Mesh, Model
from spatialvlm.worlds.rooms.palette import CLOTH, Coat, chance, choose, coat, plain, wood


def _leaning(shape: Mesh, y: float, z: float, lean_rad: float) -> Mesh:
    """What stands upright at y = 0, z = 0, leaning back about (y, z)."""
    return meshes.moved(meshes.turned(shape, "x", -lean_rad), 0, y, z)


def _back(rng: np.random.Generator, half: float, tall: float, style: str) -> list[Mesh]:
    """A chair's back, upright from z = 0, its front at y = 0."""
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


def _wooden_chair(rng: np.random.Generator) -> Model:
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
    """A bent plastic seat and back in one piece, 8 mm thick; the seat at z = 0."""
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


def _shell_chair(rng: np.random.Generator) -> Model:
    seat_z, half = float(rng.uniform(0.43, 0.46)), float(rng.uniform(0.21, 0.24))
    shell = coat(rng, "white black red yellow turquoise blue grey green", "satin")
    under = wood(rng, "light middle").material if chance(rng, 0.6) else plain(40, 40, 42, "satin")
    pieces: list[Piece] = [(meshes.moved(_shell(half, float(rng.uniform(0.36, 0.42))), z=seat_z), shell.material)]
    pieces += painted(legs(rng, 0.2, 0.2, seat_z - 0.005, ("splayed",)), under)
    return assembled("chair", pieces, shell.colour, ("plastic",))


def _padded_chair(rng: np.random.Generator) -> Model:
    seat_z, half = float(rng.uniform(0.45, 0.48)), float(rng.uniform(0.21, 0.24))
    cloth = coat(rng, CLOTH, "matte", "weave")
    under = wood(rng).material if chance(rng, 0.7) else plain(38, 38, 40, "satin")
    pieces: list[Piece] = painted(legs(rng, half - 0.01, 0.2, seat_z - 0.07, ("tapered", "round", "splayed")), under)
    pieces.append((meshes.slab(half, 0.22, seat_z - 0.08, seat_z, corner=0.06, edge=0.03), cloth.material))
    tall = float(rng.uniform(0.36, 0.48))
    back = meshes.turned(meshes.slab(half, tall / 2, -0.05, 0.0, corner=0.07, edge=0.022), "x", np.pi / 2)
    pieces.append((_leaning(meshes.moved(back, z=tall / 2), 0.17, seat_z - 0.03, 0.14), cloth.material))
    return assembled("chair", pieces, cloth.colour, ("padded",), [top(half - 0.06, 0.12, seat_z, y=-0.05)])


def chair(rng: np.random.Generator) -> Model:
    """A dining chair: of wood with a ladder, slat or panel back, a plastic shell, or padded."""
    return choose(rng, (_wooden_chair, _wooden_chair, _shell_chair, _padded_chair))(rng)


def _upholstery(rng: np.random.Generator) -> tuple[Coat, tuple[str, ...]]:
    """A sofa's cloth or leather, and the word for it."""
    if chance(rng, 0.25):
        return coat(rng, "brown black white red beige", "satin"), ("leather",)
    return coat(rng, CLOTH, "matte", "weave"), ()


def _couch(rng: np.random.Generator, seats: int, seat_width: float) -> tuple[list[Piece], Coat, tuple[str, ...], list]:
    """An armchair or sofa of so many seats: pieces, cloth, words, tops."""
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


def armchair(rng: np.random.Generator) -> Model:
    """A soft chair with arms."""
    pieces, cloth, words, tops = _couch(rng, 1, float(rng.uniform(0.52, 0.62)))
    return assembled("armchair", pieces, cloth.colour, words, tops)


def sofa(rng: np.random.Generator) -> Model:
    """A sofa of two or three seats."""
    pieces, cloth, words, tops = _couch(rng, choose(rng, (2, 2, 3)), float(rng.uniform(0.58, 0.72)))
    return assembled("sofa", pieces, cloth.colour, words, tops)
