"""The benchmark as it is committed: guessing blind is worthless, answers are balanced; and the file there and back."""

from collections import Counter

from choose_rooms.blind_guesses import guess_by_kind, sum_families
from choose_rooms.definition_file import DEFINITION, to_lines, to_text
from rooms_benchmark import print_figures
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    BenchmarkQuestion,
    BenchmarkRoom,
    load_definition,
    parse_definition,
)
from spatialvlm.kinds import KINDS, MIXES

HERE = load_definition()
QUESTIONS = [question for room in HERE.rooms for question in room.questions]


def test_guessing_blind_is_worthless():
    comparisons, lengths = sum_families(guess_by_kind(QUESTIONS).items())
    assert comparisons.share <= 0.52
    assert lengths.share <= 0.45
    assert comparisons.count == lengths.count == 2500


def test_answers_and_kinds_are_balanced():
    kinds = Counter(question.kind for question in QUESTIONS)
    assert set(kinds) == set(MIXES["paper"])
    for kind, guess in guess_by_kind(QUESTIONS).items():
        if KINDS[kind].family != "quantitative":
            assert guess.share <= 0.52, kind
            assert guess.count >= 60, kind
        else:
            assert guess.count >= 40, kind


def test_the_file_is_small_and_comes_back_as_it_is():
    text = DEFINITION.read_text()
    assert len(text) < 300_000
    assert to_text(parse_definition(text)) == text


def test_figures_are_printed(capsys):
    print_figures(HERE)
    printed = capsys.readouterr().out
    assert "rooms 250, questions 5000" in printed
    assert "the majority answer is right for" in printed
    assert "against the 2500 true ones: off by 0.07% in the median" in printed


def test_there_and_back():
    asked = (
        BenchmarkQuestion("gap", ("1", "2"), 0.1234, 0.12345),
        BenchmarkQuestion("height", ("1",), 1.002, 1.0),
        BenchmarkQuestion("width", ("1",), 2.0),
        BenchmarkQuestion("left_predicate", ("a", "b"), 1.0),
    )
    definition = BenchmarkDefinition(3, (64, 48), 4, {"mitsuba": "3"}, (BenchmarkRoom(7, "ab", "cd", asked),))
    text = to_text(definition)
    assert '"asked":[[1,"1 2",0.1234,0.12345],[2,"1",1.002,1],[3,"1",2],[0,"a b",1]]' in text
    assert parse_definition(text) == definition
    assert isinstance(parse_definition(text).rooms[0].questions[1].visible_m, float)


def test_the_words_that_are_committed_come_out_as_they_went_in():
    committed = DEFINITION.with_name("rooms_questions.tsv").read_text(encoding="utf-8")
    assert to_lines(load_definition()) == committed
