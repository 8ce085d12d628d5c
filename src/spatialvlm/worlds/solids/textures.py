"""What analytic scenes are made of: planks, tiles, plaster and grain, as brightness at points of a surface.

Points enter in metres on the surface, with the size that a pixel has there; detail finer than that fades out, as it
would under a lens, instead of flickering.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, Int

Tones = Float32[np.ndarray, " n"]

NOISE_SIZE = 256
PLANK_M = (0.15, 1.3)
TILE_M = 0.4
JOINT_M = 0.004


@cache
def _noise() -> Float32[np.ndarray, "s s"]:
    """A smooth random field that repeats without a seam, mean 0, deviation 1; a cell of it is 4 pixels wide."""
    white = np.random.default_rng(5).standard_normal((NOISE_SIZE, NOISE_SIZE)).astype(np.float32)
    padded = cv2.GaussianBlur(np.pad(white, 16, mode="wrap"), (0, 0), 2.0)[16:-16, 16:-16]
    return padded / padded.std()


def noise(x: Tones, y: Tones, cells_per_m: tuple[float, float]) -> Tones:
    """Smooth noise at points, so fine in x and in y."""
    column = np.mod(x * np.float32(4 * cells_per_m[0]), NOISE_SIZE).astype(np.float32)
    row = np.mod(y * np.float32(4 * cells_per_m[1]), NOISE_SIZE).astype(np.float32)
    folded = [fold(part) for part in (column, row)]
    found = cv2.remap(_noise(), folded[0], folded[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return found.ravel()[: len(x)]


def wood(x: Tones, y: Tones, pixel_m: Tones) -> Tones:
    """Grain that runs along y."""
    bend = 0.012 * noise(x, y, (3.0, 0.7))
    fibre = noise(x + bend, y, (160.0, 3.0)) * _fades(pixel_m, 0.006)
    streak = noise(x + bend, y, (38.0, 0.9)) * _fades(pixel_m, 0.026)
    cloud = noise(x, y, (6.0, 0.8))
    return 1 + 0.022 * fibre + 0.04 * streak + 0.03 * cloud


def planks(x: Tones, y: Tones, pixel_m: Tones) -> Tones:
    """A floor of boards that run along y, each with its own tone and its own piece of the grain."""
    board = np.floor(x / np.float32(PLANK_M[0])).astype(np.int32)
    start = _hashed(board, 1) * np.float32(PLANK_M[1])
    piece = np.floor((y + start) / np.float32(PLANK_M[1])).astype(np.int32)
    own = _hashed(board * 57 + piece, 2)
    tone = 1 + 0.15 * (own - 0.5)
    gap = np.minimum(_to_joint(x, PLANK_M[0]), _to_joint(y + start, PLANK_M[1]))
    return tone * wood(x + 7 * own, y + 11 * own, pixel_m) * (1 - 0.5 * _line(gap, 0.5 * JOINT_M, pixel_m))


def tiles(x: Tones, y: Tones, pixel_m: Tones) -> Tones:
    """Square tiles, laid straight, with joints a little darker."""
    number = np.floor(x / np.float32(TILE_M)).astype(np.int32) * 131 + np.floor(y / np.float32(TILE_M)).astype(np.int32)
    gap = np.minimum(_to_joint(x, TILE_M), _to_joint(y, TILE_M))
    speckle = noise(x, y, (70.0, 70.0)) * _fades(pixel_m, 0.014)
    tone = 1 + 0.05 * (_hashed(number, 3) - 0.5) + 0.005 * noise(x, y, (2.0, 2.0)) + 0.006 * speckle
    return tone * (1 - 0.28 * _line(gap, JOINT_M, pixel_m))


def plaster(x: Tones, y: Tones, pixel_m: Tones) -> Tones:
    """Almost nothing: what keeps a plain surface from looking like paper."""
    fine = noise(x, y, (60.0, 60.0)) * _fades(pixel_m, 0.016)
    return 1 + 0.004 * noise(x, y, (0.7, 0.7)) + 0.004 * fine


def fold(values: Tones) -> Float32[np.ndarray, "rows columns"]:
    """Points as an image, padded, since `cv2.remap` takes no image of more than 32767 a side."""
    return np.pad(values, (0, -len(values) % 1024)).reshape(-1, 1024)


def _fades(pixel_m: Tones, detail_m: float) -> Tones:
    """1 where a detail is larger than two pixels, 0 where it is smaller than one."""
    return np.clip(detail_m / pixel_m - 1, 0, 1).astype(np.float32)


def _to_joint(x: Tones, period_m: float) -> Tones:
    """The distance to the nearest multiple of a period."""
    inside = np.mod(x, np.float32(period_m))
    return np.minimum(inside, np.float32(period_m) - inside)


def _line(distance: Tones, width_m: float, pixel_m: Tones) -> Tones:
    """How much of a pixel a line covers, this far from its middle."""
    wide = np.maximum(pixel_m, np.float32(width_m))
    return np.clip((wide - np.abs(distance)) / wide, 0, 1) * (np.float32(width_m) / wide)


def _hashed(number: Int[np.ndarray, " n"], salt: int) -> Tones:
    """A random number in [0, 1) for each whole number."""
    mixed = (number.astype(np.uint32) + np.uint32(salt)) * np.uint32(2654435761)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(2246822519)
    return ((mixed >> np.uint32(8)) / np.float32(1 << 24)).astype(np.float32)
