"""estimate: Frame -> Frame with what it lacks, by models: depth, intrinsics, where down is, where the floor is.

What a frame came with is never replaced. A folder for each sort of model, a file for each backend.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline import FrameStage, Needs
from spatialvlm.pipeline.estimate.camera import CAMERA_MODELS, camera_backend
from spatialvlm.pipeline.estimate.depth import DEPTH_MODELS, DepthEstimate, DepthModel, depth_backend, load_depth
from spatialvlm.pipeline.estimate.floor import FLOOR_MODELS, floor_backend
from spatialvlm.records import DepthErrors, Drop, Frame

__all__ = [
    "CAMERA_MODELS",
    "DEPTH_MODELS",
    "FLOOR_MODELS",
    "DepthEstimate",
    "DepthModel",
    "Estimate",
    "EstimateConfig",
    "camera_backend",
    "depth_backend",
    "estimate",
    "floor_backend",
    "load_depth",
]

ASSUMED_FOV_RAD = math.radians(55.0)
"""The neighbourhood of the paper's photos; ZoeDepth's own helper assumes it too."""


@dataclass(frozen=True, slots=True)
class EstimateConfig:
    """Which models look at an image besides the detector; each may be missing.

    `depth` makes a depth map where none was measured, `depth_errors` say how wrong it is in place of the published
    figures (`spatialvlm calibrate` measures them). `camera` finds focal length and gravity, `floor` the pixels that the
    support plane is fitted to. `fov_rad` is the field of view, along the longer side, of a camera that nobody knows;
    55 degrees are assumed without it. Raises UserError for a field of view out of range.
    """

    depth: Model | None = None
    depth_errors: DepthErrors | None = None
    camera: Model | None = None
    floor: Model | None = None
    fov_rad: float | None = None

    def __post_init__(self) -> None:
        if self.fov_rad is not None and not math.radians(5.0) <= self.fov_rad <= math.radians(150.0):
            raise UserError(f"fov {math.degrees(self.fov_rad):g}: expected 5 to 150 degrees")


class Estimate(FrameStage):
    """The stage: frames with what the models of a config find. Without models only an unknown camera is assumed."""

    name = "estimate"

    def __init__(self, config: EstimateConfig | None = None, runtime: Runtime | None = None) -> None:
        self.config, self.runtime = config or EstimateConfig(), runtime or Runtime()
        models = (self.config.depth, self.config.camera, self.config.floor)
        self.needs: Needs = "model" if any(models) else "cpu"

    def load(self) -> Callable[[Sequence[Frame]], Sequence[Frame | Drop]]:
        """Load the models. Raises UserError for weights that cannot be had or a package that is not installed."""
        from spatialvlm.pipeline.estimate.estimator import Estimator

        return Estimator(self.config, self.runtime)


def estimate(frame: Frame, config: EstimateConfig | None = None, runtime: Runtime | None = None) -> Frame | Drop:
    """Add to one frame what the models of a config find, loaded anew at every call."""
    return Estimate(config, runtime).run([frame])[0]
