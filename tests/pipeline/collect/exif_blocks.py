"""EXIF blocks as cameras write them, and small pictures that carry them."""

from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

Tag = ExifTags.Base
IN_FIRST_DIRECTORY = ("Make", "Model", "Orientation", "Software")


def exif_block(**tags: Any) -> bytes:
    """The bytes of an EXIF block with these tags, by the names of `PIL.ExifTags.Base`."""
    exif = Image.Exif()
    for name, value in tags.items():
        directory = exif if name in IN_FIRST_DIRECTORY else exif.get_ifd(ExifTags.IFD.Exif)
        directory[Tag[name]] = value
    return exif.tobytes()


def photo(exif: bytes | None = None, kind: str = "JPEG", image: Image.Image | None = None, **options: Any) -> bytes:
    """An encoded picture, 40x30 and grey unless given, with an EXIF block."""
    data = BytesIO()
    picture = Image.new("RGB", (40, 30), (90, 120, 60)) if image is None else image
    picture.save(data, kind, **({"exif": exif} if exif else {}), **options)
    return data.getvalue()
