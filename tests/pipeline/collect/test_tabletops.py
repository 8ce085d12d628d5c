"""The source `tabletops:N`: tables that a robot works at, whose gripper is seen, named, and measured exactly."""

import math
from dataclasses import replace

import numpy as np
import pytest

import spatialvlm as sv
from fixtures.worlds.plausible import faults
from spatialvlm.pipeline.collect import open_source, open_tabletops
from spatialvlm.worlds import instance_id

COUNT, SIZE = 12, (160, 120)


@pytest.fixture(scope="module")
def tables():
    return open_tabletops(COUNT, seed=8, size=SIZE)


@pytest.fixture(scope="module")
def rooms(tables):
    return [room for number in range(2) for room in tables._rooms(number)]


@pytest.fixture(scope="module")
def truths(tables):
    return [tables.shown(index) for index in range(COUNT)]


def things(room, category):
    """The places of those of a category."""
    return [place for place, thing in enumerate(room.things) if thing.furniture.category == category]


def test_the_gripper_is_named_and_seen_beside_three_things(rooms, truths):
    for room, truth in zip(rooms, truths, strict=True):
        (gripper,) = things(room, "gripper")
        seen = {instance.id: instance for instance in truth.frame.instances}
        shown = seen[instance_id(gripper)]
        assert all(caption.endswith("gripper") for caption in shown.captions)
        left, top, right, bottom = shown.box_xyxy
        assert 0 < left < right < SIZE[0]
        assert 0 < top < bottom < SIZE[1]
        laid = [place for place, thing in enumerate(room.things) if thing.mount == "top"]
        assert sum(instance_id(place) in seen for place in laid) >= 3


def test_distances_are_those_of_the_meshes(rooms, truths):
    for room, truth in zip(rooms, truths, strict=True):
        (gripper,), cubes = things(room, "gripper"), things(room, "cube")
        for cube in cubes:
            middles = []
            for place in (gripper, cube):
                thing = room.things[place]
                heading = room.view.heading_rad
                turn = np.array([[math.cos(heading), -math.sin(heading)], [math.sin(heading), math.cos(heading)]])
                points = thing.to_room(thing.furniture.vertices)
                points = np.column_stack([points[:, :2] @ turn, points[:, 2]])  # along the viewer's axes
                middles.append((points.min(axis=0) + points.max(axis=0)) / 2)
            boxes = [sum(truth.boxes[instance_id(place)]) / 2 for place in (gripper, cube)]
            assert np.linalg.norm(boxes[0] - boxes[1]) == pytest.approx(math.dist(*middles), abs=1e-9)


def test_nothing_intersects_or_floats_but_what_hangs(rooms):
    for room in (rooms[0], rooms[6]):
        assert faults(room) == []
        (gripper,), (arm,) = things(room, "gripper"), things(room, "robot arm")
        hand, held = (room.things[place] for place in (gripper, arm))
        assert held.at[2] == pytest.approx(hand.at[2] + np.ptp(hand.furniture.vertices[:, 2]))


def test_what_lies_there_is_of_centimetres_and_the_gripper_near(rooms, truths):
    for room, truth in zip(rooms, truths, strict=True):
        (gripper,) = things(room, "gripper")
        laid = [place for place, thing in enumerate(room.things) if thing.mount == "top"]
        sizes = [np.ptp(room.things[place].furniture.vertices, axis=0).max() for place in laid]
        assert min(sizes) >= 0.02
        assert max(sizes) <= 0.33
        fingers, things_at = np.array(room.things[gripper].at), np.array([room.things[place].at for place in laid])
        assert np.linalg.norm(things_at - fingers, axis=1).min() < 0.5
        assert np.isnan(truth.supports[instance_id(gripper)])


def test_distances_of_the_gripper_can_be_asked(rooms, truths):
    askable = 0
    for room, truth in zip(rooms, truths, strict=True):
        (gripper,) = things(room, "gripper")
        facts = sv.measure(sv.lift(truth.frame).scene)
        askable += any(fact.kind == "distance" and instance_id(gripper) in fact.subjects for fact in facts)
    assert askable > 0.8 * COUNT


def test_what_an_arm_carries_has_a_bottom_seen_from_above(truths):
    bottoms = {"gripper": [], "drone": []}
    for name, found in bottoms.items():
        for truth in truths:
            instances = tuple(
                replace(one, captions=(name,)) if one.captions[0].endswith("gripper") else one
                for one in truth.frame.instances
            )
            objects = sv.lift(replace(truth.frame, instances=instances)).scene.objects
            found += [one.bottom for one in objects if one.instance.captions == (name,)]
    assert bottoms["gripper"].count("seen") > bottoms["drone"].count("seen")


def test_the_word_opens_the_source():
    source = open_source("tabletops:3", seed=4)
    assert (source.name, len(source)) == ("tabletops:3", 3)
    assert source.fingerprint.startswith("tabletops:v1/")
    assert source.layout.startswith("robot table-tops")
