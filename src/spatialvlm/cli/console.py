"""A build, or asking anew, with its progress on stderr and its result on stdout."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spatialvlm.dataset import asking_of, read_dataset
from spatialvlm.engine import ask, build_recipe
from spatialvlm.models import Runtime
from spatialvlm.recipes import Recipe

LOG_EVERY_S = 30.0


class _Meter:
    """The progress bar: frames done, images/s, QA/s and drops of this run. In a log file, a line now and then."""

    def __init__(self, console: Console, noun: str = "frames") -> None:
        self.noun = noun
        self.bar = Progress(
            TextColumn("[bold]{task.description}[/]"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rates]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self.task = self.bar.add_task(noun, total=None, rates="")
        self.frames = self.questions = self.drops = 0
        self.started = self.logged = time.perf_counter()

    def begin(self, total: int, done: int) -> None:
        """Show from here on how many frames there are, and how many an earlier run has done."""
        self.bar.update(self.task, total=total, completed=done)
        self.bar.start()
        self.started = self.logged = time.perf_counter()
        if done == total:
            self.bar.console.print(f"all {self.noun} were done already; nothing to do")
        elif done:
            self.bar.console.print(f"going on after the {done} {self.noun} of an earlier run")

    def report(self, frames: int, questions: int, drops: int) -> None:
        """Count so many more as done."""
        self.frames, self.questions, self.drops = self.frames + frames, self.questions + questions, self.drops + drops
        elapsed = max(time.perf_counter() - self.started, 1e-9)
        rates = f"{self.frames / elapsed:.1f} images/s  {self.questions / elapsed:.0f} QA/s  {self.drops} drops"
        self.bar.update(self.task, advance=frames, rates=rates)
        if not self.bar.console.is_terminal and time.perf_counter() - self.logged > LOG_EVERY_S:
            self.logged = time.perf_counter()
            task = self.bar.tasks[0]
            self.bar.console.print(f"{task.completed:.0f}/{task.total:.0f} {self.noun}  {rates}", highlight=False)

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self.bar.live.is_started:
            self.bar.stop()


def build_with_progress(recipe: Recipe, out: Path, workers: int, runtime: Runtime | None = None) -> None:
    """Build, show progress, and say what came out and where the report is."""
    meter = _Meter(Console(stderr=True))
    try:
        info = build_recipe(recipe, out, workers=workers, runtime=runtime, begin=meter.begin, report=meter.report)
    finally:
        meter.end()
    _print_result(Console(), info, out)


def ask_with_progress(
    folder: Path, out: Path, workers: int, *, seed: int | None, epochs: int, mix: Mapping[str, Any]
) -> None:
    """Ask about the scenes of a dataset, show progress, and say what came out; `mix` are changes of its settings."""
    dataset = read_dataset(folder)
    phrase = dataclasses.replace(asking_of(dataset).phrase, **mix) if mix else None
    meter = _Meter(Console(stderr=True), "scenes")
    report = {"begin": meter.begin, "report": meter.report}
    try:
        info = ask(dataset, out, seed=seed, mix=phrase, epochs=epochs, workers=workers, **report)
    finally:
        meter.end()
    console = Console()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("scenes", f"{len(dataset)}")
    table.add_row("epochs", f"{epochs}")
    table.add_row("questions", f"{info['qa']}")
    console.print(table)
    console.print(f"dataset: {out}", soft_wrap=True, highlight=False, markup=False)


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
