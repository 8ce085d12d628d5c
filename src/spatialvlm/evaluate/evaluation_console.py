"""Run the commands of evaluation with their messages: progress on stderr, tables on stdout, pages as files."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import typer
from rich.console import Console

from spatialvlm.errors import UserError
from spatialvlm.evaluate.evaluation import evaluate, find_data
from spatialvlm.evaluate.item_export import write_parquet, write_tsv
from spatialvlm.evaluate.models import AskConfig
from spatialvlm.evaluate.report.comparison import print_comparison, write_comparison
from spatialvlm.evaluate.report.figures import summary_of, write_summary
from spatialvlm.evaluate.report.paired import compare_runs
from spatialvlm.evaluate.report.run_page import write_page
from spatialvlm.evaluate.report.run_tables import print_run
from spatialvlm.evaluate.results import Results, read_results
from spatialvlm.evaluate.tasks import load_task

FORMATS = ("tsv", "parquet")


def evaluate_with_progress(
    model: str,
    tasks: Sequence[str],
    out: Path,
    data: Sequence[str],
    limit: int | None,
    config: AskConfig,
    coordinates: str | None = None,
) -> None:
    """Evaluate, and show the table; says where the page is. Exits with 1 where items got no answer."""
    if not tasks:
        raise UserError("--task: names no task; expected names separated by commas, as in rooms,qspatial")
    progress = Console(stderr=True, highlight=False, markup=False)
    with progress.status(model) as status:
        results = evaluate(
            model,
            tasks,
            out,
            data=parse_data(data),
            limit=limit,
            config=config,
            coordinates=coordinates,
            report=status.update,
            note=lambda line: progress.print(line, soft_wrap=True),
        )
        status.update("figures")
        summary = summary_of(results)
        write_summary(out, summary)
        page = write_page(out)
    console = Console(highlight=False)
    print_run(console, summary)
    console.print(f"page: {page}", markup=False, soft_wrap=True)
    if any(one.answer is None for task in _asked_tasks(results, tasks) for one in results.scored[task]):
        raise typer.Exit(1)


def _asked_tasks(results: Results, tasks: Sequence[str]) -> list[str]:
    """List the tasks of this run in which an item without an answer can be asked again."""
    return [one.task for one in results.run.tasks if one.task in tasks and one.track not in ("none", "recorded")]


def compare_on_console(first: Path, second: Path, out: Path | None) -> None:
    """Compare two runs, and show the table; with `out` the page too."""
    compared = compare_runs(read_results(first), read_results(second))
    console = Console(highlight=False)
    print_comparison(console, compared)
    if out is not None:
        write_comparison(out, compared)
        console.print(f"page: {out}", markup=False, soft_wrap=True)


def write_items(task: str, to: str, out: Path, data: Sequence[str], limit: int | None) -> int:
    """Write the items of a task for another harness; returns how many."""
    chosen = load_task(task)
    items = islice(chosen.items(find_data(chosen, parse_data(data).get(task))), limit)
    match to:
        case "tsv":
            return write_tsv(items, out)
        case "parquet":
            return write_parquet(items, out, task)
    raise UserError(f"format {to!r}: unknown; choose one of {', '.join(FORMATS)}")


def parse_data(pairs: Sequence[str]) -> dict[str, Path]:
    """Split TASK=PATH pairs. Raises UserError for anything else."""
    found: dict[str, Path] = {}
    for pair in pairs:
        task, sign, path = pair.partition("=")
        if not (task and sign and path):
            raise UserError(f"--data {pair!r}: expected TASK=PATH, as in rooms=rooms_benchmark")
        found[load_task(task).name] = Path(path)
    return found
