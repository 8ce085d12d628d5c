"""collect: a source -> Frames.

A source is opened once per process, knows how many frames it has without reading them, and reads any one by its index.
What cannot be read is one Drop; the others are unharmed. A source that makes no sense as a whole is a UserError.
"""

from pathlib import Path
from typing import Protocol

from spatialvlm.errors import UserError
from spatialvlm.records import Drop, Frame


class Source(Protocol):
    """Frames by index. `fingerprint` changes when the content that decides the frames changes (for resuming)."""

    fingerprint: str

    def __len__(self) -> int: ...

    def read(self, index: int) -> Frame | Drop:
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
