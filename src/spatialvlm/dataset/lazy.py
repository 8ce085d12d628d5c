"""Lazy questions: a dataset in; its scenes by number with questions made the moment they are asked for out.

Nothing is read of `qa`: questions come from the scenes, as many and as often as training wants, other ones every epoch.
"""

import copy
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import index as as_index
from pathlib import Path
from typing import Any

import pyarrow as pa

from spatialvlm.dataset import schema
from spatialvlm.dataset.asking import asking_of
from spatialvlm.dataset.read import Dataset, opened, scene_columns
from spatialvlm.dataset.scenes import read_scenes
from spatialvlm.errors import UserError
from spatialvlm.pipeline import Stage, run_stages
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import QA, Sample, Scene, Source

KEPT = 16  # row groups: a thousand scenes, so that small datasets are read once, in any order


@dataclass(frozen=True, slots=True, eq=False)
class AskedScene:
    """One scene, the image that it was made of, and the questions about it."""

    scene: Scene
    source: Source
    questions: tuple[QA, ...]


class SceneQuestions:
    """The scenes of a dataset, each with questions: a sequence, and so a dataset for torch's DataLoader as it is.

    `seed` None is the seed of the dataset, `mix` None its settings: epoch 0 then has the questions that `build` wrote,
    in the same order. Every later epoch has other ones, the same for everybody. Without `images` the sources hold no
    image and none is read.

    Reads what it is asked for from the dataset's files, a row group of 64 scenes at a time, and keeps the last few: go
    through it in order or in blocks where speed matters, and take many scenes at once, as DataLoader does with a batch.
    Can be pickled, and used in several processes at once.

    Raises UserError for a seed or epoch out of range; DatasetError where the dataset is damaged, now or on reading, or
    was made by a version with other question kinds (then say the `mix`).
    """

    def __init__(
        self,
        dataset: Dataset | Path | str,
        seed: int | None = None,
        epoch: int = 0,
        mix: PhraseConfig | None = None,
        *,
        images: bool = True,
    ) -> None:
        stored = opened(dataset)
        self._parts = stored.parts("scenes")
        self._ends = list(accumulate(part.rows for part in self._parts))
        self._asking = asking_of(stored, seed, mix)
        self._columns = scene_columns(images=images)
        self._groups: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()
        self._stages = self._stages_of(epoch)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> AskedScene:
        """Read one scene by its place in the dataset, with its questions; from the end where it is negative."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[AskedScene]:
        """Read scenes by their places, measured together; torch's DataLoader takes its batches by this name."""
        return self._asked([self._row(index) for index in indices])

    def __iter__(self) -> Iterator[AskedScene]:
        """Yield all scenes in order, a row group at a time."""
        for part, stored in enumerate(self._parts):
            for group in range(-(-stored.rows // schema.ROW_GROUP)):
                yield from self._asked(list(read_scenes(self._group(part, group))))

    def _row(self, index: int) -> tuple[Scene, Source]:
        place = as_index(index)
        row = place + len(self) if place < 0 else place
        if not 0 <= row < len(self):
            raise IndexError(f"scene {place} of {len(self)}")
        part = bisect_right(self._ends, row)
        group, within = divmod(row - self._ends[part] + self._parts[part].rows, schema.ROW_GROUP)
        return next(read_scenes(self._group(part, group).slice(within, 1)))

    def _asked(self, rows: Sequence[tuple[Scene, Source]]) -> list[AskedScene]:
        samples = run_stages(self._stages, [Sample(scene=scene) for scene, _ in rows])
        return [
            AskedScene(scene, source, sample.questions) for (scene, source), sample in zip(rows, samples, strict=True)
        ]

    def questions(self) -> Iterator[tuple[QA, Source]]:
        """Return every question of the epoch with its image, in order."""
        return ((question, asked.source) for asked in self for question in asked.questions)

    def at_epoch(self, epoch: int) -> "SceneQuestions":
        """Return the same scenes with the questions of another epoch; costs nothing."""
        other = copy.copy(self)
        other._stages = self._stages_of(epoch)
        return other

    def _stages_of(self, epoch: int) -> Sequence[Stage]:
        if epoch < 0:
            raise UserError(f"epoch {epoch}: expected 0 or more")
        asking = self._asking
        return tail(measure=asking.measure, phrase=asking.phrase, seed=asking.seed_of(epoch))[1:]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was read: another process reads for itself."""
        return {**self.__dict__, "_groups": OrderedDict()}

    def _group(self, part: int, group: int) -> pa.Table:
        table = self._groups.pop((part, group), None)
        if table is None:
            table = self._parts[part].group(group, self._columns)
        self._groups[part, group] = table
        if len(self._groups) > KEPT:
            self._groups.popitem(last=False)
        return table
