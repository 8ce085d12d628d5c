"""Whether success is told right, and intervals by the bootstrap over episodes."""

import numpy as np
import pytest

from spatialvlm.reward_bench import outcome_metrics as metrics

SUCCEEDED = np.array([True, True, False, False])


def scores(*numbers):
    return np.array(numbers, np.float64)


def test_what_is_told_apart_is_told_apart():
    given = scores(-0.02, -0.03, -0.1, -0.2)
    threshold = metrics.best_threshold(given, SUCCEEDED)
    assert threshold == pytest.approx(-0.065)  # half-way
    found = metrics.verdicts(given, SUCCEEDED, threshold)
    assert found == metrics.Verdicts(1, 1, 1, 1, 0)


def test_the_threshold_is_that_of_other_episodes():
    found = metrics.verdicts(scores(-0.02, -0.09, -0.05, -0.2), SUCCEEDED, -0.065)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.auroc == 0.75
    assert found.fpr95 == 0.5


def test_auroc_counts_ties_half_and_its_mirror_is_the_rest():
    assert metrics.auroc(scores(1, 1, 1, 1), SUCCEEDED) == 0.5
    generator = np.random.default_rng(1)
    given, succeeded = generator.integers(0, 5, 40).astype(np.float64), generator.uniform(size=40) > 0.5
    assert metrics.auroc(given, succeeded) + metrics.auroc(-given, succeeded) == pytest.approx(1)
    assert metrics.auroc(np.exp(given), succeeded) == metrics.auroc(given, succeeded)


def test_auroc_is_the_statistic_of_scipy():
    from scipy.stats import mannwhitneyu

    generator = np.random.default_rng(2)
    given, succeeded = generator.integers(0, 9, 50).astype(np.float64), generator.uniform(size=50) > 0.4
    expected = mannwhitneyu(given[succeeded], given[~succeeded]).statistic / (succeeded.sum() * (~succeeded).sum())
    assert metrics.auroc(given, succeeded) == pytest.approx(expected)


def test_no_answer_is_a_failure_foretold():
    given = scores(-0.02, np.nan, -0.1, np.nan)
    found = metrics.verdicts(given, SUCCEEDED, -0.05)
    assert (found.precision, found.recall) == (1, 0.5)
    assert metrics.best_threshold(scores(np.nan, np.nan), np.array([True, False])) == np.inf


def test_one_sort_alone_has_no_figure():
    found = metrics.verdicts(scores(1, 2), np.array([False, False]), 3)
    assert np.isnan([found.precision, found.recall, found.f1, found.auroc, found.fpr95]).all()


def test_intervals_hold_their_figure_and_keep_views_together():
    values = np.random.default_rng(3).normal(size=30)
    value, low, high = metrics.episode_interval(lambda places: float(values[places].mean()), 30)
    assert low < value < high
    assert high - low == pytest.approx(4 * values.std() / np.sqrt(30), rel=0.3)
    pairs = np.repeat(values, 2)
    alone = metrics.episode_interval(lambda places: float(pairs[places].mean()), 60)
    together = metrics.episode_interval(
        lambda places: float(pairs[places].mean()), 60, clusters=np.repeat(np.arange(30), 2)
    )
    assert together[2] - together[1] > 1.2 * (alone[2] - alone[1])
    assert np.isnan(metrics.episode_interval(lambda places: np.nan, 0)).all()
