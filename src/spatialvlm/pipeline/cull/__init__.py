"""cull: Frame -> Frame | Drop. Keeps pictures of scenes, drops what no spatial question makes sense about.

A picture is dropped when it is tiny, blurred, nearly the same as an earlier one of its source, or when a CLIP-like
model finds that a label of another sort of picture fits it best (paper, section 3.1 and appendix A.1). What is kept
carries a `Verdict`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.models.inference import Runtime
from spatialvlm.models.weights import Model
from spatialvlm.records import Drop, Frame

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

MOST_DUPLICATE_BITS = 16
"""Frames of one fixed camera with other things before it differ in 10 bits and more, so more than 16 mean nothing."""


@dataclass(frozen=True, slots=True)
class CullConfig:
    """What is kept. The defaults keep everything.

    `model`: a zero-shot classifier of images; an image is kept where the label that fits it best is one of `keep`.
    `least_side_px`: of the image. `least_sharpness`: see `quality.sharpness`; 0.33 drops what is blurred by 4 px
    at a width of 640 px, and none of the sharp photos that it was tried on. `duplicate_bits`: an image is a duplicate
    of an earlier one whose perceptual hash (64 bits) differs in at most so many, 6 for copies; None looks for none.
    Raises UserError for values out of range.
    """

    model: Model | None = None
    keep: tuple[str, ...] = KEEP
    drop: tuple[str, ...] = DROP
    least_side_px: int = 0
    least_sharpness: float = 0.0
    duplicate_bits: int | None = None

    def __post_init__(self) -> None:
        if self.model is not None and not (self.keep and self.drop):
            raise UserError("cull: expected at least one label to keep and one to drop")
        both = sorted({*self.keep} & {*self.drop})
        if both:
            raise UserError(f"cull: the label {both[0]!r} is both kept and dropped; remove it from one of the lists")
        if self.least_side_px < 0:
            raise UserError(f"cull: least_side_px {self.least_side_px}: expected 0 or more")
        if not 0 <= self.least_sharpness <= 1:
            raise UserError(
                f"cull: least_sharpness {self.least_sharpness:g}: expected 0 to 1; 0.33 drops what is blurred"
            )
        if self.duplicate_bits is not None and not 0 <= self.duplicate_bits <= MOST_DUPLICATE_BITS:
            raise UserError(
                f"cull: duplicate_bits {self.duplicate_bits}: expected 0 to {MOST_DUPLICATE_BITS}; copies differ in up "
                "to 6 of 64 bits, different pictures in about 32"
            )

    @property
    def keeps_everything(self) -> bool:
        """Whether nothing is asked of an image, so that none need be looked at."""
        return (
            self.model is None and self.least_side_px == 0 and self.least_sharpness == 0 and self.duplicate_bits is None
        )


@runtime_checkable
class Cull(Protocol):
    """A batch of frames to the same frames with their verdicts, or why they are dropped; in order."""

    def __call__(self, frames: Sequence[Frame]) -> list[Frame | Drop]:
        """Each frame with its verdict, or why it is dropped."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """Images to one probability per label, in the order of the labels. `version` is what was loaded."""

    name: str
    version: str

    def __call__(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> list[Float32[np.ndarray, " labels"]]:
        """The probability of each label for each image."""
        ...


def load_cull(config: CullConfig, runtime: Runtime, duplicates: Mapping[str, str] = MappingProxyType({})) -> Cull:
    """The checks of a config with their model, if one is asked.

    `duplicates` maps the id of a frame to that of the earlier frame that it repeats, for a whole source at once, so
    that what is dropped does not depend on how the source is split: see `duplicates.find_duplicates`, over the hashes
    of `screen.fingerprint`. Raises UserError for an unknown model, weights that cannot be had, or a package that is not
    installed.
    """
    from spatialvlm.pipeline.cull.screen import Screen

    return Screen(config, _load_classifier(config, runtime), duplicates)


def _load_classifier(config: CullConfig, runtime: Runtime) -> Classifier | None:
    if config.model is None:
        return None
    match config.model.backend:
        case "clip" | "siglip":
            from spatialvlm.pipeline.cull.clip import Clip

            return Clip(config.model, (*config.keep, *config.drop), runtime)
    raise UserError(f"cull model {config.model.backend!r}: unknown; choose one of {', '.join(CULL_MODELS)}")
