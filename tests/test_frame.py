"""Frames of what is in memory: what fits is taken, what does not is said."""

import inspect

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.records import Camera, Frame, Instance, Rle


def unchecked(record, **values):
    """Fill in fields as somebody can whose types nobody checks; tests check them."""
    for name, value in values.items():
        object.__setattr__(record, name, value)
    return record


def camera(matrix, width: int = 5, height: int = 4, focal_error: float = 0.0) -> Camera:
    whole = Camera(np.eye(3), width, height, focal_error=focal_error)
    return unchecked(whole, image_from_camera=np.array(matrix, np.float64))


def instance(**changes) -> Instance:
    whole = Instance("1", ("mug",), np.array([0, 0, 5, 4], np.float32), np.ones((4, 5), bool))
    return unchecked(whole, **changes)


PINHOLE = [[9.0, 0.0, 2.5], [0.0, 9.0, 2.0], [0.0, 0.0, 1.0]]
POSITIVE = "expected finite numbers with positive focal lengths"
FOUR = "expected a Camera, or fx, fy, cx, cy in pixels"


@pytest.mark.parametrize(
    ("known", "part"),
    [
        ({"image": np.zeros((4, 5), np.uint8)}, r"got uint8 of shape \(4, 5\), expected uint8 of shape"),
        ({"image": np.zeros((4, 5, 3))}, r"got float64 .*\(255 \* image\)"),
        ({"image": [[[0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]}, "image 'image': numpy makes no array of this list"),
        ({"depth_m": np.zeros((5, 4))}, r"depth of image 'image': got shape \(5, 4\), expected \(4, 5\)"),
        ({"depth_m": "x.png"}, "depth of image 'image': got <U5 .* expected metres as floats"),
        ({"depth_m": np.ones((4, 5), np.uint16)}, r"got uint16 .*np.float32\(0.001\) \* depth"),
        ({"depth_m": np.zeros((4, 5))}, "no pixel has a known depth"),
        ({"depth_m": np.full((4, 5), 1e300)}, "no pixel has a known depth"),
        ({"camera": (500.0, 500.0)}, FOUR),
        ({"camera": 5}, FOUR),
        ({"camera": np.eye(4)}, FOUR),
        ({"camera": {"fx": 1, "fy": 1, "cx": 1, "cy": 1}}, FOUR),
        ({"camera": "abcd"}, FOUR),
        ({"camera": (0, 0, 0, 0)}, POSITIVE),
        ({"camera": (-9, 9, 2, 2)}, POSITIVE),
        ({"camera": (9, np.nan, 2, 2)}, POSITIVE),
        ({"camera": (9, 9, np.inf, 2)}, POSITIVE),
        ({"camera": camera(np.zeros((3, 3)))}, POSITIVE),
        ({"camera": camera(np.eye(4))}, r"got float64 of shape \(4, 4\)"),
        ({"camera": camera([*PINHOLE[:2], [0, 0, 2]])}, "expected the rows fx s cx, 0 fy cy, 0 0 1"),
        ({"camera": camera(PINHOLE, 10, 8)}, r"got \(height, width\) \(8, 10\), expected the image's \(4, 5\)"),
        ({"camera": camera(PINHOLE, focal_error=np.nan)}, "got focal_error nan"),
        ({"gravity": (0, 0, 0)}, "not all 0"),
        ({"gravity": (0, np.nan, 1)}, "expected three finite numbers"),
        ({"gravity": "down"}, "gravity of image 'image': got 'down', expected three finite numbers"),
        ({"gravity": (0, 1)}, "expected three finite numbers"),
        ({"gravity": (0, 1e-320, 0)}, "a vector longer than 1e-06"),
        ({"gravity": (0, 1.7e308, 1.7e308)}, "expected three finite numbers"),
        ({"instances": 3}, "instances of image 'image': got 3, expected a list of Instances"),
        ({"instances": instance()}, "expected a list of Instances"),
        ({"instances": ["mug"]}, "instance 0 of image 'image': got str, expected an Instance"),
        ({"instances": [instance(), instance()]}, "instance 1 of image 'image': repeats the id '1'"),
        ({"instances": [instance(id=1)]}, "id of instance 0 .*: got 1, expected text"),
        ({"instances": [instance(mask=np.ones((5, 4), bool))]}, r"mask of instance 0 .*got shape \(5, 4\)"),
        ({"instances": [instance(mask=np.ones((4, 5)))]}, "got float64 .* expected a bool array"),
        ({"instances": [instance(mask=Rle(4, 5, b"0d0"))]}, "got Rle, expected a bool array .*decode_mask"),
        ({"instances": [instance(captions="mug")]}, "captions of instance 0 .*expected a tuple of text"),
        ({"instances": [instance(box_xyxy=np.array([5.0, 4, 5, 4]))]}, "expected an array with x0 < x1"),
        ({"instances": [instance(score=7)]}, "score of instance 0 .*got 7"),
        ({"instances": {"mug": np.zeros((4, 5), bool)}}, "mask of 'mug' .* with 0 pixels"),
        ({"instances": {"mug": np.ones((5, 4), bool)}}, r"got shape \(5, 4\)"),
        ({"instances": {"mug": np.full((4, 5), -3.0)}}, "got float64 .*logits: mask > 0"),
        ({"instances": {"mug": [[1], [1, 0]]}}, "mask of 'mug' .*numpy makes no array"),
        ({"id": 7}, "id of an image: got 7, expected text of 1 to 200 characters"),
        ({"id": " "}, "id of an image"),
        ({"id": "\ud800"}, "id of an image"),
    ],
)
def test_arrays_that_make_no_frame_say_why(known, part):
    with pytest.raises(UserError, match=part):
        inspect.unwrap(Frame.of.__func__)(Frame, **{"image": np.zeros((4, 5, 3), np.uint8), **known})


@pytest.mark.parametrize(
    ("known", "name", "expected"),
    [
        ({"gravity": (0, 1e300, 1e300)}, "gravity_in_camera", [0, 0.5**0.5, 0.5**0.5]),
        ({"camera": [9, 9, 2.5, 2]}, "camera", PINHOLE),
        ({"camera": camera([[9, 1, 2.5], *PINHOLE[1:]])}, "camera", [[9, 1, 2.5], *PINHOLE[1:]]),
        ({"instances": {"mug": np.eye(4, 5, dtype=np.uint8)}}, "instances", [[0, 0, 4, 4]]),
        ({"instances": iter([instance()])}, "instances", [[0, 0, 5, 4]]),
        ({"instances": []}, "instances", []),
    ],
)
def test_what_fits_is_taken(known, name, expected):
    made = getattr(Frame.of(np.zeros((4, 5, 3), np.uint8), **known), name)
    if isinstance(made, Camera):
        made = made.image_from_camera
    elif isinstance(made, tuple):
        made = [one.box_xyxy for one in made]
    np.testing.assert_allclose(made, expected)


def test_unknown_depth_is_nan_and_what_was_given_is_left_alone():
    depth = np.array([[1.0, 0.0], [-1.0, np.inf]], np.float32)
    frame = Frame.of(np.zeros((2, 2, 3), np.uint8), depth_m=depth)
    np.testing.assert_array_equal(frame.depth_m, [[1.0, np.nan], [np.nan, np.nan]])
    assert depth[0, 1] == 0


# -- files, frames and settings ----------------------------------------------------------------------------------------
