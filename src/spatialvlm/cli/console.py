"""A build, or asking anew, with its progress on stderr and its result on stdout."""

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatialvlm.dataset import asking_of, read_dataset, silence_in_words
from spatialvlm.engine import ProgressBar, ask, build_recipe
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.recipes import Recipe
from spatialvlm.records import Drop

SHOWN_REASONS = 3


class _Meter(ProgressBar):
    """Shows frames done, images/s, QA/s and drops of this run."""

    def __init__(self, noun: str = "frames") -> None:
        super().__init__(noun, noun)
        self.frames = self.questions = self.drops = 0
        self.started = time.perf_counter()

    def begin(self, total: int, done: int) -> None:
        """Show from here on how many frames there are, and how many an earlier run has done."""
        self.show(total, done)
        self.started = time.perf_counter()
        if done == total:
            self.console.print(f"all {self.noun} were done already; nothing to do")
        elif done:
            self.console.print(f"going on after the {done} {self.noun} of an earlier run")

    def say(self, sentence: object) -> None:
        """Show a sentence about the run."""
        self.console.print(sentence, soft_wrap=True, highlight=False, markup=False)

    def report(self, frames: int, questions: int, drops: int) -> None:
        """Count so many more as done."""
        self.frames, self.questions, self.drops = self.frames + frames, self.questions + questions, self.drops + drops
        elapsed = max(time.perf_counter() - self.started, 1e-9)
        rates = f"{self.frames / elapsed:.1f} images/s  {self.questions / elapsed:.0f} QA/s  {self.drops} drops"
        self.advance(frames, rates)


def build_with_progress(recipe: Recipe, out: Path, workers: int, runtime: Runtime | None = None) -> None:
    """Build, show progress, and say what came out and where the report is.

    Raises UserError where no frame became a scene, with the commonest reason.
    """
    with closing(_Meter()) as meter:
        shown = {"begin": meter.begin, "report": meter.report, "say": meter.say}
        info = build_recipe(recipe, out, workers=workers, runtime=runtime, **shown)
    commonest = _commonest_drops(out) if info["drops"] else []
    _print_result(Console(), info, out, commonest)
    if not info["scenes"]:
        why = commonest[0] if commonest else f"{recipe.source} has no frames"
        raise UserError(f"no frame became a scene; {why}")


def ask_with_progress(
    folder: Path, out: Path, workers: int, *, seed: int | None, epochs: int, mix: Mapping[str, Any]
) -> None:
    """Ask about the scenes of a dataset, show progress, and say what came out; `mix` are changes of its settings."""
    dataset = read_dataset(folder)
    phrase = dataclasses.replace(asking_of(dataset).phrase, **mix) if mix else None
    with closing(_Meter("scenes")) as meter:
        report = {"begin": meter.begin, "report": meter.report}
        info = ask(dataset, out, seed=seed, mix=phrase, epochs=epochs, workers=workers, **report)
    console = Console()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("scenes", f"{len(dataset)}")
    table.add_row("epochs", f"{epochs}")
    table.add_row("questions", f"{info['qa']}")
    console.print(table)
    console.print(f"dataset: {out}", soft_wrap=True, highlight=False, markup=False)


def _print_result(console: Console, info: dict[str, Any], out: Path, commonest: Sequence[str]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("frames", f"{info['frames']}")
    table.add_row("scenes", f"{info['scenes']}")
    table.add_row("questions", f"{info['qa']}")
    for stage, reasons in info["drops"].items():
        for reason, count in reasons.items():
            table.add_row("dropped", f"{count} in {stage}: {escape(reason)}")
    console.print(table)
    silent = silence_in_words(info)
    doubts = [f"doubtful: {one['first']}{_more(one['count'] - 1)}" for one in info.get("doubts", {}).values()]
    lines = [*(commonest if info["scenes"] else ()), *([silent] if silent else ()), *doubts]
    for line in (*lines, f"dataset: {out}", f"report: {out / 'report.html'}"):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _more(count: int) -> str:
    return f" (and {count} more like it)" if count else ""


def _commonest_drops(out: Path) -> list[str]:
    """Say what was dropped most often, up to three reasons with an example of each."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], Drop] = {}
    for drop in read_dataset(out).drops():
        reason = drop.stage, drop.reason.partition(":")[0]
        counts[reason] += 1
        examples.setdefault(reason, drop)
    said = []
    for reason, count in counts.most_common(SHOWN_REASONS):
        drop = examples[reason]
        said.append(f"dropped {count} times in {drop.stage}, such as {drop.id}: {drop.reason}")
    return said
