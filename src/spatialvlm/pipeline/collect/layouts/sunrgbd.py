"""sunrgbd: frames of SUN RGB-D -> Frames with depth, camera, gravity and named polygons.

A frame is a folder: image/*.jpg, depth_bfx/*.png (else depth), intrinsics.txt, extrinsics/*.txt, of which the last is
taken, and annotation2Dfinal/index.json. Depth is in millimetres, its bits turned left by three. The extrinsics turn the
camera level, so that its y axis points down. Polygons may lie over each other and are taken whole.
SUNRGBDtoolbox.zip of https://rgbd.cs.princeton.edu: read3dPoints.m for the bits, readframeSUNRGBD.m for the extrinsics.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.instances import instances_of
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, joined, places, said_of
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, Given, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera, gravity_of, pose_of
from spatialvlm.pipeline.collect.layouts.text_files import json_in, matrix_in
from spatialvlm.pipeline.collect.picture_files import opened

LEVELS = 5  # xtion/sun3ddata/PLACE/ROOM/FRAME
DEPTHS = ("depth_bfx", "depth")
ANNOTATION = "annotation2Dfinal/index.json"
TURNED_BITS = 3
Y_DOWN = np.array([0.0, -1.0, 0.0])
"""The direction of up where the extrinsics have turned the camera level."""


class SunRgbd(FrameList):
    """All frames below a folder, by their paths."""

    option, title = "sunrgbd", "frames of SUN RGB-D"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for the folder of a frame."""
        found = next(places(path, _is_frame, LEVELS, at_most=2), None)
        return None if found is None else f"{joined(found, 'depth_bfx')}, {joined(found, 'intrinsics.txt')}"

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "SunRgbd":
        """Open a frame, or a folder of frames. Raises UserError where a camera cannot be read."""
        folder = Path(source)
        found = [_listed(folder, place) for place in places(folder, _is_frame, LEVELS)]
        frames = [frame for frame in found if frame is not None]
        remarks = said_of(len(found) - len(frames), len(found), "folders have no picture or no depth, and are left out")
        tilted = sum(frame.gravity_in_camera is None for frame in frames)
        return cls(folder, frames, remarks + said_of(tilted, len(frames), "frames have no extrinsics to tell up"))


def _is_frame(path: Path) -> bool:
    return (path / "intrinsics.txt").is_file() and all((path / name).is_dir() for name in ("image", "depth_bfx"))


def _listed(folder: Path, place: str) -> ListedFrame | None:
    """List the frame of a folder, None where it has no picture or no depth."""
    pictures = files_in(folder, joined(place, "image"))
    depths: dict[str, str] = {}
    for name in DEPTHS:
        depths = depths or files_in(folder, joined(place, name), (".png",))
    if not pictures or not depths:
        return None
    (fx, _, cx), (_, fy, cy) = matrix_in(folder / place / "intrinsics.txt")[:2, :3].tolist()
    frame_id = (folder / place).resolve().name if place == "." else place
    annotation = joined(place, ANNOTATION)
    is_annotated = (folder / annotation).is_file()
    extrinsics = list(files_in(folder, joined(place, "extrinsics"), (".txt",)).values())
    return ListedFrame(
        frame_id,
        next(iter(pictures.values())),
        next(iter(depths.values())),
        calibration=StatedCamera(fx, fy, cx, cy),
        gravity_in_camera=_gravity(folder / extrinsics[-1]) if extrinsics else None,
        depth_of=_unturned,
        instances=partial(_instances, folder, annotation, frame_id) if is_annotated else None,
        more_files=(annotation,) if is_annotated else (),
    )


def _gravity(path: Path) -> Float64[np.ndarray, " 3"] | None:
    """Find which way is down from what turns the camera level, None where it tells nothing."""
    pose = pose_of(matrix_in(path)[:3, :3], np.zeros(3))
    return None if pose is None else gravity_of(pose, Y_DOWN)


def _unturned(data: bytes, name: str, shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Decode a depth map whose bits were turned."""
    with opened(data, name, "depth") as picture:
        picture.load()
        mode, turned = picture.mode, np.asarray(picture)
    if not mode.startswith("I;16"):
        raise Refused("depth_not_16_bit", f"{name}: got {mode} pixels, expected a 16-bit grey PNG")
    turned = turned.astype(np.uint16)
    depth_m = ((turned >> TURNED_BITS) | (turned << (16 - TURNED_BITS))) * np.float32(0.001)
    depth_m[depth_m == 0] = np.nan
    return depth_m


def _instances(folder: Path, annotation: str, frame_id: str, shape: tuple[int, int]) -> Given:
    """Read the polygons of a frame: one instance an object, of all its polygons."""
    record = json_in(folder / annotation, dict)
    objects, polygons = record.get("objects"), _polygons(record)
    entries = [
        {"id": str(number), "captions": [name] if (name := _name(objects, number)) else [], "segmentation": rings}
        for number, rings in polygons.items()
    ]
    return instances_of(folder, entries, frame_id, shape)


def _polygons(record: dict[str, Any]) -> dict[int, list[list[float]]]:
    """Collect the polygons of each object as lists x, y, x, y, ... in pixels."""
    frames = record.get("frames")
    first = frames[0] if isinstance(frames, list) and frames and isinstance(frames[0], dict) else {}
    found: dict[int, list[list[float]]] = {}
    for polygon in first.get("polygon") or ():
        if not isinstance(polygon, dict):
            continue
        number, across, down = (polygon.get(key) for key in ("object", "x", "y"))
        if isinstance(number, int) and isinstance(across, list) and isinstance(down, list) and len(across) > 2:
            found.setdefault(number, []).append([one for both in zip(across, down, strict=False) for one in both])
    return found


def _name(objects: object, number: int) -> str | None:
    """Find what an object is called; what follows a colon is a remark of the annotator's."""
    known = objects[number] if isinstance(objects, list) and 0 <= number < len(objects) else None
    name = known.get("name") if isinstance(known, dict) else None
    return name.partition(":")[0].strip(" _") or None if isinstance(name, str) else None
