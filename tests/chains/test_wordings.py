"""The wordings of chains: enough of them, different, whole sentences, with the slots that they need."""

import re

import pytest

from spatialvlm.chains import (
    choosing,
    comparing,
    dividing,
    fitting,
    ordering,
    summing,
    tops,
    triangles,
)

MODULES = (choosing, comparing, dividing, fitting, ordering, summing, tops, triangles)
QUESTIONS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if name.isupper() and not name.startswith("_") and isinstance(value, tuple)
}


def test_all_kinds_have_questions():
    assert len(QUESTIONS) >= 16


@pytest.mark.parametrize("name", QUESTIONS)
def test_at_least_eight_different_questions_with_the_same_slots(name):
    lines = QUESTIONS[name]
    assert len(set(lines)) == len(lines) >= 8
    for line in lines:
        assert line[-1] in "?.", line
        assert "  " not in line


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_names_all_that_it_is_about(name):
    slots = [set(re.findall(r"\[([A-Z])\]", line.upper())) - {"P", "H"} for line in QUESTIONS[name]]
    listed = [one - {"M"} | {"L"} if "choosing" in name else one for one in slots]  # "A, B or C" lists as well
    assert all(one == listed[0] for one in listed), listed
