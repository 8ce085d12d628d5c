"""Rewards: figures by hand, ties, plain loops as the reference, and what monotone maps, scale and reversal do."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.reward import (
    PAIR_GAPS_M,
    aligned_abs_rel,
    jitter,
    kendall_b,
    mae_m,
    mean_voc,
    monotone_violations,
    pair_accuracy,
    pearson,
    policy_ranking,
    ranks,
    score_mae,
    spearman,
    voc,
    voc_difference,
)

NAN = float("nan")
series = st.lists(st.integers(-5, 5), min_size=2, max_size=12)
two_series = st.integers(2, 10).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)])
)


def f64(values):
    return np.array(values, np.float64)


def sign(value):
    return (value > 0) - (value < 0)


def pairs_of(a, b):
    """The signs of the differences of all pairs, in a and in b."""
    return [(sign(a[i] - a[j]), sign(b[i] - b[j])) for i, j in combinations(range(len(a)), 2)]


def tau_a(a, b):
    signs = pairs_of(a, b)
    return sum(x * y for x, y in signs) / len(signs)


def tau_b(a, b):
    signs = pairs_of(a, b)
    of_a, of_b = sum(x != 0 for x, _ in signs), sum(y != 0 for _, y in signs)
    return sum(x * y for x, y in signs) / math.sqrt(of_a * of_b) if of_a and of_b else NAN


def test_ties_tell_tau_b_from_tau_a():
    a, b = [1, 1, 2], [1, 2, 3]
    assert tau_a(a, b) == pytest.approx(2 / 3)
    assert kendall_b(f64(a), f64(b)) == pytest.approx(2 / math.sqrt(6))
    assert kendall_b(f64([1, 1, 2, 2]), f64([1, 1, 2, 2])) == pytest.approx(1.0)  # tau-a has 2/3
    assert tau_a([1, 1, 2, 2], [1, 1, 2, 2]) == pytest.approx(2 / 3)


@given(two_series)
def test_correlations_agree_with_plain_loops(both):
    a, b = both
    assert kendall_b(f64(a), f64(b)) == pytest.approx(tau_b(a, b), nan_ok=True)
    by_hand = [sum(other < one for other in a) + (a.count(one) + 1) / 2 for one in a]
    assert ranks(f64(a)).tolist() == by_hand
    for rho in (pearson, spearman, kendall_b):
        assert rho(f64(a), f64(b)) == pytest.approx(rho(f64(b), f64(a)), nan_ok=True)


@pytest.mark.parametrize("rho", [pearson, spearman, kendall_b])
@pytest.mark.parametrize(
    ("a", "b"), [([], []), ([1], [1]), ([2, 2, 2], [1, 2, 3]), ([1, 2], [NAN, 3]), ([7, 7], [7, 7])]
)
def test_what_does_not_vary_has_no_correlation(rho, a, b):
    assert math.isnan(rho(f64(a), f64(b)))


def test_correlations_by_hand():
    assert spearman(f64([1, 2, 3, 4]), f64([1, 3, 2, 4])) == pytest.approx(0.8)  # 1 - 6 * 2 / (4 * 15)
    assert pearson(f64([0, 1, 2]), f64([0, 1, 5])) == pytest.approx(5 / math.sqrt(2 * 14))
    assert spearman(f64([1, 2, NAN, 3]), f64([1, 2, 0, 3])) == pytest.approx(1.0)
    assert pearson(f64([1e-200, 2e-200, 3e-200]), f64([1e200, 2e200, 3e200])) == pytest.approx(1.0)


@given(two_series)
def test_ranks_do_not_see_monotone_maps_and_pearson_no_linear_ones(both):
    a, b = map(f64, both)
    for rho in (spearman, kendall_b):
        assert rho(np.exp(a), b) == pytest.approx(rho(a, b), nan_ok=True)
        assert rho(-a, b) == pytest.approx(-rho(a, b), nan_ok=True)
    assert pearson(3 * a - 7, b) == pytest.approx(pearson(a, b), nan_ok=True)


def test_errors_along_an_episode_by_hand():
    g, d = f64([1.0, 0.8, 0.5, 0.2]), f64([1.1, 0.8, 0.7, 0.1])
    assert mae_m(d, g) == pytest.approx((0.1 + 0.0 + 0.2 + 0.1) / 4)
    assert jitter(d, g) == pytest.approx(0.2)  # 0.1, 0.2, 0.3
    assert mae_m(f64([NAN, 0.9]), f64([1.0, 0.8])) == pytest.approx(0.1)
    assert math.isnan(mae_m(f64([NAN]), f64([1.0])))
    assert math.isnan(jitter(f64([1.0]), f64([1.0])))
    assert math.isnan(jitter(f64([1.0, NAN]), f64([1.0, 0.5])))


@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)), min_size=1, max_size=9), st.floats(0.01, 100))
def test_alignment_forgives_scale_and_nothing_else(frames, scale):
    d, g = f64(frames).T.copy()
    assert aligned_abs_rel(scale * g, g) == pytest.approx(0.0, abs=1e-9)
    assert aligned_abs_rel(scale * d, g) == pytest.approx(aligned_abs_rel(d, g), abs=1e-9)


def test_alignment_by_hand():
    assert aligned_abs_rel(f64([2.0, 4.0, 9.0]), f64([1.0, 2.0, 3.0])) == pytest.approx((0 + 0 + 0.5) / 3)
    assert aligned_abs_rel(f64([2.0, 4.0, 5.0]), f64([1.0, 2.0, 0.0])) == pytest.approx(0.0)  # no relative error of 0
    assert math.isnan(aligned_abs_rel(f64([0.0]), f64([1.0])))
    assert math.isnan(aligned_abs_rel(f64([1.0]), f64([0.0])))


@pytest.mark.parametrize(
    ("gap_m", "expected"),
    [(0.01, 3 / 6), (0.02, 2 / 5), (0.05, 1 / 2), (0.07, 1.0), (0.5, NAN)],
)
def test_pairs_by_hand(gap_m, expected):
    g = f64([0.30, 0.29, 0.26, 0.23])  # pairs 1, 4, 7, 3, 6, 3 cm apart
    d = f64([0.50, 0.40, 0.40, 0.45])  # right, right, right, equal, wrong, wrong
    assert pair_accuracy(d, g, gap_m) == pytest.approx(expected, nan_ok=True)


def test_pairs_just_so_far_apart_count_and_missing_frames_are_wrong():
    assert pair_accuracy(f64([0.30, 0.29]), f64([0.30, 0.29]), 0.01) == 1.0
    assert pair_accuracy(f64([0.0, NAN, 1.0]), f64([0.0, 0.5, 1.0]), 0.01) == pytest.approx(1 / 3)
    assert math.isnan(pair_accuracy(f64([1.0, 2.0]), f64([1.0, 1.0]), 0.0))


@given(two_series, st.sampled_from(PAIR_GAPS_M))
def test_pairs_agree_with_a_plain_loop(both, gap_m):
    d, g = both
    asked = [(d[i] - d[j], g[i] - g[j]) for i, j in combinations(range(len(g)), 2) if g[i] != g[j]]
    expected = sum(sign(x) == sign(y) for x, y in asked) / len(asked) if asked else NAN
    assert pair_accuracy(f64(d), f64(g), gap_m) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("d", "g", "expected"),
    [
        ([3, 2, 1], [3, 2, 1], 0.0),
        ([3, 4, 1], [3, 2, 1], 0.5),
        ([3, 3, 1], [3, 2, 1], 0.0),
        ([1, 2, 3], [3, 2, 1], 1.0),
        ([1, 2, 3], [3, 2, 2], 1.0),  # the last step asks nothing
        ([1, NAN, 3], [3, 2, 1], 1.0),
        ([1, 2], [1, 1], NAN),
        ([1], [1], NAN),
    ],
)
def test_steps_the_wrong_way(d, g, expected):
    assert monotone_violations(f64(d), f64(g)) == pytest.approx(expected, nan_ok=True)


@given(series)
def test_reversed_episodes_have_the_opposite_order(values):
    assert voc(f64(values[::-1])) == pytest.approx(-voc(f64(values)), nan_ok=True)


def test_order_in_time():
    assert voc(f64([0.1, 0.2, 0.9])) == pytest.approx(1.0)
    assert math.isnan(voc(f64([0.5, 0.5, 0.5])))
    rising, still = f64([1, 2, 3]), f64([1, 1, 1])
    assert mean_voc([rising, still]) == pytest.approx(0.5)  # no order is 0, and stays in the denominator
    assert math.isnan(mean_voc([]))


def test_a_clock_sees_no_failure():
    clock = f64(range(20))
    assert voc(clock) == pytest.approx(1.0)
    assert voc_difference([clock, clock], [clock]) == pytest.approx(0.0)
    assert voc_difference([clock], [clock[::-1].copy()]) == pytest.approx(2.0)


def test_scores_of_one_to_five():
    assert score_mae(f64([1, 3, 5]), f64([1, 4, 3])) == pytest.approx(1.0)
    assert score_mae(f64([NAN]), f64([2])) == 3.0
    assert score_mae(f64([NAN]), f64([3])) == 2.0
    assert math.isnan(score_mae(f64([]), f64([])))


def test_policies_are_ranked_by_their_means():
    reward, success = f64([1, 3, 5, 5, 9, 9]), f64([0, 0, 0, 1, 1, 1])
    policies = ["bad", "bad", "middling", "middling", "good", "good"]
    assert policy_ranking(reward, success, policies) == pytest.approx(1.0)
    assert policy_ranking(-reward, success, policies) == pytest.approx(-1.0)
    assert math.isnan(policy_ranking(f64([1.0]), f64([1.0]), ["alone"]))
