"""cutters: boxes in an image -> the mask of the thing in each box. One file per family of models."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect.models.finders import Candidate
from spatialvlm.records import Frame


@runtime_checkable
class Cutter(Protocol):
    """A batch of frames, each with its candidates, to one mask of the image's size per candidate, in order.

    A mask may be empty: the model sees nothing there.
    """

    name: str
    version: str

    def __call__(
        self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]
    ) -> list[list[Bool[np.ndarray, "h w"]]]:
        """The masks of each frame's candidates."""
        ...


def load_cutter(model: Model | None, runtime: Runtime) -> Cutter:
    """The cutter called `model.backend` with its weights; without a model, GrabCut, which needs none.

    Raises UserError for an unknown backend, weights that cannot be had, or a package that is not installed.
    """
    if model is None:
        from spatialvlm.pipeline.detect.models.cutters.grabcut import GrabCut

        return GrabCut()
    match model.backend:
        case "sam":
            from spatialvlm.pipeline.detect.models.cutters.sam import Sam

            return Sam(model, runtime)
        case "semantic":
            from spatialvlm.pipeline.detect.models.cutters.semantic import Semantic

            return Semantic(model, runtime)
    raise UserError(f"mask model {model.backend!r}: unknown; choose one of sam, semantic")
