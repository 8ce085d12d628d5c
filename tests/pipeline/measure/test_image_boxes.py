"""Boxes in the image: around the mask, in the coordinates asked for, and not where rounding would lose them."""

from dataclasses import replace

import numpy as np
import pytest

from fixtures.worlds.phrase_scenes import make_scene
from spatialvlm.answers import BoundingBox
from spatialvlm.dataset.questions import question_from_row, questions_table
from spatialvlm.evaluate.own_scoring import score
from spatialvlm.geometry import tight_box
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.records import Scene

WIDTH, HEIGHT = 640, 480
KIND = "locate_box"


def scene_with(*boxes: tuple[int, int, int, int]) -> Scene:
    """A scene of things that fill these boxes of pixels."""
    scene = make_scene(["mug", "lamp", "chair", "book"][: len(boxes)])
    objects = []
    for thing, (left, top, right, bottom) in zip(scene.objects, boxes, strict=True):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[top:bottom, left:right] = True
        objects.append(replace(thing, instance=replace(thing.instance, mask=mask, box_xyxy=tight_box(mask))))
    return replace(scene, objects=tuple(objects))


def test_the_box_is_that_of_the_mask_and_slivers_have_none():
    facts = measure(scene_with((64, 48, 320, 240), (0, 0, 9, 400), (100, 100, 110, 108)), kinds=[KIND])
    assert [(fact.subjects, fact.answer) for fact in facts] == [
        (("o0",), BoundingBox(0.1, 0.1, 0.5, 0.5)),
        (("o2",), BoundingBox(100 / 640, 100 / 480, 110 / 640, 108 / 480)),
    ]
    assert dict(facts.refusals) == {(KIND, "too_small"): 1}


@pytest.mark.parametrize("coordinates", ["0-1", "0-1000", "pixels"])
def test_own_answers_are_right_from_the_row_alone(coordinates):
    """Of the smallest boxes too, at every place of a pixel grid that rounding may hit."""
    config = PhraseConfig(kinds=(KIND,), coordinates=coordinates)
    for shift in range(0, 12):
        scene = scene_with(
            *((50 * i + shift, 37 * i + shift, 50 * i + shift + 10, 37 * i + shift + 8) for i in range(4))
        )
        questions = phrase(scene, measure(scene, kinds=[KIND]), shift, config).questions
        assert len(questions) == 4
        for row in questions_table([("f0", questions)]).column("qa").to_pylist()[0]:
            asked = question_from_row("f0", row)
            assert score(asked, asked.answer).value == 1.0, asked
            assert asked.unit == {"pixels": "640x480"}.get(coordinates, coordinates)


@pytest.mark.parametrize("kind", [KIND, "locate"])
def test_no_name_says_where_in_the_image_the_answer_is(kind):
    scene = scene_with((64, 48, 320, 240), (400, 100, 500, 400))
    facts = measure(scene, kinds=[kind])
    mixed = PhraseConfig(kinds=(kind,), refer=("mark", "box", "point"))
    for seed in range(4):
        assert {qa.reference for qa in phrase(scene, facts, seed, mixed).questions} == {"mark"}
    sample = phrase(scene, facts, 0, replace(mixed, refer=("box", "point")))
    assert (sample.questions, sample.refusals[kind, "given_away"]) == ((), 2)
