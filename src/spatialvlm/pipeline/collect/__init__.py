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


def open_source(source: str) -> Source:
    """Open what the command line calls SOURCE: `shapes:N`, an RGB-D folder (frames.jsonl) or a folder of images.

    Raises UserError where the source is missing, empty or of no known kind.
    """
    match source.partition(":"):
        case ("shapes", ":", count):
            from spatialvlm.pipeline.collect.shapes import ShapesSource

            return ShapesSource.parse(count)
    folder = Path(source)
    if not folder.is_dir():
        raise UserError(
            f"source {source!r}: no such folder; give a folder with frames.jsonl, a folder of images, or shapes:N"
        )
    if (folder / "frames.jsonl").is_file():
        from spatialvlm.pipeline.collect.rgbd import RgbdFolder

        return RgbdFolder(folder)
    from spatialvlm.pipeline.collect.images import ImageFolder

    return ImageFolder(folder)
