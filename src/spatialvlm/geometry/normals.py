"""Which way surfaces face, on a coarse grid over a depth map: depth and intrinsics enter, unit normals leave.

A plane is affine in inverse depth: 1/z = g . ray, with its normal along g. So each cell of the grid takes the affine
fit of the cells around it, by box filters, whatever the unit of depth. Where an edge or a fold crosses the window the
fit is bad and the cell has no normal.

An error of depth whose relative gradient over the picture is e turns a normal n by up to e |n . ray|: surfaces that are
seen at a slant keep their direction, those that face the camera lose it.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spatialvlm.geometry.planes import Drift

COLUMNS = 160
BLOB_PX = 2.0  # neighbouring depth pixels share their noise over about so many
RADII = (1, 2, 3, 4)  # cells around one that its fit takes in
STEADY_RAD = 0.06  # noise that turns a normal by less asks for no larger window
ROUGH = 0.004  # relative residual that a fit may have besides noise
KNOWN_SHARE = 0.8  # of the window

Grid = Float64[np.ndarray, "r c"]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceNormals:
    """Unit normals towards the camera where a cell of the grid has one, with their rays (z = 1) and 1-sigma errors.

    `cells` are their rows and columns on the grid, which has `shape`; a cell is `slope` wide at z = 1. `drift` is that
    of depth.
    """

    in_camera: Float64[np.ndarray, "n 3"]
    rays: Float64[np.ndarray, "n 3"]
    error_rad: Float64[np.ndarray, " n"]
    cells: Int64[np.ndarray, "n 2"]
    shape: tuple[int, int]
    slope: float
    drift: Drift

    def thinned(self, most: int) -> "SurfaceNormals":
        """Keep about `most` of them, evenly."""
        kept = np.s_[:: max(1, len(self.in_camera) // most)]
        return replace(
            self,
            in_camera=self.in_camera[kept],
            rays=self.rays[kept],
            error_rad=self.error_rad[kept],
            cells=self.cells[kept],
        )


def surface_normals(
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    noise: float,
    drift: Drift | None = None,
    columns: int = COLUMNS,
) -> SurfaceNormals:
    """Find the normals of a depth map in any unit. `noise` is relative and independent, `drift` is not."""
    drift = drift or Drift()
    step = max(1, depth_m.shape[1] // columns)
    inverse, known = _cells(depth_m, step)
    fx, _, cx = image_from_camera[0]
    fy, cy = image_from_camera[1, 1:]
    x = ((np.arange(inverse.shape[1]) + 0.5) * step - cx) / fx
    y = ((np.arange(inverse.shape[0]) + 0.5) * step - cy) / fy
    cell, cell_noise = step / float(fx), noise * min(1.0, BLOB_PX / step)
    radius, noisy = next(
        ((r, turned) for r in RADII if (turned := _turned_by(cell_noise, cell, r)) < STEADY_RAD),
        (RADII[-1], _turned_by(cell_noise, cell, RADII[-1])),
    )
    gradient, rough, enough = _affine(inverse, known, x, y, radius)
    here = enough & (rough < max(ROUGH, 3.0 * cell_noise))
    normals = -gradient[:, here].T
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    rows, across = np.nonzero(here)
    rays = np.stack([x[across], y[rows], np.ones(len(rows))], axis=1)
    drifting = drift.relative / (drift.reach * depth_m.shape[1] / float(fx)) if drift.relative else 0.0
    error_rad = math.hypot(drifting, noisy) * np.abs(np.einsum("ni,ni->n", normals, rays))
    return SurfaceNormals(normals, rays, error_rad, np.stack([rows, across], axis=1), here.shape, cell, drift)


def _turned_by(cell_noise: float, cell: float, radius: int) -> float:
    """Compute the error of a slope fitted to a window of cells."""
    side = 2 * radius + 1
    return cell_noise / (cell * side * math.sqrt((side**2 - 1) / 12.0))


def _cells(depth_m: Float32[np.ndarray, "h w"], step: int) -> tuple[Grid, Bool[np.ndarray, "r c"]]:
    """Average inverse depth over cells of `step` pixels; a cell is known where half of it is."""
    rows, columns = (max(1, size // step) for size in depth_m.shape)
    depth_m = depth_m[: rows * step, : columns * step]
    known = np.isfinite(depth_m) & (depth_m > 0)
    inverse = np.zeros(depth_m.shape, np.float32)
    np.divide(1.0, depth_m, out=inverse, where=known)
    share = cv2.resize(known.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float64)
    total = cv2.resize(inverse, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float64)
    return total / np.maximum(share, 1e-9), share > 0.5


def _affine(
    inverse: Grid,
    known: Bool[np.ndarray, "r c"],
    x: Float64[np.ndarray, " c"],
    y: Float64[np.ndarray, " r"],
    radius: int,
) -> tuple[Float64[np.ndarray, "3 r c"], Grid, Bool[np.ndarray, "r c"]]:
    """Fit 1/z = g . ray around each cell: g, its relative residual, and where enough is known for it."""
    size = (2 * radius + 1, 2 * radius + 1)
    weight = known.astype(np.float64)
    value = inverse * weight

    def mean_of(values: Grid) -> Grid:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_CONSTANT), np.float64)

    share = mean_of(weight)
    enough = known & (share > KNOWN_SHARE)
    share = np.where(enough, share, 1.0)
    weight_x, weight_y, down = weight * x, weight * y[:, None], y[:, None]
    mx, my, md = (mean_of(part) / share for part in (weight_x, weight_y, value))
    xx = mean_of(weight_x * x) / share - mx * mx
    xy = mean_of(weight_x * down) / share - mx * my
    yy = mean_of(weight_y * down) / share - my * my
    xd = mean_of(value * x) / share - mx * md
    yd = mean_of(value * down) / share - my * md
    dd = mean_of(value * inverse) / share - md * md
    determinant = np.where(enough, xx * yy - xy * xy, 1.0)
    gx, gy = (yy * xd - xy * yd) / determinant, (xx * yd - xy * xd) / determinant
    rough = np.sqrt(np.maximum(dd - gx * xd - gy * yd, 0.0)) / np.where(enough, md, 1.0)
    return np.stack([gx, gy, md - gx * mx - gy * my]), rough, enough
