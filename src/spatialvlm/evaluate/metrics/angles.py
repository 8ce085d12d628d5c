"""Angles in radians, as bearings and tilts are told: arrays of predicted and true angles (n,) -> differences, verdicts.

Angles go round: 350 degrees to the right are 10 to the left. A prediction of NaN is an answer without an angle.

People say angles in steps of 5, 10 or 30 degrees, so that an angle within 10 degrees of the truth is right, and one of
40 degrees and more within 25 % of it, the window of SpatialRGPT's lengths (arXiv 2406.01584). An hour of the clock,
which counts as right one off, is 30 degrees.
"""

import math

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.evaluate.metrics.numbers import SLACK

Angles = Float64[np.ndarray, " n"]

LEAST = math.radians(10.0)
SHARE = 0.25


def turn_between(pred: Angles, truth: Angles) -> Angles:
    """Compute the turn from one to the other, from 0 to pi; NaN where a prediction is missing."""
    apart = np.abs(pred - truth) % (2.0 * math.pi)
    return np.minimum(apart, 2.0 * math.pi - apart)


def angle_ok(pred: Angles, truth: Angles) -> Bool[np.ndarray, " n"]:
    """Return whether angles are within 10 degrees, or 25 % of the truth where that is more; a missing one is wrong."""
    return turn_between(pred, truth) <= np.maximum(LEAST, SHARE * np.abs(truth)) * (1.0 + SLACK)
