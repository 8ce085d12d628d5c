"""The figures that the project stands for, on fewer scenes than `benchmarks/accuracy.py` runs."""

import numpy as np
import pytest

from fixtures.worlds.solids_accuracy import run


def verdict(tally):
    """Right and wrong comparisons, and all lengths as rows of value, truth, sigma."""
    right, wrong = sum(tally.right.values()), sum(map(len, tally.wrong.values()))
    return right, wrong, np.array([row[:3] for rows in tally.lengths.values() for row in rows])


def test_exact_depth_given_gravity():
    right, wrong, rows = verdict(run(10, exact=True))
    assert (right > 2500, wrong) == (True, 0)
    error, sigma = np.abs(rows[:, 0] - rows[:, 1]), rows[:, 2]
    assert np.mean(error <= np.maximum(0.02, 0.02 * rows[:, 1])) > 0.99
    assert np.mean(error < sigma) >= 0.68
    assert np.median(sigma / np.maximum(0.005, 0.01 * rows[:, 1])) <= 1.0, "honest, but not lazy"


def test_noise_up_to_one_percent_given_gravity():
    right, wrong, rows = verdict(run(10, noise=0.01))
    assert (right > 2500, wrong) == (True, 0)
    assert np.mean(np.abs(rows[:, 0] - rows[:, 1]) <= np.maximum(0.02, 0.02 * rows[:, 1])) > 0.97


def test_gravity_found_from_the_floor():
    tally = run(10, noise=0.01, gravity="found")
    right, wrong, rows = verdict(tally)
    assert max(tally.tilts) < 1.5
    assert len(tally.tilts) > 6
    assert wrong / right < 0.001
    assert np.mean(np.abs(rows[:, 0] - rows[:, 1]) <= np.maximum(0.04, 0.04 * rows[:, 1])) > 0.98


@pytest.mark.slow
def test_error_bars_cover_what_they_state():
    rows = verdict(run(24, noise=0.01, stated=True))[2]
    pulls = np.abs(rows[:, 0] - rows[:, 1]) / rows[:, 2]
    assert 0.60 <= np.mean(pulls < 1) <= 0.76
    assert np.mean(pulls < 2) >= 0.93
