"""Outlines of masks: what is inside them, and the point that is surely inside."""

import cv2
import numpy as np
import pytest

from spatialvlm.geometry import deepest_point, outline


def filled(polygon, shape):
    corners = np.rint(np.array(polygon) * shape[::-1] - 0.5).astype(np.int32)
    return cv2.fillPoly(np.zeros(shape, np.uint8), [corners], 1).astype(bool)


def ring() -> np.ndarray:
    mask = cv2.circle(np.zeros((120, 160), np.uint8), (80, 60), 50, 1, -1)
    return cv2.circle(mask, (75, 60), 35, 0, -1).astype(bool)


def block(left, top, right, bottom) -> np.ndarray:
    mask = np.zeros((120, 160), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("mask", [ring(), block(10, 20, 60, 90), block(5, 5, 155, 9), block(0, 0, 160, 120)])
def test_an_outline_encloses_its_mask_and_not_its_holes(mask):
    found = filled(outline(mask), mask.shape)
    assert np.count_nonzero(found & mask) > 0.93 * np.count_nonzero(found | mask)


@pytest.mark.parametrize(
    "mask", [ring(), block(10, 20, 60, 90), block(5, 5, 155, 9), block(7, 7, 9, 9), block(0, 60, 1, 75)]
)
def test_the_deepest_point_lies_on_the_mask(mask):
    x, y = deepest_point(outline(mask))
    assert mask[int(y * 120), int(x * 160)]


def test_the_largest_part_counts_and_a_line_is_boxed():
    assert filled(outline(block(10, 10, 60, 60) | block(100, 100, 104, 104)), (120, 160))[102, 102] == 0
    left, right, top, bottom = 20 / 160, 21 / 160, 30 / 120, 60 / 120
    expected = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    assert np.allclose(outline(block(20, 30, 21, 60)), expected, atol=1e-4)
