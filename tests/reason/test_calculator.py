"""Expressions over measured values: values, units, errors by slopes, and nothing that is not in the tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.errors import UserError
from spatialvlm.reason import Amount, Decided, calculate
from spatialvlm.reason.amounts import ANGLE, FUNCTIONS, LENGTH, PLAIN, Dimension

KNOWN = {"d1": (0.6, LENGTH), "d2": (1.5, LENGTH), "h": (0.25, LENGTH), "a": (0.4, ANGLE)}
HANDLES = {name: Amount.measured(name, *known) for name, known in KNOWN.items()}


@pytest.mark.parametrize(
    ("expression", "value", "dimension"),
    [
        ("1 + 2 * 3", 7, PLAIN),
        ("-2 ^ 2", -4, PLAIN),
        ("2 ** -1", 0.5, PLAIN),
        ("60 cm + 1.5 m - 2 feet", 0.6 + 1.5 - 0.6096, LENGTH),
        ("d1 + d2 - 2 * h", 1.6, LENGTH),
        ("d1 * d2 / h", 3.6, LENGTH),
        ("d1 * h", 0.15, Dimension(2, 0)),
        ("sqrt(d1 ^ 2 + d2 ^ 2) - hypot(d1, d2)", 0, LENGTH),
        ("max(d1, d2, h) + min(d1, 1 m)", 2.1, LENGTH),
        ("mean(d1, d2)", 1.05, LENGTH),
        ("acos((d1^2 + d2^2 - 1 m * 1 m) / (2 * d1 * d2))", math.acos((0.36 + 2.25 - 1) / 1.8), ANGLE),
        ("atan2(h, d1) + a", math.atan2(0.25, 0.6) + 0.4, ANGLE),
        ("sin(30 deg) + cos(a)", 0.5 + math.cos(0.4), PLAIN),
        ("0 + d1", 0.6, LENGTH),
        ("2 * pi * h", math.pi / 2, LENGTH),
    ],
)
def test_values_and_units(expression, value, dimension):
    found = calculate(expression, HANDLES)
    assert isinstance(found, Amount)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.dimension == dimension


def test_comparisons_tell_their_margin():
    found = calculate("d1 + h > 80 cm", HANDLES)
    assert isinstance(found, Decided)
    assert found.holds
    assert found.margin.value == pytest.approx(0.05)
    assert found.margin.slopes == {"d1": 1.0, "h": 1.0}
    assert not calculate("d1 < 60 cm", HANDLES).holds  # type: ignore[union-attr]
    assert calculate("60 cm <= 0.6 m", {}).holds  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "'the end' where a value"),
        ("d1 +", "'the end' where a value"),
        ("(d1", "where ')' was expected"),
        ("d1 d2", "'d2' where the end"),
        ("d1 + 3", "cannot add m and plain numbers"),
        ("d1 < a", "cannot compare"),
        ("d1 ^ 0.5", "no unit"),
        ("9 ** 9 ** 9", "power"),
        ("1e300 * 1e300", "too large"),
        ("11e308", "too large"),
        ("1 / (d1 - 0.6 m)", "divides by 0"),
        ("sqrt(0 - 1)", "is no number"),
        ("acos(2)", "is no number"),
        ("sin(d1)", "is no number"),
        ("__import__('os')", "means nothing"),
        ("__import__(1)", "no handle, unit or function"),
        ("d1.real", "means nothing"),
        ("min()", "where a value"),
        ("atan2(d1)", "expected 2 to 2"),
        ("(" * 60 + "1" + ")" * 60, "nested more than"),
        ("2 ^ " * 60 + "1", "nested more than"),
        ("1 + " * 200 + "1", "expected at most 500"),
        ("d1 < d2 < h", "'<' where the end"),
    ],
)
def test_what_makes_no_sense_is_said(expression, said):
    with pytest.raises(UserError, match="expression") as caught:
        calculate(expression, HANDLES)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "d1 + d2 - h",
        "d1 - d1 / 2",
        "d1 * d2 / h",
        "sqrt(d1 * d2)",
        "hypot(d1, d2, h)",
        "acos((d1^2 + d2^2 - 1 m * 1 m) / (2 * d1 * d2))",
        "atan2(h, d1)",
        "mean(d1, d2) ^ 3",
        "tan(a) * d1",
        "max(d1, d2) - min(d1, h)",
    ],
)
def test_errors_are_those_of_monte_carlo(expression):
    rng, sigmas = np.random.default_rng(0), {"d1": 0.01, "d2": 0.02, "h": 0.004, "a": 0.01}
    found = calculate(expression, HANDLES)
    assert isinstance(found, Amount)
    sigma = math.sqrt(sum((slope * sigmas[handle]) ** 2 for handle, slope in (found.slopes or {}).items()))
    drawn = []
    for _ in range(4000):
        moved = {name: Amount(one.value + rng.normal(0, sigmas[name]), one.dimension) for name, one in HANDLES.items()}
        one = calculate(expression, moved)
        assert isinstance(one, Amount)
        drawn.append(one.value)
    assert sigma == pytest.approx(float(np.std(drawn)), rel=0.05)


PIECES = st.sampled_from(
    [
        *"0123456789.+-*/^()<>, eE_\"'[]{}:=%&|~!@#\\",
        "d1",
        "d2",
        "a",
        " cm",
        " deg",
        "**",
        "1e308",
        "__class__",
        "lambda",
        *FUNCTIONS,
    ]
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_is_a_value_or_a_clear_error(expression):
    try:
        found = calculate(expression, HANDLES)
    except UserError:
        return
    number = found if isinstance(found, Amount) else found.margin
    assert math.isfinite(number.value)
    assert all(map(math.isfinite, (number.slopes or {}).values()))
