"""Angles and counts as people say them, and lengths that a question gives."""

import math
from collections.abc import Sequence

from spatialvlm.errors import ContractError
from spatialvlm.quantities.lengths_in_words import CENTIMETER, METER

STEPS_DEG = (1, 5, 10, 15, 30)
"""How finely angles are said: never more finely than their error."""
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def say_angle(radians: float, error_rad: float, draw: Sequence[float], *, exact: bool = False) -> str:
    """Say an angle from 0 on with its 1-sigma error, in degrees; three draws in [0, 1) decide how.

    Rounded to 5 or 10 degrees as people do, or to whole degrees where `exact`. Raises ContractError for an angle that
    is negative or not finite.
    """
    if not (0.0 <= radians < math.inf and error_rad >= 0.0):
        raise ContractError(
            f"cannot say the angle {radians!r} rad with error {error_rad!r} rad; expected numbers from 0"
        )
    degrees, error = math.degrees(radians), math.degrees(error_rad)
    step = 1 if exact or degrees < 10 else 5 if draw[1] < 0.7 else 10
    step = next((wide for wide in STEPS_DEG if wide >= max(step, error)), STEPS_DEG[-1])
    number = max(round(degrees / step) * step, 1 if degrees >= 0.5 else 0)
    unit = "degree" if number == 1 else "degrees"
    said = f"{number}°" if draw[2] < 0.25 else f"{number} {unit}"
    return said if exact or draw[2] < 0.75 else f"about {said}"


def say_count(number: int, draw: float) -> str:
    """Say how many, in digits or, up to twelve, half of the time in words. Raises ContractError below 0."""
    if number < 0:
        raise ContractError(f"cannot say the count {number}; expected 0, 1, 2, ...")
    return _WORDS[number] if draw < 0.5 and number < len(_WORDS) else str(number)


def say_limit(metres: float, draw: float) -> str:
    """Say a length that a question gives, to a tenth of a millimetre: "60 cm", "1.2 meters".

    Raises ContractError for one that is negative or not finite.
    """
    if not 0.0 <= metres < math.inf:
        raise ContractError(f"cannot say the length {metres!r} m that a question gives; expected a number from 0")
    if metres < 1.0:
        text, unit = f"{100.0 * metres:.4f}", CENTIMETER
    else:
        text, unit = f"{metres:.4f}", METER
    number = text.rstrip("0").rstrip(".")
    return f"{number} {unit.symbol if draw < 0.5 else unit.name if number == '1' else unit.plural}"
