"""The contract of lift, on ordinary scenes and on those where there is nothing right to say."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from fixtures.plain_facts import MEASURED, kinds_of, told
from spatialvlm.audit.corrupt import noisy
from spatialvlm.errors import ContractError
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import Lift, LiftConfig, lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.records import Sample
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, HalfSpace, SceneDescription, Sphere, frame_of

WALL = HalfSpace((0.0, -1.0, 0.0), -2.5)
BOX = Body((Cuboid((0.0, 1.6, 0.15), (0.3, 0.3, 0.3), 0.4),))
CAN = Body((Cylinder((0.5, 1.9, 0.2), 0.1, 0.4),))
BALL = Body((Sphere((-0.5, 1.8, 0.12), 0.12),))


def drawn(description, *, gravity=False, noise=0.0, name="frame"):
    """A frame of the scene; without gravity unless told."""
    frame = frame_of(description, name, picture=False)
    if noise:
        frame = noisy(frame, np.random.default_rng(0), relative=noise)
    return frame if gravity else dataclasses.replace(frame, gravity_in_camera=None)


def lifted(description, **options):
    """What becomes of the scene."""
    frame = drawn(description, **options)
    return lift(frame)


def all_finite(scene):
    """No number of a scene, or of its facts, is NaN or infinite."""
    arrays = [scene.world_from_camera]
    for o in scene.objects:
        box = o.box
        arrays += [o.points_in_world, box.low_in_world, box.high_in_world, box.low_error_m, box.high_error_m]
    facts = measure(scene, kinds=MEASURED)
    return all(np.isfinite(a).all() for a in (*arrays, facts.number[told(facts)], facts.error))


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (SceneDescription(floor=False, walls=(WALL,), pitch_rad=0.0), "no_plane_faces_up"),
        (SceneDescription(bodies=(BALL,), floor=False, walls=(WALL,), pitch_rad=0.0), "no_plane_faces_up"),
        (SceneDescription(bodies=(BOX, CAN), floor=False, camera_height_m=0.3, pitch_rad=0.0), "too_little_background"),
        (
            SceneDescription(floor=False, walls=(HalfSpace((0.0, 0.0, -1.0), -2.4),), pitch_rad=-0.6),
            "no_plane_faces_up",
        ),
        (SceneDescription(bodies=(BOX,), pitch_rad=math.pi / 2, camera_height_m=2.5), "no_plane_faces_up"),
        (SceneDescription(), "no_object_stands_on_plane"),
    ],
    ids=["wall", "ball before a wall", "no floor", "ceiling", "top-down", "no object"],
)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_plane_without_witnesses_is_no_floor(description, reason, noise):
    result = lifted(description, noise=noise)
    assert result.scene.gravity is None
    assert result.scene.support.surface is None
    assert result.scene.support.refusal == reason
    assert all_finite(result.scene)
    facts = measure(result.scene, kinds=MEASURED)
    assert not kinds_of(facts) & {name for name, kind in KINDS.items() if kind.needs_gravity}
    if len(result.scene.objects) > 1:
        assert facts.refusals["height", "gravity_unknown"] == len(result.scene.objects)


def test_looking_straight_down_with_gravity_leaves_front_and_behind_open():
    things = tuple(Body((Cuboid((x, y, 0.1), (0.2, 0.2, 0.2)),)) for x, y in ((0.0, 0.4), (0.5, 0.1), (-0.4, -0.3)))
    scene = lifted(SceneDescription(bodies=things, pitch_rad=math.pi / 2, camera_height_m=2.5), gravity=True).scene
    assert (scene.gravity, len(scene.objects)) == ("given", 3)
    assert all_finite(scene)
    facts = measure(scene, kinds=MEASURED)
    asked = kinds_of(facts)
    assert "left_predicate" in asked
    assert "behind_predicate" not in asked
    heights = facts.number[[facts.kinds[k].name == "height" for k in facts.kind]]
    assert np.abs(heights - 0.2).max() < 0.02, "sides that are seen at an angle tell the height"
    assert facts.refusals["behind_predicate", "witnesses_disagree"] > 0


def test_objects_in_the_air_do_not_make_a_wall_a_floor():
    # A wall seen by a camera that looks up has a floor's orientation; what hangs before it does not stand on it.
    hanging = tuple(Body((Sphere((x, 1.6, 1.9), 0.12),)) for x in (-0.4, 0.4))
    description = SceneDescription(bodies=hanging, floor=False, walls=(WALL,), pitch_rad=math.radians(-35))
    assert lifted(description).scene.support.refusal == "no_object_stands_on_plane"


def test_missing_depth_is_dropped_with_a_reason_per_object():
    frame = drawn(SceneDescription(bodies=(BOX, CAN)))
    blind = dataclasses.replace(frame, depth_m=np.full_like(frame.depth_m, np.nan))
    result = lift(blind)
    assert result.scene.objects == ()
    assert [d.reason.split(":")[0] for d in result.drops] == ["depth_missing", "depth_missing"]
    assert result.scene.support.refusal == "too_little_background"


@pytest.mark.parametrize(
    ("field", "code"), [("depth_m", "no_depth"), ("camera", "no_camera"), ("instances", "no_instances")]
)
def test_a_frame_without_depth_camera_or_instances_is_one_drop(field, code):
    frame = dataclasses.replace(drawn(SceneDescription(bodies=(BOX,))), **{field: None})
    result = lift(frame)
    assert result.scene is None
    assert [(d.stage, d.id, d.reason.split(":")[0]) for d in result.drops] == [("lift", "frame", code)]


def test_one_bad_mask_does_not_cost_the_others():
    frame = drawn(SceneDescription(bodies=(BOX, CAN)))
    tiny = np.zeros_like(frame.instances[0].mask)
    tiny[100:103, 100:103] = True
    instances = (dataclasses.replace(frame.instances[0], mask=tiny), frame.instances[1])
    result = lift(dataclasses.replace(frame, instances=instances))
    assert [o.instance.id for o in result.scene.objects] == ["2"]
    assert [(d.id, d.reason.split(":")[0]) for d in result.drops] == [("frame/1", "mask_too_small")]
    assert result.scene.unlifted == instances[:1]


def test_a_mask_of_another_size_is_the_detectors_fault():
    frame = drawn(SceneDescription(bodies=(BOX,)))
    wrong = dataclasses.replace(frame.instances[0], mask=np.ones((4, 4), bool))
    with pytest.raises(ContractError, match=r"mask of instance '1' in frame 'frame': got \(4, 4\), expected"):
        lift(dataclasses.replace(frame, instances=(wrong,)))


def test_flags_say_what_is_cut():
    behind = Body((Cuboid((0.02, 2.3, 0.3), (0.2, 0.3, 0.6)),))
    at_border = Body((Cuboid((0.98, 1.7, 0.2), (0.4, 0.3, 0.4)),))
    scene = lifted(SceneDescription(bodies=(BOX, behind, at_border, BALL))).scene
    flags = {o.instance.id: (o.truncated, o.occluded, o.bottom) for o in scene.objects}
    assert flags == {
        "1": (False, False, "support"),
        "2": (False, True, "hidden"),
        "3": (True, False, "support"),
        "4": (False, False, "hidden"),
    }


def test_what_does_not_rise_above_its_support_is_refused():
    frame = drawn(SceneDescription(bodies=(BOX, CAN)), gravity=True)
    patch = np.zeros_like(frame.instances[0].mask)
    patch[440:470, 100:160] = True
    patch &= ~(frame.instances[0].mask | frame.instances[1].mask)
    rug = dataclasses.replace(frame.instances[0], id="rug", mask=patch)
    result = lift(dataclasses.replace(frame, instances=(*frame.instances, rug)))
    assert [(d.id, d.reason.split(":")[0]) for d in result.drops] == [("frame/rug", "not_above_support")]
    assert result.scene.unlifted == (rug,)


@pytest.mark.parametrize("gravity", [True, False])
def test_contract(gravity):
    source = ShapesSource(6, width=320, height=240)
    frames = [drawn(source.describe(k), gravity=gravity, noise=0.005, name=f"f{k}") for k in range(6)]
    before = [frame.depth_m.copy() for frame in frames]
    together = Lift()([Sample(frame=frame) for frame in frames])
    alone = [lift(frame) for frame in frames]
    for frame, old, a, b in zip(frames, before, together, alone, strict=True):
        np.testing.assert_array_equal(frame.depth_m, old, err_msg="inputs are left alone")
        np.testing.assert_array_equal(a.scene.world_from_camera, b.scene.world_from_camera)
        assert a.scene.frame_id == frame.id
        assert all_finite(a.scene)
        for o, p in zip(a.scene.objects, b.scene.objects, strict=True):
            np.testing.assert_array_equal(o.points_in_world, p.points_in_world, err_msg="a batch changes nothing")
            assert 0 < len(o.points_in_world) <= LiftConfig().max_points
            assert (o.box.low_in_world <= o.box.high_in_world).all()
            assert (o.box.low_error_m > 0).all()


def test_points_are_spread_evenly():
    scene = lifted(SceneDescription(bodies=(BOX,))).scene
    points = scene.objects[0].points_in_world.astype(np.float64)
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    assert len(points) > 300
    assert np.percentile(nearest, 90) < 4 * np.median(nearest)


def test_flying_pixels_and_a_bleeding_mask_leave_the_box_alone():
    description = SceneDescription(bodies=(BOX,), walls=(HalfSpace((0.0, -1.0, 0.0), -4.0),))
    frame = drawn(description, gravity=True)
    instance = frame.instances[0]
    clean = lift(frame).scene.objects[0].box
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    mask = instance.mask.view(np.uint8)
    edge = (cv2.dilate(mask, cross) - cv2.erode(mask, cross)).view(bool)
    background = cv2.dilate(np.where(instance.mask, 0, frame.depth_m).astype(np.float32), np.ones((7, 7)))
    mixed = np.where(edge, (frame.depth_m + background) / 2, frame.depth_m).astype(np.float32)
    bled = dataclasses.replace(instance, mask=cv2.dilate(mask, cross, iterations=2).view(bool))
    dirty = lift(dataclasses.replace(frame, depth_m=mixed, instances=(bled,))).scene.objects[0].box
    np.testing.assert_allclose(dirty.low_in_world, clean.low_in_world, atol=0.02)
    np.testing.assert_allclose(dirty.high_in_world, clean.high_in_world, atol=0.02)
