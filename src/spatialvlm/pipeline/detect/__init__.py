"""detect: Frame -> Frame with instances | Drop.

A detector is loaded once per process. The masks that it finds have the image's size, boxes enclose their masks, ids are
unique within a frame. Frames that enter are left untouched; what they came with is passed on.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from spatialvlm.models.inference import Runtime
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BOX_DETECTORS, box_detector
from spatialvlm.pipeline.detect.models.mask_models import MASK_MODELS
from spatialvlm.records import Drop, Frame

__all__ = ["BOX_DETECTORS", "MASK_MODELS", "DetectConfig", "Detector", "box_detector", "load_detector"]


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
            from spatialvlm.pipeline.detect.given import check_given as detect
        case "clusters":
            from spatialvlm.pipeline.detect.clusters.detector import detect_clusters as detect
        case "auto":
            from spatialvlm.pipeline.detect.given import given_or_clusters as detect
        case _:
            from spatialvlm.pipeline.detect.models.cascade import Cascade

            return Cascade(config, runtime or Runtime(), seed)
    return detect
