"""Intervals: what they must hold, against theory, how they see clusters, and that they are fast and always the same."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.bootstrap import Interval, difference_interval, mean_interval

tenths = st.lists(st.integers(0, 10).map(lambda k: k / 10), min_size=1, max_size=60)


def test_no_rows_have_no_interval_and_one_has_no_width():
    none = np.zeros(0)
    assert mean_interval(none) is difference_interval(none, none) is None
    assert mean_interval(np.array([0.3])) == Interval(0.3, 0.3, 0.3, 1)
    assert mean_interval(np.array([0.0, 1.0]), ["one picture", "one picture"]) == Interval(0.5, 0.5, 0.5, 2)


@given(tenths)
@settings(max_examples=30)
def test_an_interval_holds_the_mean_and_stays_within_the_values(values):
    found = mean_interval(np.array(values))
    assert found.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-12 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= max(values) + 1e-12


@given(tenths, st.randoms(use_true_random=False), st.integers(1, 5))
@settings(max_examples=30)
def test_the_order_of_rows_does_not_matter(values, random, pictures):
    rows = [(value, f"picture {k % pictures}") for k, value in enumerate(values)]
    shuffled = random.sample(rows, len(rows))
    assert mean_interval(np.array(values)) == mean_interval(np.array([value for value, _ in shuffled]))
    before, after = (
        mean_interval(np.array([value for value, _ in some]), [name for _, name in some]) for some in (rows, shuffled)
    )
    assert before == after


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    values = np.random.default_rng(1).random(500)
    first, again, other = mean_interval(values), mean_interval(values.copy()), mean_interval(values, seed=1)
    assert np.array([first.low, first.high]).tobytes() == np.array([again.low, again.high]).tobytes()
    assert first.low != other.low
    assert first.low == pytest.approx(other.low, abs=0.005)


@pytest.mark.parametrize("count", [100, 400, 1600])
def test_the_width_is_that_of_the_normal_distribution(count):
    values = (np.arange(count) % 4 == 0).astype(np.float64)
    found = mean_interval(values)
    expected = 2 * 1.96 * np.sqrt(0.25 * 0.75 / count)  # halves as the rows become four times as many
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_the_truth_is_inside_about_as_often_as_claimed():
    random = np.random.default_rng(5)
    found = [mean_interval(random.exponential(1.0, 80)) for _ in range(300)]
    assert 0.89 <= np.mean([one.low <= 1.0 <= one.high for one in found]) <= 0.98


def test_rows_said_again_about_the_same_picture_are_no_new_evidence():
    values = np.random.default_rng(2).random(60)
    once, pictures = mean_interval(values), [f"picture {k}" for k in range(60)]
    again = mean_interval(np.repeat(values, 7), np.repeat(pictures, 7).tolist())
    assert (again.low, again.high) == pytest.approx((once.low, once.high))
    believed = mean_interval(np.repeat(values, 7))
    assert believed.high - believed.low < 0.5 * (again.high - again.low)


def test_clusters_of_one_row_change_nothing():
    values = np.random.default_rng(2).random(200)
    alone = mean_interval(values, list(range(200)))
    assert (alone.low, alone.high) == pytest.approx((mean_interval(values).low, mean_interval(values).high))


def test_clusters_of_unequal_size_weigh_by_their_rows():
    values = np.array([1.0, 1.0, 1.0, 0.0])
    found = mean_interval(values, ["big", "big", "big", "small"])
    assert (found.value, found.low, found.high, found.rows) == (0.75, 0.0, 1.0, 4)


def test_a_model_differs_from_itself_by_nothing():
    scores = np.random.default_rng(4).random(300)
    assert difference_interval(scores, scores) == Interval(0.0, 0.0, 0.0, 300)


def test_a_paired_difference_sees_what_two_intervals_cannot():
    hard = np.random.default_rng(4).random(300)
    better, worse = hard + 0.02, hard + 0.001 * np.cos(np.arange(300))
    apart = difference_interval(better, worse)
    assert 0 < apart.low < 0.02 < apart.high + 1e-3
    assert mean_interval(worse).high > mean_interval(better).low
    back = difference_interval(worse, better)
    assert (back.low, back.high) == pytest.approx((-apart.high, -apart.low), abs=1e-4)


def test_ten_thousand_rows_are_fast_and_small():
    values = np.random.default_rng(7).random(10_000)
    pictures = [f"picture {k // 3}" for k in range(10_000)]
    for clusters in (None, pictures):
        start = time.process_time()
        mean_interval(values, clusters)
        assert time.process_time() - start < 0.3
    tracemalloc.start()
    mean_interval(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
