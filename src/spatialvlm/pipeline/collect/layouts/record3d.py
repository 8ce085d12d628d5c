"""record3d: a recording of Record3D, as a folder or a .r3d file's contents -> Frames with depth, camera, pose, gravity.

metadata (JSON: w, h, K by columns, dw, dh, poses as qx qy qz qw x y z, perFrameIntrinsicCoeffs as fx fy cx cy,
frameTimestamps), rgbd/N.jpg and rgbd/N.depth: float32 metres of dw x dh, compressed by LZFSE. Poses are ARKit's: y up,
the camera looks along its -z axis. https://github.com/marek-simonik/record3d at 9ae4e15
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.layouts.frame_list import Y_UP, FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import OPENCV_FROM_OPENGL, StatedCamera, pose_from_quaternion
from spatialvlm.pipeline.collect.layouts.text_files import json_in
from spatialvlm.records import SequencePosition

LARGEST_SIDE = 4096


class Record3DRecording(FrameList):
    """The frames of one recording, in order of time."""

    option, title = "record3d", "a Record3D recording"
    up_in_world = Y_UP
    ordered = True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for the metadata beside the frames."""
        return "metadata, rgbd/" if (path / "metadata").is_file() and (path / "rgbd").is_dir() else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "Record3DRecording":
        """Open a recording. Raises UserError for metadata that make no sense, and a .r3d file that is still packed."""
        folder = Path(source)
        if folder.is_file():
            raise UserError(f"source {source!r}: is packed; unpack it (unzip {folder.name}) and give the folder")
        record = json_in(folder / "metadata", dict)
        numbers = sorted(int(path.stem) for path in (folder / "rgbd").glob("*.jpg") if path.stem.isdigit())
        times_s = record.get("frameTimestamps") or []
        frames = [
            ListedFrame(
                f"{number:06d}",
                f"rgbd/{number}.jpg",
                depth if (folder / (depth := f"rgbd/{number}.depth")).is_file() else None,
                calibration=_camera(record, number, folder / "metadata"),
                world_from_camera=_pose(record, number),
                sequence=SequencePosition(
                    folder.resolve().name, place, float(times_s[number]) if number < len(times_s) else None
                ),
                depth_of=partial(_depth, record),
            )
            for place, number in enumerate(numbers)
        ]
        return cls(folder, frames)


def _camera(record: dict[str, Any], number: int, path: Path) -> StatedCamera:
    """Read the camera of a frame: its own, else that of the recording."""
    own = record.get("perFrameIntrinsicCoeffs") or []
    try:
        width, height = int(record["w"]), int(record["h"])
        if number < len(own) and len(own[number]) == 4:
            fx, fy, cx, cy = (float(value) for value in own[number])
            return StatedCamera(fx, fy, cx, cy, width, height)
        columns = [float(value) for value in record["K"]]
        by_rows = columns[2] != 0.0 or columns[5] != 0.0  # the app writes columns, some tools rows
        cx, cy = (columns[2], columns[5]) if by_rows else (columns[6], columns[7])
        return StatedCamera(columns[0], columns[4], cx, cy, width, height)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{path}: {error}: expected w, h and the nine numbers of K") from None


def _pose(record: dict[str, Any], number: int) -> Float64[np.ndarray, "4 4"] | None:
    poses = record.get("poses") or []
    if number >= len(poses) or len(poses[number]) != 7:
        return None
    values = np.array(poses[number], np.float64)
    pose = pose_from_quaternion(values[4:], values[:4])
    return None if pose is None else pose @ OPENCV_FROM_OPENGL


def _depth(record: dict[str, Any], data: bytes, name: str, shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Decode a depth map, NaN where it is unknown."""
    width, height = (int(record.get(key) or default) for key, default in (("dw", 192), ("dh", 256)))
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise Refused("depth_unreadable", f"{name}: dw {width}, dh {height} in metadata; expected pixels")
    expected = 4 * width * height
    raw = data if len(data) == expected else _decompressed(data, name)
    if len(raw) != expected:
        raise Refused(
            "depth_unreadable",
            f"{name}: {len(raw)} bytes, expected {expected} for {width}x{height} of metadata's dw, dh; export it again",
        )
    depth_m = np.frombuffer(raw, "<f4").reshape(height, width).astype(np.float32)
    depth_m[~((depth_m > 0) & np.isfinite(depth_m))] = np.nan
    return depth_m


def _decompressed(data: bytes, name: str) -> bytes:
    try:
        import liblzfse  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise Refused(
            "lzfse_missing", f"{name}: is packed by LZFSE, which needs one more package: pip install pyliblzfse"
        ) from None
    try:
        return liblzfse.decompress(data)
    except liblzfse.error:
        raise Refused(
            "depth_unreadable", f"{name}: its {len(data)} bytes are no LZFSE that can be unpacked; export it again"
        ) from None
