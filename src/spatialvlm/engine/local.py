"""The local engine: a recipe to a dataset, shard by shard, in this process or in a few workers; resumable."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from spatialvlm.engine.stages import Stages
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent
from spatialvlm.pipeline.write.dataset import finish, open_for_build, write_shard
from spatialvlm.pipeline.write.manifest import Summary
from spatialvlm.pipeline.write.report import write_report
from spatialvlm.recipe import Recipe

_Shard = tuple[int, int, int]  # its number, its first frame, the one after its last


def build(
    recipe: Recipe, out: Path, *, workers: int = 1, begin: Begin = silent, report: Report = silent
) -> dict[str, Any]:
    """Build the dataset of a recipe in the folder `out`, or finish the one that an earlier run began there.

    Returns what dataset.json says. Raises UserError for a bad source or folder; see `pipeline.write`.
    """
    return build_by(partial(Stages, recipe), recipe, out, workers=workers, begin=begin, report=report)


def build_by(
    load: Callable[[], Stages],
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    begin: Begin = silent,
    report: Report = silent,
) -> dict[str, Any]:
    """As `build`, by the stages that `load` loads in every process; it must be one that can be pickled."""
    check_workers(workers)
    make = _Builder(load, out)
    frames, size = len(make.stages), recipe.shard_size
    shards: list[_Shard] = [
        (number, start, min(start + size, frames)) for number, start in enumerate(range(0, frames, size))
    ]
    with open_for_build(out, recipe.header(make.stages.source.fingerprint)) as progress:
        missing = [shard for shard in shards if shard[0] not in progress.done]
        is_finished = not missing and (out / "report.html").exists()
        begin(frames, frames if is_finished else sum(summary["frames"] for summary in progress.done.values()))
        run_jobs(make, missing, progress, workers=workers, report=report)
        info = finish(out)
        if not is_finished:
            write_report(out)
    return info


class _Builder:
    """Makes shards. Its copy in another process loads its own stages."""

    def __init__(self, load: Callable[[], Stages], out: Path) -> None:
        self.load, self.out = load, out

    def __reduce__(self) -> tuple[Any, ...]:
        return _Builder, (self.load, self.out)

    @cached_property
    def stages(self) -> Stages:
        """The stages, loaded when they are first needed."""
        return self.load()

    def __call__(self, shard: _Shard, report: Report, /) -> Sequence[Summary]:
        number, start, stop = shard
        made = self.stages.run(start, stop, report)
        counted = write_shard(
            self.out,
            number,
            made.scenes,
            made.questions,
            frames=made.frames,
            refusals=made.refusals,
            drops=made.drops,
        )
        return [counted]
