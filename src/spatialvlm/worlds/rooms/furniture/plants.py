"""Plants in pots: chance enters, furniture leaves."""

import numpy as np
from jaxtyping import Float

from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture.assembly import Piece, assembled, painted
from spatialvlm.worlds.rooms.furniture.kitchenware import vessel
from spatialvlm.worlds.rooms.palette import chance, choose, coat, plain, shade
from spatialvlm.worlds.rooms.room import Furniture, Material, Mesh

SOIL = plain(54, 40, 30)
BARK = plain(104, 78, 54)


def _pot(rng: np.random.Generator, radius: float, tall: float) -> list[Piece]:
    """Return a pot with soil in it: tapered with a rim, straight, or round."""
    paint = coat(rng, "white white grey black orange brown blue beige turquoise", choose(rng, ("matte", "satin")))
    outside = {
        "rim": [
            (radius * 0.68, 0),
            (radius * 0.7, 0.004),
            (radius * 0.9, tall * 0.78),
            (radius, tall * 0.78),
            (radius, tall),
        ],
        "straight": [(radius - 0.006, 0), (radius, 0.006), (radius, tall)],
        "tapered": [(radius * 0.7, 0), (radius * 0.72, 0.004), (radius, tall)],
        "round": [
            (radius * 0.55, 0),
            (radius * 0.8, tall * 0.16),
            (radius, tall * 0.5),
            (radius * 0.97, tall * 0.75),
            (radius * 0.86, tall),
        ],
    }[choose(rng, ("rim", "straight", "tapered", "round"))]
    soil = meshes.lathe(
        [(0, tall * 0.8), (radius * 0.86, tall * 0.8), (radius * 0.84, tall * 0.86), (0, tall * 0.88)], 20
    )
    return [(vessel(outside, min(0.012, radius * 0.09)), paint.material), (soil, SOIL)]


def _blades(
    starts: Float[np.ndarray, "k 3"],
    azimuths: Float[np.ndarray, " k"],
    rises: Float[np.ndarray, " k"],
    lengths: Float[np.ndarray, " k"],
    width: float,
    droop: float,
) -> Mesh:
    """Make leaves from their starts: each goes up at an angle to the level and bends by `droop` over its length."""
    steps = 7
    share = np.linspace(0, 1, steps)
    pitch = rises[:, None] - droop * share[None] ** 1.3
    stride = lengths[:, None] / (steps - 1)
    out = np.cumsum(np.cos(pitch) * stride, 1) - np.cos(pitch[:, :1]) * stride
    up = np.cumsum(np.sin(pitch) * stride, 1) - np.sin(pitch[:, :1]) * stride
    wide = width * lengths[:, None] * np.maximum(np.sin(np.pi * share**0.8), 0.04)
    cos, sin = np.cos(azimuths)[:, None], np.sin(azimuths)[:, None]
    spine = starts[:, None] + np.stack([out * cos, out * sin, up], -1)
    side = np.stack([-sin * wide, cos * wide, np.zeros_like(wide)], -1)
    fold = np.stack([np.zeros_like(wide)] * 2 + [0.25 * wide], -1)
    rows = np.stack([spine - side + fold, spine, spine + side + fold], 2)
    return meshes.grids(rows)


def _green(rng: np.random.Generator) -> Material:
    rgb = choose(rng, ((62, 118, 56), (78, 134, 62), (46, 98, 58), (96, 146, 72)))
    light = (min(rgb[0] + 38, 255), min(rgb[1] + 34, 255), min(rgb[2] + 26, 255))
    return Material(rgb, "satin", "leaf", light, int(rng.integers(1 << 30)))


def _fan(
    rng: np.random.Generator,
    count: int,
    tall: float,
    z: float,
    *,
    rise: tuple[float, float],
    width: float,
    droop: float,
) -> Mesh:
    """Make leaves from one root, the inner ones steeper."""
    inner = np.linspace(0, 1, count)
    starts = np.column_stack([0.0 * inner, 0.0 * inner, np.full(count, z)])
    rises = rise[1] + (rise[0] - rise[1]) * inner + rng.normal(0, 0.06, count)
    return _blades(
        starts,
        2.4 * np.arange(count) + rng.normal(0, 0.15, count),
        rises,
        tall * rng.uniform(0.8, 1.1, count),
        width,
        droop,
    )


def _cactus(tall: float, z: float) -> list[Mesh]:
    """Return a ribbed column with two arms."""

    def column(radius: float, high: float) -> Mesh:
        shape = meshes.lathe(
            [
                (0, 0),
                (radius * 0.85, 0),
                (radius, high * 0.3),
                (radius, high * 0.75),
                (radius * 0.75, high * 0.93),
                (radius * 0.3, high),
                (0, high * 1.005),
            ],
            32,
        )
        ribs = 1 + 0.07 * np.cos(8 * np.arctan2(shape.vertices[:, 1], shape.vertices[:, 0]))
        shape.vertices[:, :2] *= ribs[:, None]
        return shape

    radius = tall * 0.17
    shapes = [meshes.moved(column(radius, tall), z=z)]
    for side, low in ((-1, 0.42), (1, 0.55)):
        elbow = meshes.tube(
            [(side * radius * 0.6, 0, z + tall * low), (side * radius * 2.0, 0, z + tall * low + radius * 0.2)],
            radius * 0.5,
            10,
        )
        arm = meshes.moved(column(radius * 0.55, tall * 0.32), side * radius * 2.05, 0, z + tall * low - radius * 0.3)
        shapes += [elbow, arm]
    return shapes


def plant(rng: np.random.Generator) -> Furniture:
    """Return a small plant for a table: arching, sword-leaved, a rosette, or a cactus."""
    radius = float(rng.uniform(0.045, 0.085))
    tall = radius * float(rng.uniform(1.5, 2.0))
    pieces, z, green = _pot(rng, radius, tall), tall * 0.84, _green(rng)
    style = choose(rng, ("arching", "swords", "rosette", "cactus", "arching"))
    if style == "arching":
        pieces.append((_fan(rng, 26, radius * 3.0, z, rise=(1.45, 0.7), width=0.11, droop=1.7), green))
    elif style == "swords":
        pieces.append((_fan(rng, 11, radius * 3.6, z, rise=(1.55, 1.25), width=0.09, droop=0.05), green))
    elif style == "rosette":
        pieces.append((_fan(rng, 24, radius * 1.5, z, rise=(1.3, 0.25), width=0.26, droop=-0.5), green))
    else:
        pieces += painted(_cactus(radius * 2.6, z - 0.01), Material(shade(rng, "green"), "satin"))
    return assembled("plant", pieces, "green", ("potted",))


def tall_plant(rng: np.random.Generator) -> Furniture:
    """Return a plant that stands on the floor: a palm, a sword-leaved one, or a small tree."""
    radius = float(rng.uniform(0.14, 0.19))
    tall = radius * float(rng.uniform(1.6, 2.1))
    pieces, z, green = _pot(rng, radius, tall), tall * 0.85, _green(rng)
    style = choose(rng, ("palm", "swords", "tree", "tree"))
    if style == "palm":
        pieces.append((_fan(rng, 34, radius * 3.8, z, rise=(1.52, 1.2), width=0.085, droop=1.25), green))
    elif style == "swords":
        pieces.append((_fan(rng, 16, radius * 4.4, z, rise=(1.55, 1.3), width=0.07, droop=0.02), green))
    else:
        trunk = radius * float(rng.uniform(3.2, 4.4))
        pieces.append(
            (
                meshes.tube(
                    [(0, 0, z - 0.02), (0.02, 0.01, z + trunk * 0.5), (0, 0, z + trunk)],
                    [radius * 0.13, radius * 0.1, radius * 0.06],
                    8,
                ),
                BARK,
            )
        )
        count = 110
        turn, height = 2.4 * np.arange(count), np.linspace(-0.95, 0.95, count)
        crown = radius * 1.35
        spread = np.sqrt(1 - height**2) * crown * rng.uniform(0.35, 0.9, count)
        starts = np.column_stack([spread * np.cos(turn), spread * np.sin(turn), z + trunk + height * crown * 0.95])
        pieces.append(
            (
                _blades(starts, turn, rng.uniform(-0.2, 0.9, count), radius * rng.uniform(0.7, 1.0, count), 0.3, 0.9),
                green,
            )
        )
    if chance(rng, 0.3) and style != "tree":
        pieces.append((_fan(rng, 8, radius * 2.6, z, rise=(1.4, 1.1), width=0.09, droop=1.0), _green(rng)))
    return assembled("plant", pieces, "green", ("potted",))
