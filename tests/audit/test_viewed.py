"""What is seen from the camera and what is listed: its truth on drawn boxes, and decided facts against it in rooms."""

import math

import numpy as np
import pytest

from spatialvlm.audit.compare import compare
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure

PICKED = ("nearest", "farthest", "nearest_to_camera", "farthest_from_camera", "tallest")
ORDERED = ("order_by_distance", "order_by_depth", "order_by_height")
MEASURED = ("camera_distance", "camera_height", "camera_pitch", "angle_between", "bearing")
NAMES = (*PICKED, *ORDERED, *MEASURED, "clock_direction")
ROOMS = 8


def test_truth_of_drawn_boxes():
    centres = np.array([[0.0, 2.0, 1.0], [2.0, 2.0, 1.0], [-1.0, 2.0, 2.0]])
    halves = np.array([[0.1, 0.1, 0.3], [0.1, 0.1, 0.1], [0.1, 0.1, 0.2]])
    forward = np.array([0.0, math.cos(0.3), -math.sin(0.3)])
    boxes = Boxes(centres - halves, centres + halves, np.array([0.0, 0.0, 1.0]), forward)

    def true(quantity, *subjects):
        return boxes.values(quantity, np.array([subjects]), np.full(1, np.nan))[0].tolist()

    assert true("camera_height", -1) == [1.0]
    assert true("camera_pitch", -1) == pytest.approx([0.3])
    assert true("camera_distance", 2, -1) == pytest.approx([math.sqrt(6.0)])
    assert true("bearing", 1) == true("clock_hour", 1) == pytest.approx([math.pi / 4])
    assert true("bearing", 2) == pytest.approx([-math.atan2(1.0, 2.0)])
    assert true("angle_between", 0, 1) == pytest.approx([math.pi / 4])
    assert true("height_order", 0, 2, 1, -1) == pytest.approx([0.6, 0.4, 0.2, math.nan], nan_ok=True)
    assert true("y_order", 0, 1) == [2.0, 2.0]
    assert true("least_camera_distance", 0, 1) == pytest.approx([2.0, math.sqrt(8.0)])
    assert true("farthest", 0, 1, 2, -1) == pytest.approx([2.0, math.sqrt(2.0), math.nan], nan_ok=True)


def test_the_truth_turns_with_the_heading():
    centre = np.array([[1.0, 1.0, 1.0]])
    boxes = Boxes(centre - 0.1, centre + 0.1, np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
    assert boxes.values("bearing", np.array([[0]]), np.full(1, np.nan))[0] == pytest.approx(-math.pi / 4)


def test_of_exact_rooms_every_decided_fact_is_right():
    source, config = open_rooms(ROOMS, seed=31, size=(160, 120)), MeasureConfig()
    found = {name: [] for name in NAMES}
    for room in range(ROOMS):
        known = source.truth(room)
        truth, scene = TrueQuantities(known), lift(known.frame).scene
        plane_m, _ = truth.plane_under(scene, known.frame)
        rows = compare(measure(scene, config, NAMES), truth, plane_m, config)
        for name, outcome, number, error, right, visible in zip(
            (list(KINDS)[index] for index in rows.kind),
            *(getattr(rows, column).tolist() for column in ("outcome", "number", "error", "right", "visible")),
            strict=True,
        ):
            side = outcome * visible > 0 if KINDS[name].form.is_number and KINDS[name].word else True
            found[name].append((room, right and side, abs(number - visible) / error))
    for name, rows in found.items():
        assert len({room for room, *_ in rows}) > ROOMS / 3, f"{name} is hardly ever asked"
        assert np.mean([right for _, right, _ in rows]) >= 0.995, name
        if name in MEASURED:
            assert np.mean([off < 3.0 for *_, off in rows]) >= 0.98, name
