"""picture: one picture file -> one Frame, as a folder of photos would read it."""

from pathlib import Path

from spatialvlm.pipeline.collect import CollectConfig, read_picture
from spatialvlm.pipeline.collect.images import ENDINGS
from spatialvlm.records import Sample


class PictureFile:
    """A single photo."""

    option, title = "picture", "a single picture"
    measured_depth, annotated, ordered, thread_safe = False, False, False, True
    remarks: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name, self.layout = path.name, self.title
        self.fingerprint = f"picture:{path.name}"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look at its ending."""
        return path.suffix if path.suffix.lower() in ENDINGS and path.is_file() else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "PictureFile":
        """Open a picture."""
        return cls(Path(source))

    def __len__(self) -> int:
        return 1

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the file."""
        return (self.path,)

    def entry_of(self, index: int) -> bytes:
        """Say nothing: there is no list."""
        return b""

    def read(self, index: int) -> Sample:
        """Read the picture, or why it cannot be had."""
        if index != 0:
            raise IndexError(f"image {index} of {self.path}: there is 1")
        return read_picture(self.path)
