"""webdataset_tars: tar files whose members KEY.jpg, KEY.depth.png, KEY.json belong together -> Frames.

A key is all of a name before its first dot. Camera, gravity, depth_scale and instances are in the JSON, under the names
of `packed`. Opening reads the headers of the tars; pictures are read by their place.
https://github.com/webdataset/webdataset at 5b12e0b, README
"""

import hashlib
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.images import has_pictures
from spatialvlm.pipeline.collect.layouts.packed import sample_of
from spatialvlm.records import Drop, Sample

IMAGES = ("jpg", "jpeg", "png", "webp", "rgb.png", "rgb.jpg", "image.png", "image.jpg", "color.png", "color.jpg")
DEPTHS = ("depth.png", "depth.npy", "depth.npz", "depth.exr", "depth.tiff", "depth.tif")
LARGEST_MEMBER = 1 << 30


@dataclass(slots=True)
class _Member:
    """The parts of one key: where each lies in its tar, by ending."""

    key: str
    tar: Path
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)


class WebDatasetTars:
    """The samples of all tars that have a picture, in order."""

    option, title = "webdataset", "WebDataset tars"
    measured_depth: bool | None = None
    annotated: bool | None = None
    ordered, thread_safe = False, True

    def __init__(self, folder: Path, tars: list[Path]) -> None:
        self.folder, self.name, self.layout = folder, folder.resolve().name, self.title
        members = [member for tar in tars for member in _members(tar)]
        self._members = [member for member in members if _part(member, IMAGES)]
        if not self._members:
            raise UserError(f"source {str(folder)!r}: no picture in its tars; expected members such as 000000.jpg")
        several = len(tars) > 1
        self._ids = [f"{one.tar.stem}/{one.key}" if several else one.key for one in self._members]
        self.measured_depth = any(_part(member, DEPTHS) is not None for member in self._members)
        self.annotated = False
        left = len(members) - len(self._members)
        self.remarks = (f"{left} of {len(members)} keys have no picture; left out",) if left else ()
        said = repr([(id, sorted(member.parts.items())) for id, member in zip(self._ids, self._members)])
        self.fingerprint = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for tar files."""
        found = [] if has_pictures(path) else _tars(path)
        return found[0].name if found else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "WebDatasetTars":
        """Open a tar or a folder of them. Raises UserError where one cannot be read."""
        path = Path(source)
        tars = _tars(path)
        if not tars:
            raise UserError(f"source {source!r}: no tar file in it; expected *.tar (unpack .tar.gz first)")
        return cls(path if path.is_dir() else path.parent, tars)

    def __len__(self) -> int:
        return len(self._members)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the tar of sample `index`."""
        return (self._members[index].tar,)

    def entry_of(self, index: int) -> bytes:
        """Give where the parts of sample `index` lie."""
        return repr((self._ids[index], sorted(self._members[index].parts.items()))).encode("utf-8", "surrogatepass")

    def read(self, index: int) -> Sample:
        """Read the frame at `index`, or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {self.folder}: there are {len(self)}")
        member, id = self._members[index], self._ids[index]
        record = self._record(member, id)
        if isinstance(record, Drop):
            return Sample(index).dropped(record)
        image, depth = _part(member, IMAGES), _part(member, DEPTHS)
        path = f"{member.key}.{image}"
        return sample_of(index, id, self.folder, path, _bytes(member, image), _bytes(member, depth), record)

    def _record(self, member: _Member, id: str) -> dict[str, Any] | Drop:
        data = _bytes(member, "json" if "json" in member.parts else None)
        if data is None:
            return {}
        try:
            record = json.loads(data)
        except (ValueError, RecursionError) as error:
            return Drop("collect", id, f"record_not_json: {member.key}.json of frame {id!r}: {error}; correct it")
        return record if isinstance(record, dict) else {}


def _tars(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix == ".tar" else []
    return sorted(path.glob("*.tar")) if path.is_dir() else []


def _members(tar: Path) -> list[_Member]:
    """Read the headers of a tar: its keys in the order in which they begin."""
    found: dict[str, _Member] = {}
    try:
        with tarfile.open(tar, "r:") as file:
            for info in file:
                folder, _, name = info.name.rpartition("/")
                stem, dot, ending = name.partition(".")
                if not info.isreg() or not dot or not stem or info.size > LARGEST_MEMBER:
                    continue
                key = f"{folder}/{stem}".strip("./") if folder.strip("./") else stem
                found.setdefault(key, _Member(key, tar)).parts[ending.lower()] = (info.offset_data, info.size)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UserError(f"{tar}: cannot be read as a tar ({error}); copy it again") from None
    return list(found.values())


def _part(member: _Member, endings: tuple[str, ...]) -> str | None:
    return next((ending for ending in endings if ending in member.parts), None)


def _bytes(member: _Member, ending: str | None) -> bytes | None:
    if ending is None:
        return None
    offset, size = member.parts[ending]
    with open(member.tar, "rb") as file:
        file.seek(offset)
        return file.read(size)
