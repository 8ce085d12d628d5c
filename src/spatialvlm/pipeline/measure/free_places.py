"""Where there is room beside an object: a place for a hand on the surface that it stands on, in sight and free.

Beside A is a rectangle on that surface: it begins beyond the margin from a face of A's box, and ends within A's own
width, 20 to 50 cm away. Along the face it is longer than A by half of that, but behind A no longer. Whether a place is
there is decided on a sparse grid of circles that are free all over. The outline is made of the few facts asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Region
from spatialvlm.geometry import Mask, decode_mask, edge_distance, outline
from spatialvlm.pipeline.measure.column import WHOLE, Column, Quantity, Table
from spatialvlm.pipeline.measure.lengths import place_floor
from spatialvlm.pipeline.measure.objects import Index, PerObject, dot
from spatialvlm.records import LevelSurface, Rle, Scene

HAND_M = 0.035  # half the width of what a place must have room for
LEAST_SHARE = 0.0125  # half its width in the picture, at least: who points there means nothing else
REACH_M = 0.2, 0.5
HIDDEN_SHARE, MOST_HIDDEN_M = 0.15, 0.2  # of A's own width: how far what is out of sight reaches beyond its box
WIDENED = 0.25  # of the reach: how far a rectangle goes beyond either end of the face
MOST_SURFACES = 10_000  # of a scene; a number beyond any
HALF, EVERY = 2, 2  # every second cell is looked at, and every second of these is the centre of a circle
NEAREST_M = 0.05  # what is nearer to the camera, or behind it, is in no picture
SIDES = {"left": (0, -1), "right": (0, 1), "front": (1, -1), "behind": (1, 1)}
"""The world axis of each side, and to which end of it."""

Places = Float64[np.ndarray, "..."]
Corners = Float64[np.ndarray, "3 n"]


@dataclass(frozen=True, slots=True, eq=False)
class _Circles:
    """Circles in the picture that are free all over: where their centres are in the world, and how far they go there.

    `column` is where the centre is in the picture, `radius` how far the circle goes; in pixels.
    """

    x: PerObject
    y: PerObject
    x_reach: PerObject
    y_reach: PerObject
    column: PerObject
    radius: PerObject


def _beside(side: str, table: Table) -> Column:
    """Take the objects that stand on a surface in sight and have room beside them; the number is where it begins."""
    objects = table.objects
    error = _face_error(side, table)
    hidden = np.minimum(HIDDEN_SHARE * np.maximum(objects.extent[0], objects.extent[1]), MOST_HIDDEN_M)
    least = np.maximum(place_floor(objects, table.config), hidden)
    margin = np.maximum(table.config.margin_sigmas * error, least)
    column = Column(table.singles, margin, error)
    known = np.array([scene.surfaces is not None for scene in table.scenes], bool)
    column.refuse("gravity_unknown", ~objects.setting.upright)
    column.refuse("relative_scale", ~objects.setting.metric)
    column.refuse("free_space_unknown", ~known[objects.setting.scene])
    column.refuse_cut(objects)
    column.refuse("no_surface", table.shared(_stands)[0] < 0)
    column.refuse("no_free_place", ~_has_room(side, table, np.flatnonzero(column.code == 0), margin))
    return column


def _stands(table: Table) -> tuple[Index, PerObject]:
    """Find which of its scene's surfaces each object stands on, -1 for none, and how high that is."""
    place, height = np.full(len(table.objects.place), -1), np.zeros(len(table.objects.place))
    first = 0
    for scene in table.scenes:
        row = {one.instance.id: first + number for number, one in enumerate(scene.objects)}
        for number, surface in enumerate(scene.surfaces or ()):
            on = [row[thing] for thing in surface.things if thing in row]
            place[on], height[on] = number, surface.height_m
        first += len(scene.objects)
    return place, height


def _face(side: str, low: Corners, high: Corners) -> Places:
    """Find the face that a side begins at. The back, which nobody sees, is taken to be as far as A is wide."""
    axis, end = SIDES[side]
    if side == "behind":
        return np.maximum(high[1], low[1] + high[0] - low[0])
    return low[axis] if end < 0 else high[axis]


def _face_error(side: str, table: Table) -> PerObject:
    """Compute how wrong a face is beside places on the surface, which drift of depth does not move.

    The height and the tilt of the surface move these along their rays.
    """
    axis, end = SIDES[side]
    objects, setting, (x, y) = table.objects, table.objects.setting, table.objects.centre[:2]
    below = np.maximum(setting.viewer[2] - table.shared(_stands)[1], NEAREST_M)
    raised = np.sqrt(setting.support_m**2 + setting.tilt_rad**2 * (x * x + y * y)) / below
    moved = np.hypot(setting.local, raised) * _face(side, objects.low, objects.high)
    return np.hypot((objects.low_error if end < 0 else objects.high_error)[axis], moved)


def _zone(side: str, low: Corners, high: Corners, margin: PerObject | float) -> list[Places]:
    """Find the rectangle beside boxes: least and greatest x, least and greatest y."""
    axis, end = SIDES[side]
    reach = np.clip(np.maximum(high[0] - low[0], high[1] - low[1]), *REACH_M)
    beyond = (
        0.0 if side == "behind" else WIDENED * reach
    )  # what is seen over A is behind it, what is seen past it beside
    ends = [(low[k] - beyond, high[k] + beyond) for k in (0, 1)]
    face = _face(side, low, high)
    ends[axis] = (face - reach, face - margin) if end < 0 else (face + margin, face + reach)
    return [*ends[0], *ends[1]]


def _columns(side: str, scene: Scene, places: Index) -> tuple[PerObject, PerObject]:
    """Find the columns of the picture beside objects: left and right are what these say as well as the world."""
    boxes, every = (
        np.array([scene.objects[place].instance.box_xyxy for place in places.tolist()], np.float64),
        len(places),
    )
    left, right = np.zeros(every), np.full(every, float(scene.camera.width))
    return (left, boxes[:, 0]) if side == "left" else (boxes[:, 2], right) if side == "right" else (left, right)


def _has_room(side: str, table: Table, asked: Index, margin: PerObject) -> Bool[np.ndarray, " n"]:
    """Tell which objects have a free circle beside them, all of it in the rectangle."""
    objects, surface = table.objects, table.shared(_stands)[0]
    zone = np.array(_zone(side, objects.low, objects.high, margin))
    found = np.zeros(len(margin), bool)
    where = objects.setting.scene[asked] * MOST_SURFACES + surface[asked]
    for one in np.unique(where).tolist():
        scene, number = divmod(one, MOST_SURFACES)
        some = asked[where == one]
        circles = table.shared(_circles)[scene][number]
        least_x, most_x, least_y, most_y = zone[:, some, None]
        left, right = _columns(side, table.scenes[scene], objects.place[some])
        inside = (circles.x - circles.x_reach > least_x) & (circles.x + circles.x_reach < most_x)
        inside &= (circles.y - circles.y_reach > least_y) & (circles.y + circles.y_reach < most_y)
        inside &= (circles.column - circles.radius >= left[:, None]) & (
            circles.column + circles.radius <= right[:, None]
        )
        found[some] = inside.any(axis=1)
    return found


def _circles(table: Table) -> list[list[_Circles]]:
    """Find the free circles of each surface of each scene, as small as a hand and a pointing finger allow."""
    return [[_circles_of(scene, surface) for surface in scene.surfaces or ()] for scene in table.scenes]


def _circles_of(scene: Scene, surface: LevelSurface) -> _Circles:
    free = _decoded(surface.free)[::HALF, ::HALF]  # what is taken is wider than that
    cell, least = HALF * scene.camera.width / surface.free.width, LEAST_SHARE * scene.camera.width
    start = EVERY // 2
    clear = (edge_distance(free)[start::EVERY, start::EVERY] - 1.0) * cell
    rows, columns = np.nonzero(clear >= least)
    clear = clear[rows, columns]
    column, row = ((EVERY * at + start) * cell + cell / (2 * HALF) for at in (columns, rows))
    place = np.array(_ground(scene, surface.height_m, column, row))
    right = np.array(_ground(scene, surface.height_m, column + 1.0, row)) - place  # metres per pixel
    down = np.array(_ground(scene, surface.height_m, column, row + 1.0)) - place
    radius = np.maximum(
        LEAST_SHARE * scene.camera.width, HAND_M / np.sqrt(np.minimum(dot(right, right), dot(down, down)))
    )
    reach = radius * np.sqrt(right * right + down * down)
    roomy = np.flatnonzero(clear >= radius)
    return _Circles(*(values[roomy] for values in (*place, *reach, column, radius)))


def _ground(scene: Scene, height_m: float, columns: Places, rows: Places) -> tuple[Places, Places]:
    """Find where rays through pixels meet a level, x and y; NaN where they never do."""
    matrix, turn = scene.camera.image_from_camera, scene.world_from_camera
    ray_x, ray_y = (columns - matrix[0, 2]) / matrix[0, 0], (rows - matrix[1, 2]) / matrix[1, 1]
    x, y, z = (turn[axis, 0] * ray_x + turn[axis, 1] * ray_y + turn[axis, 2] for axis in range(3))
    depth = (height_m - turn[2, 3]) / np.where(z < 0, z, np.nan)
    return turn[0, 3] + depth * x, turn[1, 3] + depth * y


@lru_cache(maxsize=4)  # several are asked about one scene, one after the other
def _decoded(free: Rle) -> Mask:
    return decode_mask(free)


def _region(side: str, scene: Scene, place: int, margin: float) -> Region:
    """Outline the free space beside an object: the piece with the most room."""
    one = scene.objects[place]
    surface = next(surface for surface in scene.surfaces or () if one.instance.id in surface.things)
    free = _decoded(surface.free)
    cell = scene.camera.width / free.shape[1]
    low, high = one.box.low_in_world[:, None], one.box.high_in_world[:, None]
    least_x, most_x, least_y, most_y = zone = [float(end[0]) for end in _zone(side, low, high, margin)]
    window = _window(scene, zone, surface.height_m, free.shape, cell)
    rows, columns = ((np.arange(part.start, part.stop) + 0.5) * cell for part in window)
    x, y = _ground(scene, surface.height_m, columns, rows[:, None])
    left, right = _columns(side, scene, np.array([place]))
    beside = free[window] & (x > least_x) & (x < most_x) & (y > least_y) & (y < most_y)
    beside &= (columns > left) & (columns < right)
    pieces = np.asarray(cv2.connectedComponents(beside.view(np.uint8), connectivity=4)[1])
    whole = np.zeros(free.shape, bool)
    whole[window] = beside & (pieces == pieces.ravel()[edge_distance(beside).argmax()])
    return Region(outline(whole))


def _window(
    scene: Scene, zone: Sequence[float], height_m: float, shape: tuple[int, ...], cell: float
) -> tuple[slice, slice]:
    """Find the cells around a rectangle at a height; all where some of it is not in front of the camera."""
    turn = scene.world_from_camera
    corners = np.array([(x, y, height_m) for x in zone[:2] for y in zone[2:]]) - turn[:3, 3]
    in_image = scene.camera.image_from_camera @ (corners @ turn[:3, :3]).T
    if in_image[2].min() < NEAREST_M:
        return slice(0, shape[0]), slice(0, shape[1])
    places = in_image[:2] / in_image[2] / cell
    first, last = np.floor(places.min(axis=1)).astype(int).tolist(), np.ceil(places.max(axis=1)).astype(int).tolist()
    across, down = (slice(max(0, low), min(most, high)) for low, high, most in zip(first, last, shape[::-1]))
    return down, across


QUANTITIES = tuple(
    Quantity(
        f"free_{side}",
        "the free part of the surface that A stands on, which the question names, beside A's box on that side: beyond "
        "the margin from its face, and within A's own width (20 to 50 cm); with room for a hand, 7 cm across. Any "
        "point of the piece with the most room is right",
        partial(_beside, side),
        ("gravity_unknown", "relative_scale", "free_space_unknown", *WHOLE, "no_surface", "no_free_place"),
        in_image=partial(_region, side),
    )
    for side in SIDES
)
