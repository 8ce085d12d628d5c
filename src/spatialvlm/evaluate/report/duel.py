"""A comparison of two runs (`compare.compare`) -> a table in the terminal, a section of a page, a page of its own."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from spatialvlm.audit.charts import percent
from spatialvlm.dataset import write_file
from spatialvlm.evaluate.report import sections
from spatialvlm.evaluate.report.bars import FEW, Gap, gaps, points
from spatialvlm.evaluate.report.compare import questions, verdict
from spatialvlm.evaluate.report.measures import FEWEST
from spatialvlm.evaluate.report.page import dress, tiles_of
from spatialvlm.evaluate.report.table import heading, new_table, roomy

Figures = Mapping[str, Any]

HEADS = ("n", "first", "second", "gain", "95 %", "better", "worse", "same", "p")
LEGEND = (
    "gain: second less first, in points of the mean score, over the questions of both; 95 %: its paired bootstrap "
    f"interval, {FEW!r} of fewer than {FEWEST} sets of pictures. better, worse, same: questions on which the second "
    "scores more, less, the same. p: McNemar, exact."
)


def print_comparison(console: Console, compared: Figures) -> None:
    """The tables of a comparison, what can be told of each task, and the warnings."""
    console = roomy(console)
    first, second = names(compared)
    for which, name in (("first:  ", first), ("second: ", second)):
        console.print(f"{which}{name}", style="bold", highlight=False, markup=False)
    table = new_table("task", *HEADS)
    for name, duel in _duels(compared["tasks"]):
        table.add_row(Text(name), *_cells(duel))
    console.print(table)
    console.print(LEGEND, style="dim", highlight=False)
    for task, one in compared["tasks"].items():
        console.print(f"{task}: {said_of(one, first, second)}", highlight=False, markup=False)
    for warning in warnings(compared):
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
    for task, one in compared["tasks"].items():
        if len(one["kinds"]) > 1:
            heading(console, task)
            table = new_table("kind", *HEADS)
            for name, duel in _duels(one["kinds"]):
                table.add_row(Text(name), *_cells(duel))
            console.print(table)


def names(compared: Figures) -> tuple[str, str]:
    """The two models, with their versions where they bear the same name."""
    first, second = (compared[which] for which in ("first", "second"))
    if first["model"] != second["model"]:
        return first["model"], second["model"]
    if first["version"] != second["version"]:
        return _versioned(first), _versioned(second)
    return f"{first['model']}, the first run", f"{second['model']}, the second run"


def _versioned(one: Figures) -> str:
    return f"{one['model']} {one['version'] or 'of no known version'}"


def said_of(one: Figures, first: str, second: str) -> str:
    """What can be said of a task: by our parser, and by the official rule where there is one."""
    found = verdict(one["robust"], first, second)
    if one["official"] is None or one["official"] == one["robust"]:
        return found
    return f"{found}; by the official rule: {verdict(one['official'], first, second)}"


def warnings(compared: Figures) -> list[str]:
    """All that makes the two runs less than comparable."""
    found = []
    for which in ("first", "second"):
        if alone := compared[f"only_{which}"]:
            found.append(f"only in the {which} run: {', '.join(alone)}")
    for task, one in compared["tasks"].items():
        found += [f"{task}: {text}" for text in one["warnings"]]
        for which in ("first", "second"):
            if count := one[f"only_{which}"]["count"]:
                ids = ", ".join(one[f"only_{which}"]["ids"])
                more = ", ..." if count > len(one[f"only_{which}"]["ids"]) else ""
                found.append(f"{task}: {questions(count)} only in the {which} run, left out: {ids}{more}")
    return found


def comparison_section(compared: Figures) -> str:
    """The comparison as a part of a page."""
    first, second = names(compared)
    said = "".join(
        f"<p class='verdict'><b>{escape(task)}</b> {escape(said_of(one, first, second))}</p>"
        for task, one in compared["tasks"].items()
    )
    warned = "".join(f"<li>{escape(text)}</li>" for text in warnings(compared))
    warned = f"<ul class='warned'>{warned}</ul>" if warned else ""
    rows = [(name, _markup(duel)) for name, duel in _duels(compared["tasks"])]
    panels = []
    for task, one in compared["tasks"].items():
        found = [_gap(name, duel) for name, duel in _duels({task: one}) if duel]
        found += [_gap(kind, duel["robust"]) for kind, duel in one["kinds"].items() if len(one["kinds"]) > 1]
        if found:
            panels.append(f"<div class='panel'><h3>{escape(task)}</h3>{gaps(found)}</div>")
    body = (
        f"{said}{warned}{sections.table(('', *HEADS), rows)}<p class='note'>{sections.tight(LEGEND)}</p>"
        f"<h3 class='gap'>Difference by kind, in points</h3><div class='flow'>{''.join(panels)}</div>"
    )
    lead = (
        "The same questions, answered by both. Right of zero the second is better. Where the interval covers zero, no "
        "difference can be told: the figures may well come out the other way on other questions of this sort."
    )
    return sections.section("What differs", lead, body)


def write_comparison(path: Path, compared: Figures) -> None:
    """Write a comparison as a page of its own."""
    first, second = names(compared)
    tasks = compared["tasks"]
    told = sum(bool(one["robust"] and one["robust"]["told"]) for one in tasks.values())
    asked, warned = sum(one["n"] for one in tasks.values()), len(warnings(compared))
    tiles = [
        (f"{asked:,}", f"question{'s' * (asked != 1)} that both were asked"),
        (f"{len(tasks)}", f"task{'s' * (len(tasks) != 1)} in both runs"),
        (f"{told}", f"task{'s' * (told != 1)} with a difference that can be told"),
        (f"{warned}", f"warning{'s' * (warned != 1)}"),
    ]
    page = dress(
        title=f"{first} and {second}",
        over="Comparison of two runs",
        headline=f"{second} against {first}",
        lead=f"First: {escape(first)}. Second: {escape(second)}.",
        tiles=tiles_of(tiles),
        parts=[comparison_section(compared)],
        footer="Intervals hold the middle 95 % of 2,000 paired bootstrap draws; questions about the same pictures are "
        "drawn together. Many kinds were compared: of twenty without a difference, one looks like one. Made by "
        "SpatialVLM.",
    )
    write_file(path, lambda file: file.write(page.encode("utf-8", "xmlcharrefreplace")))


def _duels(groups: Figures) -> Iterable[tuple[str, Figures | None]]:
    """Each group by our parser, and by the official rule where that says something else."""
    for name, one in groups.items():
        yield name, one["robust"]
        if one["official"] is not None and one["official"] != one["robust"]:
            yield f"{name}, official", one["official"]


def _cells(duel: Figures | None) -> Sequence[str]:
    if duel is None:
        return ["0", *["–"] * (len(HEADS) - 1)]
    difference = duel["difference"]
    counts = [f"{duel[key]:,}" for key in ("second_better", "first_better", "ties")]
    p = duel["mcnemar_p"]
    return [
        f"{duel['n']:,}",
        percent(duel["first"]),
        percent(duel["second"]),
        points(difference["mean"]),
        FEW if difference["low"] is None else f"{points(difference['low'])} to {points(difference['high'])}",
        *counts,
        "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
    ]


def _markup(duel: Figures | None) -> list[str]:
    cells = [escape(cell) for cell in _cells(duel)]
    if duel is not None and duel["told"]:
        cells[3] = f"<b>{cells[3]}</b>"
    return cells


def _gap(name: str, duel: Figures) -> Gap:
    difference = duel["difference"]
    return Gap(name, duel["n"], difference["mean"], difference["low"], difference["high"], duel["told"])
