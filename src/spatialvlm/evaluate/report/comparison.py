"""A paired comparison of two runs (`paired.compare_runs`) -> tables in the terminal, a section of a page, a page."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from spatialvlm import page
from spatialvlm.dataset import write_file
from spatialvlm.evaluate.report.measures import FEWEST
from spatialvlm.evaluate.report.paired import verdict
from spatialvlm.evaluate.report.run_charts import difference_chart, difference_row
from spatialvlm.evaluate.report.run_tables import FEW, print_table, roomy

Figures = Mapping[str, Any]

HEADS = ("n", "first", "second", "gain", "95 %", "better", "worse", "same", "p")
LEGEND = (
    "gain: second less first, in points of the mean score, over the questions of both; 95 %: its paired bootstrap "
    f"interval, {FEW!r} of fewer than {FEWEST} sets of pictures. better, worse, same: questions on which the second "
    "scores more, less, the same. p: McNemar, exact."
)


def print_comparison(console: Console, compared: Figures) -> None:
    """Print the tables of a comparison, what can be told of each task, and the warnings."""
    console = roomy(console)
    first, second = names(compared)
    for which, name in (("first:  ", first), ("second: ", second)):
        console.print(f"{which}{name}", style="bold", highlight=False, markup=False)
    print_table(console, ("task", *HEADS), _rows(compared["tasks"]), legend=LEGEND)
    for task, one in compared["tasks"].items():
        console.print(f"{task}: {said_of(one, first, second)}", highlight=False, markup=False)
    for warning in warnings(compared):
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
    for task, one in compared["tasks"].items():
        if len(one["kinds"]) > 1:
            print_table(console, ("kind", *HEADS), _rows(one["kinds"]), title=task)


def names(compared: Figures) -> tuple[str, str]:
    """Name the two models, with their versions where they bear the same name."""
    first, second = (compared[which] for which in ("first", "second"))
    if first["model"] != second["model"]:
        return first["model"], second["model"]
    if first["version"] != second["version"]:
        return _versioned(first), _versioned(second)
    return f"{first['model']}, the first run", f"{second['model']}, the second run"


def _versioned(one: Figures) -> str:
    return f"{one['model']} {one['version'] or 'of no known version'}"


def said_of(one: Figures, first: str, second: str) -> str:
    """Put in words what can be said of a task: by our parser, and by the official rule where there is one."""
    found = verdict(one["robust"], first, second)
    if one["official"] is None or one["official"] == one["robust"]:
        return found
    return f"{found}; by the official rule: {verdict(one['official'], first, second)}"


def warnings(compared: Figures) -> list[str]:
    """List all that makes the two runs less than comparable."""
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
                found.append(
                    f"{task}: {page.counted(count, 'question')} only in the {which} run, left out: {ids}{more}"
                )
    return found


def comparison_section(compared: Figures) -> page.Markup:
    """Show the comparison as a part of a page."""
    first, second = names(compared)
    said = [
        page.element("p", page.join(page.element("b", task), said_of(one, first, second), between=" "), css="verdict")
        for task, one in compared["tasks"].items()
    ]
    warned = page.elements("li", warnings(compared))
    sheets = {}
    for task, one in compared["tasks"].items():
        kinds = [(kind, found["robust"]) for kind, found in one["kinds"].items() if len(one["kinds"]) > 1]
        paired = [*_by_parser({task: one}), *kinds]
        if rows := [difference_row(name, found) for name, found in paired if found]:
            sheets[task] = difference_chart(rows)
    lead = (
        "The same questions, answered by both. Right of zero the second is better. Where the interval covers zero, no "
        "difference can be told: the figures may well come out the other way on other questions of this sort."
    )
    return page.section(
        "What differs",
        lead,
        *said,
        page.element("ul", warned, css="warned") if warned else "",
        page.table(("", *HEADS), [(name, _marked(paired)) for name, paired in _by_parser(compared["tasks"])]),
        page.note(LEGEND),
        page.heading("Difference by kind, in points"),
        page.panels(sheets, "flow"),
    )


def write_comparison(path: Path, compared: Figures) -> None:
    """Write a comparison as a page of its own."""
    first, second = names(compared)
    tasks = compared["tasks"]
    told = sum(bool(one["robust"] and one["robust"]["told"]) for one in tasks.values())
    asked, warned = sum(one["n"] for one in tasks.values()), len(warnings(compared))
    content = page.document(
        title=f"{first} and {second}",
        over="Comparison of two runs",
        headline=f"{second} against {first}",
        lead=f"First: {first}. Second: {second}.",
        tiles=[
            (f"{asked:,}", f"{page.plural(asked, 'question')} that both were asked"),
            (f"{len(tasks)}", f"{page.plural(len(tasks), 'task')} in both runs"),
            (f"{told}", f"{page.plural(told, 'task')} with a difference that can be told"),
            (f"{warned}", page.plural(warned, "warning")),
        ],
        sections=[comparison_section(compared)],
        footer="Intervals hold the middle 95 % of 2,000 paired bootstrap draws; questions about the same pictures are "
        "drawn together. Many kinds were compared: of twenty without a difference, one looks like one. Made by "
        "SpatialVLM.",
        pictures="'self'",
    )
    write_file(path, lambda file: file.write(content.encode("utf-8", "xmlcharrefreplace")))


def _by_parser(groups: Figures) -> Iterable[tuple[str, Figures | None]]:
    """Yield each group by our parser, and by the official rule where that says something else."""
    for name, one in groups.items():
        yield name, one["robust"]
        if one["official"] is not None and one["official"] != one["robust"]:
            yield f"{name}, official", one["official"]


def _rows(groups: Figures) -> Iterable[tuple[str, Sequence[str]]]:
    return ((name, _cells(paired)) for name, paired in _by_parser(groups))


def _cells(paired: Figures | None) -> list[str]:
    if paired is None:
        return ["0", *["–"] * (len(HEADS) - 1)]
    difference, p = paired["difference"], paired["mcnemar_p"]
    low, high = difference["low"], difference["high"]
    return [
        f"{paired['n']:,}",
        page.percent(paired["first"]),
        page.percent(paired["second"]),
        page.points(difference["mean"]),
        FEW if low is None else f"{page.points(low)} to {page.points(high)}",
        *(f"{paired[key]:,}" for key in ("second_better", "first_better", "ties")),
        "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
    ]


def _marked(paired: Figures | None) -> list[str]:
    """Return the cells, with a gain that can be told in bold."""
    cells = _cells(paired)
    if paired is not None and paired["told"]:
        cells[3] = page.element("b", cells[3])
    return cells
