"""bop: a dataset of the BOP benchmark, a split or a scene of it -> Frames with depth, camera, pose and masks.

A scene has scene_camera.json (by image: cam_K, depth_scale, cam_R_w2c and cam_t_w2c where known), the folders rgb or
gray, depth, and mask_visib with a picture IMAGE_INSTANCE.png a thing. Depth is in units of depth_scale millimetres. Of
several cameras each has its ending: scene_camera_cam1.json, rgb_cam1. The world's axes are no convention, so up stays
unknown. Things have numbers, not names: these come from models_info.json or names.json, where one gives them.
https://github.com/thodan/bop_toolkit/blob/a3b32563d8e79984275b60246b784429989c2431/docs/bop_datasets_format.md
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.instances import instances_of
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, joined, places, said_of, some_files, upwards
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, Given, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import camera_of_matrix, pose_of
from spatialvlm.pipeline.collect.layouts.text_files import json_in, names_in
from spatialvlm.records import SequencePosition

LEVELS = 3  # from the dataset to its scenes; some have a folder between split and scene
CAMERAS = "scene_camera"


class BopDataset(FrameList):
    """All images of the scenes below a folder, by scene and number."""

    option, title = "bop", "a BOP dataset"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for a list of cameras in the folder, or in the first of the folders in it."""
        found = next(places(path, _camera_lists, LEVELS - 1, at_most=4), None)
        return None if found is None else joined(found, _camera_lists(path / found)[0])

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "BopDataset":
        """Open a dataset, a split or a scene. Raises UserError where a list cannot be read."""
        folder = Path(source)
        names = _names(folder)
        frames: list[ListedFrame] = []
        bare = total = 0
        for scene in places(folder, _camera_lists, LEVELS):
            for file in _camera_lists(folder / scene):
                listed, missing = _scene(folder, scene, file.removeprefix(CAMERAS).removesuffix(".json"), names)
                frames += listed
                bare, total = bare + missing, total + len(listed) + missing
        remarks = said_of(bare, total, "images that scene_camera.json lists have no picture here")
        if not names and any(frame.instances is not None for frame in frames):
            remarks.append(
                "its objects have numbers and no names, so that nothing can be asked about them by name: put a "
                'names.json there, {"1": "mug", ...}, or find and name objects anew with --detector clusters'
            )
        return cls(folder, frames, remarks)


def _camera_lists(scene: Path) -> list[str]:
    return [name for name in some_files(scene) if name.startswith(CAMERAS) and name.endswith(".json")]


def _scene(folder: Path, scene: str, ending: str, names: dict[str, str]) -> tuple[list[ListedFrame], int]:
    """List the images of one camera of a scene, and count those that have no picture."""
    cameras = json_in(folder / scene / f"{CAMERAS}{ending}.json", dict)
    truth = folder / scene / f"scene_gt{ending}.json"
    things: dict[str, Any] = json_in(truth, dict) if names and truth.is_file() else {}
    pictures = files_in(folder, joined(scene, f"rgb{ending}")) or files_in(folder, joined(scene, f"gray{ending}"))
    depths = files_in(folder, joined(scene, f"depth{ending}"))
    masks: dict[str, list[tuple[str, str]]] = {}
    for stem, path in files_in(folder, joined(scene, f"mask_visib{ending}")).items():
        image, _, thing = stem.rpartition("_")
        masks.setdefault(image, []).append((thing, path))
    is_annotated = bool(masks)
    frames: list[ListedFrame] = []
    for place, (number, record) in enumerate(cameras.items()):
        stem = number.zfill(6)
        if stem not in pictures or not isinstance(record, dict):
            continue
        pose = _pose(record)
        frame_id = joined(scene, f"{stem}{ending}")
        listed = _listed_things(masks.get(stem, ()), things.get(number), names)
        scale = record.get("depth_scale")
        frames.append(
            ListedFrame(
                frame_id,
                pictures[stem],
                depths.get(stem),
                0.001 * (scale if isinstance(scale, int | float) and scale > 0 else 1.0),
                camera_of_matrix(record.get("cam_K")),
                pose,
                sequence=None
                if pose is None
                else SequencePosition(joined(folder.resolve().name, scene) + ending, place),
                instances=partial(_instances, folder, listed, frame_id) if is_annotated else None,
                more_files=tuple(entry["mask"] for entry in listed),
            )
        )
    return frames, len(cameras) - len(frames)


def _listed_things(masks: Any, truth: Any, names: dict[str, str]) -> list[dict[str, Any]]:
    """Make an entry of each thing as `instances_of` takes them."""
    entries: list[dict[str, Any]] = []
    for thing, path in masks:
        known = truth[int(thing)] if isinstance(truth, list) and thing.isdigit() and int(thing) < len(truth) else {}
        name = names.get(str(known.get("obj_id"))) if isinstance(known, dict) else None
        entries.append({"id": thing, "captions": [] if name is None else [name], "mask": path})
    return entries


def _instances(folder: Path, entries: list[dict[str, Any]], frame_id: str, shape: tuple[int, int]) -> Given:
    return instances_of(folder, entries, frame_id, shape)


def _pose(record: dict[str, Any]) -> Float64[np.ndarray, "4 4"] | None:
    """Make world_from_camera, in metres, of what takes the world into the camera, in millimetres."""
    try:
        rotation = np.array(record.get("cam_R_w2c"), float)
        place_mm = np.array(record.get("cam_t_w2c"), float)
    except (ValueError, TypeError):
        return None
    if rotation.size != 9 or place_mm.size != 3:
        return None
    return pose_of(rotation.reshape(3, 3), place_mm.ravel() / 1000, inverse=True)


def _names(folder: Path) -> dict[str, str]:
    """Find the names of things by their numbers, in the folder or above a scene or split of it."""
    for place in upwards(folder, LEVELS - 1):
        for file in (place / "names.json", *sorted(place.glob("models*/models_info.json"))):
            if file.is_file() and (names := names_in(json_in(file, dict))):
                return names
    return {}
