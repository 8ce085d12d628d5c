"""The charts of a run's page as inline SVG: plain numbers in, markup out. Colours come from the page's classes.

Many answers are drawn by at most DOTS of them, spread evenly over the truth; figures are always of all. What is no
finite number, or beyond LARGEST, is not drawn.
"""

import math
import unicodedata
from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Float64

from spatialvlm.dataset.card_charts import metres
from spatialvlm.evaluate.metrics.numbers import SPATIALVLM_WINDOWS, abs_rel, in_range

Numbers = Float64[np.ndarray, " n"]
Kept = Float64[np.ndarray, " kept"]

DOTS = 1000
SMOOTHED = 0.1
"""The running median is over this share of the answers, those whose truths are nearest."""
LARGEST, SMALLEST = 1e12, 1e-9
FEWEST = 10
"""Fewer answers have no running median."""

_WIDTH, _HEIGHT = 460, 290
_LEFT, _RIGHT, _TOP, _FOOT = 46, 10, 12, 40
_SQUARE, _EDGE = 200, 40
NOTHING = "<p class='note'>Nothing that can be drawn.</p>"


def error_by_truth(truth: Numbers, pred: Numbers, unit: str) -> str:
    """Relative error, 1 at most, against the truth, with the running median: figure 11 of the paper."""
    truth, pred = _drawable(truth, pred)
    if not len(truth):
        return NOTHING
    error = np.minimum(abs_rel(pred, truth), 1.0)
    order = np.argsort(truth, kind="stable")
    truth, error, pred = truth[order], error[order], pred[order]
    lowest, reach = min(0.0, float(truth[0])), max(float(np.quantile(truth, 0.98)), 1e-6)
    step = round_up((reach - lowest) / 6)
    least, most = step * math.floor(lowest / step), step * math.ceil(reach / step - 1e-9)
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _FOOT

    def x(value: float) -> float:
        return _LEFT + across * (min(value, most) - least) / (most - least)

    def y(value: float) -> float:
        return _TOP + up * (1.0 - value)

    parts = []
    for share in (0.25, 0.5, 0.75, 1.0):
        parts.append(_across(y(share), f"{share:.0%}"))
    parts.append(_across(y(0.0), "0%", "zero"))
    parts += [_tick(x(value), f"{value:.3g}") for value in np.arange(least, most + step / 2, step).tolist()]
    right = in_range(pred, truth, *SPATIALVLM_WINDOWS[0])
    dots = [(x(truth[i]), y(error[i]), bool(right[i])) for i in _spread(len(truth))]
    parts += _dots(dots)
    if len(truth) >= FEWEST:
        path = " L".join(f"{x(at):.1f},{y(value):.1f}" for at, value in running_median(truth, error))
        parts.append(f"<path class='line median' d='M{path}'/>")
    label = f"truth{f', {unit}' if unit else ''}"
    return svg(_WIDTH, _HEIGHT, [*parts, _label(label)])


def running_median(at: Numbers, values: Numbers) -> list[tuple[float, float]]:
    """The median of the values around each of up to 60 places, over SMOOTHED of them; `at` rises."""
    wide = max(FEWEST, round(SMOOTHED * len(at)))
    starts = np.unique(np.linspace(0, len(at) - wide, 60).round().astype(int)).tolist()
    medians: dict[float, list[float]] = {}
    for start in starts:
        around = slice(start, start + wide)
        medians.setdefault(float(np.median(at[around])), []).append(float(np.median(values[around])))
    return [(place, float(np.median(found))) for place, found in medians.items()]


def scatter(truth: Numbers, pred: Numbers, unit: str) -> str:
    """Answers against the truth, both logarithmic and above 0, with the window of 50 to 200 %."""
    truth, pred = _drawable(truth, pred)
    if not len(truth):
        return NOTHING
    low = max(float(np.min(truth)) / 2.0, SMALLEST)
    high = max(float(np.max(truth)) * 2.0, 4.0 * low)
    order = np.argsort(truth, kind="stable")
    truth, pred = truth[order], pred[order]
    steps = [(value, _says(value, unit)) for value in _steps(low, high)]
    left = max([_LEFT, *(14 + math.ceil(wide(says)) for _, says in steps)])
    across, up, reach = _WIDTH - left - _RIGHT, _HEIGHT - _TOP - _FOOT, math.log(high / low)

    def x(value: float) -> float:
        return left + across * math.log(min(max(value, low), high) / low) / reach

    def y(value: float) -> float:
        return _TOP + up * (1.0 - math.log(min(max(value, low), high) / low) / reach)

    corners = [(low, low), (low, 2 * low), (high / 2, high), (high, high), (high, high / 2), (2 * low, low)]
    band = " ".join(f"{x(true):.1f},{y(said):.1f}" for true, said in corners)
    parts = [
        f"<rect class='field' x='{left}' y='{_TOP}' width='{across}' height='{up}'/>",
        f"<polygon class='band' points='{band}'/>",
        f"<path class='ideal' d='M{x(low):.1f},{y(low):.1f} L{x(high):.1f},{y(high):.1f}'/>",
    ]
    for value, says in steps:
        parts += [_tick(x(value), says), _across(y(value), says, left=left)]
    right = in_range(pred, truth, *SPATIALVLM_WINDOWS[0])
    parts += _dots([(x(truth[i]), y(pred[i]), bool(right[i])) for i in _spread(len(truth))])
    parts.append(f"<text class='tick' x='{left + 8}' y='{_TOP + 16}'>answer ↑</text>")
    return svg(_WIDTH, _HEIGHT, [*parts, _label("truth")])


def reliability(bins: Sequence[Sequence[float | int]]) -> str:
    """Stated confidence (across) against the score (up), by bins of (confidence, score, answers)."""
    most = max(bin_[2] for bin_ in bins)
    parts = [*_square(), f"<path class='ideal' d='M{_at(0, 0)} L{_at(1, 1)}'/>"]
    parts.append(f"<path class='line told' d='M{' L'.join(_at(sure, score) for sure, score, _ in bins)}'/>")
    for sure, score, count in bins:
        x, y = _at(sure, score).split(",")
        says = f"{count:,.0f} answers, stated {sure:.0%}, score {score:.0%}"
        radius = 2.5 + 4.5 * math.sqrt(count / most)
        parts.append(f"<circle class='dot told' cx='{x}' cy='{y}' r='{radius:.1f}'><title>{says}</title></circle>")
    return svg(_SQUARE + _EDGE + 18, _SQUARE + 30, parts)


def risk_coverage(curve: Sequence[Sequence[float]], limit: float = 0.25) -> str:
    """The share of questions that are answered, the surest first (across), against the mean loss on them (up)."""
    path = " L".join(_at(coverage, risk) for coverage, risk in curve)
    across, up = _at(0.0, limit), _at(1.0, limit)
    parts = [*_square(), f"<path class='ideal' d='M{across} L{up}'/>", f"<path class='line told' d='M{path}'/>"]
    return svg(_SQUARE + _EDGE + 18, _SQUARE + 30, parts)


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """A drawing of this size, which scales with its place on the page."""
    return f"<svg viewBox='0 0 {width} {height}' role='img' class='w{width}'>{''.join(parts)}</svg>"


def _square() -> list[str]:
    parts = [f"<rect class='field' x='{_EDGE}' y='8' width='{_SQUARE}' height='{_SQUARE}'/>"]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _at(share, share).split(",")
        if 0 < share < 1:
            parts.append(
                f"<path class='grid' d='M{_at(share, 0)} L{_at(share, 1)} M{_at(0, share)} L{_at(1, share)}'/>"
            )
        if share in (0.0, 0.5, 1.0):
            parts.append(f"<text class='tick' x='{x}' y='{_SQUARE + 24}' text-anchor='middle'>{share:.0%}</text>")
            parts.append(
                f"<text class='tick' x='{_EDGE - 5}' y='{float(y) + 4:.1f}' text-anchor='end'>{share:.0%}</text>"
            )
    return parts


def _at(x: float | int, y: float | int) -> str:
    return f"{_EDGE + x * _SQUARE:.1f},{8 + (1.0 - y) * _SQUARE:.1f}"


def _dots(where: Sequence[tuple[float, float, bool]]) -> list[str]:
    """Dots in two groups: those in the window of 50 to 200 %, and those outside, which are drawn on top."""
    groups = []
    for css, wanted in (("in", True), ("out", False)):
        dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.6'/>" for x, y, right in where if right is wanted)
        groups.append(f"<g class='dots {css}'>{dots}</g>")
    return groups


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, DOTS)).round().astype(int)).tolist()


def _says(value: float, unit: str) -> str:
    """A value at an axis; lengths beyond those of the earth in powers of ten."""
    if unit and value < 1e6:
        return metres(value)
    return f"{value:g} {unit}".rstrip()


def _across(y: float, says: str, css: str = "grid", left: int = _LEFT) -> str:
    return (
        f"<line class='{css}' x1='{left}' x2='{_WIDTH - _RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"
        f"<text class='tick' x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>{says}</text>"
    )


def _tick(x: float, says: str) -> str:
    base, half = _HEIGHT - _FOOT, wide(says) / 2
    middle = min(max(x, half), _WIDTH - half)  # the outermost labels stay in the picture
    return (
        f"<line class='axis' x1='{x:.1f}' x2='{x:.1f}' y1='{base}' y2='{base + 4}'/>"
        f"<text class='tick' x='{middle:.1f}' y='{base + 17}' text-anchor='middle'>{says}</text>"
    )


def _label(text: str) -> str:
    x = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
    return f"<text class='tick' x='{x:g}' y='{_HEIGHT - 6}' text-anchor='middle'>{escape(text)}</text>"


def round_up(value: float) -> float:
    """The least 1, 2, 5 or 10 times a power of ten that is not below a value; 1 where it is no number above 0."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 5, 10, 20) if step * size >= value * (1 - 1e-9))


def wide(text: str, size: float = 13.0) -> float:
    """About how wide a text is at a size of its letters, rather more than less, whatever font the reader has."""
    return size * sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in " iljtfr.,:;'|!()[]-":
        return 0.4
    return 0.95 if letter in "mwMW@%" else 0.75 if letter.isupper() else 0.62


def _drawable(truth: Numbers, pred: Numbers) -> tuple[Kept, Kept]:
    kept = (np.abs(truth) <= LARGEST) & ~np.isnan(pred)  # false for NaN
    return truth[kept], pred[kept]


def _steps(low: float, high: float) -> list[float]:
    """Round values on a logarithmic axis, about five of them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [part * 10.0**decade for decade in decades for part in parts if low <= part * 10.0**decade <= high]
        if len(found) <= 7:
            return found
    return found[:: math.ceil(len(found) / 7)]
