"""A candidate: what a model took for an object."""

from dataclasses import dataclass

from spatialvlm.geometry import BoxXyxy, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What may be an object: its box inside the image in pixels, how sure the model is, what it may be called.

    `mask`, of the image's size, where there is one already. `partial`: it shows a part of the object, the box shows how
    far it reaches.
    """

    box_xyxy: BoxXyxy
    score: float
    captions: tuple[str, ...]
    mask: Mask | None = None
    partial: bool = False
