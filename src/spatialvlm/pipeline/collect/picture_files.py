"""picture_files: the bytes of a picture file -> its pixels, judged by the header before they take any memory."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image

from spatialvlm.pipeline.collect.decode import Refused

LARGEST_PIXELS = 51_000_000  # phones that advertise 50 megapixels write up to 8192x6144
TILE_WIDTH, TILE_HEIGHT = 322, 323  # TIFF 6.0, section 15
SMALLEST_SIDE_PX = 4  # image processors take a side of 1 or 3 pixels for the channels

# No others: Pillow runs Ghostscript for some. Of the same data it makes MPO of "JPEG" and PFM of "PPM".
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM")
JPEG_QUALITY = 95  # of a photo that is written anew, upright
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
_ORIENTATION = ExifTags.Base.Orientation


@contextmanager
def opened(data: bytes, name: str, kind: str = "image", largest_pixels: int = LARGEST_PIXELS) -> Iterator[Image.Image]:
    """Open the picture in `data`, its header read and its pixels not; Refused for whatever goes wrong inside.

    Its size is judged first, so that decoding it takes no more memory than the largest picture. Codes begin with
    `kind`. Pillow refuses a truncated file and is silent, but for libtiff's line on a damaged compressed TIFF.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on damaged metadata, which is then not used
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as picture:
                _check_size(picture, name, kind, largest_pixels)
                yield picture
        except Image.DecompressionBombError as error:
            raise too_large(name, str(error), kind) from None
        except PILLOW_ERRORS:
            raise _unreadable(data, name, kind) from None


def decode_rgb(data: bytes, name: str, *, upright: bool) -> UInt8[np.ndarray, "h w 3"]:
    """Decode a colour image: grey is repeated, 16 bits become 8, alpha is left out, colour profiles are ignored.

    Of an animation it is the first frame. `upright` turns it as its EXIF orientation says, which is for photos; depth
    maps and masks are aligned to the stored, unturned pixels.
    """
    return read_rgb(data, name, upright=upright)[0]


def read_rgb(data: bytes, name: str, *, upright: bool) -> tuple[UInt8[np.ndarray, "h w 3"], bytes]:
    """Decode a colour image as `decode_rgb` does, with the file in which every reader sees these same pixels.

    That is the file as it came, unless it says how it be turned: some readers do that and some do not. Then it is
    written anew without saying so: a photo that was a JPEG as a JPEG, all else as PNG.
    """
    with opened(data, name) as picture:
        is_jpeg = picture.format in ("JPEG", "MPO")
        if not upright and is_jpeg and (image := _decode_by_opencv(data, picture.size)) is not None:
            if not _may_be_turned(picture, data):
                return image, data
            orientation = _orientation(picture)
        else:
            of_tiff = getattr(picture, "tag_v2", {}).get(_ORIENTATION)
            picture.load()
            orientation = of_tiff or _orientation(picture)
            turn = TURNS.get(orientation) if upright and not of_tiff else None  # Pillow turns a TIFF by itself
            image = _rgb(picture if turn is None else picture.transpose(turn), name)
            if is_jpeg and turn is not None:
                return as_jpeg(image)
    return image, data if orientation == 1 else _encoded(image, "PNG", compress_level=1)


def refuse_depth(data: bytes, name: str, largest_pixels: int = LARGEST_PIXELS) -> None:
    """Refuse a picture that is no photo by its pixels: 16 bits of grey, as depth maps are written."""
    with opened(data, name, largest_pixels=largest_pixels) as picture:
        if picture.mode.startswith("I;16"):
            raise Refused(
                "depth_map",
                f"{name}: 16 bits of grey look like a depth map, not a photo; name it as depth in frames.jsonl, leave "
                "it out, or save it with 8 bits if it is a photo",
            )


def _decode_by_opencv(data: bytes, size: tuple[int, int]) -> UInt8[np.ndarray, "h w 3"] | None:
    """Decode a JPEG by OpenCV, which is quick; None where it cannot, or where it sees another picture.

    Nothing else: it takes the memory that a chunk of a PNG claims, 4 GB at most.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if image is None or image.shape[1::-1] != size:
        return None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


def _rgb(picture: Image.Image, name: str) -> UInt8[np.ndarray, "h w 3"]:
    if picture.mode.startswith("I;16"):  # Pillow would clip to 8 bits, not scale
        grey = (np.asarray(picture) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if picture.mode in ("I", "F"):
        raise Refused("image_unreadable", f"{name}: its pixels are {picture.mode!r}, 32 bits; save it with 8 or 16")
    return np.array(picture.convert("RGB"))


def as_jpeg(image: UInt8[np.ndarray, "h w 3"]) -> tuple[UInt8[np.ndarray, "h w 3"], bytes]:
    """Pack an image that has no file of its own, such as one of a video: the pixels of a JPEG, and the JPEG."""
    file = _encoded(image, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    with Image.open(BytesIO(file), formats=("JPEG",)) as again:
        return np.array(again), file


def _encoded(image: UInt8[np.ndarray, "h w 3"], kind: str, **options: int) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


def _may_be_turned(picture: Image.Image, data: bytes) -> bool:
    """Tell whether a file may say how it be turned; asking a PNG itself decodes it, for that may follow the pixels."""
    return picture.format != "PNG" or any(mark in data for mark in (b"eXIf", b"exif", b"adobe.xmp"))


def _orientation(picture: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1 where it is unknown."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except PILLOW_ERRORS:  # damaged EXIF does not spoil the pixels
        return 1
    return value if value in TURNS else 1


def _check_size(picture: Image.Image, name: str, kind: str, largest_pixels: int) -> None:
    width, height = picture.size
    tile = getattr(picture, "tag_v2", {})
    tile_pixels = [tile.get(tag, 0) for tag in (TILE_WIDTH, TILE_HEIGHT)]
    if width * height > largest_pixels:
        raise too_large(name, f"{width}x{height} pixels", kind, largest_pixels)
    if all(isinstance(side, int) for side in tile_pixels) and tile_pixels[0] * tile_pixels[1] > largest_pixels:
        raise too_large(name, f"tiles of {tile_pixels[0]}x{tile_pixels[1]} pixels", kind, largest_pixels)
    if min(width, height) < SMALLEST_SIDE_PX:
        raise Refused(
            f"{kind}_too_small",
            f"{name}: {width}x{height} pixels, expected at least {SMALLEST_SIDE_PX} a side; remove it",
        )


def too_large(name: str, size: str, kind: str, largest_pixels: int = LARGEST_PIXELS) -> Refused:
    """Say that a file holds more pixels than are read."""
    return Refused(
        f"{kind}_too_large",
        f"{name}: {size}, expected at most {largest_pixels / 10**6:.6g} million pixels; make it smaller",
    )


def _unreadable(data: bytes, name: str, kind: str) -> Refused:
    """Say why bytes cannot be decoded, as far as they tell."""
    if data[4:8] == b"ftyp":  # HEIC and AVIF are both ISO base media files
        return Refused(f"{kind}_unsupported", f"{name}: HEIC or AVIF that cannot be decoded here; convert it to JPEG")
    return Refused(
        f"{kind}_unreadable",
        f"{name}: cannot be decoded as an image (file is {len(data)} bytes, damaged or cut short); replace the file",
    )
