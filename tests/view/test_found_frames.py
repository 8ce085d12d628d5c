"""What `inspect` says of a frame: held against cameras whose tilt, field of view and depth are known."""

import math

import numpy as np
import pytest

from spatialvlm.records import Frame
from spatialvlm.view.found_frames import depth_in_words, up_in_words, view_in_words
from spatialvlm.view.frame_picture import picture_of

IMAGE = np.full((48, 64, 3), 120, np.uint8)


def gravity(pitch: float, roll: float) -> list[float]:
    """Down, as a camera sees it that looks down by `pitch` and is rolled to its right by `roll`, in degrees."""
    down, right = math.radians(pitch), math.radians(roll)
    return [math.cos(down) * math.sin(right), math.cos(down) * math.cos(right), math.sin(down)]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((23, 1), "given; looking 23° down, rolled 1° to the right"),
        ((-10, -20), "given; looking 10° up, rolled 20° to the left"),
        ((0, 0), "given; looking 0° up, rolled 0°"),
        ((89, 40), "given; looking 89° down"),
        ((5, 180), "given; looking 5° down, upside down"),
    ],
)
def test_how_a_camera_is_held(held, said):
    frame = Frame.of(IMAGE, gravity=gravity(*held))
    assert up_in_words(frame) == said
    assert picture_of(frame, "test").ndim == 3


def test_depth_and_field_of_view():
    depth_m = np.full((48, 64), 2.0)
    depth_m[:24] = 0
    frame = Frame.of(IMAGE, depth_m=depth_m, camera=(32, 24, 32, 24))
    assert depth_in_words(frame) == ("2.00 m (2.00 to 2.00)", "50%")
    assert view_in_words(frame) == "90° x 90° (calibration)"
    assert (depth_in_words(Frame.of(IMAGE)), view_in_words(Frame.of(IMAGE))) == (("none", ""), "unknown")
