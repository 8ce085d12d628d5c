"""Small scenes and questions of every form, for the tests of this folder."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from spatialvlm.answers import Length, in_words
from spatialvlm.geometry import encode_mask
from spatialvlm.kinds import KINDS, Kind
from spatialvlm.records import (
    QA,
    Box,
    Camera,
    Fact,
    Frame,
    Instance,
    LevelSurface,
    Object,
    Sample,
    Scene,
    SceneErrors,
    Source,
    Support,
)

HEIGHT, WIDTH = 48, 64


def _object(index: int, caption: str) -> Object:
    rng = np.random.default_rng(index)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[8 + index : 20 + index, 5 + 12 * index : 14 + 12 * index] = True
    box = np.array([5 + 12 * index, 8 + index, 14 + 12 * index, 20 + index], np.float32)
    low = rng.normal(size=3)
    return Object(
        Instance(f"obj-{index}", (caption, "thing")[: 2 - index % 2], box, mask, float(rng.random())),
        rng.normal(size=(7 * index, 3)).astype(np.float32),  # the first object has no points
        Box(low, low + 0.1, rng.random(3), rng.random(3)),
        index == 0,
        index == 1,
        ("support", "seen", "hidden")[index % 3],
    )


def _surfaces(rng: np.random.Generator) -> tuple[LevelSurface, ...]:
    free = encode_mask(rng.random((HEIGHT // 2, WIDTH // 2)) < 0.5)
    return LevelSurface(None, 0.0, (), free), LevelSurface("obj-0", 0.4, ("obj-1", "obj-2"), free)


@pytest.fixture
def make_scene():
    def make(index: int = 0, captions: tuple[str, ...] = ("mug", "red book", "tin can")) -> tuple[Scene, Source]:
        rng = np.random.default_rng(index)
        image = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        data = cv2.imencode(".png", image)[1].tobytes()
        scene = Scene(
            frame_id=f"frame-{index:03d}",
            camera=Camera(np.array([[50.0, 0, 32], [0, 51.0, 24], [0, 0, 1]]), WIDTH, HEIGHT, "exif"),
            world_from_camera=rng.normal(size=(4, 4)),
            gravity=("given", None)[index % 2],
            support=Support("floor") if index % 2 == 0 else Support(None, "no_plane"),
            scale="metric",
            scale_provenance="sensor",
            errors=SceneErrors(0.01, 0.02, 0.003),
            objects=tuple(_object(i, caption) for i, caption in enumerate(captions)),
            versions={"lift": "1", "detect": "given"},
            surfaces=_surfaces(rng) if index % 3 else None,
        )
        return scene, Source("tabletop", "MIT" if index % 2 else None, f"rgb/{index}.png", data)

    return make


@pytest.fixture
def make_sample():
    """What the stages made of an image of which only the source is looked at again."""

    def make(scene: Scene, source: Source, questions: Sequence[QA] = (), **known: Any) -> Sample:
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        frame = Frame(scene.frame_id, image, None, None, None, None, source)
        return Sample(frame=frame, scene=scene, questions=tuple(questions), **known)

    return make


def outcome_of(kind: Kind, index: int) -> int:
    """Some outcome that a kind of question may have."""
    match kind.form.name:
        case "count":
            return index % 4
        case "class_count":
            return index % 5 + 1
        case "clock":
            return index % 12 + 1
        case "sector":
            return index % len(kind.words)
    if kind.form.compares and index % 7 == 3:
        return 0
    return 1 if index % 2 == 0 else -1


@pytest.fixture
def make_questions():
    """One question of every kind about the first objects of a scene."""

    def make(scene: Scene, count: int = len(KINDS)) -> list[QA]:
        ids = tuple(found.instance.id for found in scene.objects)
        captions = [found.instance.captions[0] for found in scene.objects]
        questions = []
        for index, kind in enumerate(list(KINDS.values())[:count]):
            subjects = ids if kind.listed else ids[: kind.subjects]
            names = tuple([f"the {name}" for name in captions[: len(subjects)]])
            answer = kind.answer(subjects, 0.01 * (index + 1) / 3, outcome_of(kind, index))
            given = 0.1 * index if kind.given else None
            fact = Fact(kind.name, subjects, answer, 0.001 * (index + 1), "world", given)
            value = in_words(answer, dict(zip(subjects, names))) if kind.form.of_subjects else answer
            unit = "inch" if isinstance(answer, Length) and index % 2 else None
            said = (f"Question {index} about the {captions[0]}?", f"Answer {index}.", fact)
            made = (f"{kind.name}/1", "caption", 2**40 + index, names, value, unit)
            questions.append(QA(scene.frame_id, kind.name, kind.family, *said, *made))
        return questions

    return make
