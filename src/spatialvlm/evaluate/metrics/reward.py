"""Rewards along an episode: predicted against true distances (t,) in metres, or values (t,) in time -> figures.

d are predicted and g true distances to the goal, frame by frame; the value of a frame is -d, or any progress. Figures
are of one episode: their mean over episodes, with an interval, is what is reported. A frame without a prediction is
NaN. It is left out where a figure needs a number (correlations, mean errors), and wrong where a figure counts (pairs,
steps).

A high order of values in time alone is no merit, since any clock has it: report it with reversed and failed episodes,
and with the correlation with g.

Sources. Order in time (VOC): GVL, arXiv 2411.04549. Success and failure told apart: TOPReward, arXiv 2602.19313. Ranks
of policies and 1 to 5 scores: Robometer, arXiv 2603.02115; RoboReward, arXiv 2601.00675. Tau-b: Kendall, Biometrika 33,
1945; it corrects for ties, which tau-a does not.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float64

from spatialvlm.evaluate.metrics.choices import group_means
from spatialvlm.evaluate.metrics.numbers import SLACK

Numbers = Float64[np.ndarray, " t"]
Rows = Float64[np.ndarray, " n"]

PAIR_GAPS_M = (0.01, 0.02, 0.05)
NAN = float("nan")


def pearson(a: Numbers, b: Numbers) -> float:
    """The linear correlation; NaN where either does not vary."""
    a, b = _both(a, b)
    if not _varies(a) or not _varies(b):
        return NAN
    a, b = _centred(a), _centred(b)
    return float(np.clip(np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2)), -1.0, 1.0))


def spearman(a: Numbers, b: Numbers) -> float:
    """The correlation of ranks, ties sharing their mean rank; NaN where either does not vary."""
    a, b = _both(a, b)
    return pearson(ranks(a), ranks(b))


def kendall_b(a: Numbers, b: Numbers) -> float:
    """Kendall's tau-b: (concordant - discordant) / sqrt((pairs - ties of a) (pairs - ties of b)).

    NaN where either does not vary.
    """
    from scipy.stats import kendalltau  # slow to import

    a, b = _both(a, b)
    if not _varies(a) or not _varies(b):
        return NAN
    return float(np.asarray(kendalltau(a, b, variant="b"))[0])


def ranks(values: Numbers) -> Numbers:
    """Ranks from 1, the least first; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[place]


def mae_m(d: Numbers, g: Numbers) -> float:
    """mean |d - g|, in metres; NaN without a prediction."""
    d, g = _both(d, g)
    return float(np.mean(np.abs(d - g))) if len(d) else NAN


def aligned_abs_rel(d: Numbers, g: Numbers) -> float:
    """mean |s d - g| / g with s = median(g / d): the error that is left when the scale is put right.

    Counts frames with g above 0, and for s those with d above 0 too; NaN where there are none.
    """
    d, g = _both(d, g)
    d, g = d[g > 0], g[g > 0]
    if not np.any(d > 0):
        return NAN
    scale = np.median(g[d > 0] / d[d > 0])
    return float(np.mean(np.abs(scale * d - g) / g))


def pair_accuracy(d: Numbers, g: Numbers, gap_m: float) -> float:
    """The share of pairs of frames, |g_i - g_j| >= gap_m, that d puts in the right order.

    Equal predictions are in no order, and wrong. NaN where no pair is so far apart.
    """
    first, second = np.triu_indices(len(g), 1)
    apart = g[first] - g[second]
    asked = (np.abs(apart) >= gap_m * (1.0 - SLACK)) & (apart != 0)
    if not np.any(asked):
        return NAN
    return float(np.mean((d[first] - d[second])[asked] * np.sign(apart[asked]) > 0))


def monotone_violations(d: Numbers, g: Numbers) -> float:
    """The share of steps on which g changes and d does not go the same way; NaN where g never changes.

    Where d stands still while g moves, the step is no violation. With g falling all the time it counts the steps on
    which d rises.
    """
    moved = np.diff(g)
    if not np.any(moved):
        return NAN
    steps = np.diff(d)[moved != 0] * np.sign(moved[moved != 0])
    return float(np.mean((steps < 0) | np.isnan(steps)))


def jitter(d: Numbers, g: Numbers) -> float:
    """median |delta d - delta g| over steps, in metres; NaN without a step of two predictions."""
    off = np.abs(np.diff(d) - np.diff(g))
    off = off[~np.isnan(off)]
    return float(np.median(off)) if len(off) else NAN


def voc(values: Numbers) -> float:
    """Value-order correlation: Spearman of values against time, 1 where they always rise; NaN where they never vary."""
    return spearman(values, np.arange(len(values), dtype=np.float64))


def mean_voc(episodes: Sequence[Numbers]) -> float:
    """The mean VOC of episodes; one whose values do not vary has no order, and counts as 0. NaN of none."""
    found = np.array([voc(values) for values in episodes])
    return float(np.mean(np.nan_to_num(found, nan=0.0))) if len(found) else NAN


def voc_difference(succeeded: Sequence[Numbers], failed: Sequence[Numbers]) -> float:
    """VOC_succ - VOC_fail, of means: 0 for a clock, which sees no failure."""
    return mean_voc(succeeded) - mean_voc(failed)


def score_mae(pred: Rows, truth: Rows, low: float = 1.0, high: float = 5.0) -> float:
    """mean |pred - truth| of scores from `low` to `high`; NaN of none.

    A missing score is as wrong as its truth allows.
    """
    worst = np.maximum(truth - low, high - truth)
    return float(np.mean(np.where(np.isnan(pred), worst, np.abs(pred - truth)))) if len(truth) else NAN


def policy_ranking(reward: Rows, success: Rows, policies: Sequence[Hashable]) -> float:
    """Kendall's tau-b of policies by mean reward against policies by mean success; rows are episodes.

    NaN with fewer than two policies, or where all are equal.
    """
    predicted, true = group_means(reward, policies), group_means(success, policies)
    return kendall_b(np.array(list(predicted.values())), np.array(list(true.values())))


def _both(a: Numbers, b: Numbers) -> tuple[Rows, Rows]:
    """Both, where both are known."""
    known = ~(np.isnan(a) | np.isnan(b))
    return a[known], b[known]


def _varies(values: Rows) -> bool:
    return len(values) > 1 and bool(np.any(values != values[0]))


def _centred(values: Rows) -> Rows:
    """Values less their mean, of size 1, so that their squares neither vanish nor overflow."""
    apart = values - values.mean()
    return apart / np.max(np.abs(apart))
