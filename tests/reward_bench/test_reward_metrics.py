"""Figures of one episode: laws that hold for any, and what scipy says of the same numbers."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.reward_bench import reward_metrics as metrics

GENERATOR = np.random.default_rng(0)
NUMBERS = st.lists(st.integers(-8, 8), min_size=3, max_size=12)
PAIRS = st.integers(3, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(-8, 8), min_size=n, max_size=n) for _ in range(2)])
)


def series(numbers):
    return np.array(numbers, np.float64)


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_correlations_are_those_of_scipy(pair):
    d, g = map(series, pair)
    if len(set(pair[0])) == 1 or len(set(pair[1])) == 1:
        assert np.isnan([metrics.pearson(d, g), metrics.spearman(d, g), metrics.kendall_tau_b(d, g)]).all()
        return
    assert metrics.pearson(d, g) == pytest.approx(scipy.stats.pearsonr(d, g)[0], abs=1e-12)
    assert metrics.spearman(d, g) == pytest.approx(scipy.stats.spearmanr(d, g)[0], abs=1e-12)
    assert metrics.kendall_tau_b(d, g) == pytest.approx(scipy.stats.kendalltau(d, g)[0], abs=1e-12)


@settings(deadline=None)
@given(NUMBERS)
def test_ranks_are_those_of_scipy(numbers):
    assert metrics.ranks(series(numbers)).tolist() == scipy.stats.rankdata(numbers).tolist()


@settings(deadline=None, max_examples=60)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_frames_does_not_matter_but_in_time(pair, random):
    d, g = map(series, pair)
    places = list(range(len(d)))
    random.shuffle(places)
    for metric in (
        metrics.pearson,
        metrics.spearman,
        metrics.kendall_tau_b,
        metrics.mean_absolute_error,
        metrics.absolute_relative_error,
        metrics.scale_aligned_error,
        lambda one, other: metrics.pair_accuracy(one, other, 2.0),
        lambda one, other: metrics.share_within(one, other, *metrics.QUARTER),
    ):
        assert metric(d[places], g[places]) == pytest.approx(metric(d, g), nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_a_monotone_map_changes_no_order(pair):
    d, g = map(series, pair)
    for metric in (metrics.spearman, metrics.kendall_tau_b, lambda one, two: metrics.pair_accuracy(one, two, 2.0)):
        assert metric(np.exp(d), g) == pytest.approx(metric(d, g), nan_ok=True)
    assert metrics.monotone_violations(np.exp(d)) == metrics.monotone_violations(d)


@settings(deadline=None)
@given(NUMBERS)
def test_mirrored_time_negates_voc(numbers):
    v = series(numbers)
    assert metrics.value_order_correlation(v[::-1]) == pytest.approx(-metrics.value_order_correlation(v), nan_ok=True)


def test_a_ruler_that_is_right_has_no_error():
    g = np.linspace(0.3, 0.02, 20)
    assert metrics.spearman(g, g) == metrics.kendall_tau_b(g, g) == metrics.pair_accuracy(g, g, 0.01) == 1
    assert metrics.mean_absolute_error(g, g) == metrics.jitter(g, g) == metrics.monotone_violations(g) == 0
    assert metrics.value_order_correlation(-g) == 1


def test_errors_of_scale_and_shape_are_told_apart():
    g = np.linspace(0.3, 0.02, 20)
    assert metrics.absolute_relative_error(1.5 * g, g) == pytest.approx(0.5)
    assert metrics.scale_aligned_error(1.5 * g, g) == pytest.approx(0, abs=1e-12)
    assert metrics.share_within(1.5 * g, g, *metrics.HALF_TO_DOUBLE) == 1
    assert metrics.share_within(1.5 * g, g, *metrics.QUARTER) == 0
    assert metrics.share_within(1.25 * g, g, *metrics.QUARTER) == 1  # the limit is within
    assert metrics.mean_absolute_error(g + 0.01, g) == pytest.approx(0.01)
    assert metrics.jitter(g + 0.01, g) == pytest.approx(0, abs=1e-12)


def test_pairs_are_asked_from_the_margin_on_and_ties_are_wrong():
    g = series([0.0, 0.01, 0.03])
    assert metrics.pair_accuracy(series([1, 2, 3]), g, 0.02) == 1
    assert metrics.pair_accuracy(series([1, 1, 1]), g, 0.01) == 0
    assert metrics.pair_accuracy(series([2, 1, 3]), g, 0.01) == pytest.approx(2 / 3)
    assert metrics.pair_accuracy(series([2, 1, 3]), g, 0.02) == 1
    assert np.isnan(metrics.pair_accuracy(series([1, 2, 3]), g, 0.05))


def test_frames_without_an_answer():
    g = np.linspace(0.3, 0.1, 5)
    d = g.copy()
    d[2] = np.nan
    assert metrics.spearman(d, g) == 1
    assert metrics.mean_absolute_error(d, g) == 0
    assert metrics.share_within(d, g, *metrics.QUARTER) == pytest.approx(0.8)
    assert metrics.pair_accuracy(d, g, 0.01) == pytest.approx(6 / 10)
    nothing = np.full(5, np.nan)
    for metric in (metrics.spearman, metrics.pearson, metrics.kendall_tau_b, metrics.mean_absolute_error):
        assert np.isnan(metric(nothing, g))
    assert np.isnan([metrics.scale_aligned_error(nothing, g), metrics.jitter(nothing, g)]).all()
    assert np.isnan(metrics.monotone_violations(nothing))


def test_violations_are_shares_of_steps():
    assert metrics.monotone_violations(series([3, 2, 2.5, 1, 1])) == 0.25


def test_no_frames_have_no_figure():
    none = series([])
    for metric in (metrics.spearman, metrics.pearson, metrics.kendall_tau_b, metrics.scale_aligned_error):
        assert np.isnan(metric(none, none))
    assert np.isnan(metrics.share_within(none, none, 0.5, 2))
    assert np.isnan(metrics.value_order_correlation(none))


def test_noise_is_near_chance():
    g = np.linspace(0.3, 0.0, 60)
    d = GENERATOR.uniform(size=60)
    assert abs(metrics.spearman(d, g)) < 0.4
    assert metrics.pair_accuracy(d, g, 0.02) == pytest.approx(0.5, abs=0.2)
