"""Can this room be? Geometry only, from the meshes: what is wrong with a room leaves, nothing where all is well.

It shares no code with the placing: convex hulls of connected pieces instead of boxes, vertical lines through the mesh
of a support instead of its declared tops.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

TOLERANCE_M = 1e-3
GIVE_M = 0.012
"""How far what is soft may curve away from what it stands on, or from what stands on it: it would give in."""
HOLLOW = ("plate", "tray")
"""What lies in these is within their convex hull, and is checked against their surface."""
SOFT = ("sofa", "armchair", "bed", "pillow", "teddy bear", "backpack")


@dataclass(frozen=True)
class Body:
    """A thing in room coordinates: its vertices and triangles, and the hull points of its pieces."""

    name: str
    vertices: np.ndarray
    triangles: np.ndarray
    pieces: list


def body_of(thing):
    """A placed model with its parts in the room."""
    parts = [(thing.to_room(part.mesh.vertices), part.mesh.faces) for part in thing.model.parts]
    pieces = [piece for vertices, faces in parts for piece in pieces_of(vertices, faces)]
    triangles = np.concatenate([vertices[faces] for vertices, faces in parts])
    return Body(thing.model.category, np.concatenate([v for v, _ in parts]), triangles, pieces)


def pieces_of(vertices, faces):
    """(points, directions) of each connected piece's convex hull: its corners and the normals of its sides."""
    _, point = np.unique(np.round(vertices, 5), axis=0, return_inverse=True)
    corners = point.ravel()[faces]
    ends = np.concatenate([corners[:, :2], corners[:, 1:]])
    size = point.max() + 1
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    label = label[point.ravel()]
    return [hull_of(vertices[label == i]) for i in range(count)]


def hull_of(points):
    """The corners and the normals of a hull; a flat piece keeps its points and has its plane's normal."""
    try:
        hull = ConvexHull(points)
        return points[hull.vertices], np.unique(np.round(hull.equations[:, :3], 3), axis=0)
    except QhullError:
        return points, np.linalg.svd(points - points.mean(0))[2]


def depth_of_overlap(one, other):
    """By how much two convex pieces reach into each other, in metres; 0 where they don't."""
    (a, normals), (b, others) = one, other
    directions = np.concatenate([normals, others, np.eye(3)])
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    mine, theirs = a @ directions.T, b @ directions.T
    shared = np.minimum(mine.max(0) - theirs.min(0), theirs.max(0) - mine.min(0)).min()
    if shared <= TOLERANCE_M:
        return max(0.0, float(shared))
    difference = ConvexHull((a[:, None] - b[None]).reshape(-1, 3), qhull_options="QJ")
    return max(0.0, float(-difference.equations[:, 3].max()))


def overlaps(room, bodies):
    """What reaches into something else by more than the tolerance."""
    found = []
    for i, j in itertools.combinations(range(len(bodies)), 2):
        one, other = bodies[i], bodies[j]
        if not boxes_meet(one.vertices, other.vertices):
            continue
        if room.things[j].on == i and one.name in HOLLOW:
            if sinks_into(other, one):
                found.append(f"{other.name} reaches into {one.name}")
            continue
        for p, q in itertools.product(one.pieces, other.pieces):
            depth = depth_of_overlap(p, q) if boxes_meet(p[0], q[0]) else 0.0
            if depth > TOLERANCE_M:
                found.append(f"{one.name} reaches {1e3 * depth:.1f} mm into {other.name}")
                break
    return found


def sinks_into(upper, dish):
    """Whether a vertex of what lies in a dish is below the dish's surface."""
    points = upper.vertices[:: max(1, len(upper.vertices) // 300)]
    surfaces = [heights_below(dish.triangles, point[:2]).max(initial=-np.inf) for point in points]
    return bool((points[:, 2] < np.array(surfaces) - TOLERANCE_M).any())


def boxes_meet(a, b):
    """Whether the boxes of two sets of points overlap by more than the tolerance."""
    return bool((np.minimum(a.max(0), b.max(0)) - np.maximum(a.min(0), b.min(0)) > TOLERANCE_M).all())


def heights_below(triangles, xy):
    """Where a vertical line through a point meets a surface."""
    a, b, c = (triangles[:, i] for i in range(3))
    (ux, uy), (vx, vy) = (b - a)[:, :2].T, (c - a)[:, :2].T
    area = ux * vy - uy * vx
    flat = np.abs(area) < 1e-12
    area = np.where(flat, 1.0, area)
    px, py = (xy - a[:, :2]).T
    s, t = (px * vy - py * vx) / area, (ux * py - uy * px) / area
    inside = ~flat & (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6)
    return a[inside, 2] + s[inside] * (b - a)[inside, 2] + t[inside] * (c - a)[inside, 2]


def unsupported(room, bodies):
    """What floats, sinks in, would tip over, or hangs off its wall."""
    found = []
    width, length, _ = room.size_m
    for thing, body in zip(room.things, bodies):
        low = body.vertices[:, 2].min()
        if thing.mount == "wall":
            x, y = body.vertices[:, 0], body.vertices[:, 1]
            if min(x.min(), y.min(), width - x.max(), length - y.max()) > 2e-3:
                found.append(f"{body.name} hangs off its wall")
        elif thing.on is None:
            if abs(low) > TOLERANCE_M:
                found.append(f"{body.name} stands {1e3 * low:.1f} mm above the floor")
        elif not stands(body, low, bodies[thing.on]):
            found.append(f"{body.name} does not stand on {bodies[thing.on].name}")
    return found


def stands(body, low, support):
    """Whether most of the lowest points touch the support and the centre of mass is over those, within 1 cm."""
    slack = GIVE_M if {body.name, support.name} & set(SOFT) else TOLERANCE_M
    feet = body.vertices[body.vertices[:, 2] < low + slack, :2]
    feet = np.concatenate([feet[:: max(1, len(feet) // 24)], feet.mean(0)[None]])
    touches = [bool((np.abs(heights_below(support.triangles, xy) - low) <= slack).any()) for xy in feet]
    if np.mean(touches) < 0.6:
        return False
    corners = 0.01 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    held = (feet[touches][:, None] + corners).reshape(-1, 2)
    sides, middle = ConvexHull(held).equations, centre_of_mass(body.triangles)[:2]
    return bool((sides[:, :2] @ middle + sides[:, 2] < 0).all())


def centre_of_mass(triangles):
    """That of a thin shell."""
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    return (triangles.mean(1) * area[:, None]).sum(0) / area.sum()


def outside(room, bodies):
    """What reaches out of the room."""
    size = np.array(room.size_m)
    return [
        f"{body.name} reaches out of the room"
        for body in bodies
        if (body.vertices.min(0) < -TOLERANCE_M).any() or (body.vertices.max(0) > size + TOLERANCE_M).any()
    ]


def faults(room):
    """All that is wrong with a room, in words."""
    bodies = [body_of(thing) for thing in room.things]
    return overlaps(room, bodies) + unsupported(room, bodies) + outside(room, bodies)
