"""camera: an image -> its camera's focal length and where down is, by a model. One file per backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.records import Frame

CAMERA_MODELS = ("geocalib", "perspective_fields", "lines")


@dataclass(frozen=True, slots=True, eq=False)
class CameraEstimate:
    """What a model thinks of the camera: down as a unit vector in the camera frame, focal length in pixels; 1 sigma."""

    gravity_in_camera: Float64[np.ndarray, " 3"]
    gravity_error_rad: float
    focal_px: float | None = None
    focal_error: float = 0.0


@runtime_checkable
class CameraModel(Protocol):
    """A batch of frames to one CameraEstimate each, in order; None where the model can't tell.

    `needs_focal`: it looks for no focal length, and sees frames with an assumed camera where they have none.
    """

    needs_focal: bool
    name: str
    version: str

    def __call__(self, frames: Sequence[Frame]) -> list[CameraEstimate | None]:
        """Estimate the camera of each frame."""
        ...


def camera_backend(name: str) -> type[Any]:
    """Look up the class of a camera model by the name of its backend. Raises UserError for an unknown one."""
    match name:
        case "geocalib":
            from spatialvlm.pipeline.estimate.camera.geocalib import GeoCalib as Backend
        case "perspective_fields":
            from spatialvlm.pipeline.estimate.camera.perspective_fields import PerspectiveFields as Backend
        case "lines":
            from spatialvlm.pipeline.estimate.camera.lines import Lines as Backend
        case _:
            raise UserError(f"camera model {name!r}: unknown; choose one of {', '.join(CAMERA_MODELS)}")
    return Backend


def load_camera(model: Model, runtime: Runtime) -> CameraModel:
    """Load the camera model called `model.backend` with its weights.

    Raises UserError for an unknown backend, weights that cannot be had, or a package that is not installed.
    """
    return camera_backend(model.backend)(model, runtime)
