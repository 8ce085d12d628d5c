"""Lazy questions: a dataset in; its scenes by number with questions made the moment they are asked for out.

Nothing is read of `qa`: questions come from the scenes, as many and as often as training wants, other ones every epoch.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spatialvlm.dataset.asking import asking_of, no_collection
from spatialvlm.dataset.prepared_scenes import PreparedScene, PreparedScenes
from spatialvlm.dataset.read import Dataset, opened
from spatialvlm.errors import UserError
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig
from spatialvlm.records import QA, Scene, Source


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

    Reads what it is asked for from the dataset's files, a row group of 64 scenes at a time, and keeps the last 16 with
    what was measured of them, for all epochs. Where there are more, go through them in order or in blocks, and take
    many scenes at once, as DataLoader does with a batch. Can be pickled, and used in several processes at once.

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
        self._asking = asking_of(stored, seed, mix)
        self._prepared = PreparedScenes(stored.parts("scenes"), self._asking, images=images)
        self._phrase = Phrase(self._asking.phrase)
        self._seed = self._seed_of(epoch)

    def __len__(self) -> int:
        return len(self._prepared)

    def __getitem__(self, index: int) -> AskedScene:
        """Read one scene by its place in the dataset, with its questions; from the end where it is negative."""
        with no_collection():
            return self._ask(self._prepared.one(index))

    def __getitems__(self, indices: Sequence[int]) -> list[AskedScene]:
        """Read scenes by their places, measured together; torch's DataLoader takes its batches by this name."""
        with no_collection():
            return [self._ask(one) for one in self._prepared.some(indices)]

    def __iter__(self) -> Iterator[AskedScene]:
        """Yield all scenes in order, a row group at a time."""
        for part, group in self._prepared.groups:
            with no_collection():
                asked = [self._ask(one) for one in self._prepared.group(part, group)]
            yield from asked

    def _ask(self, one: PreparedScene) -> AskedScene:
        return AskedScene(one.scene, one.source, self._phrase.ask(one.page, self._seed))

    def questions(self) -> Iterator[tuple[QA, Source]]:
        """Return every question of the epoch with its image, in order."""
        return ((question, asked.source) for asked in self for question in asked.questions)

    def at_epoch(self, epoch: int) -> "SceneQuestions":
        """Return the same scenes with the questions of another epoch; costs nothing."""
        other = copy.copy(self)
        other._seed = self._seed_of(epoch)
        return other

    def _seed_of(self, epoch: int) -> int:
        if epoch < 0:
            raise UserError(f"epoch {epoch}: expected 0 or more")
        return self._asking.seed_of(epoch)
