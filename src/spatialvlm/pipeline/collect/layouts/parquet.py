"""parquet: Parquet files with a column of images, as the Hugging Face hub has them -> Frames.

An image is a struct {bytes, path}, bytes, or the path of a file. A column of depth goes with it (the same three
ways, or rows of metres), and columns of camera, gravity and instances under the names of `packed`. Rows are read by
row group.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused, read_file
from spatialvlm.pipeline.collect.images import has_pictures
from spatialvlm.pipeline.collect.layouts.packed import CAMERA_KEYS, GRAVITY_KEYS, INSTANCE_KEYS, has_masks, sample_of
from spatialvlm.records import Drop, Sample

IMAGE_NAMES = ("image", "img", "rgb", "color", "picture", "photo", "jpg", "png", "pixels")
OTHER_NAMES = ("depth_scale", "licence", "license")
PATTERNS = ("*.parquet", "data/*.parquet", "*/*.parquet", "data/*/*.parquet")


class ParquetRows:
    """The rows of all files, in the order of their names."""

    option, title = "parquet", "Parquet files with images"
    measured_depth: bool | None = None
    annotated: bool | None = None
    ordered, thread_safe = False, False

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self.folder, self.name, self.layout = folder, folder.resolve().name, self.title
        self._files = [_opened(path) for path in files]
        self._paths = list(files)
        schema = self._files[0].schema_arrow
        self._image, self._depth = _image_column(schema, folder), _depth_column(schema)
        wanted = (*CAMERA_KEYS, *GRAVITY_KEYS, *INSTANCE_KEYS, *OTHER_NAMES)
        self._columns = [name for name in schema.names if name in wanted or name in (self._image, self._depth)]
        self._ends = list(accumulate(file.metadata.num_rows for file in self._files))
        self._cached: tuple[tuple[int, int], pa.Table] | None = None
        if not self._ends[-1]:
            raise UserError(f"source {str(folder)!r}: its Parquet files have no row")
        self.measured_depth = self._depth is not None
        first = self._record(0)
        self.annotated = any(has_masks(first.get(key)) for key in INSTANCE_KEYS)
        taken = ", ".join(repr(name) for name in self._columns)
        left = [name for name in schema.names if name not in self._columns]
        self.remarks = (f"columns taken: {taken}" + (f"; left alone: {', '.join(map(repr, left))}" if left else ""),)
        sizes = [
            (path.relative_to(folder).as_posix(), file.metadata.num_rows) for path, file in zip(files, self._files)
        ]
        self.fingerprint = hashlib.sha256(repr((self._columns, sizes)).encode()).hexdigest()

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for Parquet files in the usual places."""
        if (path / "meta/info.json").is_file() or has_pictures(path):  # LeRobot's; photos with something beside them
            return None
        found = _files_of(path)
        return found[0].name if found else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ParquetRows":
        """Open a file or a folder. Raises UserError where no column holds images."""
        path = Path(source)
        files = _files_of(path)
        if not files:
            raise UserError(f"source {source!r}: no Parquet file in it; expected *.parquet or data/*.parquet")
        if (path / "dataset.json").is_file() and (path / "manifest.jsonl").is_file():
            raise UserError(f"source {source!r}: is a dataset that `build` wrote; `spatialvlm ask` asks about it anew")
        return cls(path if path.is_dir() else path.parent, files)

    def __len__(self) -> int:
        return self._ends[-1]

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the file of row `index`."""
        return (self._paths[bisect_right(self._ends, index)],)

    def entry_of(self, index: int) -> bytes:
        """Say nothing: all is in the file."""
        return b""

    def read(self, index: int) -> Sample:
        """Read the frame of the row at `index`, or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {self.folder}: there are {len(self)}")
        file = bisect_right(self._ends, index)
        row = index - (self._ends[file - 1] if file else 0)
        id = f"{self._paths[file].stem}-{row:06d}"
        try:
            record = self._record(index)
            image, path = self._bytes(record.get(self._image), f"image of frame {id!r}")
            depth = None if self._depth is None else self._bytes(record.get(self._depth), f"depth of frame {id!r}")[0]
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", id, str(refused)))
        return sample_of(index, id, self.folder, path or f"{id}.png", image, depth, record)

    def _record(self, index: int) -> dict[str, Any]:
        """Read a row; its row group stays in memory for the next one."""
        file = bisect_right(self._ends, index)
        row = index - (self._ends[file - 1] if file else 0)
        metadata, group = self._files[file].metadata, 0
        while row >= metadata.row_group(group).num_rows:
            row -= metadata.row_group(group).num_rows
            group += 1
        if self._cached is None or self._cached[0] != (file, group):
            try:
                self._cached = (file, group), self._files[file].read_row_group(group, columns=self._columns)
            except (pa.ArrowException, OSError) as error:
                raise Refused("parquet_unreadable", f"{self._paths[file].name}: row group {group}: {error}") from None
        return self._cached[1].slice(row, 1).to_pylist()[0]

    def _bytes(self, value: Any, owner: str) -> tuple[bytes | None, str | None]:
        """Find the bytes of a picture, and its path where that is known."""
        path = None
        if isinstance(value, dict):
            value, path = value.get("bytes"), value.get("path")
            value = path if value is None else value
        if isinstance(value, str):
            return read_file(self.folder, value, "image", owner), value
        if isinstance(value, list):  # rows of metres
            return _as_npy(value, owner), path
        return value, path


def _as_npy(rows: list[Any], owner: str) -> bytes:
    try:
        array = np.array(rows, np.float32)
    except (TypeError, ValueError):
        raise Refused("wrong_type", f"{owner}: is a list, but no rows of numbers of one length") from None
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    return next((found for pattern in PATTERNS if (found := sorted(path.glob(pattern)))), []) if path.is_dir() else []


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}); replace it") from None


def _is_binary(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(field.name == "bytes" for field in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _image_column(schema: pa.Schema, folder: Path) -> str:
    """Choose the column of images: by its name among those that hold bytes, else the only one, else one of paths."""
    binary = [field.name for field in schema if _is_binary(field.type) and "depth" not in field.name.lower()]
    pictures = [name for name in binary if "mask" not in name.lower()]
    named = [name for name in pictures if any(word in name.lower() for word in IMAGE_NAMES)]
    strings = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    paths = [name for name in strings if any(word in name.lower() for word in IMAGE_NAMES)]
    for found in (named, pictures, paths):
        exact = [name for name in found if name.lower() in IMAGE_NAMES]
        if found:
            return (exact or found)[0]
    raise UserError(
        f"source {str(folder)!r}: no column of images; expected one of bytes, of {{bytes, path}} or of paths, but the "
        f"columns are {', '.join(schema.names)}"
    )


def _depth_column(schema: pa.Schema) -> str | None:
    found = [field for field in schema if "depth" in field.name.lower() and "scale" not in field.name.lower()]
    usable = [field.name for field in found if _is_binary(field.type) or pa.types.is_list(field.type)]
    return usable[0] if usable else None
