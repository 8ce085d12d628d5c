"""images: a folder of pictures -> Frames that have an image, and a camera where EXIF data tell the focal length."""

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.pipeline.collect.decode import Refused, file_name, is_unicode, read_file, record_id, shown
from spatialvlm.pipeline.collect.exif import camera_from_exif
from spatialvlm.pipeline.collect.picture_files import read_rgb, refuse_depth
from spatialvlm.records import Drop, Frame, Sample, Source

ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"),
    *(".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".ppm", ".pgm", ".pnm", ".pbm", ".avif", ".heic", ".heif"),
)
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
"""How files begin that are pictures by all appearance, for those whose name does not say what they are."""
MASK_PATH = re.compile(
    r"(?i)(?:(?:^|/)masks?(?:[_-][^/]*)?/[^/]+|(?:^|/)masks?[_-][^/]*|[_.-]masks?)\.(?:png|bmp|gif|tiff?)$"
)
"""Pictures that say they are masks, of a kind that photos seldom are; beside photos they are none."""
SOME_ENDINGS = 6  # that a message names
LOOKED_AT = 1000


class ImageFolder(FrameSource):
    """All pictures below `folder` in the order of their paths; what is hidden (.name) is left out, and so are masks.

    A frame is called by its path without the ending, or with it where that would not be unique.
    """

    layout = "a folder of photos"
    measured_depth, annotated, ordered, thread_safe = False, False, False, True

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = folder.resolve().name
        left: Counter[str] = Counter()
        sizes = dict(_pictures(folder, left))
        masks = [path for path in sizes if MASK_PATH.search(path)]
        if len(masks) < len(sizes):
            left["mask"] += len(masks)
            sizes = {path: size for path, size in sizes.items() if not MASK_PATH.search(path)}
        self._left_out = _left_out(left)
        if not sizes:
            raise UserError(
                f"source {str(folder)!r}: found no image{self._left_out and f' ({self._left_out})'}; give a folder "
                f"with frames.jsonl or with images, expected files that end in {' '.join(ENDINGS)}"
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
        sample = _read(index, self.folder, path, self._name(path), self.name)
        if index > 0 or not self._left_out:
            return sample
        doubt = Drop("collect", self.name, f"left_out: {self._left_out}")  # said once, with the first picture
        return replace(sample, doubts=(*sample.doubts, doubt))

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Give the file of the picture at `index`."""
        return (self.folder / self._paths[index],)

    def entry_of(self, index: int) -> bytes:
        """Give the path and the name of the picture at `index`."""
        path = self._paths[index]
        return os.fsencode(path) + b"\0" + os.fsencode(self._name(path))

    def _name(self, path: str) -> str:
        return path if self._stems[_stem(path)] > 1 else _stem(path)


def has_pictures(folder: Path) -> bool:
    """Tell whether pictures lie directly in a folder, as far as its first entries show."""
    if not folder.is_dir():
        return False
    with os.scandir(folder) as entries:
        return any(entry.name.lower().endswith(ENDINGS) for entry in islice(entries, LOOKED_AT))


def read_picture(path: Path) -> Sample:
    """Read one picture, called by its name without the ending; as `ImageFolder.read` does."""
    return _read(0, path.parent, path.name, path.stem, path.parent.resolve().name)


def decode_photo(data: bytes, name: str, largest_pixels: int) -> UInt8[np.ndarray, "h w 3"]:
    """Decode a picture as `read_picture` does, out of bytes. Raises UserError for what is none, and for a large one."""
    try:
        refuse_depth(data, name, largest_pixels)
        return read_rgb(data, name, upright=True)[0]
    except Refused as refused:
        raise UserError(str(refused).partition(": ")[2]) from None


def _read(index: int, folder: Path, path: str, name: str, origin: str) -> Sample:
    try:
        if not is_unicode(path):
            raise Refused("name_not_unicode", f"file {shown(path)}: its name is no valid UTF-8; rename it")
        record_id(name, f"file {shown(path)}")
        owner = f"frame {name!r}"
        stored = read_file(folder, path, "image", owner)
        shown_as = file_name(path, owner)
        refuse_depth(stored, shown_as)
        image, data = read_rgb(stored, shown_as, upright=True)
    except Refused as refused:
        return Sample(index).dropped(Drop("collect", name.encode("utf-8", "replace").decode(), str(refused)))
    height, width, _ = image.shape
    camera = camera_from_exif(stored, width, height)
    return Sample(index, Frame(name, image, camera, None, None, None, Source(origin, None, path, data)))


def _pictures(folder: Path, left: Counter[str]) -> Iterator[tuple[str, int]]:
    """Yield the relative posix path and size of every picture, and count in `left` what is none, by its ending.

    A link that leads nowhere has size -1 and is a Drop.
    """
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        left["linked folder"] += sum(Path(parent, name).is_symlink() for name in folders)
        for name in files:
            if name.startswith("."):
                continue
            path = Path(parent, name)
            ending = path.suffix.lower()
            if ending and ending not in ENDINGS:
                left[ending if ending[1:].isalnum() and len(ending) < 8 else "other"] += 1
                continue
            relative = path.relative_to(folder).as_posix()
            try:
                status = path.stat()
            except OSError:
                if ending:
                    yield relative, -1
                continue
            if not stat.S_ISREG(status.st_mode):
                left["FIFO or device"] += 1
            elif ending or _begins_as_picture(path):
                yield relative, status.st_size
            else:
                left["without an ending"] += 1


def _begins_as_picture(path: Path) -> bool:
    """Tell by the first bytes whether a file without an ending is a picture."""
    try:
        with open(path, "rb") as file:
            return file.read(8).startswith(SIGNATURES)
    except OSError:
        return False


def _left_out(left: Counter[str]) -> str:
    """Say which files are no pictures here, the most frequent endings first; empty where there are none."""
    counts = sorted((+left).items(), key=lambda one: (-one[1], one[0]))
    if not counts:
        return ""
    named = [f"{count} {ending}" for ending, count in counts[:SOME_ENDINGS]]
    rest = sum(count for _, count in counts[SOME_ENDINGS:])
    total = sum(left.values())
    files = "1 file that is no picture" if total == 1 else f"{total:,} files that are no pictures"
    return f"left out: {files} here: {', '.join(named)}{f', {rest} of other kinds' if rest else ''}"


def _stem(path: str) -> str:
    """Return a path without its ending, if it has one."""
    return str(PurePosixPath(path).with_suffix(""))
