"""What furniture takes up: furniture enters, an upright box for each connected piece of it leaves; do any two meet?

Boxes of pieces, not of whole things: a chair's seat goes under a table's top, between its legs. A piece never leaves
its box, so things whose boxes stay apart can't touch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spatialvlm.worlds.rooms.room import Furniture

_WELD_M = 1e-4  # vertices nearer than this are one
_ABSORB_M = 0.01
_FLAT_M = 0.03
_CONTACT_M = 5e-4  # boxes that overlap by less than this stand on each other


@dataclass(frozen=True, slots=True, eq=False)
class CollisionBoxes:
    """Upright boxes, each turned about the vertical: `axis_xy` is the direction of its first half size."""

    centre_xy: Float64[np.ndarray, "n 2"]
    half_xy: Float64[np.ndarray, "n 2"]
    axis_xy: Float64[np.ndarray, "n 2"]
    low_z: Float64[np.ndarray, " n"]
    high_z: Float64[np.ndarray, " n"]

    @classmethod
    def none(cls) -> "CollisionBoxes":
        """Return no box at all."""
        return cls(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))

    @classmethod
    def between(cls, low: Float64[np.ndarray, "n 3"], high: Float64[np.ndarray, "n 3"]) -> "CollisionBoxes":
        """Make boxes along the axes, from their opposite corners."""
        centre, half = (low + high) / 2, (high - low) / 2
        axis = np.tile([1.0, 0.0], (len(low), 1))
        return cls(centre[:, :2], half[:, :2], axis, low[:, 2], high[:, 2])

    def __len__(self) -> int:
        return len(self.low_z)

    def __getitem__(self, rows: Bool[np.ndarray, " n"] | Int64[np.ndarray, " m"] | slice) -> "CollisionBoxes":
        xy = (self.centre_xy[rows], self.half_xy[rows], self.axis_xy[rows])
        return CollisionBoxes(*xy, self.low_z[rows], self.high_z[rows])

    def __add__(self, other: "CollisionBoxes") -> "CollisionBoxes":
        return CollisionBoxes(
            np.concatenate([self.centre_xy, other.centre_xy]),
            np.concatenate([self.half_xy, other.half_xy]),
            np.concatenate([self.axis_xy, other.axis_xy]),
            np.concatenate([self.low_z, other.low_z]),
            np.concatenate([self.high_z, other.high_z]),
        )

    def moved(self, at: tuple[float, float, float], yaw_rad: float) -> "CollisionBoxes":
        """Turn them about the origin's vertical, then move them, as `Placement` does it."""
        cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
        turn = np.array([[cos, sin], [-sin, cos]])  # for row vectors
        x, y, z = at
        return CollisionBoxes(
            self.centre_xy @ turn + (x, y), self.half_xy, self.axis_xy @ turn, self.low_z + z, self.high_z + z
        )

    def grown(self, by_m: float) -> "CollisionBoxes":
        """Widen them by that much on each side; the heights stay."""
        return CollisionBoxes(self.centre_xy, self.half_xy + by_m, self.axis_xy, self.low_z, self.high_z)

    @property
    def bounds(self) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
        """The low and the high corner of all boxes together, along the axes."""
        cos, sin = np.abs(self.axis_xy).T
        reach_x = self.half_xy[:, 0] * cos + self.half_xy[:, 1] * sin
        reach_y = self.half_xy[:, 0] * sin + self.half_xy[:, 1] * cos
        reach = np.stack([reach_x, reach_y], 1)
        low, high = (self.centre_xy - reach).min(0), (self.centre_xy + reach).max(0)
        return np.array([*low, self.low_z.min()]), np.array([*high, self.high_z.max()])

    def meets(self, other: "CollisionBoxes") -> bool:
        """Say whether any box of one overlaps any of the other; standing on each other is no overlap."""
        return bool(_overlaps(self, other).any())


def _overlaps(one: CollisionBoxes, other: CollisionBoxes) -> Bool[np.ndarray, "n m"]:
    """Test by separating axes: the heights, and the four directions of two turned rectangles."""
    low = np.maximum(one.low_z[:, None], other.low_z[None])
    high = np.minimum(one.high_z[:, None], other.high_z[None])
    step = other.centre_xy[None] - one.centre_xy[:, None]
    cos = np.abs(one.axis_xy @ other.axis_xy.T)
    sin = np.sqrt(np.maximum(0.0, 1.0 - cos**2))
    mine, theirs = one.half_xy[:, None], other.half_xy[None]
    apart = high - low < _CONTACT_M
    for boxes, along, half, reach in (
        (one, (slice(None), None), mine, theirs),
        (other, (None, slice(None)), theirs, mine),
    ):
        axis = boxes.axis_xy[along]
        right = np.abs(step[..., 0] * axis[..., 0] + step[..., 1] * axis[..., 1])
        back = np.abs(step[..., 1] * axis[..., 0] - step[..., 0] * axis[..., 1])
        apart |= right >= half[..., 0] + reach[..., 0] * cos + reach[..., 1] * sin
        apart |= back >= half[..., 1] + reach[..., 0] * sin + reach[..., 1] * cos
    return ~apart


def collision_boxes(furniture: Furniture) -> CollisionBoxes:
    """Find the boxes of all connected pieces of all parts, in its coordinates; of something flat only one."""
    meshes = [part.mesh for part in furniture.parts]
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    if np.ptp(vertices[:, 2]) < _FLAT_M:
        return CollisionBoxes.between(vertices.min(0)[None], vertices.max(0)[None])
    sizes = [len(mesh.vertices) for mesh in meshes]
    starts = np.cumsum([0, *sizes[:-1]])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts)])
    point = _welded(vertices, np.repeat(np.arange(len(sizes)), sizes))
    piece = _connected(point[faces], int(point.max()) + 1)[point]
    order = np.argsort(piece, kind="stable")
    first = np.flatnonzero(np.diff(piece[order], prepend=-1))
    low = np.minimum.reduceat(vertices[order], first, axis=0)
    return CollisionBoxes.between(*_absorbed(low, np.maximum.reduceat(vertices[order], first, axis=0)))


def _absorbed(
    low: Float64[np.ndarray, "n 3"], high: Float64[np.ndarray, "n 3"]
) -> tuple[Float64[np.ndarray, "k 3"], Float64[np.ndarray, "k 3"]]:
    """Join boxes: one that all but lies in a larger one (a key, a knob, a seam) makes that one a little larger."""
    volume = np.prod(high - low + 1e-6, axis=-1)
    within = (low[:, None] >= low[None] - _ABSORB_M).all(-1) & (high[:, None] <= high[None] + _ABSORB_M).all(-1)
    within &= volume[:, None] < volume[None]
    root = ~within.any(1)
    host = np.where(within & root[None], volume[None], -1.0).argmax(1)
    host = np.where((within & root[None]).any(1), host, np.arange(len(low)))
    for array, widen in ((low, np.minimum), (high, np.maximum)):
        widen.at(array, host, array.copy())
    kept = np.unique(host)
    return low[kept], high[kept]


def _welded(vertices: Float64[np.ndarray, "n 3"], part: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """Give a number for each vertex; those of a part at the same place have the same one."""
    cells = np.round(vertices / _WELD_M).astype(np.int64)
    cells -= cells.min(0)
    spread = cells.max(0) + 1
    code = ((part * spread[0] + cells[:, 0]) * spread[1] + cells[:, 1]) * spread[2] + cells[:, 2]
    return np.unique(code, return_inverse=True)[1]


def _connected(corners: Int64[np.ndarray, "m 3"], size: int) -> Int32[np.ndarray, " k"]:
    """Find the number of each point's connected piece, from the points of the triangles."""
    ends = np.concatenate([corners[:, :2], corners[:, 1:]])
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    return connected_components(graph, directed=False)[1]
