"""Truth and comparison on analytic scenes: exact input is right, and a known error shows as just that error."""

from dataclasses import replace

import numpy as np
import pytest

from fixtures.plain_facts import PAPER
from spatialvlm.audit.compare import compare
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.run import UNTOLD, audit_room, error_models
from spatialvlm.audit.tally import Tally
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.worlds import Truth
from spatialvlm.worlds.solids import Body, Cuboid, SceneDescription, Sphere, truth_of

SCENES = 12


@pytest.fixture(scope="module")
def scenes() -> list[Truth]:
    source = ShapesSource(2000 + SCENES, width=320, height=240)
    descriptions = [source.describe(2000 + k) for k in range(SCENES)]
    return [truth_of(description, f"s{k}") for k, description in enumerate(descriptions)]


def compared(scene: Truth, frame=None):
    """Facts of a frame of a scene with their truth, and the quantities."""
    frame, truth = frame or scene.frame, TrueQuantities(scene)
    lifted = lift(frame).scene
    plane_m, found = truth.plane_under(lifted, frame)
    assert (plane_m, found) == (0.0, True)
    return compare(measure(lifted, kinds=PAPER), truth, plane_m, MeasureConfig()), truth


def test_exact_input_is_right(scenes):
    right, off = [], []
    for scene in scenes:
        rows, _ = compared(scene)
        right += rows.right[~rows.is_number].tolist()
        off += (np.abs(rows.number - rows.visible) / np.maximum(rows.visible, 0.01))[rows.is_number].tolist()
    assert len(right) > 3000
    assert np.mean(right) >= 0.999
    assert np.median(off) < 0.005


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_scale_error_shifts_every_length_by_itself(scenes, factor):
    for scene in scenes[:4]:
        exact, _ = compared(scene)
        wrong, _ = compared(scene, replace(scene.frame, depth_m=(scene.frame.depth_m * factor).astype(np.float32)))
        before, after = (
            {
                (row.kind[i], *row.subjects[i].tolist()): row.number[i]
                for row in [rows.only(rows.is_number)]
                for i in range(len(row.kind))
            }
            for rows in (exact, wrong)
        )
        both = before.keys() & after.keys()
        assert len(both) > 0.5 * len(before)
        ratio = np.array([after[key] / before[key] for key in both if before[key] > 0.1])
        assert np.median(ratio) == pytest.approx(factor, rel=1e-3)
        assert np.mean(np.abs(ratio / factor - 1.0) < 0.03) > 0.9


def test_truth_of_a_box_and_a_ball():
    box, ball = Cuboid((-0.3, 2.0, 0.2), (0.2, 0.3, 0.4)), Sphere((0.4, 2.2, 0.15), 0.15)
    things = (Body((box,)), Body((ball,)))
    scene = SceneDescription(bodies=things, camera_height_m=1.0, width=640, height=480)
    truth = TrueQuantities(truth_of(scene, "two"))
    ids, pair, none = ("1", "2"), np.array([[0, 1]]), np.array([np.nan])
    amodal, visible = truth.amodal(ids, 0.0), truth.visible(ids, 0.0)
    assert amodal.single("width") == pytest.approx([0.2, 0.3])
    assert amodal.single("height") == pytest.approx([0.4, 0.3])
    assert amodal.single("x") == pytest.approx([-0.3, 0.4])
    assert amodal.single("size") == pytest.approx([np.cbrt(0.2 * 0.3 * 0.4), 0.3])
    assert amodal.values("distance", pair, none) == pytest.approx(np.linalg.norm([0.7, 0.2, 0.05]))
    assert amodal.values("horizontal", pair, none) == pytest.approx(np.hypot(0.7, 0.2))
    assert amodal.values("vertical", pair, none) == pytest.approx(0.05)
    assert amodal.values("height", pair[:, :1], none) == pytest.approx(0.4)
    assert amodal.difference("x", pair) == pytest.approx(-0.7), "B is the one on the right"
    assert amodal.difference("x", pair[:, ::-1]) == pytest.approx(0.7)
    assert visible.single("width") == pytest.approx([0.2, 0.3], abs=0.03)
    assert visible.single("bottom").tolist() == [0.0, 0.0], "what stands on the plane reaches down to it"
    assert visible.single("y")[1] < amodal.single("y")[1] - 0.02, "of a ball only the front is seen"
    nearest = np.hypot(0.7 - 0.1, 2.2 - 2.15) - 0.15
    assert truth.gap("1", "2") == truth.gap("2", "1")
    assert truth.gap("1", "2") == pytest.approx(nearest, abs=0.01)


def test_heights_count_from_the_plane(scenes):
    truth = TrueQuantities(scenes[0])
    ids = tuple(truth.points)
    floor, raised = truth.amodal(ids, 0.0), truth.amodal(ids, 0.4)
    assert raised.single("elevation") == pytest.approx(floor.single("elevation") - 0.4)
    for quantity in ("x", "y", "height", "width", "size"):
        assert raised.single(quantity) == pytest.approx(floor.single(quantity))
    assert not np.any(truth.visible(ids, 0.4).low[:, 2] == 0.0), "nothing here stands on a level of 0.4 m"


def test_a_rug_is_not_the_floor(scenes):
    """What stands on something thin stands a little higher, and the plane stays where most of the background is."""
    before = TrueQuantities(scenes[0])
    name = next(name for name in before.points if before.visible((name,), 0.0).low[0, 2] == 0.0)
    truth = TrueQuantities(replace(scenes[0], supports={**scenes[0].supports, name: 0.008}))
    frame = scenes[0].frame
    lifted = lift(frame).scene
    assert truth.plane_under(lifted, frame) == (0.0, True)
    assert truth.visible((name,), 0.0).low[0, 2] == pytest.approx(0.008)


def test_gap_is_that_of_all_pixels(scenes):
    truth = TrueQuantities(scenes[1])
    ids = sorted(truth.points)[:4]
    for one in ids:
        for other in ids:
            if one < other:
                a, b = truth.points[one], truth.points[other]
                chunks = (np.linalg.norm(a[k : k + 200, None] - b, axis=2).min() for k in range(0, len(a), 200))
                assert truth.gap(one, other) == pytest.approx(min(chunks), abs=1e-9)


def test_a_mirrored_room_has_mirrored_truth(scenes):
    """What is left becomes right, and nothing else changes."""
    scene = scenes[2]
    frame = scene.frame
    matrix = frame.camera.image_from_camera.copy()
    matrix[0, 2] = frame.camera.width - matrix[0, 2]
    flip = np.array([-1.0, 1.0, 1.0])
    turned = [replace(i, mask=np.ascontiguousarray(i.mask[:, ::-1])) for i in frame.instances]
    mirrored = replace(
        frame,
        depth_m=np.ascontiguousarray(frame.depth_m[:, ::-1]),
        camera=replace(frame.camera, image_from_camera=matrix),
        instances=tuple(turned),
        gravity_in_camera=frame.gravity_in_camera * flip,
    )
    pose = np.diag([*flip, 1.0]) @ scene.world_from_camera @ np.diag([*flip, 1.0])
    boxes = {
        key: (np.minimum(a * flip, b * flip), np.maximum(a * flip, b * flip)) for key, (a, b) in scene.boxes.items()
    }
    one, other = TrueQuantities(scene), TrueQuantities(Truth(mirrored, pose, boxes, scene.supports))
    ids = tuple(one.points)
    for before, after in (
        (one.visible(ids, 0.0), other.visible(ids, 0.0)),
        (one.amodal(ids, 0.0), other.amodal(ids, 0.0)),
    ):
        assert after.single("x") == pytest.approx(-before.single("x"), abs=1e-6)
        for quantity in ("y", "bottom", "height", "width", "size"):
            assert after.single(quantity) == pytest.approx(before.single(quantity), abs=1e-6)
    assert other.gap(*ids[:2]) == pytest.approx(one.gap(*ids[:2]), abs=1e-6)


def test_about_the_same_is_right_within_the_floor():
    low = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    high = low + np.array([[0.1, 0.1, 0.2], [0.1, 0.1, 0.21], [0.1, 0.1, 0.3]])
    boxes, pairs = Boxes(low, high, np.array([0.0, 0.0, 1.0])), np.array([[0, 1], [0, 2]])
    differences = boxes.difference("height", pairs)
    floor = boxes.floor("height", pairs, MeasureConfig())
    assert (np.abs(differences[:, 0]) < floor).tolist() == [True, False]
    kind = KINDS["tall_predicate"]
    said = np.array([0, 0], np.int8)
    assert kind.form.holds(kind, said, differences, floor).tolist() == [True, False]


def test_told_of_the_errors_the_bars_are_honest(scenes):
    presets = ("stated", "monocular")
    totals: dict[str, Tally] = {}
    for room, scene in enumerate(scenes):
        for key, tally in audit_room(scene, room, 0, presets).items():
            totals.setdefault(key, Tally()).merge(tally)
    assert set(totals) == {key for name in presets for key in error_models(PRESETS[name])}
    for name in presets:
        figures = totals[name].figures()
        assert figures["qualitative_accuracy"] > 0.98, name
        assert 0.5 < figures["coverage_1sigma"] < 0.92, name
        assert figures["coverage_2sigma"] > 0.85, name
    untold = totals["monocular" + UNTOLD].figures()
    assert untold["coverage_1sigma"] < 0.4
    assert untold["asked"] > totals["monocular"].figures()["asked"], "who knows of the errors asks less"
