"""Corruptions do what they say, leave what enters alone, and are the same for the same chance."""

import dataclasses

import cv2
import numpy as np
import pytest

from spatialvlm.audit.corrupt import (
    PRESETS,
    as_stated,
    blurred,
    drifting,
    misfocused,
    noisy,
    outlined,
    scaled,
    smooth_field,
    tilted,
)
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.records import DepthErrors, Frame
from spatialvlm.worlds.solids import frame_of


@pytest.fixture(scope="module")
def frame() -> Frame:
    description = ShapesSource(1001, width=320, height=240).describe(1000)
    return frame_of(description, "s", picture=False)


def chance() -> np.random.Generator:
    return np.random.default_rng(7)


def content(frame: Frame) -> bytes:
    """All bytes that a corruption might touch."""
    gravity = np.zeros(0) if frame.gravity_in_camera is None else frame.gravity_in_camera
    arrays = [frame.depth_m, gravity, frame.camera.image_from_camera]
    arrays += [array for instance in frame.instances for array in (instance.mask, instance.box_xyxy)]
    return b"".join(array.tobytes() for array in arrays)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_are_pure_and_repeatable(preset, frame):
    before = content(frame)
    once, again = preset.corrupt(frame, chance()), preset.corrupt(frame, chance())
    assert content(frame) == before
    assert content(once) == content(again)
    assert (content(once) == before) == (preset.name == "exact")
    assert [i.id for i in once.instances] == [i.id for i in frame.instances]
    assert once.depth_m.dtype == np.float32
    assert np.array_equal(np.isfinite(once.depth_m), np.isfinite(frame.depth_m)), "what is unknown stays unknown"


@pytest.mark.parametrize(
    "nothing",
    [
        lambda f, r: scaled(f, r, relative=0.0),
        lambda f, r: noisy(f, r, relative=0.0),
        lambda f, r: drifting(f, r, relative=0.0, reach=0.2),
        lambda f, r: outlined(f, r, inwards_px=0.0, ragged_px=0.0),
        lambda f, r: misfocused(f, r, relative=0.0),
    ],
)
def test_no_error_is_no_change(nothing, frame):
    assert content(nothing(frame, chance())) == content(frame)


def test_tilt_keeps_a_unit_vector_and_has_its_size(frame):
    rng = chance()
    turned = np.array([tilted(frame, rng, sigma_rad=0.02).gravity_in_camera for _ in range(2000)])
    assert np.linalg.norm(turned, axis=1) == pytest.approx(1.0)
    angles = np.arccos(np.clip(turned @ frame.gravity_in_camera, -1, 1))
    assert np.sqrt(np.mean(angles**2) / 2) == pytest.approx(0.02, rel=0.05), "two axes, each with that sigma"
    blind = dataclasses.replace(frame, gravity_in_camera=None)
    assert tilted(blind, chance(), sigma_rad=0.02).gravity_in_camera is None


def test_blur_changes_edges_alone(frame):
    after = blurred(frame, chance(), sigma_px=1.5, flying=0.3).depth_m
    near, far = np.nanmin(frame.depth_m), np.nanmax(frame.depth_m)
    changed = np.isfinite(after) & (after != frame.depth_m)
    assert 0.005 < changed.mean() < 0.3
    assert np.nanmin(after) >= near * 0.999
    assert np.nanmax(after) <= far * 1.001
    with np.errstate(invalid="ignore"):
        wild = np.abs(after / frame.depth_m - 1.0) > 0.05
    assert 0 < wild.sum() < changed.sum()


@pytest.mark.parametrize("pixels", [1.0, 2.0, 3.0])
def test_outlines_move_by_so_many_pixels(frame, pixels):
    inner = outlined(frame, chance(), inwards_px=pixels, ragged_px=0.0)
    outer = outlined(frame, chance(), inwards_px=-pixels, ragged_px=0.0)
    for exact, less, more in zip(frame.instances, inner.instances, outer.instances, strict=True):
        assert not np.any(less.mask & ~exact.mask)
        assert not np.any(exact.mask & ~more.mask)
        x0, y0, x1, y1 = exact.box_xyxy
        grown = [max(0, x0 - pixels), max(0, y0 - pixels), min(320, x1 + pixels), min(240, y1 + pixels)]
        assert more.box_xyxy == pytest.approx(grown)


def test_a_mask_that_erodes_away_stays_an_instance(frame):
    after = outlined(frame, chance(), inwards_px=500.0, ragged_px=0.0)
    assert not any(instance.mask.any() for instance in after.instances)
    assert [i.id for i in after.instances] == [i.id for i in frame.instances]
    again = outlined(after, chance(), inwards_px=1.0, ragged_px=1.0)
    assert not any(instance.mask.any() for instance in again.instances)


def test_smooth_field_has_the_correlation_that_it_states():
    reach, rng = 12.0, chance()
    fields = np.stack([smooth_field(rng, (48, 64), reach) for _ in range(400)])
    assert fields.shape == (400, 48, 64)
    assert abs(fields.mean()) < 0.05
    assert fields.std() == pytest.approx(1.0, abs=0.03)
    assert fields[:, 0, 0].std() == pytest.approx(1.0, abs=0.12), "at the border too"
    for apart in (6, 12, 24):
        along = np.mean(fields[:, :, :-apart] * fields[:, :, apart:])
        down = np.mean(fields[:, :-apart] * fields[:, apart:])
        expected = np.exp(-(apart**2) / (2 * reach**2))
        assert along == pytest.approx(expected, abs=0.05)
        assert down == pytest.approx(expected, abs=0.05)


def test_as_stated_moves_outlines_by_a_whole_pixel(frame):
    drawn = as_stated(frame, chance(), noise=0.0, config=LiftConfig(DepthErrors(0.0), mask_edge_error_px=1.0))
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for exact, after in zip(frame.instances, drawn.instances, strict=True):
        inner, outer = (change(exact.mask.view(np.uint8), cross).view(bool) for change in (cv2.erode, cv2.dilate))
        assert np.array_equal(after.mask, inner) or np.array_equal(after.mask, outer)
    assert np.array_equal(drawn.depth_m, frame.depth_m, equal_nan=True)
