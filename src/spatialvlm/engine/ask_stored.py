"""Questions about stored scenes into a folder of their own: as `build` writes them, without images, depth or models.

Part k of epoch e holds the questions about part k of the scenes, row by row, and has the number e * parts + k.
Measuring is the larger half of the work and the same for every epoch, so a worker asks for several epochs at a time.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.dataset import (
    Asking,
    Dataset,
    Part,
    Summary,
    asking_of,
    finish,
    no_collection,
    open_for_build,
    opened,
    read_scenes,
    scene_columns,
    versions,
    write_questions,
)
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig, Prepared
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import Sample

EPOCHS_TOGETHER = 16

_DEFAULTS = {"config": dataclasses.asdict(Asking(0, MeasureConfig(), PhraseConfig()))}

_Job = tuple[Part, tuple[tuple[int, int], ...]]  # scenes, and (number of the part to write, its epoch) for each epoch


def ask(
    dataset: Dataset | Path | str,
    out: str | Path,
    *,
    seed: int | None = None,
    mix: PhraseConfig | None = None,
    epochs: int = 1,
    workers: int = 1,
    begin: Begin = silent,
    report: Report = silent,
) -> dict[str, Any]:
    """Ask about all scenes of a finished dataset, and write the questions to the folder `out`, or go on there.

    Without `seed` and `mix` they are the dataset's own: epoch 0 is then what its `qa` holds. Returns what dataset.json
    says. Raises UserError for a bad setting; DatasetError for a damaged or unfinished dataset or another one in `out`.
    """
    check_workers(workers)
    if epochs < 1:
        raise UserError(f"epochs {epochs}: expected 1 or more")
    scenes, out = opened(dataset), Path(out)
    parts, asking = scenes.parts("scenes"), asking_of(scenes, seed, mix)
    if scenes.info is None:
        raise DatasetError(f"{scenes.folder}: not finished (no dataset.json); run the same build again to finish it")
    if out.resolve() == scenes.folder.resolve():
        raise UserError(f"{out}: is the dataset that is asked about; give another folder as --out")
    header = _header(scenes, asking, epochs)
    with open_for_build(out, header, _DEFAULTS) as progress:
        done = sum(summary["scenes"] for summary in progress.done.values())
        begin(len(scenes) * epochs, len(scenes) * epochs if progress.info else done)
        if progress.info is not None:
            return progress.info
        progress.restart(header)

        def keep(summaries: Sequence[Summary]) -> None:
            for summary in summaries:
                progress.append(summary)

        jobs = _jobs(parts, epochs, progress.done.keys())
        run_jobs(_Asker(asking, out), jobs, keep, workers=workers, report=report)
        return finish(out)


def _header(dataset: Dataset, asking: Asking, epochs: int) -> dict[str, Any]:
    scenes = "".join(summary["files"]["scenes"]["sha256"] for summary in dataset.shards)
    return {
        "holds": "questions",
        "config": {**dataclasses.asdict(asking), "epochs": epochs},
        "source": dataset.folder.resolve().name,
        "fingerprint": hashlib.sha256(scenes.encode()).hexdigest(),
        "versions": versions(),
    }


def _jobs(parts: Sequence[Part], epochs: int, done: Any) -> list[_Job]:
    """List all that is not done yet, in the order of the epochs."""
    jobs = []
    for first in range(0, epochs, EPOCHS_TOGETHER):
        together = range(first, min(first + EPOCHS_TOGETHER, epochs))
        for place, part in enumerate(parts):
            numbers = [(epoch * len(parts) + place, epoch) for epoch in together]
            missing = tuple(pair for pair in numbers if pair[0] not in done)
            if missing:
                jobs.append((part, missing))
    return jobs


class _Asker:
    """Makes the questions about one part of the scenes."""

    def __init__(self, asking: Asking, out: Path) -> None:
        self.asking, self.out = asking, out
        _, self.measure, self.phrase = tail(measure=asking.measure, phrase=asking.phrase)

    def __call__(self, job: _Job, report: Report, /) -> Sequence[Summary]:
        with no_collection():
            return self._ask(job, report)

    def _ask(self, job: _Job, report: Report) -> Sequence[Summary]:
        part, wanted = job
        pages = list(self._pages(part))
        summaries = []
        for number, epoch in wanted:
            seed = self.asking.seed_of(epoch)
            asked = [self.phrase.ask(page, seed) for page in pages]
            questions = [(page.frame_id, drawn) for page, drawn in zip(pages, asked, strict=True)]
            refusals = [refused for page in pages for refused in (page.facts.refusals, page.refusals)]
            summaries.append(write_questions(self.out, number, questions, refusals=refusals))
            report(len(questions), summaries[-1]["qa"], 0)
        return summaries

    def _pages(self, part: Part) -> Iterator[Prepared]:
        """Yield what can be asked of each scene; the scenes of a row group are measured together."""
        for table in part.groups(scene_columns(images=False)):
            for sample in self.measure([Sample(scene=scene) for scene, _ in read_scenes(table)]):
                if sample.scene is not None and sample.facts is not None:
                    yield self.phrase.prepare(sample.scene, sample.facts)
