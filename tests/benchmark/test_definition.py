"""The benchmark as it is committed: what it promises, from the file alone; and the file there and back."""

from collections import Counter
from importlib.resources import files

import pytest

from rooms_benchmark import print_figures
from spatialvlm.benchmark.blind import by_kind, families
from spatialvlm.benchmark.definition import Asked, BenchmarkRoom, Definition, load_definition, parse, to_text
from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KINDS

HERE = load_definition()
ASKED = [asked for room in HERE.rooms for asked in room.asked]


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
    text = files("spatialvlm.benchmark").joinpath("rooms.json").read_text()
    assert len(text) < 300_000
    assert to_text(parse(text)) == text


def test_figures_are_printed(capsys):
    print_figures(HERE)
    printed = capsys.readouterr().out
    assert "rooms 250, questions 5000" in printed
    assert "the majority answer is right for" in printed


def test_there_and_back():
    asked = (Asked("gap", ("1", "2"), 0.1234), Asked("left_predicate", ("a", "b"), 1.0))
    definition = Definition(3, (64, 48), 4, {"mitsuba": "3"}, (BenchmarkRoom(7, "ab", "cd", asked),))
    assert parse(to_text(definition)) == definition


def test_other_formats_and_names():
    with pytest.raises(ContractError, match="got format 2, expected 1"):
        parse('{"format": 2}')
    with pytest.raises(UserError, match="benchmark 'kitchens': unknown; choose one of rooms"):
        load_definition("kitchens")


def test_its_first_rooms():
    assert load_definition(limit=2).rooms == HERE.rooms[:2]
