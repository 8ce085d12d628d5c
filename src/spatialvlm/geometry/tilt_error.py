"""How wrong a fitted up may be: normals, what each was taken for, and the fit enter, 1 sigma of its tilt leaves.

Two sandwiches (Huber 1967), the larger of which counts. Both have the information of the fit on the outside. Inside is
the variance of the score, once as it is measured from part to part of the picture, whatever made it, and once as the
stated drift of depth would make it.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry.normals import SurfaceNormals

BLOCKS = 4, 3  # parts of the picture, across and down, whose normals may be off together
BLOCK_GAIN, DRIFT_GAIN = 1.4, 0.8  # twelve parts tell it roughly: less counts where drift is stated, which explains it
COARSE_CELLS = 4  # drift is followed from one to the next of such squares
SYSTEMATIC_RAD = math.radians(0.1)  # what lenses bend
MOST_ALONE = math.radians(8.0)  # so much of an error if no two witnesses had one in common: a direction is left open

Vectors = Float64[np.ndarray, "n 3"]
PerNormal = Float64[np.ndarray, " n"]
Matrix2 = Float64[np.ndarray, "2 2"]


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """How far each normal is likely to be level, and to be upright, and its variance as either in rad^2."""

    level: PerNormal
    upright: PerNormal
    variance: PerNormal

    def scatter(self, normals: Vectors) -> Float64[np.ndarray, "3 3"]:
        """Add up the normals' outer products, upright ones minus level ones, each by its weight."""
        return (normals * ((self.upright - self.level) / self.variance)[:, None]).T @ normals


def tilt_error(normals: SurfaceNormals, up: Float64[np.ndarray, " 3"], taken: Responses, witnesses: float) -> float:
    """Compute 1 sigma of the angle by which a fitted up is wrong, infinite where one direction is left open.

    `witnesses` is how many independent surfaces the normals stand for.
    """
    across = np.linalg.svd(up[None])[2][1:].T
    tangent, cosines = normals.in_camera @ across, normals.in_camera @ up
    scatter = taken.scatter(normals.in_camera)
    score = ((taken.level - taken.upright) * cosines / taken.variance)[:, None] * tangent
    # What a mixture does not know of its members is missing from its information (Louis 1982).
    unsure = (taken.level + taken.upright) * (cosines / taken.variance) ** 2
    missing = (tangent * unsure[:, None]).T @ tangent - score.T @ score
    information = across.T @ scatter @ across - float(up @ scatter @ up) * np.eye(2) - missing
    if np.linalg.eigvalsh(information)[0] <= 0:
        return math.inf
    covariance = np.linalg.inv(information)
    alone = math.sqrt(float(np.trace(covariance)) * len(cosines) / witnesses)
    if alone > MOST_ALONE:
        return math.inf
    gain = DRIFT_GAIN if normals.drift.relative else BLOCK_GAIN
    found = max(
        gain**2 * float(np.trace(covariance @ _between_blocks(normals, score) @ covariance)),
        float(np.trace(covariance @ _by_drift(normals, up, across, taken) @ covariance)),
    )
    return math.hypot(math.sqrt(found), SYSTEMATIC_RAD)


def _between_blocks(normals: SurfaceNormals, score: Float64[np.ndarray, "n 2"]) -> Matrix2:
    """Measure the variance of the score from its sums over the parts of the picture."""
    rows, columns = (normals.cells * (BLOCKS[1], BLOCKS[0]) // normals.shape).T
    sums = _sums(rows * BLOCKS[0] + columns, score, BLOCKS[0] * BLOCKS[1])
    return sums.T @ sums


def _by_drift(
    normals: SurfaceNormals, up: Float64[np.ndarray, " 3"], across: Float64[np.ndarray, "3 2"], taken: Responses
) -> Matrix2:
    """Compute the variance that drift gives the score: a linear function of the gradient of relative depth.

    Where depth is off by the gradient e, g of 1/z = g . ray turns by -(e_x, e_y, -e . ray) / z, and a normal n by
    -(n . ray) times the part of that which is across n.
    """
    if normals.drift.relative == 0:
        return np.zeros((2, 2))
    n, rays = normals.in_camera, normals.rays
    seen = np.einsum("ni,ni->n", n, rays)

    def turns(w: Vectors) -> Float64[np.ndarray, "n 2"]:
        """Compute how much w . n changes for each component of the gradient."""
        w = w - n * np.einsum("ni,ni->n", w, n)[:, None]
        return -seen[:, None] * (w[:, :2] - rays[:, :2] * w[:, 2:])

    cosines = n @ up
    steep = (1.0 - taken.upright) * cosines**2 / taken.variance  # away from the horizon a normal's say wanes
    of_upright = (taken.upright / taken.variance * (1.0 - steep))[:, None] * turns(np.broadcast_to(up, n.shape))
    sides = []
    for axis in across.T:
        of_level = (taken.level / taken.variance)[:, None] * turns(np.broadcast_to(axis, n.shape))
        sides.append(of_level - (n @ axis)[:, None] * of_upright)
    return _of_a_gradient(normals, sides)


def _of_a_gradient(normals: SurfaceNormals, weights: list[Float64[np.ndarray, "n 2"]]) -> Matrix2:
    """Compute the covariance of sums of w . gradient(f) for two sets of w, f the drift of depth.

    f has the correlation c = exp(-d^2 / (2 r^2)), its gradient has -c'', which is a product of functions of x and y.
    """
    shape = [-(-size // COARSE_CELLS) for size in normals.shape]
    rows, columns = (normals.cells // COARSE_CELLS).T
    sums = [_sums(rows * shape[1] + columns, weight, shape[0] * shape[1]).T.reshape(2, *shape) for weight in weights]
    reach = normals.drift.reach * normals.shape[1] / COARSE_CELLS
    (down0, down1, down2), (across0, across1, across2) = (_kernels(size, reach) for size in shape)
    scale = (normals.drift.relative / (reach * COARSE_CELLS * normals.slope)) ** 2
    covariance = np.zeros((2, 2))
    for i, (x, y) in enumerate(sums):
        gx = down0 @ x @ across2 - down1 @ y @ across1
        gy = down2 @ y @ across0 - down1 @ x @ across1
        for j, (other_x, other_y) in enumerate(sums):
            covariance[i, j] = scale * float((other_x * gx + other_y * gy).sum())
    return covariance


def _kernels(size: int, reach: float) -> tuple[Float64[np.ndarray, "s s"], ...]:
    """Make c, c times d / r, and c times (1 - d^2 / r^2), for all pairs of places along an axis."""
    apart = (np.arange(size)[:, None] - np.arange(size)) / reach
    near = np.exp(-(apart**2) / 2.0)
    return near, near * apart, near * (1.0 - apart**2)


def _sums(groups: np.ndarray, values: Float64[np.ndarray, "n 2"], count: int) -> Float64[np.ndarray, "g 2"]:
    return np.stack([np.bincount(groups, column, minlength=count) for column in values.T], axis=1)
