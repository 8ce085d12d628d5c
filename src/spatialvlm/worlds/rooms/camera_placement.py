"""Where the camera stands: a furnished room enters, a view of it leaves, the best of some that were drawn by chance.

A candidate is judged by a coarse picture of the things' boxes: what it shows, how near, how well framed.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spatialvlm.worlds.rooms.cameras import room_from_camera
from spatialvlm.worlds.rooms.collision_boxes import CollisionBoxes
from spatialvlm.worlds.rooms.placement import Arrangement
from spatialvlm.worlds.rooms.room import Placement, View

EYE_M = (0.4, 2.0)
PITCH_RAD = (math.radians(-2.0), math.radians(60.0))
FOV_RAD = (math.radians(45.0), math.radians(75.0))
NEAREST_M = 0.3
_NEAREST_ROBOT_M = 0.18
_ROBOT_DISTANCE_M = (0.4, 1.2)
_ROBOT_PITCH_RAD = (math.radians(20), math.radians(22), math.radians(60))  # least, most frequent, most
MIN_IN_VIEW = 4
_DRAWN = 60  # views in a round
_JUDGED = 14  # those of them that are judged by a coarse picture
_ROUNDS = 4
_GRID = (18, 24)  # rows, columns of the coarse picture
_FINE_GRID = (27, 36)  # the same where things are of centimetres
_SEEN_CELLS = 2
_SEEN_SHARE = 0.4  # of the cells that a thing would have with nothing before it

_STYLES = (
    (math.radians(-2), math.radians(10)),
    (math.radians(8), math.radians(28)),
    (math.radians(24), math.radians(52)),
)
_STYLE_WEIGHTS = (0.25, 0.5, 0.25)


@dataclass(frozen=True, slots=True, eq=False)
class _Coarse:
    """What a view shows: for each thing the cells that see it, those that would, and how many at the picture's rim."""

    seen: Int64[np.ndarray, " things"]
    unhidden: Int64[np.ndarray, " things"]
    at_rim: Int64[np.ndarray, " things"]
    nearest_m: float

    def in_view(self) -> Bool[np.ndarray, " things"]:
        """Find the things that are substantially in view."""
        return (self.seen >= _SEEN_CELLS) & (self.seen >= _SEEN_SHARE * self.unhidden)


def choose_view(room: Arrangement, focus: int | None, judged: int = _JUDGED) -> View | None:
    """Choose a view of a group of things, or down at `focus`; None where no good one was found.

    Only the `judged` most promising views of each round are looked at; fewer are quicker and more mixed.
    """
    style = _STYLES[int(room.rng.choice(len(_STYLES), p=_STYLE_WEIGHTS))]
    middles = np.array([_middle(room, thing) for thing in room.things])
    for _ in range(_ROUNDS):
        drawn = [_draw(room, style, middles) if focus is None else _draw_close(room, focus) for _ in range(_DRAWN)]
        views = [view for view in drawn if view is not None and _stands_free(room, view)]
        views = sorted(views, key=lambda view: -_promise(view, middles))[:judged]
        scored = [(score, -i) for i, view in enumerate(views) if (score := _score(room, view)) is not None]
        if scored:
            return views[-max(scored)[1]]
        style = (PITCH_RAD[0], math.radians(40))
    return None


def choose_table_view(room: Arrangement, gripper: int | None, judged: int = _JUDGED) -> View | None:
    """Choose a robot camera's view of a table: all of its gripper and of three more things; None where none was found.

    The first that does, so that views are mixed; at most `judged` of each round are looked at.
    """
    if gripper is None:
        return None
    middles = np.array([_middle(room, thing) for thing in room.things])
    laid = np.flatnonzero([thing.on is not None for thing in room.things])
    for _ in range(_ROUNDS):
        drawn = [_draw_robot_view(room, middles[gripper], middles[room.rng.choice(laid)]) for _ in range(_DRAWN)]
        views = [view for view in drawn if view is not None and _stands_free(room, view, _NEAREST_ROBOT_M)]
        for view in views[:judged]:
            coarse = _look(room, view, _FINE_GRID)
            whole = coarse.in_view() & (coarse.at_rim == 0)
            if coarse.nearest_m > _NEAREST_ROBOT_M and whole[gripper] and whole[laid].sum() >= MIN_IN_VIEW - 1:
                return view
    return None


def _draw_robot_view(
    room: Arrangement, gripper: Float64[np.ndarray, "3"], laid: Float64[np.ndarray, "3"]
) -> View | None:
    """Try a look down at a place between a gripper and a thing that lies there, from any side."""
    x, y, z = (laid + room.between(0.2, 0.8) * (gripper - laid)).tolist()
    around, pitch = room.between(-math.pi, math.pi), float(room.rng.triangular(*_ROBOT_PITCH_RAD))
    return _view_from(room, (x, y, z), around, pitch, room.between(*_ROBOT_DISTANCE_M))


def _promise(view: View, middles: Float64[np.ndarray, "n 3"]) -> float:
    """Count the things whose middle is well within the picture, the near ones fully, the far ones less."""
    x, y, z = ((middles - view.at) @ room_from_camera(view)[:3, :3]).T
    half = math.tan(view.horizontal_fov_rad / 2)
    inside = (z > 0.3) & (np.abs(x) < 0.9 * half * z) & (np.abs(y) < 0.9 * half * z * _GRID[0] / _GRID[1])
    return float((inside / (1.0 + np.maximum(z - 1.5, 0.0) / 2)).sum())


def _draw(room: Arrangement, style: tuple[float, float], middles: Float64[np.ndarray, "n 3"]) -> View | None:
    """Try a look at the middle of some neighbouring things from somewhere in the room."""
    target = _group_middle(room, middles)
    width, length, _ = room.size_m
    x, y = room.between(0.25, width - 0.25), room.between(0.25, length - 0.25)
    distance = math.hypot(target[0] - x, target[1] - y)
    if not 1.2 < distance < 5.0:
        return None
    pitch = room.between(*style)
    eye = target[2] + distance * math.tan(pitch)
    low, high = (0.4, 1.4) if pitch < math.radians(8) else (0.7, room.between(1.6, 2.0))
    eye = min(max(eye, low), high)
    pitch = math.atan2(eye - target[2], distance) + room.between(-0.06, 0.06)
    return _view(room, (x, y, eye), (target[0], target[1]), pitch, room.between(*FOV_RAD))


def _group_middle(room: Arrangement, middles: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "3"]:
    """Find the middle of a thing and its neighbours, each counted by its size, raised a little towards eye height."""
    extents = [room.extent(thing.furniture) for thing in room.things]
    sizes = np.array([math.sqrt(extent.height * (extent.width + 0.1)) for extent in extents])
    one = int(room.rng.integers(len(middles)))
    near = np.exp(-0.5 * (np.linalg.norm(middles[:, :2] - middles[one, :2], axis=-1) / 0.9) ** 2) * sizes
    target = (near[:, None] * middles).sum(0) / near.sum()
    return target + (0.0, 0.0, room.between(-0.35, 0.2))


def _middle(room: Arrangement, thing: Placement) -> Float64[np.ndarray, "3"]:
    extent = room.extent(thing.furniture)
    return thing.to_room((extent.low + extent.high)[None] / 2)[0]


def _draw_close(room: Arrangement, focus: int) -> View | None:
    """Try a look down at a top from its front, half a metre to a metre away."""
    thing, extent = room.things[focus], room.extent_at(focus)
    top = max((top.z for top in thing.furniture.tops), default=extent.height)
    tall = [room.extent(other.furniture).height for other in room.things if other.on == focus]
    aim = room.point(focus, room.between(-0.22, 0.22) * extent.width, room.between(-0.1, 0.15))
    z = top + thing.at[2] + min(0.12, float(np.median(tall)) / 2 if tall else 0.0)
    pitch, distance = room.between(math.radians(15), math.radians(58)), room.between(0.6, 1.1)
    around = thing.yaw_rad - math.pi / 2 + room.between(-0.75, 0.75)
    return _view_from(room, (*aim, z), around, pitch, distance)


def _view_from(
    room: Arrangement, aim: tuple[float, float, float], around: float, pitch: float, distance: float
) -> View | None:
    """Try a look down at a place from so far, and from that direction on the floor."""
    flat = distance * math.cos(pitch)
    at = aim[0] + flat * math.cos(around), aim[1] + flat * math.sin(around), aim[2] + distance * math.sin(pitch)
    return _view(room, at, aim[:2], pitch + room.between(-0.05, 0.05), room.between(*FOV_RAD))


def _view(
    room: Arrangement, at: tuple[float, float, float], target: tuple[float, float], pitch: float, fov: float
) -> View | None:
    if not (EYE_M[0] <= at[2] <= EYE_M[1] and PITCH_RAD[0] <= pitch <= PITCH_RAD[1]):
        return None
    heading = math.atan2(-(target[0] - at[0]), target[1] - at[1]) + room.between(-0.08, 0.08)
    roll = room.between(-10.0, 10.0) if room.chance(0.08) else float(np.clip(room.rng.normal(0.0, 1.2), -3, 3))
    return View((float(at[0]), float(at[1]), float(at[2])), heading, pitch, math.radians(roll), fov)


def _stands_free(room: Arrangement, view: View, nearest_m: float = NEAREST_M - 0.05) -> bool:
    """Say whether the camera is inside the room, with no box of a thing around it."""
    x, y, z = view.at
    width, length, height = room.size_m
    if not (0.2 < x < width - 0.2 and 0.2 < y < length - 0.2 and z < height - 0.3):
        return False
    taken = room.taken
    step = np.array([x, y]) - taken.centre_xy
    right = np.abs((step * taken.axis_xy).sum(-1))
    back = np.abs(step[:, 1] * taken.axis_xy[:, 0] - step[:, 0] * taken.axis_xy[:, 1])
    beyond = np.maximum(np.stack([right, back], 1) - taken.half_xy, 0.0)
    above = np.maximum(np.maximum(taken.low_z - z, z - taken.high_z), 0.0)
    return bool((np.hypot(np.hypot(*beyond.T), above) > nearest_m).all())


def rays(view: View, rows: int, columns: int) -> Float64[np.ndarray, "rays 3"]:
    """Find directions in the room through the cells' middles of a picture of so many rows and columns, z-depth 1 m."""
    half = math.tan(view.horizontal_fov_rad / 2)
    x = (np.arange(columns) + 0.5) / columns * 2 - 1
    y = ((np.arange(rows) + 0.5) / rows * 2 - 1) * rows / columns
    right, down = np.meshgrid(x * half, y * half)
    return np.stack([right, down, np.ones_like(right)], -1).reshape(-1, 3) @ room_from_camera(view)[:3, :3].T


def _look(room: Arrangement, view: View, grid: tuple[int, int] = _GRID) -> _Coarse:
    """Cast a ray through each cell at the boxes that can be in view."""
    taken, directions = room.taken, rays(view, *grid)
    step = taken.centre_xy - np.array(view.at[:2])
    reach = np.hypot(*taken.half_xy.T)
    forward = room_from_camera(view)[:3, 2]
    ahead = step @ forward[:2] + ((taken.low_z + taken.high_z) / 2 - view.at[2]) * forward[2]
    near = ahead > -reach - (taken.high_z - taken.low_z) / 2
    boxes, owner = taken[near], room.owners[near]
    enter, leave = _slabs(view, boxes, directions)
    distance = np.where((enter < leave) & (leave > 0), np.maximum(enter, 0.0), np.inf)
    first = distance.argmin(1)
    hit = np.isfinite(distance[np.arange(len(first)), first])
    count = len(room.things)
    rim = np.zeros(grid, bool)
    rim[[0, -1]] = rim[:, [0, -1]] = True
    shown = owner[first]
    unhidden = np.zeros((len(first), count), bool)
    ray, box = np.nonzero(np.isfinite(distance))
    unhidden[ray, owner[box]] = True
    nearest = float(distance.min(initial=np.inf))
    return _Coarse(
        np.bincount(shown[hit], minlength=count),
        unhidden.sum(0),
        np.bincount(shown[hit & rim.ravel()], minlength=count),
        nearest,
    )


def _slabs(
    view: View, boxes: CollisionBoxes, directions: Float64[np.ndarray, "r 3"]
) -> tuple[Float32[np.ndarray, "r n"], Float32[np.ndarray, "r n"]]:
    """Find where rays from the camera enter and leave upright boxes, in multiples of their directions."""
    step, axis = np.array(view.at[:2]) - boxes.centre_xy, boxes.axis_xy
    turned_axis = np.stack([-axis[:, 1], axis[:, 0]], 1)
    sides = (
        ((step * axis).sum(-1), directions[:, :2] @ axis.T, boxes.half_xy[:, 0]),
        ((step * turned_axis).sum(-1), directions[:, :2] @ turned_axis.T, boxes.half_xy[:, 1]),
        (view.at[2] - (boxes.low_z + boxes.high_z) / 2, directions[:, 2:], (boxes.high_z - boxes.low_z) / 2),
    )
    shape = len(directions), len(boxes)
    enter, leave = np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
    for start, along, half in sides:
        pace = 1.0 / np.where(np.abs(along) < 1e-6, 1e-6, along).astype(np.float32)
        middle = pace * -start.astype(np.float32)
        reach = np.abs(pace) * half.astype(np.float32)
        np.maximum(enter, middle - reach, out=enter)
        np.minimum(leave, middle + reach, out=leave)
    return enter, leave


def _score(room: Arrangement, view: View) -> float | None:
    """Rate how good a picture it makes; None where it makes none."""
    coarse = _look(room, view)
    shown = coarse.in_view()
    if coarse.nearest_m < NEAREST_M or shown.sum() < MIN_IN_VIEW:
        return None
    cells = _GRID[0] * _GRID[1]
    whole = (shown & (coarse.at_rim <= 0.08 * coarse.seen)).sum()
    filled, largest = coarse.seen.sum() / cells, coarse.seen.max() / cells
    score = min(float(shown.sum()), 14.0) + 0.7 * min(float(whole), 12.0)
    score -= (
        14 * max(0.0, float(largest) - 0.3) + 8 * max(0.0, 0.2 - float(filled)) + 8 * max(0.0, float(filled) - 0.65)
    )
    return score - 4 * max(0.0, 0.8 - coarse.nearest_m)
