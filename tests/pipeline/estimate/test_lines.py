"""Up from upright lines, on drawn posts whose up is known and on a real room; and where there is nothing to say."""

import json
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spatialvlm.geometry import angle_between, intrinsics
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate import EstimateConfig, estimate
from spatialvlm.pipeline.estimate.camera import CameraModel, load_camera
from spatialvlm.records import Camera, Frame, Source

WIDTH, HEIGHT, FOCAL_PX = 640, 480, 500.0
MODEL = Model("lines", "lsd")


def camera(focal_error=0.0):
    matrix = intrinsics(FOCAL_PX, FOCAL_PX, WIDTH / 2, HEIGHT / 2)
    return Camera(matrix, WIDTH, HEIGHT, "calibration", focal_error)


def frame(image, focal_error=0.0):
    return Frame("a", image, camera(focal_error), None, None, None, Source("test"))


def down_of(pitch_rad, roll_rad):
    """Down of a camera that looks down by `pitch_rad` and leans by `roll_rad`."""
    c, s = math.cos(pitch_rad), math.sin(pitch_rad)
    return np.array([c * math.sin(roll_rad), c * math.cos(roll_rad), s])


def posts(down):
    """A picture of upright posts all around, grey on white."""
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    ahead = np.array([0.0, 0.0, 1.0]) - down[2] * down
    ahead /= np.linalg.norm(ahead)
    right = np.cross(down, ahead)
    for place, x in enumerate(np.linspace(-2.0, 2.0, 13)):
        foot = (4.0 + place % 3) * ahead + x * right
        ends = [foot + z * down for z in (-1.5, 1.5)]
        drawn = [tuple(np.round(16 * (camera().image_from_camera @ end / end[2])[:2]).astype(int)) for end in ends]
        cv2.line(image, *((int(u), int(v)) for u, v in drawn), (90, 90, 90), 3, cv2.LINE_AA, 4)
    return image


@pytest.fixture(scope="module")
def lines():
    return load_camera(MODEL, Runtime(device="cpu"))


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (10, 0), (25, -4), (-12, 6), (30, 10)])
def test_up_of_drawn_posts(lines, pitch, roll):
    down = down_of(math.radians(pitch), math.radians(roll))
    (found,) = lines([frame(posts(down))])
    assert isinstance(lines, CameraModel)
    assert angle_between(found.gravity_in_camera, down) < math.radians(0.7)
    assert found.focal_px is None
    (doubtful,) = lines([frame(posts(down), focal_error=0.25)])
    assert doubtful.gravity_error_rad >= found.gravity_error_rad


def test_what_has_no_upright_lines_says_nothing(lines):
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    slanted = cv2.warpAffine(posts(down_of(0, 0)), cv2.getRotationMatrix2D((320, 240), 50, 1), (WIDTH, HEIGHT))
    assert lines([frame(noise), frame(np.zeros_like(noise)), frame(slanted)]) == [None, None, None]


def test_a_photo_without_a_camera_gets_gravity_and_keeps_its_assumed_focal_length():
    made = estimate(replace(frame(posts(down_of(0.3, 0.0))), camera=None), EstimateConfig(camera=MODEL))
    assert made.camera.provenance == "assumed"
    assert made.gravity_estimate.name == "lines"
    assert made.gravity_estimate.error_rad > math.radians(3)


def test_up_of_a_real_room(lines, assets):
    room = assets / "room-sunrgbd-3dboxes"
    told = json.loads((room / "sunrgbd_000017_infos.json").read_text())["data_list"][0]["images"]["CAM0"]
    matrix = intrinsics(529.5, 529.5, 365.0, 265.0)
    down = np.linalg.inv(matrix) @ np.array(told["depth2img"]) @ np.array([0.0, 0.0, -1.0])
    image = cv2.imread(str(room / "000017.jpg"))[:, :, ::-1].copy()
    (found,) = lines([replace(frame(image), camera=Camera(matrix, 730, 530))])
    assert angle_between(found.gravity_in_camera, down / np.linalg.norm(down)) < math.radians(3)
