"""How far marked points are: one point of each object, which the question calls by its place in the image.

What is seen at a pixel is known without the object's outline: whether it is cut or touches the border does not matter.
Errors of depth move a point along its ray, so that they are errors of its distance in full.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.geometry import points_on_objects
from spatialvlm.pipeline.measure.column import IN_METRES, Column, Quantity, Table, with_scale
from spatialvlm.pipeline.measure.comparisons import SCALE_THAT_COUNTS
from spatialvlm.pipeline.measure.groups import listed
from spatialvlm.pipeline.measure.objects import PerObject, combined, dot, pairs_of, shared_drift

ONE_POINT = 2.0
"""A point has the noise of one point, a face that of a percentile of many: at most so many times as much."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The point of each of n objects. `own`: 1 sigma of its distance that no other point shares.

    `pulls` are what scenes share beside the scale and the drift of depth: how far each moves the point away per unit,
    with its 1 sigma.
    """

    sure: Bool[np.ndarray, " n"]
    pixel: Float64[np.ndarray, "2 n"]
    away: PerObject
    depth: PerObject
    own: PerObject
    pulls: tuple[tuple[PerObject, PerObject], ...]


def _seen(table: Table) -> _Seen:
    objects = table.objects
    setting, points = objects.setting, points_on_objects(table.scenes)
    way = points.in_world.T - setting.viewer
    away, depth = np.sqrt(dot(way, way)), dot(way, setting.forward)
    # No face would be as sure as it is if the points' noise along the ray were more than that.
    along = np.maximum(np.abs(way) / np.maximum(away, 1e-9), 1e-3)
    faces = np.minimum(objects.low_error, objects.high_error)
    faces[2] = np.where(objects.standing, objects.high_error[2], faces[2])  # a bottom has the error of its plane
    noise = ONE_POINT * (faces / along).min(axis=0)
    focal, shift = (
        np.array(errors, np.float64)[setting.scene]
        for errors in ([s.camera.focal_error for s in table.scenes], [s.errors.shift for s in table.scenes])
    )
    off_axis = 1.0 - (depth / np.maximum(away, 1e-9)) ** 2
    return _Seen(
        points.sure,
        points.pixels.T.astype(np.float64),
        away,
        depth,
        np.hypot(noise, points.doubt * away),
        ((focal, away * off_axis), (shift, away * depth)),
    )


def _distance(table: Table) -> Column:
    objects, seen = table.objects, table.shared(_seen)
    variance = seen.own**2 + (objects.setting.local * seen.away) ** 2
    for sigma, pull in seen.pulls:
        variance += (sigma * pull) ** 2
    column = Column(table.singles, seen.away, np.sqrt(variance))
    column.error = with_scale(column, objects)
    column.refuse("no_sure_point", ~seen.sure)
    column.refuse("relative_scale", ~objects.by_scene.metric[column.scenes(objects)])
    column.refuse("too_small", column.number < table.config.min_length_m)
    column.refuse("too_uncertain", column.error > table.config.max_relative_error * column.number)
    return column


def _compared(table: Table) -> Column:
    """Compare how far away two are, of all ordered pairs: z-depth along the optical axis is second witness."""
    objects, config, seen = table.objects, table.config, table.shared(_seen)
    a, b = pairs_of(table.scenes, ordered=True)
    number, setting = seen.away[a] - seen.away[b], objects.setting
    apart = seen.pixel[:, a] - seen.pixel[:, b]
    shared = shared_drift(np.sqrt(dot(apart, apart)), setting.local_reach_px[a])
    variance = seen.own[a] ** 2 + seen.own[b] ** 2 + (np.minimum(setting.scale[a], SCALE_THAT_COUNTS) * number) ** 2
    variance += (setting.local[a] * combined(seen.away[a], seen.away[b], shared)) ** 2
    for sigma, pull in seen.pulls:
        variance += (sigma[a] * (pull[a] - pull[b])) ** 2
    column = Column(np.stack([a, b], axis=1), number, np.sqrt(variance))
    farther = np.maximum(seen.away[a], seen.away[b])
    floor = np.maximum(config.place_floor_m * setting.metric[a], config.place_floor_share * farther)
    column.refuse("no_sure_point", column.any_of(~seen.sure))
    column.refuse("too_close_to_call", np.abs(number) <= np.maximum(config.margin_sigmas * column.error, floor))
    column.outcome = np.where(column.code == 0, np.sign(number), 0).astype(np.int8)
    deeper = (seen.depth[a] - seen.depth[b]) * column.outcome
    column.refuse("witnesses_disagree", deeper < 0.5 * floor)
    return column


def _nearer(table: Table) -> Column:
    """List of each pair the nearer one first."""
    both = table.shared(_compared)
    first = both.subjects[:, 0] < both.subjects[:, 1]
    rows = np.flatnonzero((both.number < 0) | ((both.number == 0) & first))
    column = Column(both.subjects[rows], -both.number[rows], both.error[rows])
    column.code = both.code[rows]
    return column


def _order(table: Table) -> Column:
    return listed(table, table.shared(_compared), table.shared(_seen).away, 1, ranked=True)


_PLACES = ("no_sure_point", "too_close_to_call", "witnesses_disagree")

QUANTITIES = (
    Quantity(
        "point_distance",
        "distance from the camera, in a straight line, to what is seen at a point well inside the object's mask",
        _distance,
        ("no_sure_point", *IN_METRES),
    ),
    Quantity(
        "nearer_point",
        "those distances of two points, one less than the other beyond the margin; depth along the optical axis is the "
        "second witness",
        _nearer,
        _PLACES,
    ),
    Quantity(
        "point_order",
        "those distances of several points, each less than the next beyond the margin; depth along the optical axis is "
        "the second witness",
        _order,
        _PLACES,
    ),
)
