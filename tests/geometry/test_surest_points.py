"""The point of an object: on its mask and well inside it, the same by run lengths and by arrays, seen where it is."""

import math
from dataclasses import replace

import numpy as np
import pytest

from spatialvlm.geometry import (
    decode_mask,
    encode_mask,
    pixel_rays,
    points_on_objects,
    project,
    squares_within,
    transform,
)
from spatialvlm.geometry.surest_points import AROUND_PX
from spatialvlm.geometry.transforms import invert
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.records import Scene
from spatialvlm.worlds.solids import frame_of


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    source = ShapesSource(12, width=320, height=240)
    frames = [frame_of(source.describe(k), f"f{k}", picture=False) for k in range(len(source))]
    return [scene for scene in (lift(frame).scene for frame in frames) if scene is not None]


def stored(scene: Scene) -> Scene:
    """The scene as a dataset has it: masks as run lengths."""
    objects = (
        replace(o, instance=replace(o.instance, mask=encode_mask(np.asarray(o.instance.mask)))) for o in scene.objects
    )
    return replace(scene, objects=tuple(objects))


def test_points_are_what_is_seen_at_their_pixels_and_have_their_mask_around_them(scenes):
    found = points_on_objects(scenes)
    objects = [(scene, o) for scene in scenes for o in scene.objects]
    assert len(found.pixels) == len(found.sure) == len(objects)
    assert found.sure.mean() > 0.9
    for (scene, thing), (column, row), place, sure in zip(objects, found.pixels, found.in_world, found.sure):
        in_camera = transform(invert(scene.world_from_camera), place[None])
        assert project(scene.camera.image_from_camera, in_camera)[0] == pytest.approx(
            [column + 0.5, row + 0.5], abs=0.01
        )
        mask, reach = decode_mask(thing.instance.mask), AROUND_PX
        assert not sure or mask[row - reach : row + reach + 1, column - reach : column + reach + 1].all()


def test_a_point_is_the_same_alone_in_company_and_from_a_dataset(scenes):
    together = points_on_objects([stored(scene) for scene in scenes])
    alone = [points_on_objects([scene]) for scene in scenes]
    for name in ("pixels", "in_world", "sure", "doubt"):
        np.testing.assert_array_equal(getattr(together, name), np.concatenate([getattr(one, name) for one in alone]))
    assert len(points_on_objects([]).sure) == 0


def with_one_object(scene: Scene, mask: np.ndarray, inverse_depth: np.ndarray) -> Scene:
    """The scene with one object of a mask, with every few of its pixels as points."""
    rows, columns = np.nonzero(mask)
    matrix = scene.camera.image_from_camera
    in_camera = pixel_rays(matrix, rows, columns) / inverse_depth[rows, columns, None]
    points = transform(scene.world_from_camera, in_camera)[np.random.default_rng(0).permutation(len(rows))[:400]]
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
    instance = replace(scene.objects[0].instance, mask=mask, box_xyxy=box)
    thing = replace(scene.objects[0], points_in_world=points.astype(np.float32), instance=instance)
    return replace(scene, objects=(thing,))


def test_a_ring_has_its_point_on_the_ring(scenes):
    """What lies in the middle of an object's box need not be on it."""
    rows, columns = np.indices((240, 320))
    away = np.hypot(rows - 120.0, columns - 160.0)
    found = points_on_objects([with_one_object(scenes[0], (away > 30) & (away < 60), np.full(away.shape, 0.5))])
    assert found.sure[0]
    assert 33 < away[found.pixels[0, 1], found.pixels[0, 0]] < 57


def test_a_step_is_more_doubtful_than_a_slant(scenes):
    rows, columns = np.indices((240, 320))
    mask = (np.abs(rows - 120) < 50) & (np.abs(columns - 160) < 80)
    slant = 0.5 + 0.001 * (columns - 160) + 0.002 * (rows - 120)
    step = np.where(columns < 160, 0.5, 0.55)
    smooth, rough = (points_on_objects([with_one_object(scenes[0], mask, one)]).doubt[0] for one in (slant, step))
    assert smooth == pytest.approx(math.hypot(0.001, 0.002) / 0.5, rel=0.1), "what a pixel changes"
    assert 0.01 < rough < 0.05


def test_squares_lie_within_masks_by_run_lengths_as_by_arrays():
    rng = np.random.default_rng(1)
    masks = [rng.random((30, 40)) < share for share in (0.98, 0.98, 1.0, 0.0)] * 20
    pixels = np.column_stack([rng.integers(0, 40, 80), rng.integers(0, 30, 80)])
    plain = squares_within(masks, pixels, 2)
    assert 10 < plain.sum() < 40
    np.testing.assert_array_equal(squares_within([encode_mask(mask) for mask in masks], pixels, 2), plain)
    for mask, (column, row), inside in zip(masks, pixels.tolist(), plain):
        square = np.pad(mask, 2)[row : row + 5, column : column + 5]
        assert inside == square.all()
