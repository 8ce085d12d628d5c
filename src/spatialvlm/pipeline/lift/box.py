"""The clean surface of an object in the world -> its viewer-aligned box with the error of each face, and its points."""

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spatialvlm.captions import read
from spatialvlm.geometry import sum_of, transform
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.lift.exact_depth import contact_height
from spatialvlm.pipeline.lift.occlusion import Neighbours, cut_sides
from spatialvlm.pipeline.lift.reach import UNSURE, reach_of
from spatialvlm.pipeline.lift.surface import QUIET, Surface
from spatialvlm.pipeline.lift.world import World, contact_band_m
from spatialvlm.records import Box, Instance, Object

PERCENTILES = (1.0, 99.0)
OCCLUDED_SHARE = 0.03  # of the outline lies behind something nearer
UNDERSIDE_SHARE = 1.0  # a bottom lower than this share of the visible height may be a hidden underside
STEEP = 0.4  # cosine of the view's angle below the horizon: steeper, and sides are out of sight or a few pixels
UNDERSIDE_ERROR = 0.4  # of the underside that a ball seen from there would hide: 3 sigma cover it
DISPUTED_SHARE = 0.003  # of the points; fewer can't move a percentile
DISPUTED_WEIGHT = 0.5
LOWEST_POINTS = 4  # fewer may be stray
UNSEEN_ERROR = 0.5  # of the extent, times the share of the mask without a surface
FACE_FLOOR_M = 0.0005
EXACT_EDGE, EXACT_SAMPLED = 0.05, 0.2
"""Of how far a face moves with the outline, where depth is exact and faces rest on all pixels, or on some of them."""
FROM_ABOVE = 0.9  # cosine of the view's angle below the horizon
HELD_FROM_ABOVE = frozenset(["gripper"])  # an arm carries it; nothing out of sight below need do so
UNDER_PIXEL = 0.6  # a lower edge is anywhere between the last pixel's middle and the next one's
ON_A_RUG = 0.5  # of how high the lowest point is: nothing else lifts it where depth is exact
STRAY = 1.5  # times its noise: what remains of the outermost of some hundred points
FACE_NOISE = 0.6  # of the points' noise along the axis is left in a face, a percentile of many points
UPRIGHT_NOISE = 1.0  # the same of the upper and the lower face: a flat top ends where its noise does

Bottom = Literal["support", "seen", "hidden"]


def lift_object(
    instance: Instance,
    surface: Surface,
    world: World,
    focal_px: float,
    config: LiftConfig,
    neighbours: Neighbours | None = None,
) -> Object | str:
    """Lift one instance to its Object: points, box and flags; or say why it is none (`code: sentence`).

    Without `neighbours` it is occluded as by the rules 1 of LiftConfig.
    """
    matrix = world.world_from_camera
    points = (matrix[:3, :3] @ surface.points_in_camera.T + matrix[:3, 3:]).T  # axis by axis, as the surface has them
    faces = np.percentile(points, PERCENTILES, axis=0) if surface.exact else percentile_faces(points)
    if world.support.surface is not None and np.abs(faces[:, 2]).max() < contact_band_m(surface, focal_px):
        return "not_above_support: nothing under the mask rises above the support plane (flat, or glass seen through)"
    low_error, high_error = _face_errors(points, surface, world, faces, config)
    low, high = faces
    reach, under = reach_of(instance, surface.depth_m, focal_px), 0.0
    if reach is not None:
        low, high, under = low - reach.beyond_m[0], high + reach.beyond_m[1], float(reach.beyond_m[0, 2])
        low_error, high_error = np.hypot((low_error, high_error), reach.error_m)
    occluded = _is_occluded(instance, surface, world, focal_px, neighbours)
    level = _level(points, world)
    drift = world.errors.local * float(world.world_from_camera[2, 3])
    lowest, band = _lowest(points) - under, contact_band_m(surface, focal_px) + UNSURE * under
    doubtful = np.concatenate([surface.lost_in_camera, surface.disputed_in_camera])
    below = transform(world.world_from_camera, doubtful)
    footless = len(below) > LOWEST_POINTS and _lowest(below) < lowest - band
    cut = surface.truncated or occluded or footless or level < STEEP or under > 0
    contact = None
    if surface.exact and neighbours is not None:
        contact = contact_height(np.asarray(instance.mask), neighbours, band)
        # Seen from above, what touches nothing does not float: something out of sight carries it.
        cut |= contact is None and level < FROM_ABOVE and not _is_held_from_above(instance)
    bottom = _bottom(lowest, low, high, world, band + 2.0 * drift, cut)
    if bottom == "support":
        foot_m = math.hypot(*((low + high)[:2] / 2))
        # Its lowest point is off the plane because the mask ends short of the contact, or because depth drifts there,
        # which moves the top as well: each takes its share of the blame.
        ends_short = band / 2.0
        blame = drift**2 / (drift**2 + ends_short**2)
        high[2] -= blame * lowest
        low[2] = 0.0
        unsure = 0.0
        if surface.exact:
            unsure = ON_A_RUG * max(lowest, 0.0) if contact is None else contact
        low_error[2] = math.hypot(world.errors.support_m, foot_m * world.errors.tilt_rad, unsure)
        high_error[2] = math.hypot(high_error[2], math.sqrt(blame) * ends_short)
    elif bottom == "seen":
        # What a ball of this visible height would hide below, looked at from above.
        underside = (high[2] - low[2]) * (1.0 - level) / (1.0 + level)
        beneath_m = UNDERSIDE_ERROR * underside
        if surface.exact:
            pixel_m = UNDER_PIXEL * surface.depth_m / focal_px
            beneath_m = math.hypot(beneath_m, pixel_m) if contact is None else low[2] - contact
        low_error[2] = math.hypot(low_error[2], beneath_m)
    elif world.support.surface is not None and low[2] > 0:
        low_error[2] = math.hypot(low_error[2], low[2] / 2.0)  # it may reach down to the plane
    box = Box(low, np.maximum(high, low), low_error, high_error)
    spread = _kept_points(points, surface, world, faces, config)
    return Object(instance, spread, box, surface.truncated, occluded, bottom)


def _kept_points(
    points: Float64[np.ndarray, "n 3"],
    surface: Surface,
    world: World,
    faces: Float64[np.ndarray, "2 3"],
    config: LiftConfig,
) -> Float32[np.ndarray, "m 3"]:
    """Choose the points that an object keeps: steady, not stray and spread out, and the ends where depth is exact.

    The steady ones if they are at least half; stray ones too by the rules 1 of LiftConfig.
    """
    keeps = surface.steady if 2 * np.count_nonzero(surface.steady) > len(points) else np.ones(len(points), bool)
    if config.rules > 1 and surface.noise_m >= QUIET * surface.depth_m:
        keeps = keeps & _near_enough(points, surface, world, faces)
    inner = surface.inner
    if not keeps.all():
        kept = np.flatnonzero(keeps)
        points, inner = points.T.take(kept, axis=1).T, inner[kept]
    spread = spread_out(points, inner, config.max_points)
    if surface.exact and len(spread) < len(points):  # nothing is stray: the ends are those of the thing
        ends = np.concatenate([points.argmin(axis=0), points.argmax(axis=0)])
        spread[: len(ends)] = points[ends]
    return spread


def _near_enough(
    points: Float64[np.ndarray, "n 3"], surface: Surface, world: World, faces: Float64[np.ndarray, "2 3"]
) -> Bool[np.ndarray, " n"]:
    """Find the points that are in the box, or no further beyond it than where some point surely is."""
    stray_m = STRAY * surface.noise_of_points_m[:, None] * np.abs(_along_ray(surface, world))
    least, most = (points + stray_m).min(axis=0), (points - stray_m).max(axis=0)
    return ((points >= np.minimum(least, faces[0])) & (points <= np.maximum(most, faces[1]))).all(axis=1)


def _along_ray(surface: Surface, world: World) -> Float64[np.ndarray, " 3"]:
    """Find how far a point of the object moves in the world for each metre of its depth."""
    ray = sum_of(surface.points_in_camera) / len(surface.points_in_camera)
    return world.world_from_camera[:3, :3] @ (ray / ray[2])


def _face_errors(
    points: Float64[np.ndarray, "n 3"],
    surface: Surface,
    world: World,
    faces: Float64[np.ndarray, "2 3"],
    config: LiftConfig,
) -> Float64[np.ndarray, "2 3"]:
    """Compute 1 sigma of the low and high faces.

    How far each moves when the outline moves by a pixel, how far disputed and lost points would, the noise along its
    axis, a share of the extent where part of the mask has no depth, and a floor.
    """
    inner = points.T.take(np.flatnonzero(surface.inner), axis=1).T
    if len(inner) < 10:
        inner = points * 0.9 + sum_of(points) / len(points) * 0.1
    edge_share, floor_m = config.mask_edge_error_px / surface.stride, FACE_FLOOR_M
    if surface.exact:
        edge_share, floor_m = min(edge_share, EXACT_EDGE if surface.stride == 1 else EXACT_SAMPLED), 0.0
    edge = (percentile_faces(inner) - faces) * edge_share
    disputed = DISPUTED_WEIGHT * _moved_by(surface.disputed_in_camera, points, world, faces)
    lost = _moved_by(surface.lost_in_camera, points, world, faces)
    left = [FACE_NOISE, FACE_NOISE, FACE_NOISE if config.rules == 1 else UPRIGHT_NOISE]
    noise = np.array(left) * surface.noise_m * _along_ray(surface, world)
    unseen = UNSEEN_ERROR * surface.unseen_share * (faces[1] - faces[0])
    return np.sqrt(edge**2 + disputed**2 + lost**2 + noise**2 + unseen**2 + floor_m**2)


def _moved_by(
    others_in_camera: Float64[np.ndarray, "d 3"],
    points: Float64[np.ndarray, "n 3"],
    world: World,
    faces: Float64[np.ndarray, "2 3"],
) -> Float64[np.ndarray, "2 3"]:
    """Say how far more points would move the faces."""
    if len(others_in_camera) <= DISPUTED_SHARE * len(points):
        return np.zeros((2, 3))
    others = transform(world.world_from_camera, others_in_camera)
    return percentile_faces(np.concatenate([points, others])) - faces


def percentile_faces(points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "2 3"]:
    """Find the low and high faces of a viewer-aligned box: the 1st and 99th percentile along each axis."""
    last = len(points) - 1
    places = [min(round(last * q / 100), last) for q in PERCENTILES]
    return np.partition(np.ascontiguousarray(points.T), places, axis=1)[:, places].T


def _is_occluded(
    instance: Instance, surface: Surface, world: World, focal_px: float, neighbours: Neighbours | None
) -> bool:
    """Tell whether something cuts it: points just outside the outline are nearer than it and not the support plane."""
    if neighbours is not None:
        return bool(cut_sides(instance, neighbours, contact_band_m(surface, focal_px)).any())
    heights = transform(world.world_from_camera, surface.occluder_in_camera)[:, 2]
    above = len(heights)
    if world.support.surface is not None:
        above = np.count_nonzero(heights > 1.5 * contact_band_m(surface, focal_px))
    return bool(above > max(3, OCCLUDED_SHARE * surface.outline_pixels))


def _lowest(points: Float64[np.ndarray, "n 3"]) -> float:
    """Find the height of the lowest points: the tips of legs, which a percentile of all points misses."""
    place = min(len(points) - 1, max(LOWEST_POINTS, len(points) // 500))
    return float(np.partition(points[:, 2], place)[place])


def _bottom(
    lowest: float,
    low: Float64[np.ndarray, " 3"],
    high: Float64[np.ndarray, " 3"],
    world: World,
    band: float,
    cut: bool,
) -> Bottom:
    """Tell whether the object stands on the support plane, its lowest point is in sight, or nobody can tell."""
    if world.gravity is None:
        return "hidden"
    if world.support.surface is not None:
        if abs(lowest) <= band:
            return "support"
        if 0 < low[2] < UNDERSIDE_SHARE * (high[2] - low[2]) + band:
            return "hidden"
    return "hidden" if cut else "seen"


def _is_held_from_above(instance: Instance) -> bool:
    """Tell by its name whether a thing hangs from another: then its lowest visible point is its lowest."""
    return any(read(caption).noun in HELD_FROM_ABOVE for caption in instance.captions[:1])


def _level(points: Float64[np.ndarray, "n 3"], world: World) -> float:
    """Compute the cosine of how far the view of the object looks down: 1 if level or from below, 0 from above."""
    line = sum_of(points) / len(points) - world.world_from_camera[:3, 3]
    return math.hypot(line[0], line[1]) / float(np.linalg.norm(line)) if line[2] < 0 else 1.0


def spread_out(
    points: Float64[np.ndarray, "n 3"], inner: Bool[np.ndarray, " n"], most: int
) -> Float32[np.ndarray, "m 3"]:
    """Keep at most `most` points, one to a cell of a cubic grid; a cell on the outline is represented by its rim.

    The order is such that every prefix is spread out too.
    """
    by_axis = np.ascontiguousarray(points.T)
    low = by_axis.min(axis=1)
    extent = by_axis.max(axis=1) - low
    cell = max(math.sqrt(0.8 * float((extent * extent[[2, 0, 1]]).sum()) / most), 1e-4)
    x, y, z = ((by_axis - low[:, None]) / cell).astype(np.int64)
    # One sort of (cell, inner, place) brings the point that stands for its cell to the front of it.
    bits = len(points).bit_length()
    cells = (z * (y.max() + 1) + y) * (x.max() + 1) + x
    ordered = np.sort((cells * 2 + inner << bits) + np.arange(len(points)))
    first = np.ones(len(ordered), bool)
    first[1:] = np.diff(ordered >> bits + 1) != 0
    chosen = np.sort(ordered[first] % (2 << bits))[:most] % (1 << bits)
    return np.ascontiguousarray(points[chosen[_shuffled(len(chosen))]], np.float32)


@lru_cache(maxsize=1024)
def _shuffled(count: int) -> Int64[np.ndarray, " n"]:
    """Shuffle the numbers below `count`, always into the same disorder."""
    return np.random.Generator(np.random.PCG64(count)).permutation(count)
