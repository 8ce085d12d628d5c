"""What is measured from the camera: exact on made-up scenes, lawful under motion, honest about what errors do."""

import dataclasses
import math

import numpy as np
import pytest

from fixtures.worlds.boxes import made_up, random_boxes, scene_of
from spatialvlm.geometry import world_from_camera
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import SceneErrors, Support

EASY = MeasureConfig(place_floor_m=0.0, place_floor_share=0.0, min_length_m=0.0, max_relative_error=1e9)
KINDS = ("camera_distance", "camera_height", "camera_pitch", "bearing", "clock_direction", "angle_between")
EXACT = 1e-9


def cube(name, centre, half=0.05, error=EXACT):
    """A cube, whose extents no turn of its place changes."""
    centre = np.asarray(centre, float)
    return made_up(name, centre - half, centre + half, np.tile(centre, (4, 1)), error)


def rows(scene, config=EASY):
    """Number, error and outcome by kind and subjects."""
    facts = measure(scene, config, KINDS)
    keys = zip(facts, facts.number.tolist(), facts.error.tolist(), facts.outcome.tolist(), strict=True)
    return {(fact.kind, *fact.subjects): said for fact, *said in keys}


def pitched(down_rad, height_m=1.0):
    """Where a camera is that looks so far down."""
    return world_from_camera(np.array([0.0, -math.cos(down_rad), -math.sin(down_rad)]), height_m)


def test_numbers_are_those_of_the_drawing():
    scene = scene_of(
        [cube("1", [1.0, 1.0, 1.0]), cube("2", [0.0, 3.0, 1.0]), cube("3", [-1.0, math.sqrt(3.0), 3.0])],
        world_from_camera=pitched(math.radians(20.0)),
    )
    found = rows(scene)
    numbers = {key: said[0] for key, said in found.items()}
    assert numbers == pytest.approx(
        {
            ("camera_distance", "1"): math.sqrt(2.0),
            ("camera_distance", "2"): 3.0,
            ("camera_distance", "3"): math.sqrt(8.0),
            ("camera_height",): 1.0,
            ("camera_pitch",): math.radians(20.0),
            ("bearing", "1"): math.radians(45.0),
            ("bearing", "3"): math.radians(-30.0),
            ("clock_direction", "2"): 0.0,
            ("clock_direction", "3"): math.radians(-30.0),
            ("angle_between", "1", "2"): math.radians(45.0),
            ("angle_between", "1", "3"): math.acos((math.sqrt(3.0) - 1.0) / 4.0),
            ("angle_between", "2", "3"): math.acos(math.sqrt(3.0 / 8.0)),
        }
    ), "straight ahead is neither left nor right, and 45° is between two hours"
    outcomes = {key: said[2] for key, said in found.items()}
    assert (outcomes["bearing", "1"], outcomes["bearing", "3"], outcomes["camera_pitch",]) == (1, -1, 1)
    assert (outcomes["clock_direction", "2"], outcomes["clock_direction", "3"]) == (12, 11)


@pytest.mark.parametrize(("down", "outcome"), [(5.0, 1), (-5.0, -1), (1.9, None), (-1.9, None), (0.0, None)])
def test_a_camera_looks_down_or_up_or_is_level(down, outcome):
    found = rows(scene_of([], world_from_camera=pitched(math.radians(down))))
    assert found.get(("camera_pitch",), [0, 0, None])[2] == outcome


@pytest.mark.parametrize("hour", range(-2, 3))
def test_hours_are_refused_at_their_borders(hour):
    def said(degrees):
        angle = math.radians(degrees)
        scene = scene_of([cube("1", [2 * math.sin(angle), 2 * math.cos(angle), 1.0], error=0.01)])
        return rows(scene, MeasureConfig()).get(("clock_direction", "1"), [0, 0, None])[2]

    # 1 cm on either side is 0.7 cm of the centre, at 2 m 0.2° and three sigma 0.6°; the floor, 4 cm, is 1.1°.
    assert said(30.0 * hour + 13.5) == said(30.0 * hour - 13.5) == (hour - 1) % 12 + 1
    assert said(30.0 * hour + 14.5) is said(30.0 * hour - 14.5) is None


def test_without_up_directions_are_those_of_the_camera():
    scene = dataclasses.replace(random_boxes(1), gravity=None, support=Support(None, "why"))
    facts = measure(scene, EASY, KINDS)
    asked = {fact.kind for fact in facts}
    assert asked == {"camera_distance", "bearing", "clock_direction", "angle_between"}
    assert facts.refusals["camera_height", "gravity_unknown"] == facts.refusals["camera_pitch", "gravity_unknown"] == 1


def test_without_scale_directions_are_known():
    scene = dataclasses.replace(random_boxes(1), scale="relative", world_from_camera=pitched(0.3))
    facts = measure(scene, EASY, KINDS)
    assert {fact.kind for fact in facts} == {"camera_pitch", "bearing", "clock_direction", "angle_between"}
    assert facts.refusals["camera_distance", "relative_scale"] == 5
    assert facts.refusals["camera_height", "relative_scale"] == 1


def test_no_plane_no_height():
    facts = measure(scene_of([], support=Support(None, "why")), EASY, KINDS)
    assert facts.refusals == {("camera_height", "no_support_plane"): 1, ("camera_pitch", "too_close_to_call"): 1}


def test_what_is_cut_has_no_centre():
    one, two = cube("1", [0.5, 2.0, 0.5]), cube("2", [-0.5, 2.0, 0.5])
    scene = scene_of([dataclasses.replace(one, truncated=True), dataclasses.replace(two, occluded=True)])
    facts = measure(scene, EASY, KINDS)
    assert [fact.kind for fact in facts] == ["camera_height"]
    for kind in ("camera_distance", "bearing", "clock_direction"):
        assert facts.refusals[kind, "truncated"] == facts.refusals[kind, "occluded"] == 1


def placed(seed, move, count=6):
    """Cubes in front of the camera, each where `move` takes it."""
    places = np.random.default_rng(seed).uniform([-1, 2, 0.2], [1, 4, 2.0], (count, 3))
    return scene_of([cube(str(k), move(place)) for k, place in enumerate(places)])


@pytest.mark.parametrize("seed", range(4))
def test_turning_everything_about_the_camera_turns_the_bearings(seed):
    c, s = math.cos(0.2), math.sin(0.2)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])  # to the right
    before, after = rows(placed(seed, lambda place: place)), rows(placed(seed, lambda place: turn @ place))
    for key, (number, error, _) in before.items():
        if key[0] != "clock_direction":
            assert after[key][0] == pytest.approx(number + 0.2 * (key[0] == "bearing"), abs=1e-9), key
            assert after[key][1] == pytest.approx(error, rel=1e-6, abs=1e-12), key


@pytest.mark.parametrize("seed", range(4))
def test_a_mirror_swaps_the_sides_and_nothing_else(seed):
    flip = np.array([-1.0, 1.0, 1.0])
    before, after = rows(placed(seed, lambda place: place)), rows(placed(seed, lambda place: flip * place))
    assert before.keys() == after.keys()
    for key, (number, error, outcome) in before.items():
        sided = key[0] in ("bearing", "clock_direction")
        assert after[key][:2] == pytest.approx([-number if sided else number, error], rel=1e-9)
        if key[0] == "clock_direction":
            assert after[key][2] == (12 - outcome or 12)
        elif key[0] == "bearing":
            assert after[key][2] == -outcome


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_larger_world_is_farther_away_in_the_same_directions(scale):
    one = random_boxes(4)
    boxes = [
        made_up(
            o.instance.id, o.box.low_in_world * scale, o.box.high_in_world * scale, o.points_in_world, 0.002 * scale
        )
        for o in one.objects
    ]
    camera = one.world_from_camera.copy()
    camera[:3, 3] *= scale
    before, after = rows(one), rows(scene_of(boxes, world_from_camera=camera))
    assert before.keys() == after.keys()
    for key, (number, error, outcome) in before.items():
        grows = scale if key[0] in ("camera_distance", "camera_height") else 1.0
        assert after[key][:2] == pytest.approx([number * grows, error * grows], rel=1e-6), key
        assert after[key][2] == outcome


def test_scale_counts_in_full_and_turns_nothing():
    errors = SceneErrors(scale=0.1, tilt_rad=0.0, support_m=0.004)
    exact, wrong = (rows(dataclasses.replace(random_boxes(2), errors=e)) for e in (SceneErrors(0.0, 0.0, 0.0), errors))
    for key, (number, error, _) in wrong.items():
        scaled = 0.1 * number if key[0] in ("camera_distance", "camera_height") else 0.0
        support = 0.004 if key[0] == "camera_height" else 0.0
        assert error == pytest.approx(math.hypot(exact[key][1], scaled, support)), key


def test_drift_counts_along_the_ray():
    errors = SceneErrors(0.0, 0.0, 0.0, local=0.05, local_reach_px=40.0)
    scene = scene_of([cube("1", [0.5, 2.0, 1.0]), cube("2", [-0.5, 2.5, 1.0])], errors=errors)
    found = rows(scene)
    assert found["camera_distance", "1"][1] == pytest.approx(0.05 * math.hypot(0.5, 2.0), rel=1e-6)
    assert found["bearing", "1"][1] < 0.05 * 0.1 / 2.0, "less than all of the width, over the distance"


def seen(camera_points, up):
    """Bearings, and the angle between two, as a world levelled by `up` has them."""
    turned = world_from_camera(up, 1.0)[:3, :3]
    x, y, _ = turned @ camera_points
    rays = camera_points / np.linalg.norm(camera_points, axis=0)
    return np.array([*np.arctan2(x, y), math.acos(rays[:, 0] @ rays[:, 1]), *np.linalg.norm(camera_points, axis=0)])


NAMES = [("bearing", "1"), ("bearing", "2"), ("angle_between", "1", "2"), *(("camera_distance", k) for k in "12")]


@pytest.mark.parametrize("down", [-0.4, 0.1, 0.7])
def test_a_tilt_of_up_turns_as_much_as_the_error_says(down):
    matrix = pitched(down)
    errors = SceneErrors(scale=0.0, tilt_rad=0.01, support_m=0.0)
    things = [cube("1", [0.8, 2.0, 0.3]), cube("2", [-0.9, 1.5, 1.6])]
    found = rows(scene_of(things, world_from_camera=matrix, errors=errors))
    rotation, viewer = matrix[:3, :3], matrix[:3, 3:]
    points = rotation.T @ (np.array([[0.8, 2.0, 0.3], [-0.9, 1.5, 1.6]]).T - viewer)
    up, step = rotation.T @ [0.0, 0.0, 1.0], 1e-5
    moved = [(seen(points, up + step * (rotation.T @ axis)) - seen(points, up)) / step for axis in np.eye(3)[:2]]
    for key, expected in zip(NAMES, 0.01 * np.hypot(*moved), strict=True):
        assert found[key][1] == pytest.approx(expected, rel=1e-3, abs=1e-7), key
    assert found["camera_pitch",][1] == pytest.approx(0.01)


@pytest.mark.parametrize("down", [-0.4, 0.1, 0.7])
def test_a_wrong_focal_length_turns_as_much_as_the_error_says(down):
    matrix = pitched(down)
    scene = scene_of([cube("1", [0.8, 2.0, 0.3]), cube("2", [-0.9, 1.5, 1.6])], world_from_camera=matrix)
    found = rows(dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, focal_error=0.05)))
    rotation, viewer = matrix[:3, :3], matrix[:3, 3:]
    points = rotation.T @ (np.array([[0.8, 2.0, 0.3], [-0.9, 1.5, 1.6]]).T - viewer)
    up, step = rotation.T @ [0.0, 0.0, 1.0], 1e-6
    moved = (seen(points * np.array([[1 + step], [1 + step], [1]]), up) - seen(points, up)) / step
    for key, expected in zip(NAMES, 0.05 * np.abs(moved), strict=True):
        assert found[key][1] == pytest.approx(expected, rel=1e-3, abs=1e-7), key
