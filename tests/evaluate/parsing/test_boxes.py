"""Boxes as models write them, read against the scale that the question asks for."""

import pytest

from spatialvlm.answers import BoundingBox
from spatialvlm.evaluate.items import AnswerReading
from spatialvlm.evaluate.metrics.boxes import overlap
from spatialvlm.evaluate.scoring import parse_answer, score_parsed

BOX = BoundingBox(0.25, 0.5, 0.75, 0.625)
SIZE = (640, 480)


@pytest.mark.parametrize(
    ("answer", "scale"),
    [
        ("[250, 500, 750, 625]", "0-1000"),
        ("The mug is at (250, 500, 750, 625).", "0-1000"),
        ("<ref>mug</ref><box>(250,500),(750,625)</box>", "0-1000"),  # Qwen-VL
        ("<box>[[250, 500, 750, 625]]</box>", "0-1000"),  # InternVL
        ('{"bbox_2d": [160, 240, 480, 300], "label": "mug"}', "640x480"),  # Qwen2.5-VL
        ('```json\n[\n\t{"bbox_2d": [160, 240, 480, 300], "label": "mug"}\n]\n```', "640x480"),
        ('[{"box_2d": [500, 250, 625, 750], "label": "mug"}]', "640x480"),  # Gemini
        ("x1: 160, y1: 240, x2: 480, y2: 300", "640x480"),
        ('{"x1": 160, "y1": 240, "x2": 480, "y2": 300}', "640x480"),
        ("Left: 160, top: 240, right: 480, bottom: 300", "640x480"),
        ("from (160, 240) to (480, 300)", "640x480"),
        ("160, 240, 480, 300", "640x480"),
        ("160 240 480 300.", "640x480"),
        ("[0.25, 0.5, 0.75, 0.625]", "0-1"),
        ("[0.25, 0.5, 0.75, 0.625]", "0-1000"),
        ("<think>[1, 2, 3, 4]?</think>[0.250, 0.500, 0.750, 0.625]", "640x480"),
        ("[160, 240, 480, 300]", "0-1"),  # what is no share are pixels
        ("[160, 240, 480, 300]", None),
        ("[0.25, 0.5, 0.75, 0.625]", None),
    ],
)
def test_boxes_are_read_as_they_are_written(answer, scale):
    parsed = parse_answer(answer, BOX, AnswerReading(unit=scale), SIZE)
    assert parsed.value == ((0.25, 0.5), (0.75, 0.625)), parsed
    assert score_parsed(parsed, BOX).value == 1.0


@pytest.mark.parametrize("answer", ["", "On the left.", "[1, 2, 3]", "(0.5, 0.5)", "I can't tell.", "[a, b, c, d]"])
def test_what_is_no_box_is_wrong(answer):
    assert score_parsed(parse_answer(answer, BOX, AnswerReading(unit="0-1000")), BOX).value == 0.0


def test_a_tiny_box_in_a_corner_is_counted_in_what_is_asked_for():
    parsed = parse_answer("[0, 0, 1, 1]", BOX, AnswerReading(unit="0-1000"), SIZE)
    assert parsed.value == ((0.0, 0.0), (0.001, 0.001))


@pytest.mark.parametrize(
    ("one", "share"),
    [
        ((0.0, 0.0, 0.5, 1.0), 1.0),
        ((0.0, 0.0, 1.0, 1.0), 0.5),
        ((0.25, 0.0, 0.75, 1.0), 1 / 3),
        ((0.5, 0.0, 1.0, 1.0), 0.0),
        ((0.5, 1.0, 0.0, 0.0), 0.0),
        ((0.2, 0.2, 0.2, 0.2), 0.0),
    ],
)
def test_the_overlap_is_that_of_areas(one, share):
    other = (0.0, 0.0, 0.5, 1.0)
    assert overlap(one, other) == pytest.approx(share)
    assert overlap(other, one) == pytest.approx(share)
