"""Figures of a run: a task and its scored items enter, a JSON object leaves; all tasks of a run as summary.json.

    {"n": ..., "robust": {"mean", "low", "high"}, ..., "kinds": {KIND: the same}, "own": {...}, "how": {...}}

`measures` says what each figure is. `own` are the figures that the benchmark's authors report, by each parser. `how`
counts how answers were read, in the words of the parser with what varies left out, so that every number says how it
came about; `unknown_marks` counts what may be thinking, by marks that nobody here knows. The figures don't depend on
the order of the items. Intervals of the paper's columns are given of the whole task, not of its kinds.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.dataset import to_json, write_file
from spatialvlm.evaluate.report.measures import (
    NUMBERS,
    Figures,
    angles,
    by_confidence,
    by_sigma,
    clock,
    counts,
    means,
    metric,
    qualitative,
    regions,
    right,
    tidy,
)
from spatialvlm.evaluate.report.rows import Rows, in_order, rows_of, value_of
from spatialvlm.evaluate.results import Results
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.models import split_thinking

FORMAT = 2
SUMMARY = "summary.json"

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_DIGITS = re.compile(r"\d+")


def figures_of(task: Task, scored: Sequence[Scored]) -> Figures:
    """Compute all figures of a task, JSON values only."""
    scored = in_order(scored)
    rows = rows_of(scored)
    kinds = np.array([one.item.kind for one in scored], np.object_)
    how = Counter(normal(one.parsed.how) for one in scored)
    figures = {
        "task": task.name,
        **_group(rows, sure=True),
        "by_sigma": by_sigma(rows),
        "by_confidence": by_confidence(rows),
        "own": _own(task, scored),
        "how": _commonest(how),
        "unknown_marks": _unknown_marks(scored),
        "kinds": {str(kind): _group(rows.only(kinds == kind), sure=False) for kind in sorted(set(kinds.tolist()))},
    }
    return tidy(figures)


def summary_of(results: Results, tasks: Mapping[str, Task] | None = None) -> dict[str, Any]:
    """Compute all figures of a run's tasks, as summary.json has them. `tasks` are to be taken instead of the usual."""
    known = tasks or {one.task: load_task(one.task) for one in results.run.tasks}
    figures = {one.task: figures_of(known[one.task], results.scored[one.task]) for one in results.run.tasks}
    return {"format": FORMAT, "model": results.run.model, "version": results.run.version, "tasks": figures}


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write summary.json."""
    text = to_json(summary, indent=2) + "\n"
    write_file(folder / SUMMARY, lambda file: file.write(text.encode()))


def normal(how: str) -> str:
    """Say how an answer was read, without the words and numbers that vary from answer to answer."""
    return _DIGITS.sub("n", _QUOTED.sub("…", how))


def _group(rows: Rows, *, sure: bool) -> Figures:
    return {
        **counts(rows),
        **means(rows),
        "lengths": metric(rows, "length", sure=sure),
        "numbers": metric(rows, *NUMBERS, sure=sure),
        "qualitative": qualitative(rows),
        "angles": angles(rows),
        "orders": right(rows, "order"),
        "cannot_tell": right(rows, "cannot_tell"),
        "clock": clock(rows),
        "regions": regions(rows),
    }


def _commonest(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _unknown_marks(scored: Sequence[Scored]) -> Figures:
    """Count the answers that hold marks such as <xyz> that the reader does not know, and each mark."""
    found = [split_thinking(one.answer).unknown for one in scored if one.answer]
    marks = Counter(mark for marks in found for mark in marks)
    return {"answers": sum(map(bool, found)), "marks": _commonest(marks)}


def _own(task: Task, scored: Sequence[Scored]) -> Figures:
    """Compute the task's own figures by both parsers; None where it has none, or no official rule."""
    if task.figures is None or not scored:
        return {"robust": None, "official": None}
    robust = task.figures(scored, [value_of(one.robust) for one in scored])
    official = None
    if all(one.official is not None for one in scored):
        official = task.figures(scored, [value_of(one.official) for one in scored])
    return {
        "robust": {name: float(value) for name, value in robust.items()},
        "official": None if official is None else {name: float(value) for name, value in official.items()},
    }
