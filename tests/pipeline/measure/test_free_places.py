"""Free places beside objects: mirrored, scaled and shuffled with the scene, and refused where there is none."""

import dataclasses

import cv2
import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.geometry import deepest_point, tight_box
from spatialvlm.kinds import KIND_NAMES
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, SceneDescription, frame_of

KINDS = tuple(name for name in KIND_NAMES if name.startswith("free_"))
BESIDE = {"free_left": (-0.46, 0.0), "free_right": (0.46, 0.0), "free_front": (0.0, -0.39), "free_behind": (0.0, 0.5)}
CRATE = (0.1, 2.0, 0.03), (0.4, 0.25, 0.06)
MIRRORED = {"free_left": "free_right", "free_right": "free_left"}


def drawn(*more, crate=CRATE, **camera):
    """A crate on the floor, and more."""
    description = SceneDescription((Body((Cuboid(*crate),), ("red crate",)), *more), **camera)
    return frame_of(description, "room", picture=False)


def regions(frame, kinds=KINDS):
    """The region of each kind about the crate."""
    facts = measure(lift(frame).scene, kinds=kinds)
    return {fact.kind: fact.answer.polygon for fact in facts if fact.subjects == ("1",)}


def raster(polygon):
    corners = np.rint(np.array(polygon) * 1000).astype(np.int32)
    return cv2.fillPoly(np.zeros((1000, 1000), np.uint8), [corners], 1).astype(bool)


def overlap(one, other):
    """The share of two regions that both have."""
    return np.count_nonzero(raster(one) & raster(other)) / np.count_nonzero(raster(one) | raster(other))


def reached(frame, polygon):
    """Where on the floor the said point is, from the middle of the crate."""
    x, y = deepest_point(polygon)
    matrix = frame.camera.image_from_camera
    ray = np.linalg.solve(matrix, [x * frame.camera.width, y * frame.camera.height, 1.0])
    pose = SceneDescription().world_from_camera
    way = pose[:3, :3] @ ray
    return (pose[:3, 3] - way * pose[2, 3] / way[2])[:2] - CRATE[0][:2]


def flipped(frame):
    """The frame in a mirror."""
    instances = []
    for instance in frame.instances:
        mask = np.ascontiguousarray(instance.mask[:, ::-1])
        instances.append(dataclasses.replace(instance, mask=mask, box_xyxy=tight_box(mask)))
    gravity = frame.gravity_in_camera * [-1, 1, 1]
    depth_m = np.ascontiguousarray(frame.depth_m[:, ::-1])
    return dataclasses.replace(frame, depth_m=depth_m, gravity_in_camera=gravity, instances=tuple(instances))


def test_the_place_that_is_said_is_on_its_side():
    frame = drawn()
    found = regions(frame)
    assert set(found) == set(KINDS)
    for kind, polygon in found.items():
        axis, side = (0, np.sign(BESIDE[kind][0])) if BESIDE[kind][0] else (1, np.sign(BESIDE[kind][1]))
        away, half = reached(frame, polygon), np.array(CRATE[1]) / 2
        assert half[axis] < side * away[axis] < half[axis] + 0.5, kind
        assert abs(away[1 - axis]) < half[1 - axis] + 0.1, kind


def test_a_mirror_swaps_left_and_right():
    found, mirrored = regions(drawn()), regions(flipped(drawn()))
    assert set(found) == set(mirrored)
    for kind, polygon in found.items():
        seen = tuple((1.0 - x, y) for x, y in mirrored[MIRRORED.get(kind, kind)])
        assert overlap(polygon, seen) > 0.95, kind


def test_a_larger_world_has_the_same_places():
    found = regions(drawn())
    scaled = dataclasses.replace(drawn(), depth_m=drawn().depth_m * np.float32(1.2))
    larger = regions(scaled)
    assert set(found) == set(larger)
    assert all(overlap(polygon, larger[kind]) > 0.95 for kind, polygon in found.items())


def test_the_order_of_the_objects_does_not_matter():
    frame = drawn(Body((Cylinder((-0.5, 2.0, 0.1), 0.1, 0.2),), ("bin",)))
    turned = dataclasses.replace(frame, instances=frame.instances[::-1])
    assert regions(frame) == regions(turned)


@pytest.mark.parametrize("kind", ["free_left", "free_right", "free_front"])
def test_where_something_stands_there_is_no_place(kind):
    x, y = BESIDE[kind]
    other = Body((Cuboid((CRATE[0][0] + x, CRATE[0][1] + y, 0.01), (0.5, 0.5, 0.02)),), ("mat",))
    assert kind in regions(drawn())
    assert kind not in regions(drawn(other))


def test_reasons():
    scene = lift(drawn()).scene
    old = dataclasses.replace(scene, surfaces=None)
    nowhere = dataclasses.replace(scene, surfaces=())
    lost = dataclasses.replace(scene, gravity=None)
    for refused, reason in ((old, "free_space_unknown"), (nowhere, "no_surface"), (lost, "gravity_unknown")):
        assert dict(measure(refused, kinds=KINDS).refusals) == {(kind, reason): 1 for kind in KINDS}


def test_the_question_names_what_it_stands_on_and_scores_itself():
    table = Body((Cuboid((0.0, 1.5, 0.2), (1.2, 0.8, 0.4)),), ("white desk",))
    scene = lift(drawn(table, crate=((0.0, 1.5, 0.45), (0.15, 0.12, 0.1)))).scene
    config = PhraseConfig(kinds=("free_left",))
    (qa,) = (qa for qa in phrase(scene, measure(scene), 0, config).questions if qa.names == ("the red crate",))
    assert "the white desk" in qa.question
    assert sv.score(qa, qa.answer).value == 1.0
    x, y = deepest_point(qa.value.polygon)
    assert sv.score(qa, f"({x}, {y})").value == 1.0
    assert sv.score(qa, f"({1 - x:.2f}, {y})").value == 0.0
    assert scene.free_left("red crate").fact.answer == qa.fact.answer
