"""nerfstudio: transforms.json with its pictures -> Frames with camera and pose, and depth where the file names it.

A camera looks along its -z axis with y up (OpenGL). Its world has no up that all writers keep: structure from motion
turns it anyhow, so poses tell no gravity here. Depth pictures are in millimetres unless the file says otherwise.
https://github.com/nerfstudio-project/nerfstudio/blob/50e0e3c/docs/quickstart/data_conventions.md
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import OPENCV_FROM_OPENGL, StatedCamera
from spatialvlm.pipeline.collect.layouts.text_files import json_in

NAMES = ("transforms.json", "transforms_train.json", "transforms_test.json", "transforms_val.json")
ENDINGS = ("", ".png", ".jpg", ".jpeg")
BENT = 0.01  # of the distance from the centre, at a corner; less is no matter
WIDE = ("OPENCV_FISHEYE", "FISHEYE", "FISHEYE624", "EQUIRECTANGULAR", "OMNIDIRECTIONALSTEREO_L", "VR180_L")


class Transforms(FrameList):
    """The frames of transforms.json in its order."""

    option, title = "nerfstudio", "a nerfstudio dataset (transforms.json)"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for transforms.json, or one of its splits."""
        return next((name for name in NAMES if (path / name).is_file()), None)

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "Transforms":
        """Open a folder. Raises UserError where transforms.json makes no sense, or its lens is no pinhole."""
        folder = Path(source)
        files = [name for name in NAMES if (folder / name).is_file()]
        if not files:
            raise UserError(f"source {source!r}: no transforms.json in it; expected nerfstudio's list of frames")
        frames: dict[str, ListedFrame] = {}
        remarks: list[str] = []
        for name in files[:1] if files[0] == NAMES[0] else files:
            record = json_in(folder / name, dict)
            said = _lens(record, folder / name)
            remarks += [said] if said else []
            for listed in _frames(folder, record, folder / name):
                frames.setdefault(listed.id, listed)
        if any(frame.world_from_camera is not None for frame in frames.values()):
            remarks.append("poses tell no gravity here, since transforms.json says nothing of which way is up")
        return cls(folder, list(frames.values()), remarks)


def _frames(folder: Path, record: dict[str, Any], path: Path) -> list[ListedFrame]:
    entries = record.get("frames")
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise UserError(f"{path}: 'frames' is no list of objects; expected nerfstudio's transforms.json")
    unit_m = record.get("depth_unit_scale_factor", 0.001)
    frames: list[ListedFrame] = []
    for entry in entries:
        name, depth = entry.get("file_path"), entry.get("depth_file_path")
        if not isinstance(name, str) or not name:
            raise UserError(f"{path}: a frame has no 'file_path'; expected the path of its picture")
        known = record | entry
        frames.append(
            ListedFrame(
                name.removeprefix("./").rpartition(".")[0] or name,
                next((name + ending for ending in ENDINGS if (folder / (name + ending)).is_file()), name),
                depth if isinstance(depth, str) else None,
                None if str(depth).endswith(".npy") else float(unit_m),
                _camera(known),
                _pose(entry.get("transform_matrix")),
            )
        )
    return frames


def _camera(known: dict[str, Any]) -> StatedCamera | None:
    """Read the camera of a frame: its own keys go before those of the file."""

    def number(key: str) -> float | None:
        value = known.get(key)
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None

    width, height, fx, angle = number("w"), number("h"), number("fl_x"), number("camera_angle_x")
    if fx is None and angle is not None and width is not None and 0 < angle < math.pi:
        fx = width / 2 / math.tan(angle / 2)
    if fx is None or fx <= 0:
        return None
    cx = number("cx") if width is None or number("cx") is not None else width / 2
    cy = number("cy") if height is None or number("cy") is not None else height / 2
    if cx is None or cy is None:
        return None
    return StatedCamera(
        fx, number("fl_y") or fx, cx, cy, int(width) if width else None, int(height) if height else None
    )


def _pose(value: Any) -> Float64[np.ndarray, "4 4"] | None:
    """Read a pose of a camera that looks along -z, and turn its axes to z forward and y down."""
    try:
        pose = np.array(value, np.float64)
    except (TypeError, ValueError):
        return None
    if pose.shape == (3, 4):
        pose = np.vstack([pose, [0.0, 0.0, 0.0, 1.0]])
    return pose @ OPENCV_FROM_OPENGL if pose.shape == (4, 4) and np.isfinite(pose).all() else None


def _lens(record: dict[str, Any], path: Path) -> str | None:
    """Say how far the lens bends the corners, where that matters; everything here takes it for a pinhole."""
    model = str(record.get("camera_model", "OPENCV")).upper()
    if model in WIDE:
        raise UserError(f"{path}: camera_model {model}; pinhole cameras are expected, so undistort the pictures first")
    camera = _camera(record)
    if camera is None or camera.width is None or camera.height is None:
        return None
    square = (camera.width / 2 / camera.fx) ** 2 + (camera.height / 2 / camera.fy) ** 2
    k1, k2 = (float(record.get(key) or 0.0) for key in ("k1", "k2"))
    bent = abs(k1 * square + k2 * square**2)
    if bent < BENT:
        return None
    return f"the lens bends the corners by {bent:.0%}, which is not undone; undistort the pictures first"
