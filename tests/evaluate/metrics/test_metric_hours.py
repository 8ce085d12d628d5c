"""Hours go round: the table of differences, and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.hours import angle_error, clock_ok, hour_difference

hours = st.integers(1, 12)


def one(*values):
    return [np.array([value], np.float64) for value in values]


@pytest.mark.parametrize(
    ("pred", "truth", "apart", "right"),
    [
        (12, 1, 1, True),
        (1, 12, 1, True),
        (11, 1, 2, False),
        (3, 9, 6, False),
        (6, 6, 0, True),
        (10, 9, 1, True),
        (0, 12, 0, True),
        (13, 1, 0, True),
        (24, 1, 1, True),
        (1.5, 12.5, 1, True),
    ],
)
def test_differences_by_hand(pred, truth, apart, right):
    assert hour_difference(*one(pred, truth)) == [apart]
    assert clock_ok(*one(pred, truth)) == [right]
    assert angle_error(*one(pred, truth)) == [30 * apart]


def test_no_hour_is_wrong_and_stays():
    right = clock_ok(np.array([3.0, np.nan]), np.array([3.0, 3.0]))
    assert right.mean() == 0.5
    assert np.isnan(angle_error(*one(np.nan, 3.0)))


@given(hours, hours, st.integers(0, 11))
def test_differences_are_symmetric_and_do_not_see_where_the_clock_starts(a, b, turn):
    assert hour_difference(*one(a, b)) == hour_difference(*one(b, a)) == hour_difference(*one(a + turn, b + turn))
    assert 0 <= hour_difference(*one(a, b))[0] <= 6
