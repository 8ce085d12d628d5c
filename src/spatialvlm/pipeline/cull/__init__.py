"""cull: Frame -> Frame | Drop. Keeps pictures of scenes, drops what no spatial question makes sense about.

A picture is dropped when it is tiny, blurred, nearly the same as an earlier one of its source, or when a CLIP-like
model finds that a label of another sort of picture fits it best (paper, section 3.1 and appendix A.1). What is kept
carries a `Verdict`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.inference import Runtime
from spatialvlm.records import Drop, Frame
from spatialvlm.weights import Model

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


@dataclass(frozen=True, slots=True)
class CullConfig:
    """What is kept. The defaults keep everything.

    `model`: a zero-shot classifier of images; an image is kept where the label that fits it best is one of `keep`.
    `least_side_px`: of the image. `least_sharpness`: see `quality.sharpness`. `duplicate_bits`: an image is a duplicate
    of an earlier one whose perceptual hash (64 bits) differs in at most so many; None looks for none.
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


@runtime_checkable
class Cull(Protocol):
    """A batch of frames to the same frames with their verdicts, or why they are dropped; in order."""

    def __call__(self, frames: Sequence[Frame]) -> list[Frame | Drop]:
        """Each frame with its verdict, or why it is dropped."""
        ...
