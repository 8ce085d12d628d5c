"""Points in regions: edges belong to them, triangles in exact arithmetic as the reference, three rules for points."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.points import any_point, first_point, in_polygon

SQUARE = [(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]
HOOK = [(0.0, 0.0), (0.9, 0.0), (0.9, 0.9), (0.6, 0.9), (0.6, 0.3), (0.0, 0.3)]
BOW = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]
place = st.tuples(st.integers(0, 12), st.integers(0, 12))


def inside(point, polygon):
    return bool(in_polygon(np.array([point], np.float64), np.array(polygon, np.float64).reshape(-1, 2))[0])


@pytest.mark.parametrize(
    ("point", "polygon", "expected"),
    [
        ((0.4, 0.4), SQUARE, True),
        ((0.7, 0.4), SQUARE, False),
        ((0.1, 0.4), SQUARE, False),
        ((0.4, 0.61), SQUARE, False),
        ((0.2, 0.4), SQUARE, True),  # left, right, top, bottom edge
        ((0.6, 0.4), SQUARE, True),
        ((0.4, 0.2), SQUARE, True),
        ((0.4, 0.6), SQUARE, True),
        *[(corner, SQUARE, True) for corner in SQUARE],
        ((0.1, 0.2), SQUARE, False),  # in line with an edge
        ((0.3, 0.6), HOOK, False),
        ((0.7, 0.6), HOOK, True),
        ((0.5, 0.3), HOOK, True),
        ((0.3, 0.1), HOOK, True),
        ((0.25, 0.5), BOW, True),  # the even-odd rule where it crosses itself
        ((0.5, 0.25), BOW, False),
        ((0.5, 0.5), BOW, True),
        ((float("nan"), 0.4), SQUARE, False),
        ((float("inf"), 0.4), SQUARE, False),
        ((0.4, 0.4), [], False),
        ((0.4, 0.4), [(0.4, 0.4)], True),
        ((0.4, 0.4), [(0.2, 0.2), (0.6, 0.6)], True),  # no area: the edge is all there is
        ((0.4, 0.5), [(0.2, 0.2), (0.6, 0.6)], False),
    ],
)
def test_points_by_hand(point, polygon, expected):
    assert inside(point, polygon) == expected
    assert inside(point, polygon[::-1]) == expected
    assert inside(point, polygon[2:] + polygon[:2]) == expected


@given(place, place, place, place)
def test_a_triangle_holds_what_lies_on_the_same_side_of_all_its_sides(a, b, c, point):
    def turn(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    assume(turn(a, b, c) != 0)
    sides = [turn(a, b, point), turn(b, c, point), turn(c, a, point)]
    expected = all(side >= 0 for side in sides) or all(side <= 0 for side in sides)
    scaled = [(x / 13, y / 13) for x, y in (a, b, c, point)]
    assert inside(scaled[3], scaled[:3]) == expected


def test_many_points_are_answered_at_once():
    points = np.array([(0.4, 0.4), (0.7, 0.7), (0.2, 0.2)])
    assert in_polygon(points, np.array(SQUARE)).tolist() == [True, False, True]
    assert in_polygon(np.zeros((0, 2)), np.array(SQUARE)).tolist() == []


@pytest.mark.parametrize(
    ("points", "first", "anywhere"),
    [
        ([], 0.0, 0.0),
        ([True], 1.0, 1.0),
        ([False, True], 0.0, 1.0),
        ([True, False, False, False], 1.0, 1.0),
        ([False, False], 0.0, 0.0),
    ],
)
def test_two_rules_for_the_points_of_an_answer(points, first, anywhere):
    given_points = np.array(points, bool)
    assert first_point(given_points) == first
    assert any_point(given_points) == anywhere
