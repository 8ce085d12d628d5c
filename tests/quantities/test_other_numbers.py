"""Angles, counts and given lengths in words: what is said is what is known, as finely as its error allows."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.errors import ContractError
from spatialvlm.quantities import parse, say_angle, say_count, say_limit
from spatialvlm.quantities.other_numbers import STEPS_DEG

unit_interval = st.floats(0, 1, exclude_max=True)
draws = st.tuples(unit_interval, unit_interval, unit_interval)
angles = st.floats(0, math.pi)
errors = st.floats(0, 0.4)


def degrees_in(text: str) -> int:
    found = re.fullmatch(r"(?:about )?(\d+)(?: degrees?|°)", text)
    assert found, text
    return int(found[1])


def step_for(error_deg: float, least: int) -> int:
    return next(step for step in STEPS_DEG if step >= max(least, error_deg))


@settings(max_examples=500)
@given(angles, errors, draws)
def test_an_exact_angle_is_rounded_to_whole_degrees_or_as_its_error_allows(radians, error, draw):
    text = say_angle(radians, error, draw, exact=True)
    assert not text.startswith("about")
    step = step_for(math.degrees(error), 1)
    assert abs(degrees_in(text) - math.degrees(radians)) <= step / 2 + 1e-9
    assert degrees_in(text) % step == 0 or degrees_in(text) == 1


@settings(max_examples=500)
@given(angles, errors, draws)
def test_an_angle_is_rounded_as_people_do(radians, error, draw):
    said, degrees = degrees_in(say_angle(radians, error, draw)), math.degrees(radians)
    step = step_for(math.degrees(error), 1 if degrees < 10 else 5 if draw[1] < 0.7 else 10)
    assert abs(said - degrees) <= step / 2 + 1e-9
    assert said % step == 0 or said == 1
    assert degrees < 0.5 or said > 0, "what is an angle is not said to be none"


@pytest.mark.parametrize(
    ("degrees", "error", "draw", "text"),
    [
        (31.4, 0.5, (0.0, 0.0, 0.5), "30 degrees"),
        (33.0, 0.5, (0.0, 0.0, 0.9), "about 35 degrees"),
        (33.0, 0.5, (0.0, 0.9, 0.1), "30°"),
        (1.2, 0.1, (0.0, 0.0, 0.5), "1 degree"),
        (0.2, 0.1, (0.0, 0.0, 0.5), "0 degrees"),
        (41.0, 12.0, (0.0, 0.0, 0.5), "45 degrees"),
    ],
)
def test_angles(degrees, error, draw, text):
    assert say_angle(math.radians(degrees), math.radians(error), draw) == text


@pytest.mark.parametrize(
    ("radians", "error"), [(-0.1, 0.0), (math.nan, 0.0), (math.inf, 0.0), (1.0, -0.1), (1.0, math.nan)]
)
def test_what_is_no_angle_is_refused(radians, error):
    with pytest.raises(ContractError, match="cannot say the angle"):
        say_angle(radians, error, (0.5, 0.5, 0.5))


@given(st.integers(0, 1000), unit_interval)
def test_counts(number, draw):
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    assert say_count(number, draw) == (words[number] if draw < 0.5 and number <= 12 else str(number))


def test_less_than_nothing_is_no_count():
    for draw in (0.1, 0.9):
        with pytest.raises(ContractError, match="cannot say the count -1"):
            say_count(-1, draw)


@given(st.integers(1, 1_000_000), unit_interval)
def test_a_given_length_is_said_to_the_tenth_of_a_millimetre(steps, draw):
    metres = steps * 1e-4
    text = say_limit(metres, draw)
    assert parse(text) == pytest.approx(metres, abs=1e-9)
    assert re.fullmatch(r"\d+(\.\d*[1-9])? (cm|m|centimeters?|meters?)", text)


@pytest.mark.parametrize(
    ("metres", "draw", "text"),
    [
        (0.6, 0.1, "60 cm"),
        (0.6, 0.9, "60 centimeters"),
        (0.01, 0.9, "1 centimeter"),
        (0.125, 0.1, "12.5 cm"),
        (1.0, 0.9, "1 meter"),
        (1.0, 0.1, "1 m"),
        (1.2, 0.9, "1.2 meters"),
        (10.0, 0.9, "10 meters"),
    ],
)
def test_given_lengths(metres, draw, text):
    assert say_limit(metres, draw) == text


@pytest.mark.parametrize("metres", [-0.1, math.nan, math.inf])
def test_what_nobody_gives_is_refused(metres):
    with pytest.raises(ContractError, match="cannot say the length"):
        say_limit(metres, 0.5)
