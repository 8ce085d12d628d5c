"""Sharpness falls with blur and with nothing else: not with size, contrast, noise or the picture."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.cull.quality import sharpness

LEAST = 0.33


@pytest.fixture(scope="module")
def photos(assets: Path) -> list[np.ndarray]:
    """Real photos, 640 px wide."""
    paths = sorted((assets / "photos").glob("*.*")) + sorted((assets / "rooms-calibrated-photos").glob("*/img.jpg"))
    found = [cv2.imread(str(path)) for path in paths]
    if not found:
        pytest.skip(f"no photos at {assets}")
    return [
        cv2.resize(image[:, :, ::-1], (640, round(image.shape[0] * 640 / image.shape[1])), interpolation=cv2.INTER_AREA)
        for image in found
    ]


def drawn() -> np.ndarray:
    """A made-up room: rectangles of many greys."""
    generator = np.random.default_rng(5)
    image = np.full((480, 640, 3), 128, np.uint8)
    for _ in range(60):
        left, top = generator.integers(0, 600), generator.integers(0, 440)
        width, height = generator.integers(20, 200, 2)
        image[top : top + height, left : left + width] = generator.integers(0, 255, 3)
    return image


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def falls(values: list[float]) -> bool:
    return all(after < before for before, after in pairwise(values))


def test_blur_lowers_it():
    assert falls([sharpness(blurred(drawn(), sigma)) for sigma in (0, 0.5, 1, 2, 3, 4, 6, 8, 16)])


def test_a_blurred_edge_has_the_sharpness_that_theory_says():
    step = np.zeros((320, 320, 3), np.float32)
    step[:, 160:] = 200
    for sigma in (0, 1, 2, 4):
        # A Gaussian edge of variance v has the peak gradient 1 / sqrt(2 pi v); the blurs add 0.49 and 2.25 to it.
        variance = sigma**2 + 0.49
        expected = 2.25 / (variance + 2.25)
        # Pixels beside the peak count too, and they lose less: the share is that of the peak or below it.
        assert 0.4 * expected < sharpness(blurred(step, sigma).astype(np.uint8)) < 1.05 * expected


def test_real_photos_are_sharp_and_blur_shows(photos):
    for photo in photos:
        values = [sharpness(blurred(photo, sigma)) for sigma in (0, 1, 2, 4, 8)]
        assert falls(values)
        assert values[0] > 0.5
        assert values[2] > LEAST > values[3]


def test_noise_hides_no_blur(photos):
    for photo in photos:
        soft = blurred(photo, 4)
        assert sharpness(noisy(soft, 8)) == pytest.approx(sharpness(soft), abs=0.02)


def test_size_and_contrast_do_not_matter(photos):
    for photo in photos:
        half = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        assert sharpness(half) == pytest.approx(sharpness(photo), abs=0.03)
        assert sharpness((photo * 0.3).astype(np.uint8)) == pytest.approx(sharpness(photo), abs=0.03)


def test_what_is_in_focus_counts(photos):
    for photo in photos:
        half = blurred(photo, 8)
        half[:, :320] = photo[:, :320]
        assert sharpness(half) > LEAST


@pytest.mark.slow
def test_a_rendered_room_is_sharp():
    pytest.importorskip("mitsuba")
    frame = open_source("rooms:1").read(0).frame
    assert frame is not None
    values = [sharpness(blurred(frame.image, sigma)) for sigma in (0, 1, 2, 4, 8)]
    assert falls(values)
    assert values[2] > LEAST > values[3]


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_bare_wall_is_not_blurred(grey):
    wall = np.full((480, 640, 3), grey, np.uint8)
    assert sharpness(wall) == 1
    ramp = np.broadcast_to(np.linspace(0, 255, 640).astype(np.uint8)[None, :, None], (480, 640, 3))
    assert sharpness(np.ascontiguousarray(ramp)) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (3, 2000), (32, 32)])
def test_any_picture_has_a_sharpness_and_stays_as_it_is(shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    before = image.copy()
    assert 0 <= sharpness(image) <= 1
    assert np.array_equal(image, before)
    assert sharpness(image) == sharpness(image)
