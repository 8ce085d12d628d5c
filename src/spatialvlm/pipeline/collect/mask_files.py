"""mask_files: mask pictures, run-length encodings and polygons -> which pixels are inside.

A picture is read as people write masks: not zero is inside; a palette by its numbers; a cut-out by its alpha; what was
packed with loss, or has soft edges, by half of its greatest value; an id map by the value of one thing.
"""

import ast

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64, Shaped
from PIL import Image

from spatialvlm.pipeline.collect.decode import Refused, check_keys, number_of, numbers_of, shown
from spatialvlm.pipeline.collect.picture_files import opened

LOSSY_MAX = 64  # JPEG spreads its noise over some tens; a mask of 0 and 1 is lost in it
SOFT_SHARE = 0.25  # of the pixels that are not zero; more in between is no edge
OPAQUE = 128
_SHIFT = 4  # corners of polygons in sixteenths of a pixel


def decode_mask(data: bytes, name: str, value: int | None = None) -> Bool[np.ndarray, "h w"]:
    """Decode a mask picture. `value` is that of one thing in an id map; None where the picture is of one thing."""
    with opened(data, name, "mask") as picture:
        is_lossy = picture.format in ("JPEG", "MPO") or (picture.format == "WEBP" and b"VP8 " in data[:64])
        picture.load()
        palette = picture.getpalette("RGB") if picture.mode == "P" else None
        numbers = _numbers(picture)
    if value is not None:
        return _of_id(numbers, value, is_lossy, name)
    if picture.mode in ("RGBA", "LA", "PA") and numbers[..., -1].min() < OPAQUE <= numbers[..., -1].max():
        return numbers[..., -1] >= OPAQUE
    if numbers.ndim == 3:
        numbers = numbers[..., : 1 if picture.mode in ("LA", "PA") else 3].max(axis=2)
    if palette is not None:
        return numbers != _background(numbers, palette)
    return _thresholded(numbers, is_lossy, name)


def ids_in(data: bytes, name: str) -> list[int]:
    """List the values of an id map, without 0, which is nothing."""
    with opened(data, name, "mask") as picture:
        picture.load()
        values = np.unique(_numbers(picture)).tolist()
    return [value for value in values if value != 0]


def _numbers(picture: Image.Image) -> Shaped[np.ndarray, "h w *c"]:
    if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        return np.asarray(picture.convert("RGB"))
    numbers = np.asarray(picture)
    return numbers.view(np.uint8) if numbers.dtype == bool else numbers


def _of_id(numbers: Shaped[np.ndarray, "h w *c"], value: int, is_lossy: bool, name: str) -> Bool[np.ndarray, "h w"]:
    if is_lossy:
        raise Refused("mask_lossy", f"{name}: is an id map packed with loss, which changes its values; save it as PNG")
    if numbers.ndim == 3:
        raise Refused(
            "mask_colours", f"{name}: is an id map in colours, expected one number a pixel; save it as grey PNG"
        )
    return numbers == value


def _background(numbers: Shaped[np.ndarray, "h w"], palette: list[int]) -> int:
    """Find the number of a palette that stands for no thing: the black one, else 0, whatever its colour."""
    used = np.unique(numbers).tolist()
    black = [number for number in used if not any(palette[3 * number : 3 * number + 3])]
    return black[0] if len(black) == 1 else 0


def _thresholded(numbers: Shaped[np.ndarray, "h w"], is_lossy: bool, name: str) -> Bool[np.ndarray, "h w"]:
    most = float(numbers.max())
    if is_lossy:
        if 0 < most < LOSSY_MAX:
            raise Refused(
                "mask_lossy",
                f"{name}: is packed with loss and its values end at {most:g}, so noise and mask cannot be told apart; "
                "save it as PNG, or with 255 inside",
            )
        return numbers > most / 2
    inside = numbers != 0
    if numbers.dtype == np.uint8 and most == 255:
        between = np.count_nonzero(inside & (numbers != 255))
        if 0 < between <= SOFT_SHARE * np.count_nonzero(inside):
            return numbers >= OPAQUE
    return inside


def decode_rle(value: object, name: str, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Decode a COCO run-length encoding of a picture of `shape`: runs down the columns, outside first.

    Counts are compressed (a string, also as Python writes bytes: "b'...'") or a list of runs.
    """
    if not isinstance(value, dict):
        raise Refused("wrong_type", f"{name}: got {shown(value)}, expected an object with size and counts")
    check_keys(value, ("size", "counts"), ("size", "counts"), name)
    check_mask_size(tuple(numbers_of(value["size"], 2, f"size of {name}")), shape, name)
    pixels = shape[0] * shape[1]
    counts = value["counts"]
    if isinstance(counts, str):
        runs = decompress_counts(counts)
        if runs is None or (runs < 0).any() or runs.sum() != pixels:
            runs = decompress_counts(_unquoted(counts))
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


def _unquoted(text: str) -> str:
    """Return the text in the bytes that Python's str() wrote down (cocoapi issue 70), else the empty text."""
    if not text.startswith(("b'", 'b"')):
        return ""
    try:
        return ast.literal_eval(text).decode("ascii")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""


def check_mask_size(got: tuple[int | float, ...], expected: tuple[int, int], name: str) -> None:
    """Refuse a mask that has not the size (h, w) of its picture."""
    if got != expected:
        raise Refused("mask_size", f"{name}: got (h, w) {shown(got)}, expected the image's {expected}; resize the mask")


def mask_box(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 4"]:
    """Find the tight box around a mask in continuous pixels."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([x, y, x + width, y + height], np.float32)


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


def decode_polygons(value: list[object], name: str, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Decode COCO polygons, lists of x, y, x, y ... in continuous pixels: a pixel is inside where its centre is.

    Several polygons are parts of one thing.
    """
    polygons = value if value and isinstance(value[0], list) else [value]
    inside = np.zeros(shape, np.uint8)
    for polygon in polygons:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise Refused("polygon_invalid", f"{name}: got {shown(polygon)}, expected x, y of three corners or more")
        corners = np.array([number_of(number, name) for number in polygon]).reshape(-1, 2)
        if not (np.isfinite(corners).all() and np.abs(corners).max() <= 4 * max(shape)):
            raise Refused("polygon_invalid", f"{name}: got {shown(polygon)}, expected pixels of the image")
        steps = np.round((corners - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(inside, [steps], 1, shift=_SHIFT)
    return inside.view(bool)
