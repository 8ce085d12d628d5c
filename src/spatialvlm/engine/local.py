"""The local engine: a recipe to a dataset, shard by shard, in this process or in a few workers; resumable."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.dataset import REPORT, Progress, Summary, finish, open_for_build, write_report, write_shard
from spatialvlm.engine.executor import MIN_BATCH, Stages, findings, run, survey
from spatialvlm.engine.mending import Inputs, Say, Shard, look_at
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import FrameStage
from spatialvlm.pipeline.collect import Collect
from spatialvlm.recipes import Recipe, recipe_for, with_settings
from spatialvlm.records import Sample

MAX_SHARD = 128
MIN_SHARDS = 16
"""A source is cut into so many shards at least: what a stopped build loses, and what workers share out."""

_Made = tuple[Summary, str | None, str | None]  # a shard, and the digest and the stamp of what it was made of


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
    begin: Begin = silent,
    report: Report = silent,
    say: Say = silent,
) -> dict[str, Any]:
    """Build the dataset of a recipe in the folder `out`, or finish the one that an earlier run began there.

    What the folder holds of frames whose files are as they were is kept, so that a source may be mended and built
    again: the dataset is then that of the mended source, to the byte. `stages` stand in for those of the recipe; the
    first one collects. `runtime` says where models run; every worker loads its own. `say` is called with what is to be
    said about the run. Returns what dataset.json says. Raises UserError for a bad source or folder (see
    `dataset.write`), weights that cannot be had or a package that is not installed.
    """
    check_workers(workers)
    runtime = runtime or Runtime()
    stages = recipe.stages(runtime) if stages is None else tuple(stages)
    source = _collect_of(stages).source
    frames = len(source) if recipe.limit is None else min(recipe.limit, len(source))
    for sentence in (f"{source.name}: {source.layout}, {len(source)} frame{'s' * (len(source) != 1)}", *source.remarks):
        say(sentence)
    shards = _shards(frames, recipe.shard_size or _shard_size(frames, stages))
    header = recipe.header(source)  # names weights that are missing, and what gets them
    if workers == 1 and not (out.is_dir() and any(out.iterdir())):
        _load(stages)  # what cannot be loaded is said before there is a folder
    inputs, usual = Inputs(source, out), Recipe(recipe.source).header(source)
    with open_for_build(out, header, usual, mendable=inputs.mendable) as progress:
        if inputs.is_finished(progress, header, frames):
            begin(frames, frames)
            if not (out / REPORT).exists():
                write_report(out)
            inputs.save()
            assert progress.info is not None
            return progress.info
        inputs.take_up(progress, header, shards, say)
        planned = dict(shards)
        begin(frames, _done(planned, progress))
        if progress.done.keys() != planned.keys():
            survey(stages, range(frames))
            if inputs.hold_against_survey(progress, header, shards, stages, say):
                begin(frames, _done(planned, progress))
        missing = [shard for shard in shards if shard[0] not in progress.done]

        def keep(made: _Made) -> None:
            summary, digest, stamp = made
            found = findings(stages, planned[summary["shard"]])
            progress.append(inputs.noted(summary, digest, stamp, found))

        run_jobs(_Builder(stages, out, runtime.batch_size), missing, keep, workers=workers, report=report)
        info = finish(out)
        write_report(out)
        inputs.save()
    return info


def _shards(frames: int, size: int) -> list[Shard]:
    starts = range(0, frames, size)
    return [(number, range(start, min(start + size, frames))) for number, start in enumerate(starts)]


def _done(planned: Mapping[int, range], progress: Progress) -> int:
    return sum(len(planned[number]) for number in progress.done)


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

    def __call__(self, shard: Shard, report: Report, /) -> _Made:
        number, indices = shard
        digest, stamp = look_at(_collect_of(self.stages).source, indices)
        return write_shard(self.out, number, self._reported(indices, report)), digest, stamp

    def _reported(self, indices: Sequence[int], report: Report) -> Iterator[Sample]:
        for sample in run(self.stages, indices, self.batch_size):
            report(1, len(sample.questions), len(sample.drops))
            yield sample
