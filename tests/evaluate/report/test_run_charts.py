"""The charts of a run's page: whatever the numbers, all that is drawn is finite and within the picture."""

import re

import numpy as np
import pytest

from fixtures.charts import drawn
from spatialvlm.evaluate.report.run_charts import (
    DOTS,
    NOTHING,
    answer_plot,
    difference_chart,
    difference_row,
    error_plot,
    running_median,
    score_row,
)
from spatialvlm.evaluate.report.sections import reliability_plot, risk_plot
from spatialvlm.page import SHARES, row_chart

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


@pytest.mark.parametrize("name", PAIRS)
def test_errors_are_drawn_within_the_picture(name):
    truth, pred = map(np.array, PAIRS[name])
    markup = drawn(error_plot(truth, pred, "m"))
    assert markup.count("<circle") == min(len(truth), DOTS)
    assert ("median" in markup) == (len(truth) >= 10)


@pytest.mark.parametrize("name", ["one", "alike", "far apart", "many"])
def test_answers_are_drawn_within_the_picture(name):
    truth, pred = map(np.array, PAIRS[name])
    markup = drawn(answer_plot(truth, pred, "m"))
    assert markup.count("<circle") == min(len(truth), DOTS)
    heights = re.findall(r"<text class='tick' x='[^']*' y='([^']*)' text-anchor='middle'>", markup)
    assert len(set(heights)) == 2, "those of the ticks and that of the label"
    assert 2 <= len(heights) <= 7 + 1


@pytest.mark.parametrize("name", ODD)
def test_numbers_that_are_none_break_no_chart(name):
    truth, pred = map(np.array, ODD[name])
    for markup in (error_plot(truth, pred, "m"), answer_plot(truth, pred, "m"), answer_plot(truth, pred, "")):
        drawn(markup)
    nothing = np.array([NAN, INF])
    assert error_plot(nothing, np.ones(2), "m") == answer_plot(nothing, np.ones(2), "") == NOTHING


def test_labels_of_wide_axes_stay_within_the_picture():
    drawn(answer_plot(np.array([4e8, 9e11]), np.array([5e8, 1e9]), "m"))
    drawn(answer_plot(np.array([1e-8, 3e-8]), np.array([1e-8, 1e-8]), ""))


def test_dots_tell_what_lies_in_the_window():
    markup = answer_plot(np.array([1.0, 1.0, 1.0]), np.array([0.5, 2.0, 2.1]), "m")
    inside, outside = re.search(r"<g class='dots in'>(.*?)</g><g class='dots out'>(.*?)</g>", markup).groups()
    assert (inside.count("<circle"), outside.count("<circle")) == (2, 1)


def test_the_running_median_is_that_of_the_nearest_truths():
    at = np.arange(200.0)
    assert running_median(at, at) == [(place, pytest.approx(place)) for place, _ in running_median(at, at)]
    (only,) = running_median(np.arange(10.0), np.array([9.0] * 4 + [1.0] * 6))
    assert only == (4.5, 1.0)


def interval(mean, low=None, high=None):
    return {"mean": mean, "low": low, "high": high}


def scored(name, n, robust, official=None, chance=None):
    guess = None if chance is None else {"n": n, "chance": chance}
    return score_row(name, {"n": n, "robust": robust, "official": official, "qualitative": guess})


def differing(name, n, difference, told=False):
    return difference_row(name, {"n": n, "difference": difference, "told": told})


def test_scores_and_differences_stay_within_the_picture_and_escape_names():
    long = "a <b> & a name that is too long to be shown"
    rows = [
        scored(long, 12, interval(0.0, 0.0, 1.0), interval(1.0), 0.25),
        scored("c", 1, interval(1.0, 1.0, 1.0)),
        scored("W" * 40, 123_456, interval(0.999, 0.99, 1.0)),
    ]
    markup = drawn(row_chart(rows, SHARES))
    assert "<title>a &lt;b&gt; &amp; a name that is too long to be shown</title>" in markup
    assert markup.count("class='chance'") == markup.count("class='official'") == 1
    found = [
        differing("a", 9, interval(0.01, -0.99, 1.0)),
        differing("b", 9, interval(-0.2, -0.3, -0.1), told=True),
        differing("c", 9, interval(0.0, 0.0, 0.0)),
        differing("object_rel_direction_medium, official", 25_000, interval(-0.123, -0.145, 0.101)),
        differing("near", 25_000, interval(-1.0, -1.0, -1.0)),
    ]
    markup = drawn(difference_chart(found))
    assert [markup.count(f"<g class='{css}'>") for css in ("up", "down", "even")] == [0, 1, 4]


def test_guessing_is_shown_where_it_is_of_all_questions():
    figures = {"n": 9, "robust": interval(0.5, 0.4, 0.6), "official": None}
    assert score_row("a", {**figures, "qualitative": {"n": 9, "chance": 0.25}}).marks[0].at == 0.25
    assert score_row("a", {**figures, "qualitative": {"n": 8, "chance": 0.25}}).marks == []


def test_too_few_pictures_are_drawn_without_an_interval():
    few = interval(0.5)
    markup = drawn(row_chart([scored("a", 3, few)], SHARES)) + drawn(difference_chart([differing("a", 3, few)]))
    assert "class='reach'" not in markup
    assert markup.count("(too few) n 3") == 2


def test_axes_of_differences_have_zero_in_their_middle():
    markup = difference_chart([differing("a", 30, interval(-0.3, -0.73, 0.1))])
    ticks = re.findall(r"<text class='tick' x='([^']*)'[^>]*>([^<]*)<", markup)
    assert [says for _, says in ticks][:: len(ticks) // 2] == ["−100", "0", "+100"]
    (zero,) = re.findall(r"<line class='zero' x1='([^']*)'", markup)
    assert {says: x for x, says in ticks}["0"] == zero


def test_curves_stay_within_the_picture():
    drawn(reliability_plot([[0.0, 1.0, 1], [0.5, 0.5, 1000], [1.0, 0.0, 3]]))
    drawn(risk_plot([[0.02, 0.0], [1.0, 1.0]]))
