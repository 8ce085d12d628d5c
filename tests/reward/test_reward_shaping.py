"""Laws of the rewards: they telescope, know no unit, and are nothing where nothing moves; success and thresholds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.errors import UserError
from spatialvlm.reward import (
    Goal,
    GoalDistance,
    SuccessRule,
    calibrate,
    curve_of,
    held,
    held_distance,
    potential,
    rewards_of,
    shaped_rewards,
    staged_potentials,
    stages_done,
)

lengths = st.lists(st.floats(0.001, 3.0), min_size=1, max_size=30)


def curve(stages, sigma=0.01, **settings):
    goals = [Goal("gripper", "can", 1), Goal("can", "box", 2)][: len(stages)]
    rows = [[GoalDistance(one, sigma, True) for one in row] for row in zip(*stages)]
    return curve_of("a task", goals, "geometry", [0.1 * t for t in range(len(rows))], rows, **settings)


@given(lengths)
def test_shaped_rewards_telescope(distances):
    points = curve([distances]).points
    assert sum(p.reward for p in points) == pytest.approx(points[-1].potential - points[0].potential, abs=1e-9)


@given(lengths, st.floats(0.1, 1.0))
def test_shaped_rewards_of_a_discount(potentials, gamma):
    rewards = shaped_rewards(potentials, gamma)
    total = sum(gamma**t * r for t, r in enumerate(rewards))
    last = gamma ** (len(potentials) - 1) * potentials[-1]
    assert total == pytest.approx(last - potentials[0], abs=1e-9)


@given(lengths, lengths, st.floats(0.01, 100))
def test_the_unit_of_length_does_not_matter(one, other, scale):
    rule, scaled_rule = SuccessRule(0.05, 2), SuccessRule(0.05 * scale, 2)
    plain = curve([one, other], rule=rule)
    scaled = curve([[scale * d for d in stage] for stage in (one, other)], 0.01 * scale, rule=scaled_rule)
    near = any(abs(d / limit - 1) < 1e-9 for stage in (one, other) for d in stage for limit in (0.05, 0.075))
    if not near:  # rounding may decide what lies on a threshold
        assert [p.reward for p in scaled.points] == pytest.approx([p.reward for p in plain.points], abs=1e-7)


def test_standing_still_is_worth_nothing():
    assert {p.reward for p in curve([[0.4] * 6]).points} == {0.0}
    assert {p.reward for p in curve([[0.4] * 6, [0.7] * 6]).points} == {0.0}


def test_other_shapings():
    distances = [[0.4], [0.1], [0.0]]
    done = [[False]] * 3
    assert rewards_of("distance", distances, [], done) == [-0.4, -0.1, 0.0]
    assert rewards_of("tanh", distances, [], done) == pytest.approx([1 - math.tanh(4), 1 - math.tanh(1), 1.0])
    with pytest.raises(UserError, match="shaped, distance, tanh"):
        rewards_of("other", distances, [], done)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UserError, match="gamma"):
        shaped_rewards([0.0], 1.5)
    assert potential(0.2, 0.4) == -0.5


@given(lengths, lengths, st.integers(1, 3))
def test_finishing_the_first_stage_never_lowers_the_potential(one, other, hold):
    rows = [list(row) for row in zip(one, other)]
    done = stages_done(rows, SuccessRule(0.3, hold))
    potentials = staged_potentials(rows, rows[0], done)
    for row, now, value in zip(rows, done, potentials):
        undone = staged_potentials([row], rows[0], [[False, now[1]]])[0]
        assert value >= undone


def test_what_is_put_down_may_be_left_and_what_is_dropped_counts_less():
    grasp = [0.4, 0.2, 0.04, 0.04, 0.04, 0.04, 0.3, 0.6]
    carried = [0.5, 0.5, 0.5, 0.3, 0.04, 0.04, 0.04, 0.04]
    points = curve([grasp, carried], rule=SuccessRule(0.05, 2)).points
    assert [p.success for p in points] == [False] * 5 + [True] * 3
    assert points[-1].potential == points[-2].potential == 0.0
    dropped = curve([grasp, [0.5, 0.5, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2]], rule=SuccessRule(0.05, 2)).points
    assert dropped[6].potential < dropped[5].potential
    assert not dropped[-1].success


def test_success_is_held_and_released_later():
    rule = SuccessRule(0.05, hold=3)
    near, released = 0.07, 0.08
    assert held([0.1, 0.04, 0.1, 0.04, 0.04, 0.04, near, released, 0.04], rule) == [
        *(False, False, False, False, False, True, True, False, False)
    ]
    assert held([], rule) == []
    assert held([0.01] * 4, rule, [0.2] * 4) == [False] * 4
    assert held([0.01] * 5, rule, [0.02] * 3 + [0.2] * 2) == [False, False, True, True, True]
    assert held_distance([0.3, 0.1, 0.2, 0.05], 2) == 0.2
    assert held_distance([0.3], 2) == math.inf


@pytest.mark.parametrize("settings", [(0.0, 3), (math.inf, 3), (0.05, 0), (0.05, 3, 0.01)])
def test_rules_that_make_no_sense(settings):
    with pytest.raises(UserError, match="expected"):
        SuccessRule(*settings)


def endings(count, rng):
    """Least distances of episodes and whether they succeeded; some look otherwise than they are."""
    succeeded = rng.random(count) < 0.5
    return np.where(succeeded, 0.03, 0.15) * np.exp(0.6 * rng.standard_normal(count)), succeeded


def test_the_threshold_lies_between_the_two_and_says_what_it_is_worth():
    found = calibrate(*endings(400, np.random.default_rng(0)))
    assert 0.04 < found.threshold_m < 0.11
    assert found.f1 > 0.85
    assert found.error_rate < found.error_bound < 0.2
    assert "90% confidence" in found.statement


def test_the_bound_holds_for_as_many_splits_as_it_says():
    """Of many samples of 40 episodes, the bound is broken by at most a tenth (and what chance adds)."""
    rng = np.random.default_rng(3)
    many, right = endings(40_000, rng)
    broken = 0
    for seed in range(400):
        found = calibrate(*endings(40, rng), risk=0.1, seed=seed)
        broken += float(np.mean((many <= found.threshold_m) != right)) > found.error_bound
    assert broken / 400 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)


@pytest.mark.parametrize(("count", "risk"), [(40, 0.1), (40, 0.2), (200, 0.05)])
def test_verdicts_are_wrong_at_most_as_often_as_they_may(count, risk):
    """Averaged over many splits, of failed episodes at most that share is judged done, and the other way round."""
    rng = np.random.default_rng(7)
    many, right = endings(20_000, rng)
    rates = []
    for seed in range(300):
        found = calibrate(*endings(count, rng), risk=risk, seed=seed)
        rates.append((np.mean(many[~right] <= found.done_m), np.mean(many[right] > found.failed_m)))
    spread = np.std(rates, axis=0) / math.sqrt(300)
    assert (np.mean(rates, axis=0) <= risk + 3 * spread).all()


def test_verdicts_leave_open_what_is_between():
    rng = np.random.default_rng(0)
    overlapping = calibrate(*endings(400, rng), risk=0.02)
    assert overlapping.done_m < overlapping.failed_m
    middle = (overlapping.done_m + overlapping.failed_m) / 2
    assert [overlapping.verdict(d) for d in (0.0, middle, 2.0)] == [True, None, False]
    apart = calibrate([0.01, 0.02, 0.3, 0.4] * 20, [True, True, False, False] * 20)
    assert apart.done_m == apart.failed_m == apart.threshold_m == pytest.approx(0.16)
    few = calibrate([0.01, 0.02, 0.3, 0.4] * 2, [True, True, False, False] * 2)
    assert (few.done_m, few.failed_m) == (0.0, math.inf)


@pytest.mark.parametrize(("distances", "succeeded"), [([0.1], [True]), ([0.1] * 9, [True] * 9), ([0.1] * 5, [True])])
def test_too_little_to_calibrate_on(distances, succeeded):
    with pytest.raises(UserError, match=r"episodes|outcomes"):
        calibrate(distances, succeeded)


def test_an_episode_without_frames_and_one_of_a_single_frame():
    with pytest.raises(UserError, match="no frames"):
        curve_of("reach", [Goal("gripper", "can")], "geometry", [], [])
    one = curve([[0.4]])
    assert [(p.potential, p.reward) for p in one.points] == [(-1.0, 0.0)]
    assert "one frame" in one.warnings[0]
