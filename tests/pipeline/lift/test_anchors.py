"""Known lengths fix the scale: of scenes whose truth is exact, and against each other."""

import dataclasses
import math

import numpy as np
import pytest

from fixtures.plain_facts import LENGTHS, PAPER
from fixtures.worlds.anchored_rooms import results
from spatialvlm.errors import UserError
from spatialvlm.pipeline.lift import Anchor, LiftConfig, lift
from spatialvlm.pipeline.lift.anchors import Reading, fused, parse_anchor
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import DepthErrors, DepthSource
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, SceneDescription, frame_of

BOX = Body((Cuboid((0.0, 2.2, 0.2), (0.4, 0.3, 0.4), 0.4),))
CAN = Body((Cylinder((0.7, 2.6, 0.15), 0.1, 0.3),))
POST = Body((Cuboid((-0.6, 2.4, 0.35), (0.12, 0.12, 0.7), 0.2),))
HEIGHT = Anchor("camera_height", 1.4)
EASY = MeasureConfig(max_relative_error=1e9)
APART_M = math.dist((0.7, 2.6, 0.15), (-0.6, 2.4, 0.35))


def scene_frame(factor=1.0, source=None):
    description = SceneDescription(bodies=(BOX, CAN, POST), camera_height_m=1.4, pitch_rad=0.35)
    frame = frame_of(description, "f", picture=False)
    names = ("cardboard box", "can", "wooden post")
    seen = tuple(dataclasses.replace(i, captions=(name,)) for i, name in zip(frame.instances, names, strict=True))
    depth = (frame.depth_m * factor).astype(np.float32)
    known = {"depth_m": depth} if source is None else {"depth_m": None, "relative_depth": depth}
    return dataclasses.replace(frame, **known, instances=seen, depth_source=source, gravity_in_camera=None)


def lifted(anchors, factor=1.0, told=0.3, source=None):
    frame = scene_frame(factor, source)
    return lift(frame, LiftConfig(DepthErrors(told), anchors=anchors))


def lengths(scene):
    return {(fact.kind, fact.subjects): fact for fact in measure(scene, EASY, PAPER) if fact.kind in LENGTHS}


ANCHORS = {
    "camera height": (HEIGHT,),
    "height": (Anchor("height", 0.7, ("wooden post",)),),
    "height by the last word": (Anchor("height", 0.7, ("Post",)),),
    "width": (Anchor("width", 0.2, ("can",)),),
    "distance": (Anchor("distance", APART_M, ("can", "post")),),
    "two": (HEIGHT, Anchor("height", 0.4, ("box",))),
}


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.6])
@pytest.mark.parametrize("name", ANCHORS)
def test_an_anchor_brings_every_length_to_its_truth(name, factor):
    exact = lengths(lifted((), told=0.0).scene)
    scene = lifted(ANCHORS[name], factor).scene
    assert scene.scale == "metric"
    assert scene.scale_provenance.startswith("anchor: ")
    assert scene.errors.scale < 0.09
    off = [
        abs(math.log(fact.answer.metres / exact[key].answer.metres))
        for key, fact in lengths(scene).items()
        if key in exact
    ]
    assert len(off) > 15
    limit = 0.08 if name == "width" else 0.05  # of a can, seen a few pixels wide
    assert np.median(off) < (0.03 if "camera" in name or name == "two" else limit)
    assert np.median(off) < 3 * scene.errors.scale


def test_a_better_anchor_shrinks_the_error_bar_and_two_shrink_it_more():
    without, loose = lifted(()), lifted((dataclasses.replace(HEIGHT, error=0.05),))
    tight, two = lifted((HEIGHT,)), lifted(ANCHORS["two"])
    sigmas = [found.scene.errors.scale for found in (without, loose, tight, two)]
    assert sigmas == sorted(sigmas, reverse=True)
    assert sigmas[0] == 0.3
    assert sigmas[1] == pytest.approx(0.05, rel=0.05)


def test_anchors_that_disagree_are_one_drop_that_says_by_how_much():
    wrong = Anchor("height", 1.05, ("post",))  # 50 % too high
    found = lifted((HEIGHT, wrong))
    assert found.scene is None
    (drop,) = found.drops
    assert drop.reason.startswith("anchors_disagree: ")
    for part in ("camera height = 1.4 m", "height of 'post' = 1.05 m", "48%", "sigma"):
        assert part in drop.reason


def test_an_anchor_that_the_depth_contradicts_is_refused_too():
    found = lifted((Anchor("height", 0.7, ("post",)),), factor=0.5, told=0.005)
    assert found.scene is None
    assert "the depth itself (sensor, 0.5%)" in found.drops[0].reason
    assert "(object 3)" in found.drops[0].reason


@pytest.mark.parametrize(("factor", "told"), [(0.5, 0.005), (0.4, 0.3), (2.6, 0.3)])
def test_a_camera_height_that_the_depth_finds_unlikely_is_of_another_plane(factor, told):
    """A table that fills the picture looks like a floor."""
    one, other = lifted((HEIGHT,), factor, told), lifted((), factor, told)
    assert one.scene.errors == other.scene.errors
    assert one.scene.scale_provenance == other.scene.scale_provenance == "depth without noise"


def test_many_measurements_by_one_anchor_make_its_own_error_no_smaller():
    frame = scene_frame()
    anchor = Anchor("height", 0.5, ("thing",), error=0.05)
    things = tuple(dataclasses.replace(i, captions=("thing",)) for i in frame.instances)
    config = LiftConfig(DepthErrors(10.0), anchors=(anchor,))
    one = lift(dataclasses.replace(frame, instances=things[:1]), config).scene
    scale = one.errors.scale
    assert scale >= 0.05
    three = [Reading(anchor, str(k), 0.01 * k, own=0.03, shared=0.05) for k in range(9)]
    factor, error = fused(three, None, 0.0)
    assert factor == pytest.approx(0.04)
    assert error == pytest.approx(math.hypot(0.05, 0.01))


def test_no_length_fixes_depth_with_an_unknown_constant():
    source = DepthSource("some model", DepthErrors(scale=0.0, shift=0.5))
    scene = lifted((Anchor("width", 0.2, ("can",)),), source=source).scene
    assert scene.scale == "relative"
    assert lengths(scene) == {}


@pytest.mark.parametrize(
    "anchors",
    [
        (Anchor("height", 2.0, ("door",)),),
        (Anchor("distance", 2.0, ("door", "can")),),
        (Anchor("distance", 2.0, ("can", "can")),),
    ],
)
def test_an_anchor_that_is_not_in_sight_changes_nothing(anchors):
    one, other = lifted(anchors), lifted(())
    assert one.scene.errors == other.scene.errors
    assert one.scene.scale_provenance == other.scene.scale_provenance == "depth without noise"


def test_an_anchor_gives_relative_depth_its_metres():
    source = DepthSource("some model", DepthErrors(scale=0.0))
    assert lengths(lifted((), 0.3, source=source).scene) == {}
    exact, scene = lengths(lifted((), told=0.0).scene), lifted((HEIGHT,), 0.3, source=source).scene
    assert scene.scale == "metric"
    found = lengths(scene)
    assert {key for key in exact if exact[key].answer.metres > 0.05} <= found.keys()
    for key, fact in found.items():
        if key in exact:
            assert fact.answer.metres == pytest.approx(exact[key].answer.metres, rel=0.05, abs=0.02)


def test_an_anchor_leaves_the_frame_as_it_was():
    frame = scene_frame(1.3)
    before = frame.depth_m.copy()
    lift(frame, LiftConfig(DepthErrors(0.3), anchors=(HEIGHT,)))
    assert np.array_equal(before, frame.depth_m, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("height:door=2.03", Anchor("height", 2.03, ("door",))),
        ("width:wooden table=1.2", Anchor("width", 1.2, ("wooden table",))),
        ("distance:chair, lamp=1.5", Anchor("distance", 1.5, ("chair", "lamp"))),
    ],
)
def test_anchors_are_read_from_text(text, anchor):
    assert parse_anchor(text) == anchor


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("door=2", "expected height:NAME=METRES"),
        ("height:door", "expected height:NAME=METRES"),
        ("height:door=two", "expected height:NAME=METRES"),
        ("depth:door=2", "expected height:NAME=METRES"),
        ("height:door=0", "got 0 m, expected 0.001 to 10000"),
        ("distance:door=2", "got 1 names of objects, expected 2"),
    ],
)
def test_what_is_no_anchor_says_so(text, part):
    with pytest.raises(UserError, match=part.replace("(", r"\(")):
        parse_anchor(text)


def test_rooms_of_a_random_scale_come_out_right():
    """The same as benchmarks/anchors.py on more rooms."""
    pytest.importorskip("mitsuba")
    found = results(rooms=5, seed=78, size=(320, 240))
    median = {name: float(np.median(errors)) for name, (errors, *_) in found.items()}
    assert median["nothing"] > 0.1
    assert median["camera height"] < 0.03
    assert median["camera height, up found"] < 0.03
    assert median["size of an object"] < 0.05
    assert median["both"] < 0.03
    for name, (errors, sigmas, rooms, drops) in found.items():
        assert rooms + drops >= 5
        assert len(errors) > 33
        assert np.mean(errors < 2 * sigmas) > 0.85, name
