"""rgbd: a folder with frames.jsonl -> Frames with all that is given: depth, camera, gravity, instances.

One line per frame: {"id", "image", "depth", "depth_scale", "camera": {"fx", "fy", "cx", "cy", "width", "height"},
"gravity_in_camera", "instances", "licence"}; only id and image are required. Depth is a 16-bit picture times
depth_scale (0 = unknown) or .npy metres. Paths are relative to the folder and stay in it.
"""

import hashlib
import json
import math
from array import array
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spatialvlm.errors import UserError
from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.pipeline.collect.decode import (
    Refused,
    check_keys,
    decode_picture,
    decode_rgb,
    file_name,
    number_of,
    numbers_of,
    one_line,
    path_inside,
    read_file,
    record_id,
    shown,
    text_of,
)
from spatialvlm.pipeline.collect.inputs import files_named
from spatialvlm.pipeline.collect.instances import read_instances
from spatialvlm.records import Camera, Drop, Frame, Instance, Sample, Source

KEYS = ("id", "image", "depth", "depth_scale", "camera", "gravity_in_camera", "instances", "licence")
CAMERA_KEYS = ("fx", "fy", "cx", "cy", "width", "height")
DEFAULT_DEPTH_SCALE = 0.001
# What numpy 2.4 raises for damaged headers (found by 30,000 random ones): it parses them as Python.
NPY_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    SyntaxError,
    TokenError,
    OverflowError,
    RecursionError,
    MemoryError,
)


class RgbdFolder(FrameSource):
    """The frames of `folder`/frames.jsonl. Opening reads that file once and keeps where its lines begin."""

    measured_depth, ordered, thread_safe = True, False, True
    layout = "RGB-D folder (frames.jsonl)"

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = folder.resolve().name
        self._lines = _scan(folder / "frames.jsonl")
        self.fingerprint = self._lines.sha256

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "RgbdFolder":
        """Open a folder with frames.jsonl."""
        return cls(Path(source))

    def __len__(self) -> int:
        return len(self._lines.offsets)

    def read(self, index: int) -> Sample:
        """Read the frame of the line at `index` (blank lines do not count), or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {self.folder}: there are {len(self)}")
        line = name = self._lines.name(index)
        try:
            record = _parse(self._line(index), line)
            name = record_id(record.get("id"), line)
            if self._lines.repeats[index]:
                raise Refused(
                    "id_duplicate", f"{line} repeats the id {name!r} of an earlier line; give each frame its own id"
                )
            frame, drops = self._frame(name, record)
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", name, str(refused)))
        return Sample(index, frame, drops=drops)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """List the files that the line at `index` names, and those that its instances name."""
        return files_named(self.folder, self._line(index))

    def entry_of(self, index: int) -> bytes:
        """Give the line at `index`, how messages call it, and whether it repeats an id."""
        return b"%s:%d:%s" % (self._lines.name(index).encode(), self._lines.repeats[index], self._line(index).strip())

    def _line(self, index: int) -> bytes:
        with open(self.folder / "frames.jsonl", "rb") as file:
            file.seek(int(self._lines.offsets[index]))
            return file.readline()

    def _frame(self, frame_id: str, record: dict[str, object]) -> tuple[Frame, tuple[Drop, ...]]:
        owner = f"frame {frame_id!r}"
        check_keys(record, KEYS, ("id", "image"), owner)
        path = text_of(record["image"], f"image of {owner}")
        licence = record.get("licence") or None
        if licence is not None:
            licence = one_line(text_of(licence, f"licence of {owner}"))
        camera, gravity = record.get("camera"), record.get("gravity_in_camera")
        if gravity is not None:
            gravity = _gravity(gravity, owner)
        data = read_file(self.folder, path, "image", owner)
        image = decode_rgb(data, file_name(path, owner), upright=False)
        shape = image.shape[:2]
        if camera is not None:
            camera = _camera(camera, shape, owner)
        depth_m = _depth(self.folder, record, shape, owner)
        instances, drops = _instances(self.folder, record, frame_id, shape)
        source = Source(self.name, licence, path, data)
        return Frame(frame_id, image, camera, depth_m, gravity, instances, source), drops


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Where the lines that are not blank begin, and which of them repeat an id: 9 bytes a frame."""

    offsets: Int64[np.ndarray, " n"]
    repeats: Bool[np.ndarray, " n"]
    lines_before_blank: Int64[np.ndarray, " m"]  # for each blank line, how many lines that are not blank precede it
    sha256: str

    def name(self, index: int) -> str:
        blank = int(np.searchsorted(self.lines_before_blank, index, side="right"))
        return f"line {index + blank + 1}"


def _scan(path: Path) -> _Lines:
    """Scan frames.jsonl in one pass, a line in memory at a time."""
    offsets, hashes, blanks = array("q"), array("Q"), array("q")
    digest = hashlib.sha256()
    offset = 0
    if not path.is_file():
        raise UserError(f"{path}: no such file; write one line of JSON per frame there, or give a folder of images")
    with open(path, "rb") as file:
        for line in file:
            digest.update(line)
            if line.isspace():
                blanks.append(len(offsets))
            else:
                hashes.append(_id_hash(line, len(offsets)))
                offsets.append(offset)
            offset += len(line)
    if not offsets:
        raise UserError(
            f'{path}: is empty; write one line per frame there, such as {{"id": "a", "image": "rgb/a.png"}}, '
            "or remove the file to read the folder as images"
        )
    return _Lines(
        np.array(offsets, np.int64), _repeats(np.array(hashes)), np.array(blanks, np.int64), digest.hexdigest()
    )


def _id_hash(line: bytes, index: int) -> int:
    """Hash the frame's id into 8 bytes; its index, marked by a byte that no id has, where the line has no usable id."""
    try:
        key = record_id(_parse(line, "").get("id"), "").encode()
    except Refused:
        key = b"\xff%d" % index
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")


def _repeats(hashes: np.ndarray) -> Bool[np.ndarray, " n"]:
    """Say which values occurred before."""
    order = np.argsort(hashes, kind="stable")
    repeats = np.zeros(len(hashes), bool)
    repeats[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    return repeats


def _parse(line: bytes, name: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:  # broken JSON or UTF-8, absurd nesting
        raise Refused("line_not_json", f"{name}: {error}; correct the line") from None
    if not isinstance(record, dict):
        raise Refused("line_not_object", f"{name}: got {shown(record)}, expected a JSON object")
    return record


def _camera(value: object, shape: tuple[int, int], owner: str) -> Camera:
    """Read the camera of an image of `shape` (h, w); its size may be left out."""
    what = f"camera of {owner}"
    if not isinstance(value, dict):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected an object with {', '.join(CAMERA_KEYS)}")
    check_keys(value, CAMERA_KEYS, CAMERA_KEYS[:4], what)
    fx, fy, cx, cy = (number_of(value[key], f"{key} of {what}") for key in CAMERA_KEYS[:4])
    if not (0 < fx < math.inf and 0 < fy < math.inf and math.isfinite(cx) and math.isfinite(cy)):
        raise Refused(
            "camera_invalid",
            f"{what}: got fx {fx}, fy {fy}, cx {cx}, cy {cy}, expected positive focal lengths in pixels",
        )
    for key, expected in (("width", shape[1]), ("height", shape[0])):
        if value.get(key) is not None and (got := number_of(value[key], f"{key} of {what}")) != expected:
            raise Refused(
                "camera_size",
                f"{key} of {what}: got {got:g}, expected the image's {expected}; scale the camera with it",
            )
    return Camera(intrinsics(fx, fy, cx, cy), width=shape[1], height=shape[0])


def _gravity(value: object, owner: str) -> Float64[np.ndarray, " 3"]:
    what = f"gravity_in_camera of {owner}"
    vector = numbers_of(value, 3, what)
    length = math.hypot(*vector)
    if not 1e-6 < length < math.inf:
        raise Refused("gravity_invalid", f"{what}: got {shown(vector)}, expected a finite vector that points down")
    return np.array(vector) / length


def _depth(
    folder: Path, record: dict[str, object], shape: tuple[int, int], owner: str
) -> Float32[np.ndarray, "h w"] | None:
    if record.get("depth") is None:
        return None
    path = text_of(record["depth"], f"depth of {owner}")
    if path.lower().endswith(".npy"):
        depth_m = _depth_from_npy(folder, path, owner)
    else:
        depth_m = _depth_from_picture(folder, path, owner, _depth_scale(record.get("depth_scale"), owner))
    name = file_name(path, owner)
    if depth_m.shape != shape:
        raise Refused(
            "depth_size", f"{name}: got (h, w) {depth_m.shape}, expected the image's {shape}; register it to the image"
        )
    depth_m[~((depth_m > 0) & np.isfinite(depth_m))] = np.nan
    if np.isnan(depth_m).all():
        raise Refused("depth_empty", f"{name}: no pixel has a known depth; give null if there is none")
    return depth_m


def _depth_scale(value: object, owner: str) -> float:
    if value is None:
        return DEFAULT_DEPTH_SCALE
    scale = number_of(value, f"depth_scale of {owner}")
    if not 0 < scale < 1:  # 1000 or 5000 are units per metre, as other formats give it
        raise Refused(
            "depth_scale_invalid",
            f"depth_scale of {owner}: got {scale:g}, expected the metres of one unit, such as 0.001",
        )
    return scale


def _depth_from_picture(folder: Path, path: str, owner: str, scale: float) -> Float32[np.ndarray, "h w"]:
    name = file_name(path, owner)
    data = read_file(folder, path, "depth", owner)
    units = decode_picture(data, cv2.IMREAD_UNCHANGED)
    if units is None:
        raise Refused(
            "depth_unreadable", f"{name}: cannot be decoded as an image (file is {len(data)} bytes); replace the file"
        )
    if units.dtype != np.uint16 or units.ndim != 2:
        channels = 1 if units.ndim == 2 else units.shape[2]
        raise Refused(
            "depth_not_16_bit", f"{name}: got {units.dtype} with {channels} channel(s), expected a 16-bit grey PNG"
        )
    return units * np.float32(scale)


def _depth_from_npy(folder: Path, path: str, owner: str) -> Float32[np.ndarray, "..."]:
    name = file_name(path, owner)
    file = path_inside(folder, path, owner)
    try:  # mapped, so that a header that lies about the size cannot claim the memory for it
        values = np.lib.format.open_memmap(file, mode="r")
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("depth_missing", f"{name}: no such file in the folder; add it or correct the path") from None
    except NPY_ERRORS as error:
        raise Refused("depth_unreadable", f"{name}: is no .npy array ({error}); replace the file") from None
    if values.dtype.kind != "f":
        raise Refused("depth_not_float", f"{name}: got {values.dtype}, expected metres as float32")
    with np.errstate(over="ignore"):
        return np.array(values, np.float32, order="C")


def _instances(
    folder: Path, record: dict[str, object], frame_id: str, shape: tuple[int, int]
) -> tuple[tuple[Instance, ...] | None, tuple[Drop, ...]]:
    if record.get("instances") is None:
        return None, ()
    path = text_of(record["instances"], f"instances of frame {frame_id!r}")
    return read_instances(folder, path, frame_id, shape)
