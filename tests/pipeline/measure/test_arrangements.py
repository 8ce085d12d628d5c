"""Arrangements of three and more, and perspectives: exact answers of made-up scenes, and laws."""

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.worlds.boxes import made_up, random_boxes, scene_of
from spatialvlm.answers import Count, YesNo
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import MeasureConfig, measure, measure_all
from spatialvlm.records import SceneErrors, Support

SECTORS = ("perspective_side", "perspective_facing", "perspective_quadrant", "perspective_clock")
KIND_NAMES = ("count_within", "between", "fits_between", "passes_between", "reaches", *SECTORS)
EASY = MeasureConfig(place_floor_m=0.0, place_floor_share=1e-6, size_floor_m=0.0)
SURFACE = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 3), axis=-1).reshape(-1, 3)


def thing(name, x, y, half=0.05, z=None, bottom="seen"):
    """A box at a place on the ground; `half` is half its size, one number or three."""
    half = np.broadcast_to(half, 3)
    centre = np.array([x, y, half[2] if z is None else z])
    return dataclasses.replace(made_up(name, centre - half, centre + half, centre + half * SURFACE), bottom=bottom)


def facts(scene, kind, config=None):
    """The answers of a kind by subjects and what is given."""
    return {(fact.subjects, fact.given): fact.answer for fact in measure(scene, config, [kind])}


def outcomes(scene, config=EASY, kinds=KIND_NAMES):
    """Number and outcome by kind, subjects and what is given."""
    found = measure(scene, config, kinds)
    givens = [None if math.isnan(one) else one for one in found.given.tolist()]
    names = [found.kinds[k].name for k in found.kind]
    keys = zip(names, map(tuple, found.subjects.tolist()), givens, strict=True)
    return dict(zip(keys, zip(found.number.tolist(), found.outcome.tolist(), strict=True), strict=True))


def test_within_counts_those_whose_centre_is_nearer_than_the_radius():
    near, middle, far, anchor = (thing(name, x, 2.0) for name, x in zip("nmfa", (0.4, 0.9, 1.75, 0.0)))
    found = facts(scene_of([near, middle, far, anchor]), "count_within")
    own = {given: answer for (subjects, given), answer in found.items() if subjects[0] == "a"}
    # The listed are parted most evenly by 0.5 m, and the count that differs most is that of all, from 2 m on.
    assert own == {0.5: Count(1), 2.0: Count(3)}
    assert {len(subjects) for subjects, _ in found} == {4}


def test_radii_are_those_that_everything_is_clear_of():
    things = [thing(name, x, 2.0) for name, x in zip("abcd", (0.0, 0.5, 1.0, 1.51))]
    found = facts(scene_of(things), "count_within")
    assert {given for (subjects, given) in found if subjects[0] == "a"} == {0.75, 2.0}


@pytest.mark.parametrize(
    ("x", "y", "answer"),
    [
        (0.0, 3.0, True),
        (-0.5, 3.2, True),
        (0.0, 3.7, None),  # 3/8 aside is neither
        (-0.95, 3.0, None),  # nearly over the end
        (0.0, 4.2, False),
        (-1.6, 3.0, False),
    ],
)
def test_between(x, y, answer):
    scene = scene_of([thing("b", -1.0, 3.0), thing("a", x, y, z=0.8), thing("c", 1.0, 3.0, z=1.5)])
    found = facts(scene, "between")
    own = [value for (subjects, _), value in found.items() if subjects[0] == "a"]
    refused = measure(scene, None, ["between"]).refusals
    if answer is None:
        assert not own
        assert refused["between", "too_close_to_call"]
    else:
        assert own == [YesNo(answer)] or (not answer and refused["between", "outweighed"])


def test_between_is_seen_in_space_where_up_is_unknown():
    level = [thing("b", -1.0, 3.0), thing("a", 0.0, 3.0, z=1.5), thing("c", 1.0, 3.0)]
    lost = scene_of(level, gravity=None, support=Support(None, "why"))
    assert facts(scene_of(level), "between")[("a", "c", "b"), None] == YesNo(True)
    assert YesNo(True) not in facts(lost, "between").values()


def gap_of_45_cm(size, name="a"):
    """Two boxes 45 cm apart at the left, and a box of some width and depth at the right."""
    sides = [thing("b", -1.0, 2.0, 0.1), thing("c", -0.35, 2.0, 0.1)]
    return scene_of([*sides, thing(name, 1.5, 2.5, (*size, 0.1))])


@pytest.mark.parametrize(
    ("size", "answer"), [((0.15, 0.1), True), ((0.4, 0.35), False), ((0.1, 0.4), None), ((0.22, 0.1), None)]
)
def test_what_fits_has_both_its_sides_to_spare(size, answer):
    names = [f"a{k}" for k in range(8)]  # which answer stays in when one is too frequent is a matter of the names
    found = [(name, facts(gap_of_45_cm(size, name), "fits_between")) for name in names]
    own = [value for name, one in found for (subjects, _), value in one.items() if subjects[0] == name]
    assert set(own) == (set() if answer is None else {YesNo(answer)})


def test_nothing_fits_between_things_at_different_heights():
    scene = scene_of([thing("b", -1.0, 2.0, 0.1), thing("c", -0.35, 2.0, 0.1, z=0.4), thing("a", 1.5, 2.5, 0.05)])
    assert measure(scene, None, ["fits_between"]).refusals == {("fits_between", "not_level"): 2}


def test_what_passes_is_less_wide_than_the_gap():
    two = scene_of(gap_of_45_cm((0.1, 0.1)).objects[:2])
    found = facts(two, "passes_between", EASY)
    assert found == {(("b", "c"), 0.4): YesNo(True), (("b", "c"), 0.5): YesNo(False)}


def test_tops_are_compared_with_the_nearest_heights_that_are_clear():
    found = facts(scene_of([thing("a", 0.0, 3.0, 0.46)]), "reaches")
    assert found == {(("a",), 0.8): YesNo(True), (("a",), 1.0): YesNo(False)}
    no_plane = scene_of([thing("a", 0.0, 3.0, 0.46)], support=Support(None, "why"))
    assert measure(no_plane, None, ["reaches"]).refusals == {("reaches", "no_support_plane"): 2}


def test_perspective():
    """Standing at a and facing b, who is to the east: north is on the left."""
    north_east, south_west = (thing(name, x, y) for name, x, y in (("n", 0.5, 3.87), ("s", -0.9, 2.5)))
    scene = scene_of([thing("a", 0.0, 3.0), thing("b", 2.0, 3.0), north_east, south_west])
    said = {kind: outcomes(scene, EASY, [kind]) for kind in SECTORS}
    assert all(said.values())
    for kind in SECTORS:
        for (_, (a, b, c, *_), _), (number, outcome) in said[kind].items():
            at = [scene.objects[k].box.low_in_world[:2] for k in (a, b, c)]
            heading, way = (math.atan2(*(end - at[0])) for end in at[1:])
            turn = (way - heading + math.pi) % (2 * math.pi) - math.pi
            assert number == pytest.approx(turn, abs=1e-9)
            degrees = math.degrees(turn)
            right = {
                "perspective_side": int(degrees > 0),
                "perspective_facing": int(abs(degrees) > 90),
                "perspective_quadrant": 1 + (degrees > 90) if degrees > 0 else 3 * (degrees < -90),
                "perspective_clock": round(degrees / 30) % 12 or 12,
            }
            assert outcome == right[kind]


def test_nobody_stands_where_another_thing_is():
    on_top = [thing("a", 0.0, 3.0, 0.4), thing("b", 0.1, 3.1, 0.1, z=0.9), thing("c", 2.0, 2.5)]
    found = measure(scene_of(on_top), None, ["perspective_side"])
    assert found.refusals["perspective_side", "too_near"] == 2


def moved(scene, matrix):
    """The scene of small cubes with its places taken through a linear map that keeps the viewer."""
    things = []
    for o in scene.objects:
        x, y, z = (o.box.low_in_world + o.box.high_in_world) / 2
        x, y = matrix @ (x, y)
        things.append(thing(o.instance.id, x, y, 0.02, z))
    return scene_of(things)


def cubes(seed, count=6):
    """Small cubes at random places."""
    return moved(random_boxes(seed, count), np.eye(2))


@given(st.integers(0, 10_000), st.floats(-math.pi, math.pi))
@settings(max_examples=10)
def test_turning_the_ground_changes_no_answer(seed, yaw):
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    kinds = ("count_within", "between", "reaches", *SECTORS)
    check_alike(outcomes(cubes(seed), EASY, kinds), outcomes(moved(cubes(seed), turn), EASY, kinds), lambda _, o: o)


def check_alike(first, second, turned):
    """Nearly the same is asked (what is near a margin may fall on its other side), and it is answered the same."""
    both = first.keys() & second.keys()
    assert len(both) >= 0.9 * len(first)
    assert all(second[key][1] == turned(key[0], first[key][1]) for key in both)


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_a_mirror_swaps_left_and_right_and_nothing_else(seed):
    def mirrored(kind, outcome):
        match kind:
            case "perspective_side":
                return 1 - outcome
            case "perspective_quadrant":
                return (1, 0, 3, 2)[outcome]
            case "perspective_clock":
                return 12 - outcome % 12
        return outcome

    check_alike(outcomes(cubes(seed)), outcomes(moved(cubes(seed), np.diag([-1.0, 1.0]))), mirrored)


@given(st.integers(0, 10_000), st.floats(0.5, 2.0))
@settings(max_examples=10)
def test_a_larger_scene_differs_only_in_what_a_length_is_given_for(seed, scale):
    scene, kinds = random_boxes(seed, 6), ("between", "fits_between", *SECTORS)
    camera = scene.world_from_camera.copy()
    camera[:3, 3] *= scale
    objects = [
        dataclasses.replace(
            o,
            points_in_world=o.points_in_world * np.float32(scale),
            box=dataclasses.replace(
                o.box, **{f.name: scale * getattr(o.box, f.name) for f in dataclasses.fields(o.box)}
            ),
        )
        for o in scene.objects
    ]
    first, second = (outcomes(s, EASY, kinds) for s in (scene, scene_of(objects, world_from_camera=camera)))
    check_alike(first, second, lambda _, outcome: outcome)
    for key in first.keys() & second.keys():
        grows = 1.0 if key[0] in SECTORS else scale
        assert second[key][0] == pytest.approx(grows * first[key][0], rel=1e-4, abs=1e-4)


@given(st.integers(0, 10_000), st.permutations(range(6)))
@settings(max_examples=10)
def test_the_order_of_objects_changes_no_answer(seed, order):
    scene = random_boxes(seed, 6)
    shuffled = dataclasses.replace(scene, objects=tuple(scene.objects[k] for k in order))

    def key(fact):
        fixed = 3 if fact.kind in SECTORS else 1 if fact.kind != "passes_between" else 0
        return fact.kind, fact.subjects[:fixed], frozenset(fact.subjects[fixed:]), fact.given

    one, two = ({key(fact): fact.answer for fact in measure(s, EASY, KIND_NAMES)} for s in (scene, shuffled))
    both = one.keys() & two.keys()
    assert len(both) > 20
    assert all(one[name] == two[name] for name in both)


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_what_is_asked_of_the_same_three_agrees(seed):
    """Whoever has something on the left front has it on the left, in front, and before the hour of nine or twelve."""
    scene = random_boxes(seed, 7)
    side, facing, quadrant, clock = (outcomes(scene, EASY, [kind]) for kind in SECTORS)
    for (_, subjects, given_), (_, outcome) in quadrant.items():
        for name, found, right in (
            ("perspective_side", side, int(outcome in (1, 2))),
            ("perspective_facing", facing, int(outcome >= 2)),
        ):
            said = [o for (_, s, _), (_, o) in found.items() if s == subjects]
            assert said in ([], [right]), (name, given_)
        hours = [o for (_, s, _), (_, o) in clock.items() if s == subjects]
        assert set(hours) <= ({9, 10, 11, 12}, {12, 1, 2, 3}, {3, 4, 5, 6}, {6, 7, 8, 9})[outcome]


def test_answers_are_about_even():
    said = {kind: Counter() for kind in KIND_NAMES}
    for seed in range(30):
        for (kind, _, _), (_, outcome) in outcomes(random_boxes(seed, 8), MeasureConfig()).items():
            said[kind][int(outcome)] += 1
    for kind in ("between", "passes_between", "reaches", "perspective_side", "perspective_facing"):
        one, other = said[kind].values()
        assert max(one, other) < 1.3 * min(one, other), (kind, said[kind])
    assert set(said["perspective_quadrant"]) == {0, 1, 2, 3}
    assert set(said["perspective_clock"]) == set(range(1, 13))
    assert set(said["count_within"]) == {0, 1, 2, 3, 4}


def test_a_batch_changes_nothing():
    flagged = [
        dataclasses.replace(o, truncated=k == 0, occluded=k == 1, bottom=("hidden", "support", "seen")[k % 3])
        for k, o in enumerate(random_boxes(9, 9).objects)
    ]
    scenes = [
        random_boxes(0, 8),
        random_boxes(1, 0),
        random_boxes(2, 2),
        dataclasses.replace(random_boxes(3, 6), gravity=None, support=Support(None, "no_gravity: none")),
        dataclasses.replace(random_boxes(4, 7), scale="relative"),
        dataclasses.replace(random_boxes(5, 8), errors=SceneErrors(0.03, 0.01, 0.004, 0.03, 50.0, 0.01)),
        scene_of(flagged),
        random_boxes(6, 14),
    ]
    for one, other in zip(measure_all(scenes, None, KIND_NAMES), scenes, strict=True):
        alone = measure(other, None, KIND_NAMES)
        assert list(one.refusals.items()) == list(alone.refusals.items())
        for name in ("kind", "number", "error", "outcome", "given"):
            np.testing.assert_array_equal(getattr(one, name), getattr(alone, name))
        width = min(one.subjects.shape[1], alone.subjects.shape[1])
        np.testing.assert_array_equal(one.subjects[:, :width], alone.subjects[:, :width])


def test_drift_and_tilt_refuse_and_never_change_an_answer():
    scene = random_boxes(5, 8)
    for errors in (SceneErrors(0.0, 0.0, 0.0, 0.03, 50.0), SceneErrors(0.05, 0.0, 0.0), SceneErrors(0.0, 0.05, 0.02)):
        doubtful = dataclasses.replace(scene, errors=errors)
        sure, unsure = (
            {(kind, s): o for (kind, s, g), (_, o) in outcomes(one).items() if not KINDS[kind].given}
            for one in (scene, doubtful)
        )
        assert all(sure[key] == unsure[key] for key in sure.keys() & unsure.keys())


def test_relative_scale_and_unknown_up_withhold_what_needs_them():
    relative = dataclasses.replace(random_boxes(1, 7), scale="relative")
    assert {kind for kind, *_ in outcomes(relative)} == {"between", *SECTORS}
    assert facts(dataclasses.replace(gap_of_45_cm((0.15, 0.1)), scale="relative"), "fits_between")
    lost = dataclasses.replace(random_boxes(1, 7), gravity=None, support=Support(None, "why"))
    assert {kind for kind, *_ in outcomes(lost)} == {"between", "count_within"}
