"""The benchmark as it is committed: what it promises, from the file alone; and the file there and back."""

import hashlib
import json
from collections import Counter
from importlib.resources import files

import pytest

from rooms_benchmark import print_figures
from spatialvlm.errors import ContractError, UserError
from spatialvlm.evaluate.rooms_benchmark.blind import by_kind, families
from spatialvlm.evaluate.rooms_benchmark.definition import (
    Asked,
    BenchmarkRoom,
    Definition,
    load_definition,
    parse,
    to_text,
    visible_truths,
)
from spatialvlm.kinds import KINDS

HERE = load_definition()
ASKED = [asked for room in HERE.rooms for asked in room.asked]
PUBLISHED = "a492fa8bcc18a76f98048343665557afbebe2d61f0698540b70ec0f3ba650b37"
"""Of rooms, images, questions and answers, as first published. Another one means another benchmark."""


def test_it_has_250_rooms_and_5000_questions():
    assert len(HERE.rooms) == len({room.index for room in HERE.rooms}) == 250
    assert len(ASKED) == 5000
    assert max(len(room.asked) for room in HERE.rooms) <= 30
    for room in HERE.rooms:
        assert len({asked.key for asked in room.asked}) == len(room.asked)


def test_guessing_blind_is_worthless():
    comparisons, lengths = families(by_kind(ASKED).items())
    assert comparisons.share <= 0.52
    assert lengths.share <= 0.45
    assert comparisons.count == lengths.count == 2500


def test_answers_and_kinds_are_balanced():
    kinds = Counter(asked.kind for asked in ASKED)
    assert set(kinds) == set(KINDS)
    for kind, guess in by_kind(ASKED).items():
        if KINDS[kind].form != "length":
            assert guess.share <= 0.52, kind
            assert guess.count >= 60, kind
        else:
            assert guess.count >= 40, kind


def test_sizes_go_from_desk_tops_to_rooms():
    values = sorted(asked.value for asked in ASKED if KINDS[asked.kind].form == "length")
    assert values[0] < 0.05
    assert values[-1] > 3.0
    assert sum(value < 0.3 for value in values) > len(values) / 5
    assert sum(value > 1.0 for value in values) > len(values) / 5


def test_the_file_is_small_and_comes_back_as_it_is():
    text = files("spatialvlm.evaluate.rooms_benchmark").joinpath("rooms.json").read_text()
    assert len(text) < 300_000
    assert to_text(parse(text)) == text


def test_it_is_the_one_that_was_published():
    said = [
        [room.index, room.image_sha256, room.questions_sha256, *[[a.kind, *a.subjects, a.value] for a in room.asked]]
        for room in HERE.rooms
    ]
    assert hashlib.sha256(json.dumps(said).encode()).hexdigest() == PUBLISHED


def test_every_length_has_its_truth_and_is_as_near_to_it_as_promised():
    for asked in ASKED:
        if KINDS[asked.kind].form != "length":
            assert asked.visible_m is None
            continue
        assert asked.visible_m is not None
        assert asked.visible_m == float(f"{asked.visible_m:.5g}") > 0.0
        allowed = min(max(0.05 * asked.value, 0.01), 0.25 * asked.value)
        assert abs(asked.value - asked.visible_m) <= allowed + 1e-4 * asked.value, asked


def test_truths_by_frame_kind_and_subjects():
    truths = visible_truths(HERE)
    assert len(truths) == 2500
    room = HERE.rooms[1]
    asked = next(asked for asked in room.asked if asked.visible_m is not None)
    assert truths[f"room-24011216803-{room.index:06d}", asked.kind, asked.subjects] == asked.visible_m


def test_a_length_without_truth_is_named():
    asked = (Asked("left_choice", ("1", "2"), 1.0), Asked("gap", ("1", "2"), 0.1234))
    definition = Definition(3, (64, 48), 4, {}, (BenchmarkRoom(7, "ab", "cd", asked),))
    with pytest.raises(ContractError, match="question gap of 1 and 2 in room-3-000007: no true length"):
        visible_truths(definition)


def test_figures_are_printed(capsys):
    print_figures(HERE)
    printed = capsys.readouterr().out
    assert "rooms 250, questions 5000" in printed
    assert "the majority answer is right for" in printed
    assert "against the 2500 true ones: off by 0.07% in the median" in printed


def test_there_and_back():
    asked = (
        Asked("gap", ("1", "2"), 0.1234, 0.12345),
        Asked("height", ("1",), 1.002, 1.0),
        Asked("width", ("1",), 2.0),
        Asked("left_predicate", ("a", "b"), 1.0),
    )
    definition = Definition(3, (64, 48), 4, {"mitsuba": "3"}, (BenchmarkRoom(7, "ab", "cd", asked),))
    text = to_text(definition)
    assert '"asked":[[1,"1 2",0.1234,0.12345],[2,"1",1.002,1],[3,"1",2],[0,"a b",1]]' in text
    assert parse(text) == definition
    assert isinstance(parse(text).rooms[0].asked[1].visible_m, float)


def test_other_formats_and_names():
    with pytest.raises(ContractError, match="got format 1, expected 2"):
        parse('{"format": 1}')
    with pytest.raises(UserError, match="benchmark 'kitchens': unknown; choose one of rooms"):
        load_definition("kitchens")


def test_its_first_rooms():
    assert load_definition(limit=2).rooms == HERE.rooms[:2]
