"""Clusters: what stands on a table or a floor is found in depth alone, and named by its colour and shape."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatialvlm.geometry import find_planes, intrinsics, relative_noise, unproject
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.detect import DetectConfig, load_detector
from spatialvlm.recipes import Overrides, recipe_for
from spatialvlm.records import Camera, Drop, Frame, Instance, Rle, Sample, Source
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, SceneDescription, frame_of, ray_cast


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    source = ShapesSource(30)
    found = [source.read(index).frame for index in (3, 4, 16)]
    return tuple(frame for frame in found if frame is not None)


def bare(frame: Frame) -> Frame:
    return replace(frame, instances=None)


def seen(name: str, frame: Frame) -> tuple[Instance, ...]:
    found = load_detector(DetectConfig(name))([frame])[0]
    assert isinstance(found, Frame), found
    assert found.instances is not None
    return found.instances


def mask_of(instance: Instance) -> np.ndarray:
    assert not isinstance(instance.mask, Rle)
    return instance.mask


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def best_ious(frame: Frame, found: tuple[Instance, ...]) -> list[float]:
    assert frame.instances is not None
    return [max(iou(mask_of(truth), mask_of(one)) for one in found) for truth in frame.instances]


def without(frame: Frame, what: str) -> Frame:
    nothing = np.full(frame.image.shape[:2], np.nan, np.float32)
    match what:
        case "depth":
            return replace(frame, depth_m=None)
        case "camera":
            return replace(frame, camera=None)
    return replace(frame, depth_m=nothing)


def test_depth_in_an_unknown_unit_has_clusters_too(frames):
    for frame in frames:
        relative = replace(frame, depth_m=None, relative_depth=frame.depth_m)
        pairs = zip(seen("clusters", bare(frame)), seen("clusters", bare(relative)), strict=True)
        assert all(np.array_equal(mask_of(one), mask_of(other)) for one, other in pairs)


@pytest.mark.parametrize(
    ("what", "reason"),
    [("depth", "no_depth"), ("camera", "no_camera"), ("known depth", "no_support_plane: too_little_background")],
)
def test_clusters_says_what_is_missing(what: str, reason: str, frames: tuple[Frame, ...]) -> None:
    for name in ("clusters", "auto"):
        (drop,) = load_detector(DetectConfig(name))([without(bare(frames[0]), what)])
        assert isinstance(drop, Drop)
        assert (drop.stage, drop.id) == ("detect", frames[0].id)
        assert drop.reason.startswith(reason)


def test_a_stated_field_of_view_serves_where_no_camera_is_known(frames):
    frame = frames[0]
    assert frame.camera is not None
    focal_px = float(frame.camera.image_from_camera[0, 0])
    fov = math.degrees(2 * math.atan(0.5 * frame.camera.width / focal_px))
    recipe = recipe_for("shapes:1", overrides=Overrides(fov_degrees=fov))
    sample = Sample(0, frame=without(bare(frame), "camera"))
    for stage in recipe.stages()[2:4]:
        (sample,) = stage([sample])
    assert sample.frame is not None, sample.drops
    assert sample.frame.camera is not None
    assert sample.frame.camera.provenance == "assumed"
    assert sample.frame.camera.image_from_camera[0, 0] == pytest.approx(focal_px)
    found = sample.frame.instances or ()
    assert len(found) == len(seen("clusters", bare(frame)))


def test_an_empty_floor_has_no_objects() -> None:
    (drop,) = load_detector(DetectConfig("clusters"))([bare(frame_of(SceneDescription(), "empty"))])
    assert isinstance(drop, Drop)
    assert drop.reason.startswith("no_objects: ")


def test_a_wall_alone_is_no_support() -> None:
    wall = Frame(
        "wall",
        np.full((240, 320, 3), 200, np.uint8),
        Camera(intrinsics(300.0, 300.0, 160.0, 120.0), 320, 240),
        np.full((240, 320), 2.0, np.float32),
        None,
        None,
        Source("test"),
    )
    (drop,) = load_detector(DetectConfig("clusters"))([wall])
    assert isinstance(drop, Drop)
    assert drop.reason.startswith("no_support_plane: no_plane_faces_up")


def row_of(*bodies: Body, width: int = 640, height: int = 480) -> Frame:
    return frame_of(SceneDescription(bodies=bodies, width=width, height=height), "row")


def three_things(width: int = 640, height: int = 480) -> Frame:
    return row_of(
        Body((Cuboid((-0.4, 1.9, 0.2), (0.12, 0.12, 0.4)),), ("tall red box",), (203, 68, 62)),
        Body((Cuboid((0.0, 1.9, 0.02), (0.3, 0.3, 0.04)),), ("flat white box",), (238, 235, 228)),
        Body((Cylinder((0.45, 1.9, 0.1), 0.1, 0.2),), ("blue cylinder",), (62, 108, 178)),
        width=width,
        height=height,
    )


def test_clusters_names_by_colour_and_shape_from_left_to_right() -> None:
    found = seen("clusters", bare(three_things()))
    assert [instance.id for instance in found] == ["1", "2", "3"]
    assert [instance.captions for instance in found] == [
        ("tall red object", "red object"),
        ("flat white object", "white object"),
        ("blue object",),
    ]


@pytest.mark.parametrize("gain", [(1.1, 1.0, 0.92), (0.93, 1.0, 1.1), (0.7, 0.7, 0.7)])
def test_names_survive_a_cast(gain: tuple[float, float, float]) -> None:
    frame = bare(three_things())
    tinted = np.clip(frame.image * np.array(gain), 0, 255).astype(np.uint8)
    found = seen("clusters", replace(frame, image=tinted))
    assert [instance.captions[-1] for instance in found] == ["red object", "white object", "blue object"]


@pytest.mark.parametrize(("width", "height"), [(320, 240), (641, 479), (1280, 720), (1919, 1081)])
def test_clusters_at_any_size(width: int, height: int) -> None:
    frame = three_things(width=width, height=height)
    found = seen("clusters", bare(frame))
    assert len(found) == 3
    assert min(best_ious(frame, found)) > 0.75


def test_clusters_joins_the_inside_and_the_outside_of_a_mug() -> None:
    walls = [
        Cuboid((0.15 * math.cos(t), 1.9 + 0.15 * math.sin(t), 0.12), (0.02, 0.085, 0.24), t)
        for t in np.arange(12) * math.pi / 6
    ]
    mug = Body((Cylinder((0.0, 1.9, 0.01), 0.14, 0.02), *walls), ("mug",), (62, 108, 178))
    frame = row_of(mug)
    found = seen("clusters", bare(frame))
    assert len(found) == 1
    assert best_ious(frame, found)[0] > 0.9


@pytest.mark.parametrize("noise", [0.001, 0.003])
def test_clusters_takes_no_noise_for_objects(noise: float) -> None:
    frame = three_things()
    assert frame.depth_m is not None
    factor = 1.0 + noise * np.random.default_rng(0).standard_normal(frame.depth_m.shape)
    found = seen("clusters", replace(bare(frame), depth_m=(frame.depth_m * factor).astype(np.float32)))
    overlaps = best_ious(frame, found)
    assert len(found) == np.count_nonzero(np.array(overlaps) > 0.7)
    assert overlaps[0] > 0.7  # the flat one, 4 cm high at 2 m, may drown
    assert overlaps[2] > 0.7


@pytest.mark.slow
def test_clusters_on_exact_scenes() -> None:
    """Whole things that nothing hides, in scenes of a floor and things on it."""
    source, overlaps = ShapesSource(20), []
    for index in range(20):
        scene, frame = source.describe(index), source.read(index).frame
        assert frame is not None
        assert frame.instances is not None
        if any("table" in thing.captions for thing in scene.bodies):
            continue
        found = seen("clusters", bare(frame))
        for truth, overlap in zip(frame.instances, best_ious(frame, found)):
            mask = mask_of(truth)
            alone = ray_cast(replace(scene, bodies=(scene.bodies[int(truth.id) - 1],), walls=())).index == 0
            cut = mask[[0, -1]].any() or mask[:, [0, -1]].any()
            if not cut and mask.sum() > 0.98 * alone.sum():
                overlaps.append(overlap)
    assert len(overlaps) > 50
    assert np.median(overlaps) > 0.93
    assert np.mean(np.array(overlaps) > 0.8) > 0.9


@pytest.mark.parametrize(("index", "count"), [(0, 10), (4, 4)])
def test_clusters_on_a_real_table(index: int, count: int, assets: Path) -> None:
    frame = open_source(str(assets / "rgbd-tabletop")).read(index).frame
    assert frame is not None
    found = seen("clusters", bare(frame))
    assert len(found) == count
    overlaps = best_ious(frame, found)
    assert min(overlaps) > 0.8
    assert np.median(overlaps) > 0.88


@pytest.mark.parametrize("index", range(5))
def test_clusters_finds_the_one_thing_on_a_real_table(index: int, assets: Path) -> None:
    frame = open_source(str(assets / "rgbd-single-objects")).read(index).frame
    assert frame is not None
    found = seen("clusters", bare(frame))
    assert len(found) == 1
    assert best_ious(frame, found)[0] > 0.88


@pytest.mark.parametrize("index", range(5))
def test_no_table_in_the_masks(index: int, assets: Path) -> None:
    """Pixels within 4 mm of the plane are few: a standing thing's lowest, and what lies in a bowl's shadow."""
    frame = open_source(str(assets / "rgbd-tabletop")).read(index).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert frame.camera is not None
    matrix = frame.camera.image_from_camera
    everywhere = np.ones(frame.depth_m.shape, bool)
    planes = find_planes(frame.depth_m, matrix, everywhere, relative_noise(frame.depth_m))
    assert not isinstance(planes, str)
    for instance in seen("clusters", bare(frame)):
        heights = planes[0].height_of(unproject(frame.depth_m, matrix, mask_of(instance)))
        assert np.mean(np.abs(heights) < 0.004) < 0.05, instance.captions
