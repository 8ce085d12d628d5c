"""lift: Frame -> Scene, its objects in metric 3D.

Enters a frame with depth, camera and instances; leaves a Scene in the world frame (z up, origin on the support plane),
each object as clean points, a viewer-aligned box with the error of each face, and flags. Instances that cannot be
lifted become Drops; so does a frame without depth or camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spatialvlm.pipeline import Needs
from spatialvlm.pipeline.lift.anchors import Anchor, parse_anchor
from spatialvlm.records import DepthErrors, Frame, Sample

__all__ = ["Anchor", "Lift", "LiftConfig", "lift", "parse_anchor"]

MEASURED = DepthErrors(0.005)
"""What a calibrated depth sensor is wrong by."""

EXACT = DepthErrors(0.0002)
"""What depth is wrong by that no sensor made: without noise, under masks that end where it breaks."""


@dataclass(frozen=True, slots=True)
class LiftConfig:
    """The error model of measured depth, the sizes of the lift, and what is known of scale. Errors are 1 sigma.

    `depth_errors`: of measured depth; depth that a model made brings its own, see `Frame.depth_source`. Stereo and
    time-of-flight cameras state a scale error of 0.5 to 2 % at 2 m, a calibrated one stays within the lower end, and
    none drifts. Independent noise is not stated but measured in each depth map. `anchors` are lengths that somebody
    knows, the same for all frames; see `anchors`. `rules` 1 are those that the published rooms benchmark is made by for
    good: occlusion by the foremost ends of an outline alone, and errors of what is seen.
    """

    depth_errors: DepthErrors = MEASURED
    given_gravity_error_rad: float = 0.0087  # half a degree, a phone's or robot's accelerometer at rest
    mask_edge_error_px: float = 0.5
    max_points: int = 512
    min_pixels: int = 40
    min_known_share: float = 0.5  # of a mask's pixels; below it, depth is a guess (glass, black plastic)
    anchors: tuple[Anchor, ...] = ()
    rules: Literal[1, 2] = 2


class Lift:
    """The stage: Samples with a frame to Samples with its scene."""

    name = "lift"
    needs: Needs = "cpu"

    def __init__(self, config: LiftConfig | None = None) -> None:
        self.config = config or LiftConfig()

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Lift every frame that is left."""
        from spatialvlm.pipeline.lift.lifter import lift_frame

        return [sample if sample.frame is None else lift_frame(sample, self.config) for sample in samples]


def lift(frame: Frame, config: LiftConfig | None = None) -> Sample:
    """Lift one frame with its instances: a Sample with the scene, or with the drop that says why there is none."""
    return Lift(config)([Sample(frame=frame)])[0]
