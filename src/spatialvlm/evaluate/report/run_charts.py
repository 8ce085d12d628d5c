"""The charts of a run's page: figures and answers enter, rows and plots of the page's kit leave.

Many answers are drawn by at most DOTS of them, spread evenly over the truth; figures are always of all. What is no
finite number, or beyond LARGEST, is not drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm import page
from spatialvlm.evaluate.metrics.numbers import SPATIALVLM_WINDOWS, abs_rel, in_range
from spatialvlm.evaluate.report.run_tables import FEW

Numbers = Float64[np.ndarray, " n"]

DOTS = 1000
SMOOTHED = 0.1
"""The running median is over this share of the answers, those whose truths are nearest."""
LARGEST, SMALLEST = 1e12, 1e-9
FEWEST_SMOOTHED = 10
"""Fewer answers have no running median."""
NOTHING = page.note("Nothing that can be drawn.")


def error_plot(truth: Numbers, pred: Numbers, unit: str) -> page.Markup:
    """Plot relative error, 1 at most, against the truth, with the running median: figure 11 of the paper."""
    truth, pred = _drawable(truth, pred)
    if not len(truth):
        return NOTHING
    error = np.minimum(abs_rel(pred, truth), 1.0)
    lowest, reach = min(0.0, float(truth[0])), max(float(np.quantile(truth, 0.98)), 1e-6)
    across = page.linear(lowest, reach, lambda value: f"{value:.3g}", label=f"truth, {unit}" if unit else "truth")
    layers: list[page.Curve | page.Dots] = [*_dots(truth, pred, error)]
    if len(truth) >= FEWEST_SMOOTHED:
        layers.append(page.Curve(running_median(truth, error), "median"))
    return page.plot(across, page.SHARES, layers)


def running_median(at: Numbers, values: Numbers) -> list[tuple[float, float]]:
    """Compute the median of the values around each of up to 60 places, over SMOOTHED of them; `at` rises."""
    wide = max(FEWEST_SMOOTHED, round(SMOOTHED * len(at)))
    starts = np.unique(np.linspace(0, len(at) - wide, 60).round().astype(int)).tolist()
    medians: dict[float, list[float]] = {}
    for start in starts:
        around = slice(start, start + wide)
        medians.setdefault(float(np.median(at[around])), []).append(float(np.median(values[around])))
    return [(place, float(np.median(found))) for place, found in medians.items()]


def answer_plot(truth: Numbers, pred: Numbers, unit: str) -> page.Markup:
    """Plot answers against the truth, both logarithmic and above 0, with the window of 50 to 200 %."""
    truth, pred = _drawable(truth, pred)
    if not len(truth):
        return NOTHING
    low = max(float(np.min(truth)) / 2.0, SMALLEST)
    high = max(float(np.max(truth)) * 2.0, 4.0 * low)

    def says(value: float) -> str:
        # lengths beyond those of the earth in powers of ten
        return page.metres(value) if unit and value < 1e6 else f"{value:g} {unit}".rstrip()

    across = page.logarithmic(low, high, says, label="truth")
    window = [(low, low), (low, 2 * low), (high / 2, high), (high, high), (high, high / 2), (2 * low, low)]
    layers = [page.Curve(window, "band"), page.Curve([(low, low), (high, high)], "ideal")]
    return page.plot(across, replace(across, label="answer ↑"), [*layers, *_dots(truth, pred, pred)])


def score_row(name: str, figures: Mapping[str, Any]) -> page.Row:
    """Draw the mean score of a group with its interval; a stroke at chance, a diamond at the official score."""
    score, official, guess = figures["robust"], figures["official"], figures["qualitative"]
    marks = []
    if guess and guess["n"] == figures["n"]:
        marks.append(page.Mark(guess["chance"], "chance", page.STROKE))
    if official:
        marks.append(page.Mark(official["mean"], "official", page.DIAMOND))
    ends, sure = _ends(score), f"({FEW}) "
    if ends is not None:
        sure = f"({100 * ends[0]:.0f}–{100 * ends[1]:.0f}) " if ends[0] < ends[1] else ""
    more = f"{sure}n {figures['n']:,}"
    return page.Row(name, [page.Bar(0.0, score["mean"], "score")], ends, marks, page.percent(score["mean"]), more)


def difference_row(name: str, paired: Mapping[str, Any]) -> page.Row:
    """Draw the difference of two runs with its interval, in points; its class says whether it can be told from none."""
    difference = paired["difference"]
    ends, mean = _ends(difference), difference["mean"]
    css = ("up" if mean > 0 else "down") if paired["told"] else "even"
    sure = FEW if ends is None else f"{page.points(ends[0], 0)} to {page.points(ends[1], 0)}"
    dot, more = page.Mark(mean, "dot", page.DOT), f"({sure}) n {paired['n']:,}"
    return page.Row(name, (), ends, [dot], page.points(mean), more, css=css)


def difference_chart(rows: Sequence[page.Row]) -> page.Markup:
    """Draw differences on an axis that has zero in its middle."""
    reach = max([0.01, *(abs(at) for row in rows for at in (*(row.reach or ()), *(mark.at for mark in row.marks)))])

    def says(value: float) -> str:
        return f"{100 * value:+g}".replace("-", "−") if value else "0"

    return page.row_chart(rows, page.linear(-reach, reach, says, steps=4))


def _ends(interval: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if interval["low"] is None else (interval["low"], interval["high"])


def _dots(truth: Numbers, pred: Numbers, up: Numbers) -> tuple[page.Dots, page.Dots]:
    """Draw dots in two groups: those in the window of 50 to 200 %, and those outside, which are drawn on top."""
    right, count = in_range(pred, truth, *SPATIALVLM_WINDOWS[0]), len(truth)
    shown = np.unique(np.linspace(0, count - 1, min(count, DOTS)).round().astype(int))
    places = list(zip(truth[shown].tolist(), up[shown].tolist(), right[shown].tolist(), strict=True))
    inside, outside = ([(x, y) for x, y, found in places if found is wanted] for wanted in (True, False))
    return page.Dots(inside, "in"), page.Dots(outside, "out")


def _drawable(truth: Numbers, pred: Numbers) -> tuple[Float64[np.ndarray, " kept"], Float64[np.ndarray, " kept"]]:
    """Keep what can be drawn, by rising truth."""
    kept = np.flatnonzero((np.abs(truth) <= LARGEST) & ~np.isnan(pred))  # false for NaN
    order = kept[np.argsort(truth[kept], kind="stable")]
    return truth[order], pred[order]
