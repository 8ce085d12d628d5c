"""box_detectors: an image -> boxes with names, and masks where the model makes them. One file per family of models."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from spatialvlm.errors import UserError
from spatialvlm.models import Located, Model, Runtime, WeightFiles
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.records import Frame

BOX_DETECTORS = ("grounding_dino", "owl", "sam3", "florence", "yolox")


class BoxDetector(ABC):
    """A batch of frames to the candidates of each, in order, best first.

    `detector`: the `DetectConfig.detector` that it belongs to. `score_threshold`: the score from which on its boxes are
    mostly right; what models call a score differs. `files`: what its weights are. `name` and `version` are those of the
    weights that were loaded.
    """

    detector: ClassVar[str]
    score_threshold: ClassVar[float]
    files: ClassVar[WeightFiles]
    name: str
    version: str

    @abstractmethod
    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None: ...

    @abstractmethod
    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame."""


def box_detector(backend: str) -> type[BoxDetector]:
    """Look up a backend, without its weights and the framework that runs it. Raises UserError for an unknown one."""
    match backend:
        case "grounding_dino":
            from spatialvlm.pipeline.detect.models.box_detectors.grounding_dino import GroundingDino as Backend
        case "owl":
            from spatialvlm.pipeline.detect.models.box_detectors.owl import Owl as Backend
        case "sam3":
            from spatialvlm.pipeline.detect.models.box_detectors.sam3 import Sam3 as Backend
        case "florence":
            from spatialvlm.pipeline.detect.models.box_detectors.florence import Florence as Backend
        case "yolox":
            from spatialvlm.pipeline.detect.models.box_detectors.yolox import Yolox as Backend
        case _:
            raise UserError(f"detection model {backend!r}: unknown; choose one of {', '.join(BOX_DETECTORS)}")
    return Backend


def read_config(located: Located) -> dict[str, Any]:
    """Read the config.json of weights, {} where there is none."""
    try:
        config = json.loads((located.path / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def load_box_detector(model: Model, config: DetectConfig, runtime: Runtime) -> BoxDetector:
    """Load a model. Raises UserError for an unknown backend, and where weights or a package cannot be had."""
    return box_detector(model.backend)(model, config, runtime)
