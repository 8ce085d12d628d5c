"""Answer by our own pipeline: a templated question and the stored scene of its picture -> the measured answer.

It reads the question as any other answerer does: the names of the scene's objects are found in it, what is left is
looked up among the templates, and the fact is measured from the scene. What the geometry refuses, and what no template
asks, "can't be told from this image". With exact depth this is the ceiling of the data engine.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from spatialvlm.dataset import asking_of, read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, picture_bytes
from spatialvlm.evaluate.models import ModelAnswer, Track
from spatialvlm.evaluate.models.pictures import as_shown
from spatialvlm.evaluate.templated_facts import CANNOT, AskedFacts, fact_asked_for, facts_to_ask_for
from spatialvlm.pipeline.phrase import PhraseConfig


class GeometryBaseline:
    """An Answerer: see the module. `dataset` is a folder of `spatialvlm build`; pictures tell which scene is meant."""

    track: Track = "scene"
    name = "geometry"

    def __init__(self, dataset: Path | None) -> None:
        fix = "build a dataset of the pictures and say geometry:DATASET"
        if dataset is None:
            raise UserError(f"geometry: needs the stored scenes of the pictures; {fix}")
        if not dataset.exists():
            raise UserError(
                f"geometry: needs the stored scenes of the pictures, but {str(dataset)!r} is missing; {fix}"
            )
        if not (dataset / "manifest.jsonl").exists():
            raise UserError(f"geometry: needs the stored scenes of the pictures; {str(dataset)!r} is no dataset; {fix}")
        self._dataset = dataset
        opened = read_dataset(dataset)
        self.version: str | None = str(opened.header.get("versions", {}).get("spatialvlm"))
        self._measure = asking_of(opened, mix=PhraseConfig()).measure
        self._scenes = {_digest(data): scene for scene, source in opened.scenes() for data in as_shown(scene, source)}
        self._asked_scenes: dict[str, AskedFacts] = {}

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Measure the answers. Raises UserError where the dataset has no scene of any picture of the task."""
        digests = [_digest_of(item) for item in items]
        if items and not any(digest in self._scenes for digest in digests):
            raise UserError(
                f"geometry: {str(self._dataset)!r} has no scene of any picture of {task}; "
                "build a dataset of its pictures and say geometry:DATASET"
            )
        return [self._answer(item, digest) for item, digest in zip(items, digests, strict=True)]

    def answer(self, item: Item) -> ModelAnswer:
        """Measure the answer to one item, whether or not its scene is known."""
        return self._answer(item, _digest_of(item))

    def _answer(self, item: Item, digest: str) -> ModelAnswer:
        if digest not in self._scenes:
            return ModelAnswer(CANNOT)
        if digest not in self._asked_scenes:
            self._asked_scenes[digest] = facts_to_ask_for(self._scenes[digest], self._measure)
        found = fact_asked_for(self._asked_scenes[digest], item.question)
        return ModelAnswer(CANNOT if found is None else found.text)


def _digest_of(item: Item) -> str:
    return _digest(picture_bytes(item.pictures[0], item)) if item.pictures else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
