"""The local engine: a recipe to a dataset, shard by shard, in this process or in a few workers; resumable."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.dataset import Summary, finish, open_for_build, write_report, write_shard
from spatialvlm.engine.executor import MIN_BATCH, Stages, run, survey
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import FrameStage
from spatialvlm.pipeline.collect import Collect, FrameSource
from spatialvlm.recipes import Recipe, recipe_for, with_settings
from spatialvlm.records import Sample

MAX_SHARD = 128
MIN_SHARDS = 16
"""A source is cut into so many shards at least: what a stopped build loses, and what workers share out."""

_Shard = tuple[int, range]  # its number and its frames


def build(
    source: str | Path | Recipe,
    out: str | Path,
    *,
    recipe: str | None = None,
    workers: int = 1,
    runtime: Runtime | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Build the dataset of a source, or of a Recipe, in the folder `out`, or finish what an earlier run began there.

    Without the name of a `recipe` it is the one that suits the source; `settings` are fields of `Recipe` that change
    it, a Recipe too. Otherwise as `build_recipe`. Raises UserError for a bad source, setting or folder.
    """
    if isinstance(source, Recipe) and recipe is not None:
        raise UserError(
            f"recipe {recipe!r}: the source is a Recipe already, expected one of the two; leave recipe= out, or give "
            f"the source {source.source!r} in place of the Recipe"
        )
    chosen = source if isinstance(source, Recipe) else recipe_for(str(source), recipe)
    return build_recipe(with_settings(chosen, settings), Path(out), workers=workers, runtime=runtime)


def build_recipe(
    recipe: Recipe,
    out: Path,
    *,
    stages: Stages | None = None,
    workers: int = 1,
    runtime: Runtime | None = None,
    opened: Callable[[FrameSource], object] = silent,
    begin: Begin = silent,
    report: Report = silent,
) -> dict[str, Any]:
    """Build the dataset of a recipe in the folder `out`, or finish the one that an earlier run began there.

    `stages` stand in for those of the recipe; the first one collects. `opened` is told of its source.
    `runtime` says where models run; every worker loads its own. Returns what dataset.json says. Raises UserError for a
    bad source or folder (see `dataset.write`), weights that cannot be had or a package that is not installed.
    """
    check_workers(workers)
    runtime = runtime or Runtime()
    stages = recipe.stages(runtime) if stages is None else tuple(stages)
    source = _collect_of(stages).source
    opened(source)
    frames = len(source) if recipe.limit is None else min(recipe.limit, len(source))
    size = recipe.shard_size or _shard_size(frames, stages)
    shards = [(number, range(start, min(start + size, frames))) for number, start in enumerate(range(0, frames, size))]
    header = recipe.header(source)  # names weights that are missing, and what gets them
    if workers == 1 and not (out.is_dir() and any(out.iterdir())):
        _load(stages)  # what cannot be loaded is said before there is a folder
    with open_for_build(out, header, Recipe(recipe.source).header(source)) as progress:
        missing = [shard for shard in shards if shard[0] not in progress.done]
        done = frames if progress.info else sum(summary["frames"] for summary in progress.done.values())
        begin(frames, done)
        if progress.info is not None:
            if not (out / "report.html").exists():
                write_report(out)
            return progress.info
        if missing:
            survey(stages, range(frames))
        run_jobs(_Builder(stages, out, runtime.batch_size), missing, progress.append, workers=workers, report=report)
        info = finish(out)
        write_report(out)
    return info


def _shard_size(frames: int, stages: Stages) -> int:
    """Choose by the source, whatever the workers: small shards lose little when stopped, models want full batches."""
    least = MIN_BATCH if any(stage.needs == "model" for stage in stages) else 1
    return max(least, min(MAX_SHARD, -(-frames // MIN_SHARDS)))


def _collect_of(stages: Stages) -> Collect:
    if not stages or not isinstance(stages[0], Collect):
        raise UserError("stages: expected the first one to be a Collect, which says how many frames there are")
    return stages[0]


def _load(stages: Stages) -> None:
    for stage in stages:
        if isinstance(stage, FrameStage):
            stage.prepare()


class _Builder:
    """Makes shards and writes them. It is pickled to other processes, where stages load what they need."""

    def __init__(self, stages: Stages, out: Path, batch_size: int) -> None:
        self.stages, self.out, self.batch_size = stages, out, batch_size

    def __call__(self, shard: _Shard, report: Report, /) -> Summary:
        number, indices = shard
        return write_shard(self.out, number, self._reported(indices, report))

    def _reported(self, indices: Sequence[int], report: Report) -> Iterator[Sample]:
        for sample in run(self.stages, indices, self.batch_size):
            report(1, len(sample.questions), len(sample.drops))
            yield sample
