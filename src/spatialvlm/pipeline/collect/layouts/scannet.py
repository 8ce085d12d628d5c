"""scannet: scenes of ScanNet as its reader exports them -> Frames with depth, camera, pose, gravity, named masks.

A scene has the folders color, depth, pose and intrinsic, with N.jpg, N.png, N.txt each. Depth is in millimetres, of
640x480 beside colour of 1296x968; the camera is that of the colour picture. A pose takes the camera into a world whose
z points up; where tracking was lost it is infinite. The folders instance-filt and label-filt, where they are unpacked
beside them, hold what each pixel belongs to; scannetv2-labels.combined.tsv in a folder above has the names. The scenes
of the 25,000 frames (scannet_frames_25k) are read too.
https://github.com/ScanNet/ScanNet/blob/0459a70a49b1e790c03ef6b0eec9266547fb62d0/SensReader/python/SensorData.py
https://github.com/ScanNet/ScanNet/blob/004d115cb62d338780211ab2193e13c9193444b6/README.md (z is up)
"""

import csv
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, Shaped

from spatialvlm.captions import named
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import file_name, read_file
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, first_file, joined, places, said_of, upwards
from spatialvlm.pipeline.collect.layouts.frame_list import Z_UP, FrameList, Given, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, pose_of
from spatialvlm.pipeline.collect.layouts.text_files import matrix_in, text_in
from spatialvlm.pipeline.collect.mask_files import check_mask_size, mask_box
from spatialvlm.pipeline.collect.picture_files import opened
from spatialvlm.records import Instance, SequencePosition

LEVELS = 2
COLOUR_SIZE = (1296, 968)
CAMERA_FILES = ("intrinsic/intrinsic_color.txt", "intrinsics_color.txt", "intrinsic_color.txt")
NAMES = "scannetv2-labels.combined.tsv"
ANNOTATIONS = (("instance-filt", "label-filt"), ("instance", "label"))


class ScannetScenes(FrameList):
    """All frames of the scenes below a folder, by scene and number."""

    option, title = "scannet", "scenes of ScanNet, exported"
    up_in_world = Z_UP
    ordered = True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for a folder color beside the folder pose and the camera of the colour pictures."""
        found = next(places(path, _is_scene, LEVELS, at_most=4), None)
        return None if found is None else f"{joined(found, 'color')}, {joined(found, 'pose')}"

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ScannetScenes":
        """Open a scene, or a folder of scenes. Raises UserError where a camera or the names cannot be read."""
        folder = Path(source)
        tsv = _tsv_of(folder)
        frames: list[ListedFrame] = []
        bare = 0
        for scene in places(folder, _is_scene, LEVELS):
            listed, missing = _scene(folder, scene, tsv)
            frames, bare = frames + listed, bare + missing
        lost = sum(frame.world_from_camera is None for frame in frames)
        remarks = said_of(bare, bare + len(frames), "pictures have no depth map and are left out")
        remarks += said_of(lost, len(frames), "frames have no pose (tracking was lost, or no file)")
        if tsv is None and any((folder / one).is_dir() for pair in ANNOTATIONS for one in pair):
            remarks.append(f"the masks are not read: {NAMES}, which has their names, is neither here nor above")
        return cls(folder, frames, remarks)


def _tsv_of(folder: Path) -> Path | None:
    """Find the file of names in a folder or above."""
    return next((place / NAMES for place in upwards(folder, LEVELS + 1) if (place / NAMES).is_file()), None)


def _is_scene(path: Path) -> bool:
    return all((path / one).is_dir() for one in ("color", "pose")) and first_file(path, CAMERA_FILES) is not None


def _scene(folder: Path, scene: str, tsv: Path | None) -> tuple[list[ListedFrame], int]:
    """List the frames of a scene, and count the pictures without depth."""
    camera_file = first_file(folder / scene, CAMERA_FILES)
    if camera_file is None:
        raise UserError(f"{folder / scene}: has no {CAMERA_FILES[0]}; the layout needs it")
    (fx, _, cx), (_, fy, cy) = matrix_in(camera_file)[:2, :3].tolist()
    of_full = all(abs(2 * centre / side - 1) < 0.1 for centre, side in zip((cx, cy), COLOUR_SIZE, strict=True))
    calibration = StatedCamera(fx, fy, cx, cy, *(COLOUR_SIZE if of_full else (None, None)))
    annotated = next((pair for pair in ANNOTATIONS if all((folder / scene / one).is_dir() for one in pair)), None)
    by_nyu = camera_file.name == "intrinsics_color.txt"
    names = _names(tsv, by_nyu) if tsv is not None and annotated is not None else {}
    pictures, depths = (files_in(folder, joined(scene, one)) for one in ("color", "depth"))
    poses = files_in(folder, joined(scene, "pose"), (".txt",))
    masks = files_in(folder, joined(scene, annotated[0])) if names and annotated else {}
    labels = files_in(folder, joined(scene, annotated[1])) if names and annotated else {}
    sequence = folder.resolve().name if scene == "." else scene
    frames: list[ListedFrame] = []
    for place, (stem, picture) in enumerate(pictures.items()):
        if stem not in depths:
            continue
        frame_id = joined(scene, stem)
        both = (masks[stem], labels[stem]) if stem in masks and stem in labels else None
        frames.append(
            ListedFrame(
                frame_id,
                picture,
                depths[stem],
                0.001,
                calibration,
                _pose(folder / poses[stem]) if stem in poses else None,
                sequence=SequencePosition(sequence, place),
                instances=None if both is None else partial(_instances, folder, *both, names, frame_id),
                more_files=both or (),
            )
        )
    return frames, len(pictures) - len(frames)


def _pose(path: Path) -> Float64[np.ndarray, "4 4"] | None:
    """Read a pose; None for what is none, as where tracking was lost."""
    try:
        rows = matrix_in(path)
    except UserError:
        return None
    return pose_of(rows[:3, :3], rows[:3, 3]) if rows.shape == (4, 4) else None


def _names(tsv: Path, by_nyu: bool) -> dict[int, str]:
    """Read the names of labels by their numbers."""
    number, name = ("nyu40id", "nyu40class") if by_nyu else ("id", "category")
    rows = list(csv.DictReader(text_in(tsv).splitlines(), delimiter="\t"))
    if rows and not {number, "raw_category"} <= rows[0].keys():
        raise UserError(f"{tsv}: expected the columns {number} and {name}, split by tabs; replace the file")
    return {
        int(row[number]): row.get(name) or row["raw_category"] for row in rows if (row[number] or "").strip().isdigit()
    }


def _instances(
    folder: Path, masks: str, labels: str, names: dict[int, str], frame_id: str, shape: tuple[int, int]
) -> Given:
    """Take what each pixel belongs to apart into things, each called as most of its pixels are labelled."""
    ids, classes = (_numbers(folder, path, frame_id, shape) for path in (masks, labels))
    instances: list[Instance] = []
    for one in np.unique(ids[ids > 0]).tolist():
        mask = ids == one
        values, counts = np.unique(classes[mask], return_counts=True)
        name = named(names.get(int(values[counts.argmax()]), ""))
        instances.append(Instance(str(one), (name,) if name else (), mask_box(mask), mask, 1.0))
    return tuple(instances), (), ()


def _numbers(folder: Path, path: str, frame_id: str, shape: tuple[int, int]) -> Shaped[np.ndarray, "h w"]:
    owner = f"frame {frame_id!r}"
    with opened(read_file(folder, path, "mask", owner), file_name(path, owner), "mask") as picture:
        picture.load()
        numbers = np.asarray(picture)
    if numbers.ndim == 2 and numbers.shape != shape and numbers.shape[0] * shape[1] == numbers.shape[1] * shape[0]:
        numbers = cv2.resize(numbers, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    check_mask_size(numbers.shape, shape, file_name(path, owner))
    return np.asarray(numbers)
