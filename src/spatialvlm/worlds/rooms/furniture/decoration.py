"""What adorns a room: chance enters, furniture leaves."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted, round_sheet
from spatialvlm.worlds.rooms.furniture.kitchenware import vessel
from spatialvlm.worlds.rooms.palette import (
    BRIGHT,
    CERAMIC,
    PALE,
    chance,
    choose,
    coat,
    plain,
    shade,
    steel,
    two_tone,
    wood,
)
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh


def _flowers(rng: np.random.Generator, radius: float, tall: float) -> list[Piece]:
    """Make five to eight flowers that come out of a vase of that neck and height."""
    count = int(rng.integers(5, 9))
    turns, leans = 2.4 * np.arange(count), rng.uniform(0.15, 0.6, count)
    rise = tall * (1 + np.cos(leans) * rng.uniform(0.55, 0.8, count))
    out = 0.75 * tall * np.sin(leans)
    ends = np.column_stack([out * np.cos(turns), out * np.sin(turns), rise])
    mouths = np.column_stack([radius * 0.6 * np.cos(turns), radius * 0.6 * np.sin(turns), np.full(count, tall)])
    stems = [
        meshes.tube([(0, 0, tall * 0.5), (m[0], m[1], m[2]), (e[0], e[1], e[2])], 0.0025, 5)
        for m, e in zip(mouths.tolist(), ends.tolist())
    ]
    size = float(rng.uniform(0.022, 0.032))
    petal = meshes.moved(meshes.ellipsoid(size * 0.62, size * 0.36, size * 0.14, 4, 6), size * 0.6)
    ring = np.array([meshes.turning("z", i * np.pi / 3) @ meshes.turning("y", -0.35) for i in range(6)])
    head = meshes.copies(petal, ring, np.zeros((6, 3)))
    heart = meshes.ellipsoid(size * 0.3, size * 0.3, size * 0.28, 4, 6)
    faced = np.array([meshes.turning("z", turn) @ meshes.turning("y", lean) for turn, lean in zip(turns, leans)])
    return [
        (meshes.joined(stems), plain(74, 124, 58)),
        (meshes.copies(head, faced, ends), Material(shade(rng, choose(rng, BRIGHT.split())))),
        (meshes.copies(heart, faced, ends), plain(236, 196, 70)),
    ]


def vase(rng: np.random.Generator) -> Furniture:
    """Return a vase: bellied, slender, a cylinder or with a long neck; sometimes with flowers."""
    striped = chance(rng, 0.15)
    glaze = two_tone(rng, BRIGHT, PALE, "stripes", "glossy") if striped else coat(rng, CERAMIC, "glossy")
    tall = float(rng.uniform(0.17, 0.32))
    style = choose(rng, ("belly", "neck", "cylinder", "flared"))
    wide = tall * {"belly": 0.3, "neck": 0.27, "cylinder": 0.19, "flared": 0.22}[style]
    shape = {
        "belly": [(0.5, 0), (0.55, 0.02), (0.85, 0.2), (1.0, 0.42), (0.9, 0.62), (0.6, 0.82), (0.5, 0.9), (0.58, 1.0)],
        "neck": [
            (0.55, 0),
            (0.6, 0.015),
            (0.95, 0.14),
            (1.0, 0.28),
            (0.8, 0.45),
            (0.36, 0.6),
            (0.26, 0.72),
            (0.26, 0.9),
            (0.36, 1.0),
        ],
        "cylinder": [(0.95, 0), (1.0, 0.02), (1.0, 1.0)],
        "flared": [(0.7, 0), (0.72, 0.02), (0.55, 0.25), (0.6, 0.5), (0.8, 0.8), (1.0, 1.0)],
    }[style]
    outside = [(wide * r, tall * z) for r, z in shape]
    pieces: list[Piece] = [(meshes.finer(vessel(outside, 0.005, 32), 3.0 if striped else 1.0), glaze.material)]
    if chance(rng, 0.5):
        pieces += _flowers(rng, outside[-1][0], tall)
    return assembled("vase", pieces, glaze.colour, ("striped",) if striped else ())


def _frame(width: float, height: float, rim: float, deep: float) -> list[Mesh]:
    """Make four bars around an opening, from z = 0, their backs at y = 0."""
    x = width / 2
    return [
        meshes.box((-x, -deep, 0), (x, 0, rim), 0.003),
        meshes.box((-x, -deep, height - rim), (x, 0, height), 0.003),
        meshes.box((-x, -deep, rim), (rim - x, 0, height - rim), 0.003),
        meshes.box((x - rim, -deep, rim), (x, 0, height - rim), 0.003),
    ]


def picture(rng: np.random.Generator) -> Furniture:
    """Return a framed picture for a wall, mostly with a white mount around it."""
    width, height = choose(
        rng, ((0.4, 0.5), (0.5, 0.4), (0.6, 0.45), (0.7, 0.5), (0.5, 0.7), (0.9, 0.6), (0.3, 0.4), (0.5, 0.5))
    )
    size = float(rng.uniform(0.85, 1.15))
    width, height = width * size, height * size
    rim = float(rng.uniform(0.015, 0.035))
    frame = wood(rng) if chance(rng, 0.45) else coat(rng, "black black white gold silver", "satin")
    pieces: list[Piece] = painted(_frame(width, height, rim, 0.022), frame.material)
    pieces.append((meshes.moved(meshes.sheet(width - 2 * rim, height - 2 * rim), 0, -0.008, rim), plain(244, 242, 236)))
    edge = rim + (min(width, height) * 0.1 if chance(rng, 0.6) else 0.0)
    tints = choose(
        rng,
        (
            ("green", "blue"),
            ("orange", "purple"),
            ("blue", "grey"),
            ("red", "brown"),
            ("turquoise", "green"),
            ("pink", "blue"),
        ),
    )
    print_ = Material(shade(rng, tints[0]), "satin", "picture", shade(rng, tints[1]), int(rng.integers(1 << 30)))
    pieces.append((meshes.moved(meshes.sheet(width - 2 * edge, height - 2 * edge), 0, -0.0085, edge), print_))
    pieces.append(
        (meshes.box((-width / 2 + rim, -0.007, rim), (width / 2 - rim, -0.001, height - rim), 0), plain(140, 112, 80))
    )
    return assembled("picture", pieces, frame.colour, ("framed",), mount="wall")


def _face(rng: np.random.Generator, dark: bool) -> Material:
    """Return a clock's dial."""
    rgb, ink = ((34, 34, 38), (240, 238, 232)) if dark else ((246, 244, 238), (30, 30, 34))
    return Material(rgb, "satin", "dial", ink, int(rng.integers(1 << 30)))


def clock(rng: np.random.Generator) -> Furniture:
    """Return a round or square clock for a wall."""
    radius, rim = float(rng.uniform(0.13, 0.19)), float(rng.uniform(0.012, 0.025))
    case = wood(rng) if chance(rng, 0.3) else coat(rng, "black white silver red blue gold", "satin")
    face = _face(rng, chance(rng, 0.2))
    if chance(rng, 0.8):
        profile = [
            (0, 0),
            (radius, 0),
            (radius, 0.03),
            (radius - rim * 0.4, 0.038),
            (radius - rim, 0.03),
            (radius - rim, 0.018),
            (0, 0.018),
        ]
        shapes, words = [meshes.turned(meshes.lathe(profile, 44), "x", np.pi / 2)], ("round",)
        dial = round_sheet(radius - rim)
    else:
        shapes, words = (
            [
                *_frame(2 * radius, 2 * radius, rim, 0.036),
                meshes.box((-radius + 0.004, -0.017, 0.004), (radius - 0.004, 0, 2 * radius - 0.004), 0),
            ],
            ("square",),
        )
        shapes = [meshes.moved(shape, z=-radius) for shape in shapes]
        dial = meshes.moved(meshes.sheet(2 * (radius - rim), 2 * (radius - rim)), z=rim - radius)
    pieces = [*painted(shapes, case.material), (meshes.moved(dial, 0, -0.0187), face)]
    return assembled("clock", pieces, case.colour, words, mount="wall")


def alarm_clock(rng: np.random.Generator) -> Furniture:
    """Return a round alarm clock on feet, with two bells, or a digital one."""
    case = coat(rng, "red black white blue turquoise silver yellow pink", "glossy")
    if chance(rng, 0.3):
        half, tall = float(rng.uniform(0.06, 0.08)), 0.06
        body = meshes.slab(half, 0.035, 0, tall, corner=0.012, edge=0.01)
        display = meshes.moved(meshes.sheet(half * 1.7, tall * 0.6), 0, -0.0356, tall * 0.2)
        digits = Material((30, 60, 44), "screen", "label", (120, 240, 160), 1)
        return assembled("alarm clock", [(body, case.material), (display, digits)], case.colour)
    radius = float(rng.uniform(0.045, 0.06))
    z, rim = radius * 1.14, [(radius, -0.012), (radius, 0.02), (radius - 0.006, 0.024), (radius - 0.007, 0.018)]
    drum = meshes.lathe([(0, -0.022), (radius * 0.85, -0.022), *rim, (0, 0.018)], 32)
    body = meshes.moved(meshes.turned(drum, "x", np.pi / 2), z=z)
    dial = meshes.moved(round_sheet(radius - 0.007), 0, -0.0187, z)
    pieces = [(body, case.material), (dial, _face(rng, False))]
    metal = painted(_bells_and_feet(radius, z), plain(196, 198, 202, "metal"))
    return assembled("alarm clock", [*pieces, *metal], case.colour, ("round",))


def _bells_and_feet(radius: float, z: float) -> list[Mesh]:
    """Return two bells with a bow over an alarm clock whose middle is at z, two feet before it and one behind."""
    dome = [(0.42, 0), (0.38, 0.16), (0.2, 0.28), (0, 0.32)]
    bell = meshes.lathe([(0, 0), *((radius * r, radius * h) for r, h in dome)], 18)
    shapes = [meshes.tube([(0, 0.018, z - radius * 0.5), (0, 0.034, 0.004)], 0.005, 8)]
    for side in (-1, 1):
        shapes.append(meshes.moved(meshes.turned(bell, "y", side * 0.6), side * radius * 0.58, 0, z + radius * 0.86))
        foot = [(side * radius * 0.4, 0, z - radius * 0.8), (side * radius * 0.72, 0, 0.004)]
        shapes.append(meshes.tube(foot, 0.006, 8))
    turns = np.linspace(0, np.pi, 8)
    x, high = 0.5 * radius * np.cos(turns), z + radius * (1.05 + 0.42 * np.sin(turns))
    bow = [(across, 0.0, up) for across, up in zip(x.tolist(), high.tolist())]
    return [*shapes, meshes.tube(bow, 0.003, 6)]


def globe(rng: np.random.Generator) -> Furniture:
    """Return a globe of the Earth in its stand."""
    radius = float(rng.uniform(0.09, 0.13))
    sea = Material(shade(rng, "blue"), "satin", "marble", (92, 140, 74), int(rng.integers(1 << 30)))
    stand = wood(rng).material if chance(rng, 0.5) else steel(rng).material
    z = radius * 1.55
    sphere = meshes.moved(meshes.turned(meshes.ellipsoid(radius, radius, radius, 16, 32), "y", 0.4), z=z)
    reach = radius * 1.1
    arc = [(reach * float(np.cos(a)), 0, z + reach * float(np.sin(a))) for a in np.linspace(-1.97, 1.17, 16)]
    foot = meshes.lathe(
        [
            (0, 0),
            (radius * 0.62, 0),
            (radius * 0.6, 0.01),
            (radius * 0.2, 0.022),
            (0.01, 0.03),
            (0.009, radius * 0.5),
            (0, radius * 0.5),
        ],
        28,
    )
    lands = [
        meshes.ellipsoid(radius * 0.32, radius * 0.46, radius * 0.2, 6, 12),
        meshes.ellipsoid(radius * 0.5, radius * 0.3, radius * 0.2, 6, 12),
    ]
    places = [(0.4, -0.5), (0.9, 0.5), (2.2, 0.2), (3.4, -0.3), (4.3, 0.6), (5.5, 0.0)]
    patches = []
    for i, (turn, rise) in enumerate(places):
        land = meshes.moved(lands[i % 2], z=radius * 0.816)
        patches.append(meshes.moved(meshes.turned(meshes.turned(land, "y", np.pi / 2 - rise), "z", turn), z=z))
    pieces: list[Piece] = [
        (sphere, sea),
        (meshes.joined(patches), plain(108, 150, 78, "satin")),
        (meshes.tube(arc, 0.005, 8), stand),
        (foot, stand),
    ]
    return assembled("globe", pieces, "blue", ("round",))
