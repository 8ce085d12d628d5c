"""The truth of arrangements and perspectives, and rooms with exact depth, where every decided fact is true."""

import math
from collections import Counter

import numpy as np
import pytest

from spatialvlm.audit.compare import compare
from spatialvlm.audit.true_arrangements import between
from spatialvlm.audit.truth import Boxes, TrueQuantities
from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure

ASKED = tuple(
    name
    for name, kind in KINDS.items()
    if kind.quantity in ("within", "between", "fits_between", "passes_between", "top") or "perspective" in name
)
ROOMS = 8


def boxes(*centres, half=0.1):
    """Cubes at some places; between any two is a gap of half a metre."""
    middle = np.array(centres, float)
    return Boxes(middle - half, middle + half, np.zeros(3), gaps=lambda pairs: np.full(len(pairs), 0.5))


def value(made, quantity, subjects, given=math.nan):
    return made.values(quantity, np.array([subjects]), np.array([given])).item()


def test_counts_pass_over_who_is_not_listed():
    made = boxes((0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3))
    assert [value(made, "within", (0, 1, 2, 3, -1), radius) for radius in (0.5, 1.5, 2.5, 3.5)] == [0, 1, 2, 3]


def test_between_is_what_is_left_to_the_nearest_limit():
    places = np.array([[0.5, 0, 0], [-1, 0, 0], [1, 0, 9], [0, 0.75, 0], [1.5, 0, 0]], float)
    rows = np.array([[0, 1, 2], [3, 1, 2], [4, 1, 2]])
    assert between(places, rows, 2) == pytest.approx([0.4, 0.0, -0.6])


def test_what_fits_and_passes_is_less_than_the_gap():
    made = boxes((0, 0, 0), (1, 0, 0), (2, 0, 0))
    assert value(made, "fits_between", (0, 1, 2)) == pytest.approx(0.3)
    assert value(made, "passes_between", (0, 1), 0.6) == pytest.approx(-0.1)
    assert value(made, "top", (0,), 0.06) == pytest.approx(0.04)
    assert math.isnan(value(Boxes(made.low, made.high, made.viewer), "passes_between", (0, 1), 0.6))


@pytest.mark.parametrize(("degrees", "quadrant"), [(-30, 0), (60, 1), (100, 2), (-170, 3)])
@pytest.mark.parametrize("heading", [0, 77, 200])
def test_perspectives_turn_with_who_faces(degrees, quadrant, heading):
    ahead, there = math.radians(heading), math.radians(heading + degrees)
    made = boxes(
        (1, 2, 0), (1 + math.sin(ahead), 2 + math.cos(ahead), 1), (1 + math.sin(there), 2 + math.cos(there), 0)
    )
    assert math.degrees(value(made, "perspective_hour", (0, 1, 2))) == pytest.approx(degrees)
    assert value(made, "perspective_side", (0, 1, 2)) == (degrees > 0)
    assert value(made, "perspective_facing", (0, 1, 2)) == (abs(degrees) > 90)
    assert value(made, "perspective_quadrant", (0, 1, 2)) == quadrant


def test_what_is_decided_in_rooms_of_exact_depth_is_true():
    source, asked = open_rooms(ROOMS, seed=77, size=(160, 120)), Counter()
    for room in range(ROOMS):
        known = source.truth(room)
        truth, scene = TrueQuantities(known), lift(known.frame).scene
        plane_m, _ = truth.plane_under(scene, known.frame)
        rows = compare(measure(scene, None, ASKED), truth, plane_m, MeasureConfig())
        assert rows.right.all(), [KIND_NAMES[kind] for kind in rows.kind[~rows.right]]
        asked.update(KIND_NAMES[kind] for kind in np.unique(rows.kind).tolist())
    assert set(asked) == set(ASKED)
    assert min(asked.values()) >= ROOMS // 3, asked
