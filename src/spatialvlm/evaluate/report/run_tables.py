"""A run in the terminal: the figures of its tasks (`figures.summary_of`) enter, tables leave.

Where the output is no terminal they are plain text of whatever width they need, so that nothing is cut off in a file.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spatialvlm.evaluate.report.measures import FEWEST, PAPER
from spatialvlm.evaluate.report.paper import NOTE, PUBLISHED
from spatialvlm.page import counted, percent

Figures = Mapping[str, Any]
PaperRow = tuple[str, Figures | None, Figures | None]
"""A name, figures of lengths or numbers, figures of comparisons."""
TextRow = tuple[str, Sequence[str]]
"""A name and the cells beside it."""

FEW = "too few"
"""What stands in place of the interval of a few pictures."""
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
MARKS_SHOWN = 3


def print_run(console: Console, summary: Figures) -> None:
    """Print all tables of a run: its tasks, the paper's columns, the kinds of each task."""
    tasks = summary["tasks"]
    console = roomy(console)
    version = f", {summary['version']}" if summary["version"] else ""
    console.print(f"{summary['model']}{version}", style="bold", highlight=False, markup=False)
    print_table(console, ("task", *COUNTS, *SCORES), _score_rows(tasks), legend=LEGEND)
    for name, task in tasks.items():
        if says := unknown_marks(task):
            console.print(f"{name}: {says}", highlight=False, markup=False)
    if rows := list(paper_rows(tasks)):
        published = {f"{name}, the paper": published_cells(name) for name in PUBLISHED}
        cells = [(name, _paper_cells(metric, qualitative)) for name, metric, qualitative in rows]
        heads = ("", "comparisons", *HEADS.values())
        found = [*cells, *published.items()]
        print_table(console, heads, found, title="as in the paper", legend=NOTE, dim=published)
    if found := further_rows(tasks):
        heads = ("", *FURTHER.values())
        print_table(console, heads, found, title="lengths and numbers", legend=FURTHER_LEGEND)
    if found := own_rows(tasks):
        print_table(console, ("", "score", "official"), found, title="as the benchmarks' authors count")
    for name, task in tasks.items():
        if len(task["kinds"]) > 1:
            print_table(console, ("kind", *COUNTS, *SCORES), _score_rows(task["kinds"]), title=name)


def unknown_marks(task: Figures) -> str:
    """Say how many answers hold marks that the reader does not know; "" of none."""
    found = task["unknown_marks"]
    if not found["answers"]:
        return ""
    such = ", ".join(sorted(found["marks"], key=lambda mark: "/" in mark)[:MARKS_SHOWN])
    return f"{counted(found['answers'], 'answer')} with unknown marks such as {such}: what stands between was read too"


def print_table(
    console: Console,
    heads: Sequence[str],
    rows: Iterable[TextRow],
    *,
    title: str = "",
    legend: str = "",
    dim: Collection[str] = (),
) -> None:
    """Print a table without lines: names first, then columns of figures; rows whose names are in `dim` step back."""
    if title:
        console.print()
        console.print(title, style="bold", highlight=False, markup=False)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(heads[0], min_width=12, overflow="fold")
    for text in heads[1:]:
        table.add_column(text, justify="right", no_wrap=True)
    for name, cells in rows:
        table.add_row(Text(name), *cells, style="dim" if name in dim else None)
    console.print(table)
    if legend:
        console.print(legend, style="dim", highlight=False)


def roomy(console: Console) -> Console:
    """Return the console, or where it is no terminal one in which no table has to be cut."""
    return console if console.is_terminal else Console(file=console.file, width=WIDEST)


def paper_rows(tasks: Figures) -> Iterable[PaperRow]:
    """Yield the rows of the paper's columns: the tasks with lengths, numbers or comparisons."""
    for name, task in tasks.items():
        if task["lengths"] or task["qualitative"]:
            yield name, task["lengths"], task["qualitative"]
        if task["numbers"]:
            yield f"{name}: numbers", task["numbers"], None


def spread(interval: Figures | None) -> str:
    """Write an interval for people: "61.2–70.3 %". One without width is a dash: where all score alike it says nothing.

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
    """Shorten a hash for people to its first twelve digits; other names stay as they are."""
    return name[:12] if len(name) >= 40 and all(letter in "0123456789abcdef" for letter in name) else name


def mean(interval: Figures | None) -> str:
    """Write the figure of an interval for people."""
    return percent(None if interval is None else interval["mean"])


def own_rows(tasks: Figures) -> list[TextRow]:
    """Return the figures that are no plain means, by our parser and by the official rule."""
    rows = []
    for name, task in tasks.items():
        official = task["own"]["official"] or {}
        for figure, value in (task["own"]["robust"] or {}).items():
            rows.append((f"{name}: {figure}", [percent(value), percent(official.get(figure))]))
    return rows


def further_rows(tasks: Figures) -> list[TextRow]:
    """Return the columns of FURTHER of all tasks with lengths or numbers: shares, and the logarithm as it is."""
    rows = []
    for name, metric, _ in paper_rows(tasks):
        if metric:
            log = metric["median_log_error"]
            cells = [percent(metric[key]) for key in FURTHER if key != "median_log_error"]
            rows.append((name, [*cells, "–" if log is None else f"{log:.3f}"]))
    return rows


def published_cells(model: str) -> list[str]:
    """Return what the paper reports of a model: comparisons, then the columns of PAPER."""
    return [percent(PUBLISHED[model][key]) for key in ("qualitative", *PAPER)]


def _score_rows(groups: Figures) -> Iterable[TextRow]:
    for name, one in groups.items():
        cells = [percent(one["parse_rate"]), percent(one["abstain_rate"]), str(one["truncated"]), str(one["failed"])]
        scores = [mean(one["robust"]), spread(one["robust"]), mean(one["official"])]
        yield name, [f"{one['n']:,}", *cells, *scores]


def _paper_cells(metric: Figures | None, qualitative: Figures | None) -> list[str]:
    right = mean(qualitative["accuracy"]) if qualitative else "–"
    return [right, *(percent(metric[key]) if metric else "–" for key in PAPER)]
