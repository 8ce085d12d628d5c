"""Accuracies: groups by hand, the figures of CV-Bench and VSI-Bench, chance, and what groups can only make harder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.metrics.choices import (
    accuracy,
    all_right,
    chance_adjusted,
    circular,
    flip,
    group_means,
    macro_mean,
)

YES, NO = True, False


def test_a_question_counts_when_all_its_rotations_are_right():
    right = np.array([YES, YES, YES, NO, YES])
    questions = ["a", "a", "b", "b", "c"]
    assert all_right(right, questions).tolist() == [YES, NO, YES]
    assert circular(right, questions) == pytest.approx(2 / 3)
    assert accuracy(right) == pytest.approx(4 / 5)


def test_a_picture_and_its_mirror_image_count_as_one():
    right = np.array([YES, NO, YES, YES, NO])
    assert flip(right, ["1", "1", "2", "2", "3 has no mirror image"]) == pytest.approx(1 / 3)


def test_groups_need_not_lie_together():
    assert all_right(np.array([YES, YES, NO]), ["a", "b", "a"]).tolist() == [NO, YES]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1))
def test_coarser_groups_are_harder_and_groups_of_equal_size_harder_than_none(rows):
    right = np.array([one for one, _ in rows])
    for question, verdict in zip(
        dict.fromkeys(q for _, q in rows), all_right(right, [q for _, q in rows]), strict=True
    ):
        assert verdict == all(one for one, other in rows if other == question)
    twice = np.concatenate([right, right[::-1]])
    pairs = [*range(len(right)), *range(len(right))]
    assert circular(twice, pairs) <= accuracy(twice)
    assert circular(twice, ["all"] * len(twice)) <= circular(twice, pairs)


def test_chance_is_zero_and_perfect_is_one():
    options = np.array([4, 4, 4, 4])
    assert chance_adjusted(np.array([1.0, 0.0, 0.0, 0.0]), options) == 0.0
    assert chance_adjusted(np.ones(4), options) == 1.0
    assert chance_adjusted(np.zeros(4), options) == pytest.approx(-1 / 3)
    assert chance_adjusted(np.array([1.0, 0.0, 1.0]), np.array([2, 4, 4])) == pytest.approx((2 - 1) / (3 - 1))


def test_an_answer_that_could_not_be_read_is_no_free_guess():
    options = np.full(1000, 4)
    assert chance_adjusted(np.zeros(1000), options) < 0


def test_no_rows_have_no_figure():
    none = np.zeros(0)
    assert np.isnan(accuracy(none))
    assert np.isnan(macro_mean(none, []))
    assert np.isnan(circular(none.astype(bool), []))
    assert np.isnan(chance_adjusted(none, none.astype(np.int64)))
    assert np.isnan(chance_adjusted(np.ones(1), np.array([1])))
    assert group_means(none, []) == {}


def test_groups_weigh_the_same_whatever_their_size():
    scores = np.array([1.0, 1.0, 1.0, 0.0])
    assert group_means(scores, ["a", "a", "a", "b"]) == {"a": 1.0, "b": 0.0}
    assert macro_mean(scores, ["a", "a", "a", "b"]) == 0.5
    assert macro_mean(scores) == 0.75


def test_the_figure_of_cv_bench():
    ade, coco, omni = [1.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]
    source = ["ADE20K"] * 2 + ["COCO"] * 4 + ["Omni3D"] * 5
    dimension = ["2D"] * 6 + ["3D"] * 5
    found = macro_mean(np.array(ade + coco + omni), dimension, source)
    assert found == pytest.approx(0.5 * ((0.5 + 0.75) / 2 + 0.2))


def test_the_figure_of_vsi_bench():
    scores = np.array([1.0, 0.5, 0.0, 1.0, 1.0, 0.0])
    tasks = ["count", "count", "direction", "direction", "direction", "direction"]
    difficulty = ["", "", "easy", "medium", "medium", "hard"]
    assert macro_mean(scores, tasks, difficulty) == pytest.approx((0.75 + (0 + 1 + 0) / 3) / 2)


def test_names_of_an_inner_group_may_repeat():
    assert macro_mean(np.array([1.0, 0.0]), ["a", "b"], ["same", "same"]) == 0.5
