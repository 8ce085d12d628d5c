"""Hours of a clock, as directions are told: arrays of predicted and true hours (n,) -> differences and verdicts (n,).

Hours go round: 12 and 0 are the same, 12 and 1 are one hour apart. A prediction of NaN is an answer without an hour.

Source: SpatialRGPT, arXiv 2406.01584, which counts a direction within one hour as right and reports the error as an
angle; an hour is 30 degrees.
"""

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.evaluate.metrics.numbers import SLACK

Hours = Float64[np.ndarray, " n"]

DEGREES_PER_HOUR = 30.0


def hour_difference(pred: Hours, truth: Hours) -> Hours:
    """Compute min(|a - b|, 12 - |a - b|), in hours from 0 to 6; NaN where a prediction is missing."""
    apart = np.abs(pred - truth) % 12.0
    return np.minimum(apart, 12.0 - apart)


def clock_ok(pred: Hours, truth: Hours) -> Bool[np.ndarray, " n"]:
    """Return whether the hours are at most one apart; a missing one is wrong."""
    return hour_difference(pred, truth) <= 1.0 + SLACK


def angle_error(pred: Hours, truth: Hours) -> Hours:
    """Compute the difference as an angle, in degrees from 0 to 180; NaN where a prediction is missing."""
    return DEGREES_PER_HOUR * hour_difference(pred, truth)
