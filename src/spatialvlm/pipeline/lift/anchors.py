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
MOST_UNSURE = 0.2  # a length measured worse than this fixes nothing
TRIMMED = 0.01  # of an extent is beyond the percentile at each free end of a box
OUTLINE_PX = 2.0  # masks and the clean surface under them end that much short of the thing, together
LOWER_END = 0.04  # of a height: what turns away below, and is not seen to stand on the plane

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


@dataclass(frozen=True, slots=True)
class Prior:
    """A depth source by name, and its own 1-sigma error of scale."""

    name: str
    error: float


def parse_anchor(text: str) -> Anchor:
    """An anchor from what people type: "height:door=2.03", "width:poster=0.7", "distance:chair,lamp=1.5", in metres.

    Raises UserError where it is no such text.
    """
    measure, _, rest = text.partition(":")
    names, _, length = rest.rpartition("=")
    try:
        length_m = float(length)
    except ValueError:
        length_m = math.nan
    if measure not in ("height", "width", "distance") or not names or math.isnan(length_m):
        raise UserError(f"known length {text!r}: expected height:NAME=METRES, width:NAME=METRES or distance:A,B=METRES")
    return Anchor(measure, length_m, tuple(name.strip() for name in names.split(",") if name.strip()))


def readings(scene: Scene, anchors: Sequence[Anchor]) -> list[Reading]:
    """What the anchors say about a scene; those whose object is not in sight as a whole say nothing."""
    found = []
    for anchor in anchors:
        for measured_m, error in _measured(scene, anchor):
            if measured_m > 0 and error < MOST_UNSURE:
                found.append(Reading(anchor, math.log(anchor.length_m / measured_m), math.hypot(error, anchor.error)))
    return found


def disagreement(found: Sequence[Reading], prior: Prior | None, so_far: float) -> str | None:
    """The two that are furthest apart, in words, where they differ beyond their errors.

    The depth source with its stated scale error, `prior`, is one of them; see `fused`.
    """
    claims = [(f"{r.anchor.said} = {r.anchor.length_m:g} m", r.log_factor, r.error) for r in found]
    if prior is not None:
        claims.append((f"the depth itself ({prior.name}, {prior.error:.1%})", -so_far, prior.error))
    worst, pair = DISAGREE_SIGMAS, None
    for i, one in enumerate(claims):
        for other in claims[:i]:
            apart = abs(one[1] - other[1]) / math.hypot(one[2], other[2])
            if apart > worst:
                worst, pair = apart, (other, one)
    if pair is None:
        return None
    (first, one_log, _), (second, other_log, _) = pair
    return (
        f"anchors_disagree: {first} asks for depth times {math.exp(so_far + one_log):.3f}, {second} for "
        f"{math.exp(so_far + other_log):.3f}; they differ by {math.expm1(abs(one_log - other_log)):.0%}, "
        f"{worst:.1f} sigma; leave out what is wrong"
    )


def fused(found: Sequence[Reading], prior: Prior | None, so_far: float) -> tuple[float, float]:
    """The log factor that fits the readings and the depth source best, and its error.

    `prior` is what the source says of its own scale, None where its unit is unknown; `so_far` is the log factor that
    the scene's depth has had already.
    """
    weights = [reading.error**-2 for reading in found]
    values = [so_far + reading.log_factor for reading in found]
    if prior is not None:
        weights.append(max(prior.error, 1e-6) ** -2)
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
    """An extent as a ruler would have it: from end to end, where a box ends at percentiles of what is seen."""
    axis = 2 if measure == "height" else 0
    if found.truncated or found.occluded or (axis == 2 and (scene.gravity is None or found.bottom == "hidden")):
        return None
    box = found.box
    length_m = float(box.high_in_world[axis] - box.low_in_world[axis])
    on_plane = axis == 2 and found.bottom == "support"
    length_m /= 1.0 - (1 if on_plane else 2) * TRIMMED
    away_m = float(np.linalg.norm((box.low_in_world + box.high_in_world) / 2 - scene.world_from_camera[:3, 3]))
    outline_m = OUTLINE_PX * away_m / float(scene.camera.image_from_camera[0, 0])
    faces_m = math.hypot(box.low_error_m[axis], box.high_error_m[axis], outline_m)
    lower_end = 0.0 if on_plane else LOWER_END
    return length_m, math.hypot(faces_m / max(length_m, 1e-9), lower_end, scene.errors.local, scene.camera.focal_error)


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
