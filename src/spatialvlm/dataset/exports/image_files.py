"""Image files: a safe name for any frame id, the right suffix, and pixels that every reader sees the same way up."""

import hashlib
import re
from pathlib import PurePosixPath

import cv2
import numpy as np

from spatialvlm.records import Camera

LONGEST_KEY = 60  # with hash, number and suffix below the 100 characters of a tar header
HASH_DIGITS = 12
HIDDEN = "__"  # `datasets` skips such files in an archive

# By the first bytes, since the name in the source may be wrong or missing.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"BM", "bmp"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"GIF8", "gif"),
)
_UNSAFE = re.compile("[^a-z0-9_-]")


def file_key(frame_id: str) -> str:
    """Make a name of a-z 0-9 _ - that no other frame id has, even where files ignore case.

    An id that is such a name already stays as it is; another one is made plain and gets a part of its hash.
    """
    key = _UNSAFE.sub("_", frame_id.lower())[:LONGEST_KEY]
    if key and key == frame_id and not key.startswith(HIDDEN):
        return key
    key = key.lstrip("_") or "frame"
    digest = hashlib.sha256(frame_id.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_DIGITS]
    return f"{key}-{digest}"


def suffix_of(data: bytes, path: str | None) -> str:
    """Find the file type of an encoded image, without a dot: by its bytes, else as its path in the source says."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    known = next((suffix for signature, suffix in _SIGNATURES if data.startswith(signature)), None)
    return known or _UNSAFE.sub("", PurePosixPath(path or "").suffix.lower()) or "img"


def upright(data: bytes, camera: Camera, path: str | None) -> tuple[bytes, str]:
    """Make the image file for an export and its suffix: the bytes as they came, unless readers could disagree on them.

    Some trainers turn an image as its EXIF orientation says and some do not. Where that changes the picture, the
    pixels that the questions are about are written as PNG: those of the camera's size, the stored ones if both have it.
    """
    if b"Exif" in data[:65536]:
        stored, turned = (_decode(data, flag) for flag in (cv2.IMREAD_IGNORE_ORIENTATION, 0))
        if stored is not None and turned is not None and not np.array_equal(stored, turned):
            size = (camera.height, camera.width)
            pixels = turned if turned.shape[:2] == size != stored.shape[:2] else stored
            return cv2.imencode(".png", pixels)[1].tobytes(), "png"
    return data, suffix_of(data, path)


def _decode(data: bytes, flag: int) -> np.ndarray | None:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | flag)
