"""Names of image files, their suffixes, and pictures that every reader sees the same way up."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from spatialvlm.dataset.exports.image_files import file_key, suffix_of, upright
from spatialvlm.records import Camera

PICTURE = np.zeros((24, 40, 3), np.uint8)
PICTURE[:12, :20] = 255  # one bright corner: every turn shows


def jpeg(orientation: int | None) -> bytes:
    """A JPEG whose EXIF block holds nothing but the orientation."""
    data = cv2.imencode(".jpg", PICTURE)[1].tobytes()
    if orientation is None:
        return data
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01" + bytes([0, orientation]) + bytes(6)
    block = b"Exif\x00\x00" + tiff
    return data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:]


def camera(width: int, height: int) -> Camera:
    return Camera(np.eye(3), width, height)


@given(st.text(), st.text())
def test_different_ids_get_different_safe_names(one, other):
    keys = file_key(one), file_key(other)
    assert (keys[0] == keys[1]) == (one == other)
    for key in keys:
        assert 0 < len(key) <= 100
        assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


@pytest.mark.parametrize(("one", "other"), [("a/b", "a_b"), ("Desk", "desk"), ("x" * 100, "x" * 101), ("é", "è")])
def test_ids_that_look_alike(one, other):
    assert file_key(one) != file_key(other)


def test_a_plain_id_stays():
    assert file_key("shapes-000003") == "shapes-000003"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif"])
def test_the_suffix_is_what_the_bytes_are(suffix):
    assert suffix_of(cv2.imencode(f".{suffix}", PICTURE)[1].tobytes(), "wrong.gif") == suffix


@pytest.mark.parametrize(
    ("path", "suffix"), [("a/b.PPM", "ppm"), ("a.tar/b", "img"), (None, "img"), ("b.p/../m", "img")]
)
def test_unknown_bytes_keep_the_suffix_of_the_source(path, suffix):
    assert suffix_of(b"P6 1 1 255 abc", path) == suffix


@pytest.mark.parametrize("orientation", [None, 1, 9])
def test_bytes_stay_where_readers_agree(orientation):
    data = jpeg(orientation)
    assert upright(data, camera(40, 24), None) == (data, "jpg")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_becomes_the_one_that_the_questions_are_about(orientation):
    data = jpeg(orientation)
    stored, suffix = upright(data, camera(40, 24), None)
    assert suffix == "png"
    plain = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert np.array_equal(cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR), plain)
    if orientation >= 5:  # on its side: the size says which pixels were meant
        turned, _ = upright(data, camera(24, 40), None)
        assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (40, 24, 3)


def saved(kind: str, orientation: int, mode: str = "RGB") -> bytes:
    """A picture in a file of some kind that asks to be turned."""
    picture = Image.fromarray(PICTURE if mode == "RGB" else PICTURE[..., 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = BytesIO()
    picture.save(file, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    return file.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGB"), ("PNG", "RGB"), ("PNG", "I;16"), ("JPEG", "RGB")])
def test_every_reader_sees_what_people_see(kind, mode):
    for orientation in (1, 3, 6, 8):
        data = saved(kind, orientation, mode)
        shown, suffix = upright(data, None, None)
        stored, _ = upright(data, camera(40, 24), None)
        assert suffix == {"JPEG": "jpg", "WEBP": "webp" if orientation == 1 else "png"}.get(kind, "png")
        turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
        for file, wanted in ((shown, np.rot90(PICTURE, turns)), (stored, PICTURE)):
            by_pillow = np.asarray(Image.open(BytesIO(file)).convert("RGB")).astype(int)
            turned = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(file))).convert("RGB")).astype(int)
            by_opencv = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR).astype(int)
            for seen in (by_pillow, turned, by_opencv):
                assert seen.shape == wanted.shape
                assert np.abs(seen - wanted).max() <= (0 if kind != "JPEG" else 60)


def test_an_image_that_does_not_decode_goes_through():
    assert upright(b"\xff\xd8\xffExif rubbish", camera(4, 4), None) == (b"\xff\xd8\xffExif rubbish", "jpg")
