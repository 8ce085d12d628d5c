"""The second set as it is committed: balanced, as published, in words of today's kinds; and made again."""

import hashlib
from collections import Counter
from importlib.resources import files

import pytest

from spatialvlm.answers import Angle, BoundingBox, CannotTell, Choice, Clock, Count, Length, Order, Region, YesNo
from spatialvlm.errors import ContractError
from spatialvlm.evaluate.rooms_benchmark.composed_questions import FILE, from_line, load_composed, to_line
from spatialvlm.evaluate.rooms_benchmark.definition import frame_id_of, load_definition
from spatialvlm.kinds import KINDS, MIXES

PUBLISHED = "0783579f5c158ce2555c3a9ce9d5980e8e3e2ebbdbff7bae037139dc027053d3"
"""Of the file, as first published. Another one means another benchmark."""
TEXT = files("spatialvlm.evaluate.rooms_benchmark").joinpath(FILE).read_text(encoding="utf-8")
BY_FRAME = load_composed()
QUESTIONS = [qa for asked in BY_FRAME.values() for qa in asked]
KIND_NAMES = tuple(dict.fromkeys(qa.kind for qa in QUESTIONS))


def test_it_is_the_one_that_was_published():
    assert hashlib.sha256(TEXT.encode()).hexdigest() == PUBLISHED


def test_it_asks_2000_questions_about_the_rooms_of_the_first_set():
    assert len(QUESTIONS) == 2000
    definition = load_definition("rooms")
    assert set(BY_FRAME) == {frame_id_of(definition.seed, room.index) for room in definition.rooms}
    counts = Counter(qa.kind for qa in QUESTIONS)
    assert not set(counts) & set(MIXES["paper"])
    few = {kind: counts.pop(kind) for kind in KIND_NAMES if kind.startswith("free_") or kind == "count_of_class"}
    assert sorted(few.values()) == [20, 20, 20, 20, 51]
    assert (len(counts), min(counts.values()), max(counts.values())) == (27, 68, 72)
    asked = {(qa.frame_id, qa.kind, qa.fact.subjects, qa.fact.given) for qa in QUESTIONS}
    assert len(asked) == len({(qa.frame_id, qa.question) for qa in QUESTIONS}) == 2000


def test_lines_come_back_as_they_went_in():
    lines = TEXT.splitlines(keepends=True)
    for line in {line.split("\t")[1]: line for line in lines}.values():  # one of each kind
        assert to_line(*from_line(line, 1)) == line
    with pytest.raises(ContractError, match="got 3 columns"):
        from_line("1\tnearest\t3", 1)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_answers_are_balanced(kind: str):
    values = [qa.value for qa in QUESTIONS if qa.kind == kind]
    match values[0]:
        case YesNo():
            found = Counter(value.yes for value in values if isinstance(value, YesNo))
            assert found[True] == found[False]
        case Choice(options):
            found = Counter((len(one.options), one.right) for one in values if isinstance(one, Choice))
            for size in {size for size, _ in found}:
                places = [found[size, place] for place in range(size)]
                assert max(places) - min(places) <= 1
            assert KINDS[kind].form.of_subjects or len(found) == len(options)
        case Order():
            threes = Counter(place_of(qa) for qa in QUESTIONS if qa.kind == kind and len(qa.names) == 3)
            fours = Counter(place_of(qa) for qa in QUESTIONS if qa.kind == kind and len(qa.names) == 4)
            assert set(threes.values()) == {6}
            assert len(fours) == 24
            assert set(fours.values()) == {1, 2}
        case Count() if kind == "count_of_class":
            found = Counter(min(value.number, 3) for value in values if isinstance(value, Count))
            assert found == {1: 17, 2: 17, 3: 17}
        case Count() | Clock():
            found = Counter(values)
            assert len(set(found.values())) == 1
            assert len(found) == (12 if isinstance(values[0], Clock) else 5)
        case Length() | CannotTell():
            assert sum(isinstance(value, CannotTell) for value in values) == len(values) // 2
        case Angle():
            steps = Counter(int(one.radians // 0.1745) for one in values if isinstance(one, Angle))
            assert max(steps.values()) <= 14
        case BoundingBox():
            boxes = [one for one in values if isinstance(one, BoundingBox)]
            found = Counter((int(1.5 * (one.left + one.right)), int(1.5 * (one.top + one.bottom))) for one in boxes)
            assert sorted(found.values()) == [8] * 9
        case Region():
            found = Counter(ninth_of(one) for one in values if isinstance(one, Region))
            assert max(found.values()) <= (8 if kind == "locate" else 4)


def ninth_of(region):
    return tuple(int(3 * sum(corner[axis] for corner in region.polygon) / len(region.polygon)) for axis in (0, 1))


def place_of(qa):
    return tuple(qa.names.index(item) for item in qa.value.items)


def test_no_question_about_a_length_names_its_unit():
    assert {qa.unit for qa in QUESTIONS if not isinstance(qa.value, BoundingBox)} == {None}
    assert {qa.unit for qa in QUESTIONS if isinstance(qa.value, BoundingBox)} == {"0-1000"}
