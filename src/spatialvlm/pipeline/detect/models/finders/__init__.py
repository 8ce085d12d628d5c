"""finders: an image -> boxes with names, and masks where the model makes them. One file per family of models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.records import Frame

FINDERS = ("grounding_dino", "owl", "sam3", "florence", "yolox")


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A thing that a model found: its box inside the image in pixels, what it may be called, how sure the model is.

    `mask`, of the image's size, where the model makes one.
    """

    box_xyxy: Float32[np.ndarray, " 4"]
    score: float
    captions: tuple[str, ...]
    mask: Bool[np.ndarray, "h w"] | None = None


@runtime_checkable
class Finder(Protocol):
    """A batch of frames to the candidates of each, in order, best first. `version` is what was loaded."""

    name: str
    version: str

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """What is in each frame."""
        ...


def load_finder(model: Model, config: DetectConfig, runtime: Runtime) -> Finder:
    """The finder called `model.backend` with its weights.

    Raises UserError for an unknown backend, weights that cannot be had, or a package that is not installed.
    """
    match model.backend:
        case "grounding_dino":
            from spatialvlm.pipeline.detect.models.finders.grounding_dino import GroundingDino

            return GroundingDino(model, config, runtime)
        case "owl":
            from spatialvlm.pipeline.detect.models.finders.owl import Owl

            return Owl(model, config, runtime)
        case "sam3":
            from spatialvlm.pipeline.detect.models.finders.sam3 import Sam3

            return Sam3(model, config, runtime)
        case "florence":
            from spatialvlm.pipeline.detect.models.finders.florence import Florence

            return Florence(model, config, runtime)
        case "yolox":
            from spatialvlm.pipeline.detect.models.finders.yolox import Yolox

            return Yolox(model, config, runtime)
    raise UserError(f"detection model {model.backend!r}: unknown; choose one of {', '.join(FINDERS)}")
