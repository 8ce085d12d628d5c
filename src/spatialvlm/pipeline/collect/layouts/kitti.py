"""kitti: drives of KITTI with the depth maps of its depth benchmark -> Frames with sparse depth and camera.

A drive has the pictures image_02/data/N.png, and proj_depth/groundtruth/image_02/N.png (else velodyne_raw), the two in
one folder or in two of one name. P_rect_02 of calib_cam_to_cam.txt, in the drive or above, is the camera. The selection
of the benchmark (val_selection_cropped) is read too: image, groundtruth_depth, intrinsics. Depth is in units of
1/256 m and known where the laser hit; the gaps take the nearest hit. Nothing says where up is.
readme.txt of the devkit of https://www.cvlibs.net/datasets/kitti/eval_depth.php?benchmark=depth_prediction
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.depth_files import decode_depth
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, joined, places, said_of, upwards
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.sparse_depth import without_gaps
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera
from spatialvlm.pipeline.collect.layouts.text_files import keyed_numbers_in, matrix_in
from spatialvlm.records import SequencePosition

LEVELS = 3  # 2011_09_26/2011_09_26_drive_0001_sync; train/2011_09_26_drive_0001_sync
DEPTH_SCALE = 1 / 256
CAMERAS = ("image_02", "image_03")
DEPTHS = ("proj_depth/groundtruth", "proj_depth/velodyne_raw")
SELECTION = ("image", "groundtruth_depth", "intrinsics")
CALIBRATION = "calib_cam_to_cam.txt"


class KittiDrives(FrameList):
    """All frames with depth of the drives below a folder, by drive, camera and number."""

    option, title = "kitti", "drives of KITTI with projected laser depth"
    ordered = True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for depth maps of a drive, or for the selection of the benchmark."""
        found = next(places(path, _has_depth, LEVELS, at_most=4), None)
        return None if found is None else joined(found, _has_depth(path / found) or "")

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "KittiDrives":
        """Open a drive, or a folder of drives. Raises UserError where a calibration cannot be read."""
        folder = Path(source)
        pictures = {
            (_drive(folder, place), camera): joined(place, camera, "data")
            for place in places(folder, _has_pictures, LEVELS)
            for camera in CAMERAS
        }
        frames: list[ListedFrame] = []
        bare = 0
        for place in places(folder, _has_depth, LEVELS):
            if _has_depth(folder / place) == SELECTION[1]:
                frames += _selected(folder, place)
                continue
            for camera in CAMERAS:
                within = pictures.get((_drive(folder, place), camera), joined(place, camera, "data"))
                listed, missing = _driven(folder, place, within, camera)
                frames, bare = frames + listed, bare + missing
        remarks = ["depth is of the nearest hit of the laser within 4 pixels"]
        remarks += said_of(bare, bare + len(frames), "pictures have no depth map and are left out")
        blind = sum(frame.calibration is None for frame in frames)
        remarks += said_of(blind, len(frames), f"frames have no camera: put {CALIBRATION} into the drive or above it")
        return cls(folder, frames, remarks)


def _has_pictures(path: Path) -> bool:
    return any((path / camera / "data").is_dir() for camera in CAMERAS)


def _has_depth(path: Path) -> str | None:
    """Name the folder that shows that there are depth maps here."""
    if all((path / name).is_dir() for name in SELECTION):
        return SELECTION[1]
    return next((name for name in DEPTHS if (path / name).is_dir()), None)


def _drive(folder: Path, place: str) -> str:
    return (folder / place).resolve().name


def _driven(folder: Path, place: str, within: str, camera: str) -> tuple[list[ListedFrame], int]:
    """List the frames of one camera of a drive, and count the pictures without depth."""
    pictures = files_in(folder, within)
    depths: dict[str, str] = {}
    for name in DEPTHS:
        depths = depths or files_in(folder, joined(place, name, camera))
    calibration = _calibration(folder / within, camera) if depths and pictures else None
    drive = f"{_drive(folder, place)}/{camera}"
    frames = [
        ListedFrame(
            joined(place, camera, stem),
            picture,
            depths[stem],
            calibration=calibration,
            depth_of=_metres,
            sequence=SequencePosition(drive, index),
        )
        for index, (stem, picture) in enumerate(pictures.items())
        if stem in depths
    ]
    return frames, len(pictures) - len(frames)


def _calibration(pictures: Path, camera: str) -> StatedCamera | None:
    """Read the camera of rectified pictures; their size is left out, for crops change it."""
    path = next((place / CALIBRATION for place in upwards(pictures, 4) if (place / CALIBRATION).is_file()), None)
    if path is None:
        return None
    numbers = keyed_numbers_in(path).get(f"P_rect_{camera[-2:]}", [])
    if len(numbers) != 12:
        raise UserError(f"{path}: expected P_rect_{camera[-2:]} with 12 numbers; replace the file")
    fx, _, cx, _, _, fy, cy, *_ = numbers
    return StatedCamera(fx, fy, cx, cy)


def _selected(folder: Path, place: str) -> Iterator[ListedFrame]:
    """List the frames of the selection of the benchmark, whose names say what they are."""
    pictures, depths = (files_in(folder, joined(place, name)) for name in SELECTION[:2])
    cameras = files_in(folder, joined(place, SELECTION[2]), (".txt",))
    for stem, picture in pictures.items():
        depth = depths.get(stem.replace("_sync_image_", "_sync_groundtruth_depth_", 1))
        if depth is None:
            continue
        calibration = None
        if stem in cameras:
            (fx, _, cx), (_, fy, cy) = matrix_in(folder / cameras[stem])[:2, :3].tolist()
            calibration = StatedCamera(fx, fy, cx, cy)
        yield ListedFrame(joined(place, stem), picture, depth, calibration=calibration, depth_of=_metres)


def _metres(data: bytes, name: str, shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    return without_gaps(decode_depth(data, name, DEPTH_SCALE))
