"""Patterns of surfaces: a material enters, a small picture of its colours and the metres that it covers leave.

Patterns repeat without a seam. Their lines run along u. A picture, a label and a dial are shown once, over the whole
mesh, with v up.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.worlds.rooms.room import Material, Rgb

Tones = Float32[np.ndarray, "h w"]
Colour = Float32[np.ndarray, " 3"]
Colours = Float32[np.ndarray, "h w 3"]

SHOWN_ONCE = ("picture", "label", "dial")
VARIETIES = 6
"""Each pattern is made in so many varieties; a material's seed chooses one."""
GRAIN_DARKER, JOINT_GREY, VEIN_DARKER = 0.62, 0.55, 0.72


@cache
def linear_table() -> Float32[np.ndarray, " 256"]:
    """Find the share of light, 0 to 1, for each byte of sRGB."""
    share = np.arange(256) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear(rgb: Rgb) -> tuple[float, float, float]:
    """Express a colour in sRGB bytes as shares of light."""
    red, green, blue = linear_table()[list(rgb)]
    return float(red), float(green), float(blue)


@lru_cache(maxsize=64)
def bitmap(material: Material) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[float, float]]:
    """Draw the texture of a material in sRGB, first row on top, and the metres that it covers along u and v.

    For what is shown once these are (0, 0): it fills its mesh.
    """
    variety = material.seed % VARIETIES
    first = np.array(material.rgb, dtype=np.float32)
    if material.texture in SHOWN_ONCE:
        other = np.array(material.other_rgb or _contrast(material.rgb), dtype=np.float32)
        drawn = {"picture": _picture, "label": _label, "dial": _dial}[material.texture](variety, first, other)
        return _bytes(drawn), (0.0, 0.0)
    mix, shade, covered = pattern(material.texture, variety)
    second = np.array(material.other_rgb or _default_other(material), dtype=np.float32)
    colours = first + mix[..., None] * (second - first)
    return _bytes(colours * shade[..., None]), covered


def fitted(uv: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, " 2"], Float32[np.ndarray, " 2"]]:
    """Find the lowest u and v of a mesh and its extent: where its picture begins and how large it is."""
    low = uv.min(axis=0)
    return low, np.maximum(uv.max(axis=0) - low, np.float32(1e-6))


def _bytes(colours: Colours) -> UInt8[np.ndarray, "h w 3"]:
    return np.clip(colours + 0.5, 0, 255).astype(np.uint8)


def _default_other(material: Material) -> Rgb | tuple[float, float, float]:
    """Choose the second colour where the material names none: darker wood, grey joints, pale stripes."""
    red, green, blue = material.rgb
    match material.texture:
        case "wood" | "planks":
            return red * GRAIN_DARKER, green * GRAIN_DARKER * 0.93, blue * GRAIN_DARKER * 0.86
        case "tiles":
            grey = JOINT_GREY * (red + green + blue) / 3
            return grey, grey, grey * 0.97
        case "stripes" | "checks":
            return _contrast(material.rgb)
    return red * VEIN_DARKER, green * VEIN_DARKER, blue * VEIN_DARKER


def _contrast(rgb: Rgb) -> Rgb:
    """Choose near white on a dark colour, near black on a light one."""
    return (238, 235, 228) if sum(rgb) < 420 else (52, 50, 56)


@lru_cache(maxsize=64)
def pattern(texture: str, variety: int) -> tuple[Tones, Tones, tuple[float, float]]:
    """Find how much of the second colour (0 to 1), a factor of brightness, and the metres covered along u and v."""
    return _PATTERNS[texture](np.random.default_rng([7, variety, sorted(_PATTERNS).index(texture)]))


def _noise(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> Tones:
    """Make a smooth field that repeats, mean 0, deviation 1; `cell` is its grain in pixels along v and u."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    pass_band = np.exp(-2 * ((np.pi * cell[0] * rows) ** 2 + (np.pi * cell[1] * columns) ** 2) / 9)
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * pass_band, shape)
    return ((field - field.mean()) / field.std()).astype(np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int], metres: tuple[float, float]) -> Tones:
    """Draw wood along u: growth rings seen lengthwise, and fibres. 0 to 1."""
    per_m = shape[0] / metres[1], shape[1] / metres[0]
    rows = np.linspace(0, 1, shape[0], endpoint=False)[:, None]
    bend = _noise(rng, shape, (0.12 * per_m[0], 0.6 * per_m[1]))
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (round(metres[1] / 0.035) * rows + 0.4 * bend))
    fibre = _noise(rng, shape, (0.006 * per_m[0], 0.15 * per_m[1]))
    cloud = _noise(rng, shape, (0.1 * per_m[0], 0.5 * per_m[1]))
    return np.clip(0.38 * rings**2 + 0.14 * fibre + 0.1 * cloud + 0.2, 0, 1).astype(np.float32)


def _wood(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    shape, metres = (256, 256), (1.6, 0.5)
    return 0.75 * _grain(rng, shape, metres), np.ones(shape, np.float32), metres


def _planks(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw boards along u, each with its own tone and grain, dark joints."""
    shape, metres, boards = (480, 480), (2.8, 1.12), 8
    mix = _grain(rng, shape, metres)
    shade = np.ones(shape, np.float32)
    deep = shape[0] // boards
    for board in range(boards):
        rows = slice(board * deep, (board + 1) * deep)
        start = int(rng.integers(shape[1]))
        for first, last in ((start, start + shape[1] // 2), (start + shape[1] // 2, start + shape[1])):
            columns = np.arange(first, last) % shape[1]
            mix[rows, columns] = np.roll(mix[rows, columns], int(rng.integers(200)), 1) + rng.normal(0, 0.12)
            shade[rows, columns] *= rng.normal(1, 0.05)
            shade[rows, columns[0]] *= 0.6
        shade[board * deep] *= 0.55
    return np.clip(0.8 * mix, 0, 1), shade, metres


def _weave(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw threads over and under, with an uneven dye."""
    size, threads = 192, 24
    place = np.arange(size) * threads / size
    over = (np.floor(place)[:, None] + np.floor(place)[None]) % 2
    round_v, round_u = (np.sin(np.pi * (place % 1)) for _ in range(2))
    height = np.where(over, round_v[:, None], round_u[None])
    cloud = _noise(rng, (size, size), (40.0, 40.0))
    thread = _noise(rng, (size, size), (3.0, 16.0)) * over + _noise(rng, (size, size), (16.0, 3.0)) * (1 - over)
    mix = np.clip(0.25 + 0.1 * cloud + 0.1 * thread, 0, 1).astype(np.float32)
    return mix, (0.9 + 0.12 * height).astype(np.float32), (0.14, 0.14)


def _tiles(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw four by four square tiles of slightly different tones, joints of the second colour."""
    size, count = 384, 4
    side = (0.15, 0.2, 0.3, 0.33)[int(rng.integers(4))]
    deep = size // count
    own = np.kron(rng.normal(1, 0.02, (count, count)), np.ones((deep, deep))).astype(np.float32)
    place = np.arange(size) % deep
    near = np.minimum(place, deep - 1 - place)
    joint = np.minimum(near[:, None], near[None]) < max(1, round(0.006 / side * deep / 2))
    cloud = 1 + 0.015 * _noise(rng, (size, size), (20.0, 20.0))
    return joint.astype(np.float32), own * cloud, (side * count, side * count)


def _marble(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw clouds and a few bent veins."""
    shape = (320, 320)
    rows, columns = np.mgrid[0:1:320j, 0:1:320j]
    bend = _noise(rng, shape, (140.0, 140.0)) + 0.25 * _noise(rng, shape, (30.0, 30.0))
    wave = np.sin(2 * np.pi * (columns + 2 * rows + 0.22 * bend))
    veins = np.exp(-((wave / 0.1) ** 2)) * np.clip(0.5 + 0.5 * _noise(rng, shape, (60.0, 60.0)), 0, 1)
    cloud = np.clip(0.18 + 0.12 * _noise(rng, shape, (70.0, 70.0)), 0, 1)
    return np.clip(cloud + 0.7 * veins, 0, 1).astype(np.float32), np.ones(shape, np.float32), (0.9, 0.9)


def _stripes(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw bands along u; two widths in turn."""
    size, period = 128, float(rng.uniform(0.05, 0.12))
    share = float(rng.uniform(0.3, 0.55))
    mix = np.repeat((np.arange(size)[:, None] % 64 < 64 * share).astype(np.float32), size, axis=1)
    return mix, 1 + 0.02 * _noise(rng, (size, size), (3.0, 10.0)), (2 * period, 2 * period)


def _checks(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw bands across bands, as of a table cloth."""
    size, period = 128, float(rng.uniform(0.06, 0.12))
    band = (np.arange(size) % 64 < 32).astype(np.float32)
    return (band[:, None] + band[None]) / 2, 1 + 0.02 * _noise(rng, (size, size), (3.0, 3.0)), (2 * period, 2 * period)


def _leaf(rng: np.random.Generator) -> tuple[Tones, Tones, tuple[float, float]]:
    """Draw lighter and darker green."""
    shape = (96, 96)
    mix = np.clip(0.4 + 0.28 * _noise(rng, shape, (30.0, 30.0)), 0, 1)
    return mix.astype(np.float32), 1 + 0.05 * _noise(rng, shape, (8.0, 8.0)), (0.15, 0.15)


_PATTERNS: dict[str, Callable[[np.random.Generator], tuple[Tones, Tones, tuple[float, float]]]] = {
    "wood": _wood,
    "planks": _planks,
    "weave": _weave,
    "tiles": _tiles,
    "marble": _marble,
    "stripes": _stripes,
    "checks": _checks,
    "leaf": _leaf,
}


def _picture(variety: int, first: Colour, other: Colour) -> Colours:
    """Draw a landscape or an abstract print in the two colours and some that go with them."""
    rng = np.random.default_rng([11, variety])
    return (_landscape, _abstract)[variety % 2](rng, first, other)


def _landscape(rng: np.random.Generator, first: Colour, other: Colour) -> Colours:
    """Draw a sky, a sun and hills, one behind the other."""
    height, width = 192, 256
    rows, columns = np.mgrid[0:1:192j, 0:1:256j].astype(np.float32)
    above, below = np.array([[150, 190, 225], [250, 225, 190]], dtype=np.float32)
    sky = above * (1 - rows[..., None]) + below * rows[..., None]
    picture = sky
    x, y = rng.uniform(0.2, 0.8), rng.uniform(0.15, 0.35)
    sun = (columns - x) ** 2 * (width / height) ** 2 + (rows - y) ** 2 < 0.06**2
    picture[sun] = (255, 240, 205)
    for step in range(4):
        phase, bumps = rng.uniform(0, 6), rng.uniform(1.0, 3.0)
        edge = 0.42 + 0.14 * step + 0.06 * np.sin(2 * np.pi * bumps * columns + phase)
        edge += 0.02 * np.sin(2 * np.pi * 3.7 * bumps * columns + 2 * phase)
        tone = first * (1 - step / 3) + other * (step / 3)
        picture = np.where((rows > edge)[..., None], 0.25 * (1 - step / 4) * sky + (0.75 + step / 16) * tone, picture)
    return np.clip(picture, 0, 255).astype(np.float32)


def _abstract(rng: np.random.Generator, first: Colour, other: Colour) -> Colours:
    """Draw discs and bands on a pale ground."""
    canvas = np.full((256, 256, 3), (236, 230, 218), np.uint8)
    palette = [first, other, (first + other) / 2, 0.5 * first, (215, 165, 75), (60, 80, 105)]
    for _ in range(3):
        low, wide = (int(v) for v in rng.integers((0, 20), (220, 80)))
        colour = tuple(float(v) for v in palette[int(rng.integers(len(palette)))])
        cv2.rectangle(canvas, (low, 0), (low + wide, 255), colour, -1)
    for _ in range(6):
        x, y, radius = (int(v) for v in rng.integers((20, 20, 12), (236, 236, 70)))
        colour = tuple(float(v) for v in palette[int(rng.integers(len(palette)))])
        cv2.circle(canvas, (x, y), radius, colour, -1, cv2.LINE_AA)
    return canvas.astype(np.float32)


def _label(variety: int, first: Colour, other: Colour) -> Colours:
    """Draw a band, a badge and lines of what may be print."""
    rng = np.random.default_rng([13, variety])
    canvas = np.empty((192, 256, 3), np.uint8)
    canvas[:] = first
    ink = tuple(float(v) for v in other)
    cv2.rectangle(canvas, (0, 14), (255, 30), ink, -1)
    cv2.rectangle(canvas, (0, 164), (255, 178), ink, -1)
    x = int(rng.integers(60, 196))
    cv2.circle(canvas, (x, 78), 30, ink, -1, cv2.LINE_AA)
    cv2.circle(canvas, (x, 78), 22, tuple(float(v) for v in first), 3, cv2.LINE_AA)
    for row in range(122, 156, 11):
        end = int(rng.integers(120, 226))
        cv2.line(canvas, (30, row), (end, row), ink, 4)
    return canvas.astype(np.float32)


def _dial(variety: int, first: Colour, other: Colour) -> Colours:
    """Draw a clock face with marks of the hours and two hands."""
    rng = np.random.default_rng([17, variety])
    canvas = np.empty((256, 256, 3), np.uint8)
    canvas[:] = first
    ink = tuple(float(v) for v in other)

    def hand(angle: float, start: float, end: float, thick: int) -> None:
        x, y = math.sin(angle), -math.cos(angle)
        ends = [(round(128 + 128 * r * x), round(128 + 128 * r * y)) for r in (start, end)]
        cv2.line(canvas, ends[0], ends[1], ink, thick, cv2.LINE_AA)

    for hour in range(12):
        hand(hour * math.pi / 6, 0.78, 0.9, 7 if hour % 3 == 0 else 4)
    hour, minute = rng.uniform(0, 12), rng.uniform(0, 60)
    hand(hour * math.pi / 6, -0.08, 0.48, 9)
    hand(minute * math.pi / 30, -0.1, 0.7, 6)
    cv2.circle(canvas, (128, 128), 8, ink, -1, cv2.LINE_AA)
    return canvas.astype(np.float32)
