"""frame_lines: frames.jsonl of a folder -> the JSON object of each frame, one at a time.

A file of JSON objects, one a line. A list of them is understood too, in frames.json or in frames.jsonl, also as the
value of "frames"; it is taken apart at opening.
"""

import hashlib
import json
from array import array
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.decode import Refused, path_inside, record_id, shown

FILES = ("frames.jsonl", "frames.json")
ID_KEYS = ("frame_id", "image_id")
"""What an id may be called besides."""
EXAMPLE = '{"id": "a", "image": "rgb/a.png"}'


def has_frame_lines(folder: Path) -> bool:
    """Tell whether a folder says by a file which frames it has."""
    return any((folder / name).is_file() for name in FILES)


class FrameLines:
    """The lines that are not blank, by index. In memory are 9 bytes a line, or the whole of a list.

    `repeats` tells which of them repeat the id of an earlier one. `sha256` is of the whole file. Raises UserError
    where there is no such file, or nothing in it.
    """

    repeats: Bool[np.ndarray, " n"]
    sha256: str

    def __init__(self, folder: Path) -> None:
        self._path = _file_of(folder)
        self._offsets = array("q")
        self._before_blank = array("q")  # for each blank line, how many lines that are not blank precede it
        self._hashes = array("Q")
        self._list: list[bytes] | None = None
        digest, offset = hashlib.sha256(), 0
        with open(self._path, "rb") as file:
            if _may_be_list(file.readline()):
                file.seek(0)
                data = file.read()
                entries = _entries(data)
                if entries is not None:
                    digest.update(data)
                    self._list = [json.dumps(entry).encode() for entry in entries]
            file.seek(0)
            for line in file if self._list is None else self._list:
                if self._list is None:
                    digest.update(line)
                self._take(line, offset)
                offset += len(line)
        self.sha256 = digest.hexdigest()
        if not self._offsets:
            raise UserError(
                f"{self._path}: is empty; write one line per frame there, such as {EXAMPLE}, or remove the file to "
                "read the folder as images"
            )
        self.repeats = _repeats(self._hashes)

    def _take(self, line: bytes, offset: int) -> None:
        if line.isspace():
            self._before_blank.append(len(self._offsets))
        else:
            self._hashes.append(_id_hash(line, len(self._offsets)))
            self._offsets.append(offset)

    def __len__(self) -> int:
        return len(self._offsets)

    def name(self, index: int) -> str:
        """Say which line it is, as an editor counts them, or which entry of a list."""
        if self._list is not None:
            return f"entry {index + 1}"
        blank = int(np.searchsorted(np.frombuffer(self._before_blank, np.int64), index, side="right"))
        return f"line {index + blank + 1}"

    def record(self, index: int) -> dict[str, object]:
        """Read the object at `index`. Raises Refused where it is none."""
        return _parse(self.text(index), self.name(index))

    def text(self, index: int) -> bytes:
        """Read the JSON text of the object at `index`."""
        if self._list is not None:
            return self._list[index]
        with open(self._path, "rb") as file:
            file.seek(self._offsets[index])
            return file.readline()


def _file_of(folder: Path) -> Path:
    for name in FILES:
        if (folder / name).is_file():
            try:
                return path_inside(folder, name, "the source")
            except Refused as refused:
                raise UserError(f"{folder / name}: {refused}") from None
    raise UserError(
        f"{folder / FILES[0]}: no such file; write one line of JSON per frame there, or give a folder of images"
    )


def _may_be_list(line: bytes) -> bool:
    """Tell by the first line of a file whether it holds one JSON value that goes over several lines, or a list."""
    start = line.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"[") or start.strip() == b"{" or start.startswith((b'{"frames":', b'{"frames" :'))


def _entries(data: bytes) -> list[object] | None:
    """Read the frames in a file that is one JSON value; None where it is none that holds a list."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = value.get("frames")
    return value if isinstance(value, list) else None


def _id_hash(line: bytes, index: int) -> int:
    """Hash the frame's id into 8 bytes; its index, marked by a byte that no id has, where the line has no usable id."""
    try:
        record = _parse(line, "")
        given = next((record[key] for key in ("id", *ID_KEYS) if record.get(key) is not None), None)
        key = record_id(given, "").encode()
    except Refused:
        key = b"\xff%d" % index
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")


def _repeats(hashes: "array[int]") -> Bool[np.ndarray, " n"]:
    """Say which values occurred before."""
    values = np.frombuffer(hashes, np.uint64)
    order = np.argsort(values, kind="stable")
    repeats = np.zeros(len(values), bool)
    repeats[order[1:]] = values[order[1:]] == values[order[:-1]]
    return repeats


def _parse(line: bytes, name: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:  # broken JSON or UTF-8, absurd nesting
        raise Refused("line_not_json", f"{name}: {error}; correct the line") from None
    if not isinstance(record, dict):
        raise Refused("line_not_object", f"{name}: got {shown(record)}, expected a JSON object")
    return record
