"""detect: Frame -> Frame with instances | Drop.

A detector is loaded once per process. The masks that it finds have the image's size, boxes enclose their masks, ids are
unique within a frame. Frames that enter are left untouched; what they came with is passed on.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from spatialvlm.models import Runtime
from spatialvlm.pipeline import FrameStage, Needs
from spatialvlm.pipeline.detect.config import BY_MODELS, DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BOX_DETECTORS, box_detector
from spatialvlm.pipeline.detect.models.mask_models import MASK_MODELS, mask_model
from spatialvlm.records import Drop, Frame

__all__ = [
    "BOX_DETECTORS",
    "MASK_MODELS",
    "Detect",
    "DetectConfig",
    "Detector",
    "box_detector",
    "detect",
    "load_detector",
    "mask_model",
]


@runtime_checkable
class Detector(Protocol):
    """A batch of frames to the same frames with instances, or why there are none; in order.

    Models that ran are in the frame's `versions` as "name@version", by their roles: "detect", "segment", "caption".
    """

    def __call__(self, frames: Sequence[Frame]) -> list[Frame | Drop]:
        """Find the objects in each frame."""
        ...


def load_detector(config: DetectConfig | None = None, runtime: Runtime | None = None, seed: int = 0) -> Detector:
    """Load the detector of a config with its models. The run's `seed` decides the lengths of captions.

    Raises UserError for weights that cannot be had or a package that is not installed.
    """
    config = config or DetectConfig()
    match config.detector:
        case "given":
            from spatialvlm.pipeline.detect.given import check_given as run
        case "clusters":
            from spatialvlm.pipeline.detect.clusters.detector import detect_clusters as run
        case "auto":
            from spatialvlm.pipeline.detect.given import given_or_clusters as run
        case _:
            from spatialvlm.pipeline.detect.models.cascade import Cascade

            return Cascade(config, runtime or Runtime(), seed)
    return run


class Detect(FrameStage):
    """The stage: frames with their instances. The run's `seed` decides the lengths of captions."""

    name = "detect"

    def __init__(self, config: DetectConfig | None = None, runtime: Runtime | None = None, seed: int = 0) -> None:
        self.config, self.runtime, self.seed = config or DetectConfig(), runtime, seed
        self.needs: Needs = "model" if self.config.detector in BY_MODELS else "cpu"

    def load(self) -> Detector:
        """Load the detector. Raises UserError as `load_detector` does."""
        return load_detector(self.config, self.runtime, self.seed)


def detect(frame: Frame, config: DetectConfig | None = None, runtime: Runtime | None = None) -> Frame | Drop:
    """Find the objects of one frame, by the models of a config, loaded anew at every call."""
    return Detect(config, runtime).run([frame])[0]
