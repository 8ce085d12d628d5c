"""images: a folder of pictures -> Frames that have an image, and a camera where EXIF data tell the focal length."""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.pipeline.collect.decode import Refused, decode_rgb, file_name, is_unicode, read_file, record_id, shown
from spatialvlm.pipeline.collect.exif import camera_from_exif
from spatialvlm.records import Drop, Frame, Sample, Source

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif")


class ImageFolder(FrameSource):
    """All pictures below `folder` in the order of their paths; what is hidden (.name) is left out.

    A frame is called by its path without the ending, or with it where that would not be unique.
    """

    measured_depth, ordered, thread_safe = False, False, True
    layout = "folder of photos"

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = folder.resolve().name
        sizes = dict(_pictures(folder))
        if not sizes:
            raise UserError(
                f"source {str(folder)!r}: found no image; give a folder with frames.jsonl or with images, "
                f"expected files that end in {' '.join(ENDINGS)}"
            )
        self._paths = sorted(sizes)
        self._stems = Counter(_stem(path) for path in self._paths)
        self._stems.update(self._stems.keys() & sizes.keys())  # "a.jpg.png" beside "a.jpg": the stem is a path too
        digest = hashlib.sha256()
        for path in self._paths:
            digest.update(os.fsencode(path) + b"\0%d\n" % sizes[path])
        self.fingerprint = digest.hexdigest()

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ImageFolder":
        """Open a folder of pictures."""
        return cls(Path(source))

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, index: int) -> Sample:
        """Read the picture at `index`, turned upright as its EXIF orientation says, or why it cannot be had.

        Of an animation it is the first frame. An ICC profile is ignored: colours are taken as sRGB.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"image {index} of {self.folder}: there are {len(self)}")
        path = self._paths[index]
        return _read(index, self.folder, path, self._name(path), self.name)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Give the file of the picture at `index`."""
        return (self.folder / self._paths[index],)

    def entry_of(self, index: int) -> bytes:
        """Give the path and the name of the picture at `index`."""
        path = self._paths[index]
        return os.fsencode(path) + b"\0" + os.fsencode(self._name(path))

    def _name(self, path: str) -> str:
        return path if self._stems[_stem(path)] > 1 else _stem(path)


def read_picture(path: Path) -> Sample:
    """Read one picture, called by its name without the ending; as `ImageFolder.read` does."""
    return _read(0, path.parent, path.name, path.stem, path.parent.resolve().name)


def _read(index: int, folder: Path, path: str, name: str, origin: str) -> Sample:
    try:
        if not is_unicode(path):
            raise Refused("name_not_unicode", f"file {shown(path)}: its name is no valid UTF-8; rename it")
        record_id(name, f"file {shown(path)}")
        owner = f"frame {name!r}"
        data = read_file(folder, path, "image", owner)
        image = decode_rgb(data, file_name(path, owner), upright=True)
    except Refused as refused:
        return Sample(index).dropped(Drop("collect", name.encode("utf-8", "replace").decode(), str(refused)))
    height, width, _ = image.shape
    camera = camera_from_exif(data, width, height)
    return Sample(index, Frame(name, image, camera, None, None, None, Source(origin, None, path, data)))


def _pictures(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the relative posix path and size of every picture; a link that leads nowhere has size -1 and is a Drop."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.startswith(".") or not name.lower().endswith(ENDINGS):
                continue
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            try:
                status = path.stat()
            except OSError:
                yield relative, -1
                continue
            if stat.S_ISREG(status.st_mode):
                yield relative, status.st_size


def _stem(path: str) -> str:
    """Return a path without its ending."""
    return path[: path.rindex(".")]
