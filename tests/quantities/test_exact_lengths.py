"""Lengths in two or three digits: read back as they were said, never rounded by more than they are unsure."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.errors import ContractError
from spatialvlm.quantities import CENTIMETER, FOOT, INCH, METER, parse, speak_exactly

unit_interval = st.floats(0, 1, exclude_max=True)
draws = st.tuples(unit_interval, unit_interval, unit_interval)
lengths = st.floats(math.log(0.01), math.log(100)).map(math.exp)
shares = st.floats(0, 0.15)
named = st.sampled_from((None, METER, CENTIMETER, FOOT, INCH))


@settings(max_examples=500)
@given(lengths, shares, draws, named)
def test_what_is_said_is_read_back_within_its_rounding(value_m, share, draw, unit):
    said = speak_exactly(value_m, share * value_m, draw, unit)
    read = parse(said.text)
    assert read == pytest.approx(said.value_m, abs=1e-9)
    assert abs(read - value_m) <= said.rounding_m + 1e-9


@settings(max_examples=500)
@given(lengths, shares, draws, named)
def test_the_rounding_is_within_the_error_bar_or_in_the_third_digit(value_m, share, draw, unit):
    said = speak_exactly(value_m, share * value_m, draw, unit)
    assert said.rounding_m <= max(share, 0.005) * value_m * (1 + 1e-9)
    digits = re.sub(r"\D", "", said.text.split()[0]).strip("0")
    assert len(digits) <= 3


@given(lengths, shares, draws, named)
def test_the_named_unit_is_the_unit_of_the_answer(value_m, share, draw, unit):
    said = speak_exactly(value_m, share * value_m, draw, unit)
    assert unit is None or said.unit is unit
    assert said.text.split()[-1] in {said.unit.name, said.unit.plural, said.unit.symbol}
    assert said.text.split()[-1] != "in", "10 in is written, not said"
    assert (said.unit.system == "imperial") == (draw[0] < 0.2) or unit is not None


@pytest.mark.parametrize(
    ("value_m", "error_m", "draw", "unit", "text"),
    [
        (0.8637, 0.001, (0.5, 0.5, 0.9), None, "86.4 centimeters"),
        (0.8637, 0.05, (0.5, 0.5, 0.1), None, "86 cm"),
        (0.8637, 0.002, (0.5, 0.5, 0.1), None, "86.4 cm"),
        (1.049, 0.1, (0.5, 0.5, 0.1), None, "1 m"),
        (1.049, 0.01, (0.5, 0.5, 0.1), None, "1.05 m"),
        (23.4, 0.01, (0.5, 0.5, 0.9), None, "23.4 meters"),
        (0.5, 0.05, (0.1, 0.5, 0.1), None, "20 inches"),
        (1.0, 0.1, (0.1, 0.5, 0.1), None, "3.3 ft"),
        (0.3048, 0.0, (0.5, 0.5, 0.9), FOOT, "1 foot"),
        (0.0, 0.0, (0.5, 0.5, 0.9), METER, "0 meters"),
        (1234.0, 1.0, (0.5, 0.5, 0.9), None, "1230 meters"),
    ],
)
def test_exact_lengths(value_m, error_m, draw, unit, text):
    assert speak_exactly(value_m, error_m, draw, unit).text == text


@pytest.mark.parametrize(
    ("value_m", "error_m"), [(-0.1, 0.0), (math.nan, 0.0), (math.inf, 0.0), (1.0, -0.1), (1.0, math.nan)]
)
def test_what_is_no_length_is_refused(value_m, error_m):
    with pytest.raises(ContractError, match="cannot say the length"):
        speak_exactly(value_m, error_m, (0.5, 0.5, 0.5))
