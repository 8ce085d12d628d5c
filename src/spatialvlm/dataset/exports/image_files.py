"""Image files: a safe name for any frame id, the right suffix, and pixels that every reader sees the same way up."""

import hashlib
import re
from io import BytesIO
from pathlib import PurePosixPath

import numpy as np
from PIL import ExifTags, Image, ImageOps

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
# What stands in a file that may say how it be turned; asking a PNG itself would decode it.
_ORIENTED = (b"Exif", b"EXIF", b"eXIf", b"exif", b"tiff:Orientation")
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


def upright(data: bytes, camera: Camera | None, path: str | None) -> tuple[bytes, str]:
    """Make the image file to hand out and its suffix: the bytes as they came, unless readers could disagree on them.

    Some readers turn an image as its EXIF orientation says and some do not; of 16-bit grey some make white. There, the
    pixels that the questions are about are written as PNG: those of the camera's size, the stored ones if both have it.
    Without a camera they are the turned ones, and what was a JPEG stays one.
    """
    found = _readings(data)
    if found is None:
        return data, suffix_of(data, path)
    stored, turned = found
    if camera is None:
        is_jpeg = data.startswith(b"\xff\xd8\xff")
        return (_encoded(turned, "JPEG", quality=95, subsampling=0), "jpg") if is_jpeg else (_png(turned), "png")
    size = (camera.width, camera.height)
    return _png(turned if turned.size == size != stored.size else stored), "png"


def _readings(data: bytes) -> tuple[Image.Image, Image.Image] | None:
    """Decode a picture as it is stored and as it wants to be turned; None where all readers see the same.

    What cannot be decoded is for others to refuse.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            deep = picture.mode.startswith("I;16")
            told = any(mark in data for mark in _ORIENTED) or picture.format == "TIFF"
            if not deep and (not told or picture.getexif().get(ExifTags.Base.Orientation) not in range(2, 9)):
                return None
            picture.load()
            return _rgb(picture), _rgb(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return None


def _rgb(picture: Image.Image) -> Image.Image:
    """Convert to 8 bits a channel; of 16-bit grey Pillow would clip the values, not scale them."""
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture.convert("RGB")


def _png(picture: Image.Image) -> bytes:
    return _encoded(picture, "PNG", compress_level=1)


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    file = BytesIO()
    Image.fromarray(np.asarray(picture)).save(file, kind, **options)  # the pixels alone, without what was said of them
    return file.getvalue()
