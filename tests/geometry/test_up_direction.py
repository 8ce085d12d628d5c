"""Up in a picture: right to a tenth of a degree, honest where depth drifts, refused where surfaces do not show it."""

import dataclasses
import math

import numpy as np
import pytest

from spatialvlm.audit.corrupt import smooth_field
from spatialvlm.geometry import Drift, angle_between, find_up, relative_noise, surface_normals
from spatialvlm.worlds.solids import Body, Cuboid, HalfSpace, SceneDescription, ray_cast

REACH = 1 / 6
THINGS = tuple(Body((Cuboid((x, y, s / 2), (s, s, s), 0.4),)) for x, y, s in ((0.0, 1.6, 0.3), (0.5, 1.9, 0.4)))


def wall(distance_m, yaw=0.0):
    """A wall in front of the camera."""
    return HalfSpace((math.sin(yaw), -math.cos(yaw), 0.0), -math.cos(yaw) * distance_m)


def roofs(slope):
    """Two slopes that meet in a ridge before the camera."""
    return tuple(HalfSpace((side * math.sin(slope), 0.0, math.cos(slope)), -1.0) for side in (1.0, -1.0))


def seen(description):
    """The depth map of a scene."""
    return ray_cast(description).depth_m.astype(np.float32)


def up_of(description, depth_m=None, drift=None, **options):
    """What a picture of a scene shows."""
    depth_m = seen(description) if depth_m is None else depth_m
    return find_up(surface_normals(depth_m, description.image_from_camera, relative_noise(depth_m), drift), **options)


def off(found, description):
    """By how much up is wrong, in radians."""
    return angle_between(found.in_camera, -description.gravity_in_camera)


ROOM = SceneDescription(THINGS, walls=(wall(3.0, 0.3), HalfSpace((0.95, 0.3, 0.0), -2.0)))


@pytest.mark.parametrize("pitch", [15, 40])
@pytest.mark.parametrize("roll", [-15, 30])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_up_is_found_at_any_usual_tilt(pitch, roll, noise):
    room = dataclasses.replace(ROOM, pitch_rad=math.radians(pitch), roll_rad=math.radians(roll))
    depth_m = seen(room)
    depth_m *= 1 + noise * np.random.default_rng(0).standard_normal(depth_m.shape).astype(np.float32)
    found = up_of(room, depth_m)
    assert math.degrees(off(found, room)) < (0.1 if noise == 0 else 0.7)
    assert off(found, room) < 3 * found.error_rad
    assert min(found.level, found.upright) > 0.1


def test_the_unit_of_depth_does_not_matter():
    depth_m = seen(ROOM)
    one, other = up_of(ROOM, depth_m), up_of(ROOM, depth_m * np.float32(1000))
    assert angle_between(one.in_camera, other.in_camera) < 1e-5
    assert one.error_rad == pytest.approx(other.error_rad, rel=1e-3)


def test_a_mirrored_picture_has_mirrored_up():
    room = dataclasses.replace(ROOM, roll_rad=0.2)
    depth_m = seen(room)
    one, other = up_of(room, depth_m), up_of(room, np.ascontiguousarray(depth_m[:, ::-1]))
    assert angle_between(one.in_camera * (-1, 1, 1), other.in_camera) < 1e-3


def test_the_error_of_drifting_depth_is_honest():
    room = dataclasses.replace(ROOM, width=320, height=240)
    depth_m, sigmas, plain = seen(room), [], up_of(room).error_rad
    for seed in range(12):
        field = smooth_field(np.random.default_rng(seed), depth_m.shape, REACH * depth_m.shape[1])
        drifting = (depth_m * (1 + 0.04 * field)).astype(np.float32)
        found = up_of(room, drifting, Drift(0.04, REACH))
        assert found.error_rad > 3 * plain
        sigmas.append(off(found, room) / found.error_rad)
    assert 0.4 < np.mean(np.array(sigmas) < 1) < 0.95
    assert max(sigmas) < 3


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (SceneDescription(THINGS, pitch_rad=math.pi / 2, camera_height_m=3.0), "few_level_or_upright"),
        (SceneDescription(pitch_rad=0.35), "few_level_or_upright"),
        (SceneDescription(floor=False, walls=(wall(2.0),), pitch_rad=0.0), "few_level_or_upright"),
        (SceneDescription(floor=False, walls=(wall(2.0, 0.6), wall(2.5, -0.7)), pitch_rad=0.1), "few_level_or_upright"),
        (SceneDescription(floor=False, walls=roofs(0.6), pitch_rad=0.4, camera_height_m=2.0), "few_level_or_upright"),
        (SceneDescription(floor=False, walls=roofs(math.pi / 4), pitch_rad=0.4, camera_height_m=2.0), "ups_tie"),
        (
            SceneDescription(
                floor=False,
                walls=(HalfSpace((0.0, -math.sin(0.4), math.cos(0.4)), -0.3),),
                bodies=THINGS,
                pitch_rad=0.3,
            ),
            "few_level_or_upright",
        ),
        (SceneDescription(floor=False), "few_surfaces"),
    ],
    ids=["straight down", "floor alone", "wall", "two walls", "roof", "steep roof", "slope", "nothing"],
)
def test_what_does_not_show_up_is_refused(description, reason):
    assert up_of(description) == reason


def test_a_witness_decides_between_directions_that_explain_as_much():
    roof = SceneDescription(floor=False, walls=roofs(math.pi / 4), pitch_rad=0.4, camera_height_m=2.0)
    up = -roof.gravity_in_camera
    side = roof.world_from_camera[:3, :3].T @ (math.sin(math.pi / 4), 0.0, math.cos(math.pi / 4))
    found = up_of(roof, told=(side, 0.05))
    assert angle_between(found.in_camera, side) < 0.01
    assert angle_between(found.in_camera, up) > 0.7
