"""Build the benchmark with its progress on stderr, and say on stdout what differs from the definition."""

from contextlib import closing
from pathlib import Path

from rich.console import Console

from spatialvlm.engine import ProgressBar
from spatialvlm.evaluate.rooms_benchmark.build import BenchmarkDifference, build_benchmark
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkDefinition

SHOWN = 8


def build_with_progress(definition: BenchmarkDefinition, out: Path, workers: int) -> bool:
    """Build, show progress, and say whether this is the benchmark, bit for bit; returns that."""
    with closing(ProgressBar("rooms", "rooms")) as bar:
        report = {"begin": bar.show, "report": lambda frames, *_: bar.advance(frames)}
        found = build_benchmark(definition, out, workers=workers, **report)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"questions: {sum(len(room.questions) for room in definition.rooms)} about {found.rooms} rooms")
    console.print(f"images identical: {found.rooms - len(found.images)} of {found.rooms}")
    console.print(f"questions identical: rooms {found.rooms - len(found.questions)} of {found.rooms}")
    for line in explain_difference(found):
        console.print(line)
    console.print(f"dataset: {out}")
    return not (found.images or found.questions)


def explain_difference(found: BenchmarkDifference) -> list[str]:
    """Say what differs and why that is likely; nothing where nothing does."""
    if not (found.images or found.questions):
        return []
    lines = [
        f"other {what} in rooms {', '.join(map(str, rooms[:SHOWN]))}{', ...' if len(rooms) > SHOWN else ''}"
        for what, rooms in (("images", found.images), ("questions", found.questions))
        if rooms
    ]
    if found.versions:
        changed = ", ".join(f"{name} {here} (made with {was})" for name, (was, here) in found.versions.items())
        lines.append(f"likely because of other versions here: {changed}; install those to get the same bits")
    else:
        lines.append("the versions are the same, so likely another processor or another spatialvlm")
    lines.append("it can be used, but say so where you report scores: it is not the benchmark bit for bit")
    return lines
