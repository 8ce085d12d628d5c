"""When to trust an answer: losses and confidences (n,) -> what is gained by answering only where one is confident;
predictions with their stated errors (n,) -> whether those errors are true.

A loss is 1 minus the score, in [0, 1]. Confidence is any number that is greater where an answer is surer: a
probability, or minus a relative sigma. An answer without one (NaN) is the least sure of all.

Rows of equal confidence have no order. A coverage that takes a part of them gets the risk that it has on average over
all orders, so that the order of rows never matters.

Sources: risk against coverage and its area, Geifman et al., arXiv 1805.08206; calibration of intervals, Kuleshov et
al., arXiv 1807.00263.
"""

import numpy as np
from jaxtyping import Float64, Int
from scipy.special import ndtri

from spatialvlm.evaluate.metrics.numbers import SLACK

Numbers = Float64[np.ndarray, " n"]
Levels = Float64[np.ndarray, " k"]

LEVELS = np.arange(1, 10) / 10.0


def risk_coverage(loss: Numbers, confidence: Numbers) -> tuple[Numbers, Numbers]:
    """Compute the curve: coverages 1/n, 2/n, ..., 1, and the mean loss of that share of rows, the surest first."""
    risks, _ = _risks(loss, confidence)
    return np.arange(1, len(loss) + 1) / max(len(loss), 1), risks


def aurc(loss: Numbers, confidence: Numbers) -> float:
    """Compute the area under the curve, as the mean of its n risks; NaN of none.

    Lower is better. A confidence that is the same for all rows has the mean loss.
    """
    risks, _ = _risks(loss, confidence)
    return float(np.mean(risks)) if len(risks) else float("nan")


def coverage_at_risk(loss: Numbers, confidence: Numbers, risk: float = 0.25) -> float:
    """Find the greatest share of rows that some least confidence accepts with a mean loss of at most `risk`.

    A least confidence takes all rows of equal confidence or none. 0 where none will do; NaN of no rows.
    """
    if len(loss) == 0:
        return float("nan")
    risks, ends = _risks(loss, confidence)
    good = ends[risks[ends - 1] <= risk * (1.0 + SLACK) + SLACK]
    return float(good[-1]) / len(loss) if len(good) else 0.0


def interval_coverage(pred: Numbers, truth: Numbers, sigma: Numbers, level: float = 0.8) -> float:
    """Compute the share of truths in a normal error's central interval: |pred - truth| <= z sigma, z = 1.28 for 80 %.

    `level` where errors are true, less where they are understated. Counts rows with a prediction and a sigma of 0 or
    more; NaN where there are none.
    """
    return float(calibration(pred, truth, sigma, np.array([level]))[0])


def calibration(pred: Numbers, truth: Numbers, sigma: Numbers, levels: Levels = LEVELS) -> Levels:
    """Compute the interval coverage at some levels in (0, 1): level against coverage is the calibration curve."""
    stated = np.isfinite(pred) & np.isfinite(sigma) & (sigma >= 0)
    if not np.any(stated):
        return np.full(len(levels), np.nan)
    wide = ndtri((1.0 + levels) / 2.0)
    off = np.abs(pred - truth)[stated]
    return np.mean(off[:, None] <= wide * sigma[stated, None] * (1.0 + SLACK), axis=0)


def _risks(loss: Numbers, confidence: Numbers) -> tuple[Numbers, Int[np.ndarray, " g"]]:
    """Compute the n risks of the curve, and the counts of rows at which a group of equal confidence is complete."""
    if len(loss) == 0:
        return np.zeros(0), np.zeros(0, np.int64)
    doubt = -np.where(np.isnan(confidence), -np.inf, confidence)
    order = np.lexsort((loss, doubt))
    starts = np.concatenate([[0], np.flatnonzero(doubt[order][1:] != doubt[order][:-1]) + 1])
    ends = np.append(starts[1:], len(loss))
    sizes = ends - starts
    expected = np.repeat(np.add.reduceat(loss[order], starts) / sizes, sizes)
    return np.cumsum(expected) / np.arange(1, len(loss) + 1), ends
