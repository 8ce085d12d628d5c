"""exif: the EXIF data of a photo -> its Camera, where they tell the focal length in pixels beyond doubt.

Two ways lead there, and the first that can be used is taken:

1. FocalLengthIn35mmFilm (0xA405) is the focal length with which a 36x24 mm frame sees as much, compared by the
   diagonal of 43.27 mm (guideline CIPA DCG-001, https://en.wikipedia.org/wiki/35_mm_equivalent_focal_length). It knows
   no pixels, so the photo may have been resized since. Apple computes it so: an iPhone 8 writes 28 at 4032x3024, 177
   at 640x480 and 311 at 352x288, which is 28.1 times the ratio of the diagonals in pixels
   (https://developer.apple.com/forums/thread/745938; 177 and 311 are wrong, and refused for the sensor they imply).
2. FocalLength times FocalPlaneXResolution: exact, but only in pixels of the sensor, and programs that make a photo
   smaller often correct its size in the EXIF data and leave the resolution. So the size must be proven original.

Digital zoom is refused, for makers do not agree whether these values contain it. Only Apple's 35 mm value is known to
(28 becomes 55 at 1.951: https://bugs.launchpad.net/hugin/+bug/2064625).

A photo cropped by a program that corrects the size, with its shape kept, cannot be told from a whole one.
"""

import math
import numbers

from PIL import ExifTags

from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.picture_files import opened
from spatialvlm.records import Camera

FILM_DIAGONAL_MM = math.hypot(36, 24)

# 1 sigma, relative: an estimate. Known cameras (test_exif.py) are 0.2 to 2.6 % off. Focusing near changes the focal
# length, so does what phones crop to correct distortion, and nominal focal lengths of lenses are round numbers.
LENS_ERROR = 0.03
NARROWEST_FOV_RAD, WIDEST_FOV_RAD = math.radians(5), math.radians(150)
WIDEST_SHAPE = 2.4  # phones go up to 21:9; what is wider is a panorama, and no pinhole camera made it
SHAPE_TOLERANCE = 0.01  # widths and heights rounded to multiples of 8 or 16
SENSOR_DIAGONAL_MM = (3.0, 75.0)  # front cameras have 3.7, medium format has 67
SENSOR_WIDTH_MM = (3.0, 60.0)
SQUARE_PIXELS = 0.03
MAX_ZOOM = 1.01
MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # FocalPlaneResolutionUnit; 1 is no unit

Tags = dict[int, object]


def camera_from_exif(data: bytes, width: int, height: int) -> Camera | None:
    """Find the camera of the photo in the file `data`, whose upright image is `width` x `height` pixels.

    The principal point is the middle of the image, pixels are square, the lens is free of distortion. None where the
    focal length is not told, or told in a way that cannot be right. Never raises; reads the header only.
    """
    tags = _read(data)
    if not tags or max(width, height) > WIDEST_SHAPE * min(width, height):
        return None
    stored = _stored_size(tags)
    if stored is not None and not _same_shape(stored, (width, height)):
        return None  # cropped after it was taken: where, nobody knows
    found = _from_film(tags, width, height) or _from_sensor(tags, stored, width, height)
    if found is None:
        return None
    focal_px, error = found
    field_of_view_rad = 2 * math.atan(max(width, height) / 2 / focal_px)
    if not NARROWEST_FOV_RAD <= field_of_view_rad <= WIDEST_FOV_RAD:
        return None
    return Camera(intrinsics(focal_px, focal_px, width / 2, height / 2), width, height, "exif", error)


def _from_film(tags: Tags, width: int, height: int) -> tuple[float, float] | None:
    """Compute the focal length in pixels and its relative error, from the 35 mm equivalent."""
    film_mm = _number(tags, ExifTags.Base.FocalLengthIn35mmFilm)
    zoom = _number(tags, ExifTags.Base.DigitalZoomRatio) or 1.0
    if film_mm is None or (zoom > MAX_ZOOM and tags.get(ExifTags.Base.Make) != "Apple"):
        return None
    focal_mm = _number(tags, ExifTags.Base.FocalLength)
    if focal_mm is not None:
        sensor_mm = FILM_DIAGONAL_MM * focal_mm * zoom / film_mm
        if not SENSOR_DIAGONAL_MM[0] <= sensor_mm <= SENSOR_DIAGONAL_MM[1]:
            return None
    focal_px = film_mm / FILM_DIAGONAL_MM * math.hypot(width, height)
    return focal_px, math.hypot(LENS_ERROR, _rounding(film_mm, 1.0), _definition_error(width, height))


def _definition_error(width: int, height: int) -> float:
    """Say how far another meaning of the 35 mm equivalent may lead, 1 sigma, relative.

    Some makers may compare widths, not diagonals: 3.9 % less for 4:3, the same for 3:2. All evidence is against it, so
    the difference counts as 4 sigma. A camera that crops to 16:9 or 1:1 may write what holds for the whole 4:3 sensor:
    9 % or 18 % more, which counts as 2 sigma.
    """
    longer, shorter = max(width, height), min(width, height)
    shape, diagonal = longer / shorter, math.hypot(width, height)
    by_width = abs(math.log(longer / 36 / (diagonal / FILM_DIAGONAL_MM))) / 4
    if 4 / 3 - SHAPE_TOLERANCE <= shape <= 3 / 2 + SHAPE_TOLERANCE:
        return by_width
    sensor_diagonal = max(longer, shorter * 4 / 3) * 5 / 4
    return math.hypot(by_width, math.log(sensor_diagonal / diagonal) / 2)


def _from_sensor(tags: Tags, stored: tuple[float, float] | None, width: int, height: int) -> tuple[float, float] | None:
    """Compute the focal length in pixels and its relative error, from millimetres and the sensor's pixels per unit."""
    focal_mm = _number(tags, ExifTags.Base.FocalLength)
    across = _number(tags, ExifTags.Base.FocalPlaneXResolution)
    down = _number(tags, ExifTags.Base.FocalPlaneYResolution) or across
    unit_mm = MM_PER_UNIT.get(_integer(tags, ExifTags.Base.FocalPlaneResolutionUnit, 2))
    zoom = _number(tags, ExifTags.Base.DigitalZoomRatio) or 1.0
    if stored is None or focal_mm is None or across is None or down is None or unit_mm is None or zoom > MAX_ZOOM:
        return None
    # Programs that rewrite the size drop the maker's own notes; where the sizes differ it was not rewritten.
    original = ExifTags.Base.MakerNote in tags or max(stored) > max(width, height) + 1
    sensor_width_mm = max(stored) * unit_mm / across
    if not (
        original
        and abs(math.log(across / down)) <= SQUARE_PIXELS
        and SENSOR_WIDTH_MM[0] <= sensor_width_mm <= SENSOR_WIDTH_MM[1]
    ):
        return None
    focal_px = focal_mm / sensor_width_mm * max(width, height)
    return focal_px, math.hypot(LENS_ERROR, _rounding(focal_mm, 1.0 if focal_mm == round(focal_mm) else 0.1))


def _rounding(value: float, step: float) -> float:
    """Compute the relative error, 1 sigma, of a value that was rounded to multiples of `step`."""
    return step / math.sqrt(12) / value


def _stored_size(tags: Tags) -> tuple[float, float] | None:
    """Read the size that the EXIF data give to the image, which is not turned."""
    width, height = (_number(tags, tag) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight))
    return None if width is None or height is None else (width, height)


def _same_shape(stored: tuple[float, float], size: tuple[int, int]) -> bool:
    """Tell whether one size is the other, scaled, whichever way up; sides may be rounded to whole pixels."""
    one, other = sorted(stored), sorted(size)
    slack = one[0] + one[1] + SHAPE_TOLERANCE * one[0] * other[1]
    return abs(one[0] * other[1] - one[1] * other[0]) <= slack


def _read(data: bytes) -> Tags:
    """Read the tags of the photo, of its first and its EXIF directory; none where they are missing or damaged."""
    try:
        with opened(data, "exif") as picture:
            if picture.format == "PNG" and "exif" not in picture.info:
                return {}  # Pillow would decode the pixels, for EXIF data may follow them
            exif = picture.getexif()
            return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except Refused:
        return {}


def _number(tags: Tags, tag: int) -> float | None:
    """Read a tag that must be a positive number; 0 stands for unknown."""
    value = tags.get(tag)
    if not isinstance(value, numbers.Real):  # Pillow's rationals are; one with denominator 0 is NaN
        return None
    number = float(value)
    return number if math.isfinite(number) and number > 0 else None


def _integer(tags: Tags, tag: int, default: int) -> int:
    """Read a tag that must be an integer; what EXIF defines where it is missing."""
    value = tags.get(tag, default)
    return value if isinstance(value, int) else 0
