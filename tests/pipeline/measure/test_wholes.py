"""Whole things: sizes from end to end, and places of cut things that no hidden part can turn."""

import dataclasses

import numpy as np
import pytest

from fixtures.worlds.boxes import made_up, scene_of
from spatialvlm.pipeline.measure import MeasureConfig, measure


def block(name, centre, half=(0.1, 0.1, 0.1), sticks_out=0.0, **flags):
    """A block whose outermost points stick out of its box."""
    centre, half = np.asarray(centre, float), np.asarray(half, float)
    ends = np.array([centre - half - sticks_out, centre + half + sticks_out])
    return dataclasses.replace(made_up(name, centre - half, centre + half, ends, 1e-3), **flags)


def test_sizes_are_from_end_to_end():
    scene = scene_of([block("1", [0.0, 2.0, 0.5], sticks_out=0.01)])
    assert measure(scene, MeasureConfig(rules=1), ["width"]).number.tolist() == pytest.approx([0.2])
    assert measure(scene, MeasureConfig(), ["width"]).number.tolist() == pytest.approx([0.22])


def said(kinds, *objects, config=None):
    """Which predicates of the first and the second object hold."""
    facts = measure(scene_of(list(objects)), config, kinds)
    return {fact.kind for fact in facts if fact.subjects == (objects[0].instance.id, objects[1].instance.id)}


SIDES = ("left_predicate", "right_predicate")
DEPTHS = ("behind_predicate", "front_predicate")


def test_places_of_occluded_things_are_asked_where_they_are_far_apart():
    near, far = block("2", [0.15, 2.0, 0.1]), block("2", [0.8, 2.0, 0.1])
    hidden = block("1", [0.0, 2.0, 0.1], half=(0.1, 0.1, 0.3), occluded=True)
    assert said(SIDES, dataclasses.replace(hidden, occluded=False), near)
    assert not said(SIDES, hidden, near)
    assert said(SIDES, hidden, near, config=MeasureConfig(rules=1))
    assert said(SIDES, hidden, far)


def test_what_the_border_cuts_may_be_nearer_but_not_farther():
    cut = block("1", [0.0, 2.0, 0.1], truncated=True)
    assert not said(DEPTHS, cut, block("2", [0.4, 1.85, 0.1])), "it may reach to before that"
    assert said(DEPTHS, cut, block("2", [0.4, 2.15, 0.1]))
