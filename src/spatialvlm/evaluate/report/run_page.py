"""index.html: the folder of a run enters, one page without scripts or network leaves, beside the pictures it links to.

The same folder gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spatialvlm import page
from spatialvlm.dataset import write_file
from spatialvlm.evaluate.report import examples, sections
from spatialvlm.evaluate.report.figures import summary_of
from spatialvlm.evaluate.report.measures import FEWEST
from spatialvlm.evaluate.report.rows import in_order, rows_of
from spatialvlm.evaluate.report.run_tables import mean, short
from spatialvlm.evaluate.results import Results, Run, read_results
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.task import Task

PAGE = "index.html"
_SAW = {
    "image": "the pictures",
    "blind": "no picture (blind)",
    "shuffled": "another item's pictures (shuffled)",
    "scene": "the geometry (scene)",
    "none": "nothing (no model)",
}
"""What the model saw, by track."""

Tasks = Mapping[str, Task]


def write_page(folder: Path, tasks: Tasks | None = None) -> Path:
    """Write index.html into the folder of a run and return its path. `tasks` are those to take instead of the usual."""
    results = read_results(folder)
    tasks = tasks or {one.task: load_task(one.task) for one in results.run.tasks}
    content = render(results, summary_of(results, tasks), tasks, folder).encode("utf-8", "xmlcharrefreplace")
    path = folder / PAGE
    write_file(path, lambda file: file.write(content))
    return path


def render(results: Results, summary: Mapping[str, Any], tasks: Tasks, folder: Path) -> str:
    """Render the whole page; pictures below `folder` are linked to."""
    run, figures = results.run, summary["tasks"]
    scored = {one.task: in_order(results.scored[one.task]) for one in run.tasks}
    rows = {name: rows_of(found) for name, found in scored.items()}
    parts = [
        _asked(run, tasks),
        sections.scores(figures),
        sections.paper(figures),
        sections.forms(figures),
        sections.lengths(figures, rows),
        sections.kinds(figures),
        sections.stated(figures),
        examples.worst_cases(scored, folder),
        examples.unread_cases(scored),
        examples.disagreement_cases(scored),
        sections.how(figures),
        _settings(run),
    ]
    asked = sum(task["n"] for task in figures.values())
    return page.document(
        title=f"{run.model}: {asked:,} spatial questions",
        over=f"Evaluation{f' · version {run.version}' if run.version else ''}",
        headline=run.model,
        lead=f"{asked:,} questions of {page.counted(len(run.tasks), 'benchmark')}, read and scored by "
        "rules, without a judge.",
        tiles=_tiles(figures),
        sections=parts,
        footer="Intervals hold the middle 95 % of 2,000 bootstrap draws; questions about the same pictures are drawn "
        "together. Where all answers score alike, or there are fewer than "
        f"{FEWEST} sets of pictures, there is none, as such draws can't judge that. Made by SpatialVLM.",
        pictures="'self'",
    )


def _tiles(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    n = sum(task["n"] for task in figures.values())
    counts = {name: sum(task[name] for task in figures.values()) for name in ("read", "refused", "failed", "truncated")}
    tiles = [
        (f"{n:,}", "questions asked"),
        (page.percent(counts["read"] / n if n else None), "of the answers could be read"),
    ]
    if len(figures) == 1:
        (task,) = figures.values()
        if task["robust"]:
            tiles.append((mean(task["robust"]), "mean score"))
    return [
        *tiles,
        (f"{counts['refused']:,}", "declined to answer"),
        (f"{counts['failed']:,}", "questions without any answer"),
        (f"{counts['truncated']:,}", "answers cut off"),
    ]


def _asked(run: Run, tasks: Tasks) -> page.Markup:
    heads = ("task", "asks", "questions", "the model saw", "parser", "prompts, sha256", "data", "licence")
    rows = []
    for one in run.tasks:
        cells = [
            page.shortened(tasks[one.task].asks),
            page.join(f"{one.items:,}", page.small("the first of them" if one.items == one.limit else "")),
            _SAW.get(one.track, one.track),
            page.join(one.parser, page.small("and the official rule" if one.official else "")),
            page.element("code", short(one.prompt_sha256), title=one.prompt_sha256),
            page.element("code", short(one.data), title=one.data),
            page.shortened(one.licence),
        ]
        rows.append((one.task, cells))
    lead = "Two runs can be compared where prompts, data and what the model saw are the same."
    return page.section("What was asked", lead, page.table(heads, rows, "texts"))


def _settings(run: Run) -> page.Markup:
    rows = [("model", run.model), ("version", run.version or "not known"), *sorted(run.settings.items())]
    for one in run.tasks:
        rows += [(f"{one.task}: prompts", one.prompt_sha256), (f"{one.task}: data", one.data)]
    lead = "run.json has them; TASK.jsonl has every question with its answer."
    return page.section("Settings", lead, page.settings(rows))
