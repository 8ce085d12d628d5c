"""The benchmark as it is committed: what it promises, from the file alone."""

import hashlib
import json

import pytest

from spatialvlm.errors import ContractError, UserError
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    BenchmarkQuestion,
    BenchmarkRoom,
    load_definition,
    parse_definition,
    visible_truths,
)
from spatialvlm.kinds import KINDS

HERE = load_definition()
QUESTIONS = [question for room in HERE.rooms for question in room.questions]
PUBLISHED = "a492fa8bcc18a76f98048343665557afbebe2d61f0698540b70ec0f3ba650b37"
"""Of rooms, images, questions and answers, as first published. Another one means another benchmark."""


def test_it_has_250_rooms_and_5000_questions():
    assert len(HERE.rooms) == len({room.index for room in HERE.rooms}) == 250
    assert len(QUESTIONS) == 5000
    assert max(len(room.questions) for room in HERE.rooms) <= 30
    for room in HERE.rooms:
        assert len({question.key for question in room.questions}) == len(room.questions)


def test_sizes_go_from_desk_tops_to_rooms():
    values = sorted(question.value for question in QUESTIONS if KINDS[question.kind].family == "quantitative")
    assert values[0] < 0.05
    assert values[-1] > 3.0
    assert sum(value < 0.3 for value in values) > len(values) / 5
    assert sum(value > 1.0 for value in values) > len(values) / 5


def test_it_is_the_one_that_was_published():
    said = [
        [
            room.index,
            room.image_sha256,
            room.questions_sha256,
            *[[a.kind, *a.subjects, a.value] for a in room.questions],
        ]
        for room in HERE.rooms
    ]
    assert hashlib.sha256(json.dumps(said).encode()).hexdigest() == PUBLISHED


def test_every_length_has_its_truth_and_is_as_near_to_it_as_promised():
    for question in QUESTIONS:
        if KINDS[question.kind].family != "quantitative":
            assert question.visible_m is None
            continue
        assert question.visible_m is not None
        assert question.visible_m == float(f"{question.visible_m:.5g}") > 0.0
        allowed = min(max(0.05 * question.value, 0.01), 0.25 * question.value)
        assert abs(question.value - question.visible_m) <= allowed + 1e-4 * question.value, question


def test_truths_by_frame_kind_and_subjects():
    truths = visible_truths(HERE)
    assert len(truths) == 2500
    room = HERE.rooms[1]
    question = next(question for question in room.questions if question.visible_m is not None)
    assert truths[f"room-24011216803-{room.index:06d}", question.kind, question.subjects] == question.visible_m


def test_a_length_without_truth_is_named():
    asked = (BenchmarkQuestion("left_choice", ("1", "2"), 1.0), BenchmarkQuestion("gap", ("1", "2"), 0.1234))
    definition = BenchmarkDefinition(3, (64, 48), 4, {}, (BenchmarkRoom(7, "ab", "cd", asked),))
    with pytest.raises(ContractError, match="question gap of 1 and 2 in room-3-000007: no true length"):
        visible_truths(definition)


def test_other_formats_and_names():
    with pytest.raises(ContractError, match="got format 1, expected 2"):
        parse_definition('{"format": 1}')
    with pytest.raises(UserError, match="benchmark 'kitchens': unknown; choose one of rooms"):
        load_definition("kitchens")


def test_its_first_rooms():
    assert load_definition(limit=2).rooms == HERE.rooms[:2]
