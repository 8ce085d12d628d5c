"""The dataset on disk, written: shard files by workers, manifest lines and the summary by one parent.

    with open_for_build(folder, header) as progress:
        for k in shards:
            if k not in progress.done:
                progress.append(write_shard(folder, k, samples))     # write_shard may run elsewhere
        finish(folder)

Questions about scenes that another dataset stores go into a folder of their own, by `write_questions`.
Nothing written depends on time, host, worker count or the run's history: a build that was killed and resumed ends
byte-identical.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from spatialvlm.dataset import schema
from spatialvlm.dataset.counts import doubt_counts, drop_counts, merge_counts, shard_counts
from spatialvlm.dataset.files import describe_file, to_json, write_file
from spatialvlm.dataset.manifest import (
    FORMAT,
    INFO,
    Summary,
    check_files,
    holds_scenes,
    read_counts,
    read_manifest,
    sort_manifest,
)
from spatialvlm.dataset.progress import Progress, open_for_build
from spatialvlm.dataset.questions import questions_table, texts
from spatialvlm.dataset.scenes import scenes_table
from spatialvlm.dataset.unasked import reason_for_silence
from spatialvlm.geometry import encode_mask
from spatialvlm.records import QA, Drop, Instance, Sample, Scene, Source

__all__ = ["Progress", "finish", "open_for_build", "write_questions", "write_shard"]


def write_shard(folder: Path, shard: int, samples: Iterable[Sample]) -> Summary:
    """Write the files of one shard and return its manifest line. Safe to run in any process, and to run again.

    `samples` are all that the shard was given, with what became of them. They are taken one at a time, and of each only
    what is written is kept: masks as run lengths, no pixels but those of the image file.
    """
    frames, drops, doubts, refusals, unasked = 0, [], [], [], []
    scenes: list[tuple[Scene, Source]] = []
    questions: list[tuple[str, Sequence[QA]]] = []
    for sample in samples:
        frames += 1
        drops += sample.drops
        doubts += sample.doubts
        if sample.scene is not None and sample.frame is not None:
            scenes.append((_compact(sample.scene), sample.frame.source))
            questions.append((sample.scene.frame_id, sample.questions))
            refusals.append(sample.refusals)
            if not sample.questions:
                unasked.append(reason_for_silence(sample))
    tables = {"scenes": scenes_table(scenes), "qa": questions_table(questions)}
    summary = _write(Path(folder), shard, tables, questions, frames, refusals, unasked, drops)
    return summary | ({"doubts": [_listed(doubt) for doubt in doubts]} if doubts else {})


def _compact(scene: Scene) -> Scene:
    """Return the scene with its masks as run lengths: 128 frames of 8 plain masks at 1920x1080 would take 2 GB."""
    objects = tuple(replace(o, instance=_with_runs(o.instance)) for o in scene.objects)
    return replace(scene, objects=objects, unlifted=tuple(map(_with_runs, scene.unlifted)))


def _with_runs(instance: Instance) -> Instance:
    return replace(instance, mask=encode_mask(instance.mask))


def write_questions(
    folder: Path,
    shard: int,
    questions: Sequence[tuple[str, Sequence[QA]]],
    *,
    refusals: Iterable[Mapping[tuple[str, str], int]] = (),
) -> Summary:
    """Write one part of questions alone, one row per stored scene, and return its manifest line. Safe to run again."""
    return _write(Path(folder), shard, {"qa": questions_table(questions)}, questions, len(questions), refusals, (), ())


def _write(
    folder: Path,
    shard: int,
    tables: Mapping[str, pa.Table],
    questions: Sequence[tuple[str, Sequence[QA]]],
    frames: int,
    refusals: Iterable[Mapping[tuple[str, str], int]],
    unasked: Sequence[str],
    drops: Sequence[Drop],
) -> Summary:
    files = {}
    for name, table in tables.items():
        path = folder / name / f"part-{shard:05d}.parquet"
        write_file(path, lambda file, table=table: schema.write_parquet(table, file))
        files[name] = describe_file(folder, path)
    return {
        "shard": shard,
        "frames": frames,
        "scenes": len(questions),
        "qa": sum(len(qas) for _, qas in questions),
        "files": files,
        "counts": shard_counts(chain.from_iterable(qas for _, qas in questions), refusals, unasked),
        "drops": [_listed(drop) for drop in drops],
    }


def _listed(drop: Drop) -> list[str]:
    return [drop.stage, drop.id, drop.reason]


def finish(folder: Path) -> dict[str, Any]:
    """Add up the finished shards into dataset.json and, where it holds scenes, drops.parquet; returns dataset.json."""
    folder = Path(folder)
    sort_manifest(folder)
    header, summaries = read_manifest(folder)
    check_files(folder, summaries)
    _remove_others(folder, summaries)
    drops = [Drop(*drop) for summary in summaries for drop in summary["drops"]]
    if holds_scenes(header):
        columns = [texts([getattr(drop, name) for drop in drops]) for name in schema.DROPS.names]
        table = pa.Table.from_arrays(columns, schema=schema.DROPS)
        write_file(folder / "drops.parquet", lambda file: schema.write_parquet(table, file))
    counts = merge_counts(read_counts(folder))
    info = {
        **header,
        "format": FORMAT,
        "seed": header.get("config", {}).get("seed"),
        "shards": len(summaries),
        **{name: sum(summary[name] for summary in summaries) for name in ("frames", "scenes", "qa")},
        "drops": drop_counts(drops),
        "doubts": doubt_counts(Drop(*doubt) for summary in summaries for doubt in summary.get("doubts", ())),
        **counts,
    }
    write_file(folder / INFO, lambda file: file.write(to_json(info, indent=1).encode() + b"\n"))
    return info


def _remove_others(folder: Path, summaries: Iterable[Summary]) -> None:
    """Remove the parts that no line names: those of a source that was longer."""
    named = {entry["path"] for summary in summaries for entry in summary["files"].values()}
    for path in folder.glob("*/part-*.parquet"):
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()
