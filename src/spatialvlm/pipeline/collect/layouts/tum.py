"""tum: a TUM RGB-D sequence (rgb.txt, depth.txt, groundtruth.txt) -> Frames with depth, camera, pose and gravity.

The three lists have one line each: a time in seconds, then a file or a pose "tx ty tz qx qy qz qw" of the camera in a
world whose z points up. Pictures, depth maps and poses are associated by nearest time. Depth is in units of 1/5000 m.
The format, the factor and the intrinsics of its three Kinects: https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats
"""

from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.layouts.camera_files import camera_beside
from spatialvlm.pipeline.collect.layouts.frame_list import Z_UP, FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, pose_from_quaternion
from spatialvlm.pipeline.collect.layouts.text_files import lines_of
from spatialvlm.pipeline.collect.layouts.time_stamps import associated, nearest
from spatialvlm.records import SequencePosition

DEPTH_SCALE = 1 / 5000
APART_S = 0.02  # what the dataset's own associate.py allows
KINECTS = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3),
    "freiburg2": (520.9, 521.0, 325.1, 249.7),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}
ASSUMED = (525.0, 525.0, 319.5, 239.5)  # the driver's default, which the depth maps were registered with


class TumSequence(FrameList):
    """One sequence, in order of time."""

    option, title = "tum", "a TUM RGB-D sequence"
    up_in_world = Z_UP
    ordered = True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for the two lists."""
        return "rgb.txt, depth.txt" if (path / "rgb.txt").is_file() and (path / "depth.txt").is_file() else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "TumSequence":
        """Open a sequence. Raises UserError where a list cannot be read, or nothing in them belongs together."""
        folder = Path(source)
        (rgb_s, pictures), (depth_s, maps) = (_listed(folder, name) for name in ("rgb.txt", "depth.txt"))
        pairs = associated(rgb_s, depth_s, APART_S)
        if not len(pairs):
            raise UserError(
                f"source {source!r}: no picture of rgb.txt is within {APART_S} s of a depth map of depth.txt; expected "
                "times of one clock in both"
            )
        calibration, remarks = _calibration(folder)
        if len(pairs) < len(pictures):
            remarks.append(
                f"{len(pictures) - len(pairs)} of {len(pictures)} pictures have no depth map within {APART_S} s"
            )
        poses = _poses(folder, rgb_s[pairs[:, 0]])
        if any(pose is not None for pose in poses) and not _named(folder):
            remarks.append("up is taken to be the z axis of groundtruth.txt; remove that file where it is another")
        frames = [
            ListedFrame(
                PurePosixPath(pictures[picture]).stem,
                pictures[picture],
                maps[depth],
                DEPTH_SCALE,
                calibration,
                pose,
                sequence=SequencePosition(folder.resolve().name, place, float(rgb_s[picture])),
            )
            for place, ((picture, depth), pose) in enumerate(zip(pairs.tolist(), poses, strict=True))
        ]
        return cls(folder, frames, remarks)


def _listed(folder: Path, name: str) -> tuple[Float64[np.ndarray, " n"], list[str]]:
    """Read a list of times and files."""
    times, files = [], []
    for number, line in lines_of(folder / name):
        time, _, file = line.partition(" ")
        try:
            times.append(float(time))
        except ValueError:
            raise UserError(f"{folder / name}, line {number}: got {line[:80]!r}, expected a time and a file") from None
        files.append(file.strip())
    return np.array(times), files


def _calibration(folder: Path) -> tuple[StatedCamera, list[str]]:
    """Find the camera: what lies beside the lists, else that of the Kinect in the folder's name, else the default."""
    beside = camera_beside(folder)
    if beside is not None:
        return beside, []
    if (name := _named(folder)) is not None:
        return StatedCamera(*KINECTS[name], 640, 480), []
    said = "the folder names no Kinect (freiburg1, 2 or 3): its driver's default camera is taken, fx 525 at 640x480"
    return StatedCamera(*ASSUMED, 640, 480, "assumed"), [f"{said}; put a camera.json there for another"]


def _named(folder: Path) -> str | None:
    """Find which Kinect the folder names."""
    return next((name for name in KINECTS if name in folder.resolve().as_posix()), None)


def _poses(folder: Path, at_s: Float64[np.ndarray, " n"]) -> list[Float64[np.ndarray, "4 4"] | None]:
    """Find the pose at each time, None where none is near."""
    path = folder / "groundtruth.txt"
    rows = [line.split() for _, line in lines_of(path)] if path.is_file() else []
    try:
        known = np.array([[float(word) for word in row] for row in rows], float).reshape(-1, 8)
    except ValueError:
        raise UserError(f"{path}: expected 8 numbers a line: time tx ty tz qx qy qz qw; mend or remove it") from None
    if not len(known):
        return [None] * len(at_s)
    return [
        pose_from_quaternion(row[1:4], row[4:]) if abs(row[0] - time) <= APART_S else None
        for row, time in zip(known[nearest(known[:, 0], at_s)], at_s.tolist(), strict=True)
    ]
