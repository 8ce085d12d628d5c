"""The support plane: found to a tenth of a degree, or refused for the right reason."""

import math

import numpy as np
import pytest

from spatialvlm.geometry import angle_between, find_planes, relative_noise
from spatialvlm.worlds.solids import HalfSpace, SceneDescription, ray_cast

CEILING = HalfSpace((0.0, 0.0, -1.0), -2.4)


def wall(distance_m, yaw=0.0):
    """A wall in front of the camera."""
    return HalfSpace((math.sin(yaw), -math.cos(yaw), 0.0), -math.cos(yaw) * distance_m)


def planes_of(description, noise=0.0, given_up=None):
    """What `find_planes` makes of a scene without objects."""
    depth_m = ray_cast(description).depth_m
    depth_m = depth_m * (1 + noise * np.random.default_rng(0).standard_normal(depth_m.shape))
    depth_m = depth_m.astype(np.float32)
    everywhere = np.ones(depth_m.shape, bool)
    return find_planes(depth_m, description.image_from_camera, everywhere, relative_noise(depth_m), given_up)


@pytest.mark.parametrize("pitch", [5, 20, 40, 60])
@pytest.mark.parametrize("roll", [-15, 0, 15])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_floor_is_found_exactly_at_any_tilt(pitch, roll, noise):
    description = SceneDescription(
        pitch_rad=math.radians(pitch), roll_rad=math.radians(roll), camera_height_m=1.4, walls=(wall(4.0, 0.3),)
    )
    plane = planes_of(description, noise)[0]
    tilt = angle_between(plane.up_in_camera, -description.gravity_in_camera)
    assert math.degrees(tilt) < (0.01 if noise == 0 else 0.5)
    assert plane.camera_height_m == pytest.approx(1.4, rel=0.001 if noise == 0 else 0.02)
    assert tilt < 5 * plane.tilt_error_rad, "the stated error covers the actual one"
    assert plane.surface == "floor"


def test_the_search_ends_where_no_background_is_left():
    cast = ray_cast(SceneDescription(pitch_rad=math.radians(60), camera_height_m=1.4))
    everywhere = np.ones(cast.depth_m.shape, bool)
    depth_m, matrix = cast.depth_m.astype(np.float32), SceneDescription().image_from_camera
    planes = find_planes(depth_m, matrix, everywhere, relative_noise(depth_m), enough=lambda plane: False)
    assert len(planes) == 1


def test_a_wall_that_dominates_does_not_win():
    description = SceneDescription(pitch_rad=math.radians(5), camera_height_m=1.2, walls=(wall(4.0),))
    plane = planes_of(description)[0]
    assert math.degrees(angle_between(plane.up_in_camera, -description.gravity_in_camera)) < 0.05


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (SceneDescription(floor=False, walls=(wall(2.0),), pitch_rad=0.0), "no_plane_faces_up"),
        (SceneDescription(floor=False, walls=(wall(2.0, 0.6),), pitch_rad=0.2), "no_plane_faces_up"),
        (SceneDescription(floor=False, walls=(CEILING,), pitch_rad=-0.5), "no_plane_faces_up"),
        (SceneDescription(pitch_rad=math.pi / 2), "no_plane_faces_up"),
        (SceneDescription(floor=False, walls=()), "too_little_background"),
    ],
    ids=["wall", "slanted wall", "ceiling", "top-down floor", "nothing"],
)
def test_what_is_no_floor_is_refused(description, reason):
    assert planes_of(description, given_up=None) == reason


def test_given_up_rules_out_a_ramp():
    ramp = HalfSpace((0.0, -math.sin(0.3), math.cos(0.3)), 0.0)
    description = SceneDescription(floor=False, walls=(ramp,), pitch_rad=0.4)
    assert isinstance(planes_of(description), list)
    assert planes_of(description, given_up=-description.gravity_in_camera) == "no_plane_faces_up"
