"""The charts of a run's page: whatever the numbers, all that is drawn is finite and within the picture."""

import re

import numpy as np
import pytest

from spatialvlm.evaluate.report.charts import (
    DOTS,
    Bar,
    Gap,
    bars,
    error_by_truth,
    gaps,
    points,
    reliability,
    risk_coverage,
    running_median,
    scatter,
)

PAIRS = {
    "one": ([1.0], [1.2]),
    "alike": ([2.0] * 12, [2.0] * 12),
    "far apart": ([1e-4, 1.0, 1e6], [1e9, 1e-9, 1.0]),
    "zeros": ([0.0, 0.0, 0.0], [0.0, 1.0, 5.0]),
    "below zero": ([-3.0, 0.0, 12.0], [-1.0, 2.0, 12.0]),
    "many": (np.geomspace(0.05, 20.0, 3 * DOTS), np.geomspace(20.0, 0.05, 3 * DOTS)),
}


def drawn(markup):
    """All places, which have to lie in the picture (circles may stick out by their radius)."""
    width, height = map(float, re.search(r"viewBox='0 0 (\S+) (\S+)'", markup).groups())
    assert not re.search(r"nan|inf|None", markup)
    for name, most in (("x", width), ("cx", width), ("x1", width), ("x2", width)):
        for value in re.findall(rf" {name}='([^']*)'", markup):
            assert -1.0 <= float(value) <= most + 1.0
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
    ]
    markup = drawn(bars(rows))
    assert "a &lt;b&gt; &amp; a name" in markup
    assert markup.count("class='chance'") == markup.count("class='official'") == 1
    found = [
        Gap("a", 9, 0.01, -0.99, 1.0, False),
        Gap("b", 9, -0.2, -0.3, -0.1, True),
        Gap("c", 9, 0.0, 0.0, 0.0, False),
    ]
    markup = drawn(gaps(found))
    assert [markup.count(f"gap {css}") for css in ("up", "down", "even")] == [0, 1, 2]


def test_curves_stay_within_the_picture():
    drawn(reliability([[0.0, 1.0, 1], [0.5, 0.5, 1000], [1.0, 0.0, 3]]))
    drawn(risk_coverage([[0.02, 0.0], [1.0, 1.0]]))


@pytest.mark.parametrize(
    ("value", "expected"), [(0.031, "+3.1"), (-0.146, "−14.6"), (0.0, "0.0"), (-0.0001, "0.0"), (1.0, "+100.0")]
)
def test_differences_are_said_in_points(value, expected):
    assert points(value) == expected
