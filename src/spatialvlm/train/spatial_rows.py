"""Rows from datasets: each visit to an image asks other questions about it, made the moment they are wanted."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32
from PIL import Image

from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.dataset import AskedScene, SceneQuestions, asking_of, needs_marks, opened, pictured
from spatialvlm.errors import SpatialError
from spatialvlm.geometry import decode_mask
from spatialvlm.records import QA, Object, Scene
from spatialvlm.train.encoding import Dialogue, Encoder, NamedObject
from spatialvlm.train.label_noise import noisy_answer
from spatialvlm.train.packing import TokenRow, shorten
from spatialvlm.train.rewording import Rewording
from spatialvlm.train.train_config import TrainConfig

COMPARED = {"behind": 0, "front": 0, "wide": 1, "thin": 1, "tall": 2, "short": 2, "left": 3, "right": 3}
"""By the first word of a kind: which of the readings of two things it compares."""


class AskedScenes:
    """The scenes of some datasets, one behind the other, each with the questions of an epoch. Can be pickled."""

    def __init__(self, config: TrainConfig) -> None:
        self.name = ", ".join(config.data)
        changes = {name: value for name in ("kinds", "mix", "numbers") if (value := getattr(config, name)) is not None}
        self._parts: list[SceneQuestions] = []
        for folder in config.data:
            dataset = opened(Path(folder))
            phrase = replace(asking_of(dataset).phrase, **changes) if changes else None
            self._parts.append(SceneQuestions(dataset, mix=phrase))
        self._per_image, self._seed = config.questions_per_image, config.seed

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def ask(self, epoch: int, place: int) -> tuple[AskedScene, tuple[QA, ...], np.random.Generator]:
        """Return a scene, some of the questions of the epoch about it, and the chance that belongs to the visit."""
        within = place
        for part in self._parts:
            if within < len(part):
                asked = part.at_epoch(epoch)[within]
                rng = np.random.default_rng([self._seed, epoch, _number_of(asked.scene.frame_id)])
                count = min(self._per_image, len(asked.questions))
                chosen = rng.permutation(len(asked.questions))[:count]
                return asked, tuple(asked.questions[index] for index in sorted(chosen)), rng
            within -= len(part)
        raise IndexError(f"scene {place} of {len(self)}")


def _number_of(frame_id: str) -> int:
    return int.from_bytes(hashlib.sha256(frame_id.encode("utf-8", "surrogatepass")).digest()[:8])


def picture_of(asked: AskedScene, questions: Sequence[QA]) -> Any:
    """Decode the image that questions are about, with marks where one of them needs them. Raises OSError for none."""
    shown = pictured(asked.scene, asked.source, 0, marked=any(map(needs_marks, questions)))
    with Image.open(BytesIO(shown.image_bytes)) as picture:
        return picture.convert("RGB")


Further = Callable[[Scene, Sequence[QA], np.random.Generator], Sequence[Dialogue]]
"""Makes further conversations about a scene and what was asked of it."""


class SpatialRows:
    """A RowSource: see the module. `skipped` counts the images that made no row, by reason.

    `further` adds conversations of one's own to those of each scene; `reworded` says these in other words.
    """

    def __init__(
        self, config: TrainConfig, encoder: Encoder, further: Further | None = None, reworded: Rewording | None = None
    ) -> None:
        self._further, self._reworded = further, reworded
        self._scenes, self._encoder, self._config = AskedScenes(config), encoder, config
        self.name = self._scenes.name
        self.skipped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._scenes)

    def row(self, epoch: int, place: int) -> TokenRow | None:
        """Make the row of a scene; None where its image cannot be read or nothing is asked about it."""
        asked, questions, rng = self._scenes.ask(epoch, place)
        if self._reworded is not None:
            questions = tuple(self._reworded(qa, rng) for qa in questions)
        told = [self._conversation(asked.scene, qa, rng) for qa in questions]
        if self._further is not None:
            told += self._further(asked.scene, questions, rng)
        if not told:
            self.skipped["no question"] += 1
            return None
        try:
            picture = picture_of(asked, questions)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, SpatialError) as error:
            self.skipped[f"image: {type(error).__name__}"] += 1
            return None
        return shorten(self._encoder.row([picture], told), self._config.max_tokens)

    def _conversation(self, scene: Scene, qa: QA, rng: np.random.Generator) -> Dialogue:
        answer = noisy_answer(qa, self._config.label_noise, rng)
        named = named_objects(scene, qa) if self._config.evidence else ()
        return Dialogue((("user", qa.question), ("assistant", answer)), named, asked_readings(qa, named))


def named_objects(scene: Scene, qa: QA) -> tuple[NamedObject, ...]:
    """Return the objects that a question names, with their masks and readings."""
    by_id = {thing.instance.id: thing for thing in scene.objects}
    pairs = zip(qa.names, (by_id.get(subject) for subject in qa.fact.subjects))
    return tuple(
        NamedObject(name, decode_mask(thing.instance.mask), readings(scene, thing))
        for name, thing in pairs
        if thing is not None
    )


def asked_readings(qa: QA, named: Sequence[NamedObject]) -> tuple[float, float]:
    """Return the log of the length (of metres) that a question asks for, and how much speaks for yes, or for the first
    of two things: the difference of their readings. Where neither is asked, by how much the first exceeds the second.
    NaN what is not asked, or not known.
    """
    metres = qa.value.metres if isinstance(qa.value, Length) else 0.0
    which = COMPARED.get(qa.kind.split("_")[0])
    speaks = math.nan
    if which is not None and len(named) == 2:
        question = qa.question.lower()
        first, second = sorted(named, key=lambda one: question.find(one.name.lower()))
        speaks = float(first.readings[which] - second.readings[which])
        match qa.value:
            case YesNo(yes):
                speaks = abs(speaks) if yes else -abs(speaks)
            case Choice() as choice if choice.chosen in qa.names:
                speaks = abs(speaks) if choice.chosen == first.name else -abs(speaks)
    return math.log(metres) if metres > 0 else math.nan, speaks


def readings(scene: Scene, thing: Object) -> Float32[np.ndarray, " 4"]:
    """Return log distance to the camera, log width, log height (of metres) and bearing (rad, right is positive).

    NaN what the scene does not know: lengths of relative scenes, heights without gravity, sizes of what is cut.
    """
    low, high = thing.box.low_in_world, thing.box.high_in_world
    away = (low + high) / 2 - scene.world_from_camera[:3, 3]
    values = np.array([np.linalg.norm(away), high[0] - low[0], high[2] - low[2]])
    if scene.scale != "metric":
        values[:] = np.nan
    if thing.truncated or thing.occluded:
        values[1:] = np.nan
    if scene.gravity is None:
        values[2] = np.nan
    logs = np.log(np.where(values > 0, values, np.nan))
    return np.array([*logs, np.arctan2(away[0], away[1])], np.float32)
