"""Whole sentences about two things: pronouns, shortened names, references; and answers that never end."""

import time

import pytest

from spatialvlm.answers import Angle, Answer, BoundingBox, CannotTell, Choice, Count, Length, Order, Region, YesNo
from spatialvlm.evaluate.items import AnswerReading, Item, Relation
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.parsing.names import SECOND, mark_names, short_names
from spatialvlm.evaluate.parsing.relations import parse_relation
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.evaluate.scoring import score_item

SAID = {
    "left": ("to the left of", "left of"),
    "right": ("to the right of", "on the right side of"),
    "above": ("above", "higher than", "on top of"),
    "below": ("below", "under", "lower than"),
    "behind": ("behind", "farther from the camera than", "further back than"),
    "front": ("in front of", "closer to the camera than", "nearer than"),
    "tall": ("taller than",),
    "short": ("shorter than",),
    "wide": ("wider than",),
    "thin": ("narrower than", "thinner than"),
    "big": ("bigger than", "larger than"),
    "small": ("smaller than",),
}
PAIRS = [
    ("left", "right"),
    ("above", "below"),
    ("behind", "front"),
    ("tall", "short"),
    ("wide", "thin"),
    ("big", "small"),
]


def in_words(relation: Relation) -> AnswerReading:
    return AnswerReading(lettered=False, relation=relation)


ONE, OTHER = "the padded grey chair", "the red plate on the table"


@pytest.mark.parametrize(("word", "opposite"), [*PAIRS, *(pair[::-1] for pair in PAIRS)])
@pytest.mark.parametrize("form", ["It is {} {}.", "{} {}", "{} {}.", "It's {} {}, I think.", "No doubt it is {} {}."])
def test_a_thing_behind_the_word_is_what_the_other_is_compared_with(word: str, opposite: str, form: str):
    relation: Relation = (ONE, OTHER, word, opposite)
    for said in SAID[word]:
        answer = form.format(said, OTHER)
        assert parse_relation(answer, relation) == 1, answer
        assert parse_relation(form.format(said, ONE), relation) == -1
        assert parse_choice(answer, (word, opposite), in_words(relation)).value == 0, answer


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("The red plate.", 1),
        ("plate", 1),
        ("The plate is taller.", 1),
        ("The chair is taller than the plate.", 0),
        ("The plate is shorter than the chair.", 0),
        ("The red one is taller.", 1),
        ("The grey one.", 0),
        ("Compared to the plate, the chair is taller.", 0),
        ("The table is taller.", None),  # none of the two
        ("It is taller.", None),
        ("Both the chair and the plate are tall.", None),
    ],
)
def test_shortened_names_are_read_where_they_fit_one_thing(answer: str, place: int | None):
    assert parse_choice(answer, (ONE, OTHER), in_words((ONE, OTHER, "tall", "short"))).value == place


def test_a_name_that_fits_both_things_is_read_as_neither():
    left, right = "the chair on the left", "the chair on the right"
    reading = in_words((left, right, "tall", "short"))
    assert parse_choice("The chair is taller.", (left, right), reading).value is None
    assert parse_choice("The left chair is taller.", (left, right), reading).value == 0
    assert mark_names("The chair on the right beats the chair", left, right) == f"{SECOND} beats the chair"
    assert "the" not in short_names(left)


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("Point A is closer to the camera than point B.", 0),
        ("A is closer than B", 0),
        ("B is farther, so A is closer", 0),
        ("Point A appears nearer; point B lies further back.", 0),
        ("A, not B", 0),
        ("point A", 0),
        ("I'd say A", 0),
        ("Point B", 1),
        ("Point A is farther away than point B.", 1),
        ("A beats B", None),
    ],
)
def test_letters_that_are_compared(answer: str, place: int | None):
    assert parse_choice(answer, ("A is closer", "B is closer"), AnswerReading()).value == place


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("It is.", True),
        ("It isn't.", False),
        ("It does", True),
        ("I think so.", True),
        ("I don't think so.", False),
        ("Of course.", True),
        ("Of course not!", False),
        ("Probably.", True),
        ("Unlikely.", False),
        ("Y", True),
        ("N", False),
        ("It is not possible to say.", None),
    ],
)
def test_short_answers_without_yes_or_no(answer: str, said: bool | None):
    assert parse_yes_no(answer).value is said


ABOUT: Relation = ("the mug", "the bowl", "left", "right")
ASKED: tuple[tuple[Answer, AnswerReading], ...] = (
    (Length(1.0), AnswerReading()),
    (Angle(1.0), in_words(("the mug", "", "right", "left"))),
    (Count(1), AnswerReading()),
    (Choice(("left", "right"), 0), in_words(ABOUT)),
    (Choice(("the mug", "the bowl", "the lamp"), 0), AnswerReading(lettered=False)),
    (YesNo(True), in_words(ABOUT)),
    (Order(("the mug", "the bowl", "the lamp")), AnswerReading()),
    (Region(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))), AnswerReading()),
    (BoundingBox(0.0, 0.0, 1.0, 1.0), AnswerReading()),
    (CannotTell("truncated"), AnswerReading()),
)
ENDLESS = ("Hmm" + "\n" * 8000 + "x", " " * 8000, "1.2 m " * 4000, "a " * 8000, "(" * 5000, "{" * 5000, "1 " * 5000)
ENDLESS += ("<think>" * 2000, "\\boxed{" * 2000, "the mug is left of the bowl. " * 1000, "A B " * 4000, "**" * 5000)


@pytest.mark.parametrize(("truth", "reading"), ASKED, ids=lambda one: type(one).__name__)
def test_an_answer_that_repeats_itself_takes_no_longer_than_it_is(truth: Answer, reading: AnswerReading):
    began = time.process_time()
    for answer in ENDLESS:
        score_item(Item("1", "kind", "?", "?", (), truth, reading=reading), answer)
    assert time.process_time() - began < 10.0  # one of them alone took 20 s where time grew with the square


@pytest.mark.parametrize("answer", ["1e-320 m", "9" * 400 + " m", "1e999 m"])
def test_numbers_beyond_all_lengths_are_none(answer: str):
    assert score_item(Item("1", "kind", "?", "?", (), Length(1.0)), answer).parsed.value is None
