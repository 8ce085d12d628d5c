"""The source `shapes:N`: N rendered scenes of simple solids with exact depth, masks, camera and gravity.

It needs no file and no model, so it is the demo, and the truth that the tests measure everything else by.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.records import Camera, Frame, Instance, Sample, Source
from spatialvlm.worlds.solids.arrange import random_scene
from spatialvlm.worlds.solids.rendering import render
from spatialvlm.worlds.solids.scene import RayCast, SceneDescription, ray_cast

SEED = 2401_12168  # any constant; the paper's number on arXiv
LICENCE = "CC0-1.0"


class ShapesSource:
    """`count` random scenes. Frame k is the same whatever the count and whatever was read before."""

    measured_depth, ordered, thread_safe = True, False, True

    def __init__(self, count: int, *, width: int = 640, height: int = 480):
        self.count, self.width, self.height = count, width, height
        self.name = f"shapes:{count}"
        self.fingerprint = "shapes:v1" if (width, height) == (640, 480) else f"shapes:v1/{width}x{height}"

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
        """The exact scene that frame `index` shows."""
        return random_scene(np.random.default_rng([SEED, index]), width=self.width, height=self.height)


def frame_of(description: SceneDescription, frame_id: str) -> Frame:
    """Render a scene, any scene, with everything that is known about it."""
    cast = ray_cast(description)
    image = render(description, cast)
    source = Source("rendered shapes", LICENCE, f"{frame_id}.png", _png(image))
    camera = Camera(description.image_from_camera, description.width, description.height)
    depth_m = cast.depth_m.astype(np.float32)
    return Frame(frame_id, image, camera, depth_m, description.gravity_in_camera, _instances(description, cast), source)


def _instances(description: SceneDescription, cast: RayCast) -> tuple[Instance, ...]:
    """The things that at least one pixel sees; ids count from 1 in the order of the description."""
    found = []
    for place, thing in enumerate(description.things):
        mask = cast.index == place
        if mask.any():
            found.append(Instance(str(place + 1), thing.captions, _tight_box(mask), mask))
    return tuple(found)


def _tight_box(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 4"]:
    """Around whole pixels, so a lone pixel in column c reaches from c to c + 1."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)


def _png(image: UInt8[np.ndarray, "h w 3"]) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
