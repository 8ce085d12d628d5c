"""Figures of one episode: distances as predicted and as they are, frame by frame, enter; one number leaves each.

In all of them `d` is what a source says, `g` what is true, `v` the value of a reward (here -d), each with one number a
frame in order of time; metres where a docstring says so, else any unit. NaN in `d` is a frame without an answer: it is
left out of correlations and of mean errors, and counts as wrong in shares. A figure that has no value (too few frames,
no variation) is NaN, without a warning.

Sources: Spearman 1904; Kendall 1945 (tau-b); GVL (Ma et al., ICLR 2025) for VOC; Eigen et al. 2014 for errors with the
scale taken out; SpatialVLM (Chen et al., CVPR 2024) for the window of 50 to 200 %.
"""

import numpy as np
from jaxtyping import Float64

Series = Float64[np.ndarray, " t"]

MARGINS_M = (0.01, 0.02, 0.05)
HALF_TO_DOUBLE, QUARTER = (0.5, 2.0), (0.75, 1.25)
SLACK = 1e-9


def ranks(values: Series) -> Series:
    """Rank values from 1; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def pearson(d: Series, g: Series) -> float:
    """Return the linear correlation of two series, -1 to 1, of frames where both are known."""
    one, other = _both_known(d, g)
    if len(one) < 2:
        return np.nan
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / size) if size > 0 else np.nan


def spearman(d: Series, g: Series) -> float:
    """Return the correlation of ranks, -1 to 1, ties sharing their ranks."""
    one, other = _both_known(d, g)
    return pearson(ranks(one), ranks(other)) if len(one) > 1 else np.nan


def kendall_tau_b(d: Series, g: Series) -> float:
    """Return Kendall's tau-b, -1 to 1: of pairs in the same order less those in the other one, ties corrected."""
    one, other = _both_known(d, g)
    signs, true_signs = _pair_signs(one), _pair_signs(other)
    size = float(np.sqrt(np.count_nonzero(signs) * np.count_nonzero(true_signs)))
    return float((signs * true_signs).sum() / size) if size > 0 else np.nan


def mean_absolute_error(d: Series, g: Series) -> float:
    """Return the mean of |d - g|; both in metres, and so is the error."""
    return _mean(np.abs(d - g))


def absolute_relative_error(d: Series, g: Series) -> float:
    """Return the mean of |d - g| / g; both in metres; frames where nothing is between the two are left out."""
    some = g > 0
    return _mean(np.abs(d[some] - g[some]) / g[some])


def share_within(d: Series, g: Series, low: float, high: float) -> float:
    """Return the share of frames with low <= d / g <= high, from 0 to 1; both in metres, no answer counts as outside.

    HALF_TO_DOUBLE is SpatialVLM's window, QUARTER is within 25 %.
    """
    if len(g) == 0:
        return np.nan
    return float(np.mean((d >= low * g * (1 - SLACK)) & (d <= high * g * (1 + SLACK))))


def scale_aligned_error(d: Series, g: Series) -> float:
    """Return the mean of |s d - g| / g where s is the median of g / d: errors of shape, without those of scale."""
    known = np.isfinite(d) & (d > 0) & (g > 0)
    if not known.any():
        return np.nan
    ratio = float(np.median(g[known] / d[known]))
    return absolute_relative_error(ratio * d[known], g[known])


def pair_accuracy(d: Series, g: Series, margin_m: float) -> float:
    """Return the share of pairs of frames in their true order, of those whose truth differs by `margin_m` or more.

    `g` in metres. Pairs that `d` ties, or has no answer for, count as wrong.
    """
    one, other = np.triu_indices(len(g), 1)
    true = g[one] - g[other]
    asked = np.abs(true) >= margin_m - SLACK
    if not asked.any():
        return np.nan
    told = d[one] - d[other]
    return float(np.mean((np.sign(told) == np.sign(true))[asked]))


def monotone_violations(d: Series) -> float:
    """Return the share of steps from frame to frame at which the distance grows, 0 to 1, of steps that are known."""
    steps = np.diff(d)
    steps = steps[np.isfinite(steps)]
    return float(np.mean(steps > 0)) if len(steps) else np.nan


def jitter(d: Series, g: Series) -> float:
    """Return the median of |change of d - change of g| from frame to frame; in metres where both are."""
    off = np.abs(np.diff(d) - np.diff(g))
    off = off[np.isfinite(off)]
    return float(np.median(off)) if len(off) else np.nan


def value_order_correlation(v: Series) -> float:
    """Return VOC, -1 to 1: Spearman's correlation of values and time (GVL); played backwards it is -VOC."""
    return spearman(v, np.arange(len(v), dtype=np.float64))


def _both_known(d: Series, g: Series) -> tuple[Series, Series]:
    known = np.isfinite(d) & np.isfinite(g)
    return d[known], g[known]


def _pair_signs(values: Series) -> Series:
    one, other = np.triu_indices(len(values), 1)
    return np.sign(values[one] - values[other])


def _mean(values: Series) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
