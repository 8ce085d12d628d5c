"""What tests and benchmarks of whole builds need: RGB-D folders from Frames, and the content of folders."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco

from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.records import Frame, Instance

# With the start of Python, a build of six of these takes a second.
TINY = (160, 120)


def tiny_frames(count: int) -> list[Frame]:
    """The first frames of `shapes`, small."""
    width, height = TINY
    source = ShapesSource(count, width=width, height=height)
    frames = (source.read(index).frame for index in range(count))
    return [frame for frame in frames if frame is not None]


def write_rgbd(folder: Path, frames: Iterable[Frame], *, copies: int = 1) -> Path:
    """Frames as an RGB-D folder, depth in millimetres; `copies` lists all frames so many times, under other ids.

    Returns the folder.
    """
    for name in ("rgb", "depth", "instances"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = [_write_frame(folder, frame) for frame in frames]
    if copies > 1:
        lines = [{**line, "id": f"{line['id']}-{copy:04d}"} for copy in range(copies) for line in lines]
    (folder / "frames.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def _write_frame(folder: Path, frame: Frame) -> dict[str, Any]:
    camera, depth_m, gravity, instances = frame.camera, frame.depth_m, frame.gravity_in_camera, frame.instances
    assert camera is not None
    assert depth_m is not None
    assert gravity is not None
    assert instances is not None
    (folder / f"rgb/{frame.id}.png").write_bytes(frame.source.image_bytes)
    millimetres = np.round(1000 * np.nan_to_num(depth_m)).clip(0, 65535).astype(np.uint16)
    (folder / f"depth/{frame.id}.png").write_bytes(cv2.imencode(".png", millimetres)[1].tobytes())
    (folder / f"instances/{frame.id}.json").write_text(json.dumps([_annotation(i) for i in instances]))
    fx, fy, cx, cy = (float(camera.image_from_camera[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
    return {
        "id": frame.id,
        "image": f"rgb/{frame.id}.png",
        "depth": f"depth/{frame.id}.png",
        "camera": {"fx": fx, "fy": fy, "cx": cx, "cy": cy, "width": camera.width, "height": camera.height},
        "gravity_in_camera": gravity.tolist(),
        "instances": f"instances/{frame.id}.json",
    }


def _annotation(instance: Instance) -> dict[str, Any]:
    rle: Any = coco.encode(np.asfortranarray(instance.mask, dtype=np.uint8))
    shown = {"size": list(rle["size"]), "counts": rle["counts"].decode()}
    return {"id": instance.id, "captions": list(instance.captions), "rle": shown}


def content(folder: Path) -> dict[str, str]:
    """Every file below a folder by its path, with its sha256."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
