"""A frame on its side is turned with all that is known of it: every point of the world stays where it is."""

from dataclasses import replace

import numpy as np
import pytest

from fixtures.folders.layouts import pose_of, truths
from spatialvlm.pipeline.collect.layouts.upright import _turned, upright
from spatialvlm.pipeline.collect.picture_files import decode_rgb
from spatialvlm.records import Frame

UP = np.array([0.0, 0.0, 1.0])


def seen(frame: Frame) -> set[tuple[float, ...]]:
    """List where in the world a few coloured pixels lie, and whose they are."""
    assert frame.camera is not None
    assert frame.depth_m is not None
    assert frame.sequence_from_camera is not None
    rows, columns = np.nonzero(np.isfinite(frame.depth_m))
    rays = np.linalg.inv(frame.camera.image_from_camera) @ np.array([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    points = frame.sequence_from_camera[:3, :3] @ (rays * frame.depth_m[rows, columns])
    whose = sum(number * np.asarray(one.mask, int) for number, one in enumerate(frame.instances or (), 1))
    facts = np.column_stack((points.T, frame.image[rows, columns], np.asarray(whose)[rows, columns]))
    return {tuple(row) for row in np.round(facts, 4).tolist()}


@pytest.mark.parametrize("quarters", range(4))
def test_what_was_turned_is_turned_back(quarters: int):
    truth = truths()[0]
    truth = replace(truth, sequence_from_camera=pose_of(truth, UP))
    lying = truth
    for _ in range(quarters):
        lying = _turned(lying)
    assert lying.gravity_in_camera == pytest.approx(-(lying.sequence_from_camera[:3, :3].T @ UP))
    assert len(seen(lying) ^ seen(truth)) < 0.01 * len(seen(truth))  # rounding
    turned = upright(lying)
    assert np.array_equal(turned.image, truth.image)
    assert np.array_equal(turned.depth_m, truth.depth_m, equal_nan=True)
    assert turned.gravity_in_camera == pytest.approx(truth.gravity_in_camera)
    assert turned.camera.image_from_camera == pytest.approx(truth.camera.image_from_camera)
    assert np.array_equal(decode_rgb(turned.source.image_bytes, "x.png", upright=True), truth.image)


def test_a_camera_that_looks_down_has_no_upright_picture():
    frame = replace(truths()[0], gravity_in_camera=np.array([-0.3, 0.0, np.sqrt(0.91)]))
    assert upright(frame) is frame
