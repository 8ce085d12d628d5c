"""Scores of numbers: limits derived by hand, exact arithmetic as the reference, and what units may not change."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.items import Rule
from spatialvlm.evaluate.metrics.numbers import (
    RULES,
    SPATIALVLM_WINDOWS,
    a1,
    abs_rel,
    delta,
    delta_below,
    delta_within,
    in_range,
    log_error,
    mra,
    mra_strict,
)

NAN, INF = float("nan"), float("inf")
hundredths = st.integers(1, 500)


def one(*values):
    return [np.array([value], np.float64) for value in values]


def test_there_is_a_rule_for_every_name_that_items_know():
    assert set(RULES) == set(get_args(Rule))


@pytest.mark.parametrize(
    ("rule", "pred", "truth", "score"),
    [
        ("within_2", 0.5, 1.0, 1),  # both ends belong to the range
        ("within_2", 2.0, 1.0, 1),
        ("within_2", 0.499, 1.0, 0),
        ("within_2", 2.001, 1.0, 0),
        ("within_2", 0.3, 0.6, 1),
        ("within_25", 0.75, 1.0, 1),
        ("within_25", 0.9, 1.2, 1),
        ("within_25", 1.5, 1.2, 1),
        ("within_25", 1.26, 1.0, 0),
        ("within_25", 0.74, 1.0, 0),
        ("within_10", 0.9, 1.0, 1),
        ("within_10", 0.27, 0.3, 1),
        ("within_10", 0.77, 0.7, 1),
        ("within_10", 1.11, 1.0, 0),
        ("mra", 1.0, 1.0, 1.0),
        ("mra", 1.05, 1.0, 1.0),
        ("mra", 0.95, 1.0, 1.0),
        ("mra", 1.051, 1.0, 0.9),
        ("mra", 0.66, 0.6, 0.9),
        ("mra", 1.3, 1.0, 0.5),
        ("mra", 1.5, 1.0, 0.1),
        ("mra", 1.501, 1.0, 0.0),
        ("mra", 3.0, 4.0, 0.6),
        ("mra_strict", 1.0, 1.0, 1.0),
        ("mra_strict", 1.05, 1.0, 0.9),
        ("mra_strict", 1.049, 1.0, 1.0),
        ("mra_strict", 1.3, 1.0, 0.4),
        ("mra_strict", 1.5, 1.0, 0.0),
        ("mra_strict", 3.0, 4.0, 0.5),
    ],
)
def test_limits_are_met_as_in_decimals(rule, pred, truth, score):
    assert RULES[rule](*one(pred, truth)) == pytest.approx([score], abs=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("pred", [NAN, INF, -INF, -1.0, 0.0, 1e300])
def test_no_answer_and_nonsense_score_nothing(rule, pred):
    assert RULES[rule](*one(pred, 1.0)) == [0.0]


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_stays_in_the_denominator(rule):
    scores = RULES[rule](np.array([1.0, NAN, NAN, 1.0]), np.ones(4))
    assert scores.mean() == 0.5


@pytest.mark.parametrize("rule", RULES)
def test_no_rows_have_no_scores(rule):
    assert RULES[rule](np.zeros(0), np.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("pred", "right"), [(0.0, True), (0.01, True), (-0.01, True), (0.011, False), (1.0, False), (NAN, False)]
)
def test_a_truth_of_zero_is_met_within_a_centimetre(pred, right):
    for rule in ("within_2", "within_25", "within_10"):
        assert RULES[rule](*one(pred, 0.0)) == [float(right)]
    assert a1(*one(pred, 0.0)) == [right]
    assert delta(*one(pred, 0.0)) == [1.0 if right else INF]


@pytest.mark.parametrize(("pred", "score"), [(0.0, 1.0), (0.05, 1.0), (0.3, 0.5), (0.5, 0.1), (1.0, 0.0), (NAN, 0.0)])
def test_a_truth_of_zero_has_the_error_itself_for_relative_accuracy(pred, score):
    assert mra(*one(pred, 0.0)) == pytest.approx([score])


def test_the_boundary_of_a_factor_of_two_is_logged_both_ways():
    assert not delta_below(*one(2.0, 1.0), 2.0)
    assert delta_within(*one(2.0, 1.0), 2.0)
    assert not delta_below(*one(0.3, 0.6), 2.0)
    assert delta_within(*one(0.3, 0.6), 2.0)
    assert delta_below(*one(1.9, 1.0), 2.0)
    assert not a1(*one(1.25, 1.0))
    assert delta_within(*one(1.25, 1.0), 1.25)


def test_windows_of_the_paper_lie_within_each_other():
    pred, truth = np.linspace(0.01, 3, 500), np.ones(500)
    wide, middle, narrow = (in_range(pred, truth, *window) for window in SPATIALVLM_WINDOWS)
    assert np.all(narrow <= middle)
    assert np.all(middle <= wide)
    assert in_range(*one(1.0, 1.5), 2 / 3, 1.5) == [True]


@pytest.mark.parametrize(
    ("pred", "truth", "relative", "logarithm", "ratio"),
    [
        (2.0, 1.0, 1.0, np.log(2), 2.0),
        (1.0, 2.0, 0.5, np.log(2), 2.0),
        (0.0, 2.0, 1.0, INF, INF),
        (-1.0, 2.0, 1.5, INF, INF),
        (-3.0, -2.0, 0.5, INF, INF),
        (1.0, -2.0, 1.5, INF, INF),
        (NAN, 2.0, NAN, NAN, INF),
    ],
)
def test_errors_by_hand(pred, truth, relative, logarithm, ratio):
    assert abs_rel(*one(pred, truth)) == pytest.approx([relative], nan_ok=True)
    assert log_error(*one(pred, truth)) == pytest.approx([logarithm], nan_ok=True)
    assert delta(*one(pred, truth)) == pytest.approx([ratio])


def test_decimals_are_scored_as_whole_numbers_would_be():
    p, g = (grid.ravel() for grid in np.mgrid[1:161, 1:161])
    pred, truth = p / 100, g / 100
    for rule, low, high in (("within_2", 50, 200), ("within_25", 75, 125), ("within_10", 90, 110)):
        assert np.array_equal(RULES[rule](pred, truth), (low * g <= 100 * p) & (100 * p <= high * g))
    off = 20 * np.abs(p - g)[:, None]
    limits = g[:, None] * np.arange(1, 11)
    assert np.array_equal(mra(pred, truth), (off <= limits).mean(axis=1))
    assert np.array_equal(mra_strict(pred, truth), (off < limits).mean(axis=1))
    most, least = np.maximum(p, g), np.minimum(p, g)
    assert np.array_equal(delta_below(pred, truth, 2.0), most < 2 * least)
    assert np.array_equal(delta_within(pred, truth, 1.25), 4 * most <= 5 * least)
    assert np.array_equal(in_range(pred, truth, 2 / 3, 1.5), (2 * g <= 3 * p) & (2 * p <= 3 * g))


@given(hundredths, hundredths, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(pred, truth, scale):
    before, after = one(pred / 100, truth / 100), one(pred / 100 * scale, truth / 100 * scale)
    for rule in RULES.values():
        assert rule(*before) == rule(*after)
    assert delta(*before) == pytest.approx(delta(*after))
    assert abs_rel(*before) == pytest.approx(abs_rel(*after), abs=1e-12)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_delta_is_symmetric_and_at_least_one(pred, truth):
    there, back = delta(*one(pred, truth)), delta(*one(truth, pred))
    assert there == back
    assert there >= 1.0


@given(st.floats(0.01, 100), st.floats(0, 10), st.floats(0, 10), st.sampled_from([-1.0, 1.0]))
def test_relative_accuracy_falls_as_the_error_grows(truth, first, second, side):
    near, far = sorted((first, second))
    for rule in (mra, mra_strict):
        assert rule(*one(truth + side * near, truth)) >= rule(*one(truth + side * far, truth))
    assert mra_strict(*one(truth + near, truth)) <= mra(*one(truth + near, truth))
