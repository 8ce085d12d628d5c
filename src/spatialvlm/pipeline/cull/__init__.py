"""cull: Frame -> Frame | Drop. Keeps pictures of scenes, drops what no spatial question makes sense about.

A picture is dropped when it is tiny, blurred, nearly the same as an earlier one of its source, or when a CLIP-like
model finds that a label of another sort of picture fits it best (paper, section 3.1 and appendix A.1). What is kept
carries a `Verdict`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline import FrameStage, Needs
from spatialvlm.records import Drop, Frame, Sample

KEEP = ("an iphone photo of an indoor scene", "an iphone photo of an outdoor scene")
"""The paper's labels of what is kept. "An iphone photo" keeps wide fields of view and odd perspectives away."""

DROP = (
    "a close up shot of a single object",
    "a product displayed in front of a white background",
    "an artwork",
    "a painting",
    "a screenshot of graphics user interface",
    "a piece of text",
    "a sketch",
)
"""The paper's labels of what is dropped."""

CULL_MODELS = ("clip", "siglip")

MAX_DUPLICATE_BITS = 16
"""Frames of one fixed camera with other things before it differ in 10 bits and more, so more than 16 mean nothing."""


@dataclass(frozen=True, slots=True)
class CullConfig:
    """What is kept. The defaults keep everything.

    `model`: a zero-shot classifier of images; an image is kept where the label that fits it best is one of `keep`.
    `min_side_px`: of the image. `min_sharpness`: see `quality.sharpness`; 0.33 drops what is blurred by 4 px
    at a width of 640 px, and none of the sharp photos that it was tried on. `duplicate_bits`: an image is a duplicate
    of an earlier one whose perceptual hash (64 bits) differs in at most so many, 6 for copies; None looks for none.
    Raises UserError for values out of range.
    """

    model: Model | None = None
    keep: tuple[str, ...] = KEEP
    drop: tuple[str, ...] = DROP
    min_side_px: int = 0
    min_sharpness: float = 0.0
    duplicate_bits: int | None = None

    def __post_init__(self) -> None:
        if self.model is not None and not (self.keep and self.drop):
            raise UserError("cull: expected at least one label to keep and one to drop")
        both = sorted({*self.keep} & {*self.drop})
        if both:
            raise UserError(f"cull: the label {both[0]!r} is both kept and dropped; remove it from one of the lists")
        if self.min_side_px < 0:
            raise UserError(f"cull: min_side_px {self.min_side_px}: expected 0 or more")
        if not 0 <= self.min_sharpness <= 1:
            raise UserError(f"cull: min_sharpness {self.min_sharpness:g}: expected 0 to 1; 0.33 drops what is blurred")
        if self.duplicate_bits is not None and not 0 <= self.duplicate_bits <= MAX_DUPLICATE_BITS:
            raise UserError(
                f"cull: duplicate_bits {self.duplicate_bits}: expected 0 to {MAX_DUPLICATE_BITS}; copies differ in up "
                "to 6 of 64 bits, different pictures in about 32"
            )

    @property
    def keeps_everything(self) -> bool:
        """Whether nothing is asked of an image, so that none need be looked at."""
        return self.model is None and self.min_side_px == 0 and self.min_sharpness == 0 and self.duplicate_bits is None


@runtime_checkable
class Classifier(Protocol):
    """Images to one probability per label, in the order of the labels. `version` is what was loaded."""

    name: str
    version: str

    def __call__(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> list[Float32[np.ndarray, " labels"]]:
        """Estimate the probability of each label for each image."""
        ...


class Cull(FrameStage):
    """The stage: frames with their verdicts, or why they are dropped.

    Duplicates are those of the whole source, so that what is dropped does not depend on how the source is split: the
    survey hashes every picture before the first batch. It costs a reading of the source, and 8 bytes a picture.
    """

    name = "cull"

    def __init__(self, config: CullConfig, runtime: Runtime | None = None) -> None:
        self.config, self.runtime = config, runtime or Runtime()
        self.needs: Needs = "cpu" if config.model is None else "model"
        self.surveys = config.duplicate_bits is not None
        self.duplicates: dict[str, str] = {}
        """The id of a frame -> that of the earlier frame which it repeats."""
        self._repeated: dict[int, str] = {}

    def load(self) -> Callable[[Sequence[Frame]], list[Frame | Drop]]:
        """Load the checks with their model, if one is asked. Raises UserError as `FrameStage.load` does."""
        from spatialvlm.pipeline.cull.screen import Screen

        return Screen(self.config, _load_classifier(self.config, self.runtime), self.duplicates)

    def look(self, sample: Sample) -> tuple[str, int]:
        """Give the id and the hash of a picture; no id and the hash of nothing where it cannot be read.

        What would be dropped anyway for its size or sharpness has the hash of nothing too.
        """
        from spatialvlm.pipeline.cull.duplicates import FLAT
        from spatialvlm.pipeline.cull.screen import fingerprint

        frame = sample.frame
        return ("", FLAT) if frame is None else (frame.id, fingerprint(frame.image, self.config))

    def conclude(self, looks: Iterable[tuple[str, int]]) -> None:
        """Find the pictures that repeat an earlier one, from what was seen of all of them, in order."""
        from spatialvlm.pipeline.cull.duplicates import find_duplicates

        ids, hashes = [], []
        for id_, value in looks:
            ids.append(id_)
            hashes.append(value)
        if self.config.duplicate_bits is not None:
            self.duplicates.update(find_duplicates(ids, np.array(hashes, np.uint64), self.config.duplicate_bits))
        self._repeated = {index: self.duplicates[id_] for index, id_ in enumerate(ids) if id_ in self.duplicates}

    def finding(self, index: int) -> str:
        """Say which earlier frame the one at `index` repeats; empty for none."""
        return self._repeated.get(index, "")


def cull_backend(name: str) -> type[Any]:
    """Look up the class of a classifier by the name of its backend. Raises UserError for an unknown one."""
    if name in CULL_MODELS:
        from spatialvlm.pipeline.cull.clip import Clip

        return Clip
    raise UserError(f"cull model {name!r}: unknown; choose one of {', '.join(CULL_MODELS)}")


def _load_classifier(config: CullConfig, runtime: Runtime) -> Classifier | None:
    if config.model is None:
        return None
    return cull_backend(config.model.backend)(config.model, (*config.keep, *config.drop), runtime)
