"""lift: Frame + Instances -> Scene, objects in metric 3D.

First `sense`: models add to a frame what it lacks, depth, intrinsics, gravity, the floor. Then the geometry: enters a
frame with depth and camera and its instances; leaves a Scene in the world frame (z up, origin on the support
plane), each object as clean points, a viewer-aligned box with the error of each face, and flags. Instances that can't
be lifted become Drops; a frame without depth or camera is one Drop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from spatialvlm.pipeline.lift.anchors import Anchor
from spatialvlm.records import Drop, Frame, Instance, Scene

__all__ = ["Anchor", "Lift", "LiftConfig", "Lifted", "load_lift"]


@dataclass(frozen=True, slots=True)
class Lifted:
    """What became of one frame: its scene (None where the frame itself is dropped) and what was refused."""

    scene: Scene | None
    drops: tuple[Drop, ...] = ()


@runtime_checkable
class Lift(Protocol):
    """A batch of frames, each with its instances, to their scenes, in order."""

    def __call__(self, frames: Sequence[Frame], instances: Sequence[tuple[Instance, ...]]) -> list[Lifted]:
        """Lift each frame with its instances."""
        ...


def load_lift(config: "LiftConfig | None" = None) -> Lift:
    """The geometry. `config` defaults to `LiftConfig()`."""
    from spatialvlm.pipeline.lift.lifter import Lifter

    return Lifter(config or LiftConfig())


@dataclass(frozen=True, slots=True)
class LiftConfig:
    """The error model of measured depth, the sizes of the lift, and what is known of scale. Errors are 1 sigma.

    `depth_scale_error`: relative, shared by a whole frame; stereo and time-of-flight cameras state 0.5 to 2 % at 2 m,
    a calibrated one stays within the lower end. Independent noise is not stated but measured in each depth map.
    `depth_local_error`: relative, drifting over the picture; a model that makes depth from a photo has some percent, a
    sensor none. Two places d apart share it with the correlation exp(-d^2 / (2 r^2)), where r is `depth_local_reach` of
    the image width. What models say of their own depth stands in for these three; see `DepthSource`.
    `anchors` are lengths that somebody knows, the same for all frames; see `anchors`.
    """

    depth_scale_error: float = 0.005
    depth_local_error: float = 0.0
    depth_local_reach: float = 1 / 6
    given_gravity_error_rad: float = 0.0087  # half a degree, a phone's or robot's accelerometer at rest
    mask_edge_error_px: float = 0.5
    max_points: int = 512
    min_pixels: int = 40
    min_known_share: float = 0.5  # of a mask's pixels; below it, depth is a guess (glass, black plastic)
    anchors: tuple[Anchor, ...] = ()
