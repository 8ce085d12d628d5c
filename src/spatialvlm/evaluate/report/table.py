"""A run in the terminal: the figures of its tasks (`figures.summary_of`) enter, tables leave.

Where the output is no terminal they are plain text of whatever width they need, so that nothing is cut off in a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spatialvlm.audit.charts import percent
from spatialvlm.evaluate.report.bars import FEW
from spatialvlm.evaluate.report.measures import FEWEST, PAPER
from spatialvlm.evaluate.report.published import NOTE, PUBLISHED

Figures = Mapping[str, Any]
PaperRow = tuple[str, Figures | None, Figures | None]
"""A name, figures of lengths or numbers, figures of comparisons."""

COUNTS = ("n", "read", "declined", "cut off", "failed")
SCORES = ("score", "95 %", "official")
HEADS: Mapping[str, str] = {
    "output_number": "a number",
    "in_50_200": "50 to 200 %",
    "in_66_150": "67 to 150 %",
    "in_90_110": "90 to 110 %",
}
"""The paper's columns as people read them, under the names of PAPER."""
FURTHER: Mapping[str, str] = {
    "within_25": "±25 %",
    "delta_below_2": "< 2",
    "delta_within_2": "≤ 2",
    "delta_below_1_5": "< 1.5",
    "delta_within_1_25": "≤ 1.25",
    "a1": "a1",
    "mra": "MRA",
    "median_abs_rel": "median off",
    "median_log_error": "|ln|",
}
"""Other figures of lengths and numbers as people read them, under their names in `measures.metric`."""
LEGEND = (
    "score: the mean over all questions, by our parser; what was not read, declined or failed is wrong. 95 %: its "
    "bootstrap interval, questions about the same pictures together; none where all score alike, which it can't judge, "
    f"and {FEW!r} of fewer than {FEWEST} sets of pictures. "
    "official: by the rule of the benchmark's authors."
)
FURTHER_LEGEND = (
    "< 2 and the like: answer / truth or truth / answer, whichever is larger, against that limit; a1 is < 1.25. MRA: "
    "mean over ten limits, 5 to 50 % off. All of these are shares of all questions. median off, |ln(answer / truth)|: "
    "medians of the answers that were read."
)
WIDEST = 10_000


def print_run(console: Console, summary: Figures) -> None:
    """All tables of a run: its tasks, the paper's columns, the kinds of each task."""
    tasks = summary["tasks"]
    console = roomy(console)
    version = f", {summary['version']}" if summary["version"] else ""
    console.print(f"{summary['model']}{version}", style="bold", highlight=False, markup=False)
    console.print(_scores("task", tasks.items()))
    console.print(LEGEND, style="dim", highlight=False)
    rows = list(paper_rows(tasks))
    if rows:
        heading(console, "as in the paper")
        console.print(_paper(rows))
        console.print(NOTE, style="dim", highlight=False)
    if any(metric for _, metric, _ in rows):
        heading(console, "lengths and numbers")
        console.print(_further(rows))
        console.print(FURTHER_LEGEND, style="dim", highlight=False)
    if any(task["own"]["robust"] for task in tasks.values()):
        heading(console, "as the benchmarks' authors count")
        console.print(_own(tasks))
    for name, task in tasks.items():
        if len(task["kinds"]) > 1:
            heading(console, name)
            console.print(_scores("kind", task["kinds"].items()))


def roomy(console: Console) -> Console:
    """The console, or where it is no terminal one in which no table has to be cut."""
    return console if console.is_terminal else Console(file=console.file, width=WIDEST)


def paper_rows(tasks: Figures) -> Iterable[PaperRow]:
    """The rows of the paper's columns: the tasks with lengths, numbers or comparisons."""
    for name, task in tasks.items():
        if task["lengths"] or task["qualitative"]:
            yield name, task["lengths"], task["qualitative"]
        if task["numbers"]:
            yield f"{name}: numbers", task["numbers"], None


def spread(interval: Figures | None) -> str:
    """An interval for people: "61.2–70.3 %". One without width is a dash: where all score alike it says nothing.

    Where there are too few pictures for one, it says so.
    """
    if interval is None or interval["mean"] is None:
        return "–"
    if interval["low"] is None:
        return FEW
    if interval["low"] == interval["high"]:
        return "–"
    return f"{percent(interval['low']).removesuffix(' %')}–{percent(interval['high'])}"


def short(name: str) -> str:
    """A hash for people: its first twelve digits; other names as they are."""
    return name[:12] if len(name) >= 40 and all(letter in "0123456789abcdef" for letter in name) else name


def mean(interval: Figures | None) -> str:
    """The figure of an interval for people."""
    return percent(None if interval is None else interval["mean"])


def own_rows(tasks: Figures) -> Iterable[tuple[str, str, float | None, float | None]]:
    """(task, figure, by our parser, by the official rule) of the figures that are no plain means."""
    for name, task in tasks.items():
        official = task["own"]["official"] or {}
        for figure, value in (task["own"]["robust"] or {}).items():
            yield name, figure, value, official.get(figure)


def further(name: str, value: float | None) -> str:
    """A figure of lengths for people: a share, or the logarithm as it is."""
    if name == "median_log_error":
        return "–" if value is None else f"{value:.3f}"
    return percent(value)


def new_table(first: str, *others: str) -> Table:
    """A table without lines: names first, then columns of figures."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(first, min_width=12, overflow="fold")
    for text in others:
        table.add_column(text, justify="right", no_wrap=True)
    return table


def heading(console: Console, text: str) -> None:
    """A line above a table."""
    console.print()
    console.print(text, style="bold", highlight=False, markup=False)


def _scores(what: str, groups: Iterable[tuple[str, Figures]]) -> Table:
    table = new_table(what, *COUNTS, *SCORES)
    for name, one in groups:
        cells = [percent(one["parse_rate"]), percent(one["abstain_rate"]), str(one["truncated"]), str(one["failed"])]
        scores = [mean(one["robust"]), spread(one["robust"]), mean(one["official"])]
        table.add_row(Text(name), f"{one['n']:,}", *cells, *scores)
    return table


def _paper(rows: Sequence[PaperRow]) -> Table:
    table = new_table("", "comparisons", *HEADS.values())
    for name, metric, qualitative in rows:
        cells = [mean(qualitative["accuracy"]) if qualitative else "–"]
        table.add_row(Text(name), *cells, *(percent(metric[key]) if metric else "–" for key in PAPER))
    for name, row in PUBLISHED.items():
        table.add_row(f"{name}, the paper", *(percent(row[key]) for key in ("qualitative", *PAPER)), style="dim")
    return table


def _further(rows: Sequence[PaperRow]) -> Table:
    table = new_table("", *FURTHER.values())
    for name, metric, _ in rows:
        if metric:
            table.add_row(Text(name), *(further(key, metric[key]) for key in FURTHER))
    return table


def _own(tasks: Figures) -> Table:
    table = new_table("task", "figure", "score", "official")
    for name, figure, robust, official in own_rows(tasks):
        table.add_row(Text(name), Text(figure), percent(robust), percent(official))
    return table
