"""Furnished rooms could be: nothing intersects or floats, the camera shows a group of things, captions are true."""

import dataclasses
import math
from collections import defaultdict

import numpy as np
import pytest

from fixtures.worlds.furnished import furniture_of, room_of
from fixtures.worlds.plausible import faults
from spatialvlm.worlds.rooms.cameras import room_from_camera
from spatialvlm.worlds.rooms.furnishing import furnish
from spatialvlm.worlds.rooms.furniture import CATEGORIES
from spatialvlm.worlds.rooms.palette import NAMES
from spatialvlm.worlds.rooms.plans import PLANS, tabletops
from spatialvlm.worlds.rooms.rendering import trace
from spatialvlm.worlds.rooms.room_captions import USUAL_HEIGHTS_M, USUAL_SIZES_M

SEEDS = range(2)


@pytest.fixture(scope="module")
def rooms():
    return [room_of(kind, seed) for kind in PLANS for seed in SEEDS]


def test_nothing_intersects_floats_or_sticks_out(rooms):
    assert [(room.kind, fault) for room in rooms for fault in faults(room)] == []


@pytest.mark.parametrize(
    ("shift", "fault"),
    [((0, 0, -0.005), "stands"), ((0, 0, 0.005), "stands"), ((50, 0, 0), "out of the room")],
)
def test_a_moved_thing_is_found(rooms, shift, fault):
    room = rooms[0]
    at = tuple(np.add(room.things[0].at, shift).tolist())
    moved = dataclasses.replace(room, things=(dataclasses.replace(room.things[0], at=at), *room.things[1:]))
    assert any(fault in found for found in faults(moved))


def test_a_thing_in_another_is_found(rooms):
    room = rooms[0]
    twin = dataclasses.replace(room.things[0], at=tuple(np.add(room.things[0].at, (0.01, 0.01, 0)).tolist()))
    assert any("reaches" in found for found in faults(dataclasses.replace(room, things=(*room.things, twin))))


def test_the_same_seed_makes_the_same_room():
    one, other = (furnish(np.random.default_rng(5)) for _ in range(2))
    assert (one.kind, one.size_m, one.windows, one.view, one.seed) == (
        other.kind,
        other.size_m,
        other.windows,
        other.view,
        other.seed,
    )
    for a, b in zip(one.things, other.things, strict=True):
        assert (a.at, a.yaw_rad, a.captions, a.on, a.mount) == (b.at, b.yaw_rad, b.captions, b.on, b.mount)
        assert a.furniture.vertices.tobytes() == b.furniture.vertices.tobytes()
    for a, b in zip(one.shell, other.shell, strict=True):
        assert (a.mesh.vertices.tobytes(), a.material) == (b.mesh.vertices.tobytes(), b.material)


def test_kinds_are_drawn_by_chance():
    kinds = (furnish(np.random.default_rng([9, seed])).kind for seed in range(4))
    first = next(kinds)
    assert any(kind != first for kind in kinds)


def test_cameras_keep_their_bounds(rooms):
    for room in rooms:
        view, (width, length, height) = room.view, room.size_m
        x, y, z = view.at
        assert 0.4 <= z <= min(2.0, height)
        assert 0 < x < width
        assert 0 < y < length
        assert math.radians(-2) <= view.pitch_rad <= math.radians(60)
        assert abs(view.roll_rad) <= math.radians(10)
        assert math.radians(45) <= view.horizontal_fov_rad <= math.radians(75)
        for thing in room.things:
            points = thing.to_room(thing.furniture.vertices)
            assert np.linalg.norm(points - view.at, axis=1).min() > 0.2, thing.furniture.category


def test_cameras_see_things_and_none_too_near(rooms):
    for room in rooms:
        traced = trace(room, (96, 72))
        pixels = np.bincount(traced.thing[traced.thing >= 0], minlength=len(room.things))
        assert (pixels >= 0.002 * traced.thing.size).sum() >= 4
        assert np.nanmin(np.where(traced.thing >= 0, traced.depth_m, np.nan)) > 0.25


def test_a_close_view_looks_down_at_a_top(rooms):
    for room in rooms:
        if room.kind in ("desk top", "kitchen top"):
            forward = room_from_camera(room.view)[:3, 2]
            supports = {thing.on for thing in room.things if thing.mount == "top"}
            near = min(np.linalg.norm(np.subtract(room.view.at, room.things[i].at)[:2]) for i in supports)
            assert forward[2] < -0.2
            assert near < 1.8


def test_what_stands_on_something_names_an_earlier_thing(rooms):
    for room in rooms:
        for i, thing in enumerate(room.things):
            assert thing.on is None or 0 <= thing.on < i
            assert thing.mount != "top" or thing.on is not None


def test_captions_are_short_and_true(rooms):
    for room in rooms:
        for thing in room.things:
            furniture, support = (
                thing.furniture,
                "floor" if thing.on is None else room.things[thing.on].furniture.category,
            )
            place = "wall" if thing.mount == "wall" else support
            assert 1 <= len(thing.captions) == len(set(thing.captions))
            for caption in thing.captions:
                assert 1 <= len(caption.split()) <= 6
                phrase, _, where = caption.partition(" on the ")
                assert where in ("", place)
                adjectives = phrase.removesuffix(furniture.category).split()
                assert phrase.endswith(furniture.category)
                assert {word for word in adjectives if word in NAMES} <= {furniture.colour}
                assert set(adjectives) <= {furniture.colour, *furniture.words, "tall", "short", "large", "small"}


def test_captions_come_at_all_lengths(rooms):
    lengths = {len(c.split()) for room in rooms for thing in room.things for c in thing.captions}
    assert lengths >= {1, 2, 3, 4, 5, 6}


def test_size_words_hold_among_those_of_a_category(rooms):
    said = 0
    for room in rooms:
        for thing in room.things:
            others = [t for t in room.things if t.furniture.category == thing.furniture.category and t is not thing]
            for caption in thing.captions:
                word = caption.split()[0]
                if word in ("tall", "short") and others:
                    heights = [float(np.ptp(t.furniture.vertices[:, 2])) for t in others]
                    own = float(np.ptp(thing.furniture.vertices[:, 2]))
                    assert own > max(heights) if word == "tall" else own < min(heights)
                said += word in ("tall", "short", "large", "small")
    assert said


def test_usual_sizes_are_those_of_the_furniture():
    measured, nouns = defaultdict(list), (*USUAL_HEIGHTS_M, *USUAL_SIZES_M)
    for category in (name for name in CATEGORIES if any(noun in name for noun in nouns)):
        for k in range(6):
            furniture = furniture_of(category, k)
            width, depth, height = np.ptp(furniture.vertices, axis=0)
            measured[furniture.category].append((height, np.cbrt(width * depth * height)))
    for column, usual in enumerate((USUAL_HEIGHTS_M, USUAL_SIZES_M)):
        for name, (low, high) in usual.items():
            values = np.array(measured[name])[:, column]
            assert 0.95 * values.min() < low < high < 1.05 * values.max(), name


def test_what_tops_hold_exists():
    names = {name for rules in vars(tabletops).values() if isinstance(rules, tuple)
             for rule in rules if isinstance(rule, tabletops.Rule) for name in rule.names.split("|")}  # fmt: skip
    assert names - {tabletops.ANY_SMALL} <= set(CATEGORIES)
