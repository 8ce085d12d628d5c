"""rgbd: a folder with frames.jsonl -> Frames with all that is given: depth, camera, gravity, instances.

One line per frame: {"id", "image", "depth", "depth_scale", "camera": {"fx", "fy", "cx", "cy", "width", "height"},
"gravity_in_camera", "instances", "licence"}; only id and image are required, and what others call by other names is
understood, see ALIASES. Depth is as `depth_files` says, times depth_scale. Paths are relative to the folder and stay
in it.
"""

import math
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.pipeline.collect.camera_values import MATRIX_KEYS, UNDISTORT, camera_of
from spatialvlm.pipeline.collect.decode import (
    Refused,
    canonical,
    check_keys,
    file_name,
    numbers_of,
    one_line,
    read_file,
    record_id,
    shown,
    text_of,
)
from spatialvlm.pipeline.collect.depth_files import depth_scale_of, fit_depth, read_depth
from spatialvlm.pipeline.collect.frame_lines import ID_KEYS, FrameLines
from spatialvlm.pipeline.collect.inputs import files_named
from spatialvlm.pipeline.collect.instances import read_instances
from spatialvlm.pipeline.collect.picture_files import read_rgb
from spatialvlm.pipeline.collect.plausible import hold_against_picture
from spatialvlm.records import Drop, Frame, Instance, Sample, Source

KEYS = ("id", "image", "depth", "depth_scale", "camera", "gravity_in_camera", "instances", "licence")
ALIASES = {
    **dict.fromkeys(MATRIX_KEYS, "camera"),
    **dict.fromkeys(("image_path", "image_file", "file_name", "rgb", "rgb_path", "color", "color_path"), "image"),
    **dict.fromkeys(("depth_path", "depth_file", "depth_map"), "depth"),
    **dict.fromkeys(ID_KEYS, "id"),
    **dict.fromkeys(("annotations", "objects"), "instances"),
    **dict.fromkeys(("gravity",), "gravity_in_camera"),
    **dict.fromkeys(("license",), "licence"),
}
HINTS = {
    **dict.fromkeys(("distortion", "dist_coeffs", "k1", "D"), UNDISTORT),
    **dict.fromkeys(
        ("fx", "fy", "cx", "cy"), 'put the camera in an object of its own: "camera": {"fx", "fy", "cx", "cy"}'
    ),
    **dict.fromkeys(
        ("pose", "extrinsics", "transform_matrix", "world_from_camera", "camera_to_world"),
        "a pose is not read here; what it says of up goes to gravity_in_camera, the direction of down in the camera",
    ),
    **dict.fromkeys(
        ("mask", "masks", "segmentation", "rle", "label", "captions"),
        "it belongs to one thing: write it into the list that the key instances names",
    ),
    "depth_unit": "give depth_scale, the metres of one unit: 0.001 for millimetres",
}


class RgbdFolder(FrameSource):
    """The frames of a folder. Opening reads the file with their lines once and keeps where these begin."""

    layout = "an RGB-D folder (frames.jsonl)"
    measured_depth, annotated, ordered, thread_safe = True, True, False, True

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = folder.resolve().name
        self._lines = FrameLines(folder)
        self.fingerprint = self._lines.sha256

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "RgbdFolder":
        """Open a folder with frames.jsonl."""
        return cls(Path(source))

    def __len__(self) -> int:
        return len(self._lines)

    def read(self, index: int) -> Sample:
        """Read the frame of the line at `index` (blank lines do not count), or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {self.folder}: there are {len(self)}")
        line = name = self._lines.name(index)
        try:
            record = canonical(self._lines.record(index), ALIASES, line)
            name = record_id(record.get("id"), line)
            if self._lines.repeats[index]:
                raise Refused(
                    "id_duplicate", f"{line} repeats the id {name!r} of an earlier line; give each frame its own id"
                )
            return self._frame(index, name, record)
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", name, str(refused)))

    def files_of(self, index: int) -> tuple[Path, ...]:
        """List the files that the line at `index` names, and those that its instances name."""
        return files_named(self.folder, self._lines.text(index))

    def entry_of(self, index: int) -> bytes:
        """Give the line at `index`, how messages call it, and whether it repeats an id."""
        text = self._lines.text(index).strip()
        return b"%s:%d:%s" % (self._lines.name(index).encode(), self._lines.repeats[index], text)

    def _frame(self, index: int, frame_id: str, record: dict[str, object]) -> Sample:
        owner = f"frame {frame_id!r}"
        check_keys(record, KEYS, ("id", "image"), owner, HINTS)
        path = text_of(record["image"], f"image of {owner}")
        licence = record.get("licence") or None
        if licence is not None:
            licence = one_line(text_of(licence, f"licence of {owner}"))
        camera, gravity = record.get("camera"), record.get("gravity_in_camera")
        if gravity is not None:
            gravity = _gravity(gravity, owner)
        image, data = read_rgb(read_file(self.folder, path, "image", owner), file_name(path, owner), upright=False)
        shape = image.shape[:2]
        if camera is not None:
            camera = camera_of(camera, shape, owner)
        scale = depth_scale_of(record.get("depth_scale"), owner)
        depth_m, said = _depth(self.folder, record, scale, shape, owner)
        instances, drops, unnamed = _instances(self.folder, record, frame_id, shape)
        source = Source(self.name, licence, path, data)
        frame = Frame(frame_id, image, camera, depth_m, gravity, instances, source)
        doubts = (*unnamed, *(() if said is None else (Drop("collect", frame_id, said),)))
        return hold_against_picture(Sample(index, frame, drops=drops, doubts=doubts), scale)


def _gravity(value: object, owner: str) -> Float64[np.ndarray, " 3"]:
    what = f"gravity_in_camera of {owner}"
    vector = numbers_of(value, 3, what)
    length = math.hypot(*vector)
    if not 1e-6 < length < math.inf:
        raise Refused("gravity_invalid", f"{what}: got {shown(vector)}, expected a finite vector that points down")
    return np.array(vector) / length


def _depth(
    folder: Path, record: dict[str, object], scale: float | None, shape: tuple[int, int], owner: str
) -> tuple[Float32[np.ndarray, "h w"] | None, str | None]:
    """Read the depth of a frame at its image's size, and say where it had another one."""
    if record.get("depth") is None:
        return None, None
    path = text_of(record["depth"], f"depth of {owner}")
    depth_m = read_depth(folder, path, owner, scale)
    return fit_depth(depth_m, shape, file_name(path, owner))


def _instances(
    folder: Path, record: dict[str, object], frame_id: str, shape: tuple[int, int]
) -> tuple[tuple[Instance, ...] | None, tuple[Drop, ...], tuple[Drop, ...]]:
    if record.get("instances") is None:
        return None, (), ()
    path = text_of(record["instances"], f"instances of frame {frame_id!r}")
    return read_instances(folder, path, frame_id, shape)
