"""likely_sizes: a Scene -> a doubt where things measure what such things do not, with the likely cause.

Or, where a model made the depth, the Scene without its scale: the things contradict what it says of metres.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from spatialvlm.captions import usual_size_m
from spatialvlm.records import Object, Scene

ACROSS = (0, 2)  # x and z, of the world's axes
SLACK = 2.5  # beyond the range of what is usual
FACTORS = (
    (1000.0, "depth a thousand times too large or too small: millimetres taken for metres, or metres scaled again?"),
    (100.0, "depth a hundred times too large or too small: centimetres?"),
    (10.0, "depth ten times too large or too small, or relative depth?"),
)
OTHER_CAUSE = "another unit of depth, relative depth, or the camera of a picture of another size?"


@dataclass(frozen=True, slots=True)
class _Measured:
    """A thing of a known kind: its name, its largest side, and how many times that is outside of what is usual."""

    name: str
    size_m: float
    usual_m: tuple[float, float]
    factor: float  # 1 where it is as usual

    def said(self) -> str:
        return f"{self.name!r} measures {self.size_m:.3g} m, usual are {self.usual_m[0]:g} to {self.usual_m[1]:g} m"


def size_doubts(scene: Scene) -> Iterator[str]:
    """Say that most things whose kind is known are too large or too small, or else that one of them is."""
    if scene.scale != "metric":
        return
    known = [found for found in map(_measured, scene.objects) if found is not None]
    odd = [found for found in known if found.factor != 1]
    if not odd:
        return
    about = f"frame {scene.frame_id!r}: {odd[0].said()}"
    if 2 * len(odd) <= len(known) or len(known) == 1:
        yield f"size_odd: {about}; the wrong name, or a mask with more in it than the thing?"
        return
    log_factor = abs(median(math.log10(found.factor) for found in odd))
    cause = next((text for factor, text in FACTORS if abs(log_factor - math.log10(factor)) < 0.5), OTHER_CAUSE)
    yield f"size_doubtful: {about}, and so with {len(odd)} of {len(known)} things of known kinds; {cause}"


def without_doubtful_scale(scene: Scene) -> Scene:
    """Take the scale of a model's depth away where it fits no more than half of the things whose kinds are known.

    A size fits within the usual range and the model's own error of scale, 1 sigma. It is measured across the line of
    sight, along which models smear things. What is cut tells nothing, unless it is too large.
    """
    slack = 1.0 + scene.errors.scale
    measured = [(_measured(one, slack, ACROSS), one.truncated or one.occluded) for one in scene.objects]
    known = [found for found, cut in measured if found is not None and (not cut or found.factor != 1)]
    odd = [found for found in known if found.factor != 1]
    if scene.scale != "metric" or not odd or 2 * len(odd) < len(known):
        return scene
    return replace(scene, scale="relative", scale_provenance=f"{scene.scale_provenance}, but {odd[0].said()}")


def _measured(thing: Object, slack: float = SLACK, axes: Sequence[int] = (0, 1, 2)) -> _Measured | None:
    """Measure a thing; a part of it may well be too small."""
    caption = next(iter(thing.instance.captions), None)
    usual = None if caption is None else usual_size_m(caption)
    if caption is None or usual is None:
        return None
    size = float(np.max((thing.box.high_in_world - thing.box.low_in_world)[list(axes)]))
    low, high = usual
    if size > slack * high:
        return _Measured(caption, size, usual, size / math.sqrt(low * high))
    if size < low / slack and not thing.truncated and not thing.occluded:
        return _Measured(caption, size, usual, size / math.sqrt(low * high))
    return _Measured(caption, size, usual, 1.0)
