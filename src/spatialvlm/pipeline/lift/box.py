"""The clean surface of an object in the world -> its viewer-aligned box, with the error of each face, and its points."""

import math
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.geometry import transform
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.lift.gravity import World, contact_band_m
from spatialvlm.pipeline.lift.surface import Surface
from spatialvlm.records import Box, Instance, Object

PERCENTILES = (1.0, 99.0)
OCCLUDED_SHARE = 0.03  # of the outline lies behind something nearer
UNDERSIDE_SHARE = 1.0  # a bottom lower than this share of the visible height may be a hidden underside
UNDERSIDE_ERROR = 0.25  # of the underside that a ball seen from there would hide
FACE_FLOOR_M = 0.0005
FACE_NOISE = 0.6  # of the points' noise along the axis is left in a face, a percentile of many points

Bottom = Literal["support", "seen", "hidden"]


def lift_object(instance: Instance, surface: Surface, world: World, focal_px: float, config: LiftConfig) -> Object:
    """The Object of one instance: points, box and flags."""
    points = transform(world.world_from_camera, surface.points_in_camera)
    low, high = (np.percentile(points, q, axis=0) for q in PERCENTILES)
    low_error, high_error = _face_errors(points, surface, world, low, high, config)
    occluded = _is_occluded(surface, world, focal_px)
    bottom = _bottom(low, high, surface, world, focal_px, surface.truncated or occluded)
    if bottom == "support":
        foot_m = math.hypot(*((low + high)[:2] / 2))
        low[2] = 0.0
        low_error[2] = math.hypot(world.errors.support_m, foot_m * world.errors.tilt_rad)
    elif bottom == "seen":
        low_error[2] = math.hypot(low_error[2], UNDERSIDE_ERROR * _hidden_underside(points, world, high[2] - low[2]))
    box = Box(low, np.maximum(high, low), low_error, high_error)
    return Object(instance, spread_out(points, surface.inner, config.max_points), box, surface.truncated, occluded, bottom)


def _face_errors(
    points: Float64[np.ndarray, "n 3"],
    surface: Surface,
    world: World,
    low: Float64[np.ndarray, " 3"],
    high: Float64[np.ndarray, " 3"],
    config: LiftConfig,
) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
    """1 sigma of the six faces: how far each moves when the outline moves by a pixel, and the noise along its axis."""
    inner = points[surface.inner]
    if len(inner) < 10:
        inner = points * 0.9 + points.mean(axis=0) * 0.1
    edge = config.mask_edge_error_px / surface.stride
    low_edge = np.abs(np.percentile(inner, PERCENTILES[0], axis=0) - low) * edge
    high_edge = np.abs(np.percentile(inner, PERCENTILES[1], axis=0) - high) * edge
    ray = surface.points_in_camera.mean(axis=0)
    along = np.abs(world.world_from_camera[:3, :3] @ (ray / ray[2]))
    noise = FACE_NOISE * float(np.median(surface.noise_m)) * along
    floor = FACE_FLOOR_M
    return np.sqrt(low_edge**2 + noise**2 + floor**2), np.sqrt(high_edge**2 + noise**2 + floor**2)


def _is_occluded(surface: Surface, world: World, focal_px: float) -> bool:
    """Cut by something nearer: points just outside the outline are nearer than the object and not the support plane."""
    heights = transform(world.world_from_camera, surface.occluder_points_in_camera)[:, 2]
    above = len(heights)
    if world.support.surface is not None:
        above = np.count_nonzero(heights > 1.5 * contact_band_m(surface, focal_px))
    return above > max(3, OCCLUDED_SHARE * surface.outline_pixels)


def _bottom(
    low: Float64[np.ndarray, " 3"],
    high: Float64[np.ndarray, " 3"],
    surface: Surface,
    world: World,
    focal_px: float,
    cut: bool,
) -> Bottom:
    """Whether the object stands on the support plane, its lowest point is in sight, or nobody can tell."""
    if world.gravity is None:
        return "hidden"
    if world.support.surface is not None:
        band = contact_band_m(surface, focal_px)
        if abs(low[2]) <= band:
            return "support"
        if 0 < low[2] < UNDERSIDE_SHARE * (high[2] - low[2]):
            return "hidden"
    return "hidden" if cut else "seen"


def _hidden_underside(points: Float64[np.ndarray, "n 3"], world: World, height_m: float) -> float:
    """How much of a ball of this visible height is out of sight below, looked at from above."""
    line = points.mean(axis=0) - world.world_from_camera[:3, 3]
    level = math.hypot(line[0], line[1]) / float(np.linalg.norm(line))
    return height_m * (1.0 - level) / (1.0 + level) if line[2] < 0 else 0.0


def spread_out(
    points: Float64[np.ndarray, "n 3"], inner: Bool[np.ndarray, " n"], most: int
) -> Float32[np.ndarray, "m 3"]:
    """At most `most` of the points, one to a cell of a cubic grid; a cell on the outline is represented by its rim.

    The order is such that every prefix is spread out too.
    """
    points = np.concatenate([points[~inner], points[inner]])
    extent = np.ptp(points, axis=0)
    areas = extent * np.roll(extent, 1)
    cell = max(math.sqrt(0.8 * float(areas.sum()) / most), 1e-4)
    keys = np.floor((points - points.min(axis=0)) / cell).astype(np.int64) @ np.array([1, 1 << 20, 1 << 40])
    first = np.sort(np.unique(keys, return_index=True)[1])[:most]
    return points[np.random.Generator(np.random.PCG64(len(first))).permutation(first)].astype(np.float32)
