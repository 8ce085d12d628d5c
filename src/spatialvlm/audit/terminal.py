"""An audit with its progress on stderr and its table on stdout."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from spatialvlm.audit.audit_page import in_order
from spatialvlm.audit.result import audit
from spatialvlm.engine import ProgressBar
from spatialvlm.page import percent

COLUMNS = {
    "right": ("qualitative_accuracy", 2),
    "of whole": ("qualitative_accuracy_amodal", 2),
    "error": ("median_relative_error", 2),
    "in 1σ": ("coverage_1sigma", 1),
    "in 2σ": ("coverage_2sigma", 1),
    "refused": ("pairs_refused_share", 1),
}
"""The columns of the table: a figure of audit.json each, and how many digits it is shown with."""


def audit_with_progress(
    rooms: int, out: Path, *, seed: int, presets: Sequence[str], size: tuple[int, int], workers: int
) -> None:
    """Audit, show progress, print the table and say where the page is."""
    with closing(ProgressBar("audit", "rooms", rooms)) as bar:
        result = audit(rooms, out, seed=seed, presets=presets, size=size, workers=workers, report=bar.advance)
    _print_result(Console(), result, out)


def _print_result(console: Console, result: dict[str, Any], out: Path) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("input", no_wrap=True)
    for heading in (*COLUMNS, "asked"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, run in in_order(result["presets"]).items():
        cells = (percent(run[figure], digits) for figure, digits in COLUMNS.values())
        table.add_row(name, *cells, f"{run['asked']:,}", style=None if run["told"] else "dim")
    console.print(table)
    console.print(
        "right: comparisons, against what is seen and against the whole objects. error: median of lengths. refused: of "
        "what could be asked of pairs.",
        style="dim",
        highlight=False,
    )
    heights = (
        f"{name} {percent(run['rooms_with_heights_share'], 0)} ({percent(run['heights_accuracy'], 2)} right)"
        for name, run in in_order(result["presets"]).items()
    )
    console.print(f"rooms with questions that need to know which way is up: {', '.join(heights)}", highlight=False)
    for name in ("audit.json", "audit.html"):
        console.print(f"{name.partition('.')[2]}: {out / name}", soft_wrap=True, highlight=False, markup=False)
