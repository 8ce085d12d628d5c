"""depth: an image -> a depth map, by a model. One file per backend.

A backend says what its numbers are: metres; right up to an unknown unit (`scale_invariant`); or inverse depth right up
to an unknown unit and an unknown constant (`affine_invariant`), which keeps the order of depths but no shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.records import DepthErrors, Frame

DEPTH_MODELS = ("depthpro", "depth_anything", "zoedepth", "onnx", "moge", "unidepth", "metric3d")

Invariance = Literal["metric", "scale_invariant", "affine_invariant"]


@dataclass(frozen=True, slots=True, eq=False)
class DepthEstimate:
    """What a model made of one image.

    `depth` is z-depth at the image's size, in metres where `invariance` is "metric", else in an unknown unit; NaN where
    unknown. `focal_px` is the focal length at the image's size where the model finds one, `focal_error` its 1-sigma
    relative error. `scale_error` is what this image's scale may be wrong by beyond the model's own errors.
    """

    depth: Float32[np.ndarray, "h w"]
    invariance: Invariance
    focal_px: float | None = None
    focal_error: float = 0.0
    scale_error: float = 0.0


@runtime_checkable
class DepthModel(Protocol):
    """A batch of frames to one DepthEstimate each, in order. Frames that know their camera let models use it.

    `name` is that of the weights and `version` what was loaded; `errors` are those that were published for it.
    `needs_focal`: its depth is proportional to a focal length that it is told.
    """

    needs_focal: bool
    name: str
    version: str
    errors: DepthErrors

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame."""
        ...


def depth_backend(name: str) -> type[Any]:
    """Look up the class of a depth model by the name of its backend. Raises UserError for an unknown one."""
    match name:
        case "depthpro":
            from spatialvlm.pipeline.estimate.depth.depthpro import DepthPro as Backend
        case "depth_anything":
            from spatialvlm.pipeline.estimate.depth.depth_anything import DepthAnything as Backend
        case "zoedepth":
            from spatialvlm.pipeline.estimate.depth.zoedepth import ZoeDepth as Backend
        case "onnx":
            from spatialvlm.pipeline.estimate.depth.onnx_file import OnnxDepth as Backend
        case "moge":
            from spatialvlm.pipeline.estimate.depth.moge import Moge as Backend
        case "unidepth":
            from spatialvlm.pipeline.estimate.depth.unidepth import UniDepth as Backend
        case "metric3d":
            from spatialvlm.pipeline.estimate.depth.metric3d import Metric3D as Backend
        case _:
            raise UserError(f"depth model {name!r}: unknown; choose one of {', '.join(DEPTH_MODELS)}")
    return Backend


def load_depth(model: Model, runtime: Runtime) -> DepthModel:
    """Load the depth model called `model.backend` with its weights.

    Raises UserError for an unknown backend, weights that cannot be had, or a package that is not installed.
    """
    return depth_backend(model.backend)(model, runtime)
