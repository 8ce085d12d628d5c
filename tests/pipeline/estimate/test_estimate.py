"""What models add to frames: never in place of what was given, always with its provenance and its error."""

import dataclasses
import math

import numpy as np
import pytest

from spatialvlm.errors import ContractError, UserError
from spatialvlm.geometry import angle_between
from spatialvlm.models import Model
from spatialvlm.pipeline.estimate import Estimate, EstimateConfig, estimator
from spatialvlm.pipeline.estimate.camera import CameraEstimate
from spatialvlm.pipeline.estimate.depth import DepthEstimate
from spatialvlm.pipeline.lift import LiftConfig, lift
from spatialvlm.records import DepthErrors, Frame
from spatialvlm.records import Source as Origin
from spatialvlm.worlds.solids import Body, Cuboid, HalfSpace, SceneDescription, frame_of

ERRORS = DepthErrors(0.1, 0.04, 0.2, source="a paper")
MODEL = Model("depthpro", "some/weights")
DOWN = np.array([0.0, math.cos(0.2), math.sin(0.2)])


class Depth:
    name, version, errors, needs_focal = "some/weights", "abc", ERRORS, False

    def __init__(self, invariance="metric", focal_px=None, shape=None):
        self.invariance, self.focal_px, self.shape, self.seen = invariance, focal_px, shape, []

    def __call__(self, frames):
        self.seen += frames
        return [
            DepthEstimate(
                np.full(self.shape or f.image.shape[:2], 5.0, np.float32), self.invariance, self.focal_px, 0.07
            )
            for f in frames
        ]


class Camera:
    name, version, needs_focal = "camera/weights", "def", False

    def __init__(self, focal_px=400.0):
        self.focal_px = focal_px

    def __call__(self, frames):
        return [CameraEstimate(DOWN, 0.05, self.focal_px, 0.03) for _ in frames]


class Floor:
    name, version = "floor/weights", "ghi"

    def __call__(self, frames):
        return [np.ones(f.image.shape[:2], bool) for f in frames]


@pytest.fixture
def sensing(monkeypatch):
    """Frames estimated by stand-in models."""

    def load(depth=None, camera=None, floor=None, **settings):
        for role, model in (("depth", depth), ("camera", camera), ("floor", floor)):
            monkeypatch.setattr(estimator, f"load_{role}", lambda model_, runtime, found=model: found)
            settings[role] = None if model is None else MODEL
        return Estimate(EstimateConfig(**settings)).run

    return load


def photo(width=640, height=480, **changes):
    image = np.zeros((height, width, 3), np.uint8)
    return dataclasses.replace(Frame("p", image, None, None, None, None, Origin("test")), **changes)


def rgbd():
    description = SceneDescription(bodies=(Body((Cuboid((0.0, 1.6, 0.15), (0.3, 0.3, 0.3), 0.4),)),))
    return frame_of(description, "rgbd", picture=False)


def test_what_a_frame_came_with_stays(sensing):
    frame, depth = rgbd(), Depth(focal_px=300.0)
    (seen,) = sensing(depth, Camera())([frame])
    assert not depth.seen
    assert seen.depth_m is frame.depth_m
    assert seen.camera is frame.camera
    assert seen.gravity_in_camera is frame.gravity_in_camera
    assert seen.depth_source is None
    assert seen.gravity_estimate is None


@pytest.mark.parametrize(
    ("frame", "depth", "camera", "provenance", "focal_px", "error"),
    [
        (photo(), None, None, "assumed", 320 / math.tan(math.radians(27.5)), estimator.ASSUMED_FOCAL_ERROR),
        (photo(480, 640), None, None, "assumed", 320 / math.tan(math.radians(27.5)), estimator.ASSUMED_FOCAL_ERROR),
        (photo(), Depth(focal_px=500.0), None, "model", 500, 0.07),
        (photo(), Depth(focal_px=500.0), Camera(), "model", 400, 0.03),
        (photo(), Depth(focal_px=500.0), Camera(None), "model", 500, 0.07),
        (photo(), Depth(), Camera(None), "assumed", 320 / math.tan(math.radians(27.5)), estimator.ASSUMED_FOCAL_ERROR),
        (photo(camera=rgbd().camera), Depth(focal_px=500.0), Camera(), "calibration", None, 0.0),
    ],
)
def test_intrinsics_come_from_the_best_that_knows_them(sensing, frame, depth, camera, provenance, focal_px, error):
    (seen,) = sensing(depth, camera)([frame])
    assert seen.camera.provenance == provenance
    assert seen.camera.focal_error == error
    if focal_px:
        matrix, (height, width) = seen.camera.image_from_camera, frame.image.shape[:2]
        assert matrix[0, 0] == matrix[1, 1] == pytest.approx(focal_px)
        assert (matrix[0, 2], matrix[1, 2]) == (width / 2, height / 2)
        assert (seen.camera.width, seen.camera.height) == (width, height)


def test_depth_models_see_the_camera_that_a_camera_model_found(sensing):
    depth = Depth()
    sensing(depth, Camera())([photo()])
    assert depth.seen[0].camera.image_from_camera[0, 0] == 400


def test_the_field_of_view_can_be_said(sensing):
    (seen,) = sensing(fov_rad=math.radians(90))([photo()])
    assert seen.camera.image_from_camera[0, 0] == pytest.approx(320)
    with pytest.raises(UserError, match="fov 2: expected 5 to 150 degrees"):
        EstimateConfig(fov_rad=math.radians(2))


def test_depth_says_whose_it_is_and_how_wrong(sensing):
    (seen,) = sensing(Depth())([photo()])
    assert seen.depth_source.name == "some/weights"
    assert (seen.depth_source.errors, seen.relative_depth) == (ERRORS, None)
    assert seen.versions == {"depth": "some/weights@abc"}
    assert np.all(seen.depth_m == 5)
    measured = DepthErrors(0.02, source="measured")
    (told,) = sensing(Depth(), depth_errors=measured)([photo()])
    assert told.depth_source.errors == measured


@pytest.mark.parametrize("invariance", ["scale_invariant", "affine_invariant"])
def test_relative_depth_is_brought_to_a_typical_unit_and_marked(sensing, invariance):
    (seen,) = sensing(Depth(invariance))([photo()])
    assert seen.depth_m is None
    assert np.nanmedian(seen.relative_depth) == pytest.approx(estimator.TYPICAL_DEPTH)


def test_depth_of_another_size_is_the_backends_fault(sensing):
    with pytest.raises(ContractError, match=r"depth of frame 'p' by some/weights: got \(4, 5\), expected \(480, 640\)"):
        sensing(Depth(shape=(4, 5)))([photo()])


def test_nothing_is_left_over_of_an_empty_batch(sensing):
    assert sensing(Depth(), Camera(), Floor())([]) == []


def tilted(frame, error=0.05):
    """A frame without given gravity that a camera model has seen."""
    true = frame.gravity_in_camera
    from spatialvlm.records import GravityEstimate

    return dataclasses.replace(
        frame, gravity_in_camera=None, gravity_estimate=GravityEstimate(true, error, "camera/weights")
    )


def test_a_models_gravity_comes_after_the_plane_and_before_none():
    frame = tilted(rgbd())
    assert lift(frame).scene.gravity == "plane"
    wall = HalfSpace((0.0, -1.0, 0.0), -2.5)
    nothing = _walled(wall)
    bare = dataclasses.replace(nothing, gravity_in_camera=None)
    assert lift(bare).scene.gravity is None
    scene = lift(tilted(nothing)).scene
    assert scene.gravity == "model"
    assert scene.errors.tilt_rad == pytest.approx(0.05)
    up = scene.world_from_camera[2, :3]
    assert angle_between(up, -nothing.gravity_in_camera) < 1e-6


def _walled(wall):
    thing = Body((Cuboid((0.0, 1.6, 1.2), (0.3, 0.3, 0.3), 0.4),))
    description = SceneDescription(bodies=(thing,), floor=False, walls=(wall,), pitch_rad=0.0)
    return frame_of(description, "walled", picture=False)


def test_the_floor_mask_seeds_the_plane():
    """On a large table before a floor the mask decides which of the two is meant."""
    frame = dataclasses.replace(rgbd(), gravity_in_camera=None)
    everywhere = dataclasses.replace(frame, floor=np.ones(frame.image.shape[:2], bool))
    nowhere = dataclasses.replace(frame, floor=np.zeros(frame.image.shape[:2], bool))
    assert lift(everywhere).scene.gravity == "plane"
    refused = lift(nowhere).scene
    assert (refused.gravity, refused.support.refusal) == (None, "too_little_background")


def test_the_depth_sources_errors_reach_the_scene(sensing):
    frame = rgbd()
    (seen,) = sensing(Depth())([dataclasses.replace(frame, depth_m=None)])
    seen = dataclasses.replace(seen, depth_m=frame.depth_m)
    scene = lift(seen, LiftConfig(DepthErrors(0.001))).scene
    assert (scene.errors.scale, scene.errors.local) == (0.1, 0.04)
    assert scene.errors.local_reach_px == pytest.approx(0.2 * frame.camera.width)
    assert scene.scale_provenance == "some/weights"
    assert scene.versions == {"depth": "some/weights@abc"}


def test_a_depth_model_that_needs_a_focal_length_is_told_one(sensing, monkeypatch):
    depth = Depth()
    monkeypatch.setattr(Depth, "needs_focal", True)
    (seen,) = sensing(depth)([photo()])
    assert depth.seen[0].camera.provenance == "assumed"
    assert seen.camera is depth.seen[0].camera


def test_what_an_images_scale_may_be_wrong_by_adds_to_the_models_error(sensing, monkeypatch):
    depth = Depth()
    estimate = Depth.__call__
    monkeypatch.setattr(
        Depth,
        "__call__",
        lambda self, frames: [dataclasses.replace(e, scale_error=0.24) for e in estimate(self, frames)],
    )
    (seen,) = sensing(depth)([photo()])
    assert seen.depth_source.errors.scale == pytest.approx(math.hypot(0.1, 0.24))


def test_the_errors_of_the_models_are_those_of_the_docs():
    from pathlib import Path

    from spatialvlm.pipeline.estimate.depth import metric3d, moge, published, unidepth

    page = (Path(__file__).parents[3] / "docs/photos.md").read_text(encoding="utf-8")
    said = {
        "depthpro": published.zero_shot(published.DEPTHPRO, published.PHOTOS, "x"),
        "depth_anything": published.zero_shot(published.DEPTH_ANYTHING_V2_LARGE, published.PHOTOS, "x"),
        "zoedepth": published.zero_shot(published.ZOEDEPTH_NK, published.PHOTOS, "x"),
        "moge": moge.METRIC_ERRORS,
        "unidepth": unidepth.ERRORS,
        "metric3d": metric3d.ERRORS,
    }
    for backend, errors in said.items():
        (row,) = [line for line in page.splitlines() if f"| `{backend}` |" in line]
        scale, local = (float(cell.strip().split("%")[0]) / 100 for cell in row.split("|")[3:5])
        assert scale == pytest.approx(errors.scale, abs=0.006)
        assert local == pytest.approx(errors.local, abs=0.003)


def test_objects_are_found_in_the_depth_that_a_model_made(monkeypatch):
    """A depth model alone makes a scene of a photo: what stands on the plane is found after the depth."""
    import spatialvlm as sv

    frame = rgbd()

    class Exact(Depth):
        def __call__(self, frames):
            return [DepthEstimate(frame.depth_m, "metric") for _ in frames]

    monkeypatch.setattr(estimator, "load_depth", lambda model, runtime: Exact())
    bare = dataclasses.replace(frame, depth_m=None, instances=None)
    lifted = sv.Pipeline(estimate=EstimateConfig(depth=MODEL))(bare)
    assert lifted.scene is not None, lifted.drops
    assert len(lifted.scene.objects) == 1
    assert lifted.scene.scale_provenance == "some/weights"
