"""arkitscenes: videos of ARKitScenes -> Frames with depth, camera, pose and gravity.

A video has folders of pictures VIDEO_TIME.png. Read are, the first that is there: wide (or color) with highres_depth,
lowres_wide with lowres_depth, vga_wide with lowres_depth. The folder of the pictures with _intrinsics after its name
has VIDEO_TIME.pincam: width, height, fx, fy, cx, cy. lowres_wide.traj has one line a pose, ten a second: time, the
axis times the angle in radians, and metres, of what takes the world into the camera. Its z axis is up (rectify_im.py).
Depth is in millimetres. Pictures are stored as the phone was held, and turned upright by quarters.
https://github.com/apple/ARKitScenes/blob/0747a4446343b73f4956c032fd84f468f5c4a0c6/DATA.md
https://github.com/apple/ARKitScenes/blob/3267be7780604de4c5b8f53a5427fa4ba90046cb/threedod/benchmark_scripts/utils/tenFpsDataLoader.py
https://github.com/apple/ARKitScenes/blob/15a8e2ce8af53e8999d0d065f323122a687ac6eb/threedod/benchmark_scripts/rectify_im.py
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, joined, places, said_of
from spatialvlm.pipeline.collect.layouts.frame_list import Z_UP, FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, pose_of
from spatialvlm.pipeline.collect.layouts.text_files import lines_of, text_in
from spatialvlm.pipeline.collect.layouts.time_stamps import associated
from spatialvlm.records import SequencePosition

LEVELS = 4  # raw/Training/VIDEO/VIDEO_frames
READ = (
    ("wide", "highres_depth"),
    ("color", "highres_depth"),
    ("lowres_wide", "lowres_depth"),
    ("vga_wide", "lowres_depth"),
)
POSES = "lowres_wide.traj"
APART_S = 0.005  # as Apple's own loader allows for a pose
APART_OF_VGA_S = 0.02  # at 30 pictures a second, with other times


class ArkitVideos(FrameList):
    """All frames of the videos below a folder, in order of time."""

    option, title = "arkitscenes", "videos of ARKitScenes"
    up_in_world = Z_UP
    ordered, turned_upright = True, True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for two folders that belong together."""
        found = next(places(path, _read, LEVELS, at_most=4), None)
        return None if found is None else ", ".join(joined(found, name) for name in _read(path / found) or ())

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ArkitVideos":
        """Open a video, or a folder of videos. Raises UserError where a list cannot be read."""
        folder = Path(source)
        frames: list[ListedFrame] = []
        bare, taken = 0, set[str]()
        for video in places(folder, _read, LEVELS):
            listed, missing = _video(folder, video)
            frames, bare = frames + listed, bare + missing
            taken.add(" with ".join(_read(folder / video) or ()))
        remarks = [f"read are {' and '.join(sorted(taken))}"] if taken else []
        remarks += said_of(bare, bare + len(frames), "pictures have no depth map of their time and are left out")
        lost = sum(frame.world_from_camera is None for frame in frames)
        blind = sum(frame.calibration is None for frame in frames)
        remarks += said_of(lost, len(frames), "frames have no pose of their time: up has to be found in the depth")
        remarks += said_of(blind, len(frames), "frames have no .pincam of their time: their camera is unknown")
        return cls(folder, frames, remarks)


def _read(video: Path) -> tuple[str, str] | None:
    """Find the folders of a video that are read."""
    return next((both for both in READ if all((video / name).is_dir() for name in both)), None)


def _video(folder: Path, video: str) -> tuple[list[ListedFrame], int]:
    """List the frames of a video, and count the pictures without depth."""
    colour, depth = _read(folder / video) or READ[0]
    pictures, depths = (files_in(folder, joined(video, name)) for name in (colour, depth))
    cameras = files_in(folder, joined(video, f"{colour}_intrinsics"), (".pincam",))
    (times_s, stems), (depth_s, depth_stems), (camera_s, camera_stems) = map(_timed, (pictures, depths, cameras))
    apart_s = APART_OF_VGA_S if colour == "vga_wide" else APART_S
    pairs = associated(times_s, depth_s, apart_s)
    shown_s = times_s[pairs[:, 0]]
    calibrated = dict(associated(shown_s, camera_s, APART_S).tolist())
    pose_s, poses = _poses(folder / video)
    posed = dict(associated(shown_s, pose_s, APART_S).tolist())
    sequence = folder.resolve().name if video == "." else video
    frames = [
        ListedFrame(
            joined(video, stems[picture]),
            pictures[stems[picture]],
            depths[depth_stems[with_depth]],
            0.001,
            _camera(folder / cameras[camera_stems[calibrated[place]]]) if place in calibrated else None,
            poses[posed[place]] if place in posed else None,
            sequence=SequencePosition(sequence, place, float(times_s[picture])),
        )
        for place, (picture, with_depth) in enumerate(pairs.tolist())
    ]
    return frames, len(pictures) - len(frames)


def _timed(files: dict[str, str]) -> tuple[Float64[np.ndarray, " n"], list[str]]:
    """Find the times in names VIDEO_TIME; a name without one is left out."""
    times: dict[str, float] = {}
    for stem in files:
        try:
            times[stem] = float(stem.rpartition("_")[2])
        except ValueError:
            continue
    return np.array(list(times.values()), float), list(times)


def _camera(path: Path) -> StatedCamera:
    try:
        width, height, fx, fy, cx, cy = map(float, text_in(path).split())
    except ValueError:
        raise UserError(f"{path}: expected six numbers: width height fx fy cx cy; replace or remove it") from None
    return StatedCamera(fx, fy, cx, cy, round(width), round(height))


def _poses(video: Path) -> tuple[Float64[np.ndarray, " n"], list[Float64[np.ndarray, "4 4"] | None]]:
    """Read the poses of a video and their times; none where it has none."""
    path = video / POSES
    if not path.is_file():
        return np.zeros(0), []
    times, poses = [], []
    for number, line in lines_of(path):
        try:
            time, *numbers = map(float, line.split())
            turn, place = np.array(numbers).reshape(2, 3)
        except ValueError:
            raise UserError(f"{path}, line {number}: expected 7 numbers: time, three of turn, three of place") from None
        times.append(time)
        poses.append(pose_of(Rotation.from_rotvec(turn).as_matrix(), place, inverse=True))
    return np.array(times), poses
