"""Numbers against the truth: arrays of predicted and true values (n,) in the same unit -> scores or errors (n,).

A prediction of NaN is an answer without a number. `RULES` are the ways in which an item is scored, under the names of
`items.Rule`.

Sources. Windows: SpatialVLM, arXiv 2401.12168 section 4; 25 %: SpatialRGPT, arXiv 2406.01584. Ratio below 2: Q-Spatial,
arXiv 2409.09788, whose text counts a ratio of 2 as right, and whose script
(https://github.com/andrewliao11/Q-Spatial-Bench-code) does not. Mean relative accuracy: VSI-Bench, arXiv 2412.14171;
its strict form: Omni3D-Bench, arXiv 2502.06787. delta < 1.25: Eigen et al., arXiv 1406.2283.

A truth of 0 has no ratio. There a prediction is right within ZERO of it (1 cm, or a count of 0), and wrong otherwise;
mean relative accuracy takes the error itself in place of the relative one, as SPAR-Bench does (arXiv 2503.22976).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float64

Numbers = Float64[np.ndarray, " n"]
Verdicts = Bool[np.ndarray, " n"]

SLACK = 1e-9  # relative: far above the 1e-15 of rounding in binary, far below any digit that is written down
ZERO = 0.01
SPATIALVLM_WINDOWS = ((0.5, 2.0), (2.0 / 3.0, 1.5), (0.9, 1.1))
"""The paper's [50, 200], [66.7, 150] and [90, 110] per cent of the truth."""
MRA_LIMITS = np.arange(10, 0, -1) / 20.0
"""1 - theta for the ten theta of 0.50, 0.55, ..., 0.95: relative errors of 0.50 down to 0.05."""


def in_range(pred: Numbers, truth: Numbers, low: float, high: float) -> Verdicts:
    """Return whether low <= pred / truth <= high, both ends included."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = pred / truth
    inside = (ratio >= low * (1.0 - SLACK)) & (ratio <= high * (1.0 + SLACK))
    return np.where(truth == 0, _as_good_as_zero(pred), inside)


def delta(pred: Numbers, truth: Numbers) -> Numbers:
    """Compute max(pred / truth, truth / pred), 1 and more; inf where a prediction is missing or not above 0.

    With a truth of 0: 1 within ZERO of it, inf otherwise.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.maximum(pred / truth, truth / pred)
    ratio = np.where((pred > 0) & (truth > 0) & ~np.isnan(ratio), ratio, np.inf)
    return np.where((truth == 0) & _as_good_as_zero(pred), 1.0, ratio)


def delta_below(pred: Numbers, truth: Numbers, limit: float) -> Verdicts:
    """Return whether delta < limit: with 2 the script of Q-Spatial, with 1.25 the a1 of depth."""
    return delta(pred, truth) < limit * (1.0 - SLACK)


def delta_within(pred: Numbers, truth: Numbers, limit: float) -> Verdicts:
    """Return whether delta <= limit: with 2 the paper of Q-Spatial."""
    return delta(pred, truth) <= limit * (1.0 + SLACK)


def a1(pred: Numbers, truth: Numbers) -> Verdicts:
    """Return whether delta < 1.25."""
    return delta_below(pred, truth, 1.25)


def abs_rel(pred: Numbers, truth: Numbers) -> Numbers:
    """Compute |pred - truth| / |truth|, and |pred - truth| where the truth is 0; NaN where a prediction is missing.

    An error says something of the answers that there are: leave NaN out, and report how many there were.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(pred - truth) / np.where(truth == 0, 1.0, np.abs(truth))


def log_error(pred: Numbers, truth: Numbers) -> Numbers:
    """Compute |ln(pred / truth)|, the logarithm of delta: inf where pred is not above 0, NaN where it is missing.

    Its median over answers is what is reported.
    """
    return np.where(np.isnan(pred), np.nan, np.log(delta(pred, truth)))


def mra(pred: Numbers, truth: Numbers) -> Numbers:
    """Compute mean relative accuracy: the share of the ten MRA_LIMITS that the relative error does not exceed."""
    return (abs_rel(pred, truth)[:, None] <= MRA_LIMITS + SLACK).mean(axis=1)


def mra_strict(pred: Numbers, truth: Numbers) -> Numbers:
    """Compute mean relative accuracy with < in place of <=: an error of just a limit misses it."""
    return (abs_rel(pred, truth)[:, None] < MRA_LIMITS - SLACK).mean(axis=1)


def within_2(pred: Numbers, truth: Numbers) -> Numbers:
    """Score 1 where the prediction is from half to twice the truth, else 0."""
    return in_range(pred, truth, 0.5, 2.0).astype(np.float64)


def within_25(pred: Numbers, truth: Numbers) -> Numbers:
    """Score 1 where the prediction is from 75 to 125 % of the truth, else 0."""
    return in_range(pred, truth, 0.75, 1.25).astype(np.float64)


def within_10(pred: Numbers, truth: Numbers) -> Numbers:
    """Score 1 where the prediction is from 90 to 110 % of the truth, else 0."""
    return in_range(pred, truth, 0.9, 1.1).astype(np.float64)


def _as_good_as_zero(pred: Numbers) -> Verdicts:
    return np.abs(pred) <= ZERO * (1.0 + SLACK)


RULES: Mapping[str, Callable[[Numbers, Numbers], Numbers]] = MappingProxyType(
    {
        "within_2": within_2,
        "within_25": within_25,
        "within_10": within_10,
        "mra": mra,
        "mra_strict": mra_strict,
    }
)
"""How a number is scored, in [0, 1]: (predictions, truths) -> scores."""
