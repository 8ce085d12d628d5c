"""decode: file bytes and JSON values -> what the records hold, or Refused. Shared by the sources that read files."""

import difflib
import math
import os
import re
import struct
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import ExifTags, Image

LONGEST_ID = 200
LARGEST_PIXELS = 51_000_000  # phones that advertise 50 megapixels write up to 8192x6144
SMALLEST_SIDE_PX = 4  # image processors take a side of 1 or 3 pixels for the channels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")  # no others: Pillow runs Ghostscript for some
# What Pillow 13 raises for damaged files, and what it may by its source (found by 170,000 random ones).
PILLOW_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    AssertionError,
    MemoryError,
    RuntimeError,
    struct.error,
)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Refused(Exception):
    """Something in the input cannot be used. Never leaves this stage: a source turns it into a Drop."""

    def __init__(self, code: str, sentence: str):
        super().__init__(f"{code}: {sentence}")


def shown(value: object) -> str:
    """Write a value from a file as a message may quote it: escaped, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_file(folder: Path, relative: str, kind: str, owner: str) -> bytes:
    """Read the bytes of a file that `owner` names by its path relative to `folder`; codes begin with `kind`."""
    path = path_inside(folder, relative, owner)
    name = file_name(relative, owner)
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{kind}_missing", f"{name}: no such file in the folder; add it or correct the path") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have, such as one with a NUL
        why = getattr(error, "strerror", None) or error
        raise Refused(f"{kind}_unreadable", f"{name}: cannot be opened ({why}); correct the path") from None


def path_inside(folder: Path, relative: str, owner: str) -> Path:
    """Find the path of a file below `folder`; one that leaves it is refused: a dataset reads nothing but itself."""
    normal = os.path.normpath(relative)
    if os.path.isabs(relative) or os.path.splitdrive(relative)[0] or normal.split(os.sep)[0] == os.pardir:
        raise Refused(
            "path_outside", f"{shown(relative)} of {owner}: leaves the folder; give a path below frames.jsonl's folder"
        )
    return folder / normal


def file_name(relative: str, owner: str) -> str:
    """Name a file for messages: its path, quoted where it is long or holds unprintable characters, and its owner."""
    return f"{relative if relative.isprintable() and len(relative) <= 120 else shown(relative)} of {owner}"


def decode_picture(data: bytes, flags: int) -> Shaped[np.ndarray, "h w *c"] | None:
    """Decode the picture in `data` by OpenCV; None where it cannot (truncated, of no known format, too large)."""
    if not data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # more pixels than OpenCV allows, a header that lies
        return None


def decode_rgb(data: bytes, name: str, *, upright: bool) -> UInt8[np.ndarray, "h w 3"]:
    """Decode a colour image: grey is repeated, 16 bits become 8, alpha is left out, colour profiles are ignored.

    `upright` turns it as its EXIF orientation says, which is for photos; depth maps and masks are aligned to the
    stored, unturned pixels.
    """
    if upright:
        return _decode_photo(data, name)
    image = decode_picture(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise _unreadable(data, name)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


@contextmanager
def opened(data: bytes, name: str) -> Iterator[Image.Image]:
    """Open the picture in `data`, its header read and its pixels not; Refused for whatever goes wrong inside.

    Pillow refuses a truncated file and is silent, but for libtiff's line on a damaged compressed TIFF. OpenCV writes to
    stderr, and before 5.0 it returns what is missing in grey.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on damaged metadata, which is then not used
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as picture:
                yield picture
        except Image.DecompressionBombError as error:
            raise _too_large(name, str(error)) from None
        except PILLOW_ERRORS:
            raise _unreadable(data, name) from None


def _decode_photo(data: bytes, name: str) -> UInt8[np.ndarray, "h w 3"]:
    """Decode the first frame of the picture in `data`, upright. Its size is judged before it takes any memory."""
    with opened(data, name) as picture:
        width, height = picture.size
        if width * height > LARGEST_PIXELS:
            raise _too_large(name, f"{width}x{height} pixels")
        if min(width, height) < SMALLEST_SIDE_PX:
            raise Refused(
                "image_too_small",
                f"{name}: {width}x{height} pixels, expected at least {SMALLEST_SIDE_PX} a side; remove it",
            )
        picture.load()
        turn = TURNS.get(_orientation(picture))
        turned = picture if turn is None else picture.transpose(turn)
        if turned.mode.startswith("I;16"):  # Pillow would clip to 8 bits, not scale
            grey = (np.asarray(turned) >> 8).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=2)
        if turned.mode in ("I", "F"):
            raise Refused("image_unreadable", f"{name}: its pixels are {turned.mode!r}, 32 bits; save it with 8 or 16")
        return np.array(turned.convert("RGB"))


def _orientation(picture: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1 where it is unknown. Pillow has already turned a TIFF and then says 1."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except PILLOW_ERRORS:  # damaged EXIF does not spoil the pixels
        return 1
    return value if isinstance(value, int) else 1


def _too_large(name: str, size: str) -> Refused:
    return Refused(
        "image_too_large", f"{name}: {size}, expected at most {LARGEST_PIXELS // 10**6} million pixels; make it smaller"
    )


def _unreadable(data: bytes, name: str) -> Refused:
    """Say why bytes cannot be decoded, as far as they tell."""
    if data[4:8] == b"ftyp":  # HEIC and AVIF are both ISO base media files
        return Refused("image_unsupported", f"{name}: HEIC or AVIF that cannot be decoded here; convert it to JPEG")
    return Refused(
        "image_unreadable",
        f"{name}: cannot be decoded as an image (file is {len(data)} bytes, damaged or cut short); replace the file",
    )


def check_keys(record: dict[str, object], known: Collection[str], required: Collection[str], owner: str) -> None:
    """Refuse a record with an unknown key, which may be a misspelt one that matters, or without a required one."""
    for key in record:
        if key not in known:
            close = difflib.get_close_matches(key[:LONGEST_ID], known, n=1)
            hint = f", did you mean {close[0]!r}?" if close else "; remove it"
            raise Refused("unknown_key", f"{shown(key)} of {owner}: known keys are {', '.join(known)}{hint}")
    for key in required:
        if record.get(key) is None:
            raise Refused("missing_key", f"{key!r} of {owner}: not given; it is required")


def record_id(value: object, owner: str) -> str:
    """Read the id of a frame or an instance: a string, or an integer as a string."""
    if value is None:
        raise Refused("missing_key", f"'id' of {owner}: not given; it is required")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Refused("wrong_type", f"'id' of {owner}: got {shown(value)}, expected a string")
    if not value.strip() or len(value) > LONGEST_ID:
        raise Refused(
            "id_invalid",
            f"{shown(value)} of {owner}: {len(value)} characters, expected 1 to {LONGEST_ID}; change the id",
        )
    if not is_unicode(value):
        raise Refused("id_invalid", f"{shown(value)} of {owner}: is no valid Unicode; change the id")
    return value


def is_unicode(text: str) -> bool:
    """Tell whether text can be stored: JSON escapes and file names can make strings that UTF-8 cannot say."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def one_line(text: str) -> str:
    """Keep text as it is, but on one line: runs of newlines and control characters are one space."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()


def text_of(value: object, what: str) -> str:
    """Take a value that must be a non-empty string of valid Unicode."""
    if not isinstance(value, str) or not value or not is_unicode(value):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a non-empty string")
    return value


def number_of(value: object, what: str) -> float:
    """Take a value that must be a number; NaN and infinities pass, for the caller to judge."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def numbers_of(value: object, count: int, what: str) -> list[float]:
    """Take a value that must be a list of `count` numbers."""
    if not isinstance(value, list) or len(value) != count:
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a list of {count} numbers")
    return [number_of(item, what) for item in value]
