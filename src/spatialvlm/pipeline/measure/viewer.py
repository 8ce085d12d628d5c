"""What is measured from the camera: how far things are and in which direction, how high it is and how it is tilted.

Bearings and angles have a floor that stands for that of places: a thing must be as far beside the line that decides as
places must differ. They know nothing of scale; what is wrong across the ray, over the distance, makes their error.
"""

import math

import numpy as np
from jaxtyping import Float64

from spatialvlm.answers import BoundingBox, Region
from spatialvlm.geometry import outline, spans, tight_box
from spatialvlm.kinds import hours_of
from spatialvlm.pipeline.measure.column import LENGTH, Column, Quantity, Table, finish_length, with_scale
from spatialvlm.pipeline.measure.objects import PerObject, dot
from spatialvlm.records import Scene

LEAST_ANGLE_RAD = math.radians(2.0)
"""Nobody calls a smaller angle one: the camera is level, two things lie in one direction."""
HOUR_RAD = math.pi / 6
LEAST_BOX_SHARE = 0.015
"""Of the image's width and height: of a narrower box people miss half by a few pixels, where they see it at all."""

Places = Float64[np.ndarray, "3 p"]


def _distance(table: Table) -> Column:
    objects, rays = table.objects, table.rays
    variance = rays.error**2 + (objects.setting.local * rays.pull(objects)) ** 2
    for mode in objects.modes:
        variance += (mode.sigma * rays.pull(mode)) ** 2
    column = Column(table.singles, rays.away, np.sqrt(variance))
    column.error = with_scale(column, objects)
    finish_length(column, objects, table.config)
    return column


def _of_scenes(table: Table, number: PerObject, error: PerObject) -> Column:
    """Make a column about the scenes themselves."""
    scene = table.objects.by_scene.scene
    return Column(np.empty((len(scene), 0), np.int64), number, error, of=scene)


def _focal(table: Table) -> tuple[PerObject, PerObject]:
    """List for each scene the focal length's error, and that where up comes from a plane that turns along with it."""
    focal = np.array([scene.camera.focal_error for scene in table.scenes], np.float64)
    return focal, focal * np.array([scene.gravity == "plane" for scene in table.scenes], bool)


def _height(table: Table) -> Column:
    setting = table.objects.by_scene
    height, along = setting.viewer[2], 1.0 - setting.forward[2] ** 2
    column = _of_scenes(table, height, np.hypot(setting.support_m, _focal(table)[0] * along * height))
    column.error = with_scale(column, table.objects)
    column.refuse("gravity_unknown", ~setting.upright)
    column.refuse("no_support_plane", ~setting.on_plane)
    finish_length(column, table.objects, table.config)
    return column


def _pitch(table: Table) -> Column:
    setting = table.objects.by_scene
    down, along = -setting.forward[2], np.sqrt(dot(setting.forward[:2], setting.forward[:2]))
    column = _of_scenes(table, np.arctan2(down, along), np.hypot(setting.tilt_rad, _focal(table)[1] * down * along))
    column.refuse("gravity_unknown", ~setting.upright)
    _decide_side(column, table, np.full(len(column.number), LEAST_ANGLE_RAD))
    return column


def _decide_side(column: Column, table: Table, floor: PerObject) -> None:
    """Tell to which side an angle is, beyond its margin, and whether it is known well enough to be said."""
    size, config = np.abs(column.number), table.config
    column.outcome = np.sign(column.number).astype(np.int8)
    column.refuse("too_close_to_call", size <= np.maximum(config.margin_sigmas * column.error, floor))
    column.refuse("too_uncertain", column.error > config.max_relative_error * size)


def _bearings(table: Table) -> tuple[Column, PerObject]:
    """Measure bearings to the right of the heading, and their floors."""
    objects, rays, config = table.objects, table.rays, table.config
    setting, (x, y, z) = objects.setting, rays.way
    far = np.maximum(np.sqrt(x * x + y * y), 1e-9)
    side = np.stack([y / far, -x / far, np.zeros_like(far)])
    variance = rays.across(table.singles[:, 0], side)
    for mode in objects.modes:
        if mode.turns:
            variance += (mode.sigma * dot(side, rays.moved(mode))) ** 2
    # A tilt of up turns what is above or below the horizon sideways; the heading, if the camera is pitched, too.
    pitched = setting.forward[2] / np.maximum(setting.forward[1], 1e-9)
    tilted = (z * side[1] / far) ** 2 + (z * side[0] / far - pitched) ** 2
    error = np.sqrt(variance / far**2 + setting.tilt_rad**2 * tilted)
    column = Column(table.singles, np.arctan2(x, y), error)
    column.refuse("truncated", objects.truncated)
    column.refuse("occluded", objects.occluded)
    floor = np.maximum(config.place_floor_m * setting.metric, config.place_floor_share * rays.away)
    return column, floor / far


def _bearing(table: Table) -> Column:
    column, floor = _bearings(table)
    _decide_side(column, table, floor)
    return column


def _hour(table: Table) -> Column:
    column, floor = _bearings(table)
    column.outcome = hours_of(column.number)
    to_next = HOUR_RAD / 2 - np.abs(column.number - HOUR_RAD * np.rint(column.number / HOUR_RAD))
    margin = np.maximum(table.config.margin_sigmas * column.error, floor)
    column.refuse("too_close_to_call", to_next <= margin)
    return column


def _angle(table: Table) -> Column:
    objects, rays, (a, b) = table.objects, table.rays, table.pairs
    one, other = rays.direction[:, a], rays.direction[:, b]
    cosine, normal = dot(one, other), _cross(one, other)
    sine = np.sqrt(dot(normal, normal))
    # Unit vectors across the rays, away from the other ray: along these a move widens the angle.
    one_side, other_side = ((cosine * u - v) / np.maximum(sine, 1e-9) for u, v in ((one, other), (other, one)))
    far_a, far_b = np.maximum(rays.away[a], 1e-9), np.maximum(rays.away[b], 1e-9)
    variance = rays.across(a, one_side) / far_a**2 + rays.across(b, other_side) / far_b**2
    for mode in objects.modes:
        if mode.turns:
            moved = rays.moved(mode)
            wider = dot(one_side, moved[:, a]) / far_a + dot(other_side, moved[:, b]) / far_b
            variance += (mode.sigma[a] * wider) ** 2
    column = Column(np.stack([a, b], axis=1), np.arctan2(sine, cosine), np.sqrt(variance))
    column.refuse("truncated", column.any_of(objects.truncated))
    column.refuse("occluded", column.any_of(objects.occluded))
    column.refuse("too_small", column.number < LEAST_ANGLE_RAD)
    column.refuse("too_uncertain", column.error > table.config.max_relative_error * column.number)
    return column


def _cross(one: Places, other: Places) -> Places:
    (x, y, z), (u, v, w) = one, other
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u])


_CUT = ("truncated", "occluded")


def _place(table: Table) -> Column:
    """Take every object: its mask says where it is."""
    nothing = np.zeros(len(table.singles))
    return Column(table.singles, nothing, nothing)


def _box(table: Table) -> Column:
    """Take every object whose box in the image is wide and high enough to be said by whole thousandths."""
    column = _place(table)
    boxes = [o.instance.box_xyxy for scene in table.scenes for o in scene.objects]
    sides = np.array(boxes, np.float64).reshape(-1, 2, 2)
    counts = [len(scene.objects) for scene in table.scenes]
    sizes = np.array([(scene.camera.width, scene.camera.height) for scene in table.scenes], np.float64).reshape(-1, 2)
    shares = (sides[:, 1] - sides[:, 0]) / np.repeat(sizes, counts, axis=0)
    column.refuse("too_small", shares.min(axis=1, initial=1.0) < LEAST_BOX_SHARE)
    return column


def _mask(scene: Scene, place: int, number: float) -> Region:
    return Region(outline(scene.objects[place].instance.mask))


def _mask_box(scene: Scene, place: int, number: float) -> BoundingBox:
    instance = scene.objects[place].instance
    box = tight_box(instance.mask)
    if "detect" in scene.versions and not spans(instance.mask, instance.box_xyxy):
        box = instance.box_xyxy  # a model found the whole, and its mask is of a part
    left, top, right, bottom = box.tolist()
    width, height = scene.camera.width, scene.camera.height
    return BoundingBox(left / width, top / height, right / width, bottom / height)


QUANTITIES = (
    Quantity(
        "camera_distance",
        "distance from the camera to the box centre; the nearest points of the boxes are the second witness",
        _distance,
        LENGTH,
        (*_CUT, "too_close_to_call", "witnesses_disagree"),
    ),
    Quantity(
        "camera_height",
        "height of the camera above the support plane, which the question names",
        _height,
        ("gravity_unknown", "no_support_plane", "relative_scale", "too_small", "too_uncertain"),
    ),
    Quantity(
        "camera_pitch",
        "angle between the optical axis and the horizontal, positive where it looks down",
        _pitch,
        ("gravity_unknown", "too_close_to_call", "too_uncertain"),
    ),
    Quantity(
        "bearing",
        "angle on the ground between the viewer's heading and the box centre, positive to the right",
        _bearing,
        (*_CUT, "too_close_to_call", "too_uncertain"),
    ),
    Quantity(
        "clock_hour",
        "the hour that the bearing is nearest to: 12 straight ahead, one for each 30° to the right",
        _hour,
        (*_CUT, "too_close_to_call"),
    ),
    Quantity(
        "angle_between",
        "angle at the camera between the directions to the two box centres",
        _angle,
        (*_CUT, "too_small", "too_uncertain"),
    ),
    Quantity("place", "the mask of the object; any point of it is right", _place, in_image=_mask),
    Quantity(
        "image_box",
        "the box around the mask of the object; right where they overlap by half",
        _box,
        ("too_small",),
        in_image=_mask_box,
    ),
)
