"""Errors that a whole scene shares: what they say is what happens when the error is made."""

import dataclasses

import numpy as np
import pytest

from fixtures.plain_facts import LENGTHS, MEASURED, PAPER, is_even, plain
from fixtures.worlds.boxes import random_boxes
from spatialvlm.answers import SAME
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import LiftConfig, lift
from spatialvlm.pipeline.measure import MeasureConfig, measure, measure_all
from spatialvlm.pipeline.measure.objects import objects_of
from spatialvlm.records import DepthErrors, DepthSource
from spatialvlm.worlds.solids import frame_of

EXACT = LiftConfig(DepthErrors(0.0))
SOURCE = ShapesSource(1100, width=320, height=240)
EASY = MeasureConfig(max_relative_error=1e9)
SHORTER = 0.02  # of the focal length


def frames(count=12, given=False):
    for index in range(1000, 1000 + count):
        description = SOURCE.describe(index)
        frame = frame_of(description, "s", picture=False)
        yield frame if given else dataclasses.replace(frame, gravity_in_camera=None)


def misfocused(frame):
    matrix = frame.camera.image_from_camera * np.array([[1 - SHORTER, 1, 1], [1, 1 - SHORTER, 1], [1, 1, 1]])
    camera = dataclasses.replace(frame.camera, image_from_camera=matrix, focal_error=SHORTER)
    return dataclasses.replace(frame, camera=camera)


def lifted(frame):
    return lift(frame, EXACT).scene


def test_a_wrong_focal_length_moves_objects_as_its_field_says(monkeypatch):
    """Where the plane alone says which way is up; how far other surfaces turn it, lift/test_up.py asks."""
    monkeypatch.setattr("spatialvlm.pipeline.lift.lifter.seen_up", lambda *_: "few_surfaces")
    compared = 0
    for frame in frames():
        right, wrong = lifted(frame), lifted(misfocused(frame))
        if right.support != wrong.support or [o.bottom for o in right.objects] != [o.bottom for o in wrong.objects]:
            continue
        before, after = objects_of([right]), objects_of([wrong])
        (mode,) = after.modes
        moved, said = after.centre - before.centre, SHORTER * mode.pull
        for axis in range(3):  # what all share does not come between them
            between = moved[axis][:, None] - moved[axis]
            assert between == pytest.approx(said[axis][:, None] - said[axis], abs=0.004, rel=0.1)
        stretched = after.extent - before.extent
        for axis in (0, 2):
            assert stretched[axis] == pytest.approx(SHORTER * mode.stretch[axis], abs=0.003, rel=0.1)
        compared += len(right.objects)
    assert compared > 30


@pytest.mark.parametrize("given", [False, True])
def test_error_bars_cover_a_wrong_focal_length(given):
    errors, sigmas = [], []
    for frame in frames(14, given=given):
        right, wrong = measure(lifted(frame), EASY, PAPER), measure(lifted(misfocused(frame)), EASY, PAPER)
        true = {(fact.kind, fact.subjects): fact.answer.metres for fact in right if fact.kind in LENGTHS}
        for fact in wrong:
            if (fact.kind, fact.subjects) in true:
                errors.append(abs(fact.answer.metres - true[fact.kind, fact.subjects]))
                sigmas.append(fact.error)
    assert len(errors) > 900
    assert np.mean(np.array(errors) < 2 * np.array(sigmas)) > 0.98


def test_more_doubt_never_asks_more_and_never_decides_otherwise():
    for seed in range(20):
        scene = random_boxes(seed)
        doubtful = dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, focal_error=0.2))
        sure = {(fact.kind, fact.subjects): fact for fact in measure(scene, kinds=PAPER)}
        unsure = {(fact.kind, fact.subjects): fact for fact in measure(doubtful, kinds=PAPER)}
        assert {key for key, fact in unsure.items() if not is_even(fact.answer)} <= sure.keys()
        for key, fact in unsure.items():
            assert fact.answer == sure[key].answer
            assert fact.error >= sure[key].error


def test_a_wrong_focal_length_turns_no_left_into_right():
    """It stretches what lies across the axis: that counts in full for how far left, little for whether."""
    decided = 0
    for seed in range(20):
        one, other = (
            dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, focal_error=error))
            for scene in [random_boxes(seed)]
            for error in (0.1, 0.3)
        )
        kinds = ("left_predicate", "left_difference", "right_difference")
        facts = {(fact.kind, fact.subjects): fact for fact in measure(one, EASY, kinds)}
        found = {(fact.kind, fact.subjects): fact for fact in measure(other, EASY, kinds)}
        assert found.keys() == facts.keys()
        for (kind, _), fact in found.items():
            if kind != "left_predicate":
                assert fact.error > 0.3 * fact.answer.metres
        decided += len(found)
    assert decided > 100


def test_scenes_without_modes_are_the_same_beside_those_with():
    one = random_boxes(1)
    other = dataclasses.replace(random_boxes(2), camera=dataclasses.replace(one.camera, focal_error=0.1))
    alone, together = measure(one, kinds=MEASURED), measure_all([other, one], kinds=MEASURED)[1]
    assert alone.number.tobytes() == together.number.tobytes()
    assert alone.error.tobytes() == together.error.tobytes()


def test_depth_with_an_unknown_shift_keeps_its_order_and_little_else():
    """What is behind what stays, and comes out right whatever the shift was."""
    asked = 0
    for frame in frames():
        exact = {(fact.kind, fact.subjects): plain(fact.answer) for fact in measure(lifted(frame), kinds=PAPER)}
        for shift in (-0.15, 0.3):
            inverse = 1.0 / frame.depth_m
            depth = (1.0 / (inverse + shift * np.nanmedian(inverse))).astype(np.float32)
            source = DepthSource("m", DepthErrors(scale=0.0, shift=0.3))
            scene = lifted(dataclasses.replace(frame, depth_m=None, relative_depth=depth, depth_source=source))
            assert scene.gravity is None
            assert scene.support.refusal == "depth_has_no_shape"
            for fact in measure(scene, kinds=PAPER):
                assert fact.kind not in LENGTHS
                assert not KINDS[fact.kind].needs_gravity
                true = exact.get((fact.kind, fact.subjects), SAME)
                if KINDS[fact.kind].quantity in ("x", "y") and SAME not in (true, plain(fact.answer)):
                    asked += 1
                    assert plain(fact.answer) == true
    assert asked > 300
