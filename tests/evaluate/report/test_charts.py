"""The charts of a run's page: whatever the numbers, all that is drawn is finite and within the picture."""

import html
import re

import numpy as np
import pytest

from spatialvlm.evaluate.report.bars import Bar, Gap, bars, fitted, gaps, points
from spatialvlm.evaluate.report.charts import (
    DOTS,
    NOTHING,
    error_by_truth,
    reliability,
    risk_coverage,
    round_up,
    running_median,
    scatter,
    wide,
)

INF, NAN = float("inf"), float("nan")
PAIRS = {
    "one": ([1.0], [1.2]),
    "alike": ([2.0] * 12, [2.0] * 12),
    "far apart": ([1e-4, 1.0, 1e6], [1e9, 1e-9, 1.0]),
    "zeros": ([0.0, 0.0, 0.0], [0.0, 1.0, 5.0]),
    "below zero": ([-3.0, 0.0, 12.0], [-1.0, 2.0, 12.0]),
    "many": (np.geomspace(0.05, 20.0, 3 * DOTS), np.geomspace(20.0, 0.05, 3 * DOTS)),
}


ODD = {
    "no truth": ([NAN, 1.0, INF], [1.0, 2.0, 3.0]),
    "no answer": ([1.0, 2.0, 3.0], [NAN, INF, 1.0]),
    "too large": ([1e300, 1.0], [1.0, 1e300]),
    "too small": ([5e-324, 1.0], [1.0, 5e-324]),
    "large and alike": ([1e11, 1e11], [1e11, 1e12]),
}


def reaches(markup):
    """How far left and right the texts reach, by a generous guess at the width of letters."""
    found = []
    pattern = r"<text class='(?:tick|num|name)' x='([^']*)' y='[^']*'(?: text-anchor='(\w+)')?>(.*?)</text>"
    for x, anchor, inside in re.findall(pattern, markup):
        long = wide(html.unescape(re.sub(r"<title>.*?</title>|<[^>]*>", "", inside)), 12.0)
        start = float(x) - {"end": long, "middle": long / 2, "": 0.0}[anchor]
        found.append((start, start + long))
    return min(start for start, _ in found), max(end for _, end in found)


def drawn(markup):
    """All places, which have to lie in the picture (circles may stick out by their radius)."""
    width, height = map(float, re.search(r"viewBox='0 0 (\S+) (\S+)'", markup).groups())
    assert not re.search(r"nan|inf|None", markup)
    for name, most in (("x", width), ("cx", width), ("x1", width), ("x2", width)):
        for value in re.findall(rf" {name}='([^']*)'", markup):
            assert -1.0 <= float(value) <= most + 1.0
    left, right = reaches(markup)
    assert left >= 0
    assert right <= width + 1
    for name in ("y", "cy", "y1", "y2"):
        for value in re.findall(rf" {name}='([^']*)'", markup):
            assert -1.0 <= float(value) <= height + 1.0
    return markup


@pytest.mark.parametrize("name", PAIRS)
def test_errors_are_drawn_within_the_picture(name):
    truth, pred = map(np.array, PAIRS[name])
    markup = drawn(error_by_truth(truth, pred, "m"))
    assert markup.count("<circle") == min(len(truth), DOTS)
    assert ("median" in markup) == (len(truth) >= 10)


@pytest.mark.parametrize("name", ["one", "alike", "far apart", "many"])
def test_answers_are_drawn_within_the_picture(name):
    truth, pred = map(np.array, PAIRS[name])
    markup = drawn(scatter(truth, pred, "m"))
    assert markup.count("<circle") == min(len(truth), DOTS)
    ticks = re.findall(r"<text class='tick' x='[^']*' y='267' text-anchor='middle'>", markup)
    assert len(ticks) <= 7


@pytest.mark.parametrize("name", ODD)
def test_numbers_that_are_none_break_no_chart(name):
    truth, pred = map(np.array, ODD[name])
    for markup in (error_by_truth(truth, pred, "m"), scatter(truth, pred, "m"), scatter(truth, pred, "")):
        drawn(markup)
    nothing = np.array([NAN, INF])
    assert error_by_truth(nothing, np.ones(2), "m") == scatter(nothing, np.ones(2), "") == NOTHING
    drawn(bars([Bar("a", 1, NAN, 0.0, 1.0), Bar("b", 1, 0.5, NAN, INF, NAN, NAN)]))
    drawn(gaps([Gap("a", 1, NAN, 0.0, 1.0, True), Gap("b", 1, 0.5, NAN, INF, False)]))


@pytest.mark.parametrize(("value", "step"), [(NAN, 1.0), (INF, 1.0), (0.0, 1.0), (-2.0, 1.0), (0.3, 0.5), (20.0, 20.0)])
def test_steps_are_round(value, step):
    assert round_up(value) == step


def test_labels_of_wide_axes_stay_within_the_picture():
    drawn(scatter(np.array([4e8, 9e11]), np.array([5e8, 1e9]), "m"))
    drawn(scatter(np.array([1e-8, 3e-8]), np.array([1e-8, 1e-8]), ""))


def test_dots_tell_what_lies_in_the_window():
    markup = scatter(np.array([1.0, 1.0, 1.0]), np.array([0.5, 2.0, 2.1]), "m")
    inside, outside = re.search(r"<g class='dots in'>(.*?)</g><g class='dots out'>(.*?)</g>", markup).groups()
    assert (inside.count("<circle"), outside.count("<circle")) == (2, 1)


def test_the_running_median_is_that_of_the_nearest_truths():
    at = np.arange(200.0)
    assert running_median(at, at) == [(place, pytest.approx(place)) for place, _ in running_median(at, at)]
    (only,) = running_median(np.arange(10.0), np.array([9.0] * 4 + [1.0] * 6))
    assert only == (4.5, 1.0)


def test_bars_and_gaps_stay_within_the_picture_and_escape_names():
    rows = [
        Bar("a <b> & a name that is too long to be shown", 12, 0.0, 0.0, 1.0, 0.25, 1.0),
        Bar("c", 1, 1.0, 1.0, 1.0),
        Bar("W" * 40, 123_456, 0.999, 0.99, 1.0),
    ]
    markup = drawn(bars(rows))
    assert "<title>a &lt;b&gt; &amp; a name that is too long to be shown</title>" in markup
    assert markup.count("class='chance'") == markup.count("class='official'") == 1
    found = [
        Gap("a", 9, 0.01, -0.99, 1.0, False),
        Gap("b", 9, -0.2, -0.3, -0.1, True),
        Gap("c", 9, 0.0, 0.0, 0.0, False),
        Gap("object_rel_direction_medium, official", 25_000, -0.123, -0.145, 0.101, False),
        Gap("near", 25_000, -1.0, -1.0, -1.0, False),
    ]
    markup = drawn(gaps(found))
    assert [markup.count(f"gap {css}") for css in ("up", "down", "even")] == [0, 1, 4]


def test_names_that_are_too_long_lose_their_middle():
    names = [f"object_rel_direction_{how}" for how in ("easy", "medium", "hard")]
    shown = [fitted(name, 130.0) for name in names]
    assert len(set(shown)) == 3
    for name, short in zip(names, shown, strict=True):
        start, end = short.split("…")
        assert name.startswith(start)
        assert name.endswith(end)
        assert wide(short) <= 130.0
    assert fitted("short", 130.0) == "short"
    assert fitted("房间里的椅子和桌子之间的距离", 130.0).count("…") == 1


def test_too_few_pictures_are_drawn_without_an_interval():
    markup = drawn(bars([Bar("a", 3, 0.5, None, None)])) + drawn(gaps([Gap("a", 3, 0.5, None, None, False)]))
    assert "class='reach'" not in markup
    assert markup.count("(too few) n 3") == 2


def test_curves_stay_within_the_picture():
    drawn(reliability([[0.0, 1.0, 1], [0.5, 0.5, 1000], [1.0, 0.0, 3]]))
    drawn(risk_coverage([[0.02, 0.0], [1.0, 1.0]]))


@pytest.mark.parametrize(
    ("value", "expected"), [(0.031, "+3.1"), (-0.146, "−14.6"), (0.0, "0.0"), (-0.0001, "0.0"), (1.0, "+100.0")]
)
def test_differences_are_said_in_points(value, expected):
    assert points(value) == expected
