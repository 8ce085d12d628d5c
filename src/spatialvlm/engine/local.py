"""The local engine: a recipe to a dataset, shard by shard, in this process or in a few workers; resumable."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from spatialvlm.dataset.card import write_report
from spatialvlm.dataset.manifest import Summary
from spatialvlm.dataset.write import finish, open_for_build, write_shard
from spatialvlm.engine.stages import Stages
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent
from spatialvlm.models.inference import Runtime
from spatialvlm.pipeline.cull.repeats import find_repeats
from spatialvlm.recipes.recipe import Recipe

_Shard = tuple[int, int, int]  # its number, its first frame, the one after its last


def build(
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    runtime: Runtime | None = None,
    begin: Begin = silent,
    report: Report = silent,
) -> dict[str, Any]:
    """Build the dataset of a recipe in the folder `out`, or finish the one that an earlier run began there.

    `runtime` says where its models run; every worker loads its own. Returns what dataset.json says. Raises UserError
    for a bad source or folder (see `pipeline.write`), weights that cannot be had or a package that is not installed.
    """
    return build_by(partial(Stages, recipe, runtime), recipe, out, workers=workers, begin=begin, report=report)


def build_by(
    load: Callable[[], Stages],
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    begin: Begin = silent,
    report: Report = silent,
) -> dict[str, Any]:
    """As `build`, by the stages that `load` makes in every process; it must be one that can be pickled.

    Where the recipe drops near-duplicates, the whole source is read once before the first shard; see `repeats`.
    """
    check_workers(workers)
    make = _Builder(load, out)
    frames, size = len(make.stages), recipe.shard_size
    shards: list[_Shard] = [
        (number, start, min(start + size, frames)) for number, start in enumerate(range(0, frames, size))
    ]
    header = recipe.header(make.stages.source.fingerprint)
    if workers == 1 and not (out.is_dir() and any(out.iterdir())):
        make.stages.load()  # what cannot be loaded is said before there is a folder
    with open_for_build(out, header) as progress:
        missing = [shard for shard in shards if shard[0] not in progress.done]
        is_finished = not missing and (out / "report.html").exists()
        begin(frames, frames if is_finished else sum(summary["frames"] for summary in progress.done.values()))
        if missing:
            make.leave_out(find_repeats(make.stages.source, frames, recipe.cull))
        run_jobs(make, missing, progress, workers=workers, report=report)
        info = finish(out)
        if not is_finished:
            write_report(out)
    return info


class _Builder:
    """Makes shards. Its copy in another process has its own stages, but knows the same duplicates."""

    def __init__(self, load: Callable[[], Stages], out: Path, duplicates: Mapping[str, str] | None = None) -> None:
        self.load, self.out, self.duplicates = load, out, dict(duplicates or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return _Builder, (self.load, self.out, self.duplicates)

    @cached_property
    def stages(self) -> Stages:
        """The stages, made when they are first needed."""
        stages = self.load()
        stages.duplicates.update(self.duplicates)
        return stages

    def leave_out(self, duplicates: Mapping[str, str]) -> None:
        """Drop these frames, each for the earlier one that it repeats."""
        self.duplicates.update(duplicates)
        self.stages.duplicates.update(duplicates)

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
