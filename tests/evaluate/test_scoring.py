"""One answer, one score: what other scorers get wrong is right here, and nothing leaves the denominator."""

import math
from itertools import permutations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.answers import (
    FORMS,
    SAME,
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
    answer_from_text,
    answer_to_text,
)
from spatialvlm.evaluate.items import AnswerReading, Item, plain_text
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.records import Score

SQUARE = Region(((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)))
NAMES = ("the mug", "the red bowl", "the lamp on the left")
TRUTHS: tuple[Answer, ...] = (
    Length(1.0),
    Angle(0.5),
    Count(3),
    Area(12.5),
    YesNo(True),
    Choice(("left", "right", "above", "below"), 0),
    Order(NAMES),
    Clock(3),
    SQUARE,
    BoundingBox(0.2, 0.2, 0.6, 0.6),
    CannotTell("truncated"),
)
TOLD = TRUTHS[:-1]
"""What can be told."""


def item(truth: Answer, reading: AnswerReading | None = None, **meta: object) -> Item:
    return Item("1", "kind", "?", "?", (), truth, meta, reading or AnswerReading())


def value(truth: Answer, answer: str | None, **reading: object) -> float | None:
    return score_item(item(truth, AnswerReading(**reading)), answer).robust.value


def test_there_is_a_truth_of_every_form():
    assert [type(truth) for truth in TRUTHS] == list(FORMS.values())


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: type(truth).__name__)
def test_the_plain_words_of_an_answer_are_right_and_json_keeps_it(truth: Answer):
    words = "(0.3, 0.3)" if truth is SQUARE else plain_text(truth)
    assert value(truth, words, lettered=False) == 1.0
    assert answer_from_text(answer_to_text(truth)) == truth


@pytest.mark.parametrize(
    ("truth", "others"),
    [
        (YesNo(True), ("no",)),
        (YesNo(False), ("yes",)),
        (Choice(NAMES, 1), (NAMES[0], NAMES[2])),
        (Choice(("left", "right", SAME), 2), ("left", "right")),
        (Choice(("yes", "no", SAME), 2), ("yes", "no")),
        (Order(NAMES), tuple(", ".join(other) for other in permutations(NAMES) if other != NAMES)),
        (Clock(3), tuple(f"{hour} o'clock" for hour in (*range(5, 13), 1))),
        (Angle(math.radians(-30)), ("30 degrees", "-45 degrees", "0 degrees", "-15 degrees")),
        (CannotTell("truncated"), tuple("(0.3, 0.3)" if one is SQUARE else plain_text(one) for one in TOLD)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_words_of_any_other_answer_are_wrong(truth: Answer, others: tuple[str, ...]):
    assert [value(truth, other, lettered=False) for other in others] == [0.0] * len(others)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: type(truth).__name__)
@pytest.mark.parametrize(
    "answer", ["", "   ", "\n", "<think>It is 1 m, yes, (A), 3 o'clock, (0.3, 0.3)", "N/A", "...", None]
)
def test_what_says_nothing_is_wrong_and_counted(truth: Answer, answer: str | None):
    if isinstance(truth, CannotTell) and answer == "N/A":
        return  # which is what such a question wants to hear
    """SPAR's script gives an empty answer 1.0, since it is a substring of the target; OmniSpatial's gives it an A."""
    scored = score_item(item(truth), answer)
    assert scored.robust.value == 0.0
    assert scored.parsed.value is None
    assert scored.parsed.how


@pytest.mark.parametrize("truth", TOLD, ids=lambda truth: type(truth).__name__)
def test_a_refusal_is_wrong_and_told_apart_from_what_cannot_be_read(truth: Answer):
    scored = score_item(item(truth), "I'm sorry, but I can't determine that from the image.")
    assert (scored.robust.value, scored.parsed.refused) == (0.0, True)
    assert score_item(item(truth), "Bananas are yellow!").parsed.refused is False


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        (Length(1.0), "0.5 m", 1.0),  # [50, 200] %, ends included
        (Length(1.0), "200 cm", 1.0),
        (Length(1.0), "2.01 m", 0.0),
        (Length(1.0), "1", 0.0),  # no unit where the question names none
        (Length(1.0), "1 smoot", 0.0),  # an unknown unit is wrong, not centimetres
        ((Length(1.0), AnswerReading(unit="meter")), "1", 1.0),
        ((Length(1.0), AnswerReading("within_25")), "1.25 m", 1.0),
        ((Length(1.0), AnswerReading("within_25")), "1.26 m", 0.0),
        ((Length(1.0), AnswerReading("within_10")), "0.9 m", 1.0),
        (Length(0.0), "0 m", 1.0),  # a truth of 0 is met within 1 cm
        (Length(0.0), "1 cm", 1.0),
        (Length(0.0), "2 cm", 0.0),
        ((Length(1.0), AnswerReading("mra")), "1.1 m", 0.9),  # off by 0.1: all limits of 0.5, 0.45, ... 0.1, not 0.05
        (Count(10), "7", 0.5),  # off by 0.3: limits 0.5, 0.45, 0.4, 0.35, 0.3
        (Count(0), "0.3", 0.5),  # at 0 the error itself
        ((Count(10), AnswerReading("mra_strict")), "7", 0.4),
        (Count(3), "There are three of them.", 1.0),
        (Area(20.0), "18", 0.9),
        (Angle(math.radians(20)), "30 degrees", 1.0),  # within 10 degrees
        (Angle(math.radians(20)), "31 degrees", 0.0),
        (Angle(math.radians(80)), "100 degrees", 1.0),  # within a quarter
        (Angle(math.radians(80)), "101 degrees", 0.0),
        (Angle(math.radians(-175)), "175 degrees", 1.0),  # round the circle
        ((Angle(0.5), AnswerReading("within_10")), "0.5 rad", 1.0),
        ((Angle(0.5), AnswerReading("within_10")), "0.56 rad", 0.0),
        ((Angle(math.radians(-20)), AnswerReading(relation=("the mug", "", "right", "left"))), "20° left", 1.0),
        ((Angle(math.radians(-20)), AnswerReading(relation=("the mug", "", "right", "left"))), "20° right", 0.0),
        (Order(NAMES), "1. mug 2. bowl 3. lamp", 1.0),
        (Order(NAMES), "The lamp, the bowl, the mug.", 0.0),
        (Order(NAMES), "The mug, the bowl.", 0.0),
        (CannotTell("occluded"), "The mug is not visible, so it cannot be determined.", 1.0),
        (CannotTell("occluded"), "It is hard to tell, but about 1.2 m.", 0.0),
        (Choice(("a", "b"), 1), "(B)", 1.0),
        (Choice(("a cat", "a dog"), 1), "A cat sits there, but the answer is (B).", 1.0),
        (Choice(("2", "3"), 0), "There are 23 of them.", 0.0),  # "2" is a substring of "23"
        (Choice(("left", "front left"), 0), "front left", 0.0),
        (Choice(("left", "right"), 0), "left or right", 0.0),
        ((Choice(("a blue mug", "a red bowl"), 0), AnswerReading(lettered=False)), "The mug.", 1.0),
        (YesNo(True), "Yes, because nothing is in the way.", 1.0),
        (YesNo(True), "No, the lamp is not in the way.", 0.0),
        (YesNo(False), "It is not correct.", 1.0),
        (Clock(12), "1 o'clock", 1.0),  # one hour apart, round the clock
        (Clock(12), "11 o'clock", 1.0),
        (Clock(12), "2 o'clock", 0.0),
        (SQUARE, "(0.3, 0.3)", 1.0),
        (SQUARE, "(0.9, 0.9), (0.3, 0.3)", 0.0),  # the first point counts
        (SQUARE, '<point x="30" y="30">', 1.0),
    ],
)
def test_scores_by_hand(truth: Answer | tuple[Answer, AnswerReading], answer: str, expected: float):
    asked = item(*truth) if isinstance(truth, tuple) else item(truth)
    assert score_item(asked, answer).robust.value == pytest.approx(expected)


def test_prediction_and_truth_are_not_swapped():
    """Open3D-VQA's script calls its judge with the two in each other's place; a relative error tells which is which."""
    assert value(Area(1.0), "1.4") == pytest.approx(0.3)
    assert value(Area(1.4), "1.0") == pytest.approx(0.5)


def test_the_pixels_of_an_image_are_known_from_its_size():
    assert score_item(item(SQUARE, size=[640, 480]), "(320, 240)").robust.value == 1.0
    assert score_item(item(SQUARE, size=[640, 480]), "(600, 240)").robust.value == 0.0


@given(st.text(max_size=200), st.sampled_from(TRUTHS))
def test_any_text_gets_a_score_and_always_the_same(text: str, truth: Answer):
    scored = score_item(item(truth), text)
    assert scored.robust.value in (0.0, 1.0) or isinstance(truth, Count | Area)
    assert scored.robust == score_item(item(truth), text).robust
    assert (scored.parsed.value is None) == (scored.robust.answer is None)


VOCABULARY = """the mug is 1.2 m not left right 3 ' " feet and a half so ( ) A B yes no ± - to about 10 % [ ] { } : = 12
o'clock between"""
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=12).map(" ".join)


@given(WORDS, st.sampled_from(TRUTHS))
def test_any_words_get_a_score(words: str, truth: Answer):
    assert 0.0 <= (value(truth, words) or 0.0) <= 1.0


def test_an_official_rule_stands_beside_ours_and_a_lost_answer_is_wrong_by_both():
    def always(asked: Item, answer: str) -> Score:
        return Score(1.0, answer, "says so")

    scored = score_item(item(Length(1.0)), "nothing", always, truncated=True)
    assert (scored.robust.value, scored.official and scored.official.value, scored.truncated) == (0.0, 1.0, True)
    lost = score_item(item(Length(1.0)), None, always)
    assert (lost.robust.value, lost.official and lost.official.value, lost.answer) == (0.0, 0.0, None)
    assert score_item(item(Length(1.0)), "1 m").official is None
    values = [one.robust.value or 0.0 for one in (scored, lost, score_item(item(Length(1.0)), "1 m"))]
    assert fmean(values) == pytest.approx(1 / 3)
