"""The source `shapes:N`: N drawn scenes of simple solids with exact depth, masks, camera and gravity.

It needs no file and no model, so it is the demo, and the truth that the tests measure everything else by.
"""

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.records import Sample
from spatialvlm.worlds.solids import SceneDescription, frame_of, random_scene

SEED = 2401_12168  # any constant; the paper's number on arXiv


class ShapesSource(FrameSource):
    """`count` random scenes. Frame k is the same whatever the count and whatever was read before."""

    layout = "drawn solids with exact truth"
    measured_depth, annotated, ordered, thread_safe = True, True, False, True

    def __init__(self, count: int, *, width: int = 640, height: int = 480):
        self.count, self.width, self.height = count, width, height
        self.name = f"shapes:{count}"
        self.fingerprint = "shapes:v2" if (width, height) == (640, 480) else f"shapes:v2/{width}x{height}"

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ShapesSource":
        """Open `shapes:N`. Raises UserError for an N that is none."""
        text = source.partition(":")[2]
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise UserError(f"source 'shapes:{text}': expected a positive whole number of scenes, as in shapes:100")
        return cls(int(text), width=config.size[0], height=config.size[1])

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> Sample:
        """Draw frame `index` from nothing but its number."""
        return Sample(index, frame_of(self.describe(index), f"shapes-{index:06d}"))

    def describe(self, index: int) -> SceneDescription:
        """Make the exact scene that frame `index` shows."""
        return random_scene(np.random.default_rng([SEED, index]), width=self.width, height=self.height)
