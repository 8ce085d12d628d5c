"""What is typed, and how it is read."""

import json

import pytest

from spatialvlm.annotate.answer_forms import check_answer, guess_form
from spatialvlm.answers import Count
from spatialvlm.errors import UserError
from spatialvlm.evaluate.tasks.line_truths import truth_of_line

OPTIONS = ("the red mug", "the mug")


@pytest.mark.parametrize(
    ("question", "answer", "form"),
    [
        ("How far is it?", "about 5 meters", "length"),
        ("How far is it?", "5 inches", "length"),
        ("How far is it?", "5", "length"),  # without its unit; to be complained of
        ("How wide is the gap?", "wide", "length"),
        ("How many chairs are there?", "3", "number"),
        ("How many chairs are there?", "about 3.", "number"),
        ("Is it taller?", "Yes, it is.", "yes_no"),
        ("Is it taller?", "no", "yes_no"),
        ("Is it taller?", "N", "yes_no"),
        ("Which side is it on?", "left", "text"),
        ("Which side is it on?", "north", "text"),
    ],
)
def test_the_form_that_an_answer_seems_to_have(question, answer, form):
    assert guess_form(question, answer) == form


def test_options_make_it_a_choice():
    assert guess_form("Which side?", "left", ("left", "right")) == "choice"


@pytest.mark.parametrize(
    ("answer", "reads"),
    [("60 cm", "0.6 m"), ("about 5 meters", "5 m"), ("5 inches", "0.127 m"), ("0 m", "0 m"), ("2 km", "2,000 m")],
)
def test_a_length_reads_as_metres(answer, reads):
    examined = check_answer("How far?", answer)
    assert (examined.form, examined.answer, examined.reads, examined.problem) == ("length", answer, reads, None)


@pytest.mark.parametrize(
    ("question", "answer", "stored", "reads"),
    [
        ("How many inches wide is the box?", "5", "5 inches", "0.127 m"),
        ("In meters, how far is it?", "About 1.5.", "About 1.5 meters", "1.5 m"),
        ("How many inches wide is the box?", "10 cm", "10 cm", "0.1 m"),  # a unit of its own comes first
        ("How wide is the box in feet?", "2", "2 feet", "0.61 m"),
    ],
)
def test_a_number_alone_counts_in_the_unit_that_its_question_names(question, answer, stored, reads):
    examined = check_answer(question, answer, "length")
    assert (examined.answer, examined.reads, examined.problem) == (stored, reads, None)


@pytest.mark.parametrize("answer", ["5", "far", "about five", "5 apples", "0, as the people stand on the sand"])
def test_a_length_without_number_or_unit_is_complained_of(answer):
    problem = check_answer("How far?", answer, "length").problem
    assert problem is not None
    assert "number and a unit" in problem


@pytest.mark.parametrize(
    ("answer", "stored"),
    [("yes", "yes"), ("Yes, it is.", "yes"), ("No.", "no"), ("n", "no"), ("Y", "yes"), ("maybe", None), ("nope", None)],
)
def test_yes_or_no(answer, stored):
    examined = check_answer("Is it?", answer, "yes_no")
    assert (examined.answer if examined.problem is None else None) == stored


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        ("the red mug", "the red mug"),
        ("Red mug.", "the red mug"),
        ("mug", "the mug"),
        ("2", "the mug"),
        ("the red mug of the two", None),  # it names both
        ("the plate", None),
        ("3", None),
    ],
)
def test_a_choice_is_one_of_its_options(answer, stored):
    examined = check_answer("Which one?", answer, "choice", OPTIONS)
    assert (examined.answer if examined.problem is None else None) == stored


@pytest.mark.parametrize("options", [(), ("left",), ("left", " left "), tuple("abcdefghijk")])
def test_a_choice_needs_some_options(options):
    assert "2 to 10 options" in str(check_answer("Which side?", "left", "choice", options).problem)


def test_an_option_that_is_a_figure_goes_before_the_number_of_an_option():
    assert check_answer("How many?", "2", "choice", ("2", "1")).answer == "2"


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        *(("3", True), ("0", True), ("3.0", True), ("about 3", True), ("three", False), ("3 or 4", False)),
        *(("2.5", False), ("-2", False), ("-2.5", False)),
    ],
)
def test_a_number_is_whole_and_in_figures_as_a_task_of_a_folder_takes_it(answer, fits):
    checked = check_answer("How many?", answer, "number")
    assert (checked.problem is None) is fits
    if fits:
        row = {"form": "number", "answer": json.loads(checked.answer)}
        assert isinstance(truth_of_line("line 1", row, None), Count)


def test_nothing_is_no_answer_of_any_form():
    for form in ("length", "yes_no", "choice", "number", "text"):
        assert "Type an answer" in str(check_answer("What?", "  ", form, OPTIONS).problem)


def test_an_unknown_form_is_refused():
    with pytest.raises(UserError, match="form 'colour': unknown; expected one of length, yes_no"):
        check_answer("What?", "red", "colour")
