"""The a_from_b algebra: transform, invert, project, unproject, planes and the world frame.

Camera: x right, y down, z forward. World: right-handed, +z up, origin on the support plane under the camera, +y the
camera's heading on the plane, +x right. Points are rows of (n, 3) arrays; matrices act on column vectors.
"""

import math

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float64, Integer

UP_IN_CAMERA_WHEN_LEVEL = np.array([0.0, -1.0, 0.0])

# The camera frame turned so that y_camera is down: the world where gravity is unknown.
WORLD_FROM_LEVEL_CAMERA = np.array(
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)


def transform(
    a_from_b: Float64[np.ndarray, "4 4"], points_in_b: Float[np.ndarray, "*n 3"]
) -> Float64[np.ndarray, "*n 3"]:
    """Map points (..., 3) from b to a by a rigid or affine 4x4 matrix."""
    return points_in_b @ a_from_b[:3, :3].T + a_from_b[:3, 3]


def invert(a_from_b: Float64[np.ndarray, "4 4"]) -> Float64[np.ndarray, "4 4"]:
    """Invert a rigid transform (a rotation and a translation)."""
    b_from_a = np.eye(4)
    b_from_a[:3, :3] = a_from_b[:3, :3].T
    b_from_a[:3, 3] = -a_from_b[:3, :3].T @ a_from_b[:3, 3]
    return b_from_a


def intrinsics(fx: float, fy: float, cx: float, cy: float) -> Float64[np.ndarray, "3 3"]:
    """Make `image_from_camera` from focal lengths and principal point, all in pixels."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def project(
    image_from_camera: Float64[np.ndarray, "3 3"], points_in_camera: Float[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 2"]:
    """Project camera points to continuous pixels (pixel centres at .5). Points behind the camera give NaN."""
    in_image = points_in_camera @ image_from_camera.T
    depth = np.where(in_image[:, 2:] > 0, in_image[:, 2:], np.nan)
    return in_image[:, :2] / depth


def pixel_rays(
    image_from_camera: Float64[np.ndarray, "3 3"],
    rows: Integer[np.ndarray, "*#n"],
    columns: Integer[np.ndarray, "*#n"],
) -> Float64[np.ndarray, "*n 3"]:
    """Find the rays through pixel centres, scaled to z = 1: times z-depth they are points in the camera frame.

    `rows` and `columns` are broadcast, so that `rows[:, None], columns` is a whole grid.
    """
    x, y = pixel_slopes(image_from_camera, rows, columns)
    rays = np.ones((*x.shape, 3))
    rays[..., 0], rays[..., 1] = x, y
    return rays


def pixel_slopes(
    image_from_camera: Float64[np.ndarray, "3 3"],
    rows: Integer[np.ndarray, "*#n"],
    columns: Integer[np.ndarray, "*#n"],
) -> tuple[Float64[np.ndarray, "*n"], Float64[np.ndarray, "*n"]]:
    """Find the x and the y of those rays; without skew, x is that of the column alone."""
    fx, skew, cx = image_from_camera[0]
    fy, cy = image_from_camera[1, 1:]
    y = (rows + 0.5 - cy) / fy
    x = (columns + 0.5 - cx - (skew * y if skew else 0.0)) / fx
    shape = np.broadcast(x, y).shape
    return np.broadcast_to(x, shape), np.broadcast_to(y, shape)


def unproject(
    depth_m: Float[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    where: Bool[np.ndarray, "h w"] | None = None,
) -> Float64[np.ndarray, "n 3"]:
    """Lift the pixels where depth is known (and `where` is true) to points in the camera frame, in row order."""
    known = np.isfinite(depth_m) if where is None else np.isfinite(depth_m) & where
    rows, columns = np.nonzero(known)
    return pixel_rays(image_from_camera, rows, columns) * depth_m[rows, columns].astype(np.float64)[:, None]


def sum_of(points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " 3"]:
    """Add points up one after the other, which numpy does for rows too, but several times slower."""
    return cv2.reduce(np.ascontiguousarray(points), 0, cv2.REDUCE_SUM)[0]


def angle_between(a: Float64[np.ndarray, " 3"], b: Float64[np.ndarray, " 3"]) -> float:
    """Compute the angle between two vectors in radians, exact near 0 and pi too."""
    return math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))


def heading_in_camera(up_in_camera: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, " 3"]:
    """Find the viewer's heading, a unit vector on the horizontal plane, in camera coordinates.

    It is the optical axis projected on the plane; straight down, where that vanishes, the image's own up direction.
    """
    axis = np.array([0.0, 0.0, 1.0])
    along = axis - up_in_camera * up_in_camera[2]
    if np.linalg.norm(along) < 1e-3:
        along = UP_IN_CAMERA_WHEN_LEVEL - up_in_camera * (UP_IN_CAMERA_WHEN_LEVEL @ up_in_camera)
    return along / np.linalg.norm(along)


def world_from_camera(up_in_camera: Float64[np.ndarray, " 3"], camera_height_m: float) -> Float64[np.ndarray, "4 4"]:
    """Find the world frame of a camera that sees `up_in_camera` (a unit vector), `camera_height_m` above the plane."""
    up = up_in_camera / np.linalg.norm(up_in_camera)
    heading = heading_in_camera(up)
    matrix = np.eye(4)
    matrix[0, :3] = np.cross(heading, up)
    matrix[1, :3] = heading
    matrix[2, :3] = up
    matrix[2, 3] = camera_height_m
    return matrix
