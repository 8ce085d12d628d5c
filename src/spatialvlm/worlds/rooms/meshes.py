"""Making meshes: sizes in metres enter, closed or thin surfaces of few triangles leave.

Vertices are shared where a surface is round and doubled where it has an edge or where its texture begins anew, so a
vertex's normal is the mean over the faces that use its index. `uv` is in metres. Lines of a texture (grain, planks,
stripes) run along u: along the longest side of a box and around what is turned. What shows one whole picture is a
`sheet`: u to the right and v up from its lower left corner, as seen from its front (-y).
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline

from spatialvlm.worlds.rooms.bevelled_cube import SIDES, bevelled_cube
from spatialvlm.worlds.rooms.room import Mesh

CREASE_RAD = 0.7
"""A profile that turns by more than this has an edge there."""

Real = float | int
Point = tuple[Real, Real, Real]
Profile = Sequence[tuple[Real, Real]]
Section = tuple[Real, Real, Real, Real]


def mesh(vertices: Float[np.ndarray, "n 3"], faces: np.ndarray, uv: np.ndarray, *, smooth: bool = False) -> Mesh:
    """Make a mesh in the number types of the record."""
    return Mesh(vertices.astype(np.float64), faces.astype(np.int32), uv.astype(np.float32), smooth)


def moved(shape: Mesh, x: Real = 0.0, y: Real = 0.0, z: Real = 0.0) -> Mesh:
    """Shift the mesh."""
    return Mesh(shape.vertices + (x, y, z), shape.faces, shape.uv, shape.smooth)


def turning(axis: str, angle_rad: Real) -> Float[np.ndarray, "3 3"]:
    """Make the matrix that turns counter-clockwise about the axis "x", "y" or "z"."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = np.eye(3)
    turn[first, first], turn[first, second], turn[second, first], turn[second, second] = cos, -sin, sin, cos
    return turn


def turned(shape: Mesh, axis: str, angle_rad: Real) -> Mesh:
    """Turn the mesh counter-clockwise about an axis through the origin."""
    return Mesh(shape.vertices @ turning(axis, angle_rad).T, shape.faces, shape.uv, shape.smooth)


def scaled(shape: Mesh, x: Real = 1.0, y: Real = 1.0, z: Real = 1.0) -> Mesh:
    """Stretch the mesh from the origin; a negative factor mirrors it. `uv` stays as it is."""
    faces = shape.faces if x * y * z > 0 else np.ascontiguousarray(shape.faces[:, ::-1])
    return Mesh(shape.vertices * (x, y, z), faces, shape.uv, shape.smooth)


def joined(shapes: Sequence[Mesh]) -> Mesh:
    """Make several meshes as one; it is smooth where the first one is."""
    starts = np.cumsum([0, *(len(shape.vertices) for shape in shapes[:-1])])
    faces = np.concatenate([shape.faces + start for shape, start in zip(shapes, starts)])
    vertices = np.concatenate([shape.vertices for shape in shapes])
    return mesh(vertices, faces, np.concatenate([shape.uv for shape in shapes]), smooth=shapes[0].smooth)


def finer(shape: Mesh, times: Real) -> Mesh:
    """Make the mesh with its texture so many times smaller, for small things."""
    return Mesh(shape.vertices, shape.faces, shape.uv * np.float32(times), shape.smooth)


def copies(shape: Mesh, turns: Float[np.ndarray, "k 3 3"], at: Float[np.ndarray, "k 3"]) -> Mesh:
    """Repeat the mesh many times in one: each turned, then moved."""
    vertices = np.einsum("kij,nj->kni", turns, shape.vertices) + at[:, None]
    faces = shape.faces + len(shape.vertices) * np.arange(len(at))[:, None, None]
    return mesh(vertices.reshape(-1, 3), faces.reshape(-1, 3), np.tile(shape.uv, (len(at), 1)), smooth=shape.smooth)


def upright_grain(shape: Mesh) -> Mesh:
    """Turn the lines of a texture across: up the side of what is turned, along the short side of a box."""
    return Mesh(shape.vertices, shape.faces, np.ascontiguousarray(shape.uv[:, ::-1]), shape.smooth)


_CUBE = bevelled_cube()


def boxes(low: Float[np.ndarray, "k 3"], high: Float[np.ndarray, "k 3"], bevel: Real = 0.0) -> Mesh:
    """Make upright boxes in one mesh, with edges cut by `bevel` (at most a third of the shortest side)."""
    corners, count = SIDES if bevel == 0 else (len(_CUBE.signs), len(_CUBE.faces))
    signs, pulled, axes = _CUBE.signs[:corners], _CUBE.pulled[:corners], _CUBE.axes[:corners]
    half = (high - low)[:, None] / 2
    cut = np.minimum(bevel, half.min(-1, keepdims=True) * (2 / 3))
    vertices = (low + high)[:, None] / 2 + signs * (half - cut * pulled)
    others = np.array([[1, 2], [0, 2], [0, 1]])[axes]
    sizes = (high - low)[:, others]
    first = np.where(sizes[..., 0] >= sizes[..., 1], others[:, 0], others[:, 1])
    uv = np.stack(
        [np.take_along_axis(vertices, axis[..., None], 2)[..., 0] for axis in (first, others.sum(-1) - first)]
    )
    starts = corners * np.arange(len(low))[:, None, None]
    return mesh(
        vertices.reshape(-1, 3), (_CUBE.faces[:count] + starts).reshape(-1, 3), np.moveaxis(uv, 0, -1).reshape(-1, 2)
    )


def box(low: Point, high: Point, bevel: Real = 0.003) -> Mesh:
    """Make an upright box from its lowest to its highest corner, with cut edges."""
    return boxes(np.array([low]), np.array([high]), bevel)


def loft(rings: Float[np.ndarray, "m n 3"], edges: np.ndarray) -> Mesh:
    """Make the skin through closed rings that run counter-clockwise about the way from the first to the last.

    A ring that is one point closes the end. `edges` (m,) says which rings are sharp.
    """
    around = np.linalg.norm(np.diff(rings, axis=1, append=rings[:, :1]), axis=-1)
    widest = around[around.sum(-1).argmax()]
    u = np.concatenate([[0.0], np.cumsum(widest)[:-1]])
    u = np.minimum(u, widest.sum() - u)  # there and back again: no seam
    v = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(rings, axis=0), axis=-1).max(-1))])
    copies = np.repeat(np.arange(len(rings)), 1 + edges)
    starts = np.flatnonzero(np.diff(copies, append=len(rings)))[:-1]
    n = rings.shape[1]
    index = np.arange(len(copies) * n).reshape(-1, n)
    poles = np.ptp(rings, axis=1).max(-1)[copies] < 1e-9
    index[poles] = index[poles, :1]
    below, above = index[starts], index[starts + 1]
    right_below, right_above = np.roll(below, -1, 1), np.roll(above, -1, 1)
    faces = np.stack([below, right_below, right_above, below, right_above, above], -1).reshape(-1, 3)
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    uv = np.stack(np.broadcast_arrays(u[None], v[copies][:, None]), -1)
    used = np.zeros(len(copies) * n, bool)
    used[faces] = True
    vertices = rings[copies].reshape(-1, 3)[used]
    return mesh(vertices, (np.cumsum(used) - 1)[faces], uv.reshape(-1, 2)[used], smooth=True)


def sharp(path: Float[np.ndarray, "m d"]) -> np.ndarray:
    """Find where a path turns sharply (m,); its ends do not."""
    steps = np.diff(path, axis=0)
    steps = steps / np.maximum(np.linalg.norm(steps, axis=-1, keepdims=True), 1e-12)
    turns = np.einsum("ij,ij->i", steps[1:], steps[:-1]) < math.cos(CREASE_RAD)
    return np.concatenate([[False], turns, [False]])


def lathe(profile: Profile, segments: int = 28) -> Mesh:
    """Sweep a profile of (radius, z) about the z axis; it runs from the bottom up the outside, then down inside.

    Begun and ended at radius 0 (or where it began) it is closed.
    """
    path = np.array(profile, float)
    angles = 2 * np.pi * np.arange(segments) / segments - np.pi / 2
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    rings = np.empty((len(path), segments, 3))
    rings[..., :2] = path[:, None, :1] * circle
    rings[..., 2] = path[:, None, 1]
    return loft(rings, sharp(path))


def cylinder(radius: Real, low: Real, high: Real, *, top_radius: Real | None = None, bevel: Real = 0.002) -> Mesh:
    """Make an upright cylinder or, with another radius at its top, a cone; with bevelled rims."""
    upper = radius if top_radius is None else top_radius
    cut = min(bevel, (high - low) / 3, radius / 2, upper / 2)
    rim = [(radius - cut, low), (radius, low + cut), (upper, high - cut), (upper - cut, high)]
    return lathe([(0, low), *rim, (0, high)], 16 if max(radius, upper) < 0.03 else 28)


@cache
def _ball(rings: int, segments: int) -> Mesh:
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    path = np.stack([np.cos(angles), np.sin(angles)], -1)
    path[[0, -1], 0] = 0.0
    return lathe([(r, h) for r, h in path], segments)


def ellipsoid(x: Real, y: Real, z: Real, rings: int = 12, segments: int = 24) -> Mesh:
    """Make an ellipsoid of the given half axes about the origin."""
    return scaled(_ball(rings, segments), x, y, z)


@cache
def _rounded_corners(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Find for each of 4 (steps + 3) points: its place on its corner's unit arc, and which corner that is (signs)."""
    turn = np.linspace(0.0, np.pi / 2, steps + 1)
    arc = np.stack([np.cos(turn), np.sin(turn)], -1)
    # One more point before and after each arc keeps the straight sides flat when shaded.
    arc = np.concatenate([[arc[0] - (0, 0.05)], arc, [arc[-1] - (0.05, 0)]])
    turns = [np.array([[cos, -sin], [sin, cos]]) for cos, sin in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    signs = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], len(arc), axis=0)
    return np.concatenate([arc @ turn.T for turn in turns]), signs


def stack(sections: Sequence[Section], steps: int = 4) -> Mesh:
    """Make the skin through level rounded rectangles (half_x, half_y, corner radius, z), from the bottom up outside.

    A section of no size closes an end; going down again inside makes it hollow.
    """
    table = np.array(sections, float)
    arcs, signs = _rounded_corners(steps)
    half = table[:, None, :2]
    radius = np.minimum(table[:, 2], 0.94 * table[:, :2].min(-1))[:, None, None]
    rings = np.empty((len(table), len(arcs), 3))
    rings[..., :2] = arcs * radius + signs * (half - radius)
    rings[..., 2] = table[:, None, 3]
    return loft(rings, sharp(np.stack([table[:, :2].min(-1), table[:, 3]], -1)))


def draped(shape: Mesh, half_x: Real, half_y: Real, corner: Real, high: Real) -> Mesh:
    """Lay a texture on the mesh of a board from above, folded down over the sides, lines along the long one."""
    inner = np.array([half_x - corner, half_y - corner])
    out = shape.vertices[:, :2] - np.clip(shape.vertices[:, :2], -inner, inner)
    out /= np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-9)
    uv = shape.vertices[:, :2] + out * (high - shape.vertices[:, 2:])
    return mesh(shape.vertices, shape.faces, uv if half_x >= half_y else uv[:, ::-1], smooth=shape.smooth)


def slab(
    half_x: Real, half_y: Real, low: Real, high: Real, *, corner: Real, edge: Real = 0.004, crown: Real = 0.0
) -> Mesh:
    """Make a board or cushion: corners of radius `corner` in plan, edges of radius `edge`, a top bulging by `crown`."""
    edge = min(edge, (high - low) * 0.48, half_x / 2, half_y / 2)
    corner = min(corner, 0.94 * min(half_x, half_y))
    turns = np.linspace(0.0, np.pi / 2, 3 if edge < 0.01 else 4)

    def section(inset: Real, z: Real) -> Section:
        return (half_x - inset, half_y - inset, max(corner - inset, 1e-4), z)

    lower = [section(edge * (1 - math.sin(a)), low + edge * (1 - math.cos(a))) for a in turns]
    upper = [section(edge * (1 - math.cos(a)), high - edge * (1 - math.sin(a))) for a in turns]
    short = min(half_x, half_y) - edge
    bulge = [section(edge + short * a, high + crown * (1 - (1 - a) ** 2)) for a in (0.3, 0.7)] if crown else []
    shape = stack([(0, 0, 0, low), *lower, *upper, *bulge, (0, 0, 0, high + crown)], 3)
    return draped(shape, half_x, half_y, corner, high)


def disc(radius: Real, low: Real, high: Real, *, edge: Real = 0.004) -> Mesh:
    """Make a round board."""
    rim = [(radius - edge, low), (radius, low + edge), (radius, high - edge), (radius - edge, high)]
    return draped(lathe([(0, low), *rim, (0, high)], 48 if radius > 0.15 else 28), radius, radius, radius, high)


def curve(points: Sequence[Point]) -> list[Point]:
    """Find a smooth way through the points, four steps from one to the next."""
    table = np.array(points, float)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(table, axis=0), axis=-1))])
    places = np.interp(np.arange(4 * (len(table) - 1) + 1) / 4, np.arange(len(table)), lengths)
    return [(x, y, z) for x, y, z in CubicSpline(lengths, table)(places).tolist()]


def tube(path: Sequence[Point], radius: Real | Sequence[Real], segments: int = 12) -> Mesh:
    """Make a round rod along a path, with closed ends; one radius, or one a point."""
    points = np.array(path, float)
    steps = np.diff(points, axis=0)
    steps /= np.linalg.norm(steps, axis=-1, keepdims=True)
    tangents = np.concatenate([steps[:1], steps[1:] + steps[:-1], steps[-1:]])
    tangents /= np.linalg.norm(tangents, axis=-1, keepdims=True)
    across = np.linalg.svd(steps)[2][-1]  # what the path goes along least
    side = across - tangents * (tangents @ across)[:, None]
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    other = np.cross(tangents, side)
    angles = 2 * np.pi * np.arange(segments)[:, None] / segments
    radii = np.broadcast_to(np.array(radius, float), len(points))[:, None, None]
    rings = points[:, None] + radii * (np.cos(angles) * side[:, None] + np.sin(angles) * other[:, None])
    ends = np.broadcast_to(points[:, None], rings.shape)
    rings = np.concatenate([ends[:1], rings, ends[-1:]])
    edges = np.zeros(len(rings), bool)
    edges[[1, -2]] = True
    return loft(rings, edges)


def sheet(width: Real, height: Real) -> Mesh:
    """Make a thin upright rectangle that faces -y, the origin in the middle of its lower edge; for pictures."""
    x = width / 2
    vertices = np.array([[-x, 0, 0], [x, 0, 0], [x, 0, height], [-x, 0, height]])
    return mesh(vertices, np.array([[0, 1, 2], [0, 2, 3]]), vertices[:, [0, 2]] + (x, 0))


def grids(points: Float[np.ndarray, "k m n 3"], *, smooth: bool = True) -> Mesh:
    """Make thin surfaces through rows of points: u along a row, v from row to row; fronts on the side of u cross v."""
    k, m, n = points.shape[:3]
    index = np.arange(k * m * n).reshape(k, m, n)
    a, b, c, d = index[:, :-1, :-1], index[:, :-1, 1:], index[:, 1:, 1:], index[:, 1:, :-1]
    faces = np.stack([a, b, c, a, c, d], -1).reshape(-1, 3)
    u = np.cumsum(np.linalg.norm(np.diff(points, axis=2, prepend=points[:, :, :1]), axis=-1).mean(1), axis=-1)
    v = np.cumsum(np.linalg.norm(np.diff(points, axis=1, prepend=points[:, :1]), axis=-1).mean(2), axis=-1)
    uv = np.stack(np.broadcast_arrays(u[:, None], v[:, :, None]), -1)
    return mesh(points.reshape(-1, 3), faces, uv.reshape(-1, 2), smooth=smooth)


def grid(points: Float[np.ndarray, "m n 3"]) -> Mesh:
    """Make one such surface."""
    return grids(points[None])
