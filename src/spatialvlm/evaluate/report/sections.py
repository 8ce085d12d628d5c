"""The tables and plots of a run's page: figures and scored items enter, markup leaves. Every text is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from spatialvlm.audit.charts import coverage, percent
from spatialvlm.evaluate.report.bars import FEW, Bar, bars
from spatialvlm.evaluate.report.charts import error_by_truth, reliability, risk_coverage, scatter
from spatialvlm.evaluate.report.measures import PAPER
from spatialvlm.evaluate.report.published import ASKED, NOTE, PUBLISHED
from spatialvlm.evaluate.report.rows import Rows
from spatialvlm.evaluate.report.table import FURTHER, FURTHER_LEGEND, HEADS, further, mean, own_rows, paper_rows, spread

Figures = Mapping[str, Any]


def section(title: str, lead: str, body: str) -> str:
    """A part of the page; nothing where it has nothing to show."""
    return f"<section><h2>{title}</h2><p class='lead'>{tight(lead)}</p>{body}</section>" if body else ""


def tight(text: str) -> str:
    """Text in which no line begins with a per cent sign."""
    return text.replace(" %", "&nbsp;%")


def table(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], css: str = "") -> str:
    """A table of figures; `rows` are names, escaped here, and cells of markup."""
    head = "".join(f"<th scope='col'>{text}</th>" for text in heads)
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    )
    content = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<div class='panel scroll'><table class='heat {css}'>{content}</table></div>"


def scores(tasks: Figures) -> str:
    """The summary: every task with its score and interval, and what became of its questions."""
    heads = ("task", "questions", "score", "official", "read", "declined", "not read", "failed", "cut off")
    rows = []
    for name, task in tasks.items():
        n = task["n"]
        lost = [_counted(task[key], n) for key in ("refused", "unread", "failed", "truncated")]
        asked = f"{n:,}<small>{_clusters(task)}</small>"
        rows.append((name, [asked, _sure(task["robust"]), _sure(task["official"]), percent(task["parse_rate"]), *lost]))
    lead = (
        "Mean score over all questions, with its 95 % interval below. What was not read, declined or failed counts as "
        "wrong, whichever way. <em>score</em> is by our parser; <em>official</em> is by the rule of the benchmark's "
        "authors, where it needs no judge."
    )
    own = [
        (f"{task}: {figure}", [percent(robust), percent(official)])
        for task, figure, robust, official in own_rows(tasks)
    ]
    more = ""
    if own:
        counted = table(("", "score", "official"), own)
        more = f"<h3 class='gap'>As the benchmarks' authors count</h3>{counted}"
    return section("Scores", lead, table(heads, rows, "wide") + more)


def paper(tasks: Figures) -> str:
    """The paper's columns of all tasks that have them, beside the paper's own."""
    rows = []
    for name, metric, qualitative in paper_rows(tasks):
        sure = metric["intervals"] if metric else {}
        cells = [_sure(qualitative["accuracy"] if qualitative else None), *(_sure(sure.get(key)) for key in PAPER)]
        asked = " + ".join(f"{found['n']:,}" for found in (qualitative, metric) if found)
        rows.append((name, [asked, *cells]))
    if not rows:
        return ""
    for name, row in PUBLISHED.items():
        rows.append((f"{name}, as published", [ASKED, *(percent(row[key]) for key in ("qualitative", *PAPER))]))
    heads = ("", "questions", "comparisons right", *map(tight, HEADS.values()))
    lead = (
        "The columns of SpatialVLM's tables 1, 2 and 4: comparisons (options, yes or no) that are right, and numbers "
        f"within a window around the truth, of all that were asked for. {NOTE}"
    )
    found = [(name, metric) for name, metric, _ in paper_rows(tasks) if metric]
    more = ""
    if found:
        cells = [(name, [further(key, metric[key]) for key in FURTHER]) for name, metric in found]
        more = (
            f"<h3 class='gap'>Other ways to count lengths and numbers</h3>{table(('', *FURTHER.values()), cells)}"
            f"<p class='note'>{tight(escape(FURTHER_LEGEND))}</p>"
        )
    return section("As in the paper", lead, table(heads, rows, f"wide published{len(PUBLISHED)}") + more)


def forms(tasks: Figures) -> str:
    """What choices, hours and places have of their own."""
    rows = []
    for name, task in tasks.items():
        one, hour, place = task["qualitative"], task["clock"], task["regions"]
        if one:
            cells = [f"{one['n']:,}", _sure(one["accuracy"])]
            rows.append((f"{name}: options, yes or no", [*cells, f"{percent(one['chance'])} by guessing"]))
        if hour:
            off = hour["mean_angle_error_deg"]
            says = "no hour read" if off is None else f"{off:.0f}° off on average, of {hour['read']:,} read"
            rows.append((f"{name}: hours, one off allowed", [f"{hour['n']:,}", _sure(hour["ok"]), says]))
        if place:
            says = f"{mean(place['any_point'])} with any of its points"
            rows.append((f"{name}: places, first point", [f"{place['n']:,}", _sure(place["first_point"]), says]))
    lead = "Accuracy by the form of the answer, with 95 % intervals."
    return section("Options, hours, places", lead, table(("", "questions", "right", ""), rows) if rows else "")


def lengths(tasks: Figures, rows: Mapping[str, Rows]) -> str:
    """The two plots of every task with lengths or numbers."""
    panels = []
    for name in tasks:
        for form, unit in (("length", "m"), ("number", "")):
            asked = rows[name].of(form)
            read = asked.only(asked.read)
            if not len(read):
                continue
            title = escape(name if form == "length" else f"{name}: numbers")
            panels.append(
                f"<div class='panel'><h3>{title}: relative error against the truth</h3>"
                f"{error_by_truth(read.truth, read.pred, unit)}{_missing(asked, read)}</div>"
            )
            above = (read.truth > 0) & (read.pred > 0)
            if np.any(above):
                chart = scatter(read.truth[above], read.pred[above], unit)
                left = int(np.sum(~above))
                note = f"<p class='note'>{left:,} at or below 0 not drawn.</p>" if left else ""
                panels.append(f"<div class='panel'><h3>{title}: answer against the truth</h3>{chart}{note}</div>")
    key = (
        "<div class='key'><span><i class='in'></i>from 50 to 200 % of the truth</span><span><i class='out'></i>outside"
        "</span><span><i class='median'></i>running median</span></div>"
    )
    lead = (
        "Left: the relative error, at most 100 %, against the true value, as in the paper's figure 11; on the zero "
        "line an answer is exact. Right: answers against the truth, both logarithmic, with the window of 50 to 200 %; "
        "what lies beyond an axis is drawn at its end. Of many answers 1,000 are drawn, spread over the truth."
    )
    return section(
        "How far lengths and numbers are off", lead, f"{key}<div class='grid'>{''.join(panels)}</div>" if panels else ""
    )


def kinds(tasks: Figures) -> str:
    """A bar per kind of every task."""
    panels = []
    for name, task in tasks.items():
        scored = {
            kind: one for kind, one in task["kinds"].items() if one["robust"] and one["robust"]["mean"] is not None
        }
        found = [_bar(kind, one) for kind, one in scored.items()]
        if found:
            panels.append(f"<div class='panel'><h3>{escape(name)}</h3>{bars(found)}</div>")
    key = (
        "<div class='key'><span><i class='score'></i>score</span><span><i class='reach'></i>95 % interval</span>"
        "<span><i class='chance'></i>by guessing among the options</span><span><i class='official'></i>official</span>"
        "</div>"
    )
    body = f"{key}<div class='flow'>{''.join(panels)}</div>" if panels else ""
    return section("By kind of question", "The mean score of each kind.", body)


def stated(tasks: Figures) -> str:
    """Calibration and risk-coverage of the tasks whose answers state an error or a confidence."""
    panels = []
    for name, task in tasks.items():
        if found := task["by_sigma"]:
            pairs = [pair for pair in found["calibration"] if pair[1] is not None]
            says = f"80 % intervals hold {percent(found['coverage_of_80'])} of the truths."
            panels.append(_panel(f"{name}: stated errors", coverage({"told": pairs}), _states(found) + says))
            panels.append(_panel(f"{name}: risk, by stated error", risk_coverage(found["risk_coverage"]), _risk(found)))
        if found := task["by_confidence"]:
            says = f"Off by {percent(found['calibration_error'])} on average."
            panels.append(
                _panel(f"{name}: stated confidence", reliability(found["reliability"]), _states(found) + says)
            )
            panels.append(_panel(f"{name}: risk, by confidence", risk_coverage(found["risk_coverage"]), _risk(found)))
    lead = (
        "Where answers state an error (±) or a confidence. Stated errors: the share of truths that an interval should "
        "hold (across) and holds (up). Stated confidence: against the mean score, larger dots for more answers. On the "
        "diagonal both are honest. Risk: the share of questions that are answered, the surest first (across), and the "
        "mean loss on them (up); those that state nothing come last, all at once."
    )
    body = f"<div class='grid squares'>{''.join(panels)}</div>" if panels else ""
    return section("What stated errors are worth", lead, body)


def how(tasks: Figures) -> str:
    """How answers were read, by task."""
    blocks = []
    for name, task in tasks.items():
        rows = [(text, [f"{count:,}", percent(count / task["n"])]) for text, count in task["how"].items()]
        blocks.append(f"<div class='part'><h3>{escape(name)}</h3>{table(('', 'answers', 'share'), rows)}</div>")
    lead = "Every answer was read by rules, without a judge. What an answer was taken from:"
    return section("How answers were read", lead, f"<div class='flow'>{''.join(blocks)}</div>")


def _bar(kind: str, one: Figures) -> Bar:
    robust, official, guess = one["robust"], one["official"], one["qualitative"]
    chance = guess["chance"] if guess and guess["n"] == one["n"] else None
    score = (robust["mean"], robust["low"], robust["high"])
    return Bar(kind, one["n"], *score, chance=chance, official=official["mean"] if official else None)


def _sure(interval: Figures | None) -> str:
    if interval is None:
        return "–"
    says = spread(interval).replace(FEW, f"{FEW} pictures to judge")
    return mean(interval) if says == "–" else f"{mean(interval)}<small>{says}</small>"


def _counted(count: int, total: int) -> str:
    return f"{count:,}<small>{percent(count / total)}</small>" if count else "0"


def _clusters(task: Figures) -> str:
    count = task["clusters"]
    return "" if count == task["n"] else f"{count:,} set{'s' * (count != 1)} of pictures"


def _missing(asked: Rows, read: Rows) -> str:
    count = len(asked) - len(read)
    return f"<p class='note'>{len(read):,} answers; {count:,} without a number are not drawn.</p>" if count else ""


def _panel(title: str, chart: str, note: str) -> str:
    return f"<div class='panel'><h3>{escape(title)}</h3>{chart}<p class='note'>{tight(note)}</p></div>"


def _states(found: Figures) -> str:
    return f"{found['stated']:,} of {found['n']:,} answers state one. "


def _risk(found: Figures) -> str:
    most = percent(found["coverage_at_25_risk"])
    return f"Area {found['aurc']:.3f}. A limit on what is stated lets {most} be answered at a loss of 25 % (dashed)."
