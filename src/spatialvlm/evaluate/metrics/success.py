"""Whether an episode succeeded: verdicts or scores (n,) and the truth (n,) -> how well the two kinds are told apart.

A score that is missing (NaN) is wrong whichever way: below all for a success, above all for a failure. A threshold is
chosen on episodes that are not reported, and then kept.

Source: Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.evaluate.metrics.reward import ranks

Scores = Float64[np.ndarray, " n"]
Truth = Bool[np.ndarray, " n"]

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Detection:
    """How successes are found. Each is NaN where its denominator is 0."""

    precision: float
    recall: float
    f1: float


def detection(judged: Truth, truth: Truth) -> Detection:
    """precision = tp / (tp + fp), recall = tp / (tp + fn), F1 = 2 tp / (2 tp + fp + fn)."""
    found, said, there = (int(np.sum(one)) for one in (judged & truth, judged, truth))
    return Detection(_share(found, said), _share(found, there), _share(2 * found, said + there))


def auroc(scores: Scores, truth: Truth) -> float:
    """The share of pairs of a success and a failure in which the success scores more, equal scores as half.

    NaN without both.
    """
    scores = _filled(scores, truth)
    successes, failures = int(np.sum(truth)), int(np.sum(~truth))
    above = float(np.sum(ranks(scores)[truth])) - successes * (successes + 1) / 2
    return _share(above, successes * failures)


def fpr_at_tpr(scores: Scores, truth: Truth, tpr: float = 0.95) -> float:
    """The share of failures taken for successes at the highest threshold that finds `tpr` of the successes.

    Scores at the threshold count as successes. NaN without both.
    """
    if np.all(truth) or not np.any(truth):
        return NAN
    scores = _filled(scores, truth)
    successes = np.sort(scores[truth])[::-1]
    needed = max(1, math.ceil(tpr * len(successes) - 1e-9))
    return float(np.mean(scores[~truth] >= successes[needed - 1]))


def f1_threshold(scores: Scores, truth: Truth) -> float:
    """The score from which an episode is best called a success, by F1; of several the highest; NaN without one."""
    if not np.any(truth):
        return NAN
    scores = _filled(scores, truth)
    levels, place = np.unique(scores, return_inverse=True)
    said = np.cumsum(np.bincount(place)[::-1])
    found = np.cumsum(np.bincount(place, weights=truth)[::-1])
    return float(levels[::-1][np.argmax(2 * found / (said + int(np.sum(truth))))])


def _filled(scores: Scores, truth: Truth) -> Scores:
    return np.where(np.isnan(scores), np.where(truth, -np.inf, np.inf), scores)


def _share(part: float | int, whole: int) -> float:
    return part / whole if whole else NAN
