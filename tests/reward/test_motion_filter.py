"""Following: what stands still is found, what is hidden stays, jumps are refused until they are confirmed."""

import math

import numpy as np
import pytest

from spatialvlm.reward import Follower, Motion

DT_S = 0.1


def test_nothing_is_known_before_the_first_measurement():
    follower = Follower()
    assert follower.step(DT_S, None) is None
    first = follower.step(DT_S, [1.0, 2.0, 3.0], [0.01, 0.02, 0.03])
    assert first is not None
    assert first.at.tolist() == [1.0, 2.0, 3.0]
    assert first.sigma.tolist() == [0.01, 0.02, 0.03]


def test_what_stands_still_is_found_better_than_it_is_measured():
    rng, follower = np.random.default_rng(0), Follower(Motion(acceleration=0.02))
    for _ in range(200):
        now = follower.step(DT_S, [0.3 + 0.02 * rng.standard_normal()], [0.02])
    assert now is not None
    assert abs(now.at[0] - 0.3) < 0.01
    assert now.sigma[0] < 0.01


def test_exact_measurements_of_what_stands_still_change_nothing():
    follower = Follower()
    for _ in range(50):
        now = follower.step(DT_S, [0.25, 0.5, 0.75], [0.003] * 3)
        assert now is not None
        assert now.at == pytest.approx([0.25, 0.5, 0.75], abs=1e-12)


def test_what_is_hidden_keeps_its_place_and_its_error_grows():
    follower = Follower()
    for index in range(10):
        last = follower.step(DT_S, [0.05 * index], [0.002])
    assert last is not None
    sigma = last.sigma[0]
    for _ in range(30):
        now = follower.step(DT_S, None)
        assert now is not None
        assert now.at[0] == last.at[0]
        assert now.sigma[0] > sigma
        assert not now.used
        sigma = now.sigma[0]
    assert 0.1 < sigma < 3


def test_a_jump_of_one_frame_is_refused():
    follower = Follower()
    for _ in range(10):
        follower.step(DT_S, [0.3], [0.003])
    jumped = follower.step(DT_S, [0.9], [0.003])
    assert jumped is not None
    assert jumped.refused
    assert jumped.at[0] == pytest.approx(0.3)
    back = follower.step(DT_S, [0.3], [0.003])
    assert back is not None
    assert back.used
    assert back.at[0] == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("confirm", [2, 3, 5])
def test_a_jump_is_believed_after_so_many_frames_in_a_row(confirm):
    follower = Follower(Motion(confirm=confirm))
    for _ in range(10):
        follower.step(DT_S, [0.3], [0.003])
    places = []
    for _ in range(confirm):
        now = follower.step(DT_S, [0.9], [0.003])
        assert now is not None
        places.append(now.at[0])
    assert places == pytest.approx([0.3] * (confirm - 1) + [0.9])


def test_jumps_that_disagree_confirm_nothing():
    follower = Follower(Motion(acceleration=0.1))
    for _ in range(10):
        follower.step(DT_S, [0.0], [0.003])
    for at in (3.0, -4.0, 5.0, -6.0):
        now = follower.step(DT_S, [at], [0.003])
        assert now is not None
        assert now.refused
        assert now.at[0] == pytest.approx(0.0, abs=1e-9)


def test_a_steady_move_is_followed_without_lag():
    follower, errors = Follower(), []
    for index in range(40):
        at = 0.2 * DT_S * index
        now = follower.step(DT_S, [at], [0.005])
        assert now is not None
        errors.append(at - now.at[0])
    assert max(map(abs, errors)) < 0.02
    assert max(map(abs, errors[15:])) < 0.001


def test_a_sudden_start_is_no_jump():
    """From rest to half a metre a second between two frames: within a centimetre at once."""
    follower = Follower()
    for _ in range(10):
        follower.step(DT_S, [0.3], [0.003])
    for index in range(1, 12):
        now = follower.step(DT_S, [0.3 + 0.05 * index], [0.003])
        assert now is not None
        assert now.used
        assert now.at[0] == pytest.approx(0.3 + 0.05 * index, abs=0.01)


def test_a_constant_acceleration_lags_as_the_steady_gain_says():
    """The lag of an alpha-beta filter under acceleration a is a T^2 (1 - alpha) / beta."""
    motion, sigma, pushed = Motion(acceleration=1.0), 0.01, 0.4
    tracking = motion.acceleration * DT_S**2 / sigma
    root = (4 + tracking - math.sqrt(8 * tracking + tracking**2)) / 4
    alpha = 1 - root**2
    beta = 2 * (2 - alpha) - 4 * root
    follower = Follower(motion)
    for index in range(60):
        at = pushed * (DT_S * index) ** 2 / 2
        now = follower.step(DT_S, [at], [sigma])
        assert now is not None
    assert at - now.at[0] == pytest.approx(pushed * DT_S**2 * (1 - alpha) / beta, rel=0.02)


@pytest.mark.parametrize("seen", [1.0, 0.6])
def test_errors_are_honest(seen):
    """On motion as the filter takes it, as many truths lie within one and two sigma as it says."""
    rng, motion = np.random.default_rng(1), Motion(acceleration=0.5, fade_s=1e9)
    ratios = []
    for _ in range(60):
        at, speed, follower = 0.0, 0.25 * rng.standard_normal(), Follower(motion)
        for _ in range(40):
            push = motion.acceleration * rng.standard_normal()
            at, speed = at + speed * DT_S + push * DT_S**2 / 2, speed + push * DT_S
            measured = [at + 0.01 * rng.standard_normal()] if rng.random() < seen else None
            now = follower.step(DT_S, measured, [0.01])
            if now is not None:
                ratios.append(abs(now.at[0] - at) / now.sigma[0])
    within = [float(np.mean(np.array(ratios) < limit)) for limit in (1, 2)]
    assert 0.60 <= within[0] <= 0.76
    assert 0.91 <= within[1] <= 0.99
