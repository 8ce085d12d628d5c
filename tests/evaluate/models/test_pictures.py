"""The pictures of items as files: what a server, a browser and a person see is the same."""

from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from spatialvlm.answers import YesNo
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models.pictures import keep_picture, with_files


def turned(kind: str) -> bytes:
    """A picture on its side, 40 x 24 in the file, that asks to be turned by a quarter."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = BytesIO()
    Image.fromarray(np.full((24, 40, 3), 90, np.uint8)).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".png")])
def test_a_picture_is_kept_upright(tmp_path, kind, suffix):
    path = keep_picture(turned(kind), tmp_path)
    assert path.suffix == suffix
    with Image.open(path) as kept:
        assert kept.size == ImageOps.exif_transpose(kept).size == (24, 40)
    assert keep_picture(path.read_bytes(), tmp_path) == path, "once is enough"


def test_items_that_share_a_turned_picture_share_its_file(tmp_path):
    items = [Item(str(n), "test", "q", "q", (turned("JPEG"),), YesNo(True)) for n in range(2)]
    kept, faults = with_files(items, tmp_path)
    assert not faults
    assert kept[0].pictures == kept[1].pictures


def test_sixteen_bits_of_grey_are_scaled(tmp_path):
    file = BytesIO()
    Image.fromarray(np.full((8, 8), 30_000, np.uint16)).save(file, "PNG")
    with Image.open(keep_picture(file.getvalue(), tmp_path)) as kept:
        assert np.asarray(kept.convert("RGB")).max() == 30_000 >> 8
