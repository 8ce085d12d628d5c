"""Picks and orders: right by the numbers of each thing, decided where pairs are, the same in any company."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.worlds.boxes import made_up, random_boxes, scene_of
from spatialvlm.answers import Choice, Order
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import MeasureConfig, measure, measure_all, refused
from spatialvlm.pipeline.measure.objects import MOST_GROUPS
from spatialvlm.records import SceneErrors, Support

EASY = MeasureConfig(
    margin_sigmas=0.0, place_floor_m=0.0, place_floor_share=0.0, size_floor_m=0.0, size_floor_share=0.0
)
LISTED = (
    "nearest_to_camera",
    "farthest_from_camera",
    "tallest",
    "order_by_distance",
    "order_by_depth",
    "order_by_height",
)
ANCHORED = ("nearest", "farthest")
ALL = (*LISTED, *ANCHORED, "camera_distance", "camera_height", "camera_pitch", "bearing", "angle_between")


def values(scene, kind, subjects):
    """What decides a kind, of each of those that are listed."""
    boxes = {o.instance.id: o.box for o in scene.objects}
    centres = {name: (box.low_in_world + box.high_in_world) / 2 for name, box in boxes.items()}
    if kind in ANCHORED:
        return [math.dist(centres[subjects[0]], centres[name]) for name in subjects[1:]]
    if kind in ("tallest", "order_by_height"):
        return [float(np.ptp([boxes[name].low_in_world[2], boxes[name].high_in_world[2]])) for name in subjects]
    if kind == "order_by_depth":
        return [float(centres[name][1]) for name in subjects]
    return [math.dist(centres[name], scene.world_from_camera[:3, 3]) for name in subjects]


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_the_right_one_stands_first_and_those_in_order_in_order(seed):
    scene = random_boxes(seed, 6)
    facts = measure(scene, EASY, (*LISTED, *ANCHORED))
    assert {fact.kind for fact in facts} >= {*LISTED, *ANCHORED} - {"order_by_depth"}
    for fact in facts:
        kind, ordered = KINDS[fact.kind], values(scene, fact.kind, fact.subjects)
        assert len(set(fact.subjects)) == len(fact.subjects) == len(ordered) + kind.subjects
        if isinstance(fact.answer, Order):
            assert fact.answer.items == fact.subjects
            assert all(kind.sign * one < kind.sign * other for one, other in pairwise(ordered))
        else:
            assert isinstance(fact.answer, Choice)
            assert (fact.answer.options, fact.answer.right) == (fact.subjects[kind.subjects :], 0)
            assert ordered[0] == (max if kind.sign > 0 else min)(ordered)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_groups_are_decided_where_their_pairs_are(seed):
    scene = random_boxes(seed, 6)
    facts = measure(scene, MeasureConfig(), ("behind_predicate", "tall_predicate", *LISTED[2:], "order_by_depth"))
    greater = {(f.kind, *f.subjects) for f, outcome in zip(facts, facts.outcome, strict=True) if outcome > 0}
    asked = {kind: [f.subjects for f in facts if f.kind == kind] for kind in LISTED[2:]}
    heights = {name: values(scene, "tallest", [name])[0] for name in (o.instance.id for o in scene.objects)}
    for first, *others in asked["tallest"]:
        assert all(("tall_predicate", first, other) in greater for other in others)
    for order in asked["order_by_height"]:
        assert all(("tall_predicate", one, other) in greater for one, other in pairwise(order))
    for order in asked["order_by_depth"]:
        assert all(("behind_predicate", other, one) in greater for one, other in pairwise(order))
    groups = math.comb(6, 3) + math.comb(6, 4)
    for kind, found in asked.items():
        refusals = sum(count for (name, _), count in facts.refusals.items() if name == kind)
        assert len(found) + refusals == groups, "what is not asked is counted"
    tallest = sorted(heights, key=heights.get)[-1]
    beaten = {other for kind, one, other in greater if (kind, one) == ("tall_predicate", tallest)}
    expected = math.comb(len(beaten), 2) + math.comb(len(beaten), 3)
    assert sum(first == tallest for first, *_ in asked["tallest"]) == expected


def lined_up(*depths, error=0.002):
    """Cubes one behind the other, at eye level."""
    points = np.zeros((4, 3))
    return [
        made_up(str(k), np.array([-0.05, y - 0.05, 0.95]), np.array([0.05, y + 0.05, 1.05]), points, error)
        for k, y in enumerate(depths, 1)
    ]


def test_a_close_second_is_enough_to_refuse():
    kinds = ("nearest_to_camera", "farthest_from_camera", "order_by_distance")
    facts = measure(scene_of(lined_up(2.0, 2.02, 3.0)), MeasureConfig(), kinds)
    assert [(fact.kind, fact.subjects[0]) for fact in facts] == [("farthest_from_camera", "3")]
    assert facts.refusals == {(kinds[0], "too_close_to_call"): 1, (kinds[2], "too_close_to_call"): 1}
    assert facts.number[0] == pytest.approx(0.98), "the closest of the others is what it must beat"
    assert facts.error[0] == pytest.approx(0.002)


def test_the_nearest_of_a_may_be_doubtful_where_the_farthest_is_not():
    facts = measure(scene_of(lined_up(2.0, 2.5, 1.51, 4.0)), MeasureConfig(), ANCHORED)
    found = {(fact.kind, fact.subjects[0]): fact.subjects[1:] for fact in facts}
    assert ("nearest", "1") not in found, "one before it, one behind it, nearly as near"
    assert found["farthest", "1"] == ("4", "2", "3")
    assert found["nearest", "4"] == ("2", "1", "3")
    assert found["farthest", "4"] == ("3", "1", "2")


def test_a_surface_that_is_nearer_than_the_centre_says_is_a_witness():
    points = np.zeros((4, 3))
    lamp = made_up("lamp", np.array([0.9, 2.9, 0.9]), np.array([1.1, 3.1, 1.1]), points)
    sofa = made_up("sofa", np.array([-1.5, 2.6, 0.0]), np.array([0.8, 4.2, 0.9]), points)
    far = made_up("far", np.array([1.0, 5.9, 0.9]), np.array([1.1, 6.1, 1.1]), points)
    facts = measure(scene_of([lamp, sofa, far]), MeasureConfig(), ("nearest_to_camera", "farthest_from_camera"))
    assert [fact.kind for fact in facts] == ["farthest_from_camera"]
    assert facts.refusals == {("nearest_to_camera", "witnesses_disagree"): 1}


def test_cut_objects_are_in_no_list_that_asks_for_centres_or_sizes():
    scene = random_boxes(5, 5)
    cut = tuple(dataclasses.replace(o, truncated=o.instance.id == "1") for o in scene.objects)
    facts = measure(dataclasses.replace(scene, objects=cut), EASY, (*LISTED, *ANCHORED))
    for fact in facts:
        assert "1" not in fact.subjects or fact.kind == "order_by_depth"
    assert facts.refusals["nearest", "truncated"] == facts.refusals["farthest", "truncated"] == 4 * 3 + 4
    for kind in (*LISTED, *ANCHORED):
        assert {reason for name, reason in facts.refusals if name == kind} <= set(refused(KINDS[kind]))


def test_drift_that_all_share_is_a_scale():
    """Where all share it nothing is turned round but by as much as the difference itself drifts."""
    scene = random_boxes(7, 5)
    shared = SceneErrors(0.0, 0.0, 0.0, local=0.03, local_reach_px=1e9)
    alone = SceneErrors(0.0, 0.0, 0.0, local=0.03, local_reach_px=1e-9)
    exact, together, apart = (
        measure(one, EASY, ANCHORED)
        for one in (scene, *(dataclasses.replace(scene, errors=errors) for errors in (shared, alone)))
    )
    by_row = [{(f.kind, *f.subjects): k for k, f in enumerate(facts)} for facts in (exact, together, apart)]
    for key, row in by_row[1].items():
        if together.number[row] == pytest.approx(exact.number[by_row[0][key]]):
            own = exact.error[by_row[0][key]]
            assert together.error[row] == pytest.approx(math.hypot(own, 0.03 * together.number[row]), rel=1e-4)
    assert np.median(apart.error) > 2 * np.median(together.error)


def test_the_error_of_a_difference_of_ways_is_that_of_its_ends():
    scene = scene_of(lined_up(2.0, 3.0, 4.5, 9.0, error=0.02))
    facts = measure(scene, EASY, ("nearest",))
    rows = {fact.subjects[0]: row for row, fact in enumerate(facts) if len(fact.subjects) == 4}
    # From the first one: 1 to the second, 2.5 to the third, in one direction: its own error does not come between.
    assert facts.number[rows["1"]] == pytest.approx(1.5)
    assert facts.error[rows["1"]] == pytest.approx(0.02)
    # From the second one: 1 towards the camera, 1.5 away from it: its own counts twice.
    assert facts.number[rows["2"]] == pytest.approx(0.5)
    assert facts.error[rows["2"]] == pytest.approx(0.02 / math.sqrt(2.0) * math.sqrt(1 + 1 + 4))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_objects_make_few_groups(count):
    facts = measure(random_boxes(1, count), EASY, (*LISTED, *ANCHORED))
    assert (len(facts) > 0) == (count == 3)
    assert not any(fact.kind in ANCHORED for fact in facts)


def test_many_objects_make_no_more_groups_than_anyone_asks_about():
    facts = measure(random_boxes(1, 20), EASY, (*LISTED, *ANCHORED))
    for kind in (*LISTED, *ANCHORED):
        refusals = sum(count for (name, _), count in facts.refusals.items() if name == kind)
        asked = sum(fact.kind == kind for fact in facts)
        assert refusals + asked == MOST_GROUPS * (2 if kind in LISTED else 1)


@given(st.integers(0, 10_000), st.permutations(range(6)))
@settings(max_examples=10)
def test_the_order_of_objects_does_not_matter(seed, order):
    scene = random_boxes(seed, 6)
    shuffled = dataclasses.replace(scene, objects=tuple(scene.objects[k] for k in order))
    first, second = measure(scene, MeasureConfig(), ALL[:-1]), measure(shuffled, MeasureConfig(), ALL[:-1])
    assert first.refusals == second.refusals
    assert {(f.kind, f.subjects, str(f.answer)) for f in first} == {(f.kind, f.subjects, str(f.answer)) for f in second}


def flawed(scene):
    """Cut, hidden and standing objects, and every error."""
    objects = [
        dataclasses.replace(o, truncated=k == 0, occluded=k == 1, bottom=("hidden", "support", "seen")[k % 3])
        for k, o in enumerate(scene.objects)
    ]
    camera = dataclasses.replace(scene.camera, focal_error=0.03)
    errors = SceneErrors(0.03, 0.01, 0.004, 0.03, 50.0)
    return dataclasses.replace(scene, objects=tuple(objects), camera=camera, errors=errors)


SCENES = [
    random_boxes(0, 8),
    random_boxes(1, 0),
    flawed(random_boxes(2, 9)),
    dataclasses.replace(random_boxes(3, 6), gravity=None, support=Support(None, "no_gravity: none")),
    dataclasses.replace(random_boxes(4, 7), scale="relative"),
    random_boxes(5, 2),
    flawed(random_boxes(6, 13)),
    random_boxes(7, 3),
]


@given(st.lists(st.integers(0, len(SCENES) - 1), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_a_scene_has_the_same_facts_alone_and_in_any_batch(places):
    for place, facts in zip(places, measure_all([SCENES[k] for k in places], kinds=ALL), strict=True):
        alone = measure(SCENES[place], kinds=ALL)
        assert facts.refusals == alone.refusals
        for name in ("kind", "subjects", "number", "error", "outcome", "given"):
            np.testing.assert_array_equal(getattr(facts, name), getattr(alone, name))
