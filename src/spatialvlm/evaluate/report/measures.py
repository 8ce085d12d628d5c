"""Columns of scored items -> figures, as JSON objects: one function per group of figures.

A share is of all rows of its group, those unread, refused or never answered included; what counts fewer rows says of
how many. A figure without a value (no rows, nothing read, no limit to it) is None. An interval is the 95 % bootstrap
interval of `metrics.bootstrap`, with the clusters of `rows`; there is none of fewer than FEWEST clusters.

Lengths and numbers: the paper's columns (arXiv 2401.12168, tables 2 and 4) are the share of answers with a number and
the shares within three windows around the truth. In the paper a person looked for the number; here it is a length that
the parser could read, with a unit.
"""

import math
from typing import Any

import numpy as np

from spatialvlm.evaluate.metrics.angles import angle_ok, turn_between
from spatialvlm.evaluate.metrics.bootstrap import mean_interval
from spatialvlm.evaluate.metrics.choices import chance_adjusted
from spatialvlm.evaluate.metrics.hours import angle_error, clock_ok
from spatialvlm.evaluate.metrics.numbers import (
    SPATIALVLM_WINDOWS,
    a1,
    abs_rel,
    delta_below,
    delta_within,
    in_range,
    log_error,
    mra,
    within_25,
)
from spatialvlm.evaluate.metrics.selective import (
    LEVELS,
    aurc,
    calibration,
    coverage_at_risk,
    interval_coverage,
    risk_coverage,
)
from spatialvlm.evaluate.report.rows import Numbers, Rows

Figures = dict[str, Any]

PAPER = ("output_number", "in_50_200", "in_66_150", "in_90_110")
"""The columns of the paper, in its order."""
FEWEST = 6
"""Fewer sets of pictures have no interval: the draws of so few say little of others. All of five on one side have
p = 0.0625 in a sign test."""
DECIMALS = 9
BINS = 10
"""Bins of stated confidence, of equal width."""
NUMBERS = ("count", "area")
"""The forms of truth that are numbers."""
POINTS = 50
"""Points of a curve of risk against coverage that are kept, at even coverages."""


def tidy(value: Any) -> Any:
    """Round figures for JSON: floats to 9 decimals, so that no machine differs, and None where there is no value."""
    if isinstance(value, dict):
        return {name: tidy(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(one) for one in value]
    if isinstance(value, float):
        return round(float(value), DECIMALS) if math.isfinite(value) else None
    return value


def interval(values: Numbers, rows: Rows) -> Figures | None:
    """Average a column, with an interval; None of no rows. The ends are None of fewer than FEWEST clusters."""
    found = mean_interval(values, rows.clusters)
    if found is None:
        return None
    few = len(set(rows.clusters)) < FEWEST
    return {"mean": found.value, "low": None if few else found.low, "high": None if few else found.high}


def counts(rows: Rows) -> Figures:
    """Count how many there are and what became of them: n = read + refused + unread + failed."""
    read, refused, failed = (int(np.sum(column)) for column in (rows.read, rows.refused, rows.failed))
    return {
        "n": len(rows),
        "clusters": len(np.unique(rows.cluster)),
        "read": read,
        "refused": refused,
        "unread": len(rows) - read - refused - failed,
        "failed": failed,
        "truncated": int(np.sum(rows.truncated)),
        "parse_rate": _share(rows.read),
        "abstain_rate": _share(rows.refused),
        "truncated_rate": _share(rows.truncated),
        "failed_rate": _share(rows.failed),
    }


def means(rows: Rows) -> Figures:
    """Compute the mean score by each parser, with intervals; the official one None where the task has none."""
    robust = interval(rows.robust, rows)
    known = not np.any(np.isnan(rows.official))
    if known and np.array_equal(rows.robust, rows.official):
        return {"robust": robust, "official": robust}
    return {"robust": robust, "official": interval(rows.official, rows) if known else None}


def metric(rows: Rows, *forms: str, sure: bool) -> Figures | None:
    """Compute figures of lengths or of numbers against the truth; None without any. `sure` asks for intervals too."""
    rows = rows.of(*forms)
    if not len(rows):
        return None
    pred, truth = rows.pred, rows.truth
    windows = [in_range(pred, truth, low, high) for low, high in SPATIALVLM_WINDOWS]
    columns = {name: column.astype(np.float64) for name, column in zip(PAPER, [rows.read, *windows], strict=True)}
    columns |= {"within_25": within_25(pred, truth), "mra": mra(pred, truth)}
    errors, logs = abs_rel(pred, truth)[rows.read], log_error(pred, truth)[rows.read]
    return {
        "n": len(rows),
        "read": int(np.sum(rows.read)),
        **{name: float(np.mean(column)) for name, column in columns.items()},
        "delta_below_2": _share(delta_below(pred, truth, 2.0)),
        "delta_within_2": _share(delta_within(pred, truth, 2.0)),
        "delta_below_1_5": _share(delta_below(pred, truth, 1.5)),
        "delta_within_1_25": _share(delta_within(pred, truth, 1.25)),
        "a1": _share(a1(pred, truth)),
        "median_abs_rel": _median(errors),
        "median_log_error": _median(logs),
        **({"intervals": {name: interval(column, rows) for name, column in columns.items()}} if sure else {}),
    }


def qualitative(rows: Rows) -> Figures | None:
    """Compute accuracy over choices and yes or no, beside what blind guessing scores; None without any."""
    rows = rows.of("choice", "yes_no")
    if not len(rows):
        return None
    options = np.round(1.0 / rows.chance).astype(np.int64)
    return {
        "n": len(rows),
        "accuracy": interval(rows.robust, rows),
        "chance": float(np.mean(rows.chance)),
        "above_chance": chance_adjusted(rows.robust, options),
    }


def clock(rows: Rows) -> Figures | None:
    """Score hours: the share within one hour, of all; the mean error as an angle, of those read. None without any."""
    rows = rows.of("clock")
    if not len(rows):
        return None
    right = clock_ok(rows.pred, rows.truth)
    off = angle_error(rows.pred, rows.truth)[rows.read]
    return {
        "n": len(rows),
        "read": len(off),
        "ok": interval(right.astype(np.float64), rows),
        "mean_angle_error_deg": float(np.mean(off)) if len(off) else None,
    }


def angles(rows: Rows) -> Figures | None:
    """Score angles: the share within 10 degrees or 25 %, of all; the mean error of those read. None without any."""
    rows = rows.of("angle")
    if not len(rows):
        return None
    off = np.degrees(turn_between(rows.pred, rows.truth)[rows.read])
    return {
        "n": len(rows),
        "read": len(off),
        "ok": interval(angle_ok(rows.pred, rows.truth).astype(np.float64), rows),
        "mean_angle_error_deg": float(np.mean(off)) if len(off) else None,
    }


def right(rows: Rows, form: str) -> Figures | None:
    """Score what is right or wrong and has no guess: orders, and what cannot be told. None without any."""
    rows = rows.of(form)
    return {"n": len(rows), "accuracy": interval(rows.robust, rows)} if len(rows) else None


def regions(rows: Rows) -> Figures | None:
    """Score places: whether the first point is inside, and, more lenient, whether any is. None without any."""
    rows = rows.of("region")
    if not len(rows):
        return None
    return {"n": len(rows), "first_point": interval(rows.first, rows), "any_point": interval(rows.any, rows)}


def by_sigma(rows: Rows) -> Figures | None:
    """Measure what the stated errors of lengths and numbers are worth; None where no answer states one.

    The surest answer is the one with the least sigma relative to its value. An answer without sigma is the least sure.
    """
    rows = rows.of("length", *NUMBERS)
    stated = np.isfinite(rows.sigma) & np.isfinite(rows.pred) & (rows.sigma >= 0)
    if not np.any(stated):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(stated, rows.sigma / np.abs(rows.pred), np.nan)
    levels = zip(LEVELS.tolist(), calibration(rows.pred, rows.truth, rows.sigma).tolist(), strict=True)
    return {
        **_selective(rows, -relative, int(np.sum(stated))),
        "coverage_of_80": interval_coverage(rows.pred, rows.truth, rows.sigma),
        "calibration": [[level, share] for level, share in levels],
    }


def by_confidence(rows: Rows) -> Figures | None:
    """Measure what stated confidences are worth; None where no answer states one. One without is the least sure.

    `reliability` is per bin of confidence [mean confidence, mean score, answers], `calibration_error` the mean distance
    between the two over all answers that state one.
    """
    stated = np.isfinite(rows.confidence)
    if not np.any(stated):
        return None
    said, right = rows.confidence[stated], rows.robust[stated]
    place = np.clip((said * BINS).astype(np.int64), 0, BINS - 1)
    bins = [(said[place == one], right[place == one]) for one in range(BINS)]
    reliability = [[float(np.mean(sure)), float(np.mean(score)), len(sure)] for sure, score in bins if len(sure)]
    off = sum(abs(sure - score) * size for sure, score, size in reliability) / len(said)
    return {
        **_selective(rows, rows.confidence, len(said)),
        "calibration_error": off,
        "reliability": reliability,
    }


def _selective(rows: Rows, confidence: Numbers, stated: int) -> Figures:
    loss = 1.0 - rows.robust
    coverages, risks = risk_coverage(loss, confidence)
    places = np.unique(np.ceil(np.arange(1, POINTS + 1) * len(rows) / POINTS).astype(np.int64)) - 1
    return {
        "n": len(rows),
        "stated": stated,
        "aurc": aurc(loss, confidence),
        "coverage_at_25_risk": coverage_at_risk(loss, confidence),
        "risk_coverage": [[float(coverages[place]), float(risks[place])] for place in places],
    }


def _share(flags: np.ndarray) -> float | None:
    return float(np.mean(flags)) if len(flags) else None


def _median(values: Numbers) -> float | None:
    return float(np.median(values)) if len(values) else None
