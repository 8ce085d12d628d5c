"""Marked points: as far as the depth map says, whatever is cut; scaled with the scene, the same in a mirror."""

import dataclasses
import math

import numpy as np
import pytest

from spatialvlm.answers import Choice, Length, Order
from spatialvlm.geometry import points_on_objects
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import Frame, Scene, SceneErrors
from spatialvlm.worlds.solids import frame_of

KINDS = ("point_distance", "nearer_point", "order_of_points")
SOURCE = ShapesSource(500, width=320, height=240)
SOME = (3, 14, 77, 205, 301, 460)


def framed(k: int) -> tuple[Frame, Scene]:
    frame = frame_of(SOURCE.describe(k), "frame", picture=False)
    scene = lift(frame).scene
    assert scene is not None
    return frame, scene


def seen_at(frame: Frame, scene: Scene) -> dict[str, tuple[float, float]]:
    """How far what the depth map has at each point is, in a straight line and along the optical axis."""
    assert frame.camera is not None
    assert frame.depth_m is not None
    (fx, _, cx), (_, fy, cy), _ = frame.camera.image_from_camera.tolist()
    found = {}
    for thing, (column, row) in zip(scene.objects, points_on_objects([scene]).pixels.tolist()):
        depth = float(frame.depth_m[row, column])
        found[thing.instance.id] = (
            depth * math.hypot(1.0, (column + 0.5 - cx) / fx, (row + 0.5 - cy) / fy),
            depth,
        )
    return found


@pytest.mark.parametrize("k", SOME)
def test_facts_are_what_the_depth_map_has_at_the_points(k):
    frame, scene = framed(k)
    seen, facts = seen_at(frame, scene), measure(scene, kinds=KINDS)
    assert {fact.kind for fact in facts} >= {"point_distance", "nearer_point"}
    for fact in facts:
        ranges, depths = zip(*(seen[name] for name in fact.subjects))
        if isinstance(fact.answer, Length):
            assert fact.answer.metres == pytest.approx(ranges[0], abs=3 * fact.error)
        else:
            assert isinstance(fact.answer, Order) or fact.answer == Choice(fact.subjects, 0)
            assert list(ranges) == sorted(ranges)
            assert list(depths) == sorted(depths), "the second witness"


def test_what_is_cut_or_hidden_is_asked_about_all_the_same():
    _, scene = framed(SOME[0])
    cut = [dataclasses.replace(o, truncated=True, occluded=True, bottom="hidden") for o in scene.objects]
    facts, same = (
        measure(one, kinds=KINDS) for one in (scene, dataclasses.replace(scene, objects=tuple(cut), gravity=None))
    )
    assert [fact.subjects for fact in facts] == [fact.subjects for fact in same]


@pytest.mark.parametrize("k", SOME[:3])
def test_scaling_the_scene_scales_the_distance_and_turns_no_order(k):
    frame, scene = framed(k)
    assert frame.depth_m is not None
    larger = lift(dataclasses.replace(frame, depth_m=frame.depth_m * np.float32(1.3))).scene
    assert larger is not None
    first, second = ({(f.kind, f.subjects): f for f in measure(one, kinds=KINDS)} for one in (scene, larger))
    both = first.keys() & second.keys()
    assert len(both) > 0.7 * len(first)
    for key in both:
        if key[0] == "point_distance":
            # the stored points may be others, so that the point is another pixel of the object
            ways = [seen_at(frame, one)[key[1][0]][0] for one in (scene, larger)]
            assert second[key].answer.metres == pytest.approx(1.3 * ways[1], abs=3 * second[key].error)
            assert first[key].answer.metres == pytest.approx(ways[0], abs=3 * first[key].error)
    turned = {(kind, subjects[::-1]) for kind, subjects in first if kind == "nearer_point"}
    assert not turned & second.keys()


def test_the_order_of_objects_and_a_mirror_change_nothing():
    _, scene = framed(SOME[1])
    shuffled = dataclasses.replace(scene, objects=scene.objects[::-1])
    flip, camera = np.diag([-1.0, 1.0, 1.0]), scene.camera
    objects = []
    for thing in scene.objects:
        left, top, right, bottom = thing.instance.box_xyxy.tolist()
        edges = np.array([camera.width - right, top, camera.width - left, bottom], np.float32)
        mask = np.ascontiguousarray(np.asarray(thing.instance.mask)[:, ::-1])
        instance = dataclasses.replace(thing.instance, box_xyxy=edges, mask=mask)
        points = np.ascontiguousarray(thing.points_in_world @ flip, np.float32)
        objects.append(dataclasses.replace(thing, points_in_world=points, instance=instance))
    matrix = camera.image_from_camera.copy()
    matrix[0, 2] = camera.width - matrix[0, 2]
    pose = scene.world_from_camera.copy()
    pose[:3, :3] = flip @ pose[:3, :3] @ flip
    pose[:3, 3] = flip @ pose[:3, 3]
    mirrored = dataclasses.replace(
        scene,
        objects=tuple(objects),
        camera=dataclasses.replace(camera, image_from_camera=matrix),
        world_from_camera=pose,
    )
    here, other, there = (
        {(f.kind, f.subjects): f for f in measure(one, kinds=KINDS)} for one in (scene, shuffled, mirrored)
    )
    assert here.keys() == other.keys() == there.keys()
    for key, fact in here.items():
        assert other[key].answer == fact.answer
        if isinstance(fact.answer, Length):
            assert there[key].answer.metres == pytest.approx(fact.answer.metres, abs=3 * fact.error)


def test_errors_of_depth_are_errors_of_the_distance_in_full():
    _, scene = framed(SOME[2])
    easy = MeasureConfig(max_relative_error=9.0)
    sure = measure(scene, easy, KINDS[:1])
    for errors in (SceneErrors(0.2, 0.0, 0.0), SceneErrors(0.0, 0.0, 0.0, local=0.2, local_reach_px=50.0)):
        doubtful = measure(dataclasses.replace(scene, errors=errors), easy, KINDS[:1])
        assert doubtful.error == pytest.approx(0.2 * sure.number, rel=0.05)
    drifting = dataclasses.replace(scene, errors=SceneErrors(0.0, 0.0, 0.0, local=0.2, local_reach_px=5.0))
    pairs = {fact.subjects for fact in measure(scene, kinds=("nearer_point",))}
    assert {fact.subjects for fact in measure(drifting, kinds=("nearer_point",))} < pairs


def test_what_has_no_sure_point_is_refused():
    _, scene = framed(SOME[0])
    nowhere = [
        dataclasses.replace(o, instance=dataclasses.replace(o.instance, mask=np.zeros((240, 320), bool)))
        for o in scene.objects
    ]
    facts = measure(dataclasses.replace(scene, objects=tuple(nowhere)), kinds=KINDS)
    assert len(facts) == 0
    assert facts.refusals["point_distance", "no_sure_point"] == len(scene.objects)
    answer = dataclasses.replace(scene, objects=tuple(nowhere)).ask("point_distance", nowhere[0].instance.id)
    assert "surely" in answer.text
    assert scene.ask("point_distance", scene.objects[0].instance.id).value == pytest.approx(
        measure(scene, kinds=KINDS[:1])[0].answer.metres
    )
    assert len(measure(dataclasses.replace(scene, scale="relative"), kinds=KINDS[:1])) == 0
