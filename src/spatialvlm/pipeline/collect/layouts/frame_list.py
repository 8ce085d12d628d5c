"""frame_list: what the layouts share whose frames can be listed before any is read.

A layout makes a `ListedFrame` of each frame: its id, the paths of its files, and what its lists say of camera, pose and
time. `FrameList` reads them: one frame that cannot be read is one Drop.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.decode import Refused, file_name, read_file, record_id
from spatialvlm.pipeline.collect.depth_files import decode_depth, fit_depth
from spatialvlm.pipeline.collect.exif import camera_from_exif
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, gravity_of
from spatialvlm.pipeline.collect.layouts.upright import upright
from spatialvlm.pipeline.collect.picture_files import read_rgb
from spatialvlm.pipeline.collect.plausible import hold_against_picture
from spatialvlm.records import Drop, Frame, Instance, Sample, SequencePosition, Source

Given = tuple[tuple[Instance, ...], tuple[Drop, ...], tuple[Drop, ...]]
"""The instances of a frame, a Drop for each that cannot be used, and what is doubtful about them."""

Z_UP, Y_UP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class ListedFrame:
    """One frame as the lists of a layout have it. Paths are relative to the layout's folder, posix.

    `depth_scale`: metres of one unit of a depth file, None for what `decode_depth` takes. `depth_of` makes metres of
    the bytes of a depth file of another kind, its name and the image's shape (h, w). `gravity_in_camera` goes before
    what the pose says. `instances` reads the annotations of an image of a shape (h, w). Both may raise Refused.
    `more_files` are others that decide the frame.
    """

    id: str
    image: str
    depth: str | None = None
    depth_scale: float | None = None
    calibration: StatedCamera | None = None
    world_from_camera: Float64[np.ndarray, "4 4"] | None = None
    gravity_in_camera: Float64[np.ndarray, " 3"] | None = None
    sequence: SequencePosition | None = None
    depth_of: Callable[[bytes, str, tuple[int, int]], Float32[np.ndarray, "h w"]] | None = None
    instances: Callable[[tuple[int, int]], Given] | None = None
    more_files: tuple[str, ...] = ()

    def stated(self) -> bytes:
        """Write down what the lists say of this frame; what is in its files is not in it."""
        words = (self.id, self.image, self.depth, self.depth_scale, self.calibration, self.more_files, self.sequence)
        arrays = (self.world_from_camera, self.gravity_in_camera)
        numbers = b"".join(b"" if array is None else np.ascontiguousarray(array).tobytes() for array in arrays)
        return repr(words).encode("utf-8", "surrogatepass") + numbers


class FrameList:
    """Frames by index out of a list of them. A subclass lists them, and says its `option`, `title` and `signs`.

    `up_in_world`: which axis of the poses' world points up, None where it is no convention of the layout.
    `turned_upright`: pictures are stored as the phone was held, and turned by quarters where gravity is known.
    """

    option: ClassVar[str]
    title: ClassVar[str]
    up_in_world: ClassVar[Float64[np.ndarray, " 3"] | None] = None
    measured_depth: bool | None = None
    annotated = False
    ordered, thread_safe = False, True
    turned_upright: ClassVar[bool] = False

    def __init__(self, folder: Path, frames: Sequence[ListedFrame], remarks: Sequence[str] = ()) -> None:
        if not frames:
            raise UserError(f"source {str(folder)!r}: taken for {self.title}, but it lists no frame that has a picture")
        self.folder, self.frames = folder, tuple(frames)
        self.name = folder.resolve().name
        self.layout, self.remarks = self.title, tuple(remarks)
        self.measured_depth = any(frame.depth is not None for frame in self.frames)
        self.annotated = any(frame.instances is not None for frame in self.frames)
        digest = hashlib.sha256(self.option.encode())
        for frame in self.frames:
            digest.update(frame.stated())
        self.fingerprint = digest.hexdigest()

    def __len__(self) -> int:
        return len(self.frames)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the files that decide frame `index`."""
        listed = self.frames[index]
        named = (listed.image, listed.depth, *listed.more_files)
        return tuple(self.folder / path for path in named if path is not None)

    def entry_of(self, index: int) -> bytes:
        """Give what the lists say of frame `index`."""
        return self.frames[index].stated()

    def read(self, index: int) -> Sample:
        """Read the frame at `index`, or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {self.folder}: there are {len(self)}")
        listed = self.frames[index]
        try:
            record_id(listed.id, f"frame {index}")
            return self._frame(index, listed)
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", listed.id, str(refused)))
        except UserError as error:  # of a list that belongs to this frame alone
            return Sample(index).dropped(Drop("collect", listed.id, f"annotation_unreadable: {error}"))

    def _frame(self, index: int, listed: ListedFrame) -> Sample:
        owner = f"frame {listed.id!r}"
        stored = read_file(self.folder, listed.image, "image", owner)
        image, data = read_rgb(stored, file_name(listed.image, owner), upright=False)
        shape = (image.shape[0], image.shape[1])
        if listed.calibration is None:
            camera = camera_from_exif(stored, shape[1], shape[0])
        else:
            camera = listed.calibration.camera(shape, owner)
        depth_m, said = self._depth(listed, shape, owner)
        instances, drops, doubts = (None, (), ()) if listed.instances is None else listed.instances(shape)
        gravity = listed.gravity_in_camera
        if gravity is None and self.up_in_world is not None and listed.world_from_camera is not None:
            gravity = gravity_of(listed.world_from_camera, self.up_in_world)
        frame = Frame(
            listed.id,
            image,
            camera,
            depth_m,
            gravity,
            instances,
            Source(self.name, None, listed.image, data),
            sequence=listed.sequence,
            sequence_from_camera=listed.world_from_camera,
        )
        if self.turned_upright:
            frame = upright(frame)
        if said is not None:
            doubts = (*doubts, Drop("collect", listed.id, said))
        return hold_against_picture(Sample(index, frame, drops=drops, doubts=doubts), listed.depth_scale)

    def _depth(
        self, listed: ListedFrame, shape: tuple[int, int], owner: str
    ) -> tuple[Float32[np.ndarray, "h w"] | None, str | None]:
        """Read the depth of a frame at its image's size, and say where it had another one."""
        if listed.depth is None:
            return None, None
        name = file_name(listed.depth, owner)
        data = read_file(self.folder, listed.depth, "depth", owner)
        if listed.depth_of is not None:
            return fit_depth(listed.depth_of(data, name, shape), shape, name)
        return fit_depth(decode_depth(data, name, listed.depth_scale), shape, name)
