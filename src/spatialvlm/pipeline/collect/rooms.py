"""The source `rooms:N`: N rendered rooms with exact depth, masks, camera and gravity.

It needs no file, no model and no licence. A seed gives other rooms; the room of a number is the same whatever the count
and whatever was read before.
"""

from importlib import metadata

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.records import Sample
from spatialvlm.worlds import Truth
from spatialvlm.worlds.rooms import Room, frame_of, furnish, load_mitsuba, truth_of


class RoomsSource(FrameSource):
    """`count` furnished rooms. Raises UserError for a count that makes no sense, and without Mitsuba."""

    layout = "rendered rooms with exact truth"
    measured_depth, annotated, ordered, thread_safe = True, True, False, False

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
        """Make the room that frame `index` shows, from nothing but the seed and its number."""
        return furnish(np.random.default_rng([self.seed, index]))

    def read(self, index: int) -> Sample:
        """Draw frame `index` with its picture."""
        return Sample(index, frame_of(self.describe(index), self._frame_id(index), self.size, self.spp))

    def truth(self, index: int) -> Truth:
        """Find all that is true of frame `index`, but no picture: much faster than to read it."""
        return truth_of(self.describe(index), self._frame_id(index), self.size)

    def _frame_id(self, index: int) -> str:
        return f"room-{self.seed}-{index:06d}"
