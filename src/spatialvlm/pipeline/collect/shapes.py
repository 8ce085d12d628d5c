"""The source `shapes:N`: N drawn scenes of simple solids with exact depth, masks, camera and gravity.

It needs no file and no model, so it is the demo, and the truth that the tests measure everything else by.
"""

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import Collected
from spatialvlm.worlds.solids import SceneDescription, frame_of, random_scene

SEED = 2401_12168  # any constant; the paper's number on arXiv


class ShapesSource:
    """`count` random scenes. Frame k is the same whatever the count and whatever was read before."""

    def __init__(self, count: int, *, width: int = 640, height: int = 480):
        self.count, self.width, self.height = count, width, height
        self.fingerprint = "shapes:v2" if (width, height) == (640, 480) else f"shapes:v2/{width}x{height}"

    @classmethod
    def parse(cls, text: str, size: tuple[int, int] = (640, 480)) -> "ShapesSource":
        """From what follows the colon of `shapes:N`."""
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise UserError(f"source 'shapes:{text}': expected a positive whole number of scenes, as in shapes:100")
        return cls(int(text), width=size[0], height=size[1])

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> Collected:
        """Frame `index`, made from nothing but its number."""
        return Collected(frame_of(self.describe(index), f"shapes-{index:06d}"))

    def describe(self, index: int) -> SceneDescription:
        """The exact scene that frame `index` shows."""
        return random_scene(np.random.default_rng([SEED, index]), width=self.width, height=self.height)
