"""Up without gravity, and given gravity held against the picture: who is believed, and what is refused."""

import dataclasses
import json
import math

import numpy as np
import pytest

from spatialvlm.geometry import angle_between
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.lift import Anchor, LiftConfig, lift
from spatialvlm.records import DepthErrors, GravityEstimate
from spatialvlm.worlds.solids import Body, Cuboid, HalfSpace, SceneDescription, frame_of

SHELF = Body((Cuboid((0.2, 2.3, 1.0), (0.8, 0.3, 0.04)),))
VASE = Body((Cuboid((0.2, 2.3, 1.12), (0.15, 0.15, 0.2), 0.3),))
WALLS = (HalfSpace((0.0, -1.0, 0.0), -2.5), HalfSpace((1.0, 0.0, 0.0), -1.5))
ROOM = SceneDescription((SHELF, VASE), walls=WALLS, pitch_rad=0.35, roll_rad=0.1, camera_height_m=1.6)
FRAME = frame_of(ROOM, "room", picture=False)
DOWN = FRAME.gravity_in_camera


def lifted(frame=FRAME, gravity=None, estimate=None, **options):
    """What becomes of a frame with this gravity and this estimate by a camera model (a vector down, and 1 sigma)."""
    if estimate is not None:
        estimate = GravityEstimate(*estimate, "camera/weights")
    return lift(dataclasses.replace(frame, gravity_in_camera=gravity, gravity_estimate=estimate), LiftConfig(**options))


def turned(vector, angle_rad):
    """A vector turned about the optical axis."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ vector


def test_up_is_found_where_nothing_stands_on_the_floor():
    scene = lifted().scene
    assert scene.gravity == "plane"
    assert math.degrees(angle_between(scene.world_from_camera[2, :3], -DOWN)) < 0.1
    assert scene.support.surface == "floor"
    assert scene.world_from_camera[2, 3] == pytest.approx(1.6, rel=0.005)
    bottom = {o.instance.id: float(o.box.low_in_world[2]) for o in scene.objects}["2"]
    assert bottom == pytest.approx(1.02, abs=0.02)


def test_a_camera_height_fixes_the_scale_without_gravity():
    half = dataclasses.replace(FRAME, depth_m=FRAME.depth_m * np.float32(0.7))
    scene = lifted(half, depth_errors=DepthErrors(0.3), anchors=(Anchor("camera_height", 1.6),)).scene
    assert scene.scale_provenance == "anchor: camera height"
    assert scene.world_from_camera[2, 3] == pytest.approx(1.6, rel=0.01)


@pytest.mark.parametrize(
    ("axes", "remedy"),
    [
        (((-1, 0, 0), (0, -1, 0), (0, 0, -1)), "points up: negate it"),
        (((1, 0, 0), (0, -1, 0), (0, 0, -1)), "OpenGL (y up, z backwards): negate y and z"),
        (((1, 0, 0), (0, 0, 1), (0, 1, 0)), "y and z are swapped"),
        (((0, 1, 0), (1, 0, 0), (0, 0, 1)), "x and y are swapped"),
    ],
)
def test_gravity_in_other_axes_is_one_drop_with_the_remedy(axes, remedy):
    result = lifted(gravity=np.array(axes, float) @ DOWN)
    assert result.scene is None
    (drop,) = result.drops
    assert (drop.stage, drop.id) == ("lift", "room")
    assert drop.reason.startswith("gravity_contradicts_picture: ")
    assert remedy in drop.reason


def test_gravity_that_no_swap_explains_names_the_angle():
    (drop,) = lifted(gravity=turned(DOWN, math.radians(30))).drops
    assert "28 degrees from the given" in drop.reason
    assert "leave it out" in drop.reason


@pytest.mark.parametrize("angle", [0, 3, 8])
def test_gravity_that_is_a_little_off_stands(angle):
    assert lifted(gravity=turned(DOWN, math.radians(angle))).scene.gravity == "given"


def test_where_the_picture_is_silent_given_gravity_stands():
    wall = frame_of(SceneDescription((VASE,), floor=False, walls=WALLS[:1], pitch_rad=0.0), "wall", picture=False)
    for down in (wall.gravity_in_camera, -wall.gravity_in_camera, wall.gravity_in_camera[[0, 2, 1]]):
        assert lifted(wall, gravity=down).scene.gravity == "given"


def test_a_camera_upside_down_is_believed():
    over = frame_of(dataclasses.replace(ROOM, roll_rad=math.pi), "over", picture=False)
    assert lifted(over, gravity=over.gravity_in_camera).scene.gravity == "given"


def test_a_models_estimate_is_one_more_witness():
    alone = lifted(depth_errors=DepthErrors(0.08, 0.04)).scene
    helped = lifted(estimate=(turned(DOWN, 0.01), 0.02), depth_errors=DepthErrors(0.08, 0.04)).scene
    assert alone.gravity == helped.gravity == "plane"
    assert helped.errors.tilt_rad < alone.errors.tilt_rad


def test_witnesses_that_disagree_leave_up_unknown():
    scene = lifted(estimate=(turned(DOWN, math.radians(25)), math.radians(2))).scene
    assert (scene.gravity, scene.support.refusal) == (None, "up_witnesses_disagree")


def test_real_table_tops_are_held_against_gravity(assets):
    source = open_source(str(assets / "rgbd-tabletop"))
    frames = {frame.id: frame for frame in (source.read(k).frame for k in range(len(source)))}
    for name in ("0000", "0007"):
        truth = json.loads((assets / "rgbd-tabletop" / "truth" / f"{name}.json").read_text())
        up = np.array(truth["plane_normal_up_in_camera"]) / np.linalg.norm(truth["plane_normal_up_in_camera"])
        frame = frames[f"tabletop-{name}"]
        assert lifted(frame, gravity=-up).scene.gravity == "given"
        assert "negate it" in lifted(frame, gravity=up).drops[0].reason


@pytest.mark.parametrize("pitch_rad", [0.2, 0.35, 0.6])
def test_a_wrong_focal_length_turns_up_within_what_is_said_of_it(pitch_rad):
    error = 0.1
    frame = frame_of(dataclasses.replace(ROOM, pitch_rad=pitch_rad), "room", picture=False)
    matrix = frame.camera.image_from_camera * np.array([[1 + error, 1, 1], [1, 1 + error, 1], [1, 1, 1]])
    scene = lifted(
        dataclasses.replace(
            frame, camera=dataclasses.replace(frame.camera, image_from_camera=matrix, focal_error=error)
        )
    ).scene
    assert scene.gravity == "plane"
    apart = angle_between(scene.world_from_camera[2, :3], -frame.gravity_in_camera)
    assert math.radians(0.2) < apart < 1.2 * scene.errors.tilt_rad
