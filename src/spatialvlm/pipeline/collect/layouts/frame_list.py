"""frame_list: what the layouts share whose frames can be listed before any is read.

A layout makes a `ListedFrame` of each frame: its id, the paths of its files, and what its lists say of camera, pose and
time. `FrameList` reads them: one frame that cannot be read is one Drop.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.decode import Refused, decode_picture, decode_rgb, file_name, read_file, record_id
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, gravity_of
from spatialvlm.records import Camera, Drop, Frame, Instance, Sample, SequencePosition, Source

Given = tuple[tuple[Instance, ...], tuple[Drop, ...]]
"""The instances of a frame, and a Drop for each that cannot be used."""

Z_UP, Y_UP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class ListedFrame:
    """One frame as the lists of a layout have it. Paths are relative to the layout's folder, posix.

    `depth_scale`: metres of one unit of a depth picture. `gravity_in_camera` goes before what the pose says.
    `instances` reads the annotations of an image of a shape (h, w); it may raise Refused.
    """

    id: str
    image: str
    depth: str | None = None
    depth_scale: float = 0.001
    calibration: StatedCamera | None = None
    world_from_camera: Float64[np.ndarray, "4 4"] | None = None
    gravity_in_camera: Float64[np.ndarray, " 3"] | None = None
    sequence: SequencePosition | None = None
    instances: Callable[[tuple[int, int]], Given] | None = None
    more_files: tuple[str, ...] = ()


class FrameList:
    """Frames by index out of a list of them. A subclass lists them, and says its `option`, `title` and `signs`.

    `up_in_world`: which axis of the poses' world points up, None where it is no convention of the layout.
    """

    option: ClassVar[str]
    title: ClassVar[str]
    up_in_world: ClassVar[Float64[np.ndarray, " 3"] | None] = None
    measured_depth: bool | None = None
    annotated = False
    ordered, thread_safe = False, True

    def __init__(self, folder: Path, frames: Sequence[ListedFrame], remarks: Sequence[str] = ()) -> None:
        if not frames:
            raise UserError(f"source {str(folder)!r}: taken for {self.title}, but it lists no frame that has a picture")
        self.folder, self.frames = folder, tuple(frames)
        self.name = folder.resolve().name
        self.layout, self.remarks = self.title, tuple(remarks)
        self.measured_depth = any(frame.depth is not None for frame in self.frames)
        self.annotated = any(frame.instances is not None for frame in self.frames)
        self.fingerprint = _fingerprint(self.option, self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the files that decide frame `index`."""
        listed = self.frames[index]
        named = (listed.image, listed.depth, *listed.more_files)
        return tuple(self.folder / path for path in named if path is not None)

    def read(self, index: int) -> Sample:
        """Read the frame at `index`, or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {self.folder}: there are {len(self)}")
        listed = self.frames[index]
        try:
            record_id(listed.id, f"frame {index}")
            frame, drops = self._frame(listed)
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", listed.id, str(refused)))
        return Sample(index, frame, drops=drops)

    def _frame(self, listed: ListedFrame) -> tuple[Frame, tuple[Drop, ...]]:
        owner = f"frame {listed.id!r}"
        data = read_file(self.folder, listed.image, "image", owner)
        image = decode_rgb(data, file_name(listed.image, owner), upright=False)
        shape = (image.shape[0], image.shape[1])
        camera: Camera | None = None
        if listed.calibration is not None:
            camera = listed.calibration.camera(shape, owner)
        depth_m = None
        if listed.depth is not None:
            depth_m = _depth(self.folder, listed, shape, owner)
        instances, drops = (None, ()) if listed.instances is None else listed.instances(shape)
        gravity = listed.gravity_in_camera
        if gravity is None and self.up_in_world is not None and listed.world_from_camera is not None:
            gravity = gravity_of(listed.world_from_camera, self.up_in_world)
        source = Source(self.name, None, listed.image, data)
        frame = Frame(
            listed.id,
            image,
            camera,
            depth_m,
            gravity,
            instances,
            source,
            sequence=listed.sequence,
            sequence_from_camera=listed.world_from_camera,
        )
        return frame, drops


def _depth(folder: Path, listed: ListedFrame, shape: tuple[int, int], owner: str) -> Float32[np.ndarray, "h w"]:
    assert listed.depth is not None
    name = file_name(listed.depth, owner)
    units = decode_picture(read_file(folder, listed.depth, "depth", owner), cv2.IMREAD_UNCHANGED)
    if units is None or units.dtype != np.uint16 or units.ndim != 2:
        raise Refused("depth_not_16_bit", f"{name}: expected a 16-bit grey PNG")
    depth_m = units * np.float32(listed.depth_scale)
    depth_m[~(depth_m > 0)] = np.nan
    return depth_m if depth_m.shape == shape else cv2.resize(depth_m, shape[::-1], interpolation=cv2.INTER_NEAREST)


def _fingerprint(option: str, frames: Sequence[ListedFrame]) -> str:
    """Hash what the lists say of all frames; what is in the files is not in it."""
    digest = hashlib.sha256(option.encode())
    for frame in frames:
        numbers = b"" if frame.world_from_camera is None else np.ascontiguousarray(frame.world_from_camera).tobytes()
        words = (frame.id, frame.image, frame.depth, frame.depth_scale, frame.calibration, frame.more_files)
        digest.update(repr(words).encode("utf-8", "surrogatepass") + numbers)
    return digest.hexdigest()
