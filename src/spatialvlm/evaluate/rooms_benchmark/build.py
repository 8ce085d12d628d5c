"""The benchmark as a dataset folder: a Definition in, its rooms drawn and lifted, its questions, and what differs.

Whatever the definition chose is made again by the pipeline and compared with the hashes. Another version of Mitsuba, of
NumPy or OpenCV, another processor may change a last bit; what differs is counted and named, and nothing is hidden.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path

from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine.local import build_by
from spatialvlm.engine.stages import Stages
from spatialvlm.engine.workers import Begin, Report, silent
from spatialvlm.errors import UserError
from spatialvlm.evaluate.rooms_benchmark.candidates import phrase_all
from spatialvlm.evaluate.rooms_benchmark.definition import Definition, choose, frame_id_of, questions_hash
from spatialvlm.pipeline.collect import CollectConfig, Collected
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.pipeline.phrase import Phrase, Phrased
from spatialvlm.recipes.recipe import Recipe
from spatialvlm.records import Facts, Scene
from spatialvlm.worlds.rooms import SCALAR, VARIABLE, load_mitsuba

SHARD_ROOMS = 10  # a room takes seconds: what is lost when a build is stopped
PACKAGES = ("mitsuba", "numpy", "opencv-python-headless")
"""What decides the bits of an image and of a number."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as the definition says, of so many rooms: the numbers of the rooms."""

    rooms: int
    images: tuple[int, ...]
    questions: tuple[int, ...]
    versions: dict[str, tuple[str, str]]
    """Of the packages that decide the bits: the version of the definition, and the one that is here."""


def build_benchmark(
    definition: Definition, out: Path, *, workers: int = 1, begin: Begin = silent, report: Report = silent
) -> Difference:
    """Build the dataset of a benchmark in `out`, or finish the one that is there; returns what differs.

    Raises UserError for a bad folder or number of workers, and where rooms cannot be drawn by Mitsuba's scalar variant.
    """
    load = partial(_stages, definition)
    build_by(load, recipe_of(definition), out, workers=workers, begin=begin, report=report)
    return differences(definition, out)


def differences(definition: Definition, folder: Path) -> Difference:
    """Compare a dataset that `build_benchmark` made with the hashes of its definition."""
    dataset = read_dataset(folder)
    images = {scene.frame_id: hashlib.sha256(source.image_bytes).hexdigest() for scene, source in dataset.scenes()}
    questions = {frame_id: questions_hash(asked) for frame_id, asked in dataset.questions()}
    ids = [(room, frame_id_of(definition.seed, room.index)) for room in definition.rooms]
    here = here_versions()
    return Difference(
        len(definition.rooms),
        tuple(room.index for room, id_ in ids if images.get(id_) != room.image_sha256),
        tuple(room.index for room, id_ in ids if questions.get(id_) != room.questions_sha256),
        {name: (was, here[name]) for name, was in definition.versions.items() if here.get(name) != was},
    )


def here_versions() -> dict[str, str]:
    """The versions, on this machine, of what decides the bits."""
    return {name: metadata.version(name) for name in PACKAGES}


def recipe_of(definition: Definition) -> Recipe:
    """How the rooms are drawn, lifted and asked about."""
    collect = CollectConfig(size=definition.size, spp=definition.spp)
    count = 1 + max(room.index for room in definition.rooms)
    return Recipe(f"rooms:{count}", seed=definition.seed, collect=collect, phrase=phrase_all(), shard_size=SHARD_ROOMS)


def scalar_rooms(count: int, seed: int, size: tuple[int, int], spp: int) -> RoomsSource:
    """Rooms drawn by Mitsuba's scalar variant, whose bits depend on no other library.

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
    return RoomsSource(count, seed=seed, size=size, spp=spp)


class _Rooms:
    """The rooms of a definition, as a source."""

    def __init__(self, definition: Definition) -> None:
        self._rooms = [room.index for room in definition.rooms]
        self._source = scalar_rooms(max(self._rooms) + 1, definition.seed, definition.size, definition.spp)
        digest = hashlib.sha256(repr(self._rooms).encode()).hexdigest()[:16]
        self.fingerprint = f"{self._source.fingerprint}/{digest}"

    def __len__(self) -> int:
        return len(self._rooms)

    def read(self, index: int) -> Collected:
        """The room at this place of the list."""
        return self._source.read(self._rooms[index])


class _Chosen(Phrase):
    """Of all questions about a room, those of the definition."""

    def __init__(self, definition: Definition) -> None:
        super().__init__(phrase_all())
        self._asked = {frame_id_of(definition.seed, room.index): room.asked for room in definition.rooms}

    def __call__(self, scene: Scene, facts: Facts, seed: int) -> Phrased:
        phrased = super().__call__(scene, facts, seed)
        return replace(phrased, questions=tuple(choose(phrased.questions, self._asked[scene.frame_id])))


def _stages(definition: Definition) -> Stages:
    """The stages, with the rooms and the questions that were chosen."""
    source = _Rooms(definition)  # first: it decides the variant
    stages = Stages(recipe_of(definition))
    stages.source, stages.phrase = source, _Chosen(definition)
    return stages
