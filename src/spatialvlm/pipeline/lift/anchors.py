"""Anchors: what somebody knows of a picture's size fixes its scale and shrinks the error bars.

A camera height, the size of an object or the distance of two are measured in the scene as it was lifted; known over
measured is a factor on depth. The factors, each with its error, and the scale error that the depth source states are
fused in the logarithm by their inverse variances. Anchors that disagree beyond their errors are refused together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.records import Object, Scene

DISAGREE_SIGMAS = 4.0
MOST_UNSURE = 0.3  # a length measured worse than this fixes nothing

Measure = Literal["camera_height", "height", "width", "distance"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A length that is known in metres, with a relative 1-sigma error.

    `measure`: "camera_height" above the floor; the "height" or "width" of every object called `names[0]`; the
    "distance" between the centres of the two objects called `names`. Raises UserError for lengths out of range.
    """

    measure: Measure
    length_m: float
    names: tuple[str, ...] = ()
    error: float = 0.01

    def __post_init__(self) -> None:
        if not 0.001 <= self.length_m <= 10_000:
            raise UserError(f"{self.said}: got {self.length_m:g} m, expected 0.001 to 10000")
        if not 0 < self.error < 1:
            raise UserError(f"{self.said}: got a relative error of {self.error:g}, expected one between 0 and 1")
        wanted = {"camera_height": 0, "height": 1, "width": 1, "distance": 2}[self.measure]
        if len(self.names) != wanted:
            raise UserError(f"{self.said}: got {len(self.names)} names of objects, expected {wanted}")

    @property
    def said(self) -> str:
        """The anchor in words."""
        what = self.measure.replace("_", " ")
        return f"{what} of {' and '.join(repr(name) for name in self.names)}" if self.names else what


@dataclass(frozen=True, slots=True)
class Reading:
    """What an anchor says about a scene: depth times exp(`log_factor`) would be right, give or take `error`."""

    anchor: Anchor
    log_factor: float
    error: float


def parse_anchor(measure: Measure, text: str) -> Anchor:
    """An anchor from what people type: "1.4", "door=2.03", "chair,lamp=1.5"; in metres.

    Raises UserError where it is no such text.
    """
    names, equals, length = text.rpartition("=")
    try:
        length_m = float(length)
    except ValueError:
        length_m = math.nan
    if math.isnan(length_m) or bool(equals) != (measure != "camera_height"):
        example = {"camera_height": "1.4", "distance": "chair,lamp=1.5"}.get(measure, "door=2.03")
        raise UserError(f"known {measure.replace('_', ' ')} {text!r}: expected metres, as in {example}")
    return Anchor(measure, length_m, tuple(name.strip() for name in names.split(",") if name.strip()))


def readings(scene: Scene, anchors: Sequence[Anchor]) -> list[Reading]:
    """What the anchors say about a scene; those whose object is not in sight as a whole say nothing."""
    found = []
    for anchor in anchors:
        for measured_m, error in _measured(scene, anchor):
            if measured_m > 0 and error < MOST_UNSURE:
                found.append(Reading(anchor, math.log(anchor.length_m / measured_m), math.hypot(error, anchor.error)))
    return found


def disagreement(found: Sequence[Reading]) -> str | None:
    """The two readings that are furthest apart, in words, where they differ beyond their errors."""
    worst, pair = DISAGREE_SIGMAS, None
    for i, one in enumerate(found):
        for other in found[:i]:
            apart = abs(one.log_factor - other.log_factor) / math.hypot(one.error, other.error)
            if apart > worst:
                worst, pair = apart, (other, one)
    if pair is None:
        return None
    factors = [math.exp(reading.log_factor) for reading in pair]
    differ = math.expm1(abs(pair[0].log_factor - pair[1].log_factor))
    first, second = (f"{r.anchor.said} = {r.anchor.length_m:g} m" for r in pair)
    return (
        f"anchors_disagree: {first} asks for depth times {factors[0]:.3f}, {second} for {factors[1]:.3f}; they differ "
        f"by {differ:.0%}, {worst:.1f} sigma; leave out the wrong one"
    )


def fused(found: Sequence[Reading], prior: float | None, so_far: float) -> tuple[float, float]:
    """The log factor that fits the readings and the depth source best, and its error.

    `prior` is the scale error of the source, None where its unit is unknown; `so_far` is the factor that the scene's
    depth has had already.
    """
    weights = [reading.error**-2 for reading in found]
    values = [so_far + reading.log_factor for reading in found]
    if prior:
        weights.append(prior**-2)
        values.append(0.0)
    return float(np.average(values, weights=weights)), sum(weights) ** -0.5


def _measured(scene: Scene, anchor: Anchor) -> list[tuple[float, float]]:
    """The lengths that an anchor is about as the scene has them, and their relative errors without scale."""
    if anchor.measure == "camera_height":
        return _camera_height(scene)
    named = [[o for o in scene.objects if _is_called(o, name)] for name in anchor.names]
    if anchor.measure != "distance":
        return [pair for o in named[0] if (pair := _extent(scene, o, anchor.measure)) is not None]
    if any(len(objects) != 1 for objects in named) or named[0] == named[1]:
        return []  # nobody knows which ones are meant
    pair = _distance(scene, named[0][0], named[1][0])
    return [] if pair is None else [pair]


def _camera_height(scene: Scene) -> list[tuple[float, float]]:
    """Above a table top the height above the floor says nothing."""
    if scene.support.surface in (None, "table top"):
        return []
    height_m = float(scene.world_from_camera[2, 3])
    down = float(scene.world_from_camera[2, 2])
    focal = scene.camera.focal_error * (1.0 - down**2)
    return [(height_m, math.hypot(scene.errors.support_m / height_m, focal))]


def _extent(scene: Scene, found: Object, measure: Measure) -> tuple[float, float] | None:
    axis = 2 if measure == "height" else 0
    cut = found.truncated or found.occluded or (axis == 2 and (scene.gravity is None or found.bottom == "hidden"))
    if cut:
        return None
    box = found.box
    length_m = float(box.high_in_world[axis] - box.low_in_world[axis])
    face = math.hypot(box.low_error_m[axis], box.high_error_m[axis]) / max(length_m, 1e-9)
    return length_m, math.hypot(face, scene.errors.local, scene.camera.focal_error)


def _distance(scene: Scene, one: Object, other: Object) -> tuple[float, float] | None:
    if one.truncated or one.occluded or other.truncated or other.occluded:
        return None
    centres = [(o.box.low_in_world + o.box.high_in_world) / 2 for o in (one, other)]
    away_m = [float(np.linalg.norm(centre - scene.world_from_camera[:3, 3])) for centre in centres]
    length_m = float(np.linalg.norm(centres[0] - centres[1]))
    faces = [np.hypot(o.box.low_error_m, o.box.high_error_m) / 2 for o in (one, other)]
    error_m = math.hypot(*faces[0], *faces[1], scene.errors.local * away_m[0], scene.errors.local * away_m[1])
    return length_m, math.hypot(error_m / max(length_m, 1e-9), scene.camera.focal_error)


def _is_called(found: Object, name: str) -> bool:
    """Whether one of an object's captions is the name or ends in it: "wooden door" is a door."""
    words = name.lower().split()
    return any(caption.lower().split()[-len(words) :] == words for caption in found.instance.captions)
