"""detect: Frames -> Instances.

A detector is built once per process and maps a batch of frames to one result each: the instances it sees, or a Drop.
Masks have the image's size, boxes enclose their masks, ids are unique within a frame; inputs are left untouched.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.records import Drop, Frame, Instance

DETECTORS = ("auto", "given", "clusters")


@runtime_checkable
class Detector(Protocol):
    """A batch of frames to the instances of each, in order."""

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame, or why there are none."""
        ...


def load_detector(name: str) -> Detector:
    """The detector called `name`: "given" annotations, "clusters" of depth, or "auto": given ones, else clusters."""
    match name:
        case "given":
            from spatialvlm.pipeline.detect.given import Given

            return Given()
        case "clusters":
            from spatialvlm.pipeline.detect.clusters import Clusters

            return Clusters()
        case "auto":
            from spatialvlm.pipeline.detect.auto import Auto

            return Auto()
    raise UserError(f"detector {name!r}: unknown; choose one of {', '.join(DETECTORS)}")
