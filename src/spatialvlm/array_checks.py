"""Checks of what people hand over in memory: plain arrays and numbers come back as records hold them, or a UserError.

The limits are those of `pipeline.collect.rgbd` for files. `id` is that of the image, `size` its (h, w).
"""

import math
import reprlib
from typing import Any

import numpy as np

from spatialvlm.errors import UserError

LONGEST_ID = 200
MIN_GRAVITY = 1e-6
# What numpy raises for ragged lists, and what it passes on: a tensor on a GPU, a damaged file that PIL reads lazily.
ARRAY_ERRORS = (ValueError, TypeError, AttributeError, RuntimeError, OverflowError, OSError, SyntaxError, MemoryError)
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80


def shown(value: object) -> str:
    """Write a value as a message may quote it: short, on one line."""
    return " ".join(_REPR.repr(value).split())


def array_of(value: Any, what: str, expected: str) -> np.ndarray:
    """Make an array of what numpy can make one of. UserError for anything else, such as a ragged list."""
    try:
        return np.asarray(value)
    except ARRAY_ERRORS as error:
        raise UserError(
            f"{what}: numpy makes no array of this {type(value).__name__} ({error}), expected {expected}; convert it"
        ) from None


def numbers_of(value: Any, count: int, what: str, expected: str) -> np.ndarray:
    """Take `count` real numbers as float64; NaN and infinities pass, for the caller to judge."""
    numbers = array_of(value, what, expected)
    if numbers.dtype.kind not in "iuf" or numbers.shape != (count,):
        raise UserError(f"{what}: got {shown(value)}, expected {expected}; leave it out if it is unknown")
    return numbers.astype(np.float64)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.floating) and not isinstance(value, bool)


def check_id(value: Any, what: str) -> None:
    """Check the id of an image or an instance: text that can be stored."""
    if isinstance(value, str) and value.strip() and len(value) <= LONGEST_ID and _is_unicode(value):
        return
    raise UserError(
        f"{what}: got {shown(value)}, expected text of 1 to {LONGEST_ID} characters that are valid Unicode; "
        "give another id, such as 'desk'"
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def picture_of(image: Any, id: str) -> np.ndarray:
    """Take an image: uint8 (h, w, 3), contiguous."""
    expected = "uint8 of shape (height, width, 3) in RGB"
    picture = array_of(image, f"image {id!r}", expected)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise UserError(
            f"image {id!r}: got {picture.dtype} of shape {picture.shape}, expected {expected}; "
            "a grey one: np.repeat(grey[..., None], 3, axis=2), one from 0 to 1: (255 * image).round().astype(np.uint8)"
        )
    return np.ascontiguousarray(picture)


def depth_of(depth_m: Any, size: tuple[int, int], id: str) -> np.ndarray:
    """Take z-depth in metres as float32, a copy; what is not known becomes NaN."""
    what = f"depth of image {id!r}"
    given = array_of(depth_m, what, f"metres as floats of shape {size}")
    if given.dtype.kind != "f":
        raise UserError(
            f"{what}: got {given.dtype} of shape {given.shape}, expected metres as floats of shape {size}; "
            "of whole millimetres: np.float32(0.001) * depth"
        )
    if given.shape != size:
        raise UserError(
            f"{what}: got shape {given.shape}, expected {size}, the size of the image; register it to the image"
        )
    with np.errstate(over="ignore"):
        depth = np.array(given, np.float32, order="C")
    depth[~(np.isfinite(depth) & (depth > 0))] = np.nan
    if np.isnan(depth).all():
        raise UserError(
            f"{what}: no pixel has a known depth, expected one or more that are positive and finite; "
            "leave depth_m out if there is none"
        )
    return depth


def gravity_of(gravity: Any, id: str) -> np.ndarray:
    """Take a vector that points down, of any length, as a unit vector."""
    what = f"gravity of image {id!r}"
    vector = numbers_of(gravity, 3, what, "three finite numbers, not all 0")
    length = math.hypot(*vector)
    if not MIN_GRAVITY < length < math.inf:
        raise UserError(
            f"{what}: got {shown(vector.tolist())}, expected three finite numbers, not all 0, of a vector longer than "
            f"{MIN_GRAVITY:g} that points down; leave it out if it is unknown"
        )
    return vector / length


def intrinsics_of(camera: Any, id: str) -> np.ndarray:
    """Take fx, fy, cx, cy in pixels as an intrinsic matrix."""
    what = f"camera of image {id!r}"
    expected = "a Camera, or fx, fy, cx, cy in pixels (of a matrix k: k[0, 0], k[1, 1], k[0, 2], k[1, 2])"
    fx, fy, cx, cy = numbers_of(camera, 4, what, expected)
    matrix = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
    _check_intrinsics(matrix, what)
    return matrix


def check_camera(
    matrix: Any, camera_size: tuple[Any, Any], focal_error: Any, size: tuple[int, int], id: str
) -> np.ndarray:
    """Check what a Camera holds, its size as (h, w), against the image; gives the matrix as float64."""
    what = f"camera of image {id!r}"
    expected = "an intrinsic matrix of shape (3, 3) in pixels"
    values = array_of(matrix, what, expected)
    if values.dtype.kind not in "iuf" or values.shape != (3, 3):
        raise UserError(
            f"{what}: got {values.dtype} of shape {values.shape}, expected {expected}; or give fx, fy, cx, cy"
        )
    values = values.astype(np.float64, copy=False)
    _check_intrinsics(values, what)
    if camera_size != size:
        raise UserError(
            f"{what}: got (height, width) {shown(camera_size)}, expected the image's {size}; scale the camera with it"
        )
    if not _is_number(focal_error) or not 0 <= focal_error < math.inf:
        raise UserError(
            f"{what}: got focal_error {shown(focal_error)}, expected a number from 0 on; 0.05 stands for 5 %"
        )
    return values


def _check_intrinsics(matrix: np.ndarray, what: str) -> None:
    fx, fy, cx, cy = (float(matrix[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2)))
    if not (np.isfinite(matrix).all() and fx > 0 and fy > 0):
        raise UserError(
            f"{what}: got fx {fx:g}, fy {fy:g}, cx {cx:g}, cy {cy:g}, expected finite numbers with positive focal "
            "lengths in pixels; leave the camera out if it is unknown"
        )
    if matrix[1, 0] != 0 or matrix[2].tolist() != [0.0, 0.0, 1.0]:
        raise UserError(
            f"{what}: got the matrix {shown(matrix.tolist())}, expected the rows fx s cx, 0 fy cy, 0 0 1; "
            "divide it by its last number, or give fx, fy, cx, cy"
        )


def mask_of(mask: Any, size: tuple[int, int], what: str) -> np.ndarray:
    """Take a mask as bool: an array of bool or whole numbers, with one pixel or more."""
    given = array_of(mask, what, f"bool of shape {size}")
    if given.dtype.kind not in "biu":
        raise UserError(
            f"{what}: got {given.dtype} of shape {given.shape}, expected bool or whole numbers of shape {size}; "
            "of a model's logits: mask > 0"
        )
    pixels = int(np.count_nonzero(given))
    if given.shape != size or not pixels:
        raise UserError(
            f"{what}: got shape {given.shape} with {pixels} pixels, expected {size} with one or more; "
            "resize it to the image, leave it out where it is empty"
        )
    return given.astype(bool)


def box_around(mask: np.ndarray) -> np.ndarray:
    """Find the tight box xyxy around a mask that is not empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def check_instance(captions: Any, box: Any, mask: Any, score: Any, size: tuple[int, int], what: str) -> None:
    """Check what an Instance holds besides its id: types as its fields say them, the mask of the image's size."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        got = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise UserError(
            f"mask of {what}: got {got}, expected a bool array of shape {size}; of numbers: mask > 0, of an Rle: "
            "spatialvlm.geometry.decode_mask(rle)"
        )
    mask_of(mask, size, f"mask of {what}")
    if not isinstance(captions, tuple) or not all(isinstance(caption, str) for caption in captions):
        raise UserError(f"captions of {what}: got {shown(captions)}, expected a tuple of text, such as ('mug',)")
    corners = numbers_of(box, 4, f"box_xyxy of {what}", "an array of four numbers x0, y0, x1, y1")
    if not (isinstance(box, np.ndarray) and np.isfinite(corners).all() and (corners[:2] < corners[2:]).all()):
        raise UserError(f"box_xyxy of {what}: got {shown(box)}, expected an array with x0 < x1 and y0 < y1 (corners)")
    if not _is_number(score) or not 0 <= score <= 1:
        raise UserError(f"score of {what}: got {shown(score)}, expected a number from 0 to 1; leave it out for 1")
