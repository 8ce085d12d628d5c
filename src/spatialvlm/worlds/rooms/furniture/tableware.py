"""What a table is laid with: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, top, wrapped_sheet
from spatialvlm.worlds.rooms.furniture.kitchenware import ear, vessel
from spatialvlm.worlds.rooms.palette import BRIGHT, CERAMIC, PALE, chance, choose, coat, plain, two_tone, wood
from spatialvlm.worlds.rooms.room import Furniture, Material


def cup(rng: np.random.Generator) -> Furniture:
    """Return a small cup with a handle, mostly on a saucer."""
    glaze = coat(rng, CERAMIC, "glossy")
    radius, tall = float(rng.uniform(0.036, 0.044)), float(rng.uniform(0.05, 0.065))
    low = 0.006 if chance(rng, 0.7) else 0.0
    outside = [
        (radius * 0.5, low),
        (radius * 0.55, low + 0.005),
        (radius * 0.85, low + tall * 0.4),
        (radius, low + tall),
    ]
    pieces = painted(
        [vessel(outside, 0.003), ear(radius * 0.8, low + tall * 0.3, low + tall * 0.85, 0.02, 0.0038)], glaze.material
    )
    if low:
        wide = radius * 1.75
        saucer = [
            (0, 0),
            (wide * 0.5, 0),
            (wide * 0.55, 0.002),
            (wide, 0.014),
            (wide - 0.001, 0.017),
            (wide * 0.5, 0.006),
            (0, 0.006),
        ]
        pieces.append((meshes.lathe(saucer, 36), glaze.material))
    drink = low + tall * 0.8
    coffee = meshes.lathe([(0, drink - 0.003), (radius * 0.88, drink - 0.003), (radius * 0.9, drink), (0, drink)])
    pieces.append((coffee, plain(62, 36, 20, "glossy")))
    return assembled("cup", pieces, glaze.colour)


def bowl(rng: np.random.Generator) -> Furniture:
    """Return a bowl of china or wood: round, flat or flared."""
    wooden = chance(rng, 0.15)
    striped = not wooden and chance(rng, 0.15)
    glaze = (
        wood(rng)
        if wooden
        else two_tone(rng, BRIGHT, PALE, "stripes", "glossy")
        if striped
        else coat(rng, CERAMIC, "glossy")
    )
    radius = float(rng.uniform(0.065, 0.13))
    tall = radius * choose(rng, (0.55, 0.7, 0.85))
    power = choose(rng, (0.5, 0.65, 0.9))
    rise = np.linspace(0.06, 1.0, 8)
    side = [(radius * (0.42 + 0.58 * float(share) ** power), tall * float(share)) for share in rise]
    body = vessel([(radius * 0.42, 0), (radius * 0.44, tall * 0.05), *side], 0.005, 36)
    words = ("wooden",) if wooden else ("striped",) if striped else ()
    return assembled("bowl", [(meshes.finer(body, 5.0) if striped else body, glaze.material)], glaze.colour, words)


def plate(rng: np.random.Generator) -> Furniture:
    """Return a plate with a flat or a rising rim, sometimes with a coloured edge."""
    glaze = coat(rng, CERAMIC, "glossy")
    radius = float(rng.uniform(0.1, 0.14))
    floor = radius * 0.62
    profile = [
        (0, 0),
        (floor, 0),
        (floor + 0.01, 0.003),
        (radius, 0.02),
        (radius - 0.001, 0.023),
        (floor + 0.008, 0.0075),
        (floor - 0.004, 0.005),
        (0, 0.005),
    ]
    pieces: list[Piece] = [(meshes.lathe(profile, 48), glaze.material)]
    if chance(rng, 0.4):
        edge = coat(rng, "blue red gold green black", "glossy").material
        hoop = [
            (radius - 0.0065, 0.0205),
            (radius + 0.0006, 0.0195),
            (radius, 0.0236),
            (radius - 0.0062, 0.0216),
            (radius - 0.0065, 0.0205),
        ]
        pieces.append((meshes.lathe(hoop, 48), edge))
    return assembled("plate", pieces, glaze.colour, (), [top(floor * 0.66, floor * 0.66, 0.005)])


def wine_glass(rng: np.random.Generator) -> Furniture:
    """Return a goblet of tinted glass, sometimes with wine."""
    tint = coat(rng, "grey grey blue green turquoise purple", "glass")
    tall, radius = float(rng.uniform(0.17, 0.22)), float(rng.uniform(0.034, 0.042))
    stem, foot = tall * 0.45, radius * 0.95
    base = meshes.lathe(
        [
            (0, 0),
            (foot, 0),
            (foot, 0.002),
            (foot * 0.3, 0.006),
            (0.0045, 0.014),
            (0.004, stem - 0.01),
            (0.01, stem),
            (0, stem),
        ],
        28,
    )
    outside = [
        (0.008, stem - 0.002),
        (radius * 0.75, stem + 0.018),
        (radius, stem + tall * 0.2),
        (radius * 0.97, stem + tall * 0.36),
        (radius * 0.82, tall),
    ]
    pieces = painted([base, vessel(outside, 0.002)], tint.material)
    if chance(rng, 0.5):
        level = stem + tall * 0.27
        wine = meshes.lathe([(0, level - 0.004), (radius * 0.96, level - 0.004), (radius * 0.96, level), (0, level)])
        pieces.append((wine, plain(96, 14, 28, "glossy")))
    return assembled("wine glass", pieces, tint.colour)


def pitcher(rng: np.random.Generator) -> Furniture:
    """Return a jug with a spout and a handle."""
    glaze = coat(rng, CERAMIC, "glossy")
    radius, tall = float(rng.uniform(0.055, 0.07)), float(rng.uniform(0.19, 0.25))
    outside = [
        (radius * 0.75, 0),
        (radius * 0.85, 0.006),
        (radius * 1.05, tall * 0.35),
        (radius * 0.9, tall * 0.65),
        (radius * 0.66, tall * 0.86),
        (radius * 0.8, tall),
    ]
    body = vessel(outside, 0.005)
    points = body.vertices  # the lip is drawn out towards -x
    near_lip = np.clip((points[:, 2] / tall - 0.82) / 0.18, 0, 1) ** 1.5
    pull = near_lip * np.clip(-points[:, 0] / radius, 0, 1) ** 3
    points[:, 0] -= 0.045 * pull
    points[:, 1] *= 1 - 0.35 * pull
    points[:, 2] += 0.012 * pull
    grip = [
        (radius * 0.7, 0, tall * 0.93),
        (radius * 1.3, 0, tall * 0.95),
        (radius * 1.6, 0, tall * 0.75),
        (radius * 1.45, 0, tall * 0.45),
        (radius * 0.98, 0, tall * 0.3),
    ]
    return assembled(
        "pitcher", painted([body, meshes.tube(meshes.curve(grip), 0.008, 10)], glaze.material), glaze.colour
    )


def jar(rng: np.random.Generator) -> Furniture:
    """Return a jar of jam or the like with a lid and a label."""
    filling = coat(rng, "red orange yellow brown purple green", "glass")
    radius, tall = float(rng.uniform(0.032, 0.042)), float(rng.uniform(0.085, 0.13))
    body = meshes.lathe(
        [
            (0, 0),
            (radius - 0.005, 0),
            (radius, 0.005),
            (radius, tall * 0.74),
            (radius * 0.84, tall * 0.84),
            (radius * 0.84, tall - 0.012),
            (0, tall - 0.012),
        ]
    )
    lid = meshes.cylinder(radius * 0.9, tall - 0.016, tall)
    label = wrapped_sheet(radius + 0.0006, tall * 0.18, tall * 0.62, 2.6)
    paper = Material((244, 240, 228), "matte", "label", filling.material.rgb, int(rng.integers(1 << 30)))
    cover = coat(rng, "silver gold red white black green", "satin").material
    return assembled("jar", [(body, filling.material), (lid, cover), (label, paper)], filling.colour)


def can(rng: np.random.Generator) -> Furniture:
    """Return a can of drink, or a tin of food with a paper label."""
    metal = plain(196, 198, 202, "metal")
    paint = coat(rng, "red red blue green orange yellow white black purple turquoise", "satin")
    ink = (245, 243, 238) if paint.colour not in ("white", "yellow") else (170, 30, 36)
    printed = Material(paint.material.rgb, "satin", "label", ink, int(rng.integers(1 << 30)))
    if chance(rng, 0.6):
        radius, tall = 0.033, choose(rng, (0.115, 0.122, 0.146))
        foot = [(0, 0.004), (0.02, 0.004), (0.023, 0), (0.026, 0.002), (radius, 0.012)]
        rim = [(radius, tall - 0.014), (0.028, tall - 0.003), (0.027, tall), (0.0255, tall), (0.025, tall - 0.005)]
        tab = meshes.slab(0.007, 0.012, tall - 0.005, tall - 0.002, corner=0.006, edge=0.001)
        shapes = [meshes.lathe([*foot, *rim, (0, tall - 0.005)]), meshes.moved(tab, 0, -0.006)]
        skin = wrapped_sheet(radius + 0.0004, 0.013, tall - 0.015, 2 * np.pi, 28)
    else:
        radius, tall = float(rng.uniform(0.034, 0.044)), float(rng.uniform(0.085, 0.12))
        wide, slim = radius + 0.001, radius - 0.002
        ribs = [(radius - 0.0012 * (i % 2), 0.006 + (tall - 0.012) * i / 8) for i in range(9)]
        foot = [(0, 0.002), (slim, 0.002), (wide, 0), (wide, 0.005)]
        rim = [(wide, tall - 0.005), (wide, tall), (slim, tall), (slim - 0.001, tall - 0.003)]
        shapes = [meshes.lathe([*foot, *ribs, *rim, (0, tall - 0.003)])]
        skin = wrapped_sheet(radius + 0.0006, 0.008, tall - 0.008, 2 * np.pi, 28)
    return assembled("can", [*painted(shapes, metal), (skin, printed)], paint.colour)


def cereal_box(rng: np.random.Generator) -> Furniture:
    """Return a box of cereal that stands upright, printed in front and behind."""
    paint = coat(rng, "red blue yellow orange green purple turquoise", "satin")
    half_x, half_y, tall = (
        float(rng.uniform(0.085, 0.1)),
        float(rng.uniform(0.026, 0.035)),
        float(rng.uniform(0.26, 0.31)),
    )
    body = meshes.box((-half_x, -half_y, 0), (half_x, half_y, tall), 0.0015)
    ink = (246, 240, 226) if paint.colour != "yellow" else (190, 40, 36)
    printed = Material(paint.material.rgb, "satin", "label", ink, int(rng.integers(1 << 30)))
    front = meshes.moved(meshes.sheet(2 * half_x - 0.004, tall - 0.006), 0, -half_y - 0.0004, 0.003)
    picture = Material((238, 214, 160), "satin", "picture", paint.material.rgb, int(rng.integers(1 << 30)))
    window = meshes.moved(meshes.sheet(half_x * 1.5, tall * 0.36), 0, -half_y - 0.0008, tall * 0.08)
    return assembled(
        "cereal box",
        [(body, paint.material), (front, printed), (meshes.turned(front, "z", np.pi), printed), (window, picture)],
        paint.colour,
    )
