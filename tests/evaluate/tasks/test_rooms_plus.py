"""The second set about the rooms of the benchmark: the same folder, and questions that the geometry answers all."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.worlds.scalar_variant import scalar_variant
from spatialvlm.answers import Count
from spatialvlm.dataset import finish, open_for_build, write_shard
from spatialvlm.errors import UserError
from spatialvlm.evaluate.models.geometry_baseline import GeometryBaseline
from spatialvlm.evaluate.own_scoring import score
from spatialvlm.evaluate.rooms_benchmark.build import LIFTED, MEASURED, scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.composed_questions import load_composed
from spatialvlm.evaluate.rooms_benchmark.definition import load_definition, pick_questions
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.tail import measured
from spatialvlm.recipes import Recipe

__all__ = ["scalar_variant"]
ROOM = 3


@pytest.fixture(scope="module")
def one_room(tmp_path_factory: pytest.TempPathFactory, scalar_variant: None) -> Path:
    """A room of the benchmark with its scene and the questions of the first set, but a picture that is black."""
    folder = tmp_path_factory.mktemp("rooms") / "rooms_benchmark"
    definition = load_definition("rooms")
    frame = scalar_rooms(ROOM + 1, definition.seed, definition.size, definition.spp).truth(ROOM).frame
    picture = cv2.imencode(".png", np.zeros((*frame.image.shape[:2], 3), np.uint8))[1].tobytes()
    sample = measured(replace(frame, source=replace(frame.source, image_bytes=picture)), LIFTED, MEASURED)
    wanted = next(room.questions for room in definition.rooms if room.index == ROOM)
    recipe = Recipe("shapes:1", lift=LIFTED, measure=MEASURED)
    with open_for_build(folder, recipe.header(open_source("shapes:1"))) as progress:
        progress.append(write_shard(folder, 0, [replace(sample, questions=tuple(pick_questions(sample, wanted)))]))
        finish(folder)
    return folder


def test_the_questions_are_those_of_the_package(one_room: Path):
    items = list(load_task("rooms_plus").items(one_room))
    (frozen,) = [asked for frame, asked in load_composed().items() if frame == items[0].meta["frame_id"]]
    assert [item.question for item in items] == [qa.question for qa in frozen]
    assert [item.truth for item in items] == [qa.value for qa in frozen]
    assert all(item.reading.rule == ("within_10" if isinstance(item.truth, Count) else None) for item in items)
    for item, qa in zip(items, frozen, strict=True):
        assert item.pictures
        assert score_item(item, qa.answer).robust.value == 1.0, (qa.question, qa.answer)


@pytest.mark.parametrize("task", ["rooms", "rooms_plus"])
def test_the_geometry_answers_all_in_the_words_that_were_published(one_room: Path, task: str):
    items = list(load_task(task).items(one_room))
    answers = GeometryBaseline(one_room).answers(task, items)
    for item, answer in zip(items, answers, strict=True):
        assert score_item(item, answer.text).robust.value == 1.0, (item.question, answer, item.truth)


def test_any_other_folder_is_refused(shapes: Path):
    with pytest.raises(UserError, match="expected rooms of the benchmark"):
        list(load_task("rooms_plus").items(shapes))


def test_every_published_answer_is_right():
    for qa in (qa for asked in load_composed().values() for qa in asked[::5]):
        assert score(qa, qa.answer).value == 1.0, (qa.question, qa.answer, qa.value)
