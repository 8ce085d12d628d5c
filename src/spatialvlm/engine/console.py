"""A build with its progress on stderr and its result on stdout."""

import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spatialvlm.engine.local import build
from spatialvlm.pipeline.write.read import read_dataset
from spatialvlm.recipe import Recipe

LOG_EVERY_S = 30.0


class _Meter:
    """The progress bar: frames done, images/s, QA/s and drops of this run. In a log file, a line now and then."""

    def __init__(self, console: Console) -> None:
        self.bar = Progress(
            TextColumn("[bold]{task.description}[/]"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rates]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self.task = self.bar.add_task("frames", total=None, rates="")
        self.frames = self.questions = self.drops = 0
        self.started = self.logged = time.perf_counter()

    def begin(self, total: int, done: int) -> None:
        """How many frames there are, and how many an earlier run has done. Until here nothing is shown."""
        self.bar.update(self.task, total=total, completed=done)
        self.bar.start()
        self.started = self.logged = time.perf_counter()
        if done == total:
            self.bar.console.print("all frames were done already; nothing to do")
        elif done:
            self.bar.console.print(f"going on after the {done} frames of an earlier run")

    def report(self, frames: int, questions: int, drops: int) -> None:
        """So many more have been done."""
        self.frames, self.questions, self.drops = self.frames + frames, self.questions + questions, self.drops + drops
        elapsed = max(time.perf_counter() - self.started, 1e-9)
        rates = f"{self.frames / elapsed:.1f} images/s  {self.questions / elapsed:.0f} QA/s  {self.drops} drops"
        self.bar.update(self.task, advance=frames, rates=rates)
        if not self.bar.console.is_terminal and time.perf_counter() - self.logged > LOG_EVERY_S:
            self.logged = time.perf_counter()
            task = self.bar.tasks[0]
            self.bar.console.print(f"{task.completed:.0f}/{task.total:.0f} frames  {rates}", highlight=False)

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self.bar.live.is_started:
            self.bar.stop()


def build_with_progress(recipe: Recipe, out: Path, workers: int) -> None:
    """Build, show progress, and say what came out and where the report is."""
    meter = _Meter(Console(stderr=True))
    try:
        info = build(recipe, out, workers=workers, begin=meter.begin, report=meter.report)
    finally:
        meter.end()
    _print_result(Console(), info, out)


def _print_result(console: Console, info: dict[str, Any], out: Path) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("frames", f"{info['frames']}")
    table.add_row("scenes", f"{info['scenes']}")
    table.add_row("questions", f"{info['qa']}")
    for stage, reasons in info["drops"].items():
        for reason, count in reasons.items():
            table.add_row("dropped", f"{count} in {stage}: {escape(reason)}")
    console.print(table)
    if info["frames"] and not info["scenes"]:
        drop = next(read_dataset(out).drops())
        console.print(
            f"no frame became a scene; {drop.id}: {drop.reason}", soft_wrap=True, highlight=False, markup=False
        )
    console.print(f"dataset: {out}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"report: {out / 'report.html'}", soft_wrap=True, highlight=False, markup=False)
