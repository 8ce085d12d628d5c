"""Pillows, rugs and bags: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top
from spatialvlm.worlds.rooms.palette import BRIGHT, CLOTH, PALE, Coat, chance, choose, coat, plain, two_tone
from spatialvlm.worlds.rooms.room import Furniture, Mesh


def _fabric(rng: np.random.Generator) -> tuple[Coat, tuple[str, ...]]:
    """Draw cloth of one colour, striped or checked, and the word for it."""
    pattern = choose(rng, ("weave", "weave", "stripes", "checks"))
    if pattern == "weave":
        return coat(rng, CLOTH + " orange purple", "matte", "weave"), ()
    dyed = two_tone(rng, "blue green red turquoise pink yellow grey black brown", PALE, pattern)
    return dyed, ("striped",) if pattern == "stripes" else ("checked",)


def _cushion(half_x: float, half_y: float, thick: float) -> Mesh:
    """Return a stuffed rectangle: full in the middle, its corners drawn out; flat enough below to lie still."""
    side = np.linspace(-1, 1, 13)
    side = np.sign(side) * np.abs(side) ** 0.75
    x, y = np.meshgrid(side, side)
    full = (np.maximum((1 - x**4) * (1 - y**4), 0)) ** 0.45
    pinch_x, pinch_y = 1 - 0.07 * (1 - y**2), 1 - 0.07 * (1 - x**2)
    flat = np.stack([half_x * x * pinch_x, half_y * y * pinch_y], -1)
    upper = np.concatenate([flat, (thick * (0.4 + 0.6 * full))[..., None]], -1)
    lower = np.concatenate([flat, (thick * 0.4 * (1 - np.minimum(1.25 * full, 1)))[..., None]], -1)
    top_side, bottom = meshes.grid(upper), meshes.grid(lower)
    return meshes.joined([top_side, meshes.mesh(bottom.vertices, bottom.faces[:, ::-1], bottom.uv, smooth=True)])


def pillow(rng: np.random.Generator) -> Furniture:
    """Return a square cushion or a bed's pillow, lying flat."""
    if chance(rng, 0.5):
        cloth, words = _fabric(rng)
        half = float(rng.uniform(0.19, 0.24))
        half_x, half_y, words = half, half, ("square", *words)
    else:
        cloth, words = coat(rng, "white white white grey blue beige pink", "matte", "weave"), ()
        half_x, half_y = float(rng.uniform(0.28, 0.34)), float(rng.uniform(0.19, 0.22))
    return assembled(
        "pillow", [(_cushion(half_x, half_y, float(rng.uniform(0.1, 0.14))), cloth.material)], cloth.colour, words
    )


def rug(rng: np.random.Generator) -> Furniture:
    """Return a rug: rectangular with a border or fringes, or round."""
    cloth, words = _fabric(rng)
    thick = float(rng.uniform(0.006, 0.01))
    if chance(rng, 0.3):
        radius = float(rng.uniform(0.6, 1.0))
        pieces: list[Piece] = [(meshes.disc(radius, 0, thick, edge=0.003), cloth.material)]
        return assembled("rug", pieces, cloth.colour, ("round", *words), [top(radius * 0.68, radius * 0.68, thick)])
    half_x, half_y = float(rng.uniform(0.7, 1.2)), float(rng.uniform(0.5, 0.8))
    if chance(rng, 0.5):
        border = coat(rng, "white beige grey black blue brown red", "matte", "weave").material
        wide = 0.07
        strips = [
            ((-half_x, -half_y), (half_x, wide - half_y)),
            ((-half_x, half_y - wide), (half_x, half_y)),
            ((-half_x, wide - half_y), (wide - half_x, half_y - wide)),
            ((half_x - wide, wide - half_y), (half_x, half_y - wide)),
        ]
        pieces = [
            (
                meshes.box((-half_x + wide, -half_y + wide, 0), (half_x - wide, half_y - wide, thick), 0.001),
                cloth.material,
            )
        ]
        pieces += painted([meshes.box((*low, 0), (*high, thick), 0.001) for low, high in strips], border)
    else:
        pieces = [(meshes.box((-half_x, -half_y, 0), (half_x, half_y, thick), 0.002), cloth.material)]
        y = np.arange(-half_y + 0.01, half_y - 0.01, 0.025)
        low = np.concatenate(
            [np.column_stack([np.full(len(y), x), y, np.zeros(len(y))]) for x in (-half_x - 0.045, half_x - 0.005)]
        )
        pieces.append((meshes.boxes(low, low + (0.05, 0.008, 0.003)), plain(226, 218, 200)))
    return assembled("rug", pieces, cloth.colour, ("rectangular", *words), [top(half_x - 0.01, half_y - 0.01, thick)])


def backpack(rng: np.random.Generator) -> Furniture:
    """Return a backpack that stands upright: a main bag, a pocket in front, two at the sides, straps behind."""
    cloth = coat(rng, "blue black grey red green orange purple turquoise pink", "matte", "weave")
    trim = coat(rng, "black grey black brown", "matte").material if cloth.colour != "black" else plain(112, 114, 118)
    half_x, tall = float(rng.uniform(0.14, 0.17)), float(rng.uniform(0.4, 0.48))
    body = _upright(half_x, tall, 0.09, 0.08)
    pocket = meshes.moved(_upright(half_x * 0.78, tall * 0.45, 0.045, 0.04), 0, -0.1, 0.02)
    shapes = [body, pocket]
    for side in (-1, 1):
        shapes.append(meshes.moved(_upright(0.03, tall * 0.36, 0.05, 0.025), side * (half_x + 0.012), 0.0, 0.015))
    arch = np.linspace(0.1, np.pi - 0.1, 12)
    zip_path = [
        ((half_x - 0.015) * float(np.cos(a)), -0.055, tall * 0.62 + tall * 0.33 * float(np.sin(a))) for a in arch
    ]
    zips = [meshes.tube(zip_path, 0.006, 6)]
    line = [(x, -0.14, tall * 0.37) for x in (-half_x * 0.62, half_x * 0.62)]
    zips.append(meshes.tube(line, 0.006, 6))
    zips.append(meshes.tube([(half_x * 0.62, -0.146, tall * 0.37), (half_x * 0.62, -0.15, tall * 0.31)], 0.005, 6))
    grip = [(0.045 * float(np.cos(a)), 0.05, tall - 0.01 + 0.045 * float(np.sin(a))) for a in np.linspace(0, np.pi, 8)]
    straps = [
        meshes.tube(
            [(x, 0.07, tall * 0.95), (x * 1.2, 0.13, tall * 0.7), (x * 1.3, 0.12, tall * 0.3), (x * 1.2, 0.08, 0.06)],
            0.012,
            8,
        )
        for x in (-0.08, 0.08)
    ]
    pieces = [*painted(shapes, cloth.material), *painted([*zips, meshes.tube(grip, 0.008, 8), *straps], trim)]
    return assembled("backpack", pieces, cloth.colour)


def _upright(half_x: float, tall: float, half_y: float, soft: float) -> Mesh:
    """Return a stuffed block that stands on z = 0."""
    block = meshes.slab(half_x, tall / 2, -half_y, half_y, corner=soft, edge=min(soft, half_y) * 0.8, crown=0.012)
    return meshes.moved(meshes.turned(block, "x", np.pi / 2), z=tall / 2)


def suitcase(rng: np.random.Generator) -> Furniture:
    """Return a hard suitcase that stands on its wheels, its handle pulled out or not."""
    shell = coat(rng, BRIGHT + " black black silver grey", "satin")
    half_x, half_y, tall = float(rng.uniform(0.18, 0.23)), float(rng.uniform(0.1, 0.13)), float(rng.uniform(0.48, 0.62))
    dark = plain(36, 36, 38, "satin")
    lift = 0.045
    body = meshes.turned(meshes.slab(half_x, tall / 2, -half_y, half_y, corner=0.05, edge=0.035), "x", np.pi / 2)
    shapes = [meshes.moved(body, z=lift + tall / 2)]
    for x in np.linspace(-half_x * 0.7, half_x * 0.7, 6).tolist():
        shapes.append(meshes.slab(0.011, half_y + 0.005, lift + 0.06, lift + tall - 0.06, corner=0.01, edge=0.008))
        shapes[-1] = meshes.moved(shapes[-1], x)
    extras = [meshes.box((-half_x - 0.001, -0.006, lift + 0.02), (half_x + 0.001, 0.006, lift + tall - 0.02), 0.002)]
    wheel = meshes.turned(meshes.cylinder(0.025, -0.012, 0.012, bevel=0.004), "y", np.pi / 2)
    for x in (-half_x + 0.05, half_x - 0.05):
        for y in (-half_y + 0.035, half_y - 0.035):
            extras += [
                meshes.moved(wheel, x, y, 0.025),
                meshes.moved(meshes.box((-0.018, -0.018, 0.02), (0.018, 0.018, lift + 0.01)), x, y),
            ]
    high = lift + tall + (float(rng.uniform(0.25, 0.4)) if chance(rng, 0.6) else 0.025)
    y = half_y - 0.035
    extras += [meshes.moved(meshes.cylinder(0.008, lift + tall - 0.02, high), x, y) for x in (-0.08, 0.08)]
    extras.append(meshes.moved(meshes.box((-0.1, -0.012, high - 0.012), (0.1, 0.012, high + 0.016), 0.008), 0, y))
    grip = [
        (0.06 * float(np.cos(a)), -half_y * 0.2, lift + tall - 0.004 + 0.028 * float(np.sin(a)))
        for a in np.linspace(0, np.pi, 7)
    ]
    extras.append(meshes.tube(grip, 0.007, 8))
    return assembled("suitcase", [*painted(shapes, shell.material), *painted(extras, dark)], shell.colour)


def _vault(half: np.ndarray, tall: np.ndarray, y: np.ndarray, low: float) -> Mesh:
    """Make a closed skin over a row of arches across the way from y[0] to y[-1], so wide and high, from `low` up."""
    angles = np.linspace(0, np.pi, 13)
    across = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.7
    up = low + (tall - low)[:, None] * np.sin(angles) ** 0.7
    rings = np.stack([half[:, None] * across, np.broadcast_to(y[:, None], up.shape), up], -1)
    ends = np.broadcast_to(rings.mean(1, keepdims=True), rings.shape)
    edges = np.zeros(len(rings) + 2, bool)
    edges[[1, -2]] = True
    return meshes.loft(np.concatenate([ends[:1], rings, ends[-1:]]), edges)


def shoe(rng: np.random.Generator) -> Furniture:
    """Return one sneaker: a sole, an upper with its opening, laces."""
    upper = coat(rng, "white black red blue grey green pink turquoise brown", "matte")
    sole = plain(244, 244, 242, "satin") if upper.colour != "white" else plain(150, 150, 152, "satin")
    long = float(rng.uniform(0.24, 0.3))
    share = np.array([0.0, 0.01, 0.04, 0.12, 0.3, 0.48, 0.62, 0.76, 0.86, 0.93, 0.97, 0.988, 0.997, 1.0])
    wide = np.array([0.3, 0.5, 0.68, 0.8, 0.8, 0.78, 0.86, 0.98, 0.96, 0.82, 0.62, 0.42, 0.22, 0.08])
    tall = np.array([0.05, 0.075, 0.088, 0.092, 0.088, 0.082, 0.068, 0.05, 0.045, 0.041, 0.036, 0.032, 0.027, 0.02])
    scale, y = long / 0.28, long * (0.5 - share)
    body = _vault(0.16 * long * wide, scale * tall, y, 0.012)
    tread = _vault(0.17 * long * wide, np.minimum(0.024, 0.75 * scale * tall), y, 0.0)
    hole = meshes.moved(meshes.ellipsoid(0.028, long * 0.17, 0.012, 6, 20), 0, long * 0.29, 0.087 * scale)
    laces = []
    for place, height in ((0.53, 0.0775), (0.59, 0.0715), (0.65, 0.0645), (0.71, 0.057)):
        y_lace, z = long * (0.5 - place), height * scale + 0.0025
        laces.append(
            meshes.tube([(-0.022, y_lace, z - 0.006), (0, y_lace - 0.004, z), (0.022, y_lace, z - 0.006)], 0.0028, 6)
        )
    pieces = [(body, upper.material), (tread, sole), (hole, plain(40, 38, 38)), (meshes.joined(laces), sole)]
    return assembled("shoe", pieces, upper.colour)
