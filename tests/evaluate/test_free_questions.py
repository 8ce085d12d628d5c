"""Answers to questions whose truth nobody knows: what a question asks for, and what an answer states."""

import csv
import math
from importlib.resources import files

import pytest

import spatialvlm as sv
from spatialvlm.answers import SAME, Angle, Answer, CannotTell, Choice, Clock, Count, Length, YesNo, form_of
from spatialvlm.evaluate import read_answer
from spatialvlm.evaluate.free_questions import NOT_TOLD, asked_form
from spatialvlm.evaluate.own_scoring import reading_of
from spatialvlm.evaluate.scoring import parse_answer
from spatialvlm.kinds import KINDS

_CANS = Choice(("the blue can", "the orange can", "the silver can"), 2)
READ: list[tuple[str, str, Answer | None]] = [
    ("How far is the cup from the lamp?", "About 1.2 m.", Length(1.2)),
    ("how wide is this door, in inches?", "30", Length(0.762)),
    ("Could you estimate the distance between the two chairs?", "roughly half a meter", Length(0.5)),
    ("Is the red cup taller than the lamp?", "No, it is shorter.", YesNo(False)),
    ("Would you say that the robot fits?", "yes", YesNo(True)),
    ("How many chairs are there?", "There are three.", Count(3)),
    ("At what angle to the viewer is the door?", "30 degrees", Angle(math.radians(30))),
    ("In which clock direction is the door?", "At 3 o'clock", Clock(3)),
    ("Which is nearer, the can or the bottle?", "The bottle is.", Choice(("the can", "the bottle"), 1)),
    ("Which can is nearest: the blue can, the orange can or the silver can?", "The silver one.", _CANS),
    ("Is the chair left or right of the table?", "It is on the right.", Choice(("left", "right"), 1)),
    ("Does the sofa lie above or below the shelf?", "Lower down.", Choice(("above", "below"), 1)),
    ("How far is it?", "It cannot be determined from this image.", CannotTell(NOT_TOLD)),
    ("What do you see?", "A desk, 1.5 m wide.", Length(1.5)),
    ("What do you see?", "A desk with a lamp.", None),
    ("How tall is it?", "", None),
]


@pytest.mark.parametrize(("question", "text", "expected"), READ)
def test_what_is_read(question: str, text: str, expected: Answer | None):
    found = read_answer(question, text)
    if isinstance(expected, Length):
        assert isinstance(found, Length)
        assert found.metres == pytest.approx(expected.metres)
    elif isinstance(found, Choice) and isinstance(expected, Choice):
        assert found.chosen == expected.chosen
        assert {*found.options} - {SAME} == {*expected.options}
    else:
        assert found == expected


def test_our_own_questions_are_known_by_their_wordings():
    """Of every form, and read as by who knows the truth."""
    forms = set()
    config = sv.PhraseConfig(mix="all", questions_per_image=80)
    for sample in sv.collect("shapes:2"):
        scene = sv.lift(sample.frame).scene
        for qa in sv.phrase(scene, sv.measure(scene), seed=1, config=config).questions:
            if isinstance(qa.value, CannotTell) or (isinstance(qa.value, Choice) and qa.value.chosen == SAME):
                continue
            asked = asked_form(qa.question)
            assert asked is not None, qa.question
            assert form_of(asked.form) == form_of(qa.value), qa.question
            forms.add(form_of(qa.value))
            if isinstance(qa.value, Length | YesNo | Count):
                reading = reading_of(qa.value, qa.kind, qa.names, qa.unit, qa.asked_as)
                said = parse_answer(qa.answer, qa.value, reading).value
                assert read_answer(qa.question, qa.answer) == type(qa.value)(said), (qa.question, qa.answer)
    assert len(forms) >= 8


def test_other_wordings():
    """Every 7th question of the rooms benchmark, whose wordings are in no template."""
    table = files("spatialvlm.evaluate.rooms_benchmark").joinpath("rooms_questions.tsv").read_text(encoding="utf-8")
    counted = told = right = 0
    for row in list(csv.reader(table.splitlines(), delimiter="\t"))[::7]:
        _, kind, _, question, answer, unit, names, *_ = row
        names = tuple(names.split("|"))
        truth = KINDS[kind].answer(names if len(names) > 1 else (*names, ""), 1.0, 1)
        said = parse_answer(answer, truth, reading_of(truth, kind, names, unit or None)).value
        found = read_answer(question, answer)
        counted += 1
        told += form_of(truth) == form_of(found) if found else 0
        match truth, found:
            case Choice(options), Choice() as choice:
                right += said is not None and choice.chosen.lower() == options[int(said)].lower()
            case Length(), Length(metres):
                right += metres == pytest.approx(said)
            case _, YesNo(yes):
                right += yes == said
    assert counted > 700
    assert told / counted > 0.96
    assert right / counted > 0.96
