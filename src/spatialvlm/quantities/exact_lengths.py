"""Lengths with as many digits as their error asks for: two, or three where two would be off by more than the error.

People round more than that: see `lengths_in_words`. A model that is scored within 10 % of the fact wants these.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

from spatialvlm.errors import ContractError
from spatialvlm.quantities.lengths_in_words import CENTIMETER, FOOT, INCH, METER, Spoken, Unit

NumberStyle = Literal["people", "exact", "meters"]
NUMBER_STYLES: tuple[NumberStyle, ...] = get_args(NumberStyle)
"""As people say them; to two or three digits; the same, and in meters unless the question names a unit."""
IMPERIAL_SHARE = 0.20
FEET_FROM_M = 3 * FOOT.metres


def speak_exactly(value_m: float, error_m: float, draw: Sequence[float], unit: Unit | None = None) -> Spoken:
    """Say a length in metres with its 1-sigma error in two or three digits.

    Without a `unit` it is metric in 80 %, imperial in 20 %, by the first of the draws in [0, 1): centimeters below 1 m,
    inches below 3 feet. Raises ContractError for a value that is negative or not finite, and an error that is negative.
    """
    if not (0.0 <= value_m < math.inf and error_m >= 0.0):
        raise ContractError(f"cannot say the length {value_m!r} m with error {error_m!r} m; expected numbers from 0 on")
    unit = unit or _unit_of(value_m, draw[0])
    number = _rounded(value_m / unit.metres, 2)
    if abs(number * unit.metres - value_m) > error_m:
        number = _rounded(value_m / unit.metres, 3)
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    word = unit.symbol if unit is not INCH and draw[2] < 0.5 else unit.name if number == 1 else unit.plural
    said_m = number * unit.metres
    return Spoken(f"{text} {word}", said_m, abs(said_m - value_m), unit)


def _unit_of(value_m: float, draw: float) -> Unit:
    if draw < IMPERIAL_SHARE:
        return INCH if value_m < FEET_FROM_M else FOOT
    return CENTIMETER if value_m < 1.0 else METER


def exact_number(value: float, error: float) -> float:
    """Round a number with its 1-sigma error to two significant digits, or to three where two would be off by more."""
    two = _rounded(value, 2)
    return two if abs(two - value) <= error else _rounded(value, 3)


def _rounded(number: float, digits: int) -> float:
    if number == 0.0:
        return 0.0
    return round(number, digits - 1 - math.floor(math.log10(abs(number))))
