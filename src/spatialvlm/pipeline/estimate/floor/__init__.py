"""floor: an image -> the pixels of horizontal surfaces that things stand on, by a segmenter. One file per backend.

The paper (appendix A.1, listing 3) masks "floor" and "table top" before it fits its plane.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.records import Frame

FLOOR_MODELS = ("segmenter",)

SURFACES = ("floor", "ground", "rug", "carpet", "road", "pavement", "sidewalk", "grass", "earth", "sand", "table")
"""Words in the names of a segmenter's classes that mean a surface to stand on; of compound names the first synonym."""


@runtime_checkable
class FloorModel(Protocol):
    """A batch of frames to one mask each, of the image's size, in order."""

    name: str
    version: str

    def __call__(self, frames: Sequence[Frame]) -> list[Bool[np.ndarray, "h w"]]:
        """Find where each frame shows a surface to stand on."""
        ...


def floor_backend(name: str) -> type[Any]:
    """Look up the class of a floor model by the name of its backend. Raises UserError for an unknown one."""
    if name == "segmenter":
        from spatialvlm.pipeline.estimate.floor.segmenter import Segmenter

        return Segmenter
    raise UserError(f"floor model {name!r}: unknown; choose one of {', '.join(FLOOR_MODELS)}")


def load_floor(model: Model, runtime: Runtime) -> FloorModel:
    """Load the segmenter called `model.backend` with its weights.

    Raises UserError for an unknown backend, weights that cannot be had, or classes among which there is no surface.
    """
    return floor_backend(model.backend)(model, runtime)
