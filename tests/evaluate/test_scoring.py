"""One answer, one score: what other scorers get wrong is right here, and nothing leaves the denominator."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.evaluate.items import Choice, Clock, Item, Length, Number, Region, Truth, YesNo
from spatialvlm.evaluate.scoring import score
from spatialvlm.records import Score

SQUARE = Region(((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)))
TRUTHS: tuple[Truth, ...] = (
    Length(1.0),
    Number(3.0),
    Choice(("left", "right", "above", "below"), 0),
    YesNo(True),
    Clock(3),
    SQUARE,
)


def item(truth: Truth, **meta: object) -> Item:
    return Item("1", "kind", "?", "?", (), truth, meta)


def value(truth: Truth, answer: str | None) -> float | None:
    return score(item(truth), answer).robust.value


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: type(truth).__name__)
@pytest.mark.parametrize(
    "answer", ["", "   ", "\n", "<think>It is 1 m, yes, (A), 3 o'clock, (0.3, 0.3)", "N/A", "...", None]
)
def test_what_says_nothing_is_wrong_and_counted(truth: Truth, answer: str | None):
    """SPAR's script gives an empty answer 1.0, since it is a substring of the target; OmniSpatial's gives it an A."""
    scored = score(item(truth), answer)
    assert scored.robust.value == 0.0
    assert scored.parsed.value is None
    assert scored.parsed.how


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: type(truth).__name__)
def test_a_refusal_is_wrong_and_told_apart_from_what_cannot_be_read(truth: Truth):
    scored = score(item(truth), "I'm sorry, but I can't determine that from the image.")
    assert (scored.robust.value, scored.parsed.refused) == (0.0, True)
    assert score(item(truth), "Bananas are yellow!").parsed.refused is False


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        (Length(1.0), "0.5 m", 1.0),  # [50, 200] %, ends included
        (Length(1.0), "200 cm", 1.0),
        (Length(1.0), "2.01 m", 0.0),
        (Length(1.0), "1", 0.0),  # no unit where the question names none
        (Length(1.0), "1 smoot", 0.0),  # an unknown unit is wrong, not centimetres
        (Length(1.0, unit="meter"), "1", 1.0),
        (Length(1.0, "within_25"), "1.25 m", 1.0),
        (Length(1.0, "within_25"), "1.26 m", 0.0),
        (Length(1.0, "within_10"), "0.9 m", 1.0),
        (Length(0.0), "0 m", 1.0),  # a truth of 0 is met within 1 cm
        (Length(0.0), "1 cm", 1.0),
        (Length(0.0), "2 cm", 0.0),
        (Length(1.0, "mra"), "1.1 m", 0.9),  # off by 0.1: all limits of 0.5, 0.45, ... 0.1, not 0.05
        (Number(10.0), "7", 0.5),  # off by 0.3: limits 0.5, 0.45, 0.4, 0.35, 0.3
        (Number(0.0), "0.3", 0.5),  # at 0 the error itself
        (Number(10.0, "mra_strict"), "7", 0.4),
        (Choice(("a", "b"), 1), "(B)", 1.0),
        (Choice(("a cat", "a dog"), 1), "A cat sits there, but the answer is (B).", 1.0),
        (Choice(("2", "3"), 0), "There are 23 of them.", 0.0),  # "2" is a substring of "23"
        (Choice(("left", "front left"), 0), "front left", 0.0),
        (Choice(("left", "right"), 0), "left or right", 0.0),
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
def test_scores_by_hand(truth: Truth, answer: str, expected: float):
    assert value(truth, answer) == pytest.approx(expected)


def test_prediction_and_truth_are_not_swapped():
    """Open3D-VQA's script calls its judge with the two in each other's place; a relative error tells which is which."""
    assert value(Number(1.0), "1.4") == pytest.approx(0.3)
    assert value(Number(1.4), "1.0") == pytest.approx(0.5)


def test_the_pixels_of_an_image_are_known_from_its_size():
    assert score(item(SQUARE, size=[640, 480]), "(320, 240)").robust.value == 1.0
    assert score(item(SQUARE, size=[640, 480]), "(600, 240)").robust.value == 0.0


@given(st.text(max_size=200), st.sampled_from(TRUTHS))
def test_any_text_gets_a_score_and_always_the_same(text: str, truth: Truth):
    scored = score(item(truth), text)
    assert scored.robust.value in (0.0, 1.0) or isinstance(truth, Number)
    assert scored.robust == score(item(truth), text).robust
    assert (scored.parsed.value is None) == (scored.robust.answer is None)


VOCABULARY = """the mug is 1.2 m not left right 3 ' " feet and a half so ( ) A B yes no ± - to about 10 % [ ] { } : = 12
o'clock between"""
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=12).map(" ".join)


@given(WORDS, st.sampled_from(TRUTHS))
def test_any_words_get_a_score(words: str, truth: Truth):
    assert 0.0 <= (value(truth, words) or 0.0) <= 1.0


def test_an_official_rule_stands_beside_ours_and_a_lost_answer_is_wrong_by_both():
    def always(asked: Item, answer: str) -> Score:
        return Score(1.0, answer, "says so")

    scored = score(item(Length(1.0)), "nothing", always, truncated=True)
    assert (scored.robust.value, scored.official and scored.official.value, scored.truncated) == (0.0, 1.0, True)
    lost = score(item(Length(1.0)), None, always)
    assert (lost.robust.value, lost.official and lost.official.value, lost.answer) == (0.0, 0.0, None)
    assert score(item(Length(1.0)), "1 m").official is None
    values = [one.robust.value or 0.0 for one in (scored, lost, score(item(Length(1.0)), "1 m"))]
    assert fmean(values) == pytest.approx(1 / 3)
