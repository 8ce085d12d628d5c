"""The plane that things stand on: found in a depth map, witnessed, or refused with a reason.

A plane seen by a pinhole camera is affine in inverse depth: 1/z = g . ray, with g = -up / height. So each small block
of the picture proposes a plane by a least-squares fit, all blocks vote on the proposals (a RANSAC whose hypotheses are
local patches, without chance), and the winner is refined on its inlier pixels with their noise, which also yields the
error of the tilt and of the height.

A plane counts as support only if the witnesses agree: it faces the camera's up, it is large, and objects stand on it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.geometry.transforms import UP_IN_CAMERA_WHEN_LEVEL, angle_between, sum_of

GRID_COLUMNS = 320  # the picture is sampled to about this width
BLOCK = 8  # samples along each side of a block
MAX_ANGLE_TO_CAMERA_UP = math.radians(70.0)  # steeper views can't be told from a wall
MAX_ANGLE_TO_GIVEN = math.radians(6.0)
MIN_BLOCKS = 8
MIN_SHARE = 0.06  # of the background that has depth
MIN_EXTENT_M = 0.15  # second-longest extent of the inliers
MAX_PLANES = 3
MAX_PROPOSALS = 256
VOTED_TOGETHER = 32  # their votes fit into the processor's cache
SYSTEMATIC_TILT_RAD = math.radians(0.1)  # what lenses and stereo matching bend, beyond independent noise
SYSTEMATIC_HEIGHT_M = 0.001
NOISE_BLOB_SAMPLES = 4.0  # neighbouring depth pixels share their noise: one independent value in so many samples
LOWER_BY_M = 0.10  # points this far below a plane show that it is a raised one
LOWER_SHARE = 0.02
FLOOR_CAMERA_HEIGHT_M = 1.3  # nobody holds a camera higher than this above a table

LEVEL_PLANES_M = (0.15, 4.0)  # camera heights to try where depth drifts
DRIFT_SIGMAS = 2.0  # how far from a plane its own points may drift

Gradient = Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True)
class Drift:
    """A relative error of depth, 1 sigma, that drifts over the picture; see `SceneErrors.local`.

    Places further apart than `reach` of the image width are wrong independently.
    """

    relative: float = 0.0
    reach: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane in camera coordinates: unit normal towards the camera, camera height above it, their 1-sigma errors.

    `raised`: points well below it are in view, so it is no floor.
    """

    up_in_camera: Float64[np.ndarray, " 3"]
    camera_height_m: float
    tilt_error_rad: float
    height_error_m: float
    raised: bool

    def height_of(self, points_in_camera: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
        """Say how far points (n, 3) are above the plane, in metres."""
        return points_in_camera @ self.up_in_camera + self.camera_height_m

    @property
    def surface(self) -> Literal["floor", "table top", "surface"]:
        """Its name, as far as the picture shows it."""
        if self.raised:
            return "table top"
        return "floor" if self.camera_height_m >= FLOOR_CAMERA_HEIGHT_M else "surface"


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """A coarse grid over the picture: rays at z = 1, inverse depth (0 where unknown), and which may be support."""

    rays_x: Float64[np.ndarray, " c"]
    rays_y: Float64[np.ndarray, " r"]
    inverse_m: Float64[np.ndarray, "r c"]
    background: Bool[np.ndarray, "r c"]

    def points(self, where: Bool[np.ndarray, "r c"], first: int, step: int) -> Float64[np.ndarray, "n 3"]:
        """Find the camera points of samples in `where`, row by row, of every `step`-th row and column from `first`."""
        some = np.s_[first::step]
        rows, columns = np.nonzero(where[some, some])
        inverse_m = self.inverse_m[some, some][rows, columns]
        rays_x, rays_y = self.rays_x[some][columns], self.rays_y[some][rows]
        return np.stack([rays_x / inverse_m, rays_y / inverse_m, 1.0 / inverse_m], axis=1)

    def inverse_on(self, gradient: Gradient) -> Float64[np.ndarray, "r c"]:
        """Compute the inverse depth that the samples would have on a plane."""
        return self.rays_x * gradient[0] + (self.rays_y * gradient[1] + gradient[2])[:, None]


def find_planes(
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    background: Bool[np.ndarray, "h w"],
    noise: float,
    up_in_camera: Float64[np.ndarray, " 3"] | None = None,
    enough: Callable[[Plane], bool] | None = None,
    drift: Drift | None = None,
) -> list[Plane] | str:
    """Find the planes that could be the support, largest first, or the reason why there is none.

    `background` marks the pixels that may belong to it (no object), `noise` is the relative depth noise. With
    `up_in_camera` given only planes within 6 degrees of level are considered, else those that face the camera's up. The
    search stops at a plane that is `enough`. Depth that drifts bends planes: patches say nothing then, so all heights
    under the given up are proposed, and inliers may stray as far as `drift` allows.
    """
    samples = _sample(depth_m, image_from_camera, background)
    if np.count_nonzero(samples.background) < MIN_BLOCKS * BLOCK * BLOCK:
        return "too_little_background"
    towards = UP_IN_CAMERA_WHEN_LEVEL if up_in_camera is None else up_in_camera
    limit = MAX_ANGLE_TO_CAMERA_UP if up_in_camera is None else MAX_ANGLE_TO_GIVEN
    drift = drift or Drift()
    if up_in_camera is not None and drift.relative > noise:
        proposals = _level_planes(up_in_camera)
    else:
        proposals = _propose(samples, noise)
    cosines = -proposals @ towards / np.linalg.norm(proposals, axis=1)
    proposals = proposals[cosines > math.cos(limit + math.radians(5.0))]
    if len(proposals) == 0:
        return "no_plane_faces_up"
    planes = []
    for plane in _consensus(samples, proposals, noise, drift, towards, limit):
        planes.append(plane)
        if len(planes) == MAX_PLANES or (enough is not None and enough(plane)):
            break
    return planes or "plane_too_small"


def _level_planes(up: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "n 3"]:
    """Find the gradients of 1/z of level planes at all heights below the camera."""
    return -up / np.geomspace(*LEVEL_PLANES_M, MAX_PROPOSALS)[:, None]


def _consensus(
    samples: _Samples,
    proposals: Float64[np.ndarray, "n 3"],
    noise: float,
    drift: Drift,
    towards: Gradient,
    limit: float,
) -> Iterator[Plane]:
    """Accept the proposal with most votes, take its inliers away, and again; largest plane first."""
    free = samples.background.copy()
    total = np.count_nonzero(free)
    proposals = proposals[:: -(-len(proposals) // MAX_PROPOSALS)]
    while True:
        votes = _votes(samples, free, proposals, max(4.0 * noise, 0.015, drift.relative))
        if votes.max() * total < MIN_SHARE * total:
            break
        gradient, inliers, covariance = _refine(samples, free, proposals[votes.argmax()], noise, drift)
        share = np.count_nonzero(inliers) / total
        if share < MIN_SHARE:
            proposals = np.delete(proposals, votes.argmax(), axis=0)
            if len(proposals) == 0:
                break
            continue
        free &= ~inliers
        up = -gradient / np.linalg.norm(gradient)
        if angle_between(up, towards) <= limit and _extent_m(samples, inliers) >= MIN_EXTENT_M:
            yield _plane(samples, gradient, covariance, drift)


def _sample(
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    background: Bool[np.ndarray, "h w"],
) -> _Samples:
    stride = max(1, depth_m.shape[1] // GRID_COLUMNS)
    height, width = ((n // (stride * BLOCK)) * BLOCK for n in depth_m.shape)
    rows, columns = np.arange(height) * stride, np.arange(width) * stride
    window = np.s_[: height * stride : stride, : width * stride : stride]
    with np.errstate(invalid="ignore"):
        inverse_m = 1.0 / depth_m[window].astype(np.float64)
    known = np.isfinite(inverse_m)
    inverse_m[~known] = 0.0
    fx, _, cx = image_from_camera[0]
    fy, cy = image_from_camera[1, 1:]
    rays_x, rays_y = (columns + 0.5 - cx) / fx, (rows + 0.5 - cy) / fy
    return _Samples(rays_x, rays_y, inverse_m, known & background[window])


def _propose(samples: _Samples, noise: float) -> Float64[np.ndarray, "n 3"]:
    """Propose gradients of 1/z, from affine fits in overlapping 3 x 3 neighbourhoods of blocks that turn out flat.

    The moments of a block are two small matrix products, since a ray's x depends on the column alone, its y on the row.
    """
    weight = samples.background.astype(np.float64)
    value = samples.inverse_m * weight
    by_row, by_column = _powers(samples.rays_y), _powers(samples.rays_x)

    def moments(values: Float64[np.ndarray, "r c"]) -> Float64[np.ndarray, "a 3 b 3"]:
        bands = by_row.transpose(0, 2, 1) @ values.reshape(len(by_row), BLOCK, -1)
        columns = bands.reshape(len(by_row) * 3, len(by_column), BLOCK).transpose(1, 0, 2) @ by_column
        blocks = columns.transpose(1, 0, 2).reshape(len(by_row), 3, len(by_column), 3)
        rows = blocks[:-2] + blocks[1:-1] + blocks[2:]
        return rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]

    w, d, dd = moments(weight), moments(value), moments(value * samples.inverse_m)
    count = w[:, 0, :, 0]
    enough = count > 4.5 * BLOCK * BLOCK
    # rays are (x, y, 1); moments are indexed [row block, power of y, column block, power of x]
    x, y = np.array([1, 0, 0]), np.array([0, 1, 0])
    normal = np.moveaxis(w[:, y[:, None] + y, :, x[:, None] + x][:, :, enough], -1, 0)
    right = d[:, y, :, x][:, enough].T
    gradients = np.linalg.solve(normal, right[..., None])[..., 0]
    mean = right[:, 2] / normal[:, 2, 2]
    residual = dd[:, 0, :, 0][enough] - np.einsum("ni,ni->n", gradients, right)
    roughness = np.sqrt(np.maximum(residual, 0.0) / normal[:, 2, 2]) / mean
    return gradients[roughness < max(2.0 * noise, 0.006)]


def _powers(rays: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "b k 3"]:
    """Compute (1, ray, ray^2) of each sample, block by block."""
    return np.stack([np.ones_like(rays), rays, rays**2], axis=-1).reshape(-1, BLOCK, 3)


def _votes(
    samples: _Samples, free: Bool[np.ndarray, "r c"], proposals: Float64[np.ndarray, "n 3"], tolerance: float
) -> Float64[np.ndarray, " n"]:
    """Find the share of all background samples within a relative `tolerance` of each proposal, on a sparse subset."""
    by_axis = np.ascontiguousarray(samples.points(free, 3, 6).T)
    if not by_axis.size:
        return np.zeros(len(proposals))
    votes = []
    for start in range(0, len(proposals), VOTED_TOGETHER):
        apart = proposals[start : start + VOTED_TOGETHER] @ by_axis
        apart -= 1.0
        near = np.abs(apart, out=apart) < tolerance
        votes.append(cv2.reduce(near.view(np.uint8), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0])
    return np.concatenate(votes) / max(1, np.count_nonzero(samples.background[3::6, 3::6]))


def _refine(
    samples: _Samples, free: Bool[np.ndarray, "r c"], gradient: Gradient, noise: float, drift: Drift
) -> tuple[Gradient, Bool[np.ndarray, "r c"], Float64[np.ndarray, "3 3"]]:
    """Fit relative inverse depth to the inliers by least squares, tighter each time: gradient, inliers, covariance."""
    points, wander = samples.points(free, 1, 3), DRIFT_SIGMAS * drift.relative
    chosen, normal, covariance, blob = points[:0], np.eye(3), np.eye(3), NOISE_BLOB_SAMPLES
    if drift.relative > noise:
        blob = max(blob, 2.0 * math.pi * (drift.reach * len(samples.rays_x) / 3.0) ** 2)
    for tolerance in (max(4.0 * noise, 0.015), max(3.0 * noise, 0.008), *[max(3.0 * noise, 0.005)] * 3):
        near = np.flatnonzero(np.abs(points @ gradient - 1.0) < max(tolerance, wander))
        if len(near) < 30:
            break
        chosen = points.take(near, axis=0)
        normal = chosen.T @ chosen
        gradient = np.linalg.solve(normal, sum_of(chosen))
    if len(chosen):
        covariance = np.linalg.inv(normal) * float(np.std(chosen @ gradient - 1.0)) ** 2 * blob
    apart = samples.inverse_on(gradient)
    apart -= samples.inverse_m
    inliers = free & (np.abs(apart, out=apart) < max(3.0 * noise, 0.008, wander) * samples.inverse_m)
    return gradient, inliers, covariance


def _extent_m(samples: _Samples, inliers: Bool[np.ndarray, "r c"]) -> float:
    """Measure the second-longest principal extent (2.5 sigma) of the inlier points."""
    covariance = np.cov(samples.points(inliers, 0, 4).T)
    return 2.5 * math.sqrt(max(0.0, float(np.linalg.eigvalsh(covariance)[1])))


def _plane(samples: _Samples, gradient: Gradient, covariance: Float64[np.ndarray, "3 3"], drift: Drift) -> Plane:
    """Make the plane of a gradient, with errors propagated to first order and the share of points below it."""
    length = float(np.linalg.norm(gradient))
    up, height_m = -gradient / length, 1.0 / length
    across = np.eye(3) - np.outer(up, up)
    tilt = math.sqrt(float(np.trace(across @ covariance @ across))) / length
    height_error = math.sqrt(float(up @ covariance @ up)) * height_m**2
    known = samples.inverse_m > 0
    deeper = samples.inverse_on(gradient)
    deeper -= samples.inverse_m
    deeper *= height_m
    # A point's height above the plane is height_m * (1 - z * g . ray).
    lower_by_m = max(LOWER_BY_M, 3.0 * drift.relative * height_m)
    below = known & (deeper > lower_by_m * samples.inverse_m)
    raised = np.count_nonzero(below) > LOWER_SHARE * np.count_nonzero(known)
    return Plane(
        up,
        height_m,
        math.hypot(tilt, SYSTEMATIC_TILT_RAD),
        math.hypot(height_error, SYSTEMATIC_HEIGHT_M),
        bool(raised),
    )
