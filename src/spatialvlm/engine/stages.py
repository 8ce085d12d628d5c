"""The stages joined: collect -> detect -> lift -> measure -> phrase, for any range of frames of a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import cv2

from spatialvlm.engine.workers import Report
from spatialvlm.inference import Runtime
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.detect import load_detector
from spatialvlm.pipeline.lift import load_lift, load_sense
from spatialvlm.pipeline.measure import measure_all
from spatialvlm.pipeline.phrase import Phrase
from spatialvlm.pipeline.write.scenes import encode_mask
from spatialvlm.recipe import Recipe
from spatialvlm.records import QA, Drop, Frame, Instance, Scene, Source

BATCH = 8  # frames that go through the stages together


@dataclass(slots=True)
class Shard:
    """What the stages made of a range of frames."""

    frames: int = 0
    scenes: list[tuple[Scene, Source]] = field(default_factory=list)
    questions: list[tuple[str, tuple[QA, ...]]] = field(default_factory=list)
    refusals: list[Mapping[tuple[str, str], int]] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)


class Stages:
    """All stages of a recipe, loaded once per process."""

    def __init__(self, recipe: Recipe, runtime: Runtime | None = None) -> None:
        cv2.setNumThreads(1)  # the workers are the parallelism
        runtime = runtime or Runtime()
        self.recipe = recipe
        self.source = open_source(recipe.source, recipe.collect, recipe.seed)
        self.detect = load_detector(recipe.detect, runtime, recipe.seed)
        self.sense = load_sense(recipe.sense, runtime)
        self.lift = load_lift(recipe.lift)
        self.phrase = Phrase(recipe.phrase)

    def __len__(self) -> int:
        """How many frames there are to do."""
        return len(self.source) if self.recipe.limit is None else min(self.recipe.limit, len(self.source))

    def run(self, start: int, stop: int, report: Report) -> Shard:
        """Frames `start` to `stop` (excluded) through all stages."""
        shard = Shard()
        for first in range(start, stop, BATCH):
            indices = range(first, min(first + BATCH, stop))
            questions, drops = sum(len(qas) for _, qas in shard.questions), len(shard.drops)
            self._batch(indices, shard)
            shard.frames += len(indices)
            report(len(indices), sum(len(qas) for _, qas in shard.questions) - questions, len(shard.drops) - drops)
        return shard

    def _batch(self, indices: range, shard: Shard) -> None:
        drops: dict[int, list[Drop]] = {index: [] for index in indices}  # by frame, wherever a batch ends
        frames: dict[int, Frame] = {}
        for index in indices:
            collected = self.source.read(index)
            drops[index].extend(collected.drops)
            if collected.frame is not None:
                frames[index] = collected.frame
        seen: dict[int, tuple[Instance, ...]] = {}
        for index, found in zip(frames, self.detect(list(frames.values())), strict=True):
            if isinstance(found, Drop):
                drops[index].append(found)
            else:
                seen[index] = found
        lifted = self.lift(self.sense([frames[index] for index in seen]), list(seen.values()))
        scenes: list[tuple[Scene, Source]] = []
        for index, result in zip(seen, lifted, strict=True):
            drops[index].extend(result.drops)
            if result.scene is not None:
                scenes.append((result.scene, frames[index].source))
        self._ask(scenes, shard)
        shard.drops.extend(chain.from_iterable(drops.values()))

    def _ask(self, scenes: Sequence[tuple[Scene, Source]], shard: Shard) -> None:
        found = measure_all([scene for scene, _ in scenes], self.recipe.measure)
        for (scene, source), facts in zip(scenes, found, strict=True):
            phrased = self.phrase(scene, facts, self.recipe.seed)
            shard.scenes.append((_compact(scene), source))
            shard.questions.append((scene.frame_id, phrased.questions))
            shard.refusals += [facts.refusals, phrased.refusals]


def _compact(scene: Scene) -> Scene:
    """The scene with its masks as run lengths: 128 frames of 8 plain masks at 1920x1080 would take 2 GB."""
    objects = (replace(o, instance=replace(o.instance, mask=encode_mask(o.instance.mask))) for o in scene.objects)
    return replace(scene, objects=tuple(objects))
