"""Focal lengths from EXIF: those of known phones and cameras, and everything that must not give one."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from fixtures.folders.exif_blocks import exif_block, photo
from spatialvlm.pipeline.collect.exif import camera_from_exif
from spatialvlm.records import Camera

IPHONE = {
    "Make": "Apple",
    "FocalLength": 4.2,
    "FocalLengthIn35mmFilm": 26,
    "ExifImageWidth": 4032,
    "ExifImageHeight": 3024,
}
CANON = {
    "Make": "Canon",
    "FocalLength": 50.0,
    "FocalPlaneXResolution": 4438.356164,
    "FocalPlaneYResolution": 4445.969125,
    "FocalPlaneResolutionUnit": 2,
    "ExifImageWidth": 3888,
    "ExifImageHeight": 2592,
    "MakerNote": b"as the camera wrote it",
}


def camera(tags: dict[str, Any], width: int = 4032, height: int = 3024, kind: str = "JPEG") -> Camera | None:
    return camera_from_exif(photo(exif_block(**tags), kind), width, height)


def focal(tags: dict[str, Any], width: int = 4032, height: int = 3024) -> float:
    found = camera(tags, width, height)
    assert found is not None
    return float(found.image_from_camera[0, 0])


@pytest.mark.parametrize(
    ("focal_mm", "film_mm", "size", "truth_px"),
    [
        # Focal length over pixel pitch, as published: 1.4, 1.0, 2.4 (1.2 binned) and 1.8 micrometres.
        pytest.param(4.2, 26, (4032, 3024), 4.2 / 1.4e-3, id="iPhone 12, wide"),
        pytest.param(1.54, 13, (4032, 3024), 1.54 / 1.0e-3, id="iPhone 12, ultra wide"),
        pytest.param(6.81, 24, (4080, 3072), 6.81 / 2.4e-3, id="Pixel 7, main, 24 by the diagonal"),
        pytest.param(6.81, 25, (4080, 3072), 6.81 / 2.4e-3, id="Pixel 7, main, 25 by the width"),
        pytest.param(5.4, 26, (4000, 3000), 5.4 / 1.8e-3, id="Galaxy S21, main"),
        # Calibrated: github.com/mapillary/OpenSfM, opensfm/data/camera_calibration.yaml.
        pytest.param(3.61, 20, (4000, 3000), 0.5930667 * 4000, id="DJI FC300S"),
    ],
)
def test_known_cameras_are_within_two_sigma(focal_mm: float, film_mm: int, size: tuple[int, int], truth_px: float):
    found = camera({"FocalLength": focal_mm, "FocalLengthIn35mmFilm": film_mm}, *size)
    assert found is not None
    assert found.provenance == "exif"
    assert (found.width, found.height) == size
    assert 0.03 <= found.focal_error < 0.06
    wrong = abs(math.log(found.image_from_camera[0, 0] / truth_px))
    assert wrong < 2 * found.focal_error
    assert wrong < 0.045
    assert found.image_from_camera[:, 2].tolist() == [size[0] / 2, size[1] / 2, 1]
    assert found.image_from_camera[0, 0] == found.image_from_camera[1, 1]


def test_the_sensor_of_a_reflex_camera():
    found = camera(CANON, 3888, 2592)
    assert found is not None
    assert found.image_from_camera[0, 0] == pytest.approx(50 / 5.7e-3, rel=0.01)  # 5.7 micrometres a pixel
    assert 0.03 <= found.focal_error < 0.035
    per_cm = CANON | {name: CANON[name] / 2.54 for name in ("FocalPlaneXResolution", "FocalPlaneYResolution")}
    assert focal(per_cm | {"FocalPlaneResolutionUnit": 3}, 3888, 2592) == pytest.approx(focal(CANON, 3888, 2592))


def test_a_resized_photo_sees_as_much():
    for tags, (width, height) in ((IPHONE, (4032, 3024)), (CANON, (3888, 2592))):
        whole = focal(tags, width, height)
        assert focal(tags, width // 4, height // 4) == pytest.approx(whole / 4, rel=1e-6)
        assert focal(tags, height // 6, width // 6) == pytest.approx(whole / 6, rel=1e-6), "turned upright"
    assert focal(IPHONE, 640, 480) == pytest.approx(480.75, abs=0.1)
    assert camera(IPHONE, 1000, 753) is not None, "sides rounded"
    without_note = {name: value for name, value in CANON.items() if name != "MakerNote"}
    assert camera(without_note, 1944, 1296) is not None, "whoever resized it left the EXIF data alone"
    assert camera(without_note, 3888, 2592) is None, "the size may have been rewritten"


def test_a_cropped_photo_has_no_camera():
    assert camera(IPHONE, 3024, 3024) is None
    assert camera(IPHONE, 4032, 2268) is None
    assert camera(IPHONE | {"ExifImageWidth": 16000, "ExifImageHeight": 3900}, 16000, 3900) is None, "a panorama"
    of_camera = camera(IPHONE | {"ExifImageHeight": 2268}, 4032, 2268)
    whole = camera(IPHONE)
    assert of_camera is not None
    assert whole is not None
    assert of_camera.focal_error > whole.focal_error + 0.015, "16:9 may tell the focal length of the whole sensor"


def test_a_resolution_that_was_left_behind(assets: Path):
    """A 3648 pixel wide photo made 768 wide: its EXIF size was corrected, the sensor's pixels per inch were not."""
    assert camera_from_exif((assets / "photos/yolox_dog.jpg").read_bytes(), 768, 576) is None
    left = CANON | {"FocalLength": 6.0, "FocalPlaneXResolution": 12493.15, "FocalPlaneYResolution": 12493.15}
    assert camera(left | {"ExifImageWidth": 768, "ExifImageHeight": 576}, 768, 576) is None
    assert focal(left | {"ExifImageWidth": 3648, "ExifImageHeight": 2736}, 768, 576) == pytest.approx(621, abs=1)


def test_digital_zoom():
    zoomed = {"FocalLength": 3.99, "FocalLengthIn35mmFilm": 55, "DigitalZoomRatio": 1.951}
    assert focal(zoomed | {"Make": "Apple"}) == pytest.approx(focal(IPHONE | {"FocalLengthIn35mmFilm": 55}))
    assert camera(zoomed | {"Make": "Other"}) is None
    assert camera(CANON | {"DigitalZoomRatio": 2.0}, 3888, 2592) is None
    for none in (0.0, 1.0):
        assert focal(IPHONE | {"DigitalZoomRatio": none}) == focal(IPHONE)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"FocalLength": 4.2},
        {"FocalLengthIn35mmFilm": 0},
        {"FocalLengthIn35mmFilm": 0, "FocalLength": 0.0},
        {"FocalLengthIn35mmFilm": 4},
        {"FocalLengthIn35mmFilm": 600},
        {"FocalLengthIn35mmFilm": 65535},
        {"FocalLengthIn35mmFilm": "twenty-six"},
        {"FocalLengthIn35mmFilm": (26, 26)},
        {"FocalLengthIn35mmFilm": 177, "FocalLength": 3.99},
        {"FocalLengthIn35mmFilm": 26, "FocalLength": 500.0},
        CANON | {"FocalPlaneXResolution": 443.8, "FocalPlaneYResolution": 443.8},
        CANON | {"FocalPlaneXResolution": 0.0},
        CANON | {"FocalPlaneYResolution": 2222.0},
        CANON | {"FocalPlaneResolutionUnit": 1},
        CANON | {"FocalPlaneResolutionUnit": 77},
        CANON | {"FocalLength": IFDRational(0, 1)},
        CANON | {"FocalLength": 2000.0},
        CANON | {"ExifImageWidth": 0},
    ],
    ids=str,
)
def test_zeros_and_absurd_values(tags: dict[str, Any]):
    assert camera(tags, 3888, 2592) is None


def test_a_denominator_of_zero():
    block = exif_block(**CANON | {"FocalLength": IFDRational(7919, 7)})
    (at,) = [
        place
        for order in "<>"
        for place in [block.find(struct.pack(order + "II", 7919, 7)), len(block)]
        if 0 <= place < len(block)
    ]
    broken = block[: at + 4] + bytes(4) + block[at + 8 :]
    assert camera_from_exif(photo(broken), 3888, 2592) is None
    also_film = exif_block(FocalLengthIn35mmFilm=26, FocalLength=IFDRational(7919, 7))
    at = next(place for order in "<>" if (place := also_film.find(struct.pack(order + "II", 7919, 7))) >= 0)
    assert camera_from_exif(photo(also_film[: at + 4] + bytes(4) + also_film[at + 8 :]), 400, 300) is not None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_format_that_carries_exif(kind: str):
    from PIL import features

    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    found = camera(IPHONE, kind=kind)
    assert found is not None
    assert found.image_from_camera[0, 0] == pytest.approx(3028.7, abs=0.1)
    assert camera_from_exif(photo(None, kind), 4032, 3024) is None


@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_exif_never_raises(seed: int):
    rng = np.random.default_rng(seed)
    data = bytearray(photo(exif_block(**CANON | IPHONE)))
    begin = data.index(b"Exif\0\0") + 6
    for at in rng.integers(begin, begin + 300, rng.integers(1, 12)):
        data[at] = rng.integers(256)
    found = camera_from_exif(bytes(data), 4032, 3024)
    if found is not None:
        assert 0 < found.focal_error < 1
        assert 500 < found.image_from_camera[0, 0] < 50000


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"text", photo()[:30], photo(exif_block(**IPHONE))[:60]])
def test_what_is_no_picture_has_no_camera(data: bytes):
    assert camera_from_exif(data, 4032, 3024) is None
