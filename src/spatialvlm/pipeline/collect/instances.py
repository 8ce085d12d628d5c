"""instances: the instances JSON of an RGB-D frame -> Instances, and a Drop for each that cannot be used.

A list of {"id", "captions": [...], "box_xyxy": [...]?, "mask": "x.png" | "rle": {"size": [h, w], "counts"}, "score"?};
what others call by other names is understood, see ALIASES. The mask decides: the box is the mask's own, a given box
must meet it, and a box alone makes no instance.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from spatialvlm.captions import named
from spatialvlm.pipeline.collect.decode import (
    Refused,
    canonical,
    check_keys,
    file_name,
    number_of,
    numbers_of,
    one_line,
    read_file,
    record_id,
    shown,
    text_of,
)
from spatialvlm.pipeline.collect.mask_files import (
    check_mask_size,
    decode_mask,
    decode_polygons,
    decode_rle,
    ids_in,
    mask_box,
)
from spatialvlm.records import Drop, Instance

KEYS = ("id", "captions", "box_xyxy", "mask", "rle", "segmentation", "value", "score")
ALIASES = {
    **dict.fromkeys(("caption", "label", "name", "category", "category_name", "class", "class_name"), "captions"),
    **dict.fromkeys(("labels", "names", "text", "phrase", "description"), "captions"),
    **dict.fromkeys(("instance_id", "object_id"), "id"),
    **dict.fromkeys(("mask_path", "mask_file"), "mask"),
    **dict.fromkeys(("mask_value", "pixel_value"), "value"),
    **dict.fromkeys(("polygon", "polygons"), "segmentation"),
    **dict.fromkeys(("confidence", "probability"), "score"),
}
HINTS = {
    "bbox": "give corners as box_xyxy; COCO's bbox is x, y, width, height, so [x, y, x + width, y + height]",
    "box": "give corners in pixels as box_xyxy: [x0, y0, x1, y1]",
    "category_id": "give the name of the category as captions",
}
LARGEST_JSON_BYTES = 32_000_000
LONGEST_TEXT = 4_000_000


def read_instances(
    folder: Path, relative: str, frame_id: str, shape: tuple[int, int]
) -> tuple[tuple[Instance, ...], tuple[Drop, ...], tuple[Drop, ...]]:
    """Read the instances of a frame whose image has `shape` (h, w). Refused where the whole file makes no sense."""
    owner = f"frame {frame_id!r}"
    data = read_file(folder, relative, "instances", owner, LARGEST_JSON_BYTES)
    return instances_of(folder, _entries(data, file_name(relative, owner)), frame_id, shape)


def instances_of(
    folder: Path, entries: Sequence[object], frame_id: str, shape: tuple[int, int]
) -> tuple[tuple[Instance, ...], tuple[Drop, ...], tuple[Drop, ...]]:
    """Read instances from the values of a JSON list; masks are files below `folder`. Last come doubts."""
    owner = f"frame {frame_id!r}"
    instances: list[Instance] = []
    drops: list[Drop] = []
    seen: set[str] = set()
    unnamed: list[object] = []
    masks = _Masks(folder, entries, shape)
    for position, entry in enumerate(entries, start=1):
        name = f"#{position}"
        try:
            if not isinstance(entry, dict):
                raise Refused("wrong_type", f"instance {name} of {owner}: got {shown(entry)}, expected an object")
            entry = canonical(entry, ALIASES, f"instance {name} of {owner}")
            name = record_id(entry.get("id"), f"instance {name} of {owner}")
            if name in seen:
                raise Refused(
                    "id_duplicate",
                    f"instance #{position} of {owner} repeats the id {name!r}; give each instance its own id",
                )
            seen.add(name)
            instances.append(_instance(masks, entry, name, owner))
            if entry.get("captions") and not instances[-1].captions:
                unnamed.append(entry["captions"])
        except Refused as refused:
            drops.append(Drop("collect", f"{frame_id}/{name}", str(refused)))
    return tuple(instances), tuple(drops), _unnamed(unnamed, len(instances), frame_id)


def _unnamed(captions: Sequence[object], count: int, frame_id: str) -> tuple[Drop, ...]:
    """Say how many instances of a frame have captions of which none names a thing."""
    if not captions:
        return ()
    text = f"no_name: captions of frame {frame_id!r}: those of {len(captions)} of {count} instances name no thing, as "
    return (Drop("collect", frame_id, f"{text}{shown(captions[0])}; nothing is asked about these by name"),)


def _entries(data: bytes, name: str) -> list[object]:
    """Read the list in an instances file."""
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:  # broken JSON or UTF-8, absurd nesting
        raise Refused("instances_not_json", f"{name}: {error}; correct the file") from None
    if not isinstance(entries, list):
        raise Refused("wrong_type", f"{name}: got {shown(entries)}, expected a list of instances")
    return entries


def _instance(masks: "_Masks", entry: dict[str, object], instance_id: str, frame: str) -> Instance:
    owner = f"instance {instance_id!r} of {frame}"
    check_keys(entry, KEYS, ("id",), owner, HINTS)
    score = 1.0 if entry.get("score") is None else number_of(entry["score"], f"score of {owner}")
    if not 0 <= score <= 1:
        raise Refused("score_range", f"score of {owner}: got {score:g}, expected 0 to 1")
    captions = _captions(entry.get("captions"), owner)
    mask = masks.read(entry, instance_id, owner)
    box = mask_box(mask)
    if entry.get("box_xyxy") is not None:
        _check_box(numbers_of(entry["box_xyxy"], 4, f"box_xyxy of {owner}"), box, owner)
    return Instance(instance_id, captions, box, mask, score)


def _captions(value: object, owner: str) -> tuple[str, ...]:
    """Read the captions that name something, each on one line and as people write it."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(caption, str) for caption in value):
        raise Refused("wrong_type", f"captions of {owner}: got {shown(value)}, expected a list of strings")
    return tuple(dict.fromkeys(caption for caption in map(named, map(one_line, value)) if caption))


class _Masks:
    """The masks of one frame: which file is an id map shows where several instances name it."""

    def __init__(self, folder: Path, entries: Sequence[object], shape: tuple[int, int]) -> None:
        self._folder, self._shape = folder, shape
        naming: dict[str, list[str]] = {}
        for entry in entries:
            if isinstance(entry, dict) and (path := _mask_path(entry)) is not None:
                naming.setdefault(path, []).append(str(entry.get("id")))
        self._sharers = {path: ids for path, ids in naming.items() if len(ids) > 1}

    def read(self, entry: Mapping[str, object], instance_id: str, owner: str) -> Bool[np.ndarray, "h w"]:
        """Read the mask that an instance gives, in one of three ways."""
        if _mask_path(entry) is not None:
            name, mask = self._from_file(entry, instance_id, owner)
            check_mask_size(mask.shape, self._shape, name)
        else:
            key = next((key for key in ("mask", "rle", "segmentation") if entry.get(key) is not None), None)
            if key is None:
                raise Refused(
                    "no_mask", f"{owner}: neither a mask nor an rle is given (a box alone does not tell its pixels)"
                )
            name = f"{key} of {owner}"
            mask = self._from_json(_parsed(entry[key]), key, name)
        if not mask.any():
            raise Refused("mask_empty", f"{name}: no pixel is inside; remove the instance or correct its mask")
        return mask

    def _from_file(
        self, entry: Mapping[str, object], instance_id: str, owner: str
    ) -> tuple[str, Bool[np.ndarray, "h w"]]:
        path = text_of(_mask_path(entry), f"mask of {owner}")
        name = file_name(path, owner)
        data = read_file(self._folder, path, "mask", owner)
        value = entry.get("value")
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool):
                raise Refused("wrong_type", f"value of {owner}: got {shown(value)}, expected a whole number")
        elif path in self._sharers:
            values = ids_in(data, name)
            value = self._value_in(path, values, instance_id, name) if len(values) > 1 else None
        return name, decode_mask(data, name, value)

    def _value_in(self, path: str, values: Sequence[int], instance_id: str, name: str) -> int:
        """Find which value of an id map is one of the instances that name it: its id, or its place from 1 on."""
        ids = self._sharers[path]
        if set(ids) <= {str(value) for value in values}:
            return int(instance_id)
        if list(values) == list(range(1, len(ids) + 1)):
            return ids.index(instance_id) + 1
        raise Refused(
            "mask_shared",
            f"{name}: {len(ids)} instances name this file, and its values {shown(list(values))} are neither their ids "
            "nor their places from 1 on; of an id map give each instance its value: N, else each its own file",
        )

    def _from_json(self, value: object, key: str, name: str) -> Bool[np.ndarray, "h w"]:
        if isinstance(value, list) and key != "rle":
            return decode_polygons(value, name, self._shape)
        if isinstance(value, str) and key == "rle":
            value = {"size": list(self._shape), "counts": value}
        if not isinstance(value, dict):
            raise Refused(
                "wrong_type",
                f"{name}: got {shown(value)}, expected the path of a mask, an rle with size and counts, or polygons",
            )
        return decode_rle(value, name, self._shape)


def _mask_path(entry: Mapping[str, object]) -> str | None:
    """Find the path of a mask file; `segmentation` may hold one too, as may `mask` an encoding."""
    value = next((entry[key] for key in ("mask", "mask_path", "mask_file", "segmentation") if entry.get(key)), None)
    return value if isinstance(value, str) and not value.lstrip().startswith(("{", "[", "b'")) else None


def _parsed(value: object) -> object:
    """Take apart an object or a list that was written as text, as str() or a table does."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")) or len(value) > LONGEST_TEXT:
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            parsed = parse(value)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(parsed, dict):
            counts = parsed.get("counts")
            return parsed | ({"counts": counts.decode("ascii", "replace")} if isinstance(counts, bytes) else {})
        return parsed
    return value


def _check_box(given: list[float], tight: Float32[np.ndarray, " 4"], owner: str) -> None:
    """Refuse a box that is none, or that lies beside its mask: one of the two belongs to something else."""
    x0, y0, x1, y1 = given
    if not (np.isfinite(given).all() and x0 < x1 and y0 < y1):
        raise Refused(
            "box_invalid",
            f"box_xyxy of {owner}: got {shown(given)}, expected x0 < x1 and y0 < y1 (corners, not a size)",
        )
    if x1 <= tight[0] or x0 >= tight[2] or y1 <= tight[1] or y0 >= tight[3]:
        raise Refused(
            "box_mismatch", f"box_xyxy of {owner}: got {shown(given)}, but the mask lies within {shown(tight.tolist())}"
        )
