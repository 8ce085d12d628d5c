"""detect: Frames -> Instances.

A detector is built once per process and maps a batch of frames to one result each: the instances it sees, or a Drop.
Masks have the image's size, boxes enclose their masks, ids are unique within a frame; inputs are left untouched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline import FrameStage, Needs
from spatialvlm.pipeline.detect.models.prompts import PROMPTS
from spatialvlm.records import Drop, Frame, Instance

LEAST_SCORES = MappingProxyType({"grounding_dino": 0.3, "owl": 0.1, "sam3": 0.5, "florence": 0.0, "yolox": 0.6})
"""From which score on a model's finds are mostly right; what they call a score differs."""

BY_MODELS = ("grounded", "concepts", "regions", "boxes")
DETECTORS = ("auto", "given", "clusters", *BY_MODELS)


@dataclass(frozen=True, slots=True)
class DetectConfig:
    """How objects are found.

    `detector`: "given" annotations; "clusters" of depth; "auto": given ones, else clusters; "grounded": boxes of what
    `prompts` name by an open-vocabulary model, cut out by a mask model; "concepts": boxes and masks of the prompts in
    one (SAM 3); "regions": class-agnostic regions with captions, cut out by a mask model, closest to the paper;
    "boxes": boxes of the model's own classes (YOLOX).
    `find`, `cut`, `caption`: the models that find boxes, cut masks out of them and, where there is one, name them in 1
    to 6 words. Without `cut`, masks come from GrabCut.
    What is found twice, tiny, or nearly the whole image is left out; see `pipeline.detect.suppress`: `least_score` of a
    box; `most_overlap`: of two boxes (intersection over union) the better one stays; `most_contained`: so much of a
    mask inside a better one of the same name is a part of it; `least_share` and `most_share` of the image's pixels;
    `most` objects of an image.
    Raises UserError for a detector that is unknown, or lacks a model.
    """

    detector: str = "auto"
    find: Model | None = None
    cut: Model | None = None
    caption: Model | None = None
    prompts: tuple[str, ...] = PROMPTS
    least_score: float = 0.3
    most_overlap: float = 0.6
    most_contained: float = 0.85
    least_share: float = 0.0008
    most_share: float = 0.6
    most: int = 20

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            raise UserError(f"detector {self.detector!r}: unknown; choose one of {', '.join(DETECTORS)}")
        if self.detector in BY_MODELS and self.find is None:
            raise UserError(
                f"detector {self.detector!r}: needs a model; give one with --model find=BACKEND:WEIGHTS, or a --recipe"
            )
        if self.detector in ("grounded", "concepts") and not self.prompts:
            raise UserError(f"detector {self.detector!r}: needs at least one prompt, a noun such as 'chair'")


@runtime_checkable
class Detector(Protocol):
    """A batch of frames to the instances of each, in order."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The models by what they do, "find", "cut", "caption", each as "name@version"."""
        ...

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame, or why there are none."""
        ...


def load_detector(config: DetectConfig | None = None, runtime: Runtime | None = None, seed: int = 0) -> Detector:
    """The detector of a config, its models loaded. The run's `seed` decides the lengths of captions.

    Raises UserError for weights that cannot be had or a package that is not installed.
    """
    config, runtime = config or DetectConfig(), runtime or Runtime()
    match config.detector:
        case "given":
            from spatialvlm.pipeline.detect.given import Given

            return Given()
        case "clusters":
            from spatialvlm.pipeline.detect.clusters.detector import Clusters

            return Clusters()
        case "auto":
            from spatialvlm.pipeline.detect.auto import Auto

            return Auto()
    from spatialvlm.pipeline.detect.models.found import Found

    return Found(config, runtime, seed)


class Detect(FrameStage):
    """The stage: frames with their instances. The run's `seed` decides the lengths of captions."""

    name = "detect"

    def __init__(self, config: DetectConfig | None = None, runtime: Runtime | None = None, seed: int = 0) -> None:
        self.config, self.runtime, self.seed = config or DetectConfig(), runtime, seed
        self.needs: Needs = "model" if self.config.detector in BY_MODELS else "cpu"

    def load(self) -> Callable[[Sequence[Frame]], Sequence[Frame | Drop]]:
        """Load the detector. Raises UserError as `load_detector` does."""
        from dataclasses import replace

        detector = load_detector(self.config, self.runtime, self.seed)

        def run(frames):
            return [
                r if isinstance(r, Drop) else replace(f, instances=r, versions={**f.versions, **detector.versions})
                for f, r in zip(frames, detector(frames))
            ]

        return run


def detect(frame: Frame, config: DetectConfig | None = None, runtime: Runtime | None = None) -> Frame | Drop:
    """Find the objects of one frame, by the models of a config, loaded anew at every call."""
    return Detect(config, runtime).run([frame])[0]
