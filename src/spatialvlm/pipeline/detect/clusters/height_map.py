"""A depth map and a plane -> the height map over it: where each pixel's foot is on the plane, how high it stands.

The plane's region is the convex hull of what is seen of it: walls, people behind a table and the floor beyond it have
their foot outside. Everything is in the world frame of the plane (x right, y heading, z up).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from spatialvlm.geometry import Mask, Plane, without_specks, world_from_camera

BAND_M, BAND_PER_M = 0.004, 0.006  # lowest height that counts, and what a metre of depth adds: 8 mm at 0.7 m
BAND_NOISE = 4.0  # and what the noise adds, in sigmas
MAX_HEIGHT_M = 2.2  # people stand on floors; what is higher hangs from somewhere
MIN_PATCH = 0.05  # a patch of the plane smaller than this share of the largest one may be something else
GOES_ON = 0.2  # of the lowest row of the image is plane: it goes on below
BELOW = 1.25  # as far as this, in heights of the image
HULL_CELLS = 400  # along a hull's longer side
RIM_CELLS = 10  # what is no further in than this is at the hull's rim: walls stand there

_SQUARE = np.ones((5, 5), np.uint8)

Map = Float32[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, eq=False)
class HeightMap:
    """The world coordinates of each pixel (NaN where unknown), the least height that counts, and what is above it.

    `above` is inside the region of the plane, `rim` not well inside; `extent_m` is the longer side of that region.
    """

    x_m: Map
    y_m: Map
    height_m: Map
    band_m: Map
    above: Mask
    rim: Mask
    extent_m: float


def make_height_map(
    depth_m: Map, image_from_camera: Float64[np.ndarray, "3 3"], plane: Plane, noise: float
) -> HeightMap:
    """Make the height map over `plane`; `noise` is the relative noise of the depth."""
    matrix = world_from_camera(plane.up_in_camera, plane.camera_height_m)
    world_from_image = matrix[:3, :3] @ np.linalg.inv(image_from_camera)
    x_m, y_m, height_m = (_along(world_from_image[axis], matrix[axis, 3], depth_m) for axis in range(3))
    band_m = np.float32(BAND_PER_M) * depth_m + np.float32(BAND_M + BAND_NOISE * noise * plane.camera_height_m)
    flat = (np.abs(height_m) < band_m).view(np.uint8)
    patches = without_specks(cv2.morphologyEx(flat, cv2.MORPH_OPEN, _SQUARE).view(bool), MIN_PATCH, connectivity=4)
    if not patches.any():
        return HeightMap(x_m, y_m, height_m, band_m, patches, patches, 0.0)
    inner = cv2.erode(patches.view(np.uint8), _SQUARE[:3, :3], borderType=cv2.BORDER_CONSTANT, borderValue=[0])
    edge = patches & ~inner.view(bool)
    hull = np.stack([x_m[edge], y_m[edge]], axis=1)
    if patches[-1].mean() > GOES_ON:
        hull = np.concatenate([hull, _bottom_corners(world_from_image, plane.camera_height_m, depth_m.shape)])
    depth = hull_depth(x_m, y_m, hull)
    above = (height_m > band_m) & (height_m < MAX_HEIGHT_M) & (depth > 0)
    return HeightMap(x_m, y_m, height_m, band_m, above, depth <= RIM_CELLS, float(np.ptp(hull, axis=0).max()))


def _along(row: Float64[np.ndarray, " 3"], start_m: float, depth_m: Map) -> Map:
    """Compute one world coordinate of all pixels: depth times a sum of a term per row and a term per column."""
    height, width = depth_m.shape
    by_column = (row[0] * (np.arange(width) + 0.5)).astype(np.float32)
    by_row = (row[1] * (np.arange(height) + 0.5) + row[2]).astype(np.float32)
    return depth_m * (by_row[:, None] + by_column) + np.float32(start_m)


def _bottom_corners(
    world_from_image: Float64[np.ndarray, "3 3"], camera_height_m: float, shape: tuple[int, int]
) -> Float32[np.ndarray, "n 2"]:
    """Find where the plane is somewhat below the image's lower corners: the feet of what the border cuts."""
    bottom = BELOW * shape[0]
    corners = np.array([[0.0, bottom, 1.0], [shape[1], bottom, 1.0]]) @ world_from_image.T
    corners = corners[corners[:, 2] < -0.05]
    return (corners[:, :2] * (camera_height_m / -corners[:, 2:])).astype(np.float32)


def hull_depth(x_m: Map, y_m: Map, points: Float32[np.ndarray, "n 2"]) -> UInt8[np.ndarray, "h w"]:
    """Look up in a grid how deep each foot lies in the convex hull of the given points: 0 outside or unknown.

    1 to `RIM_CELLS` is at its rim, in cells that are a 400th of its longer side; more is well inside.
    """
    low = points.min(axis=0)
    per_m = HULL_CELLS / max(float(np.ptp(points, axis=0).max()), 1e-3)
    side = HULL_CELLS + 3  # the outermost cells stay empty: whatever is beyond is clipped to them
    grid = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(grid, cv2.convexHull(((points - low) * per_m).astype(np.int32)) + 1, (1,))
    inner = cv2.erode(grid, np.ones((2 * RIM_CELLS + 1, 2 * RIM_CELLS + 1), np.uint8))
    cells = _cells(y_m, float(low[1]), per_m, side) * side + _cells(x_m, float(low[0]), per_m, side)
    return (grid + inner * RIM_CELLS).ravel()[cells]


def _cells(values_m: Map, start_m: float, per_m: float, side: int) -> Int32[np.ndarray, "h w"]:
    scaled = (values_m - np.float32(start_m)) * np.float32(per_m) + np.float32(1)
    return np.nan_to_num(np.clip(scaled, 0, side - 1), copy=False, nan=0.0).astype(np.int32)
