"""mask_models: boxes in an image -> the mask of the object in each box. One file per family of models."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.geometry import Mask
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.records import Frame

MASK_MODELS = ("sam", "semantic")


@runtime_checkable
class MaskModel(Protocol):
    """A batch of frames, each with its candidates, to one mask of the image's size per candidate, in order.

    A mask may be empty: the model sees nothing there. `cuts_parts`: it may be of a part of the object, which then
    reaches as far as its box. `name` and `version` are those of the weights that were loaded.
    """

    cuts_parts: bool
    name: str
    version: str

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[Mask]]:
        """Make the masks of each frame's candidates."""
        ...


def mask_model(backend: str) -> type[Any]:
    """Look up a backend, without its weights and the framework that runs it. Raises UserError for an unknown one."""
    match backend:
        case "sam":
            from spatialvlm.pipeline.detect.models.mask_models.sam import Sam as Backend
        case "semantic":
            from spatialvlm.pipeline.detect.models.mask_models.semantic import Semantic as Backend
        case _:
            raise UserError(f"mask model {backend!r}: unknown; choose one of {', '.join(MASK_MODELS)}")
    return Backend


def load_mask_model(model: Model | None, runtime: Runtime) -> MaskModel:
    """Load a model, or GrabCut, which needs no weights.

    Raises UserError for an unknown backend, and where weights or a package cannot be had.
    """
    if model is None:
        from spatialvlm.pipeline.detect.models.mask_models.grabcut import GrabCut

        return GrabCut()
    return mask_model(model.backend)(model, runtime)
