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
OTHER_PLANE_SIGMAS = 2.0  # a camera height this far from what the depth says is about another plane
MAX_RELATIVE_ERROR = 0.2  # a length measured worse than this fixes nothing
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
    """What an anchor says about a scene: depth times exp(`log_factor`) would be right.

    `own` is the error of this measurement alone, `shared` that of all measurements by this anchor: of the length that
    is known, and of the focal length. `at` names what was measured.
    """

    anchor: Anchor
    at: str
    log_factor: float
    own: float
    shared: float

    @property
    def error(self) -> float:
        """1 sigma of the log factor."""
        return math.hypot(self.own, self.shared)


@dataclass(frozen=True, slots=True)
class Prior:
    """A depth source by name, and its own 1-sigma error of scale."""

    name: str
    error: float


def parse_anchor(text: str) -> Anchor:
    """Parse an anchor: "height:door=2.03", "width:poster=0.7", "distance:chair,lamp=1.5", as people type it, in metres.

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


def readings(scene: Scene, anchors: Sequence[Anchor], prior: Prior | None = None) -> list[Reading]:
    """Read what the anchors say about a scene; those whose object is not in sight as a whole say nothing.

    Nor does a camera height that the depth source, `prior`, finds unlikely: then the plane in view is another than the
    floor, a table whose surroundings are out of sight.
    """
    found = []
    for anchor in anchors:
        for at, measured_m, own, focal in _measured(scene, anchor):
            if measured_m > 0 and math.hypot(own, focal) < MAX_RELATIVE_ERROR:
                log_factor = math.log(anchor.length_m / measured_m)
                found.append(Reading(anchor, at, log_factor, own, math.hypot(anchor.error, focal)))
    return [reading for reading in found if prior is None or not _is_of_another_plane(reading, prior)]


def _is_of_another_plane(reading: Reading, prior: Prior) -> bool:
    limit = OTHER_PLANE_SIGMAS * math.hypot(reading.error, prior.error)
    return reading.anchor.measure == "camera_height" and abs(reading.log_factor) > limit


Claim = tuple[str, float, float, float, Anchor | None]
"""Who says it, the log factor, its own error, the one it shares with others by the same anchor, and that anchor."""


def disagreement(found: Sequence[Reading], prior: Prior | None, so_far: float) -> str | None:
    """Name the two that are furthest apart, in words, where they differ beyond their errors.

    What two measurements by one anchor share does not come between them. The depth source with its stated scale error,
    `prior`, is one more claim; see `fused`.
    """
    claims: list[Claim] = [(_said(r), r.log_factor, r.own, r.shared, r.anchor) for r in found]
    if prior is not None:
        claims.append((f"the depth itself ({prior.name}, {prior.error:.1%})", -so_far, prior.error, 0.0, None))
    worst, pair = DISAGREE_SIGMAS, None
    for i, one in enumerate(claims):
        for other in claims[:i]:
            shared = 0.0 if one[4] is other[4] else math.hypot(one[3], other[3])
            apart = abs(one[1] - other[1]) / math.hypot(one[2], other[2], shared)
            if apart > worst:
                worst, pair = apart, (other, one)
    if pair is None:
        return None
    (first, one_log, *_), (second, other_log, *_) = pair
    return (
        f"anchors_disagree: {first} asks for depth times {math.exp(so_far + one_log):.3f}, {second} for "
        f"{math.exp(so_far + other_log):.3f}; they differ by {math.expm1(abs(one_log - other_log)):.0%}, "
        f"{worst:.1f} sigma; leave out what is wrong"
    )


def _said(reading: Reading) -> str:
    of = f" (object {reading.at})" if reading.at else ""
    return f"{reading.anchor.said} = {reading.anchor.length_m:g} m{of}"


def fused(found: Sequence[Reading], prior: Prior | None, so_far: float) -> tuple[float, float]:
    """Find the log factor that fits the readings and the depth source best, and its error.

    `prior` is what the source says of its own scale, None where its unit is unknown; `so_far` is the log factor that
    the scene's depth has had already.
    """
    weights, values = [], []
    for anchor in dict.fromkeys(reading.anchor for reading in found):
        mine = [reading for reading in found if reading.anchor == anchor]
        own = [max(reading.own, 1e-6) ** -2 for reading in mine]
        # More measurements by one anchor make its own error no smaller.
        weights.append(1.0 / (1.0 / sum(own) + max(reading.shared for reading in mine) ** 2))
        values.append(so_far + float(np.average([reading.log_factor for reading in mine], weights=own)))
    if prior is not None:
        weights.append(max(prior.error, 1e-6) ** -2)
        values.append(0.0)
    return float(np.average(values, weights=weights)), sum(weights) ** -0.5


Measured = tuple[str, float, float, float]
"""What was measured, a length in metres, its own relative error without scale, and that of the focal length."""


def _measured(scene: Scene, anchor: Anchor) -> list[Measured]:
    """Find the lengths that an anchor is about as the scene has them."""
    if anchor.measure == "camera_height":
        return _camera_height(scene)
    named = [[o for o in scene.objects if _is_called(o, name)] for name in anchor.names]
    if anchor.measure != "distance":
        return [made for o in named[0] if (made := _extent(scene, o, anchor.measure)) is not None]
    if any(len(objects) != 1 for objects in named) or named[0] == named[1]:
        return []  # nobody knows which ones are meant
    made = _distance(scene, named[0][0], named[1][0])
    return [] if made is None else [made]


def _camera_height(scene: Scene) -> list[Measured]:
    """Find the camera's height; above a table top the height above the floor says nothing."""
    if scene.support.surface in (None, "table top"):
        return []
    height_m = float(scene.world_from_camera[2, 3])
    down = float(scene.world_from_camera[2, 2])
    return [("", height_m, scene.errors.support_m / height_m, scene.camera.focal_error * (1.0 - down**2))]


def _extent(scene: Scene, found: Object, measure: Measure) -> Measured | None:
    """Measure an extent as a ruler would: from end to end, where a box ends at percentiles of what is seen."""
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
    own = math.hypot(faces_m / max(length_m, 1e-9), 0.0 if on_plane else LOWER_END, scene.errors.local)
    return found.instance.id, length_m, own, scene.camera.focal_error


def _distance(scene: Scene, one: Object, other: Object) -> Measured | None:
    if one.truncated or one.occluded or other.truncated or other.occluded:
        return None
    centres = [(o.box.low_in_world + o.box.high_in_world) / 2 for o in (one, other)]
    away_m = [float(np.linalg.norm(centre - scene.world_from_camera[:3, 3])) for centre in centres]
    length_m = float(np.linalg.norm(centres[0] - centres[1]))
    faces = [np.hypot(o.box.low_error_m, o.box.high_error_m) / 2 for o in (one, other)]
    error_m = math.hypot(*faces[0], *faces[1], scene.errors.local * away_m[0], scene.errors.local * away_m[1])
    at = f"{one.instance.id} and {other.instance.id}"
    return at, length_m, error_m / max(length_m, 1e-9), scene.camera.focal_error


def _is_called(found: Object, name: str) -> bool:
    """Tell whether one of an object's captions is the name or ends in it: "wooden door" is a door."""
    words = name.lower().split()
    return any(caption.lower().split()[-len(words) :] == words for caption in found.instance.captions)
