"""What something nearer cuts: found whatever the shapes, and not where it hides nothing that sticks out."""

import numpy as np
import pytest

from spatialvlm.pipeline.lift import lift
from spatialvlm.worlds.ground_truth import exact_frame

FOCAL, SIZE = 300.0, (320, 240)
WALL = 4.0


def flags(*cards):
    """Whether each of some upright cards (left, top, right, bottom in pixels, depth, holes) is occluded."""
    depth_m, seen = np.full(SIZE[::-1], WALL, np.float32), np.full(SIZE[::-1], -1)
    for place, (left, top, right, bottom, away, *holes) in enumerate(cards):
        part = np.zeros(SIZE[::-1], bool)
        part[top:bottom, left:right] = True
        for hole in holes:
            part[hole] = False
        part &= depth_m > away
        depth_m[part], seen[part] = away, place
    matrix = np.array([[FOCAL, 0.0, 160.0], [0.0, FOCAL, 120.0], [0.0, 0.0, 1.0]])
    captions = [(f"card {place}",) for place in range(len(cards))]
    frame = exact_frame("f", "test", None, matrix, depth_m, np.array([0.0, 1.0, 0.0]), captions, seen)
    scene = lift(frame).scene
    assert scene is not None
    return [o.occluded for o in scene.objects]


@pytest.mark.parametrize("cut", [(60, 100, 260, 200), (40, 20, 110, 220), (190, 20, 290, 220), (60, 10, 260, 70)])
def test_a_larger_thing_before_an_end_cuts_it(cut):
    assert flags((100, 50, 200, 150, 3.0), (*cut, 2.0)) == [True, False]


def test_ladder_backs_are_cut_by_tables_and_not_by_what_is_seen_through_them():
    gaps = [np.s_[60 + 20 * k : 70 + 20 * k, 110:190] for k in range(5)]
    assert flags((100, 50, 200, 170, 2.0, *gaps), (120, 60, 180, 120, 3.0))[0] is False
    assert flags((100, 50, 200, 190, 3.0, *gaps), (40, 150, 290, 220, 2.0))[0] is True


def test_what_sticks_out_nowhere_hides_nothing():
    table = (60, 60, 260, 180, 3.0)
    assert flags(table, (120, 90, 150, 150, 2.0)) == [False, False], "in the middle"
    assert flags(table, (120, 120, 160, 181, 2.0)) == [False, False], "at the lower end, but not beyond"
    assert flags(table, (62, 90, 80, 150, 2.0)) == [False, False]


def test_a_narrow_thing_before_a_wide_end_leaves_it_in_sight():
    assert flags((60, 60, 260, 180, 3.0), (150, 30, 170, 100, 2.0)) == [False, False]


def test_what_is_behind_cuts_nothing_nor_does_what_is_as_near():
    assert flags((100, 50, 200, 150, 2.0), (60, 100, 260, 200, 3.0))[0] is False
    assert flags((100, 50, 200, 150, 3.0), (200, 50, 260, 150, 2.97)) == [False, False]
