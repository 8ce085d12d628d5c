"""index.html: the folder of a run enters, one page without scripts or network leaves, beside the pictures it links to.

It wears the clothes of the dataset card: the same template, a few styles more. The same folder gives the same bytes.
"""

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from spatialvlm.audit.charts import percent
from spatialvlm.dataset import to_json, write_file
from spatialvlm.dataset.card_frames import show
from spatialvlm.evaluate.report import cases, sections
from spatialvlm.evaluate.report.figures import summary_of
from spatialvlm.evaluate.report.measures import FEWEST
from spatialvlm.evaluate.report.rows import in_order, rows_of
from spatialvlm.evaluate.report.table import short
from spatialvlm.evaluate.results import Results, Run, TaskRun, read_results
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.task import Task

PAGE = "index.html"

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
    """The whole page; pictures below `folder` are linked to."""
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
        cases.worst_cases(scored, folder),
        cases.unread_cases(scored),
        cases.disagreement_cases(scored),
        sections.how(figures),
        _settings(run),
    ]
    asked = sum(task["n"] for task in figures.values())
    return dress(
        title=f"{run.model}: {asked:,} spatial questions",
        over=f"Evaluation{f' · version {run.version}' if run.version else ''}",
        headline=run.model,
        lead=f"{asked:,} questions of {len(run.tasks)} benchmark{'s' * (len(run.tasks) != 1)}, read and scored by "
        "rules, without a judge.",
        tiles=_tiles(figures),
        parts=parts,
        footer="Intervals hold the middle 95 % of 2,000 bootstrap draws; questions about the same pictures are drawn "
        "together. Where all answers score alike, or there are fewer than "
        f"{FEWEST} sets of pictures, there is none, as such draws can't judge that. Made by SpatialVLM.",
    )


def dress(*, title: str, over: str, headline: str, lead: str, tiles: str, parts: list[str], footer: str) -> str:
    """A page in the clothes of the dataset card; title, over and headline are escaped here, the rest is markup."""
    style = files("spatialvlm.evaluate.report").joinpath("page.css").read_text("utf-8")
    template = files("spatialvlm.dataset").joinpath("report_template.html").read_text("utf-8")
    return Template(template).substitute(
        title=escape(title),
        pictures="'self'",
        source=escape(over),
        headline=escape(headline),
        lead=lead,
        tiles=tiles,
        sections=f"<style>{style}</style>\n" + "\n".join(filter(None, parts)),
        footer=footer,
    )


def tiles_of(pairs: list[tuple[str, str]]) -> str:
    """The row of large figures: (figure, what it is)."""
    return "".join(f"<div class='tile'><b>{value}</b><span>{label}</span></div>" for value, label in pairs)


def _tiles(figures: Mapping[str, Any]) -> str:
    n = sum(task["n"] for task in figures.values())
    counts = {name: sum(task[name] for task in figures.values()) for name in ("read", "refused", "failed", "truncated")}
    pairs = [
        (f"{n:,}", "questions asked"),
        (percent(counts["read"] / n if n else None), "of the answers could be read"),
    ]
    if len(figures) == 1:
        (task,) = figures.values()
        if task["robust"]:
            pairs.append((percent(task["robust"]["mean"]), "mean score"))
    pairs += [
        (f"{counts['refused']:,}", "declined to answer"),
        (f"{counts['failed']:,}", "questions without any answer"),
        (f"{counts['truncated']:,}", "answers cut off"),
    ]
    return tiles_of(pairs)


def _asked(run: Run, tasks: Tasks) -> str:
    heads = ("task", "asks", "questions", "the model saw", "parser", "prompts, sha256", "data", "licence")
    rows = []
    for one in run.tasks:
        limit = "<small>the first of them</small>" if one.items == one.limit else ""
        cells = [
            show(tasks[one.task].asks),
            f"{one.items:,}{limit}",
            escape(_track(one)),
            escape(one.parser) + ("<small>and the official rule</small>" if one.official else ""),
            f"<code title='{escape(one.prompt_sha256)}'>{escape(short(one.prompt_sha256))}</code>",
            f"<code title='{escape(one.data)}'>{escape(short(one.data))}</code>",
            show(one.licence),
        ]
        rows.append((one.task, cells))
    lead = "Two runs can be compared where prompts, data and what the model saw are the same."
    return sections.section("What was asked", lead, sections.table(heads, rows, "wide facts"))


def _track(one: TaskRun) -> str:
    says = {
        "image": "the pictures",
        "blind": "no picture (blind)",
        "shuffled": "another item's pictures (shuffled)",
        "scene": "the geometry (scene)",
        "none": "nothing (no model)",
    }
    return says.get(one.track, one.track)


def _settings(run: Run) -> str:
    rows = [("model", run.model), ("version", run.version or "not known")]
    rows += [
        (name, value if isinstance(value, str) else to_json(value)) for name, value in sorted(run.settings.items())
    ]
    for one in run.tasks:
        rows += [(f"{one.task}: prompts", one.prompt_sha256), (f"{one.task}: data", one.data)]
    cells = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{show(value)}</td></tr>" for name, value in rows)
    body = f"<div class='panel'><table class='made'>{cells}</table></div>"
    return sections.section("Settings", "run.json has them; TASK.jsonl has every question with its answer.", body)
