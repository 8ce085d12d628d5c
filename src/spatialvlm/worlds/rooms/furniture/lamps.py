"""Lamps: chance enters, furniture leaves. Shades glow."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted
from spatialvlm.worlds.rooms.palette import CERAMIC, Coat, chance, choose, coat, steel, wood
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh

BULB = Material((255, 240, 214), "glow")


def lampshade(low_radius: float, high_radius: float, low: float, high: float) -> Mesh:
    """Return an open cone of cloth, 3 mm thick."""
    return meshes.lathe(
        [
            (low_radius - 0.003, low),
            (low_radius, low),
            (high_radius, high),
            (high_radius - 0.003, high),
            (low_radius - 0.003, low),
        ],
        32,
    )


def _shade_coat(rng: np.random.Generator) -> Coat:
    """Draw cloth that light shines through: pale, seldom coloured."""
    return coat(rng, "white white beige", "glow")


def _lamp_base(rng: np.random.Generator, style: str, foot: float, tall: float) -> tuple[Mesh, Coat]:
    """Return a stick on a disc, a ball, or a bellied jar."""
    if style == "stick":
        stick = [(foot, 0), (foot, 0.012), (foot * 0.9, 0.018), (0.011, 0.022), (0.009, tall)]
        return meshes.lathe([(0, 0), *stick, (0, tall)]), wood(rng) if chance(rng, 0.5) else steel(rng)
    paint = coat(rng, CERAMIC, "glossy")
    if style == "ball":
        radius, turns = tall * 0.42, np.linspace(-1.25, 1.35, 12)
        arc = list(zip((radius * np.cos(turns)).tolist(), (radius * (0.95 + np.sin(turns))).tolist()))
        return meshes.lathe([(0, 0), (arc[0][0], 0), *arc, (0.012, tall * 0.86), (0.011, tall), (0, tall)]), paint
    belly = [(foot * 0.75, 0), (foot * 0.8, 0.015), (foot * 0.7, 0.03), (foot, tall * 0.35), (foot * 0.85, tall * 0.6)]
    neck = [(0.022, tall * 0.8), (0.016, tall * 0.86), (0.012, tall)]
    return meshes.lathe([(0, 0), *belly, *neck, (0, tall)]), paint


def table_lamp(rng: np.random.Generator) -> Furniture:
    """Return a lamp with a shade on a bellied, ball-shaped or slender base."""
    shade = _shade_coat(rng)
    style = choose(rng, ("belly", "ball", "stick"))
    wide, base_z = float(rng.uniform(0.11, 0.16)), float(rng.uniform(0.2, 0.28))
    body, paint = _lamp_base(rng, style, wide * 0.55, base_z)
    tall = wide * float(rng.uniform(1.1, 1.35))
    cone = lampshade(wide, wide * float(rng.uniform(0.6, 0.95)), base_z - 0.01, base_z + tall)
    bulb = meshes.moved(meshes.ellipsoid(0.026, 0.026, 0.035, 8, 12), z=base_z + tall * 0.5)
    pieces: list[Piece] = [
        (body, paint.material),
        (meshes.cylinder(0.006, base_z - 0.01, base_z + tall * 0.55), steel(rng).material),
        (cone, shade.material),
        (bulb, BULB),
    ]
    return assembled("table lamp", pieces, shade.colour if style == "stick" else paint.colour)


def floor_lamp(rng: np.random.Generator) -> Furniture:
    """Return a tall lamp: a shade on a pole with a round foot, or on three wooden legs."""
    shade, height = _shade_coat(rng), float(rng.uniform(1.4, 1.7))
    wide = float(rng.uniform(0.17, 0.23))
    low = height - wide * float(rng.uniform(1.2, 1.5))
    pieces: list[Piece] = [(lampshade(wide, wide * float(rng.uniform(0.65, 0.95)), low, height), shade.material)]
    if chance(rng, 0.5):
        paint = coat(rng, "black silver gold white", "metal")
        pieces.append(
            (
                meshes.lathe(
                    [(0, 0), (0.13, 0), (0.13, 0.015), (0.12, 0.022), (0.013, 0.03), (0.011, low + 0.1), (0, low + 0.1)]
                ),
                paint.material,
            )
        )
    else:
        paint = wood(rng)
        feet = [(0.26 * float(np.cos(a)), 0.26 * float(np.sin(a))) for a in np.pi / 2 + np.arange(3) * 2 * np.pi / 3]
        shapes = [meshes.tube([(x, y, 0.012), (x * 0.08, y * 0.08, low + 0.02)], [0.012, 0.016]) for x, y in feet]
        pieces += painted(shapes, paint.material)
        pieces.append((meshes.cylinder(0.035, low - 0.02, low + 0.06), paint.material))
    pieces.append((meshes.moved(meshes.ellipsoid(0.03, 0.03, 0.045, 8, 12), z=(low + height) / 2), BULB))
    return assembled("floor lamp", pieces, shade.colour)


def desk_lamp(rng: np.random.Generator) -> Furniture:
    """Return a lamp with a jointed arm and a metal shade that points down, over its front."""
    paint = coat(rng, "black black white silver red blue green yellow", "satin")
    low, high = float(rng.uniform(0.2, 0.26)), float(rng.uniform(0.17, 0.22))
    elbow = (0.0, 0.1, low)
    head = (0.0, elbow[1] - high * 0.8, low + high * 0.62)
    base = meshes.lathe([(0, 0), (0.085, 0), (0.085, 0.012), (0.075, 0.02), (0.014, 0.026), (0, 0.026)])
    arms = [meshes.tube([(0, 0.01, 0.02), elbow], 0.007, 8), meshes.tube([elbow, head], 0.007, 8)]
    joint = meshes.turned(meshes.cylinder(0.013, -0.014, 0.014), "y", np.pi / 2)
    joints = [meshes.moved(joint, *place) for place in (elbow, head)]
    cone = meshes.lathe(
        [
            (0.062, -0.1),
            (0.065, -0.1),
            (0.028, -0.015),
            (0.02, 0.008),
            (0, 0.012),
            (0, 0.009),
            (0.018, 0.004),
            (0.026, -0.017),
            (0.062, -0.1),
        ],
        28,
    )
    bulb = meshes.moved(meshes.ellipsoid(0.024, 0.024, 0.03, 8, 12), z=-0.062)
    tilt = -0.35
    hung = [meshes.moved(meshes.turned(shape, "x", tilt), head[0], head[1] - 0.01, head[2]) for shape in (cone, bulb)]
    pieces = painted([base, *arms, hung[0]], paint.material)
    pieces += [*painted(joints, Material((150, 152, 156), "metal")), (hung[1], BULB)]
    return assembled("desk lamp", pieces, paint.colour)


def candle(rng: np.random.Generator) -> Furniture:
    """Return a candle: thick on a dish, or slender in a holder; sometimes lit."""
    wax = coat(rng, "white white beige red green blue pink purple yellow", "satin")
    if chance(rng, 0.55):
        radius, tall, low = float(rng.uniform(0.03, 0.042)), float(rng.uniform(0.07, 0.16)), 0.006
        wide = radius * 1.5
        rim = [(wide * 0.7, 0), (wide, 0.009), (wide - 0.002, 0.011), (wide * 0.68, low)]
        stand = meshes.lathe([(0, 0), *rim, (0, low)])
        metal = choose(rng, (steel(rng).material, wood(rng).material))
    else:
        radius, tall, low = 0.0115, float(rng.uniform(0.14, 0.2)), float(rng.uniform(0.05, 0.12))
        foot = [(0, 0), (0.045, 0), (0.043, 0.006), (0.012, 0.014), (0.008, low * 0.6), (0.012, low * 0.85)]
        stand = meshes.lathe([*foot, (0.018, low), (0.017, low + 0.012), (0, low + 0.012)])
        metal = steel(rng).material
    high = low + tall
    rim = [(radius, high - 0.004), (radius - 0.003, high), (radius * 0.7, high - 0.002)]
    body = meshes.lathe([(0, low), (radius, low), *rim, (0, high - 0.004)], 24)
    wick = meshes.tube([(0, 0, high - 0.006), (0.001, 0, high + 0.008)], 0.001, 5)
    pieces: list[Piece] = [(stand, metal), (body, wax.material), (wick, Material((30, 26, 24)))]
    if chance(rng, 0.5):
        flame = meshes.lathe([(0, 0), (0.004, 0.003), (0.0055, 0.009), (0.0035, 0.019), (0, 0.03)], 10)
        pieces.append((meshes.moved(flame, z=high + 0.004), Material((255, 214, 130), "glow")))
    return assembled("candle", pieces, wax.colour)
