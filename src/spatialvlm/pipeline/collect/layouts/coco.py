"""coco: pictures with COCO's JSON of annotations -> Frames with masks and names, without depth.

The JSON lists images {id, file_name, ...}, annotations {id, image_id, category_id, segmentation, iscrowd} and
categories {id, name} (https://cocodataset.org/#format-data). A segmentation is polygons or a
run-length encoding. Crowds are left out: their masks are of many things.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.instances import instances_of
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, Given, ListedFrame
from spatialvlm.pipeline.collect.layouts.text_files import json_in

PATTERNS = ("annotations/instances*.json", "_annotations.coco.json", "*/_annotations.coco.json", "instances*.json")
FOLDERS = ("", "images", "data", "train2017", "val2017", "train", "val", "images/train2017", "images/val2017")


class CocoFolder(FrameList):
    """The images of one or more JSON files, in their order."""

    option, title = "coco", "pictures with COCO annotations"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for a JSON file of instances under the names that it goes by, or at the file itself."""
        found = _annotation_files(path)
        return ", ".join(one.name for one in found[:3]) or None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "CocoFolder":
        """Open a folder, or one JSON file. Raises UserError where it holds no images or they cannot be found."""
        path = Path(source)
        folder = path if path.is_dir() else path.parent.parent if path.parent.name == "annotations" else path.parent
        files = _annotation_files(path)
        if not files:
            raise UserError(
                f"source {source!r}: found no annotations; expected annotations/instances*.json beside the pictures, "
                "or give the JSON file itself"
            )
        frames: list[ListedFrame] = []
        remarks: list[str] = []
        for file in files:
            listed, missing, crowds = _listed(folder, file)
            frames += listed
            if missing:
                remarks.append(f"{file.name}: {missing} of {missing + len(listed)} pictures are not there; left out")
            if crowds:
                remarks.append(f"{file.name}: {crowds} crowds left out, whose masks are of many things")
        if len({frame.id for frame in frames}) < len(frames):
            raise UserError(f"source {source!r}: two images have one file_name; give one JSON file as the source")
        return cls(folder, frames, remarks)


def _annotation_files(path: Path) -> list[Path]:
    if path.is_file():
        with open(path, "rb") as file:
            start = file.read(4096)
        return [path] if path.suffix == ".json" and b'"images"' in start + _end(path) else []
    return next((found for pattern in PATTERNS if (found := sorted(path.glob(pattern)))), []) if path.is_dir() else []


def _end(path: Path) -> bytes:
    """Read the last bytes of a file: the keys of a large JSON come in any order."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read()


def _listed(folder: Path, file: Path) -> tuple[list[ListedFrame], int, int]:
    """List the images of a JSON file; how many are not there, and how many crowds are left out."""
    record = json_in(file, dict)
    images, annotations = (_objects(record, key, file) for key in ("images", "annotations"))
    names = {one.get("id"): one.get("name") for one in _objects(record, "categories", file)}
    of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    crowds = 0
    for one in annotations:
        if one.get("iscrowd") == 1:
            crowds += 1
        else:
            of_image[one.get("image_id")].append(one)
    where = _picture_folder(folder, file, images)
    frames = [
        ListedFrame(
            str(PurePosixPath(image["file_name"]).with_suffix("")),
            path,
            instances=partial(_instances, folder, image, of_image[image.get("id")], names),
        )
        for image, path in where
        if path is not None
    ]
    return frames, len(images) - len(frames), crowds


def _objects(record: dict[str, Any], key: str, file: Path) -> Sequence[dict[str, Any]]:
    value = record.get(key)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UserError(f"{file}: {key!r} is no list of objects; expected COCO's images, annotations and categories")
    return value


def _picture_folder(
    folder: Path, file: Path, images: Sequence[dict[str, Any]]
) -> list[tuple[dict[str, Any], str | None]]:
    """Find each picture: where it lies in the first folder that has it."""
    split = file.stem.removeprefix("instances_").removeprefix("instances").strip("_.")
    beside = file.parent.relative_to(folder).as_posix() if file.parent.is_relative_to(folder) else ""
    places = list(dict.fromkeys([*FOLDERS, split, f"images/{split}", beside]))
    return [(image, _found(folder, places, image.get("file_name"))) for image in images]


def _found(folder: Path, places: list[str], name: object) -> str | None:
    if not isinstance(name, str) or not name:
        return None
    for place in places:
        if (folder / place / name).is_file():
            places.insert(0, places.pop(places.index(place)))  # the next one lies there too
            return (PurePosixPath(place) / name).as_posix()
    return None


def _instances(
    folder: Path,
    image: dict[str, Any],
    annotations: Sequence[dict[str, Any]],
    names: dict[Any, Any],
    shape: tuple[int, int],
) -> Given:
    frame_id = str(PurePosixPath(image["file_name"]).with_suffix(""))
    return instances_of(folder, list(_entries(annotations, names)), frame_id, shape)


def _entries(annotations: Sequence[dict[str, Any]], names: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(annotations, 1):
        name = names.get(one.get("category_id"))
        yield {
            "id": str(one.get("id", place)),
            "captions": [name] if isinstance(name, str) else [],
            "segmentation": one.get("segmentation"),
            "score": one.get("score"),
        }
