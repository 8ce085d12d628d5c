"""The source `rooms:N`: N rendered rooms with exact depth, masks, camera and gravity.

It needs no file, no model and no licence. A seed gives other rooms; the room of a number is the same whatever the count
and whatever was read before.
"""

from importlib import metadata

import cv2
import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.records import Camera, Frame, Sample, Source
from spatialvlm.worlds.rooms.cameras import image_from_camera
from spatialvlm.worlds.rooms.layout import furnish
from spatialvlm.worlds.rooms.model import Room
from spatialvlm.worlds.rooms.rendering import Traced, render, trace
from spatialvlm.worlds.rooms.truth import Truth, instances_of, truth_of, up_in_camera
from spatialvlm.worlds.rooms.variants import load_mitsuba

ORIGIN, LICENCE = "rendered room", "CC0-1.0"


class RoomsSource:
    """`count` furnished rooms. Raises UserError for a size or samples that make no sense, and without Mitsuba."""

    measured_depth, ordered, thread_safe = True, False, False

    def __init__(self, count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480), spp: int = 16):
        if count < 1:
            raise UserError(f"source 'rooms:{count}': expected one or more rooms")
        self.count, self.seed, self.size, self.spp = count, seed, size, spp
        self.name = f"rooms:{count}"
        _, variant = load_mitsuba()
        version = metadata.version("mitsuba")
        self.fingerprint = f"rooms:v1/{version}/{variant}/{size[0]}x{size[1]}/{spp}/{seed}"

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "RoomsSource":
        """Open `rooms:N`. Raises UserError for an N that is none, and without Mitsuba."""
        text = source.partition(":")[2]
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise UserError(f"source 'rooms:{text}': expected a positive whole number of rooms, as in rooms:100")
        return cls(int(text), seed=seed, size=config.size, spp=config.spp)

    def __len__(self) -> int:
        return self.count

    def describe(self, index: int) -> Room:
        """The room that frame `index` shows, made from nothing but the seed and its number."""
        return furnish(np.random.default_rng([self.seed, index]))

    def read(self, index: int) -> Sample:
        """Draw frame `index` with its picture."""
        room = self.describe(index)
        rendered = render(room, self.size, self.spp)
        return Sample(index, self._frame(index, room, rendered.traced, rendered.image))

    def truth(self, index: int) -> Truth:
        """All that is true of frame `index`, but no picture: much faster than to read it."""
        room = self.describe(index)
        black = np.zeros((self.size[1], self.size[0], 3), dtype=np.uint8)
        return truth_of(room, self._frame(index, room, trace(room, self.size), black))

    def _frame(self, index: int, room: Room, traced: Traced, image: np.ndarray) -> Frame:
        frame_id = f"room-{self.seed}-{index:06d}"
        camera = Camera(image_from_camera(room.view, self.size), *self.size, "calibration")
        png = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        source = Source(ORIGIN, LICENCE, f"{frame_id}.png", png)
        seen = instances_of(room, traced.thing)
        return Frame(frame_id, image, camera, traced.depth_m, -up_in_camera(room), seen, source)
