"""How far whole things are apart: a Room enters, the distance of the surfaces of two of its things leaves.

Points drawn evenly on both surfaces say where the nearest places are; from there each side is projected on the
triangles of the other in turn, until the distance stays.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.spatial import KDTree

from spatialvlm.worlds import instance_id
from spatialvlm.worlds.rooms import Room

POINTS = 3000
TURNS = 5

Vectors = Float64[np.ndarray, "n 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """The triangles of a whole thing, (n, 3 corners, 3 axes), and points spread over them, in room coordinates."""

    triangles: Float64[np.ndarray, "n 3 3"]
    points: Vectors


def solids_of(room: Room) -> dict[str, Solid]:
    """Find the whole things of a room, by the id that they have as instances."""
    found, rng = {}, np.random.default_rng(0)
    for place, thing in enumerate(room.things):
        parts = [thing.to_room(part.mesh.vertices)[part.mesh.faces] for part in thing.furniture.parts]
        triangles = np.concatenate(parts)
        sides = triangles[:, 1:] - triangles[:, :1]
        area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
        chosen = rng.choice(len(triangles), POINTS, p=area / area.sum())
        u, v = rng.random((2, POINTS, 1))
        folded = u + v > 1.0
        u, v = np.where(folded, 1.0 - u, u), np.where(folded, 1.0 - v, v)
        points = triangles[chosen, 0] + u * sides[chosen, 0] + v * sides[chosen, 1]
        found[instance_id(place)] = Solid(triangles, np.concatenate([points, triangles.reshape(-1, 3)]))
    return found


def gap_between(one: Solid, other: Solid) -> float:
    """Measure the least distance of two surfaces, in metres."""
    apart_m, nearest = (np.asarray(found) for found in KDTree(other.points).query(one.points))
    least, at = float(apart_m.min()), other.points[nearest[apart_m.argmin()]]
    for _ in range(TURNS):
        for solid in (one, other):
            feet = _feet(solid.triangles, at)
            away = np.linalg.norm(feet - at, axis=1)
            least, at = min(least, float(away.min())), feet[away.argmin()]
    return least


def _feet(triangles: Float64[np.ndarray, "n 3 3"], point: Float64[np.ndarray, " 3"]) -> Vectors:
    """Find the point of each triangle that is nearest to a point: inside it, or on one of its sides."""
    start, sides = triangles[:, 0], np.roll(triangles, -1, axis=1) - triangles
    along = ((point - triangles) * sides).sum(axis=2) / np.maximum((sides**2).sum(axis=2), 1e-18)
    on_sides = triangles + np.clip(along, 0.0, 1.0)[..., None] * sides
    away = np.linalg.norm(on_sides - point, axis=2)
    best = on_sides[np.arange(len(triangles)), away.argmin(axis=1)]
    normal = np.cross(sides[:, 0], sides[:, 1])
    square = np.maximum((normal**2).sum(axis=1), 1e-18)
    foot = point - (((point - start) * normal).sum(axis=1) / square)[:, None] * normal
    inside = (((np.cross(sides, foot[:, None] - triangles)) * normal[:, None]).sum(axis=2) >= 0).all(axis=1)
    return np.where(inside[:, None] & (square > 1e-18)[:, None], foot, best)
