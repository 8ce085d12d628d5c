"""collect: a source -> Frames.

A source is opened once per process, knows how many frames it has without reading them, and reads any one by its index.
What cannot be read is one Drop: a frame, or one of its given instances; the others are unharmed. A source that makes no
sense as a whole is a UserError.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.records import Drop, Frame

SMALLEST_PX, LARGEST_PX = 16, 2048
MOST_SPP = 4096


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """How sources that draw their frames draw them; what is read from files comes as it is.

    `size`: width and height in pixels. `spp`: samples of the light a pixel, for rooms; more are cleaner and slower.
    Raises UserError for values out of range.
    """

    size: tuple[int, int] = (640, 480)
    spp: int = 16

    def __post_init__(self) -> None:
        if len(self.size) != 2 or not all(SMALLEST_PX <= length <= LARGEST_PX for length in self.size):
            shown = "x".join(str(length) for length in self.size)
            raise UserError(f"size {shown}: expected WIDTHxHEIGHT, each from {SMALLEST_PX} to {LARGEST_PX} pixels")
        if not 1 <= self.spp <= MOST_SPP:
            raise UserError(f"spp {self.spp}: expected 1 to {MOST_SPP} samples a pixel")


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """What one index of a source came to.

    `frame` None means that the frame is dropped, and `drops` holds the one reason, under the frame's id. Otherwise
    `drops` are given instances that cannot be used, under "<frame id>/<instance id>"; the frame is good without them.
    """

    frame: Frame | None
    drops: tuple[Drop, ...] = ()


@runtime_checkable
class Source(Protocol):
    """Frames by index. `fingerprint` changes when the content that decides the frames changes (for resuming)."""

    fingerprint: str

    def __len__(self) -> int: ...

    def read(self, index: int) -> Collected:
        """The frame at `index`, or why it cannot be had. Never raises for bad content of a single frame."""
        ...


def parse_size(text: str) -> tuple[int, int]:
    """Width and height from what people type: "640x480"."""
    width, by, height = text.lower().partition("x")
    if not (by and all(part.isascii() and part.isdigit() and len(part) < 10 for part in (width, height))):
        raise UserError(f"size {text!r}: expected WIDTHxHEIGHT in pixels, as in 640x480")
    return int(width), int(height)


def open_source(source: str, config: CollectConfig | None = None, seed: int = 0) -> Source:
    """Open what the command line calls SOURCE.

    It is `rooms:N` or `shapes:N`, an RGB-D folder (frames.jsonl) or a folder of images. The run's `seed` decides which
    rooms they are. Raises UserError where the source is missing, empty or of no known kind.
    """
    config = config or CollectConfig()
    match source.partition(":"):
        case ("shapes", ":", count):
            from spatialvlm.pipeline.collect.shapes import ShapesSource

            return ShapesSource.parse(count, size=config.size)
        case ("rooms", ":", count):
            from spatialvlm.pipeline.collect.rooms import RoomsSource

            return RoomsSource.parse(count, seed=seed, size=config.size, spp=config.spp)
    folder = Path(source)
    if not folder.is_dir():
        raise UserError(
            f"source {source!r}: no such folder; give a folder with frames.jsonl, a folder of images, rooms:N or "
            "shapes:N"
        )
    if (folder / "frames.jsonl").is_file():
        from spatialvlm.pipeline.collect.rgbd import RgbdFolder

        return RgbdFolder(folder)
    from spatialvlm.pipeline.collect.images import ImageFolder

    return ImageFolder(folder)
