"""Success or failure: counts by hand, plain loops as the reference, and that only the order of scores matters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.success import Detection, auroc, detection, f1_threshold, fpr_at_tpr

NAN = float("nan")
episodes = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=15)


def columns(rows):
    return np.array([score for score, _ in rows], np.float64), np.array([true for _, true in rows], bool)


@pytest.mark.parametrize(
    ("judged", "truth", "expected"),
    [
        ([1, 1, 1, 0], [1, 1, 0, 1], (2 / 3, 2 / 3, 2 / 3)),
        ([1, 1, 1, 1], [1, 0, 0, 0], (1 / 4, 1.0, 2 / 5)),
        ([0, 0], [1, 0], (NAN, 0.0, 0.0)),  # never says success
        ([1, 0], [0, 0], (0.0, NAN, 0.0)),
        ([0, 0], [0, 0], (NAN, NAN, NAN)),
        ([], [], (NAN, NAN, NAN)),
    ],
)
def test_counts_by_hand(judged, truth, expected):
    found = detection(np.array(judged, bool), np.array(truth, bool))
    assert isinstance(found, Detection)
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected, nan_ok=True)


@given(episodes)
def test_auroc_is_the_share_of_pairs_in_order(rows):
    scores, truth = columns(rows)
    pairs = [(s > f) + 0.5 * (s == f) for s in scores[truth] for f in scores[~truth]]
    expected = sum(pairs) / len(pairs) if pairs else NAN
    assert auroc(scores, truth) == pytest.approx(expected, nan_ok=True)
    assert auroc(-scores, truth) == pytest.approx(1 - expected, nan_ok=True)
    assert auroc(scores, ~truth) == pytest.approx(1 - expected, nan_ok=True)


@given(episodes)
def test_only_the_order_of_scores_matters(rows):
    scores, truth = columns(rows)
    for figure in (auroc, fpr_at_tpr):
        assert figure(np.exp(scores), truth) == pytest.approx(figure(scores, truth), nan_ok=True)


@given(episodes, st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_false_alarms_at_the_highest_threshold_that_finds_enough(rows, tpr):
    scores, truth = columns(rows)
    if truth.all() or not truth.any():
        assert math.isnan(fpr_at_tpr(scores, truth, tpr))
        return
    enough = [level for level in scores if np.mean(scores[truth] >= level) >= tpr - 1e-12]
    assert fpr_at_tpr(scores, truth, tpr) == np.mean(scores[~truth] >= max(enough))


def test_nineteen_of_twenty_are_enough():
    scores = np.array([*range(20), 0.5, 1.5], np.float64)
    truth = np.array([True] * 20 + [False] * 2)
    assert fpr_at_tpr(scores, truth) == 0.5  # from 1 on: only 1.5 is taken for a success
    assert fpr_at_tpr(scores, truth, 1.0) == 1.0


def test_a_missing_score_is_wrong_either_way():
    truth = np.array([True, False])
    assert auroc(np.array([NAN, 0.0]), truth) == 0.0
    assert auroc(np.array([1.0, NAN]), truth) == 0.0
    assert fpr_at_tpr(np.array([1.0, NAN]), truth) == 1.0


@given(episodes)
def test_the_threshold_of_the_best_f1(rows):
    scores, truth = columns(rows)
    if not truth.any():
        assert math.isnan(f1_threshold(scores, truth))
        return
    by_level = {level: detection(scores >= level, truth).f1 for level in scores}
    best = f1_threshold(scores, truth)
    assert by_level[best] == pytest.approx(max(by_level.values()))
