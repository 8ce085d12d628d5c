"""Light that has bounced: what cells of pixels saw and the exact surfaces enter, light per pixel leaves.

Such light is smooth, so a cell of several pixels is enough; each pixel takes the light of the nearest cells that lie on
its own surface.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from spatialvlm.worlds.rooms.denoising import Cells, Guide, Picture, smooth

BLUR_STEPS = (1, 2, 4, 8)
NORMAL_SHARPNESS, PLANE_SHARPNESS = 4.0, 40.0
SPARK = 8.0
"""So many times the usual light in a cell is noise."""
MIN_WEIGHT = 1e-5
"""What a cell of another surface counts where there is none of the same."""


def bounced_light(
    everything: Cells, direct: Picture, albedo: Picture, guide: Guide, shines: Bool[np.ndarray, "h w"], cell_px: int
) -> Picture:
    """Find light that falls on surfaces by way of others: all light of each cell less the direct light of its pixels.

    `direct` is 0 where the surface `shines`; cells that hold such pixels say nothing.
    """
    shape = everything.shape[:2]
    usable = _cells(shines[..., None].astype(np.float32), shape, cell_px)[..., 0] == 0.0
    if not usable.any():
        return np.zeros_like(direct)
    # Noise may make it negative; cut off before the mean is taken, that would add light.
    light = (everything - _cells(direct, shape, cell_px)) / _cells(albedo, shape, cell_px)
    usual = np.median(np.abs(light[usable]), axis=0)
    light = np.clip(light, -SPARK * usual, SPARK * usual)
    light[~usable] = np.median(light[usable], axis=0)
    normals = _cells(guide.normals, shape, cell_px)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-6)
    depth = _cells(guide.depth_m[..., None], shape, cell_px)[..., 0]
    coarse = Guide(normals, _cells(guide.points, shape, cell_px), depth)
    clean = np.maximum(smooth(light, coarse, BLUR_STEPS, keep_shadows=False), 0.0)
    return _to_pixels(clean, coarse, guide, usable, cell_px)


def _cells(values: Float32[np.ndarray, "h w c"], shape: tuple[int, ...], cell_px: int) -> Cells:
    """Take the mean over each cell; the grid of cells is centred on the picture and may reach beyond it."""
    rows, columns = (count * cell_px - length for count, length in zip(shape, values.shape))
    around = np.array([[rows // 2, rows - rows // 2], [columns // 2, columns - columns // 2], [0, 0]])
    padded = np.pad(values, around, mode="edge") if rows or columns else values
    means = cv2.resize(padded, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return means.reshape(shape[0], shape[1], -1)


def _to_pixels(light: Cells, coarse: Guide, fine: Guide, usable: np.ndarray, cell_px: int) -> Picture:
    """Interpolate between the four nearest cells, those on the pixel's surface counting most."""
    height, width = fine.depth_m.shape
    rows, down = _neighbours(height, light.shape[0], cell_px)
    columns, right = _neighbours(width, light.shape[1], cell_px)
    known = np.concatenate([light, coarse.normals, coarse.points, usable[..., None]], axis=2, dtype=np.float32)
    total = np.zeros((height, width, 3), np.float32)
    weights = np.zeros((height, width), np.float32)
    for row, by_row in zip(rows, down):
        in_row = known[row]
        for column, by_column in zip(columns, right):
            at = in_row[:, column]
            turn = fine.normals - at[..., 3:6]
            apart = fine.points - at[..., 6:9]
            off_plane = np.einsum("ijk,ijk->ij", fine.normals, apart) / fine.depth_m
            unlike = NORMAL_SHARPNESS * np.einsum("ijk,ijk->ij", turn, turn) + PLANE_SHARPNESS * np.abs(off_plane)
            weight = by_row[:, None] * by_column[None] * (np.exp(-unlike) * at[..., 9] + MIN_WEIGHT)
            total += weight[..., None] * at[..., :3]
            weights += weight
    return total / weights[..., None]


def _neighbours(pixels: int, cells: int, cell_px: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Find for each pixel of a row or column: the cell before and after its centre, and their linear weights."""
    place = (np.arange(pixels) + 0.5 + (cells * cell_px - pixels) // 2) / cell_px - 0.5
    first = np.floor(place).astype(int)
    share = (place - first).astype(np.float32)
    return [np.clip(first, 0, cells - 1), np.clip(first + 1, 0, cells - 1)], [1.0 - share + 1e-3, share + 1e-3]
