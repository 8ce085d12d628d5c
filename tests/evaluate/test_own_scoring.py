"""A question of ours stands alone: it and an answer are enough for a score."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import spatialvlm as sv
from fixtures.evaluate.own_questions import outcomes, said
from spatialvlm.answers import SAME
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase.ways import Way, ask_in_a_way


def question(kind: str, value: sv.Answer, *names: str, unit: str | None = None) -> sv.QA:
    fact = sv.Fact(kind, tuple(map(str, range(len(names)))), value, 0.1, "world")
    return sv.QA("frame", kind, "qualitative", "?", "", fact, "", "caption", 0, names, value, unit)


@pytest.mark.parametrize(
    ("qa", "text", "value"),
    [
        (question("height", sv.Length(1.2), "the lamp"), "about 1.2 m", 1.0),
        (question("height", sv.Length(1.2), "the lamp", unit="foot"), "4", 1.0),
        (question("tall_predicate", sv.YesNo(True), "the mug", "the bowl"), "The bowl is shorter.", 1.0),
        (question("tall_choice", sv.Choice(("the mug", "the bowl", SAME), 2), "the mug", "the bowl"), "Neither.", 1.0),
        (question("nearest", sv.Choice(("the big box", "the can"), 0), "the small box", "the big box", "the can"),
         "The one nearest to the small box is the big one.", 1.0),
        (question("tallest", sv.Choice(("object 3", "object 7"), 0), "object 3", "object 7"),
         "The tallest is object 3.", 1.0),
        (question("tallest", sv.Choice(("object 3", "object 7"), 0), "object 3", "object 7"),
         "The greatest height is that of object 7.", 0.0),
        (question("between", sv.YesNo(False), "the mug", "the bowl", "the box"), "It lies elsewhere.", 1.0),
        (question("between", sv.YesNo(True), "the mug", "the bowl", "the box"), "I can't tell if it is between.", 0.0),
        (question("fits_between", sv.YesNo(True), "the mug", "the bowl", "the box"), "It would fit.", 1.0),
        (question("clock_direction", sv.Clock(3), "the 7 up can"), "The 7 up can is at 3 o'clock.", 1.0),
        (question("perspective_side", sv.Choice(("left", "right"), 0), "the right shoe", "the door", "the can"),
         "From the right shoe the can is on your left.", 1.0),
        (question("order_by_height", sv.Order(("the mug", "the bowl")), "the bowl", "the mug"), "mug, bowl", 1.0),
        (question("camera_pitch", sv.Angle(0.35)), "It looks down by 20 degrees.", 1.0),
        (question("camera_pitch", sv.Angle(0.35)), "It looks up by 20 degrees.", 0.0),
        (question("height", sv.CannotTell("truncated"), "the lamp"), "It's cut off, so that can't be told.", 1.0),
        (question("height", sv.CannotTell("truncated"), "the lamp"), "1.2 m", 0.0),
    ],
)  # fmt: skip
def test_answers_are_scored_by_the_question_alone(qa: sv.QA, text: str, value: float):
    scored = sv.score(qa, text)
    assert scored.value == value, scored
    assert scored.explanation


def test_letters_are_read_where_the_question_has_them():
    qa = question("tall_choice", sv.Choice(("the mug", "the bowl"), 1), "the mug", "the bowl")
    assert [sv.score(qa, said).value for said in ("(B)", "The bowl is taller.")] == [0.0, 1.0]
    for options in (("the mug", "the bowl", SAME), (SAME, "the bowl", "the mug")):
        asked = replace(qa, value=sv.Choice(options, 1), asked_as="choice")
        said = ("(B)", "b", "The bowl.", "The bowl is taller.", "The mug is shorter.")
        assert [sv.score(asked, one).value for one in said] == [1.0] * len(said)


def test_a_relation_is_read_only_where_it_is_what_is_asked():
    """Asked of a length whether it is more than 35 cm, "it is 20 cm to the left" says neither yes nor no."""
    length = question("left_difference", sv.YesNo(True), "the mug", "the bowl")
    assert sv.score(replace(length, asked_as="yes_no"), "The mug is left of the bowl.").value == 0.0
    which = question("tall_choice", sv.YesNo(False), "the mug", "the bowl")
    assert sv.score(replace(which, asked_as="yes_no"), "The bowl is taller.").answer is None


@pytest.mark.parametrize("way", ["choice", "yes_no", "json"])
def test_what_our_own_phrasing_says_is_right_in_every_way_of_asking(way: Way):
    names, rng, count = ("the mug", "the small bowl", "the 7 up can", "the red chair"), np.random.default_rng(0), 0
    for kind in KINDS.values():
        for (number, outcome), _ in product(outcomes(kind), range(8)):
            qa = next(iter(said(kind, names, number, outcome)))
            asked = ask_in_a_way(qa, (way,), rng)
            count += asked.asked_as == way
            assert sv.score(asked, asked.answer).value == 1.0, (asked, sv.score(asked, asked.answer))
    assert count > 500
