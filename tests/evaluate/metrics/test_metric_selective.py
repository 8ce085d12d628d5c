"""Answering only when sure: curves by hand, ties against all orders, and errors that are as large as they say."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.selective import (
    LEVELS,
    aurc,
    calibration,
    coverage_at_risk,
    interval_coverage,
    risk_coverage,
)

NAN = float("nan")
rows = st.lists(st.tuples(st.integers(0, 10).map(lambda k: k / 10), st.integers(0, 2)), min_size=1, max_size=5)


def columns(pairs):
    loss, confidence = np.array(pairs, np.float64).T
    return np.ascontiguousarray(loss), np.ascontiguousarray(confidence)


def test_a_curve_by_hand():
    loss, confidence = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.1, 0.9, 0.2, 0.8])
    coverage, risk = risk_coverage(loss, confidence)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert aurc(loss, confidence) == pytest.approx((1 / 3 + 1 / 2) / 4)
    assert coverage_at_risk(loss, confidence) == 0.5
    assert coverage_at_risk(loss, confidence, 1 / 3) == 0.75


@pytest.mark.parametrize(
    ("loss", "confidence", "coverage"),
    [
        ([0, 0, 0, 1], [4, 3, 2, 1], 1.0),  # a risk of just a quarter will do
        ([1, 1], [2, 1], 0.0),
        ([1, 0, 0, 0, 0], [5, 4, 3, 2, 1], 1.0),  # bad at first, good enough in the end
        ([1, 0, 0, 0], [1, 1, 1, 1], 1.0),
        ([1, 0, 0, 1], [1, 1, 1, 1], 0.0),  # all or none of equal confidence
        ([0, 1, 0, 0], [NAN, NAN, 2, 1], 1.0),
        ([0, 1, 1, 0], [NAN, NAN, 2, 3], 0.25),
    ],
)
def test_coverage_at_a_quarter_risk(loss, confidence, coverage):
    assert coverage_at_risk(*columns(list(zip(loss, confidence, strict=True)))) == coverage


@given(rows)
def test_ties_have_the_mean_of_all_orders(pairs):
    loss, confidence = columns(pairs)
    possible = []
    for order in permutations(range(len(pairs))):
        if all(confidence[i] >= confidence[j] for i, j in pairwise(order)):
            taken = [loss[i] for i in order]
            possible.append([sum(taken[: k + 1]) / (k + 1) for k in range(len(taken))])
    assert risk_coverage(loss, confidence)[1] == pytest.approx(np.mean(possible, axis=0))


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert aurc(*columns(pairs)) == aurc(*columns(shuffled))
    assert coverage_at_risk(*columns(pairs)) == coverage_at_risk(*columns(shuffled))


@given(rows)
def test_the_best_confidence_is_the_loss_and_the_worst_its_opposite(pairs):
    loss, confidence = columns(pairs)
    assert aurc(loss, -loss) <= aurc(loss, confidence) + 1e-12
    assert aurc(loss, confidence) <= aurc(loss, loss) + 1e-12
    assert aurc(loss, np.zeros(len(loss))) == pytest.approx(loss.mean())
    assert aurc(loss, np.exp(confidence)) == aurc(loss, confidence)


def test_no_rows_have_no_figure():
    none = np.zeros(0)
    assert np.isnan(aurc(none, none))
    assert np.isnan(coverage_at_risk(none, none))
    assert np.isnan(interval_coverage(none, none, none))
    assert risk_coverage(none, none)[0].shape == (0,)


def test_true_errors_are_found_true_and_understated_ones_small():
    random = np.random.default_rng(3)
    truth, sigma = random.uniform(1, 3, 20_000), random.uniform(0.05, 0.5, 20_000)
    pred = random.normal(truth, sigma)
    assert calibration(pred, truth, sigma) == pytest.approx(LEVELS, abs=0.01)
    assert interval_coverage(pred, truth, sigma) == pytest.approx(0.8, abs=0.01)
    assert interval_coverage(pred, truth, sigma / 2) == pytest.approx(0.478, abs=0.01)  # 2 Phi(0.64) - 1
    assert np.all(np.diff(calibration(pred, truth, sigma)) > 0)


def test_only_stated_errors_count():
    pred, truth = np.array([1.0, 2.0, NAN, 1.0, 1.0]), np.ones(5)
    sigma = np.array([0.0, 0.5, 1.0, NAN, -1.0])
    assert interval_coverage(pred, truth, sigma) == 0.5  # exact at no error, and two sigma off
    assert np.all(np.isnan(calibration(pred, truth, np.full(5, NAN))))
