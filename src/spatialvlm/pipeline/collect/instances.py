"""instances: the instances JSON of an RGB-D frame -> Instances, and a Drop for each that cannot be used.

A list of {"id", "captions": [...], "box_xyxy": [...]?, "mask": "x.png" | "rle": {"size": [h, w], "counts"}, "score"?}.
The mask decides: the box is the mask's own, a given box must meet it, and a box alone makes no instance.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64

from spatialvlm.pipeline.collect.decode import (
    Refused,
    check_keys,
    decode_picture,
    file_name,
    number_of,
    numbers_of,
    one_line,
    read_file,
    record_id,
    shown,
    text_of,
)
from spatialvlm.records import Drop, Instance

KEYS = ("id", "captions", "box_xyxy", "mask", "rle", "score")


def read_instances(
    folder: Path, relative: str, frame_id: str, shape: tuple[int, int]
) -> tuple[tuple[Instance, ...], tuple[Drop, ...]]:
    """Read the instances of a frame whose image has `shape` (h, w). Refused where the whole file makes no sense."""
    owner = f"frame {frame_id!r}"
    entries = _entries(read_file(folder, relative, "instances", owner), file_name(relative, owner))
    instances: list[Instance] = []
    drops: list[Drop] = []
    seen: set[str] = set()
    for position, entry in enumerate(entries, start=1):
        name = f"#{position}"
        try:
            if not isinstance(entry, dict):
                raise Refused("wrong_type", f"instance {name} of {owner}: got {shown(entry)}, expected an object")
            name = record_id(entry.get("id"), f"instance {name} of {owner}")
            if name in seen:
                raise Refused(
                    "id_duplicate",
                    f"instance #{position} of {owner} repeats the id {name!r}; give each instance its own id",
                )
            seen.add(name)
            instances.append(_instance(folder, entry, name, owner, shape))
        except Refused as refused:
            drops.append(Drop("collect", f"{frame_id}/{name}", str(refused)))
    return tuple(instances), tuple(drops)


def _entries(data: bytes, name: str) -> list[object]:
    """Read the list in an instances file."""
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:  # broken JSON or UTF-8, absurd nesting
        raise Refused("instances_not_json", f"{name}: {error}; correct the file") from None
    if not isinstance(entries, list):
        raise Refused("wrong_type", f"{name}: got {shown(entries)}, expected a list of instances")
    return entries


def _instance(folder: Path, entry: dict[str, object], instance_id: str, frame: str, shape: tuple[int, int]) -> Instance:
    owner = f"instance {instance_id!r} of {frame}"
    check_keys(entry, KEYS, ("id",), owner)
    score = 1.0 if entry.get("score") is None else number_of(entry["score"], f"score of {owner}")
    if not 0 <= score <= 1:
        raise Refused("score_range", f"score of {owner}: got {score:g}, expected 0 to 1")
    captions = _captions(entry.get("captions"), owner)
    mask = _mask(folder, entry, owner, shape)
    box = mask_box(mask)
    if entry.get("box_xyxy") is not None:
        _check_box(numbers_of(entry["box_xyxy"], 4, f"box_xyxy of {owner}"), box, owner)
    return Instance(instance_id, captions, box, mask, score)


def _captions(value: object, owner: str) -> tuple[str, ...]:
    """Read the captions that say something, each on one line, otherwise verbatim."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(caption, str) for caption in value):
        raise Refused("wrong_type", f"captions of {owner}: got {shown(value)}, expected a list of strings")
    return tuple(caption for caption in map(one_line, value) if caption)


def _mask(folder: Path, entry: dict[str, object], owner: str, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    if entry.get("mask") is not None:
        path = text_of(entry["mask"], f"mask of {owner}")
        name = file_name(path, owner)
        mask = _decode_mask(read_file(folder, path, "mask", owner), name)
        _check_size(mask.shape, shape, name)
    elif entry.get("rle") is not None:
        name = f"rle of {owner}"
        mask = _decode_rle(entry["rle"], name, shape)
    else:
        raise Refused("no_mask", f"{owner}: neither a mask nor an rle is given (a box alone does not tell its pixels)")
    if not mask.any():
        raise Refused("mask_empty", f"{name}: no pixel is inside; remove the instance or correct its mask")
    return mask


def _decode_mask(data: bytes, name: str) -> Bool[np.ndarray, "h w"]:
    """Decode a mask picture: where it is not zero in any of its colours; its alpha does not count."""
    picture = decode_picture(data, cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise Refused(
            "mask_unreadable", f"{name}: cannot be decoded as an image (file is {len(data)} bytes); replace the file"
        )
    inside = picture != 0
    return inside if inside.ndim == 2 else inside[:, :, :3].any(axis=2)


def _check_size(got: tuple[int | float, ...], expected: tuple[int, int], name: str) -> None:
    if got != expected:
        raise Refused("mask_size", f"{name}: got (h, w) {shown(got)}, expected the image's {expected}; resize the mask")


def mask_box(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 4"]:
    """Find the tight box around a mask in continuous pixels."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([x, y, x + width, y + height], np.float32)


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


def _decode_rle(value: object, name: str, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Decode a COCO run-length encoding, counts compressed (a string) or not: runs down the columns, outside first."""
    if not isinstance(value, dict):
        raise Refused("wrong_type", f"{name}: got {shown(value)}, expected an object with size and counts")
    check_keys(value, ("size", "counts"), ("size", "counts"), name)
    _check_size(tuple(numbers_of(value["size"], 2, f"size of {name}")), shape, name)
    pixels = shape[0] * shape[1]
    counts = value["counts"]
    if isinstance(counts, str):
        runs = decompress_counts(counts)
    elif isinstance(counts, list) and all(type(count) is int and 0 <= count <= pixels for count in counts):
        runs = np.array(counts, np.int64)
    else:
        runs = None
    if runs is None or (runs < 0).any() or runs.sum() != pixels:
        raise Refused(
            "rle_invalid", f"{name}: counts {shown(counts)} do not encode {shape} pixels; expected COCO counts"
        )
    by_column = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(shape[::-1])
    return np.asarray(cv2.transpose(by_column.view(np.uint8)), np.uint8).view(bool)  # ten times as fast as numpy


def decompress_counts(text: str) -> Int64[np.ndarray, " n"] | None:
    """Decompress COCO's counts into run lengths, None where the string is none.

    Six bits a character from "0": five of the number, low ones first, and whether more follow; from the fourth run on
    the difference to the run before the last (rleFrString in cocoapi/common/maskApi.c). Decoded here since pycocotools
    trusts its input.
    """
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - ord("0")
    except UnicodeEncodeError:
        return None
    if not len(codes) or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        return None
    lasts = np.flatnonzero((codes & 32) == 0)
    starts = np.concatenate(([0], lasts[:-1] + 1))
    lengths = lasts - starts + 1
    if lengths.max() > 8:
        return None
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    runs = np.add.reduceat((codes & 31) << (5 * places), starts)
    runs -= np.where(codes[lasts] & 16, np.int64(1) << (5 * lengths), 0)
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs
