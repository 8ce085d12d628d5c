"""Build the benchmark as a dataset folder: a definition in, its rooms drawn and lifted, its questions, what differs.

Whatever the definition chose is made again by the pipeline and compared with the hashes. Another version of Mitsuba, of
NumPy or OpenCV, another processor may change a last bit; what differs is counted and named, and nothing is hidden.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from spatialvlm.dataset import read_dataset
from spatialvlm.engine import Begin, Report, build_recipe, silent
from spatialvlm.errors import UserError
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    frame_id_of,
    pick_questions,
    questions_hash,
)
from spatialvlm.pipeline import Needs, Stage
from spatialvlm.pipeline.collect import Collect, CollectConfig, FrameSource, open_rooms
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.recipes import Recipe
from spatialvlm.records import Sample
from spatialvlm.worlds.rooms import SCALAR, VARIABLE, load_mitsuba

EVERYTHING = 20_000
"""More questions than any image has: all that can be asked, each once."""
SHARD_ROOMS = 10  # a room takes seconds: what is lost when a build is stopped
LIFTED, MEASURED = LiftConfig(rules=1), MeasureConfig(rules=1)
"""The rules that its questions were chosen by."""
PACKAGES = ("mitsuba", "numpy", "opencv-python-headless")
"""What decides the bits of an image and of a number."""


@dataclass(frozen=True, slots=True)
class BenchmarkDifference:
    """What is not as the definition says, of so many rooms: the numbers of the rooms."""

    rooms: int
    images: tuple[int, ...]
    questions: tuple[int, ...]
    versions: dict[str, tuple[str, str]]
    """Of the packages that decide the bits: the version of the definition, and the one that is here."""


def build_benchmark(
    definition: BenchmarkDefinition, out: Path, *, workers: int = 1, begin: Begin = silent, report: Report = silent
) -> BenchmarkDifference:
    """Build the dataset of a benchmark in `out`, or finish the one that is there; returns what differs.

    Raises UserError for a bad folder or number of workers, and where rooms cannot be drawn by Mitsuba's scalar variant.
    """
    recipe, stages = recipe_of(definition), _stages(definition)
    build_recipe(recipe, out, stages=stages, workers=workers, begin=begin, report=report)
    return compare_with_definition(definition, out)


def compare_with_definition(definition: BenchmarkDefinition, folder: Path) -> BenchmarkDifference:
    """Compare a dataset that `build_benchmark` made with the hashes of its definition."""
    dataset = read_dataset(folder)
    images = {scene.frame_id: hashlib.sha256(source.image_bytes).hexdigest() for scene, source in dataset.scenes()}
    questions = {frame_id: questions_hash(found) for frame_id, found in dataset.questions()}
    ids = [(room, frame_id_of(definition.seed, room.index)) for room in definition.rooms]
    here = versions_here()
    return BenchmarkDifference(
        len(definition.rooms),
        tuple(room.index for room, id_ in ids if images.get(id_) != room.image_sha256),
        tuple(room.index for room, id_ in ids if questions.get(id_) != room.questions_sha256),
        {name: (was, here[name]) for name, was in definition.versions.items() if here.get(name) != was},
    )


def versions_here() -> dict[str, str]:
    """Look up the versions, on this machine, of what decides the bits."""
    return {name: metadata.version(name) for name in PACKAGES}


def phrase_all() -> PhraseConfig:
    """Configure how the benchmark asks: all there is, nothing "about the same"."""
    return PhraseConfig(questions_per_image=EVERYTHING, similar_share=0.0, balance="none")


def recipe_of(definition: BenchmarkDefinition) -> Recipe:
    """Configure how the rooms are drawn, lifted and asked about."""
    return Recipe(
        f"rooms:{1 + max(room.index for room in definition.rooms)}",
        seed=definition.seed,
        collect=CollectConfig(size=definition.size, spp=definition.spp),
        lift=LIFTED,
        measure=MEASURED,
        phrase=phrase_all(),
        shard_size=SHARD_ROOMS,
    )


def scalar_rooms(count: int, seed: int, size: tuple[int, int], spp: int) -> Any:
    """Open rooms drawn by Mitsuba's scalar variant, whose bits depend on no other library.

    Raises UserError where this process has loaded another variant already.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = SCALAR
    try:
        _, variant = load_mitsuba()
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
    if variant != SCALAR:
        raise UserError(
            f"the benchmark is drawn by Mitsuba's {SCALAR}, but this process has loaded {variant} already; run it in a "
            f"process of its own, or set {VARIABLE}={SCALAR} before"
        )
    return open_rooms(count, seed=seed, size=size, spp=spp)


class _RoomsOfDefinition(FrameSource):
    """The rooms of a definition, as a source."""

    layout = "rooms of a benchmark"
    measured_depth, annotated, ordered, thread_safe = True, True, False, False

    def __init__(self, definition: BenchmarkDefinition) -> None:
        self._rooms = [room.index for room in definition.rooms]
        self._source = scalar_rooms(max(self._rooms) + 1, definition.seed, definition.size, definition.spp)
        digest = hashlib.sha256(repr(self._rooms).encode()).hexdigest()[:16]
        self.name, self.fingerprint = self._source.name, f"{self._source.fingerprint}/{digest}"

    def __len__(self) -> int:
        return len(self._rooms)

    def read(self, index: int) -> Sample:
        """Draw the room at this place of the list."""
        return replace(self._source.read(self._rooms[index]), index=index)


class _CollectRooms(Collect):
    """Collects the rooms of a definition."""

    def __init__(self, definition: BenchmarkDefinition) -> None:
        super().__init__("")
        self._definition = definition

    def open(self) -> FrameSource:
        """Open the list of rooms."""
        return _RoomsOfDefinition(self._definition)


class _Choose:
    """The stage that keeps, of all questions about a room, those of the definition."""

    name = "choose"
    needs: Needs = "cpu"

    def __init__(self, definition: BenchmarkDefinition) -> None:
        self._wanted = {frame_id_of(definition.seed, room.index): room.questions for room in definition.rooms}

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Keep the questions that were chosen."""
        return [self._chosen(sample) for sample in samples]

    def _chosen(self, sample: Sample) -> Sample:
        if sample.scene is None:
            return sample
        return replace(sample, questions=tuple(pick_questions(sample, self._wanted[sample.scene.frame_id])))


def _stages(definition: BenchmarkDefinition) -> tuple[Stage, ...]:
    """Return the stages of the recipe, with the rooms and the questions that were chosen."""
    _, *rest = recipe_of(definition).stages()
    return (_CollectRooms(definition), *rest, _Choose(definition))
