"""The tables and plots of a run's page: figures and scored items enter, a section each leaves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spatialvlm import page
from spatialvlm.evaluate.report.measures import NUMBERS, PAPER
from spatialvlm.evaluate.report.paper import ASKED, NOTE, PUBLISHED
from spatialvlm.evaluate.report.rows import Rows
from spatialvlm.evaluate.report.run_charts import answer_plot, error_plot, score_row
from spatialvlm.evaluate.report.run_tables import (
    FEW,
    FURTHER,
    FURTHER_LEGEND,
    HEADS,
    further_rows,
    mean,
    own_rows,
    paper_rows,
    published_cells,
    spread,
    unknown_marks,
)

Figures = Mapping[str, Any]

LIMIT = 0.25
"""The loss at which the plot of risk has a line, as `measures.by_sigma` counts coverage at it."""


def scores(tasks: Figures) -> page.Markup:
    """Show the summary: every task with its score and interval, and what became of its questions."""
    heads = ("task", "questions", "score", "official", "read", "declined", "not read", "failed", "cut off")
    rows = []
    for name, task in tasks.items():
        n = task["n"]
        lost = [_counted(task[key], n) for key in ("refused", "unread", "failed", "truncated")]
        shared = "" if task["clusters"] == n else f"{page.counted(task['clusters'], 'set')} of pictures"
        means = [_sure(task["robust"]), _sure(task["official"]), page.percent(task["parse_rate"])]
        rows.append((name, [page.join(f"{n:,}", page.small(shared)), *means, *lost]))
    lead = page.Markup(
        "Mean score over all questions, with its 95 % interval below. What was not read, declined or failed counts as "
        "wrong, whichever way. <em>score</em> is by our parser; <em>official</em> is by the rule of the benchmark's "
        "authors, where it needs no judge."
    )
    more = [page.note(f"{name}: {says}.") for name, task in tasks.items() if (says := unknown_marks(task))]
    if own := own_rows(tasks):
        more += [page.heading("As the benchmarks' authors count"), page.table(("", "score", "official"), own)]
    return page.section("Scores", lead, page.table(heads, rows), *more)


def paper(tasks: Figures) -> page.Markup:
    """Show the paper's columns of all tasks that have them, beside the paper's own."""
    rows = []
    for name, metric, qualitative in paper_rows(tasks):
        sure = metric["intervals"] if metric else {}
        cells = [_sure(qualitative["accuracy"] if qualitative else None), *(_sure(sure.get(key)) for key in PAPER)]
        asked = " + ".join(f"{found['n']:,}" for found in (qualitative, metric) if found)
        rows.append((name, [asked, *cells]))
    if not rows:
        return page.Markup()
    published = {f"{name}, as published": [ASKED, *published_cells(name)] for name in PUBLISHED}
    heads = ("", "questions", "comparisons right", *HEADS.values())
    lead = (
        "The columns of SpatialVLM's tables 1, 2 and 4: comparisons (options, yes or no) that are right, and numbers "
        f"within a window around the truth, of all that were asked for. {NOTE}"
    )
    more = []
    if found := further_rows(tasks):
        title = page.heading("Other ways to count lengths and numbers")
        more = [title, page.table(("", *FURTHER.values()), found), page.note(FURTHER_LEGEND)]
    return page.section("As in the paper", lead, page.table(heads, [*rows, *published.items()], dim=published), *more)


def forms(tasks: Figures) -> page.Markup:
    """Show what choices, hours and places have of their own."""
    rows = []
    for name, task in tasks.items():
        one, place = task["qualitative"], task["regions"]
        if one:
            cells = [f"{one['n']:,}", _sure(one["accuracy"])]
            rows.append((f"{name}: options, yes or no", [*cells, f"{page.percent(one['chance'])} by guessing"]))
        for key, title in (("orders", "orders"), ("cannot_tell", "what cannot be told")):
            if found := task[key]:
                rows.append((f"{name}: {title}", [f"{found['n']:,}", _sure(found["accuracy"]), ""]))
        for key, title in (("clock", "hours, one off allowed"), ("angles", "angles, 10° or 25 % off allowed")):
            if found := task[key]:
                off = found["mean_angle_error_deg"]
                says = "none read" if off is None else f"{off:.0f}° off on average, of {found['read']:,} read"
                rows.append((f"{name}: {title}", [f"{found['n']:,}", _sure(found["ok"]), says]))
        if place:
            says = f"{mean(place['any_point'])} with any of its points"
            rows.append((f"{name}: places, first point", [f"{place['n']:,}", _sure(place["first_point"]), says]))
    lead = "Accuracy by the form of the answer, with 95 % intervals."
    table = page.table(("", "questions", "right", ""), rows) if rows else ""
    return page.section("Options, orders, angles, places", lead, table)


def lengths(tasks: Figures, rows: Mapping[str, Rows]) -> page.Markup:
    """Show the two plots of every task with lengths or numbers."""
    sheets = {}
    for name in tasks:
        for forms, unit in ((("length",), "m"), (NUMBERS, "")):
            asked = rows[name].of(*forms)
            read = asked.only(asked.read)
            if not len(read):
                continue
            title, missing = name if unit else f"{name}: numbers", len(asked) - len(read)
            note = f"{len(read):,} answers; {missing:,} without a number are not drawn." if missing else ""
            chart = error_plot(read.truth, read.pred, unit)
            sheets[f"{title}: relative error against the truth"] = _noted(chart, note)
            above = (read.truth > 0) & (read.pred > 0)
            if np.any(above):
                left = int(np.sum(~above))
                note = f"{left:,} at or below 0 not drawn." if left else ""
                chart = answer_plot(read.truth[above], read.pred[above], unit)
                sheets[f"{title}: answer against the truth"] = _noted(chart, note)
    key = page.legend(**{"in": "from 50 to 200 % of the truth", "out": "outside", "median": "running median"})
    lead = (
        "Left: the relative error, at most 100 %, against the true value, as in the paper's figure 11; on the zero "
        "line an answer is exact. Right: answers against the truth, both logarithmic, with the window of 50 to 200 %; "
        "what lies beyond an axis is drawn at its end. Of many answers 1,000 are drawn, spread over the truth."
    )
    return page.section("How far lengths and numbers are off", lead, key if sheets else "", page.panels(sheets))


def kinds(tasks: Figures) -> page.Markup:
    """Show a bar per kind of every task."""
    sheets = {}
    for name, task in tasks.items():
        if rows := [score_row(kind, one) for kind, one in task["kinds"].items() if mean(one["robust"]) != "–"]:
            sheets[name] = page.row_chart(rows, page.SHARES)
    guessed = "by guessing among the options"
    key = page.legend(score="score", reach="95 % interval", chance=guessed, official="official")
    lead = "The mean score of each kind."
    return page.section("By kind of question", lead, key if sheets else "", page.panels(sheets, "flow"))


def stated(tasks: Figures) -> page.Markup:
    """Show calibration and risk-coverage of the tasks whose answers state an error or a confidence."""
    sheets = {}
    for name, task in tasks.items():
        if found := task["by_sigma"]:
            pairs = [pair for pair in found["calibration"] if pair[1] is not None]
            says = f"80 % intervals hold {page.percent(found['coverage_of_80'])} of the truths."
            sheets[f"{name}: stated errors"] = _noted(page.calibration_plot({"told": pairs}), _states(found) + says)
            sheets[f"{name}: risk, by stated error"] = _risk(found)
        if found := task["by_confidence"]:
            says = f"Off by {page.percent(found['calibration_error'])} on average."
            chart = reliability_plot(found["reliability"])
            sheets[f"{name}: stated confidence"] = _noted(chart, _states(found) + says)
            sheets[f"{name}: risk, by confidence"] = _risk(found)
    lead = (
        "Where answers state an error (±) or a confidence. Stated errors: the share of truths that an interval should "
        "hold (across) and holds (up). Stated confidence: against the mean score, larger dots for more answers. On the "
        "diagonal both are honest. Risk: the share of questions that are answered, the surest first (across), and the "
        "mean loss on them (up); those that state nothing come last, all at once."
    )
    return page.section("What stated errors are worth", lead, page.panels(sheets, "squares"))


def how(tasks: Figures) -> page.Markup:
    """Show how answers were read, by task."""
    blocks = []
    for name, task in tasks.items():
        rows = [(text, [f"{count:,}", page.percent(count / task["n"])]) for text, count in task["how"].items()]
        marks = [(mark, [f"{count:,}", ""]) for mark, count in task["unknown_marks"]["marks"].items()]
        unknown = page.table(("unknown mark", "answers", ""), marks) if marks else ""
        table = page.table(("", "answers", "share"), rows)
        blocks.append(page.element("div", page.element("h3", name), table, unknown))
    lead = "Every answer was read by rules, without a judge. What an answer was taken from:"
    return page.section("How answers were read", lead, page.element("div", *blocks, css="flow") if blocks else "")


def reliability_plot(bins: Sequence[Sequence[float | int]]) -> page.Markup:
    """Plot stated confidence (across) against the score (up), by bins of (confidence, score, answers)."""
    most = max(count for _, _, count in bins)
    line = [(float(sure), float(score)) for sure, score, _ in bins]
    radii = [2.5 + 4.5 * math.sqrt(count / most) for _, _, count in bins]
    says = [f"{count:,.0f} answers, stated {sure:.0%}, score {score:.0%}" for sure, score, count in bins]
    return page.share_plot([page.DIAGONAL, page.Curve(line, "told"), page.Dots(line, "told", radii, says)])


def risk_plot(curve: Sequence[Sequence[float]]) -> page.Markup:
    """Plot the share of questions that are answered, the surest first (across), against the mean loss on them (up)."""
    line = [(coverage, risk) for coverage, risk in curve]
    return page.share_plot([page.Curve([(0.0, LIMIT), (1.0, LIMIT)], "ideal"), page.Curve(line, "told")])


def _risk(found: Figures) -> page.Markup:
    most = page.percent(found["coverage_at_25_risk"])
    says = f"A limit on what is stated lets {most} be answered at a loss of 25 % (dashed)."
    return _noted(risk_plot(found["risk_coverage"]), f"Area {found['aurc']:.3f}. {says}")


def _noted(chart: str, says: str) -> page.Markup:
    return page.join(chart, page.note(says))


def _states(found: Figures) -> str:
    return f"{found['stated']:,} of {found['n']:,} answers state one. "


def _sure(interval: Figures | None) -> page.Markup:
    says = spread(interval).replace(FEW, f"{FEW} pictures to judge")
    return page.join(mean(interval), page.small("" if says == "–" else says))


def _counted(count: int, total: int) -> page.Markup:
    return page.join(f"{count:,}", page.small(page.percent(count / total) if count else ""))
