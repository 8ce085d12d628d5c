"""The quantities behind all facts: lengths of objects and differences and distances of pairs, each with 1 sigma.

Errors are of three sorts: those of each object's box faces, independent between objects; those the whole scene shares
(depth scale: proportional to the length; tilt of up: mixes the horizontal into the vertical); and the drift of depth,
which moves what is seen in one place of the picture along its rays, and which neighbours in the picture share. What
else moves a scene in concert is a mode; see `modes`.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Float64

from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.measure.objects import Index, Objects, PerObject, PerPair, combined, dot, together


def size_of(objects: Objects) -> tuple[PerObject, PerObject]:
    """Compute the edge of a cube of the whole's volume, and its error: volume compared on a scale of metres."""
    extent = np.maximum(objects.end_to_end, 1e-4)
    size = np.cbrt(extent[0] * extent[1] * extent[2])
    relative = objects.extent_error / extent
    return size, size / 3 * np.sqrt(dot(relative, relative))


def size_stretch(objects: Objects, stretch: Float64[np.ndarray, "3 n"]) -> PerObject:
    """Say how far that size moves where the extents are stretched so far."""
    extent = np.maximum(objects.end_to_end, 1e-4)
    share = stretch / extent
    return np.cbrt(extent[0] * extent[1] * extent[2]) / 3 * (share[0] + share[1] + share[2])


def extent_errors(objects: Objects) -> Float64[np.ndarray, "3 n"]:
    """Compute the errors of the extents without scale: faces, drift, modes."""
    error = np.hypot(objects.extent_error, objects.setting.local * objects.stretch)
    for mode in objects.modes:
        error = np.hypot(error, mode.sigma * mode.stretch)
    return error


def between_centres(
    objects: Objects, a: Index, b: Index, axes: slice, tilt_rad: PerPair | float
) -> tuple[PerPair, PerPair]:
    """Measure two centres' distance over some axes, and its error without scale; tilt turns up into across and back."""
    way = objects.centre[:, a] - objects.centre[:, b]
    apart = way[axes]
    length = np.sqrt(dot(apart, apart))
    direction = apart / np.maximum(length, 1e-9)
    variance = objects.centre_error[axes, a] ** 2 + objects.centre_error[axes, b] ** 2
    across = np.sqrt(np.maximum(dot(way, way) - length**2, 0.0))
    pull_a, pull_b = (dot(direction, objects.pull[axes, i]) for i in (a, b))
    drift = objects.setting.local[a] * combined(pull_a, pull_b, together(objects, a, b))
    total = dot(direction**2, variance) + (tilt_rad * across) ** 2 + drift**2
    for mode in objects.modes:
        total += (mode.sigma[a] * dot(direction, (mode.pull[axes, a] - mode.pull[axes, b]))) ** 2
    return length, np.sqrt(total)


def error_of_centres(
    objects: Objects, subjects: Sequence[Index], gradients: Sequence[Float64[np.ndarray, "axes p"]]
) -> PerPair:
    """Compute the error of a number made of several centres, without scale; a gradient says how each centre moves it.

    Gradients have two axes on the ground, or three. Where up is known the number is one on the ground, where a tilt of
    up moves a place by its height.
    """
    setting, first, axes = objects.setting, subjects[0], len(gradients[0])
    squares = objects.centre_error[:axes] ** 2
    variance, leans = np.zeros(len(first)), np.zeros((2, len(first)))
    for at, gradient in zip(subjects, gradients):
        variance += dot(gradient * gradient, np.take(squares, at, axis=1))
        leans += gradient[:2] * objects.centre[2][at]
    variance += (setting.tilt_rad * setting.upright)[first] ** 2 * dot(leans, leans)
    if setting.local.any():
        pulls = [dot(gradient, np.take(objects.pull[:axes], at, axis=1)) for at, gradient in zip(subjects, gradients)]
        drift = sum(pull * pull for pull in pulls)
        for i, j in combinations(range(len(subjects)), 2):
            drift += 2.0 * together(objects, subjects[i], subjects[j]) * pulls[i] * pulls[j]
        variance += setting.local[first] ** 2 * np.maximum(drift, 0.0)
    for mode in objects.modes:
        moved = np.zeros(len(first))
        for at, gradient in zip(subjects, gradients):
            moved += dot(gradient, np.take(mode.pull[:axes], at, axis=1))
        variance += (mode.sigma[first] * moved) ** 2
    return np.sqrt(variance)


def place_floor(objects: Objects, config: MeasureConfig) -> PerObject:
    """Compute the least difference in place of each object that is seen."""
    from_viewer = objects.centre - objects.setting.viewer
    away = np.sqrt(dot(from_viewer, from_viewer))
    return np.maximum(config.place_floor_m * objects.setting.metric, config.place_floor_share * away)


def bottom_error(objects: Objects) -> PerObject:
    """Compute the error of the height of each bottom above the support plane, without scale."""
    setting, foot = objects.setting, objects.centre[:2]
    tilted, drift = setting.tilt_rad * np.sqrt(dot(foot, foot)), setting.local * objects.low_pull
    variance = objects.low_error[2] ** 2 + tilted**2 + setting.support_m**2 + drift**2
    for mode in objects.modes:
        variance += (mode.sigma * mode.low_pull) ** 2
    return np.sqrt(variance)


def top_error(objects: Objects) -> PerObject:
    """Compute the error of the height of each top above the support plane, without scale.

    Whatever a thing stands on, its top moves along its own ray.
    """
    setting, foot = objects.setting, objects.centre[:2]
    tilted = setting.tilt_rad * np.sqrt(dot(foot, foot))
    drift = setting.local * (objects.high[2] - setting.viewer[2])
    variance = objects.high_error[2] ** 2 + tilted**2 + setting.support_m**2 + drift**2
    for mode in objects.modes:
        variance += (mode.sigma * (mode.low_pull + mode.stretch[2])) ** 2
    return np.sqrt(variance)
