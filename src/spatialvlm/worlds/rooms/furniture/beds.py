"""Beds: chance enters, furniture leaves. The head is at the back; the first top is for pillows."""

import numpy as np

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, legs, painted, top
from spatialvlm.worlds.rooms.palette import CLOTH, PALE, chance, choose, coat, two_tone, wood
from spatialvlm.worlds.rooms.room import Furniture, Mesh

LENGTH_M = 2.0
BLANKET_M = 0.035


def _headboard(rng: np.random.Generator, half: float, tall: float, style: str) -> list[Mesh]:
    """Make a headboard from the floor up, its front at y = 0."""
    if style == "padded":
        count = 4 if half > 0.6 else 3
        wide = half / count
        panel = meshes.turned(
            meshes.slab(wide, (tall - 0.15) / 2, -0.05, 0.0, corner=0.03, edge=0.02, crown=0.01), "x", np.pi / 2
        )
        panels = [meshes.moved(panel, (2 * i + 1 - count) * wide, 0.02, (tall + 0.15) / 2) for i in range(count)]
        return [meshes.box((-half, 0.04, 0), (half, 0.08, tall - 0.02), 0.01), *panels]
    if style == "bars":
        posts = [meshes.cylinder(0.022, 0, tall) for _ in range(2)]
        shapes = [meshes.moved(post, x, 0.03) for post, x in zip(posts, (0.022 - half, half - 0.022))]
        rails = [meshes.tube([(-half + 0.02, 0.03, z), (half - 0.02, 0.03, z)], 0.016) for z in (0.35, tall - 0.06)]
        bars = [
            meshes.tube([(x, 0.03, 0.35), (x, 0.03, tall - 0.06)], 0.009, 8)
            for x in map(float, np.linspace(-half + 0.1, half - 0.1, 7))
        ]
        return shapes + rails + bars
    return [meshes.box((-half, 0.0, 0.0), (half, 0.05, tall), 0.01)]


def _bedding(rng: np.random.Generator, half: float, low: float, top_z: float) -> tuple[list[Piece], str, float]:
    """Return a mattress and a blanket with its edge folded over; the blanket's colour, and the y of its upper edge."""
    mattress = meshes.slab(half, LENGTH_M / 2, low, top_z, corner=0.08, edge=0.05)
    if chance(rng, 0.4):
        dyes = "blue green red turquoise pink yellow grey brown"
        blanket = two_tone(rng, dyes, PALE, choose(rng, ("stripes", "checks")))
    else:
        blanket = coat(rng, CLOTH, "matte", "weave")
    cover = float(rng.uniform(1.3, 1.5))
    middle = -LENGTH_M / 2 - 0.015 + cover / 2
    spread = meshes.slab(half + 0.037, cover / 2 + 0.01, low - 0.05, top_z + BLANKET_M, corner=0.09, edge=0.06)
    fold = meshes.slab(half + 0.043, 0.16, top_z - 0.02, top_z + 0.055, corner=0.05, edge=0.035)
    pieces = [
        (mattress, coat(rng, "white", "matte", "weave").material),
        (meshes.moved(spread, 0, middle), blanket.material),
        (meshes.moved(fold, 0, middle + cover / 2 - 0.14), coat(rng, "white beige grey", "matte", "weave").material),
    ]
    return pieces, blanket.colour, middle + cover / 2


def bed(rng: np.random.Generator) -> Furniture:
    """Return a single or double bed with a mattress and a blanket; no pillows."""
    half = choose(rng, (0.45, 0.5, 0.7, 0.8, 0.9))
    style = choose(rng, ("board", "padded", "bars", "board"))
    match style:
        case "padded":
            frame = coat(rng, "grey beige white brown", "matte", "weave")
        case "bars":
            frame = coat(rng, "black white", "satin")
        case _:
            frame = wood(rng)
    rail_z, top_z = float(rng.uniform(0.28, 0.34)), float(rng.uniform(0.46, 0.56))
    rim = half + 0.025
    rail = meshes.slab(rim, LENGTH_M / 2 + 0.02, rail_z - 0.16, rail_z, corner=0.02, edge=0.008)
    head = _headboard(rng, rim, float(rng.uniform(0.85, 1.15)), style)
    shapes = [*legs(rng, half, LENGTH_M / 2, 0.2, ("square", "tapered")), rail]
    shapes += [meshes.moved(shape, 0, LENGTH_M / 2 + 0.02) for shape in head]
    bedding, colour, edge_y = _bedding(rng, half, rail_z, top_z)
    low, high = edge_y + 0.07, LENGTH_M / 2 - 0.05
    foot, fold = -LENGTH_M / 2 + 0.08, edge_y - 0.32
    tops = [
        top(half - 0.06, (high - low) / 2, top_z, y=(low + high) / 2),
        top(half - 0.08, (fold - foot) / 2, top_z + BLANKET_M, y=(foot + fold) / 2),
    ]
    words = ("double",) if half > 0.6 else ("single",)
    return assembled("bed", [*painted(shapes, frame.material), *bedding], colour, words, tops)
