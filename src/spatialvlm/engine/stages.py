"""The stages joined: collect -> cull -> detect -> lift -> measure -> phrase, for any range of frames of a source.

Where models run, three things happen at once in a process: a few threads read the next batch, the calling thread runs
the models, and one thread makes scenes and questions of the batch before. At most three batches are in memory. The
output is the same, to the byte, as of one step after the other, which is how it goes without models.
"""

import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Literal, TypeVar

import cv2

from spatialvlm.dataset.scenes import encode_mask
from spatialvlm.engine.threads import in_order, quick_switches, threads
from spatialvlm.engine.workers import Report
from spatialvlm.errors import ModelError
from spatialvlm.models.inference import Runtime
from spatialvlm.pipeline.collect import Collected, open_source
from spatialvlm.pipeline.cull import Cull, load_cull
from spatialvlm.pipeline.detect import Detector, load_detector
from spatialvlm.pipeline.estimate import Sense, load_sense
from spatialvlm.pipeline.lift import Lifted, load_lift
from spatialvlm.pipeline.measure import measure_all
from spatialvlm.pipeline.phrase import Phrase
from spatialvlm.recipes.recipe import Recipe
from spatialvlm.records import QA, Drop, Frame, Instance, Scene, Source

LEAST_BATCH = 8  # frames that go through the stages together, or as many as a model sees together
READERS = 4

Result = TypeVar("Result")


@dataclass(slots=True)
class Shard:
    """What the stages made of a range of frames."""

    frames: int = 0
    scenes: list[tuple[Scene, Source]] = field(default_factory=list)
    questions: list[tuple[str, tuple[QA, ...]]] = field(default_factory=list)
    refusals: list[Mapping[tuple[str, str], int]] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)

    def add(self, other: "Shard") -> None:
        """Append what became of the frames that follow."""
        self.frames += other.frames
        self.scenes += other.scenes
        self.questions += other.questions
        self.refusals += other.refusals
        self.drops += other.drops


@dataclass(slots=True)
class _Batch:
    """Frames on their way: those still in the race, what was seen in them, and why the others are not; by index.

    Drops are kept by frame, so that their order does not depend on where a batch ends.
    """

    drops: dict[int, list[Drop]]
    frames: dict[int, Frame]
    seen: dict[int, tuple[Instance, ...]] = field(default_factory=dict)

    def drop(self, index: int, drop: Drop) -> None:
        """Take a frame out."""
        self.drops[index].append(drop)
        del self.frames[index]


class Stages:
    """All stages of a recipe, once per process. The source is opened at once, models when they are first needed.

    `duplicates` maps the id of a frame to that of the earlier one that it repeats; it is to be filled before `run`.
    """

    def __init__(self, recipe: Recipe, runtime: Runtime | None = None) -> None:
        cv2.setNumThreads(1)  # the workers are the parallelism
        self.recipe = recipe
        self.runtime = runtime or Runtime()
        self.source = open_source(recipe.source, recipe.collect, recipe.seed)
        self.duplicates: dict[str, str] = {}
        self.lift = load_lift(recipe.lift)
        self.phrase = Phrase(recipe.phrase)

    def __len__(self) -> int:
        """How many frames there are to do."""
        return len(self.source) if self.recipe.limit is None else min(self.recipe.limit, len(self.source))

    @cached_property
    def cull(self) -> Cull:
        """What keeps frames or drops them."""
        return load_cull(self.recipe.cull, self.runtime, self.duplicates)

    @cached_property
    def detect(self) -> Detector:
        """What finds objects."""
        return load_detector(self.recipe.detect, self.runtime, self.recipe.seed)

    @cached_property
    def sense(self) -> Sense:
        """What finds depth and cameras."""
        return load_sense(self.recipe.sense, self.runtime)

    def load(self) -> None:
        """Load all models now. Raises UserError for weights that cannot be had or a package that is not installed."""
        assert self.cull
        assert self.detect
        assert self.sense

    def run(self, start: int, stop: int, report: Report) -> Shard:
        """Frames `start` to `stop` (excluded) through all stages."""
        size = max(LEAST_BATCH, self.runtime.batch_size)
        batches = [range(first, min(first + size, stop)) for first in range(start, stop, size)]
        made = self._at_once(batches, size) if self.recipe.models else self._in_turn(batches)
        shard = Shard()
        with closing(made):
            for part in made:
                shard.add(part)
                report(part.frames, sum(len(qas) for _, qas in part.questions), len(part.drops))
        return shard

    def _in_turn(self, batches: Iterable[range]) -> Generator[Shard, None, None]:
        """One step after the other."""
        for indices in batches:
            batch = _batch_of(indices, map(self.source.read, indices))
            for look in self._looks:
                look(batch)
            yield self._ask(batch, self.lift([batch.frames[i] for i in batch.seen], list(batch.seen.values())))

    def _at_once(self, batches: Sequence[range], size: int) -> Generator[Shard, None, None]:
        """The next batch is read while the models see this one, and the one before becomes scenes and questions."""
        before: Future[Shard] | None = None
        with (
            warnings.catch_warnings(),  # readers silence warnings, and threads share the filters
            quick_switches(),
            threads(READERS) as readers,
            threads(1) as geometry,
        ):
            collected = in_order(readers, self.source.read, chain.from_iterable(batches), ahead=size)
            for indices in batches:
                batch = _batch_of(indices, collected)
                for look in self._looks:
                    if before is not None and before.done():
                        before.result()  # raises what went wrong there, before the models go on
                    look(batch)
                if before is not None:
                    yield before.result()
                # One call a frame, so that what is left of a batch is given up when the caller stops.
                lifted = [geometry.submit(self.lift, [batch.frames[i]], [seen]) for i, seen in batch.seen.items()]
                before = geometry.submit(self._ask_lifted, batch, lifted)
            if before is not None:
                yield before.result()

    @property
    def _looks(self) -> tuple[Callable[[_Batch], None], ...]:
        """What models see of a batch, in order. What is found in depth is found after the depth."""
        from_depth = self.recipe.sense.depth is not None and self.recipe.detect.detector in ("auto", "clusters")
        if from_depth:
            return self._cull, self._sense, self._detect
        return self._cull, self._detect, self._sense

    def _cull(self, batch: _Batch) -> None:
        results = _tried(self.cull, list(batch.frames.values()), "cull")
        for index, result in zip(list(batch.frames), results, strict=True):
            if isinstance(result, Drop):
                batch.drop(index, result)
            else:
                batch.frames[index] = result

    def _detect(self, batch: _Batch) -> None:
        results = _tried(self.detect, list(batch.frames.values()), "detect")
        for index, result in zip(list(batch.frames), results, strict=True):
            if isinstance(result, Drop):
                batch.drop(index, result)
            else:
                batch.frames[index] = result
                batch.seen[index] = result.instances or ()

    def _sense(self, batch: _Batch) -> None:
        results = _tried(self.sense, list(batch.frames.values()), "lift")
        for index, result in zip(list(batch.frames), results, strict=True):
            if isinstance(result, Drop):
                batch.drop(index, result)
                batch.seen.pop(index, None)
            else:
                batch.frames[index] = result

    def _ask_lifted(self, batch: _Batch, lifted: Sequence[Future[list[Lifted]]]) -> Shard:
        return self._ask(batch, [result for future in lifted for result in future.result()])

    def _ask(self, batch: _Batch, lifted: Sequence[Lifted]) -> Shard:
        shard = Shard(len(batch.drops))
        for index, result in zip(batch.seen, lifted, strict=True):
            batch.drops[index].extend(result.drops)
            if result.scene is not None:
                shard.scenes.append((result.scene, batch.frames[index].source))
        found = measure_all([scene for scene, _ in shard.scenes], self.recipe.measure)
        for (scene, _), facts in zip(shard.scenes, found, strict=True):
            phrased = self.phrase(scene, facts, self.recipe.seed)
            shard.questions.append((scene.frame_id, phrased.questions))
            shard.refusals += [facts.refusals, phrased.refusals]
        shard.scenes = [(_compact(scene), source) for scene, source in shard.scenes]
        shard.drops.extend(chain.from_iterable(batch.drops.values()))
        return shard


def _batch_of(indices: range, collected: Iterable[Collected]) -> _Batch:
    """The frames of some indices; takes as many of `collected`."""
    batch = _Batch({index: [] for index in indices}, {})
    for index, one in zip(indices, collected):
        batch.drops[index].extend(one.drops)
        if one.frame is not None:
            batch.frames[index] = one.frame
    return batch


def _tried(
    run: Callable[[Sequence[Frame]], Sequence[Result | Drop]],
    frames: Sequence[Frame],
    stage: Literal["cull", "detect", "lift"],
) -> Sequence[Result | Drop]:
    """What `run` makes of each frame. Where a model fails, each is tried alone; what fails alone is a Drop."""
    if not frames:
        return []
    try:
        return run(frames)
    except ModelError as error:
        if len(frames) == 1:
            return [Drop(stage, frames[0].id, f"model_failed: {error}")]
    return [result for frame in frames for result in _tried(run, [frame], stage)]


def _compact(scene: Scene) -> Scene:
    """The scene with its masks as run lengths: 128 frames of 8 plain masks at 1920x1080 would take 2 GB."""
    objects = (replace(o, instance=replace(o.instance, mask=encode_mask(o.instance.mask))) for o in scene.objects)
    return replace(scene, objects=tuple(objects))
