"""A tuple of stages run over some indices of a source, in this process.

Where models run, three things happen at once: a few threads read the next batch, the calling thread runs the models,
and one thread does all that follows the last model for the batch before. At most three batches are in memory. The
output is the same, to the byte, as of one batch after the other, which is how it goes without models.
"""

import hashlib
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import Any

from spatialvlm.dataset import to_json
from spatialvlm.engine.threads import in_order, quick_switches, threads
from spatialvlm.pipeline import Stage, Surveyor, run_stages
from spatialvlm.records import Sample

MIN_BATCH = 8  # samples that go through the stages together, or as many as a model sees together
READERS = 4
WAIT_S = 0.5
"""A batch is cut short where reading takes longer: who waits for drawn rooms sees each of them counted."""

Stages = Sequence[Stage]


def run(stages: Stages, indices: Sequence[int], batch_size: int = MIN_BATCH) -> Generator[Sample, None, None]:
    """Take the Samples of some indices through all stages; they leave in order."""
    size = max(MIN_BATCH, batch_size)
    readers = _leading(stages, "reader")
    if all(stage.needs != "model" for stage in stages):
        return _in_turn(stages[:readers], stages[readers:], indices, size)
    last = max(place for place, stage in enumerate(stages) if stage.needs == "model") + 1
    return _at_once(stages[:readers], stages[readers:last], stages[last:], indices, size)


def survey(stages: Stages, indices: Sequence[int]) -> None:
    """Let every stage that wants to know the whole source look at it, before any of them is run."""
    for place, stage in enumerate(stages):
        if isinstance(stage, Surveyor) and stage.surveys:
            look = partial(_look, stages[:place], stage)
            with warnings.catch_warnings(), threads(READERS) as pool:  # threads share the filters that readers change
                stage.conclude(in_order(pool, look, indices, ahead=2 * READERS))


def findings(stages: Stages, indices: Sequence[int]) -> str:
    """Hash what the surveys concluded about some Samples; empty where no stage looks at the whole source."""
    surveyors = [stage for stage in stages if isinstance(stage, Surveyor) and stage.surveys]
    said = [[stage.finding(index) for index in indices] for stage in surveyors]
    return hashlib.sha256(to_json(said).encode()).hexdigest() if said else ""


def _look(before: Stages, stage: Surveyor, index: int) -> Any:
    return stage.look(_passed(before, index))


def _leading(stages: Stages, needs: str) -> int:
    """Say how many of the first stages need that."""
    return next((place for place, stage in enumerate(stages) if stage.needs != needs), len(stages))


def _passed(stages: Stages, index: int) -> Sample:
    return run_stages(stages, [Sample(index)])[0]


def _in_turn(readers: Stages, rest: Stages, indices: Sequence[int], size: int) -> Generator[Sample, None, None]:
    """Take one batch after the other through all stages."""
    batch: list[Sample] = []
    started = time.monotonic()
    for place, index in enumerate(indices, 1):
        batch.append(_passed(readers, index))
        if len(batch) == size or place == len(indices) or time.monotonic() - started > WAIT_S:
            yield from run_stages(rest, batch)
            batch, started = [], time.monotonic()


def _at_once(
    readers: Stages, models: Stages, rest: Stages, indices: Sequence[int], size: int
) -> Generator[Sample, None, None]:
    """Read the next batch while the models see this one, and the one before goes through the rest."""
    before: list[Future[list[Sample]]] = []
    with (
        warnings.catch_warnings(),  # readers silence warnings, and threads share the filters
        quick_switches(),
        threads(READERS) as reading,
        threads(1) as finishing,
    ):
        read = in_order(reading, partial(_passed, readers), indices, ahead=size)
        while batch := list(islice(read, size)):
            for stage in models:
                for part in before:
                    if part.done():
                        part.result()  # raises what went wrong there, before the models go on
                batch = stage(batch)
            yield from _results(before)
            # In parts, so that what is left of a large batch is given up when the caller stops.
            parts = [batch[start : start + MIN_BATCH] for start in range(0, len(batch), MIN_BATCH)]
            before = [finishing.submit(run_stages, rest, part) for part in parts]
        yield from _results(before)


def _results(parts: Sequence[Future[list[Sample]]]) -> Iterator[Sample]:
    return (sample for part in parts for sample in part.result())
