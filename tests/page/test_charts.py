"""Charts: whatever the numbers, all that is drawn is finite and within the picture, and every text is escaped."""

import re

import pytest

from fixtures.charts import drawn
from spatialvlm.page import (
    DIAGONAL,
    DIAMOND,
    DOT,
    SHARES,
    STROKE,
    Axis,
    Bar,
    Curve,
    Dots,
    Histogram,
    Mark,
    Row,
    calibration_plot,
    linear,
    logarithmic,
    metres,
    plot,
    row_chart,
    share_plot,
    share_row,
)
from spatialvlm.page.axes import round_up

INF, NAN = float("inf"), float("nan")


def test_rows_stay_within_the_picture_and_escape_names():
    marks = [Mark(0.25, "chance", STROKE), Mark(1.0, "official", DIAMOND)]
    long = "a <b> & a name that is too long to be shown"
    rows = [
        Row(long, [Bar(0.0, 0.0, "score")], (0.0, 1.0), marks, "0.0 %", "n 12"),
        Row("c", [Bar(0.0, 1.0, "score", "<all>", "100%")], (1.0, 1.0), value="100.0 %", more="n 1", says="<hint>"),
        Row("W" * 40, [Bar(0.0, 0.999, "score")], (0.99, 1.0), value="99.9 %", more="(99–100) n 123,456"),
    ]
    markup = drawn(row_chart(rows, SHARES))
    assert "<title>a &lt;b&gt; &amp; a name that is too long to be shown</title>" in markup
    assert "&lt;all&gt;" in markup
    assert "&lt;hint&gt;" in markup
    assert "<b>" not in markup
    assert markup.count("class='chance'") == markup.count("class='official'") == 1


def test_numbers_that_are_none_are_not_drawn():
    rows = [
        Row("a", [Bar(0.0, NAN, "score")], (0.0, 1.0)),
        Row("b", [Bar(0.0, 0.5, "score")], (NAN, INF), [Mark(NAN, "chance", STROKE)]),
    ]
    markup = drawn(row_chart(rows, SHARES))
    assert (markup.count("<rect"), markup.count("class='reach'"), markup.count("class='chance'")) == (1, 1, 0)
    drawn(plot(SHARES, SHARES, [Curve([(0.0, 0.0), (NAN, 0.5), (1.0, INF)], "told"), Dots([], "in")]))


def test_what_lies_beyond_an_axis_is_drawn_at_its_end():
    axis = logarithmic(1e-4, 1.0, lambda share: f"{share:g}")
    row = Row("a", [Bar(1e-9, 50.0, "middle")], (0.0, 7.0), [Mark(2.0, "median", DOT)])
    assert [axis.place(value) for value in (0.0, 1e-9, 1e-2, 1.0, 50.0)] == [0.0, 0.0, pytest.approx(0.5), 1.0, 1.0]
    drawn(row_chart([row], axis))


def test_charts_that_are_laid_out_alike_share_their_scale():
    rows = [Row(name, [Bar(0.0, 3.0, "score")], value="3") for name in ("short", "a much longer name")]
    wide = [
        re.search(r"<rect class='score'.* width='([^']*)'", row_chart([row], Axis(0.0, 3.0), like=rows)) for row in rows
    ]
    assert wide[0].group(1) == wide[1].group(1)
    alone = re.search(r"<rect class='score'.* width='([^']*)'", row_chart(rows[:1], Axis(0.0, 3.0)))
    assert float(alone.group(1)) > float(wide[0].group(1))


def test_shares_fill_their_row():
    row = share_row("a <kind>", {"true": 3, "false": 0, "similar": 1}, ("part1", "part2", "part3"))
    assert [(bar.start, bar.end, bar.inside) for bar in row.bars] == [(0.0, 0.75, "75%"), (0.75, 1.0, "25%")]
    assert "a &lt;kind&gt;: similar 1 (25%)" in drawn(row_chart([row], Axis(0.0, 1.0)))
    assert share_row("none", {"true": 0}, ("part1",)).bars == []


def test_a_share_is_written_into_its_bar_where_there_is_room():
    row = share_row("a", {"most": 99, "few": 1}, ("part0", "part1"))
    markup = row_chart([row], Axis(0.0, 1.0))
    assert ">99%<" in markup
    assert ">1%<" not in markup


def test_a_histogram_has_a_column_for_each_count():
    edges = tuple(10.0 ** (k / 8 - 1) for k in range(9))
    counts = [0, 1, 0, 0, 0, 0, 0, 12]
    axes = logarithmic(edges[0], edges[-1], metres), linear(0.0, 12.0, lambda count: f"{count:.0f}", finest=1.0)
    markup = drawn(plot(*axes, [Histogram(edges, counts, "quantitative", metres)]))
    assert markup.count("<rect") == 2
    assert "<title>13 cm to 18 cm: 1</title>" in markup
    drawn(plot(axes[0], Axis(0.0, 12.0), [Histogram(edges, counts, "quantitative", metres)], width=200, height=82))


def test_curves_stay_within_the_picture():
    drawn(share_plot([DIAGONAL, Curve([(0.02, 0.0), (1.0, 1.0)], "told"), Dots([(0.5, 0.5)], "told", [7.0], ["half"])]))
    markup = drawn(calibration_plot({"untold": [(0.5, 0.2)], "told": [[0.5, 0.5], [1.0, 1.0]]}))
    assert markup.count("<circle") == 3
    assert "<title>stated 50.0%, observed 20.0%</title>" in markup


@pytest.mark.parametrize(("value", "step"), [(NAN, 1.0), (INF, 1.0), (0.0, 1.0), (-2.0, 1.0), (0.3, 0.5), (20.0, 20.0)])
def test_steps_are_round(value, step):
    assert round_up(value) == step


@pytest.mark.parametrize(
    ("low", "high", "steps", "finest", "ticks"),
    [
        (0.0, 9.0, 6, 0.0, [0, 2, 4, 6, 8, 10]),
        (-0.45, 0.45, 4, 0.0, [-0.5, 0, 0.5]),
        (0.0, 1.0, 5, 1.0, [0, 1]),
        (0.0, 0.0, 5, 0.0, [0, 1]),
    ],
)
def test_ticks_of_a_linear_axis_are_round_and_reach_around_the_values(low, high, steps, finest, ticks):
    axis = linear(low, high, str, steps=steps, finest=finest)
    assert [value for value, _ in axis.ticks] == pytest.approx(ticks)
    assert (axis.low, axis.high) == (ticks[0], ticks[-1])


@pytest.mark.parametrize(("low", "high"), [(1e-4, 1.0), (0.01, 10.0), (0.3, 0.9), (1.0, 20.0), (1e-9, 1e12)])
def test_ticks_of_a_logarithmic_axis_are_few_and_within_it(low, high):
    values = [value for value, _ in logarithmic(low, high, str).ticks]
    assert len(values) <= 7
    assert all(low <= value <= high for value in values)


def test_labels_that_would_run_into_each_other_are_left_out():
    assert [says for _, says in SHARES.labelled(400.0)] == ["0%", "25%", "50%", "75%", "100%"]
    assert [says for _, says in SHARES.labelled(130.0)] == ["0%", "50%", "100%"]
